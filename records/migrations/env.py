"""How alembic meets our tables. ``records.database.upgrade`` hands over its open transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator

from records.database import open_engine, writing
from records.rowbase import Record


def _render_item(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Our own column types are written as what they are in the database: a migration must not change with the code."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Record.metadata,
        render_as_batch=True,  # SQLite cannot change a column in place
        render_item=_render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    _migrate(given)
else:
    with writing(open_engine(context.get_x_argument(as_dictionary=True)["url"])) as own:
        _migrate(own)
