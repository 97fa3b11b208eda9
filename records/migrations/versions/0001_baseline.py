"""The tables as they were at first, and the triggers that keep the ledger append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ENUM = sa.String(40)

# SQLite's INSERT OR REPLACE deletes without asking a trigger; the line that is there makes it a no-op instead.
SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER ledger_keeps_lines BEFORE INSERT ON ledger
    WHEN EXISTS (SELECT 1 FROM ledger WHERE case_number = NEW.case_number AND seq = NEW.seq)
    BEGIN SELECT RAISE(IGNORE); END
    """,
    """
    CREATE TRIGGER ledger_refuses_update BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER ledger_refuses_delete BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
    """,
    """
    CREATE TRIGGER ledger_refuses_change BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()
    """,
    """
    CREATE TRIGGER ledger_refuses_truncate BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()
    """,
)


def upgrade() -> None:
    """From nothing."""
    _register()
    _cases()
    _tasks()
    _clocks()
    _papers()
    _ledger()


def downgrade() -> None:
    """Back to nothing. What was recorded is lost."""
    for table in ("ledger", "documents", "notices", "clocks", "tasks", "cases", "intake", "numbering"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_refuses()")


def _register() -> None:
    op.create_table(
        "numbering",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_numbering"),
    )
    op.create_table(
        "intake",
        _words("case_number"),
        _words("external_reference"),
        _words("digest"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_number", name="pk_intake"),
        sa.UniqueConstraint("external_reference", name="uq_intake_external_reference"),
    )
    _index_where("started_at IS NULL", "ix_intake_unstarted", "intake", ["received_at"])


def _cases() -> None:
    op.create_table(
        "cases",
        _words("number"),
        _words("external_reference"),
        sa.Column("stage", ENUM, nullable=False),
        sa.Column("outcome", ENUM),
        sa.Column("line", ENUM, nullable=False),
        sa.Column("priority", ENUM, nullable=False),
        _words("specialty"),
        _words("organization"),
        _words("member_family"),
        _words("member_given"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("decision_due", INSTANT),
        sa.Column("next_due", INSTANT),
        _words("next_due_rule"),
        _words("category"),
        _words("filing_path"),
        _words("filing_sha256"),
        sa.Column("closed_at", INSTANT),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_cases"),
    )
    due = ["next_due", "received_at", "number"]
    op.create_index("ix_cases_external_reference", "cases", ["external_reference"])
    op.create_index("ix_cases_due", "cases", due)
    _index_where("closed_at IS NULL", "ix_cases_open_due", "cases", due)


def _tasks() -> None:
    op.create_table(
        "tasks",
        _words("case_number"),
        _words("task_id"),
        sa.Column("kind", ENUM, nullable=False),
        _words("title"),
        _words("clause"),
        sa.Column("state", ENUM, nullable=False),
        sa.Column("roles", sa.String(200), nullable=False),
        _words("owner"),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        _words("ended_by"),
        sa.Column("next_due", INSTANT),
        *_of_a_case("tasks", "task_id"),
    )
    _index_where("ended_at IS NULL", "ix_tasks_open_due", "tasks", ["next_due", "case_number", "task_id", "roles"])
    _index_where("ended_at IS NULL", "ix_tasks_open_owner", "tasks", ["owner", "next_due"])


def _clocks() -> None:
    op.create_table(
        "clocks",
        _words("case_number"),
        _words("clock_id"),
        sa.Column("anchored_at", INSTANT, nullable=False),
        sa.Column("obligation", ENUM, nullable=False),
        _words("rule"),
        _words("citation"),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("act_by", INSTANT, nullable=False),
        sa.Column("state", ENUM, nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT),
        _words("cause"),
        _words("explanation"),
        *_of_a_case("clocks", "clock_id", "anchored_at"),
    )


def _papers() -> None:
    op.create_table(
        "notices",
        _words("case_number"),
        _words("key"),
        sa.Column("kind", ENUM, nullable=False),
        sa.Column("recipient", ENUM, nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        _words("document"),
        _words("sha256"),
        *_of_a_case("notices", "key"),
    )
    op.create_table(
        "documents",
        _words("case_number"),
        _words("sha256"),
        _words("name"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _words("media_type"),
        *_of_a_case("documents", "sha256"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        _words("case_number"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _words("event"),
        _words("text"),
        _words("actor"),
        _words("clause"),
        *_of_a_case("ledger", "seq"),
    )
    for trigger in POSTGRESQL_TRIGGERS if op.get_bind().dialect.name == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _of_a_case(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("case_number", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=f"fk_{table}_case_number_cases"),
    )


def _index_where(condition: str, name: str, table: str, columns: list[str]) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
