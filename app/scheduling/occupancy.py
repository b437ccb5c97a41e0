"""Who is occupied when: doctors, interpreters and rooms in one table, under one constraint.

A row says that an appointment, or a hold of the desk, needs a resource from `start_at` to before `end_at`, buffers
included; what is only held, until `held_until`. No two active rows of one resource may overlap: PostgreSQL refuses by
an exclusion constraint, SQLite by a trigger inside its one write transaction. An appointment's rows follow it by
triggers, whatever code changes it: a visit is moved, given back and brought back with all that it needs, or not at all.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DDL, CheckConstraint, Index, bindparam, delete, event, insert
from sqlalchemy import select as rows_of
from sqlalchemy.dialects.postgresql import insert as for_postgres
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col, select

from app.db import Tx, UTCInstant
from app.prepared import Among, Prepared, Together
from app.scheduling.intervals import Interval
from app.scheduling.tables import ACTIVE, OVERLAP, Appointment, DeskHold


class Occupancy(SQLModel, table=True):
    """A resource's time that an appointment needs (FHIR Appointment.participant); it holds while `active`."""

    __tablename__ = "occupancy"
    appointment_id: str = Field(primary_key=True)  # or a DeskHold's: an appointment that is still being typed
    resource_id: str = Field(primary_key=True)  # a Practitioner's or a Resource's
    start_at: datetime = Field(sa_type=UTCInstant)
    end_at: datetime = Field(sa_type=UTCInstant)
    active: bool
    held_until: datetime | None = Field(default=None, sa_type=UTCInstant)
    __table_args__ = (Index("ix_occupancy_resource_end", "resource_id", "end_at"),
                      CheckConstraint("start_at < end_at", name="occupancy_has_length"))


UNBUFFERED = (timedelta(), timedelta())
LONGEST = timedelta(hours=8)  # no visit takes longer with its buffers (MotifForm): the index bounds both sides

# Written once: every booking and every search for free times asks. Many are taken from the same minute to the same.
TAKEN = Prepared(rows_of(Together(col(Occupancy.resource_id)), col(Occupancy.start_at),
                         col(Occupancy.end_at)).where(
    Among(col(Occupancy.resource_id), "resources"), col(Occupancy.active),
    # A hold ends by itself; one's own hold of the desk is in nobody's way but others'.
    col(Occupancy.held_until).is_(None) | ((col(Occupancy.held_until) > bindparam("now")) & col(
        Occupancy.appointment_id).not_in(rows_of(col(DeskHold.id)).where(col(DeskHold.held_by) == bindparam("me")))),
    col(Occupancy.end_at) > bindparam("start"), col(Occupancy.start_at) < bindparam("end"),
    col(Occupancy.end_at) < bindparam("latest")).group_by(col(Occupancy.start_at), col(Occupancy.end_at)))
TAKE = Prepared(insert(Occupancy))
UNLESS_TAKEN = Prepared(for_postgres(Occupancy).on_conflict_do_nothing().returning(col(Occupancy.resource_id)))
GIVE_BACK = delete(Occupancy).where(col(Occupancy.appointment_id) == bindparam("appointment"))


def take(tx: Tx, appointment: Appointment, resource_ids: Iterable[str]) -> bool:
    """Occupy the doctor and all that a new appointment needs; False, and nothing taken, when one is not free."""
    during = occupied(appointment)
    rows: list[dict[str, Any]] = [
        {"appointment_id": appointment.id, "resource_id": resource, "start_at": during.start, "end_at": during.end,
         "active": True, "held_until": appointment.held_until}
        for resource in sorted({appointment.practitioner_id, *resource_ids})]  # one order: nobody waits in a circle
    is_postgres = tx.session.get_bind().dialect.name == "postgresql"
    taken = all(_had(tx, row, is_postgres=is_postgres) for row in rows)
    if not taken and len(rows) > 1:
        tx.session.connection().execute(GIVE_BACK, {"appointment": appointment.id})
    return taken


def replace(tx: Tx, appointment: Appointment, resource_ids: Iterable[str]) -> None:
    """Have an active appointment need exactly these besides its doctor. Raises IntegrityError when one is not free."""
    wanted, had = {*resource_ids} - {appointment.practitioner_id}, {*needed(tx, appointment)}
    during = occupied(appointment)
    tx.session.execute(delete(Occupancy).where(col(Occupancy.appointment_id) == appointment.id,
                                               col(Occupancy.resource_id).in_(had - wanted)))
    for resource in sorted(wanted - had):
        tx.insert(Occupancy, appointment_id=appointment.id, resource_id=resource, start_at=during.start,
                  end_at=during.end, active=True)


def occupied(appointment: Appointment) -> Interval:
    """The time that an appointment needs, with its buffers."""
    return Interval(appointment.start_at - appointment.before, appointment.end_at + appointment.after)


