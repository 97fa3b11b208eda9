"""The directory of physicians: dated versions, the physicians of each, and by what they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "directory_versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_versions"),
    )
    op.create_table(
        "directory_physicians",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.Column("physician", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["directory_versions.id"], name="fk_directory_physicians_version_directory_versions"
        ),
        sa.PrimaryKeyConstraint("version", "npi", name="pk_directory_physicians"),
    )
    op.create_table(
        "directory_terms",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("npi", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["directory_versions.id"], name="fk_directory_terms_version_directory_versions"
        ),
        sa.PrimaryKeyConstraint("version", "kind", "term", "npi", name="pk_directory_terms"),
    )


def downgrade() -> None:
    """Back from it. The directory can be imported again from its files."""
    for table in ("directory_terms", "directory_physicians", "directory_versions"):
        op.drop_table(table)
