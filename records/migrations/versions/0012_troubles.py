"""Troubles that a supervisor must see, and the id that everything has in common which one message at a door led to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CARRIED = ("kept_actions", "intake")


def upgrade() -> None:
    """To this revision."""
    for table in CARRIED:
        op.add_column(table, sa.Column("correlation", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_table(
        "troubles",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("code", "text")),
        *(sa.Column(name, INSTANT) for name in ("acknowledged_at", "ended_at")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("acknowledged_by", "ended_by", "note")),
        sa.PrimaryKeyConstraint("kind", "case_number", "found_at", name="pk_troubles"),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_troubles_open",
        "troubles",
        ["kind", "case_number"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    """Back from it. What is under way loses its ids, and who settled which trouble is forgotten."""
    op.drop_table("troubles")
    for table in CARRIED:
        op.drop_column(table, "correlation")
