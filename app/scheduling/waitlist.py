"""The waiting list that books: who wants an earlier time is offered what others give back, one after the other.

A freed time is held for the first who fits (urgent ones first, then who waits longest; the rule is in the trail)
as a pending appointment, so that nobody else can take it; accepting moves their appointment there. An offer
that is declined or runs out goes to the next at once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Field, SQLModel, col, select
from sqlmodel.sql.expression import Select

from app import audit, jobs
from app.access import guard
from app.access.policy import Action
from app.actor import system
from app.db import Database, Tx, UTCInstant, new_id
from app.errors import Conflict, NotFound
from app.people import PatientIdentity, identities
from app.scheduling import agenda, booking
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment, DeskHold, Motif

OFFER_LIFE = timedelta(hours=2)
LEAST_NOTICE = timedelta(hours=1)      # between the end of an offer and the visit
GAIN = timedelta(hours=12)             # a time that is hardly earlier is not worth a message
SHOWN = 100


class WaitEntry(SQLModel, table=True):
    """A patient who wants an earlier time than the appointment they have."""

    __tablename__ = "wait_entry"
    id: str = Field(default_factory=new_id, primary_key=True)
    appointment_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id")
    any_doctor: bool = False
    urgent: bool = False
    from_hour: int = 0    # of the clinic's wall clock
    to_hour: int = 24
    joined_at: datetime = Field(sa_type=UTCInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)


class WaitOffer(SQLModel, table=True):
    """A freed time offered to one of them; `appointment_id` is the pending appointment that holds it."""

    __tablename__ = "wait_offer"
    id: str = Field(default_factory=new_id, primary_key=True)
    entry_id: str = Field(foreign_key="wait_entry.id", index=True)
    appointment_id: str = Field(foreign_key="appointment.id", index=True)
    practitioner_id: str = Field(foreign_key="practitioner.id")
    start_at: datetime = Field(sa_type=UTCInstant)
    offered_at: datetime = Field(sa_type=UTCInstant)
    gained_h: int  # how much earlier it is than what the patient had
    state: str = "open"  # open | accepted | declined | expired


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody on the list accepts."""

    any_doctor: bool = False
    urgent: bool = False
    from_hour: int = 0
    to_hour: int = 24


