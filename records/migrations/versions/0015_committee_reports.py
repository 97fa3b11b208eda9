"""Committees' reports: where each stands with its figures, what was decided on it, and the lines of what happened."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ENUM = sa.String(40)

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER committee_lines_keeps_lines BEFORE INSERT ON committee_lines
    WHEN EXISTS (SELECT 1 FROM committee_lines WHERE number = NEW.number AND seq = NEW.seq)
    BEGIN SELECT RAISE(IGNORE); END
    """,
    """
    CREATE TRIGGER committee_lines_refuses_update BEFORE UPDATE ON committee_lines
    BEGIN SELECT RAISE(ABORT, 'the lines are append-only'); END
    """,
    """
    CREATE TRIGGER committee_lines_refuses_delete BEFORE DELETE ON committee_lines
    BEGIN SELECT RAISE(ABORT, 'the lines are append-only'); END
    """,
    """
    CREATE TRIGGER committee_reports_keeps_finished BEFORE UPDATE OF report, ready_at, digest ON committee_reports
    WHEN OLD.ready_at IS NOT NULL
        AND (NEW.report IS NOT OLD.report OR NEW.ready_at IS NOT OLD.ready_at OR NEW.digest IS NOT OLD.digest)
    BEGIN SELECT RAISE(ABORT, 'a finished report is never changed'); END
    """,
    """
    CREATE TRIGGER committee_reports_refuses_delete BEFORE DELETE ON committee_reports
    WHEN OLD.ready_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a finished report is never changed'); END
    """,
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION committee_lines_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the lines are append-only'; END $$
    """,
    """
    CREATE FUNCTION committee_reports_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a finished report is never changed'; END $$
    """,
    """
    CREATE TRIGGER committee_lines_refuses_change BEFORE UPDATE OR DELETE ON committee_lines
    FOR EACH ROW EXECUTE FUNCTION committee_lines_refuses()
    """,
    """
    CREATE TRIGGER committee_lines_refuses_truncate BEFORE TRUNCATE ON committee_lines
    FOR EACH STATEMENT EXECUTE FUNCTION committee_lines_refuses()
    """,
    """
    CREATE TRIGGER committee_reports_keeps_finished BEFORE UPDATE ON committee_reports
    FOR EACH ROW WHEN (OLD.ready_at IS NOT NULL AND (NEW.report IS DISTINCT FROM OLD.report
        OR NEW.ready_at IS DISTINCT FROM OLD.ready_at OR NEW.digest IS DISTINCT FROM OLD.digest))
    EXECUTE FUNCTION committee_reports_refuses()
    """,
    """
    CREATE TRIGGER committee_reports_refuses_delete BEFORE DELETE ON committee_reports
    FOR EACH ROW WHEN (OLD.ready_at IS NOT NULL) EXECUTE FUNCTION committee_reports_refuses()
    """,
)


def upgrade() -> None:
    """To this revision."""
    _reports()
    _actions()
    _lines()
    for trigger in POSTGRESQL_TRIGGERS if op.get_bind().dialect.name == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Back from it. Refuses while there is any report: what committees decided would be lost."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT count(*) FROM committee_reports")).scalar_one():
        raise RuntimeError("There are committees' reports; keep them elsewhere before their tables go.")
    for table in ("committee_lines", "committee_actions", "committee_reports"):
        op.drop_table(table)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION committee_lines_refuses()")
        op.execute("DROP FUNCTION committee_reports_refuses()")


def _reports() -> None:
    op.create_table(
        "committee_reports",
        _words("number"),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        _words("lines"),
        _count("edition"),
        *map(_words, ("corrects", "why", "difference", "asked_by")),
        sa.Column("asked_at", INSTANT, nullable=False),
        *map(_code, ("state", "making")),
        *map(_count, ("cases", "delegated", "flags")),
        sa.Column("agrees", sa.Boolean()),
        *map(_words, ("presented", "accepted")),
        _count("open_actions"),
        sa.Column("next_due", INSTANT),
        *map(_words, ("digest", "files")),
        sa.Column("report", sa.Text()),
        sa.Column("ready_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        *map(_count, ("refused_count", "revision")),
        sa.PrimaryKeyConstraint("number", name="pk_committee_reports"),
    )
    op.create_index("ix_committee_reports_last_day", "committee_reports", ["last_day", "number"])


def _actions() -> None:
    op.create_table(
        "committee_actions",
        *map(_words, ("number", "id")),
        *map(_code, ("kind", "committee")),
        *map(_words, ("flag", "about_case", "concern", "owner")),
        sa.Column("due", sa.Date()),
        _code("state"),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        _words("told"),
        sa.Column("decided_at", INSTANT, nullable=False),
        _words("decided_by"),
        sa.Column("ended_at", INSTANT),
        *map(_words, ("ended_by", "outcome")),
        *_of_a_report("committee_actions", "id"),
    )
    op.create_index("ix_committee_actions_owner", "committee_actions", ["owner", "due"])


def _lines() -> None:
    op.create_table(
        "committee_lines",
        _words("number"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *map(_words, ("event", "text", "actor", "clause")),
        sa.Column("unsigned", sa.Boolean(), nullable=False),
        *_of_a_report("committee_lines", "seq"),
    )


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, ENUM, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _of_a_report(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("number", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["number"], ["committee_reports.number"], name=f"fk_{table}_number_committee_reports"),
    )
