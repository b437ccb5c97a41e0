"""Booking, moving and cancelling. The database's own constraint decides who gets a slot, not a check here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app import jobs, people
from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Language, Organization, PatientIdentity, Practitioner, directory
from app.people.directory import PatientHit
from app.prepared import Prepared, unsaved
from app.scheduling import holds, occupancy, replies, resources
from app.scheduling.agenda import FreeSlot, next_slots, open_time
from app.scheduling.history import given_why
from app.scheduling.intervals import Interval
from app.scheduling.tables import OVERLAP, Appointment, BookingNote, DeskHold, Motif

OFFERED = 5  # the next slots that who came second is offered
FURTHEST = timedelta(days=366)

# One statement for all that a booking rests on.
_PLACE = (
    rows_of(col(Motif.active), col(Motif.duration_min), col(Motif.before_min), col(Motif.after_min),
            col(Motif.mode), col(Organization.zone)).select_from(Practitioner)
    .join(Organization, col(Organization.id) == col(Practitioner.organization_id))
    .join(Motif, col(Motif.id) == bindparam("motif_id"))
    .where(col(Practitioner.id) == bindparam("practitioner_id"), col(Practitioner.active))
)
# The lock puts changes of one doctor's appointments in a row: two transactions that each wait for the
# other's uncommitted overlap would otherwise be a deadlock on PostgreSQL. It decides nothing. New ones do
# without: ON CONFLICT waits for the other's end before it writes (PostgreSQL, "speculative insertion").
PLACE, LOCKED_PLACE = Prepared(_PLACE), Prepared(_PLACE.with_for_update(of=Practitioner, key_share=True))


class Place(NamedTuple):
    """What a booking takes from its motif, and the clinic's zone."""

    offered: bool
    duration_min: int
    before_min: int
    after_min: int
    mode: str
    zone: str


class SlotTaken(Conflict):
    """Somebody was quicker, or the doctor has no hours then; `alternatives` are the next free slots.

    `held`: what another scheduler holds for the moment, for the desk's eyes only.
    """

    code = "slot_taken"

    def __init__(self, message: str = "This slot was just taken. Here are the next free ones.",
                 alternatives: list[FreeSlot] | None = None, held: DeskHold | None = None) -> None:
        super().__init__(message)
        self.alternatives, self.held = alternatives or [], held


class NotFree(Conflict):
    """An interpreter or a room is taken when the visit is; it tells which, and which are free."""

    code = "not_free"


class LooksKnown(Conflict):
    """The new patient may be one of `hits`: whoever books has to say."""

    code = "looks_known"

    def __init__(self, hits: list[PatientHit]) -> None:
        super().__init__("This may be someone you already know.")
        self.hits = hits


def book(tx: Tx, *, practitioner_id: str, motif_id: str, start_at: datetime, patient_id: str,
         reason: str = "", language: str, held_until: datetime | None = None, resource_ids: Sequence[str] = (),
         series_id: str | None = None) -> Appointment:
    """Book a slot; the patient is invited and the doctor's care begins. With `held_until` it is only held.

    The doctor and all of `resource_ids` (interpreter, room) are free then, or nothing is booked. Raises SlotTaken,
    Invalid (a time that has passed or is too far, a resource that is not there), NotFound, AccessDenied.
    """
    appointment = unsaved(Appointment, practitioner_id=practitioner_id, patient_id=patient_id, motif_id=motif_id,
                          language=_known(language), start_at=start_at, end_at=start_at, created_at=tx.now,
                          status="pending" if held_until else "booked", held_until=held_until, series_id=series_id)
    guard.permit(tx, Action.APPOINTMENT_BOOK, entity="Appointment", entity_id=appointment.id,
                 patient_id=patient_id, practitioner_id=practitioner_id)
    place = fit(tx, appointment, resource_ids)
    if place.mode == "phone":
        replies.check_number(tx, patient_id)
    tx.seal(appointment, BookingNote(reason=reason))
    if not (occupancy.take(tx, appointment, resource_ids) or (
            holds.make_way(tx, appointment, resource_ids) and occupancy.take(tx, appointment, resource_ids))):
        raise refused(tx, appointment, resource_ids)
    try:
        with tx.in_one_go():
            tx.insert(Appointment, **vars(appointment))
            if not held_until:
                settle(tx, appointment)
            if place.mode == "phone":
                replies.begin_by_phone(tx, appointment)
    except IntegrityError:  # its time is taken already: what is not there is the patient
        raise NotFound from None
    return appointment


