"""The views that people save: a worklist's filters under a name of their own. Every function raises RecordsError."""

from sqlalchemy import Engine, bindparam, delete, func, select

from policy.verdict import Value
from records.database import reading, writing
from records.errors import RecordsError
from records.statements import inserting
from records.tables import SAVED_VIEWS

MOST = 30  # views of one person
LONGEST_NAME = 60
SAVED = select(SAVED_VIEWS.c.name, SAVED_VIEWS.c.query).where(SAVED_VIEWS.c.person == bindparam("of"))
OTHERS = select(func.count()).where(SAVED_VIEWS.c.person == bindparam("of"), SAVED_VIEWS.c.name != bindparam("named"))
FORGOTTEN = delete(SAVED_VIEWS).where(SAVED_VIEWS.c.person == bindparam("of"), SAVED_VIEWS.c.name == bindparam("named"))


class SavedView(Value):
    """A name, and the query string that it stands for."""

    name: str
    query: str


def of(engine: Engine, person: str) -> tuple[SavedView, ...]:
    """The views of a person, by name."""
    with reading(engine) as connection:
        found = connection.execute(SAVED.order_by(func.lower(SAVED_VIEWS.c.name)), {"of": person})
        return tuple(SavedView(name=row.name, query=row.query) for row in found)


def save(engine: Engine, person: str, view: SavedView) -> None:
    """Keeps a view; one of the same name is replaced. Raises RecordsError also for one too many."""
    row = {"person": person, "name": view.name, "query": view.query}
    with writing(engine) as connection:
        if connection.execute(OTHERS, {"of": person, "named": view.name}).scalar_one() >= MOST:
            raise TooManyViews(f"You have {MOST} saved views; delete one first.")
        connection.execute(inserting(connection.dialect.name, SAVED_VIEWS.name, change=True), row)


def forget(engine: Engine, person: str, name: str) -> bool:
    """Deletes a view; whether there was one."""
    with writing(engine) as connection:
        return bool(connection.execute(FORGOTTEN, {"of": person, "named": name}).rowcount)


class TooManyViews(RecordsError):  # noqa: N818 - the sentence says it all
    """A person has as many views as one can have."""
