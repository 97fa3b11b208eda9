"""Reports before the committees, whole, to go on from; the members of cases as they are reached now."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision. What was recorded before tells its file, or another address, with its next transition."""
    op.create_table(
        "committee_files",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["committee_reports.number"], name="fk_committee_files_number_committee_reports"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_committee_files"),
    )
    op.create_table(
        "case_members",
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_case_members_case_number_cases"),
        sa.PrimaryKeyConstraint("case_number", name="pk_case_members"),
    )


def downgrade() -> None:
    """Back from it. Only reports that Temporal still keeps can then go on; letters go where the request says."""
    for table in ("case_members", "committee_files"):
        op.drop_table(table)
