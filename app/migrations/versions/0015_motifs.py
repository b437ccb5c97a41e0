"""Motifs: by video, by phone or at the clinic; documents asked for; reminders of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("motif", sa.Column("mode", sa.String(), nullable=False, server_default="video"))
    for column in ("documents_fr", "documents_en"):
        op.add_column("motif", sa.Column(column, sa.String(), nullable=False, server_default=""))
    op.add_column("motif", sa.Column("reminders_h", sa.String(), nullable=True))
    op.add_column("appointment", sa.Column("on_site", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("appointment", "on_site")
    for column in ("reminders_h", "documents_en", "documents_fr", "mode"):
        op.drop_column("motif", column)