def fit(tx: Tx, appointment: Appointment, resource_ids: Sequence[str]) -> Place:
    """Give a new appointment its motif's length, buffers and mode; whether its time is free is not asked.

    Raises SlotTaken (no open hours), Invalid, NotFound.
    """
    place = _bookable(tx, appointment.practitioner_id, appointment.motif_id)
    _check_ahead(tx, appointment.start_at)
    resources.check(tx, resource_ids)
    vars(appointment).update(  # no session follows it yet
        end_at=appointment.start_at + timedelta(minutes=place.duration_min), before_min=place.before_min,
        after_min=place.after_min, on_site=place.mode == "onsite")
    _check_hours(tx, appointment, resource_ids, ZoneInfo(place.zone))
    return place


def settle(tx: Tx, appointment: Appointment) -> None:
    """What follows once an appointment is booked: the doctor's care begins and the patient is invited."""
    guard.begin_care(tx, appointment.practitioner_id, appointment.patient_id, _care_source(appointment))
    jobs.enqueue(tx, "message.invitation", appointment_id=appointment.id)


def book_for_new(tx: Tx, identity: PatientIdentity, *, certain: bool, practitioner_id: str, motif_id: str,
                 start_at: datetime, resource_ids: Sequence[str] = ()) -> Appointment:
    """Register a patient and book for them, both or neither. `certain`: no, it is not one of those we know.

    Raises LooksKnown before anything is written, and all that `book` raises.
    """
    patient_id = registered(tx, identity, certain=certain)
    return book(tx, practitioner_id=practitioner_id, motif_id=motif_id, start_at=start_at, patient_id=patient_id,
                language=identity.language, resource_ids=resource_ids)


def registered(tx: Tx, identity: PatientIdentity, *, certain: bool) -> str:
    """The id of a patient who is new here. Raises LooksKnown before anything is written."""
    known = [] if certain else directory.possible_duplicates(tx, identity)
    if known:
        raise LooksKnown(known)
    return people.register(tx, identity).id


def move(tx: Tx, appointment_id: str, start_at: datetime, practitioner_id: str | None = None, why: str = "",
         *, undo_for_s: int = 0) -> Appointment:
    """Move to another time, or to another doctor; link, consent and length stay. The same place changes nothing.

    Interpreter and room move along, or nothing moves. why: one of `history.WHYS`. With `undo_for_s` patient and waiting
    list hear of it that much later, and nothing at all when it is back where it was by then.
    Raises SlotTaken, Invalid, Conflict (no longer booked), NotFound, AccessDenied.
    """
    appointment = _appointment(tx, appointment_id, Action.APPOINTMENT_MOVE, to=start_at.isoformat(), **given_why(why))
    if appointment.status != "booked":
        raise Conflict("Only a booked appointment that has not begun can be moved.")
    before, target = appointment.practitioner_id, practitioner_id or appointment.practitioner_id
    place = (appointment.start_at, appointment.end_at)
    if (target, start_at) == (before, place[0]):
        return appointment
    wanted, also = elsewhere(tx, appointment, start_at, target)
    resources.lock(tx, also)
    holds.make_way(tx, wanted, also)
    with _the_constraint_decides(tx, wanted, also):
        appointment.practitioner_id, appointment.start_at, appointment.end_at = target, start_at, wanted.end_at
        appointment.sequence += 1
    if target != before:
        guard.end_care(tx, _care_source(appointment))
        guard.begin_care(tx, target, appointment.patient_id, _care_source(appointment))
    _tell_moved(tx, appointment, before, place[0], undo_for_s)
    freed(tx, before, *place, after_s=undo_for_s)
    return appointment


def elsewhere(tx: Tx, appointment: Appointment, start_at: datetime, practitioner_id: str
              ) -> tuple[Appointment, list[str]]:
    """The appointment as it would be there, and what it needs besides its doctor; whether it is free is not asked.

    Raises SlotTaken (no open hours), Invalid, NotFound.
    """
    _check_ahead(tx, start_at)
    also = occupancy.needed(tx, appointment)
    wanted = Appointment(**appointment.model_dump() | {
        "practitioner_id": practitioner_id, "start_at": start_at,
        "end_at": start_at + (appointment.end_at - appointment.start_at)})
    at = _bookable(tx, practitioner_id, appointment.motif_id, offered=False)
    _check_hours(tx, wanted, also, ZoneInfo(at.zone))
    return wanted, also


