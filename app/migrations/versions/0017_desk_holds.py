"""Times that the desk holds while somebody types: they occupy what they need as appointments do, until they run out."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
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
SQLITE = {"start": "strftime('%Y-%m-%d %H:%M:%f', NEW.start_at, '-' || NEW.before_min || ' minutes') || '000'",
          "end": "strftime('%Y-%m-%d %H:%M:%f', NEW.end_at, NEW.after_min || ' minutes') || '000'", "active": ACTIVE}
POSTGRES = {"start": "NEW.start_at - make_interval(mins => NEW.before_min)",
            "end": "NEW.end_at + make_interval(mins => NEW.after_min)", "active": ACTIVE}
EVENTS = ("appointment_occupies", "appointment_occupies_still")


def upgrade() -> None:
    op.create_table(
        "desk_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.String(), nullable=False),
        sa.Column("holder_name", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_desk_hold_practitioner_id", "desk_hold", ["practitioner_id"])
    op.create_index("ix_desk_hold_held_by", "desk_hold", ["held_by"])
    _drop_triggers()
    if _is_sqlite():
        _rebuild(sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    else:
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.drop_constraint("occupancy_appointment_id_fkey", "occupancy")
        op.add_column("occupancy", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.execute("""UPDATE occupancy SET held_until = (
        SELECT held_until FROM appointment WHERE appointment.id = occupancy.appointment_id)""")
    _make_triggers(holds=True)


def downgrade() -> None:
    _drop_triggers()
    op.execute("DELETE FROM occupancy WHERE appointment_id IN (SELECT id FROM desk_hold)")
    if _is_sqlite():
        _rebuild(sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], deferrable=True, initially="DEFERRED"))
    else:
        op.drop_column("occupancy", "held_until")
        op.create_foreign_key("occupancy_appointment_id_fkey", "occupancy", "appointment", ["appointment_id"], ["id"],
                              deferrable=True, initially="DEFERRED")
    op.drop_table("desk_hold")
    _make_triggers(holds=False)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _rebuild(last: "sa.Column[object] | sa.ForeignKeyConstraint") -> None:
    """SQLite changes no constraint of a table: another takes its place."""
    op.create_table(
        "occupancy_next",
        sa.Column("appointment_id", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        last,
        sa.CheckConstraint("start_at < end_at", name="occupancy_has_length"),
        sa.PrimaryKeyConstraint("appointment_id", "resource_id"),
    )
    op.execute("""INSERT INTO occupancy_next (appointment_id, resource_id, start_at, end_at, active)
        SELECT appointment_id, resource_id, start_at, end_at, active FROM occupancy""")
    op.drop_table("occupancy")
    op.rename_table("occupancy_next", "occupancy")
    op.create_index("ix_occupancy_resource_end", "occupancy", ["resource_id", "end_at"])


def _drop_triggers() -> None:
    for trigger in EVENTS:
        op.execute(f"DROP TRIGGER {trigger}" + ("" if _is_sqlite() else " ON appointment"))
    if _is_sqlite():
        for verb in ("insert", "update"):
            op.execute(f"DROP TRIGGER occupancy_no_overlap_{verb}")


def _make_triggers(*, holds: bool) -> None:
    changes, column, value, kept = (
        (f"{CHANGES}, held_until", ", held_until", ", NEW.held_until", "\n    held_until = NEW.held_until,")
        if holds else (CHANGES, "", "", ""))
    begin = f"""INSERT INTO occupancy (appointment_id, resource_id, start_at, end_at, active{column})
    SELECT NEW.id, NEW.practitioner_id, {{start}}, {{end}}, NEW.status IN ({{active}}){value}
    WHERE NOT EXISTS (SELECT 1 FROM occupancy WHERE appointment_id = NEW.id AND resource_id = NEW.practitioner_id)"""
    follow = f"""UPDATE occupancy SET start_at = {{start}}, end_at = {{end}}, active = NEW.status IN ({{active}}),{kept}
    resource_id = CASE resource_id WHEN OLD.practitioner_id THEN NEW.practitioner_id ELSE resource_id END
    WHERE appointment_id = NEW.id"""
    if _is_sqlite():
        op.execute(REFUSAL.format(verb="insert", when="INSERT"))
        op.execute(REFUSAL.format(verb="update", when="UPDATE"))
        op.execute("CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment "
                   f"BEGIN {begin.format(**SQLITE)}; END")
        op.execute(f"CREATE TRIGGER appointment_occupies_still AFTER {changes} ON appointment "
                   f"BEGIN {follow.format(**SQLITE)}; END")
        return
    op.execute(f"""CREATE OR REPLACE FUNCTION appointment_occupies() RETURNS trigger AS $$ BEGIN
            IF TG_OP = 'INSERT' THEN {begin.format(**POSTGRES)}; ELSE {follow.format(**POSTGRES)}; END IF;
            RETURN NULL; END $$ LANGUAGE plpgsql""")
    op.execute("CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment "
               "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()")
    op.execute(f"CREATE TRIGGER appointment_occupies_still AFTER {changes} ON appointment "
               "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()")
