"""The views of the worklist that people saved, and indexes for what the portal shows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_clocks_standing": ("clocks", ["due_at"], "ended_at IS NULL"),
    "ix_clocks_breached": ("clocks", ["due_at"], "state = 'breached'"),
}


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "saved_views",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("person", "name", "query")),
        sa.PrimaryKeyConstraint("person", "name", name="pk_saved_views"),
    )
    for name, (table, columns, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Back from it. The saved views are lost."""
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("saved_views")
