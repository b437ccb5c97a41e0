"""Whose public and school holidays a clinic keeps, and the holidays on which a doctor works all the same."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

# A clinic that exists keeps the days of its place from now on, as a new one does.
PLACES = {"FR": "Europe/Paris", "971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne",
          "974": "Indian/Reunion", "976": "Indian/Mayotte"}


def upgrade() -> None:
    for column in ("holiday_place", "school_zone"):
        op.add_column("organization", sa.Column(column, sa.String(), nullable=False, server_default=""))
    for place, zone in PLACES.items():
        op.execute(sa.text("UPDATE organization SET holiday_place = :place WHERE zone = :zone").bindparams(place=place, zone=zone))
    op.add_column("availability_exception", sa.Column("usual", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.execute("DELETE FROM availability_exception WHERE usual")
    op.drop_column("availability_exception", "usual")
    op.drop_column("organization", "school_zone")
    op.drop_column("organization", "holiday_place")
