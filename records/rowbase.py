"""What every table is made of: the base of a row, its columns, its indexes."""

from typing import Any, ClassVar

from sqlalchemy import Index, MetaData, text
from sqlmodel import Field, SQLModel

from records.columns import PlainText, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Record(SQLModel):
    """A row of one of our tables."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def words(**options: Any) -> Any:  # noqa: ANN401 - as sqlmodel's own Field
    """A column of text."""
    return Field(sa_type=PlainText, **options)


def instant(**options: Any) -> Any:  # noqa: ANN401
    """A column of an instant, in UTC."""
    return Field(sa_type=UtcDateTime, **options)


def came_later(default: str) -> dict[str, Any]:
    """For a column that a later version added: a worker of the version before does not know it, and writes on."""
    return {"server_default": text(default)}


def case_key() -> Any:  # noqa: ANN401
    """The column that names the case, part of the key."""
    return words(primary_key=True, foreign_key="cases.number")


def only(name: str, condition: str, *columns: str) -> Index:
    """An index of a part of the rows, alike on both engines."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))