def _tell_moved(tx: Tx, row: Appointment, was_with: str, was_at: datetime, undo_for_s: int) -> None:
    if not undo_for_s:
        jobs.give_up(tx, f"settled:{row.id}:")  # told now: not once more for what was dragged before
        jobs.enqueue(tx, "message.moved", appointment_id=row.id)
    elif not jobs.waits(tx, f"settled:{row.id}:"):  # the one that waits knows where the patient was told to be
        jobs.enqueue(tx, "message.settled", delay_s=undo_for_s, key=f"settled:{row.id}:{row.sequence}",
                     appointment_id=row.id, was_with=was_with, was_at=was_at.isoformat())


def cancel(tx: Tx, appointment_id: str, why: str = "") -> Appointment:
    """Give the slot back and tell the patient; cancelling twice is cancelling once.

    why: one of `history.WHYS`. Raises Invalid, Conflict (the patient is there, or the visit was held), NotFound,
    AccessDenied.
    """
    appointment = _appointment(tx, appointment_id, Action.APPOINTMENT_CANCEL, **given_why(why))
    if appointment.status == "cancelled":
        return appointment
    if appointment.status == "pending":
        raise Conflict("This time is held and not booked: there is nothing to cancel.")
    if appointment.status != "booked":
        raise Conflict("The patient has already arrived: only the doctor can end this visit.")
    appointment.status, appointment.cancelled_at = "cancelled", tx.now
    appointment.sequence += 1
    tx.session.add(appointment)
    guard.end_care(tx, _care_source(appointment))
    jobs.enqueue(tx, "message.cancelled", appointment_id=appointment.id)
    freed(tx, appointment.practitioner_id, appointment.start_at, appointment.end_at)
    return appointment


def undo_cancel(tx: Tx, appointment_id: str) -> Appointment:
    """Take a cancellation back while the slot is free and ahead; the same link is valid again.

    Raises SlotTaken, Conflict (not cancelled here), Invalid, NotFound, AccessDenied.
    """
    appointment = _appointment(tx, appointment_id, Action.APPOINTMENT_BOOK)
    if appointment.status == "booked":
        return appointment
    if appointment.status != "cancelled" or appointment.cancelled_at is None:
        raise Conflict("This visit is over.")
    _check_ahead(tx, appointment.start_at)
    also = occupancy.needed(tx, appointment)
    resources.lock(tx, also)
    holds.make_way(tx, appointment, also)
    with _the_constraint_decides(tx, appointment, also):
        appointment.status, appointment.cancelled_at = "booked", None
        appointment.sequence += 1
    guard.begin_care(tx, appointment.practitioner_id, appointment.patient_id, _care_source(appointment))
    jobs.enqueue(tx, "message.invitation", appointment_id=appointment.id)
    return appointment


def equip(tx: Tx, appointment_id: str, resource_ids: Sequence[str]) -> Appointment:
    """Have a booked visit need exactly these besides its doctor.

    Raises NotFree (what is taken then, and what is free), Conflict (not booked any more), Invalid, NotFound,
    AccessDenied.
    """
    appointment = _appointment(tx, appointment_id, Action.APPOINTMENT_EQUIP)
    if appointment.status != "booked":
        raise Conflict("Only a booked appointment that has not begun can be changed.")
    before = occupancy.needed(tx, appointment)
    resources.check(tx, [each for each in resource_ids if each not in before])
    resources.lock(tx, resource_ids)
    holds.make_way(tx, appointment, resource_ids)
    try:
        with _the_constraint_decides(tx, appointment, resource_ids):
            occupancy.replace(tx, appointment, resource_ids)
    except SlotTaken:
        raise _not_free(tx, appointment, resource_ids) from None
    return appointment


