"""What patients answer to a reminder, and visits by phone: beside the appointment, which stays as it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Field, SQLModel

from app import jobs
from app.access import guard, links
from app.access.policy import Action
from app.db import Tx, UTCInstant
from app.errors import Conflict, Invalid, NotFound
from app.people import Organization, Practitioner, identity_of
from app.scheduling.tables import Appointment, Motif

NO_NUMBER = "No phone number is known: add it to the patient's file first."
ASKED_UNTIL = timedelta(minutes=30)  # before the start: then the doors open


class Confirmation(SQLModel, table=True):
    """A patient said that they come at `start_at`; after a move it says nothing. The id is the appointment's."""

    __tablename__ = "confirmation"
    id: str = Field(primary_key=True, foreign_key="appointment.id")
    patient_id: str = Field(foreign_key="patient.id")
    start_at: datetime = Field(sa_type=UTCInstant)
    confirmed_at: datetime = Field(sa_type=UTCInstant)


class PhoneVisit(SQLModel, table=True):
    """A visit that staff switched to the phone; the id is the appointment's."""

    __tablename__ = "phone_visit"
    id: str = Field(primary_key=True, foreign_key="appointment.id")
    patient_id: str = Field(foreign_key="patient.id")
    account_id: str
    since_at: datetime = Field(sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class Question:
    """What a reminder's link asks before anybody is proved: whether they come then."""

    start_at: datetime
    zone: str
    confirmed: bool
    changeable: bool
    phone: str


def question(tx: Tx, token: str) -> Question | None:
    """What to ask behind this link; None when the visit is near, begun or not yet booked. Raises NotFound."""
    link = links.open_link(tx, token)
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=link.appointment_id,
                 patient_id=link.patient_id, quiet=True)
    row = tx.session.get(Appointment, link.appointment_id)
    if row is None or link.purpose != links.VISIT or row.status != "booked" or row.start_at - ASKED_UNTIL <= tx.now:
        return None
    doctor, motif = tx.session.get_one(Practitioner, row.practitioner_id), tx.session.get_one(Motif, row.motif_id)
    clinic = tx.session.get_one(Organization, doctor.organization_id)
    return Question(row.start_at, clinic.zone, confirmed_at(tx, row) is not None,
                    tx.now <= row.start_at - timedelta(hours=motif.cutoff_h), clinic.phone)


def medium(tx: Tx, token: str) -> Literal["video", "phone", "onsite"]:
    """How the visit behind this link takes place; nothing else of it is told. Raises NotFound."""
    link = links.open_link(tx, token)
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=link.appointment_id,
                 patient_id=link.patient_id, quiet=True)
    row = tx.session.get_one(Appointment, link.appointment_id)
    if by_phone(tx, row.id):
        return "phone"
    return "onsite" if row.on_site else "video"


def confirm(tx: Tx) -> Appointment:
    """The acting patient comes at the time booked; saying it twice is saying it once. Raises Conflict, AccessDenied."""
    appointment_id = tx.actor.appointment_id or ""
    row = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.APPOINTMENT_CONFIRM, entity="Appointment", entity_id=appointment_id, step="come",
                 patient_id=row.patient_id if row else None)
    if row is None or row.status != "booked" or row.start_at <= tx.now:
        raise Conflict("This appointment was changed meanwhile.")
    said = tx.session.get(Confirmation, row.id) or Confirmation(
        id=row.id, patient_id=row.patient_id, start_at=row.start_at, confirmed_at=tx.now)
    said.start_at, said.confirmed_at = row.start_at, tx.now
    tx.session.add(said)
    jobs.enqueue(tx, "task.confirmed", appointment_id=row.id)
    return row


def confirmed_at(tx: Tx, row: Appointment) -> datetime | None:
    """When the patient confirmed the time that is booked now; the caller was permitted."""
    said = tx.session.get(Confirmation, row.id)
    return said.confirmed_at if said and said.start_at == row.start_at else None


def by_phone(tx: Tx, appointment_id: str) -> bool:
    """Whether the visit takes place by phone; the caller was permitted."""
    return tx.session.get(PhoneVisit, appointment_id) is not None


def begin_by_phone(tx: Tx, row: Appointment) -> None:
    """A new appointment whose motif is by phone; nothing is read here."""
    tx.insert(PhoneVisit, id=row.id, patient_id=row.patient_id, account_id=tx.actor.id, since_at=tx.now)


def check_number(tx: Tx, patient_id: str) -> None:
    """Raises Invalid when there is no number to call, NotFound, AccessDenied."""
    if not identity_of(tx, patient_id).phone:
        raise Invalid(NO_NUMBER, fields={"phone": NO_NUMBER})


def switch(tx: Tx, appointment_id: str, *, phone: bool) -> None:
    """Hold the visit by phone, or by video after all; the patient is told.

    Raises Conflict when it is over or begun, Invalid without a number, NotFound, AccessDenied.
    """
    row = tx.session.get(Appointment, appointment_id, with_for_update=True)
    guard.permit(tx, Action.APPOINTMENT_SWITCH, entity="Appointment", entity_id=appointment_id,
                 step="phone" if phone else "video", patient_id=row.patient_id if row else None,
                 practitioner_id=row.practitioner_id if row else None)
    if row is None:
        raise NotFound
    if row.status not in ("booked", "arrived") or row.end_at <= tx.now:
        raise Conflict("This visit is over.")
    known = tx.session.get(PhoneVisit, appointment_id)
    if phone and known is None:
        if not identity_of(tx, row.patient_id).phone:
            raise Invalid(NO_NUMBER)
        tx.session.add(PhoneVisit(id=row.id, patient_id=row.patient_id, account_id=tx.actor.id, since_at=tx.now))
    elif not phone and known is not None:
        tx.session.delete(known)
    else:
        return
    tx.session.flush()
    jobs.enqueue(tx, "task.phone", appointment_id=row.id)
    jobs.enqueue(tx, "message.by-phone" if phone else "message.invitation", appointment_id=row.id)
