"""A doctor who cannot come: their day is closed and all of it rebooked at once, or nothing is; and taken back at once.

Proposed are colleagues on the same day, nearest to the old time, then the doctor's own next free times.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Field, SQLModel

from app.access import guard
from app.access.policy import Action
from app.db import Tx, UTCInstant, new_id
from app.errors import Conflict, Invalid, NotFound
from app.people import Practitioner
from app.scheduling import agenda, booking, planning
from app.scheduling.agenda import AgendaEntry, FreeSlot
from app.scheduling.intervals import Interval
from app.scheduling.planning import DayForm
from app.scheduling.tables import Appointment
from app.scheduling.wall import day_bounds

WITH_OTHERS, LATER = 3, 3  # times proposed with colleagues that day, and with the doctor themselves later
CANDIDATES = 60
UNDO_FOR = timedelta(minutes=15)
KEEP, CANCEL = "keep", "cancel"
WHY = "doctor"


class Rebooking(SQLModel, table=True):
    """What was done to a doctor's day. steps: JSON; for each appointment its id, where it was and where it is."""

    __tablename__ = "rebooking"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id")
    on: date
    closed: str  # JSON: ids of the exceptions that close the day
    steps: str
    done_at: datetime = Field(sa_type=UTCInstant)
    undone_at: datetime | None = Field(default=None, sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One appointment of the day and where it may go, the best first; none when nothing is free."""

    entry: AgendaEntry
    options: list[FreeSlot]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one appointment: it moves to a doctor and time, or is cancelled when there is none."""

    appointment_id: str
    was_with: str
    was_at: datetime
    now_with: str = ""
    now_at: datetime | None = None


def proposals(tx: Tx, practitioner_id: str, on: date) -> list[Proposal]:
    """Each appointment ahead on that day of the clinic; no two have the same first option. Raises NotFound."""
    known = agenda.clinic(tx)
    if practitioner_id not in (p.id for p in known.practitioners):
        raise NotFound
    start, end = day_bounds(on, known.zone)
    others = [p.id for p in known.practitioners if p.id != practitioner_id]
    taken: list[FreeSlot] = []
    found = []
    for entry in _ahead(tx, practitioner_id, start, end):
        row = entry.appointment
        length = row.end_at - row.start_at
        same_day = agenda.free_slots(tx, others, length, Interval(start, end), row.motif_id) if others else []
        same_day.sort(key=lambda slot: abs(slot.start_at - row.start_at))
        later = agenda.next_slots(tx, practitioner_id, length, end, motif_id=row.motif_id, limit=CANDIDATES)
        options = [*_free_of(same_day, taken, WITH_OTHERS), *_free_of(later, taken, LATER)]
        taken += options[:1]
        found.append(Proposal(entry, options))
    return found


def carry_out(tx: Tx, practitioner_id: str, on: date, choices: Mapping[str, str]) -> Rebooking:
    """Close the day and do what was chosen for each appointment: `keep`, `cancel` or `doctor@instant`; all or nothing.

    Raises Invalid for another day or an unreadable choice, Conflict when one is missing, SlotTaken, NotFound,
    AccessDenied.
    """
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=practitioner_id, step="absence")
    if tx.session.get(Practitioner, practitioner_id) is None:
        raise NotFound
    zone = agenda.clinic(tx).zone
    today = tx.now.astimezone(zone).date()
    if not today <= on <= today + planning.FURTHEST:
        raise Invalid("This day has passed, or is too far ahead.")
    start, end = day_bounds(on, zone)
    rows = [entry.appointment for entry in _ahead(tx, practitioner_id, start, end)]
    if any(row.id not in choices for row in rows):
        raise Conflict("The day changed meanwhile. Look at it again.")
    steps = [_step(row, choices[row.id]) for row in rows if choices[row.id] != KEEP]
    closed = planning.differ(tx, practitioner_id, DayForm(kind="closed", on=on))
    for step in steps:
        if step.now_at is None:
            booking.cancel(tx, step.appointment_id, WHY)
        else:
            booking.move(tx, step.appointment_id, step.now_at, step.now_with, WHY)
    done = Rebooking(practitioner_id=practitioner_id, on=on, closed=json.dumps([row.id for row in closed]),
                     steps=json.dumps([_kept(step) for step in steps]), done_at=tx.now)
    tx.session.add(done)
    return done


def undoable(tx: Tx, rebooking_id: str) -> Rebooking | None:
    """What can still be taken back."""
    row = tx.session.get(Rebooking, rebooking_id)
    return row if row and row.undone_at is None and tx.now <= row.done_at + UNDO_FOR else None


def undo(tx: Tx, rebooking_id: str) -> Rebooking:
    """Open the day again and put every appointment back; all or nothing, and the patients are told once more.

    Raises Conflict when it is too late or an appointment was changed since, SlotTaken, NotFound, AccessDenied.
    """
    row = tx.session.get(Rebooking, rebooking_id, with_for_update=True)
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=row.practitioner_id if row else "",
                 step="absence-undo")
    if row is None:
        raise NotFound
    if undoable(tx, rebooking_id) is None:
        raise Conflict("This can no longer be taken back.")
    for exception_id in json.loads(row.closed):
        planning.as_usual(tx, exception_id)
    tx.session.flush()
    for step in map(_read, json.loads(row.steps)):
        _back(tx, step)
    row.undone_at = tx.now
    tx.session.add(row)
    return row


def _back(tx: Tx, step: Step) -> None:
    appointment = tx.session.get_one(Appointment, step.appointment_id)
    if step.now_at is None:
        booking.undo_cancel(tx, appointment.id)
    elif (appointment.status, appointment.practitioner_id, appointment.start_at) == (
            "booked", step.now_with, step.now_at):
        booking.move(tx, appointment.id, step.was_at, step.was_with, WHY)
    else:
        raise Conflict("An appointment was changed since: nothing is taken back.")


def _ahead(tx: Tx, practitioner_id: str, start: datetime, end: datetime) -> list[AgendaEntry]:
    entries = agenda.appointments(tx, [practitioner_id], max(start, tx.now), end)
    return [e for e in entries if e.appointment.status == "booked" and e.appointment.start_at > tx.now]


def _free_of(slots: Sequence[FreeSlot], taken: Sequence[FreeSlot], most: int) -> Iterator[FreeSlot]:
    """The first few that none of those already proposed overlaps."""
    apart = (slot for slot in slots if not any(
        other.practitioner_id == slot.practitioner_id and other.start_at < slot.end_at
        and slot.start_at < other.end_at for other in taken))
    for _, slot in zip(range(most), apart, strict=False):
        yield slot


def _step(row: Appointment, choice: str) -> Step:
    if choice == CANCEL:
        return Step(row.id, row.practitioner_id, row.start_at)
    doctor, _, at = choice.partition("@")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise Invalid(fields={row.id: "This is not valid."}) from None
    if instant.tzinfo is None or not doctor:
        raise Invalid(fields={row.id: "This is not valid."})
    return Step(row.id, row.practitioner_id, row.start_at, doctor, instant)


def _kept(step: Step) -> list[str]:
    at = step.now_at.isoformat() if step.now_at else ""
    return [step.appointment_id, step.was_with, step.was_at.isoformat(), step.now_with, at]


def _read(kept: list[str]) -> Step:
    appointment_id, was_with, was_at, now_with, now_at = kept
    return Step(appointment_id, was_with, datetime.fromisoformat(was_at), now_with,
                datetime.fromisoformat(now_at) if now_at else None)