@dataclass(frozen=True, slots=True)
class OwnOffer:
    """A time offered to the acting patient, and the appointment they have."""

    offer: WaitOffer
    held_until: datetime | None
    appointment: Appointment
    doctor_name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as staff see it."""

    entry: WaitEntry
    appointment: Appointment
    identity: PatientIdentity
    offers: list[WaitOffer]


def join(tx: Tx, appointment_id: str, wish: Wish) -> WaitEntry:
    """Put the patient of a booked appointment on the list; joining again changes the wish and keeps the place.

    Raises Conflict when there is nothing to move any more, AccessDenied, NotFound.
    """
    row = _permitted(tx, appointment_id, "wait")
    if row.status != "booked" or row.start_at <= tx.now:
        raise Conflict("Only a booked appointment that has not begun can be moved.")
    entry = waiting(tx, appointment_id) or WaitEntry(appointment_id=row.id, patient_id=row.patient_id, joined_at=tx.now)
    entry.any_doctor, entry.urgent = wish.any_doctor, wish.urgent
    entry.from_hour, entry.to_hour = wish.from_hour, wish.to_hour
    tx.session.add(entry)
    tx.session.flush()
    return entry


def leave(tx: Tx, appointment_id: str) -> None:
    """Take them off the list; who is not on it stays so."""
    _permitted(tx, appointment_id, "stop-waiting")
    if entry := waiting(tx, appointment_id):
        entry.ended_at = tx.now
        tx.session.add(entry)


def waiting(tx: Tx, appointment_id: str) -> WaitEntry | None:
    """The entry of an appointment whose patient still waits; the caller was permitted."""
    query = select(WaitEntry).where(WaitEntry.appointment_id == appointment_id, col(WaitEntry.ended_at).is_(None))
    return tx.session.exec(query).first()


def listed(tx: Tx) -> list[Line]:
    """Everybody who waits, in the order in which they are asked, with what was offered. Raises AccessDenied."""
    guard.permit(tx, Action.WAITLIST_READ, entity="WaitingList")
    rows = tx.session.exec(_queue().limit(SHOWN)).all()
    known = identities(tx, (entry.patient_id for entry, _ in rows))
    ids = [entry.id for entry, _ in rows]
    offers = tx.session.exec(select(WaitOffer).where(col(WaitOffer.entry_id).in_(ids))).all()
    return [Line(entry, row, known[entry.patient_id], [o for o in offers if o.entry_id == entry.id])
            for entry, row in rows]


def figures(tx: Tx) -> dict[str, int]:
    """Offers by state, and the hours that those who accepted gained in all. Raises AccessDenied."""
    guard.permit(tx, Action.WAITLIST_READ, entity="WaitingList", quiet=True)
    offers = tx.session.exec(select(WaitOffer.state, WaitOffer.gained_h)).all()
    counted = {name: sum(state == name for state, _ in offers) for name in ("open", "accepted", "declined", "expired")}
    return counted | {"gained_h": sum(hours for state, hours in offers if state == "accepted")}


def offer(tx: Tx, practitioner_id: str, start_at: datetime, end_at: datetime) -> WaitOffer | None:
    """Offer a freed time to the first who fits and was not asked about it; None when there is nobody or it is gone."""
    until = min(tx.now + OFFER_LIFE, start_at - LEAST_NOTICE)
    if until <= tx.now:
        return None
    clock = start_at.astimezone(agenda.clinic(tx).zone)
    for rank, (entry, row) in enumerate(tx.session.exec(_queue()).all(), 1):
        motif = tx.session.get_one(Motif, row.motif_id)
        fits = (entry.any_doctor or row.practitioner_id == practitioner_id) and (
            entry.from_hour <= clock.hour < entry.to_hour) and row.start_at - start_at >= GAIN
        if not fits or start_at + timedelta(minutes=motif.duration_min) > end_at or _asked(tx, entry, start_at):
            continue
        return _hold_for(tx, entry, row, practitioner_id, start_at, end_at, until, rank)
    return None


def accept(tx: Tx) -> Appointment:
    """The acting patient takes the time that is held for them: their appointment moves there. Twice is once.

    Raises Conflict when the offer ended, or the appointment it was for was changed meanwhile; SlotTaken.
    """
    held, made, entry = _offered(tx, "accepted")
    appointment = tx.session.get_one(Appointment, entry.appointment_id)
    if made.state == "accepted":
        return appointment
    if appointment.status != "booked":
        raise Conflict("Your appointment was changed meanwhile. Please call the clinic.")
    held.status, made.state, entry.ended_at = "cancelled", "accepted", tx.now
    tx.session.add_all([held, made, entry])
    tx.session.flush()  # the time is free for a moment, inside this transaction
    return booking.move(tx, appointment.id, held.start_at, held.practitioner_id)


def decline(tx: Tx) -> None:
    """The acting patient keeps what they have and stays on the list; the next is asked. Twice is once.

    Raises Conflict when the offer ended otherwise.
    """
    held, made, _ = _offered(tx, "declined")
    if made.state == "open":
        _end(tx, held, made, "declined")


def expire(tx: Tx, offer_id: str) -> bool:
    """Nobody answered: the next is asked. False when it was answered, or has time left."""
    made = tx.session.get(WaitOffer, offer_id, with_for_update=True)
    held = tx.session.get(Appointment, made.appointment_id, with_for_update=True) if made else None
    if made is None or held is None or made.state != "open" or (held.held_until and held.held_until > tx.now):
        return False
    _end(tx, held, made, "expired")
    return True


def own_offer(tx: Tx) -> OwnOffer | None:
    """What the acting patient's link offers them, answered or not; None for a visit's link. Raises AccessDenied."""
    held_id = tx.actor.appointment_id or ""
    made = tx.session.exec(select(WaitOffer).where(WaitOffer.appointment_id == held_id)).first()
    held = tx.session.get(Appointment, held_id)
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=held_id, quiet=made is None,
                 patient_id=held.patient_id if held else None)
    if made is None or held is None:
        return None
    entry = tx.session.get_one(WaitEntry, made.entry_id)
    clinic = agenda.clinic(tx)
    doctor = next((p.name for p in clinic.practitioners if p.id == made.practitioner_id), "")
    return OwnOffer(made, held.held_until, tx.session.get_one(Appointment, entry.appointment_id), doctor,
                    clinic.organization.zone)


def handlers(db: Database) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kinds slot.freed and offer.end."""
    actor = system("waiting list")

    async def freed(payload: Mapping[str, str]) -> None:
        start_at, end_at = datetime.fromisoformat(payload["start_at"]), datetime.fromisoformat(payload["end_at"])
        await db.write(actor, offer, payload["practitioner_id"], start_at, end_at)

    async def ended(payload: Mapping[str, str]) -> None:
        await db.write(actor, expire, payload["offer_id"])

    return {"slot.freed": freed, "offer.end": ended}