def times(tx: Tx, resource_ids: Sequence[str], window: Interval, buffers: tuple[timedelta, timedelta] = UNBUFFERED
          ) -> dict[str, list[Interval]]:
    """When each of these is occupied in the window; the caller was permitted to read slots.

    buffers: before and after the visit that is to be placed; as much around what is occupied is taken as well.
    """
    before, after = buffers
    found: dict[str, list[Interval]] = {}
    for occupied_then, start, end in tx.run(
            TAKEN, resources=resource_ids, start=window.start - before, end=window.end + after,
            latest=window.end + after + LONGEST, now=tx.now, me=tx.actor.id):
        during = Interval(start - after, end + before)
        for resource in occupied_then.split(","):
            found.setdefault(resource, []).append(during)
    return found


def needed(tx: Tx, appointment: Appointment) -> list[str]:
    """What an appointment needs besides its doctor; the caller was permitted to read it."""
    return list(tx.session.exec(select(Occupancy.resource_id).where(
        Occupancy.appointment_id == appointment.id, Occupancy.resource_id != appointment.practitioner_id)).all())


def _had(tx: Tx, row: dict[str, Any], *, is_postgres: bool) -> bool:
    if is_postgres:  # a refusal by error would end the transaction there
        return bool(tx.run(UNLESS_TAKEN, **row))
    try:
        tx.run(TAKE, **row)
    except IntegrityError as refusal:
        if OVERLAP not in str(refusal.orig):
            raise
        return False
    return True


_ACTIVE_SQL = ", ".join(f"'{status}'" for status in ACTIVE)
_SQLITE_START = "strftime('%Y-%m-%d %H:%M:%f', NEW.start_at, '-' || NEW.before_min || ' minutes') || '000'"
_SQLITE_END = "strftime('%Y-%m-%d %H:%M:%f', NEW.end_at, NEW.after_min || ' minutes') || '000'"
# Active rows of one resource lie one after the other: the first that ends later is the only one that can overlap.
_SQLITE_REFUSAL = """
CREATE TRIGGER occupancy_no_overlap_{verb} BEFORE {when} ON occupancy
WHEN NEW.active AND NEW.end_at > (
  SELECT other.start_at FROM occupancy AS other
  WHERE other.resource_id = NEW.resource_id AND other.active AND other.end_at > NEW.start_at
    AND other.appointment_id <> NEW.appointment_id
  ORDER BY other.end_at LIMIT 1)
BEGIN SELECT RAISE(ABORT, '{name}'); END
"""
_CHANGES = "UPDATE OF start_at, end_at, status, practitioner_id, before_min, after_min, held_until"
_FOLLOW = """UPDATE occupancy SET start_at = {start}, end_at = {end}, active = NEW.status IN ({active}),
    held_until = NEW.held_until,
    resource_id = CASE resource_id WHEN OLD.practitioner_id THEN NEW.practitioner_id ELSE resource_id END
    WHERE appointment_id = NEW.id"""
_BEGIN = """INSERT INTO occupancy (appointment_id, resource_id, start_at, end_at, active, held_until)
    SELECT NEW.id, NEW.practitioner_id, {start}, {end}, NEW.status IN ({active}), NEW.held_until
    WHERE NOT EXISTS (SELECT 1 FROM occupancy WHERE appointment_id = NEW.id AND resource_id = NEW.practitioner_id)"""
_SQLITE = {"start": _SQLITE_START, "end": _SQLITE_END, "active": _ACTIVE_SQL}
_POSTGRES = {"start": "NEW.start_at - make_interval(mins => NEW.before_min)",
             "end": "NEW.end_at + make_interval(mins => NEW.after_min)", "active": _ACTIVE_SQL}

CONSTRAINTS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        _SQLITE_REFUSAL.format(verb="insert", when="INSERT", name=OVERLAP),
        _SQLITE_REFUSAL.format(verb="update", when="UPDATE", name=OVERLAP),
        f"CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment BEGIN {_BEGIN.format(**_SQLITE)}; END",
        f"CREATE TRIGGER appointment_occupies_still AFTER {_CHANGES} ON appointment "
        f"BEGIN {_FOLLOW.format(**_SQLITE)}; END",
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        f"""ALTER TABLE occupancy ADD CONSTRAINT {OVERLAP} EXCLUDE USING gist
            (resource_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (active)""",
        f"""CREATE OR REPLACE FUNCTION appointment_occupies() RETURNS trigger AS $$ BEGIN
            IF TG_OP = 'INSERT' THEN {_BEGIN.format(**_POSTGRES)}; ELSE {_FOLLOW.format(**_POSTGRES)}; END IF;
            RETURN NULL; END $$ LANGUAGE plpgsql""",
        "CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment "
        "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()",
        f"CREATE TRIGGER appointment_occupies_still AFTER {_CHANGES} ON appointment "
        "FOR EACH ROW EXECUTE FUNCTION appointment_occupies()",
    ),
}

Occupancy.__table__.add_is_dependent_on(Appointment.__table__)  # type: ignore[attr-defined]  # its triggers lie there
for _dialect, _statements in CONSTRAINTS.items():
    for _statement in _statements:
        event.listen(
            Occupancy.__table__, "after_create",  # type: ignore[attr-defined]
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
