"""What patients do by themselves: hold a time and confirm it, move, cancel. The rules are the motif's.

A time is held as a pending appointment, so that the same constraint guards it; it is booked when a code
sent to the person proves who they are, and given back when the hold runs out. The identity of somebody new
who never confirmed is destroyed with its key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import delete
from sqlmodel import col, func, select

from app import audit, jobs, people
from app.access import guard
from app.access.policy import Action
from app.actor import system
from app.db import Database, Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Patient, PatientIdentity, PatientToken, directory
from app.scheduling import agenda, booking, waitlist
from app.scheduling.agenda import FreeSlot
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment, Motif

HOLD = timedelta(minutes=10)
GRACE_S = 60         # the last code may be typed in the last second
MOST_AHEAD = 3       # appointments that one person books ahead by themselves
SHOWN_DAYS = 60
EVERY_MIN = 5        # from where patients' times begin, unless something else left the rest free
SHOWN_SLOTS = 60
TOO_LATE = "It is too late to change this online. Please call the clinic."


@dataclass(frozen=True, slots=True)
class Offer:
    """What the public page shows: what can be booked, with whom, and the next free times."""

    clinic: agenda.Clinic
    motif: Motif | None
    slots: list[FreeSlot]


@dataclass(frozen=True, slots=True)
class Own:
    """A patient's own appointment, and what they may still do with it at `seen_at`."""

    appointment: Appointment
    motif: Motif
    doctor_name: str
    zone: str
    phone: str
    changeable: bool
    change_until: datetime
    waits: bool
    seen_at: datetime


def open_to_public(tx: Tx) -> bool:
    """Whether patients can book anything by themselves."""
    guard.permit(tx, Action.SLOTS_READ, entity="Schedule", quiet=True)
    return tx.session.exec(select(Motif.id).where(col(Motif.public), col(Motif.active)).limit(1)).first() is not None


def offer(tx: Tx, motif_id: str, practitioner_id: str, from_at: datetime | None) -> Offer:
    """The next free times of a motif that is open to the public, with one doctor or anybody."""
    clinic = agenda.clinic(tx)
    motif = next((m for m in clinic.motifs if m.id == motif_id and m.active and m.public), None)
    if motif is None:
        return Offer(clinic, None, [])
    doctors = [p.id for p in clinic.practitioners]
    earliest = max(tx.now + timedelta(hours=motif.lead_h), from_at or tx.now)
    chosen = practitioner_id if practitioner_id in doctors else None
    slots = agenda.next_slots(tx, chosen, timedelta(minutes=motif.duration_min), earliest, motif_id=motif.id,
                              limit=SHOWN_SLOTS * (1 if chosen else len(doctors)))
    return Offer(clinic, motif, _each_time_once(slots)[:SHOWN_SLOTS])


def hold(tx: Tx, identity: PatientIdentity, *, practitioner_id: str, motif_id: str, start_at: datetime) -> Appointment:
    """Hold a time for somebody until they type their code. Who is known already is not registered twice.

    A time that is held for them is the same hold: a form sent twice is sent once, and its end stays where it is.
    Run by our own process for somebody not proved yet. Raises SlotTaken, Invalid, Conflict, NotFound.
    """
    motif = tx.session.get(Motif, motif_id)
    if motif is None or not motif.public:
        raise NotFound
    if start_at < tx.now + timedelta(hours=motif.lead_h):
        raise SlotTaken("This time is too close to be booked online. Here are the next ones.",
                        offer(tx, motif_id, practitioner_id, None).slots[:booking.OFFERED])
    _check_offered(tx, practitioner_id, motif, start_at)
    known = directory.known_person(tx, identity)
    if known and (already := _held(tx, known, practitioner_id, motif_id, start_at)):
        return already
    if known and _ahead(tx, known) >= MOST_AHEAD:
        raise Conflict("You have several appointments ahead. Please call the clinic for another one.")
    patient_id = known or people.register(tx, identity).id
    held = booking.book(tx, practitioner_id=practitioner_id, motif_id=motif_id, start_at=start_at,
                        patient_id=patient_id, language=identity.language, held_until=tx.now + HOLD)
    jobs.enqueue(tx, "hold.end", delay_s=HOLD.total_seconds() + GRACE_S, appointment_id=held.id)
    return held


def confirm(tx: Tx) -> bool:
    """The acting patient proved who they are: the time held for them is booked. False when nothing was held.

    Raises Conflict when the hold ran out and somebody else has the time.
    """
    held = _own(tx, Action.APPOINTMENT_CONFIRM)
    if held.held_until is None:
        return False
    if held.status != "pending":
        raise Conflict("The time was held for ten minutes and is no longer yours. Please choose another one.")
    held.status, held.held_until = "booked", None
    tx.session.add(held)
    booking.settle(tx, held)
    return True


