"""What delegates decided: the register of their packets, every check of each, and the lines of what happened."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ENUM = sa.String(40)

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER delegated_lines_keeps_lines BEFORE INSERT ON delegated_lines
    WHEN EXISTS (SELECT 1 FROM delegated_lines WHERE number = NEW.number AND seq = NEW.seq)
    BEGIN SELECT RAISE(IGNORE); END
    """,
    """
    CREATE TRIGGER delegated_lines_refuses_update BEFORE UPDATE ON delegated_lines
    BEGIN SELECT RAISE(ABORT, 'the lines are append-only'); END
    """,
    """
    CREATE TRIGGER delegated_lines_refuses_delete BEFORE DELETE ON delegated_lines
    BEGIN SELECT RAISE(ABORT, 'the lines are append-only'); END
    """,
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION delegated_lines_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the lines are append-only'; END $$
    """,
    """
    CREATE TRIGGER delegated_lines_refuses_change BEFORE UPDATE OR DELETE ON delegated_lines
    FOR EACH ROW EXECUTE FUNCTION delegated_lines_refuses()
    """,
    """
    CREATE TRIGGER delegated_lines_refuses_truncate BEFORE TRUNCATE ON delegated_lines
    FOR EACH STATEMENT EXECUTE FUNCTION delegated_lines_refuses()
    """,
)


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "delegated_numbering",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_delegated_numbering"),
    )
    _cases()
    _findings()
    _lines()


def downgrade() -> None:
    """Back from it. Refuses while there is any packet: what delegates sent would be lost."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT count(*) FROM delegated_cases")).scalar_one():
        raise RuntimeError("There are delegated decisions; keep them elsewhere before their tables go.")
    for table in ("delegated_lines", "delegated_findings", "delegated_cases", "delegated_numbering"):
        op.drop_table(table)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION delegated_lines_refuses()")


def _cases() -> None:
    op.create_table(
        "delegated_cases",
        *map(_words, ("number", "delegate", "external_reference", "digest")),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("packet", sa.JSON(), nullable=False),
        *map(_code, ("line", "priority")),
        _words("specialty"),
        _code("outcome"),
        sa.Column("decided_at", INSTANT, nullable=False),
        *map(_words, ("month", "member_id", "birth_date", "member_family", "member_given")),
        *map(_code, ("match", "state")),
        sa.Column("compliance", ENUM),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("open_findings", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("next_due", INSTANT),
        *map(_words, ("category", "pulled_up_as", "filing_path", "filing_sha256")),
        sa.Column("closed_at", INSTANT),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_delegated_cases"),
        sa.UniqueConstraint("delegate", "external_reference", name="uq_delegated_cases_delegate_external_reference"),
    )
    op.create_index("ix_delegated_cases_decided_at", "delegated_cases", ["decided_at", "number"])
    op.create_index("ix_delegated_cases_member_id", "delegated_cases", ["member_id"])
    waiting = sa.text("started_at IS NULL")
    op.create_index(
        "ix_delegated_cases_unstarted",
        "delegated_cases",
        ["received_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _findings() -> None:
    op.create_table(
        "delegated_findings",
        _words("number"),
        *map(_code, ("code", "part", "severity", "result")),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("settled", ENUM),
        *map(_words, ("sentence", "citation", "rule")),
        *(sa.Column(name, INSTANT) for name in ("due_at", "happened_at", "settled_at")),
        *map(_words, ("settled_by", "settled_why")),
        *_of_a_case("delegated_findings", "code"),
    )


def _lines() -> None:
    op.create_table(
        "delegated_lines",
        _words("number"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *map(_words, ("event", "text", "actor", "clause")),
        sa.Column("unsigned", sa.Boolean(), nullable=False),
        *_of_a_case("delegated_lines", "seq"),
    )
    for trigger in POSTGRESQL_TRIGGERS if op.get_bind().dialect.name == "postgresql" else SQLITE_TRIGGERS:
        op.execute(trigger)


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, ENUM, nullable=False)


def _of_a_case(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("number", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["number"], ["delegated_cases.number"], name=f"fk_{table}_number_delegated_cases"),
    )
