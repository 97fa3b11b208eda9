"""${message}"""

import sqlalchemy as sa
import sqlmodel  # noqa: F401 - for a column whose type is sqlmodel's own
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """To this revision. A table that has triggers (``ledger``) loses them in a batch: make them again."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Back from it."""
    ${downgrades if downgrades else "pass"}