def end_hold(tx: Tx, appointment_id: str) -> bool:
    """A hold ran out: the time is free, and somebody new who never confirmed is forgotten. False when confirmed."""
    held = tx.session.get(Appointment, appointment_id, with_for_update=True)
    if held is None or held.held_until is None or held.held_until > tx.now:
        return False
    held.status = "cancelled"
    tx.session.add(held)
    tx.session.flush()
    audit.record(tx, "appointment:hold-end", entity="Appointment", entity_id=held.id, patient_id=held.patient_id)
    booking.freed(tx, held.practitioner_id, held.start_at, held.end_at)
    others = select(func.count()).select_from(Appointment).where(
        Appointment.patient_id == held.patient_id, Appointment.id != held.id, col(Appointment.held_until).is_(None))
    came_with_it = tx.session.get_one(Patient, held.patient_id).created_at == held.created_at
    if came_with_it and not tx.session.exec(others).one():
        tx.session.execute(delete(PatientToken).where(col(PatientToken.patient_id) == held.patient_id))
        tx.keyring.destroy(tx.session, f"patient:{held.patient_id}")
    return True


def own(tx: Tx) -> Own:
    """The acting patient's appointment. Raises NotFound, AccessDenied."""
    entry = agenda.appointment(tx, tx.actor.appointment_id or "")
    clinic, row = agenda.clinic(tx), entry.appointment
    doctor = next((p.name for p in clinic.practitioners if p.id == row.practitioner_id), "")
    until = row.start_at - timedelta(hours=entry.motif.cutoff_h)
    return Own(row, entry.motif, doctor, clinic.organization.zone, clinic.organization.phone,
               row.status == "booked" and tx.now <= until, until, waitlist.waiting(tx, row.id) is not None, tx.now)


def other_times(tx: Tx, from_at: datetime | None) -> list[FreeSlot]:
    """Where the acting patient may move their appointment: the same doctor, motif and length."""
    row = _own(tx, Action.APPOINTMENT_MOVE, quiet=True)
    motif = tx.session.get_one(Motif, row.motif_id)
    earliest = max(tx.now + timedelta(hours=motif.lead_h), from_at or tx.now)
    return agenda.next_slots(tx, row.practitioner_id, row.end_at - row.start_at, earliest, motif_id=row.motif_id,
                             limit=SHOWN_SLOTS)


def move(tx: Tx, start_at: datetime) -> Appointment:
    """The acting patient takes another time. Raises SlotTaken, Conflict (too late), Invalid."""
    row = _changeable(tx, Action.APPOINTMENT_MOVE)
    motif = tx.session.get_one(Motif, row.motif_id)
    if start_at < tx.now + timedelta(hours=motif.lead_h):
        raise Invalid(fields={"start_at": "Please choose a time."})
    _check_offered(tx, row.practitioner_id, motif, start_at)
    return booking.move(tx, row.id, start_at)


def cancel(tx: Tx) -> Appointment:
    """The acting patient gives their appointment up. Raises Conflict when it is too late."""
    return booking.cancel(tx, _changeable(tx, Action.APPOINTMENT_CANCEL).id)


def handlers(db: Database) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kinds hold.*."""

    async def end(payload: Mapping[str, str]) -> None:
        await db.write(system("booking"), end_hold, payload["appointment_id"])

    return {"hold.end": end}


def _each_time_once(slots: list[FreeSlot]) -> list[FreeSlot]:
    """One slot for each time; where several doctors are free, they take turns."""
    times = [list(same) for _, same in groupby(slots, key=lambda slot: slot.start_at)]
    return [same[n % len(same)] for n, same in enumerate(times)]


def _own(tx: Tx, action: Action, *, quiet: bool = False) -> Appointment:
    appointment_id = tx.actor.appointment_id or ""
    row = tx.session.get(Appointment, appointment_id, with_for_update=not tx.readonly)
    guard.permit(tx, action, entity="Appointment", entity_id=appointment_id, quiet=quiet,
                 patient_id=row.patient_id if row else None)
    if row is None:
        raise NotFound
    return row


def _changeable(tx: Tx, action: Action) -> Appointment:
    row = _own(tx, action, quiet=True)
    motif = tx.session.get_one(Motif, row.motif_id)
    if row.status == "booked" and tx.now > row.start_at - timedelta(hours=motif.cutoff_h):
        raise Conflict(TOO_LATE)
    return row


def _check_offered(tx: Tx, practitioner_id: str, motif: Motif, start_at: datetime) -> None:
    """Patients choose among what is offered, or what was a moment ago; no address cuts a day into useless minutes."""
    if start_at.minute % EVERY_MIN == 0:
        return
    length = timedelta(minutes=motif.duration_min)
    slots = agenda.next_slots(tx, practitioner_id, length, start_at, motif_id=motif.id, limit=booking.OFFERED)
    if not slots or slots[0].start_at != start_at:
        raise SlotTaken(alternatives=slots)


def _held(tx: Tx, patient_id: str, practitioner_id: str, motif_id: str, start_at: datetime) -> Appointment | None:
    return tx.session.exec(select(Appointment).where(
        Appointment.patient_id == patient_id, Appointment.practitioner_id == practitioner_id,
        Appointment.motif_id == motif_id, Appointment.start_at == start_at, Appointment.status == "pending",
        col(Appointment.held_until) > tx.now)).first()


def _ahead(tx: Tx, patient_id: str) -> int:
    ahead = select(func.count()).select_from(Appointment).where(
        Appointment.patient_id == patient_id, col(Appointment.status).in_(("pending", "booked")),
        col(Appointment.start_at) > tx.now)
    return tx.session.exec(ahead).one()