def _not_free(tx: Tx, appointment: Appointment, wanted: Sequence[str]) -> NotFree:
    rows = resources.beside(tx, appointment)
    taken = [row for row, is_free in rows if row.id in wanted and not is_free]
    free = [row.name for row, is_free in rows if is_free and row.kind in {each.kind for each in taken}]
    names, others = ", ".join(row.name for row in taken), ", ".join(free)
    if not free:
        return NotFree("Taken at the time of this visit: %(taken)s. Nothing else of that kind is free.", taken=names)
    return NotFree("Taken at the time of this visit: %(taken)s. Free then: %(free)s.", taken=names, free=others)


def freed(tx: Tx, practitioner_id: str, start_at: datetime, end_at: datetime, *, after_s: int = 0) -> None:
    """A time is free again: the waiting list is asked once this commits, or so much later."""
    if start_at > tx.now:
        jobs.enqueue(tx, "slot.freed", delay_s=after_s, practitioner_id=practitioner_id, start_at=start_at.isoformat(),
                     end_at=end_at.isoformat())


@contextmanager
def _the_constraint_decides(tx: Tx, wanted: Appointment, also: Sequence[str]) -> Iterator[None]:
    """Change inside a savepoint; the constraint's refusal becomes SlotTaken with the next free slots."""
    try:
        with tx.session.begin_nested():
            yield
            tx.session.flush()
    except IntegrityError as refusal:
        if OVERLAP not in str(refusal.orig):
            raise
        raise refused(tx, wanted, also) from None


def refused(tx: Tx, wanted: Appointment, also: Sequence[str]) -> SlotTaken:
    """Why a time cannot be had that something occupies: the next free ones, and who holds it if the desk does."""
    return SlotTaken(alternatives=alternatives(tx, wanted, also), held=holds.of_others(tx, wanted, also))


def _check_ahead(tx: Tx, start_at: datetime) -> None:
    if start_at <= tx.now:
        raise Invalid("This time has passed.", fields={"start_at": "This time has passed."})
    if start_at > tx.now + FURTHEST:
        raise Invalid("This is more than a year ahead.", fields={"start_at": "This is more than a year ahead."})


def _check_hours(tx: Tx, wanted: Appointment, also: Sequence[str], zone: ZoneInfo) -> None:
    place = Interval(wanted.start_at, wanted.end_at)
    hours = open_time(tx, wanted.practitioner_id, place, wanted.motif_id, zone)
    if not any(place.within(one) for one in hours):
        raise SlotTaken("The doctor has no open hours at this time. Here are the next free slots.",
                        alternatives(tx, wanted, also))


def alternatives(tx: Tx, wanted: Appointment, also: Sequence[str]) -> list[FreeSlot]:
    """The next times at which the doctor and all else that a visit needs are free."""
    return next_slots(tx, wanted.practitioner_id, wanted.end_at - wanted.start_at, wanted.start_at,
                      motif_id=wanted.motif_id, limit=OFFERED, also=also)


def _bookable(tx: Tx, practitioner_id: str, motif_id: str, *, offered: bool = True) -> Place:
    """When doctor and motif are there and the doctor receives. Raises NotFound, Invalid."""
    asked = {"practitioner_id": practitioner_id, "motif_id": motif_id}
    if offered:
        rows = tx.once(("place", practitioner_id, motif_id), partial(tx.run, PLACE, **asked))
    else:
        rows = tx.run(LOCKED_PLACE, **asked)
    if not rows:
        raise NotFound
    place = Place(*rows[0])
    if offered and not place.offered:
        raise Invalid(fields={"motif_id": "This kind of visit is no longer offered."})
    return place


def _appointment(tx: Tx, appointment_id: str, action: Action, **detail: str) -> Appointment:
    locked = select(Appointment).where(Appointment.id == appointment_id).with_for_update()
    appointment = tx.session.exec(locked).first()
    if appointment and "to" in detail:
        detail["was"] = appointment.start_at.isoformat()
    guard.permit(tx, action, entity="Appointment", entity_id=appointment_id,
                 patient_id=appointment.patient_id if appointment else None,
                 practitioner_id=appointment.practitioner_id if appointment else None, quiet=False, **detail)
    if appointment is None:
        raise NotFound
    return appointment


def _care_source(appointment: Appointment) -> str:
    return f"appointment:{appointment.id}"


def _known(language: str) -> str:
    if language not in get_args(Language):
        raise Invalid(fields={"language": "This is not valid."})
    return language
