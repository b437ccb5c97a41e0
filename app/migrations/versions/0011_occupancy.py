"""Doctors, interpreters and rooms are occupied in one table, under one constraint; buffers; visits in a series."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME, ACTIVE = "appointment_overlap", "'pending', 'booked', 'arrived', 'fulfilled'"
CHANGES = "UPDATE OF start_at, end_at, status, practitioner_id, before_min, after_min"
REFUSAL = """CREATE TRIGGER occupancy_no_overlap_{verb} BEFORE {when} ON occupancy
WHEN NEW.active AND NEW.end_at > (
  SELECT other.start_at FROM occupancy AS other
  WHERE other.resource_id = NEW.resource_id AND other.active AND other.end_at > NEW.start_at
    AND other.appointment_id <> NEW.appointment_id
  ORDER BY other.end_at LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END"""
FOLLOW = """UPDATE occupancy SET start_at = {start}, end_at = {end}, active = NEW.status IN ({active}),
    resource_id = CASE resource_id WHEN OLD.practitioner_id THEN NEW.practitioner_id ELSE resource_id END
    WHERE appointment_id = NEW.id"""
BEGIN = """INSERT INTO occupancy (appointment_id, resource_id, start_at, end_at, active)
    SELECT NEW.id, NEW.practitioner_id, {start}, {end}, NEW.status IN ({active})
    WHERE NOT EXISTS (SELECT 1 FROM occupancy WHERE appointment_id = NEW.id AND resource_id = NEW.practitioner_id)"""
SQLITE = {"start": "strftime('%Y-%m-%d %H:%M:%f', NEW.start_at, '-' || NEW.before_min || ' minutes') || '000'",
          "end": "strftime('%Y-%m-%d %H:%M:%f', NEW.end_at, NEW.after_min || ' minutes') || '000'", "active": ACTIVE}
POSTGRES = {"start": "NEW.start_at - make_interval(mins => NEW.before_min)",
            "end": "NEW.end_at + make_interval(mins => NEW.after_min)", "active": ACTIVE}
CONSTRAINTS = {
    "sqlite": (
        REFUSAL.format(verb="insert", when="INSERT"), REFUSAL.format(verb="update", when="UPDATE"),
        f"CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment BEGIN {BEGIN.format(**SQLITE)}; END",
        f"CREATE TRIGGER appointment_occupies_still AFTER {CHANGES} ON appointment "
        f"BEGIN {FOLLOW.format(**SQLITE)}; END",
    ),
    "postgresql": (
        f"""ALTER TABLE occupancy ADD CONSTRAINT {NAME} EXCLUDE USING gist
            (resource_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (active)""",
        f"""CREATE OR REPLACE FUNCTION appointment_occupies() RETURNS trigger AS $$ BEGIN
            IF TG_OP = 'INSERT' THEN {BEGIN.format(**POSTGRES)}; ELSE {FOLLOW.format(**POSTGRES)}; END IF;
            RETURN NULL; END $$ LANGUAGE plpgsql""",
        "CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment "
        "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()",
        f"CREATE TRIGGER appointment_occupies_still AFTER {CHANGES} ON appointment "
        "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()",
    ),
}
# What 0003 made, for the way back.
BEFORE_TRIGGER = """CREATE TRIGGER appointment_no_overlap_{verb} BEFORE {when} ON appointment
WHEN NEW.status IN ({active}) AND EXISTS (
  SELECT 1 FROM appointment AS other
  WHERE other.practitioner_id = NEW.practitioner_id AND other.id <> NEW.id AND other.status IN ({active})
    AND other.start_at < NEW.end_at AND NEW.start_at < other.end_at)
BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END"""
BEFORE_EVENTS = (("insert", "INSERT"), ("update", "UPDATE OF start_at, end_at, status, practitioner_id"))


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in ("motif", "appointment"):
        for column in ("before_min", "after_min"):
            op.add_column(table, sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("appointment", sa.Column("series_id", sa.String(), nullable=True))
    op.create_index("ix_appointment_series_id", "appointment", ["series_id"])
    op.create_table(
        "resource",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("languages", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "occupancy",
        sa.Column("appointment_id", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("start_at < end_at", name="occupancy_has_length"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], deferrable=True, initially="DEFERRED"),
        sa.PrimaryKeyConstraint("appointment_id", "resource_id"),
    )
    op.create_index("ix_occupancy_resource_end", "occupancy", ["resource_id", "end_at"])
    op.execute(f"""INSERT INTO occupancy (appointment_id, resource_id, start_at, end_at, active)
        SELECT id, practitioner_id, start_at, end_at, status IN ({ACTIVE}) FROM appointment WHERE start_at < end_at""")
    if sqlite:
        for verb, _ in BEFORE_EVENTS:
            op.execute(f"DROP TRIGGER appointment_no_overlap_{verb}")
    else:
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the end of the transaction bars changes of tables
        op.execute(f"ALTER TABLE appointment DROP CONSTRAINT {NAME}")
    for statement in CONSTRAINTS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger in ("appointment_occupies", "appointment_occupies_still"):
        op.execute(f"DROP TRIGGER {trigger}" + ("" if sqlite else " ON appointment"))
    op.drop_table("occupancy")
    op.drop_table("resource")
    op.drop_index("ix_appointment_series_id", "appointment")
    op.drop_column("appointment", "series_id")
    for table in ("motif", "appointment"):
        for column in ("before_min", "after_min"):
            op.drop_column(table, column)
    if sqlite:
        for verb, when in BEFORE_EVENTS:
            op.execute(BEFORE_TRIGGER.format(verb=verb, when=when, active=ACTIVE))
        return
    op.execute("DROP FUNCTION appointment_occupies()")
    op.execute(f"""ALTER TABLE appointment ADD CONSTRAINT {NAME} EXCLUDE USING gist
            (practitioner_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (status IN ({ACTIVE}))""")
