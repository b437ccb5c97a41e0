"""When a clinic reminds its patients, chosen on a page; until then as the configuration says."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("reminders_h", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("organization", "reminders_h")
