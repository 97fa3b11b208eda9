"""Actions that a door has received and no case has answered yet."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "kept_actions",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_number", "action_id", "digest", name="pk_kept_actions"),
    )
    op.create_index("ix_kept_actions_received_at", "kept_actions", ["received_at", "action_id"])


def downgrade() -> None:
    """Back from it. Deliver what is kept before: it is lost."""
    op.drop_table("kept_actions")
