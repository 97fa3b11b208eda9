"""The directory: what became of the files of each version, kept with it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision. Of a version that was imported before, no report is known."""
    op.create_table(
        "directory_reports",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["directory_versions.id"], name="fk_directory_reports_version_directory_versions"
        ),
        sa.PrimaryKeyConstraint("version", name="pk_directory_reports"),
    )
    op.create_table(
        "directory_refusals",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["directory_versions.id"], name="fk_directory_refusals_version_directory_versions"
        ),
        sa.PrimaryKeyConstraint("version", "seq", name="pk_directory_refusals"),
    )


def downgrade() -> None:
    """Back from it. The reports are lost; the files can be read again."""
    for table in ("directory_refusals", "directory_reports"):
        op.drop_table(table)
