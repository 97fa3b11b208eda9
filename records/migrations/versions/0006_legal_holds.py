"""Legal holds: what keeps a case's packet and records beyond their time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "legal_holds",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_legal_holds_case_number_cases"),
        sa.PrimaryKeyConstraint("case_number", "number", name="pk_legal_holds"),
    )


def downgrade() -> None:
    """Back from it. Refuses while there is any hold: without the table nobody would know of it."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT count(*) FROM legal_holds")).scalar_one():
        raise RuntimeError("There are legal holds; write them down elsewhere before their table goes.")
    op.drop_table("legal_holds")
