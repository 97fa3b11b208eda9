"""Every attempt to get a letter to its reader, and why a letter counts no more.

Columns come with defaults: workers of the version before, which know nothing of them, go on writing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = ("attempts", "ended_as", "ended_at", "ended_why")


def upgrade() -> None:
    """To this revision. Letters of before have no attempts."""
    op.add_column("notices", sa.Column("attempts", sa.Text(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("notices", sa.Column("ended_as", sa.String(40), nullable=True))
    op.add_column("notices", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notices", sa.Column("ended_why", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Back from it: what the channels proved stays in the cases' histories alone."""
    for column in reversed(COLUMNS):
        op.drop_column("notices", column)
