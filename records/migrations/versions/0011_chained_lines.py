"""Each line of a ledger gets a link in the chain of its case. The lines that there are stay as they are, and get one.

The encoding is repeated here: what a migration writes must not change with the code.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

log = logging.getLogger("records.migrations")

AT_ONCE = 2000  # lines
INSTANT = sa.DateTime(timezone=True)
SAID = ("event", "text", "actor", "clause")
LINKS = sa.table("links", *map(sa.column, ("case_number", "position", "seq", "how", "previous", "hash")))


def _ledger(name: str, key: str) -> sa.TableClause:
    typed = (sa.column("seq"), sa.column("at", INSTANT), *map(sa.column, SAID), sa.column("unsigned", sa.Boolean()))
    return sa.table(name, sa.column(key), *typed)


LEDGERS = (_ledger("ledger", "case_number"), _ledger("delegated_lines", "number"))

# SQLite's INSERT OR REPLACE deletes without asking a trigger; and a position that is taken is taken for good.
SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER links_keeps_links BEFORE INSERT ON links
    WHEN EXISTS (SELECT 1 FROM links WHERE case_number = NEW.case_number AND position = NEW.position)
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END
    """,
    """
    CREATE TRIGGER links_refuses_update BEFORE UPDATE ON links
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END
    """,
    """
    CREATE TRIGGER links_refuses_delete BEFORE DELETE ON links
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END
    """,
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION links_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the chain is append-only'; END $$
    """,
    """
    CREATE TRIGGER links_refuses_change BEFORE UPDATE OR DELETE ON links
    FOR EACH ROW EXECUTE FUNCTION links_refuses()
    """,
    """
    CREATE TRIGGER links_refuses_truncate BEFORE TRUNCATE ON links
    FOR EACH STATEMENT EXECUTE FUNCTION links_refuses()
    """,
)


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "links",
        _words("case_number"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        *map(_words, ("how", "previous", "hash")),
        sa.PrimaryKeyConstraint("case_number", "position", name="pk_links"),
    )
    connection = op.get_bind()
    lines = sum(_chain(connection, ledger) for ledger in LEDGERS)
    for trigger in POSTGRESQL_TRIGGERS if connection.dialect.name == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)
    if lines:
        log.info("audit.chained", extra={"count": lines})


def downgrade() -> None:
    """Back from it. The lines stay; what was anchored fits a later chain of them no more."""
    op.drop_table("links")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION links_refuses()")


def _chain(connection: sa.Connection, ledger: sa.TableClause) -> int:
    """Chains the lines of each case, in the order of their numbers; gives back how many."""
    count = position = 0
    case, previous = "", ""
    for some in _batches(connection, ledger):
        links = []
        for number, lines in groupby(some, key=itemgetter(0)):
            if number != case:
                case, position, previous = number, 0, _hash(["second-opinion/case/1", number])
            for line in lines:
                position += 1
                hashed = _link(previous, position, line)
                links.append(
                    {
                        "case_number": case,
                        "position": position,
                        "seq": line.seq,
                        "how": "migrated",
                        "previous": previous,
                        "hash": hashed,
                    }
                )
                previous = hashed
        connection.execute(sa.insert(LINKS), links)
        count += len(links)
    return count


def _batches(connection: sa.Connection, ledger: sa.TableClause) -> Iterator[list[Any]]:
    key = (next(iter(ledger.c)), ledger.c.seq)
    chosen = sa.select(*ledger.c).order_by(*key).limit(AT_ONCE)
    some = connection.execute(chosen).all()
    while some:
        yield list(some)
        after = sa.tuple_(*key) > sa.tuple_(sa.literal(some[-1][0]), sa.literal(some[-1].seq))
        some = connection.execute(chosen.where(after)).all()


def _link(previous: str, position: int, line: Any) -> str:
    at: datetime = line.at.replace(tzinfo=UTC) if line.at.tzinfo is None else line.at.astimezone(UTC)
    said = (at.isoformat(timespec="microseconds"), *(getattr(line, name) for name in SAID), line.unsigned)
    return _hash(["second-opinion/line/1", previous, position, "migrated", line[0], line.seq, *said])


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)
