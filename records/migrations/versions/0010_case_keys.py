"""The keys that encrypt cases, each wrapped by a key of the plan."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "case_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_case_keys"),
        sa.UniqueConstraint("workflow_id", name="uq_case_keys_workflow_id"),
    )
    op.create_index("ix_case_keys_plan_key", "case_keys", ["plan_key", "key_id"])


def downgrade() -> None:
    """Back from it. Refuses while there is any key: without it the case that it encrypts could never be read again."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT count(*) FROM case_keys WHERE destroyed_at IS NULL")).scalar_one():
        raise RuntimeError("There are keys of cases; without their table those cases could never be read again.")
    op.drop_table("case_keys")
