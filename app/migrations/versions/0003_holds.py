"""Times that are held for somebody (pending), and motifs that patients book, move and cancel by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE, AFTER = "'booked', 'arrived', 'fulfilled'", "'pending', 'booked', 'arrived', 'fulfilled'"
NAME = "appointment_overlap"
TRIGGER = """CREATE TRIGGER appointment_no_overlap_{verb} BEFORE {when} ON appointment
WHEN NEW.status IN ({active}) AND EXISTS (
  SELECT 1 FROM appointment AS other
  WHERE other.practitioner_id = NEW.practitioner_id AND other.id <> NEW.id AND other.status IN ({active})
    AND other.start_at < NEW.end_at AND NEW.start_at < other.end_at)
BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END"""
EVENTS = (("insert", "INSERT"), ("update", "UPDATE OF start_at, end_at, status, practitioner_id"))


def upgrade() -> None:
    op.add_column("motif", sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("motif", sa.Column("lead_h", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("motif", sa.Column("cutoff_h", sa.Integer(), nullable=False, server_default="24"))
    op.add_column("appointment", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    constrain(AFTER)


def downgrade() -> None:
    op.execute("UPDATE appointment SET status = 'cancelled' WHERE status = 'pending'")
    constrain(BEFORE)
    op.drop_column("appointment", "held_until")
    for column in ("cutoff_h", "lead_h", "public"):
        op.drop_column("motif", column)


def constrain(active: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb, when in EVENTS:
            op.execute(f"DROP TRIGGER appointment_no_overlap_{verb}")
            op.execute(TRIGGER.format(verb=verb, when=when, active=active))
        return
    op.execute(f"ALTER TABLE appointment DROP CONSTRAINT {NAME}")
    op.execute(f"""ALTER TABLE appointment ADD CONSTRAINT {NAME} EXCLUDE USING gist
            (practitioner_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (status IN ({active}))""")