def _queue() -> Select[WaitEntry, Appointment]:
    """Who waits with what they have, in the order of the fairness rule."""
    return (
        select(WaitEntry, Appointment).join(Appointment, col(Appointment.id) == col(WaitEntry.appointment_id))
        .where(col(WaitEntry.ended_at).is_(None), Appointment.status == "booked")
        .order_by(col(WaitEntry.urgent).desc(), col(WaitEntry.joined_at), col(WaitEntry.id))
    )


def _asked(tx: Tx, entry: WaitEntry, start_at: datetime) -> bool:
    """Whether they were asked about this time, or have another offer to answer."""
    query = select(WaitOffer.id).where(WaitOffer.entry_id == entry.id,
                                       (WaitOffer.start_at == start_at) | (WaitOffer.state == "open"))
    return tx.session.exec(query.limit(1)).first() is not None


def _hold_for(tx: Tx, entry: WaitEntry, row: Appointment, practitioner_id: str, start_at: datetime, end_at: datetime,
              until: datetime, rank: int) -> WaitOffer | None:
    noted = len(tx.disclosures)
    try:
        held = booking.book(tx, practitioner_id=practitioner_id, motif_id=row.motif_id, start_at=start_at,
                            patient_id=row.patient_id, language=row.language, held_until=until)
    except SlotTaken as taken:  # somebody was quicker, or the hours are closed now
        del tx.disclosures[noted:]  # nothing was booked
        if taken.held:  # perhaps only for the moment
            booking.freed(tx, practitioner_id, start_at, end_at, after_s=_left_s(tx, taken.held))
        return None
    made = WaitOffer(entry_id=entry.id, appointment_id=held.id, practitioner_id=practitioner_id, start_at=start_at,
                     offered_at=tx.now, gained_h=round((row.start_at - start_at).total_seconds() / 3600))
    tx.session.add(made)
    tx.session.flush()
    audit.record(tx, "waitlist:offer", entity="Appointment", entity_id=held.id, patient_id=row.patient_id,
                 rank=str(rank), urgent=str(entry.urgent), joined_at=entry.joined_at.isoformat())
    jobs.enqueue(tx, "message.offer", appointment_id=held.id)
    jobs.enqueue(tx, "offer.end", delay_s=(until - tx.now).total_seconds(), offer_id=made.id)
    return made


def _left_s(tx: Tx, held: DeskHold) -> int:
    return math.ceil((held.held_until - tx.now).total_seconds())


def _offered(tx: Tx, wanted: str) -> tuple[Appointment, WaitOffer, WaitEntry]:
    held_id = tx.actor.appointment_id or ""
    held = tx.session.get(Appointment, held_id, with_for_update=True)
    guard.permit(tx, Action.APPOINTMENT_CONFIRM, entity="Appointment", entity_id=held_id,
                 patient_id=held.patient_id if held else None)
    made = tx.session.exec(select(WaitOffer).where(WaitOffer.appointment_id == held_id)).first()
    if held is None or made is None:
        raise NotFound
    if made.state != wanted and (made.state != "open" or held.status != "pending"):
        raise Conflict("This time is no longer held for you. Your appointment stays as it is.")
    return held, made, tx.session.get_one(WaitEntry, made.entry_id)


def _end(tx: Tx, held: Appointment, made: WaitOffer, state: str) -> None:
    held.status, made.state = "cancelled", state
    tx.session.add_all([held, made])
    tx.session.flush()
    booking.freed(tx, held.practitioner_id, held.start_at, held.end_at)


def _permitted(tx: Tx, appointment_id: str, step: str) -> Appointment:
    row = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.APPOINTMENT_MOVE, entity="Appointment", entity_id=appointment_id,
                 patient_id=row.patient_id if row else None, step=step)
    if row is None:
        raise NotFound
    return row
