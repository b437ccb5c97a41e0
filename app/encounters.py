"""Encounters: planned -> arrived -> in-progress -> finished (FHIR Encounter.status).

An Encounter has the id of its Appointment: one visit, one id, one room. It is written when the
patient arrives or the doctor first records something; before that it is planned and has no row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import phonenumbers
from pydantic import BaseModel, field_validator
from pydantic import Field as Part
from sqlmodel import Field

from app import audit, consent, jobs
from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Sealed, SealedRow, Tx, UTCInstant
from app.errors import AccessDenied, Conflict
from app.people import Patient, PatientIdentity
from app.scheduling import replies
from app.scheduling.tables import Appointment, BookingNote, Motif

Outcome = Literal["completed", "in_person", "abandoned", "withdrawn"]
DEFAULT_REGION = "FR"
SPEAKERS = ("doctor", "patient")
COMES_BEFORE = timedelta(hours=4)  # nobody sits at the clinic longer before their time


class VisitFacts(BaseModel):
    """What French rules ask of the record of a teleconsultation (HAS 2019): sealed with the encounter.

    spoken: the language of each role that does not speak the visit's. shared: roles whose microphone serves two people.
    """

    location: str = Part(default="", max_length=200)
    callback_phone: str = Part(default="", max_length=40)
    identity_document: str = Part(default="", max_length=80)
    spoken: dict[str, str] = {}
    shared: list[str] = []

    @field_validator("callback_phone")
    @classmethod
    def readable_phone(cls, value: str) -> str:
        """A number that can be called, in international form; empty stays empty."""
        return _phone(value) if value else value


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError("Please give a phone number such as 06 12 34 56 78.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class Encounter(SealedRow, table=True):
    """A visit as it happens. `sealed` is VisitFacts under the patient's key."""

    __tablename__ = "encounter"
    sealed_under: ClassVar[str] = "patient_id"
    id: str = Field(primary_key=True, foreign_key="appointment.id")
    patient_id: str = Field(foreign_key="patient.id", index=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    language: str
    status: str = "planned"
    arrived_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    last_seen_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    started_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    media_started_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    finished_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    identity_seen_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    device_test: str = ""  # "" | ok | weak | failed
    opened_by: str | None = None  # session of the doctor's screen that conducts the visit
    locked_at: datetime | None = Field(default=None, sa_type=UTCInstant)  # nobody else may come in
    outcome: str = ""  # completed | in_person | abandoned | withdrawn (by the patient), once finished
    sealed: bytes = Field(default=b"", sa_type=Sealed)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as its doctor's screen shows it."""

    encounter: Encounter
    appointment: Appointment
    motif: Motif
    reason: str
    patient: PatientIdentity
    facts: VisitFacts
    transcription: bool


def open_for(tx: Tx, appointment_id: str) -> Encounter:
    """The encounter of an appointment, made if this is the first time. Raises AccessDenied, Conflict."""
    encounter = find(tx, appointment_id, Action.APPOINTMENT_READ, quiet=True)
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.status in ("cancelled", "noshow"):
        raise Conflict("This appointment was cancelled.")
    tx.session.add(encounter)
    tx.session.flush()
    return encounter


def find(tx: Tx, /, encounter_id: str, action: Action, *, quiet: bool = False, **detail: str) -> Encounter:
    """The encounter if the actor may do this to it; one without a row yet reads as planned.

    Raises AccessDenied, the same for an id that does not exist.
    """
    appointment = tx.session.get(Appointment, encounter_id, with_for_update=None if tx.readonly else True)
    patient_id = appointment.patient_id if appointment else None
    practitioner_id = appointment.practitioner_id if appointment else None
    foreign = tx.actor.role is Role.PATIENT and tx.actor.appointment_id != encounter_id
    if foreign:  # a patient's link is good for one visit, not for all visits of that patient
        patient_id = None
    guard.permit(tx, action, entity="Encounter", entity_id=encounter_id, patient_id=patient_id,
                 practitioner_id=practitioner_id, encounter_id=encounter_id, quiet=quiet, **detail)
    if appointment is None:
        audit.record(tx, action, outcome="refused", entity="Encounter", entity_id=encounter_id)
        raise AccessDenied
    encounter = tx.session.get(Encounter, encounter_id) or Encounter(
        id=appointment.id, patient_id=appointment.patient_id, practitioner_id=appointment.practitioner_id,
        language=appointment.language,
    )
    if encounter.practitioner_id != appointment.practitioner_id:  # the appointment moved to another doctor
        encounter.practitioner_id = appointment.practitioner_id
    return encounter


def arrive(tx: Tx, encounter_id: str) -> Encounter:
    """The patient is in the waiting room; coming back keeps the place. Raises Conflict when it is over."""
    encounter = open_for(tx, encounter_id)
    first = encounter.status == "planned"
    guard.permit(tx, Action.VISIT_WAIT, entity="Encounter", entity_id=encounter_id,
                 patient_id=encounter.patient_id, quiet=not first)
    _refuse_finished(encounter)
    if first:
        encounter.status, encounter.arrived_at = "arrived", tx.now
        _set_appointment(tx, encounter_id, "arrived")
    encounter.last_seen_at = tx.now
    tx.session.add(encounter)
    return encounter


def receive(tx: Tx, encounter_id: str, *, here: bool = True) -> Encounter:
    """Staff saw the patient of a visit at the clinic come in: they stand in the queue. `here` False takes it back.

    Saying it twice is saying it once. Raises Conflict when the visit is not at the clinic, not today, or has begun.
    """
    encounter = find(tx, encounter_id, Action.VISIT_RECEIVE, step="come" if here else "undo")
    row = tx.session.get_one(Appointment, encounter_id)
    was, becomes = ("planned", "arrived") if here else ("arrived", "planned")
    if not at_clinic(tx, row):
        raise Conflict("This visit is not at the clinic.")
    if encounter.status == becomes and row.status == ("arrived" if here else "booked"):
        return encounter
    if encounter.status != was or row.status not in ("booked", "arrived"):
        raise Conflict("This appointment was changed meanwhile.")
    if here and tx.now < row.start_at - COMES_BEFORE:
        raise Conflict("It is too early to say that this patient has arrived.")
    encounter.status, encounter.arrived_at = becomes, tx.now if here else None
    row.status = "arrived" if here else "booked"
    tx.session.add_all([row, encounter])
    if not here:
        _queue_moved(tx, encounter)
    return encounter


def at_clinic(tx: Tx, row: Appointment) -> bool:
    """Whether the patient comes to the clinic for it; the caller was permitted."""
    return row.on_site and not replies.by_phone(tx, row.id)


def arrival(tx: Tx, row: Appointment) -> str:
    """What its page says of coming in at the clinic: "due", "here", or "" when it says nothing."""
    if not at_clinic(tx, row):
        return ""
    known = tx.session.get(Encounter, row.id)
    if known is not None and known.status == "arrived":
        return "here"
    due = row.status == "booked" and tx.now >= row.start_at - COMES_BEFORE
    return "due" if due and (known is None or known.status == "planned") else ""


def present(tx: Tx, encounter_id: str) -> Encounter:
    """The patient's page is connected: who agreed to the visit takes or keeps their place."""
    encounter = open_for(tx, encounter_id)
    if encounter.status == "finished" or not consent.permits(tx, encounter_id, consent.VISIT):
        return encounter
    return arrive(tx, encounter_id)


def seen(tx: Tx, encounter_id: str) -> None:
    """The patient's page is open: a heartbeat, so that the queue shows who is really there."""
    encounter = find(tx, encounter_id, Action.VISIT_WAIT, quiet=True)
    if encounter.status in ("arrived", "in-progress"):
        encounter.last_seen_at = tx.now
        tx.session.add(encounter)


def open_screen(tx: Tx, encounter_id: str, screen: str, *, take_over: bool) -> bool:
    """A screen of the visit's doctor wants to conduct it; False when another screen already does.

    `screen` names one browser tab; with `take_over` it replaces the other. Raises AccessDenied.
    """
    encounter = find(tx, encounter_id, Action.VISIT_JOIN, take_over="yes" if take_over else "no")
    if encounter.opened_by not in (None, screen) and not take_over:
        return False
    if encounter.opened_by != screen:
        encounter.opened_by = screen
        tx.session.add(encounter)
    return True


def close_screen(tx: Tx, encounter_id: str, screen: str) -> None:
    """The screen that conducted the visit went away on purpose: the next one need not ask."""
    encounter = find(tx, encounter_id, Action.VISIT_JOIN, quiet=True)
    if encounter.opened_by == screen:
        encounter.opened_by = None
        tx.session.add(encounter)


def admit(tx: Tx, encounter_id: str) -> Encounter:
    """Let the waiting patient in: arrived -> in-progress. Asking again changes nothing.

    Raises Conflict when the patient has not arrived, did not consent, or the visit is over.
    """
    encounter = find(tx, encounter_id, Action.VISIT_CONDUCT, step="admit")
    _refuse_finished(encounter)
    if encounter.status == "in-progress":
        return encounter
    if encounter.status != "arrived":
        raise Conflict("The patient has not arrived yet.")
    # What is agreed to is a visit at a distance; who came in sits before the doctor.
    if not at_clinic(tx, tx.session.get_one(Appointment, encounter_id)) and not consent.permits(
            tx, encounter_id, consent.VISIT):
        raise Conflict("The patient has not agreed to the visit yet.")
    encounter.status, encounter.started_at = "in-progress", tx.now
    tx.session.add(encounter)
    _queue_moved(tx, encounter)
    return encounter


def media_started(tx: Tx, encounter_id: str) -> bool:
    """The first media of the visit flows: times in the transcript count from here. True the first time."""
    encounter = find(tx, encounter_id, Action.TRANSCRIPT_WRITE, quiet=True)
    if encounter.media_started_at is not None or encounter.status != "in-progress":
        return False
    encounter.media_started_at = tx.now
    tx.session.add(encounter)
    return True


def record_facts(tx: Tx, encounter_id: str, facts: VisitFacts, *, identity_seen: bool) -> Encounter:
    """Note identity seen, where the patient is and how to call them back. Raises Conflict when not begun."""
    encounter = find(tx, encounter_id, Action.VISIT_CONDUCT, step="facts")
    if encounter.status == "planned":
        raise Conflict("The patient has not arrived yet.")
    if identity_seen != (encounter.identity_seen_at is not None):
        encounter.identity_seen_at = tx.now if identity_seen else None
    before = facts_of(tx, encounter)
    tx.seal(encounter, facts.model_copy(update={"spoken": before.spoken, "shared": before.shared}))
    tx.session.add(encounter)
    return encounter


def speaks(tx: Tx, encounter_id: str, role: str, language: str) -> None:
    """From now on this role speaks another language (its code) in the visit. Raises Conflict when it is over."""
    encounter = find(tx, encounter_id, Action.VISIT_CONDUCT, step="language", speaker=role)
    _refuse_finished(encounter)
    facts = facts_of(tx, encounter)
    tx.seal(encounter, facts.model_copy(update={"spoken": facts.spoken | {role: language}}))
    tx.session.add(encounter)


def shares(tx: Tx, encounter_id: str, role: str, *, shared: bool) -> None:
    """From now on two people speak at this role's microphone, or one again. Raises Conflict when the visit is over."""
    encounter = find(tx, encounter_id, Action.VISIT_CONDUCT, step="microphone", speaker=role)
    _refuse_finished(encounter)
    facts = facts_of(tx, encounter)
    others = [other for other in facts.shared if other != role]
    tx.seal(encounter, facts.model_copy(update={"shared": [*others, role] if shared else others}))
    tx.session.add(encounter)


def spoken(encounter: Encounter, facts: VisitFacts) -> dict[str, str]:
    """The language that each role speaks in a visit."""
    return dict.fromkeys(SPEAKERS, encounter.language) | facts.spoken


def facts_of(tx: Tx, encounter: Encounter) -> VisitFacts:
    """The facts recorded so far; the caller was permitted to read the encounter."""
    return tx.open(encounter, VisitFacts) if encounter.sealed else VisitFacts()


def finish(tx: Tx, encounter_id: str, outcome: Outcome = "completed") -> Encounter:
    """End the visit and have its note drafted; ending twice is one end.

    `in_person` and `abandoned` trace the decision to give up telemedicine and may come before the
    patient is admitted. Raises Conflict when nothing has begun.
    """
    encounter = find(tx, encounter_id, Action.VISIT_CONDUCT, step="end", ended_as=outcome)
    if encounter.status == "finished":
        return encounter
    if encounter.status == "planned" or (encounter.status == "arrived" and outcome == "completed"):
        raise Conflict("This visit has not begun.")
    _close(tx, encounter, outcome)
    return encounter


def withdraw(tx: Tx, encounter_id: str) -> Encounter:
    """The patient took back their agreement: a visit in progress ends at once, any other stays as it is.

    What was said until then belongs to the record, and its note is drafted. Raises AccessDenied.
    """
    encounter = find(tx, encounter_id, Action.VISIT_WITHDRAW)
    if encounter.status == "in-progress":
        _close(tx, encounter, "withdrawn")
    return encounter


def _close(tx: Tx, encounter: Encounter, outcome: Outcome) -> None:
    began = encounter.status == "in-progress"
    encounter.status, encounter.finished_at = "finished", tx.now
    encounter.outcome, encounter.opened_by = outcome, None
    tx.session.add(encounter)
    _set_appointment(tx, encounter.id, "fulfilled" if began else "cancelled")
    _queue_moved(tx, encounter)
    if began:
        jobs.enqueue(tx, "note.draft", key=f"note.draft:{encounter.id}", encounter_id=encounter.id)


def _queue_moved(tx: Tx, encounter: Encounter) -> None:
    """Whose turn it is now may have asked to be told."""
    jobs.enqueue(tx, "queue.moved", practitioner_id=encounter.practitioner_id)


def visit(tx: Tx, encounter_id: str) -> Visit:
    """All that the doctor's screen shows of the visit itself. Raises AccessDenied."""
    encounter = find(tx, encounter_id, Action.PATIENT_READ)
    appointment = tx.session.get(Appointment, encounter_id)
    patient = tx.session.get(Patient, encounter.patient_id)
    motif = tx.session.get(Motif, appointment.motif_id) if appointment else None
    if appointment is None or patient is None or motif is None:
        raise AccessDenied
    reason = tx.open(appointment, BookingNote).reason if appointment.sealed else ""
    return Visit(encounter, appointment, motif, reason, tx.open(patient, PatientIdentity),
                 facts_of(tx, encounter), consent.permits(tx, encounter_id, consent.TRANSCRIPTION))


def status_of(tx: Tx, encounter_id: str) -> Encounter:
    """The encounter for our own processes: rooms, taps, recovery. System only."""
    return find(tx, encounter_id, Action.TRANSCRIPT_WRITE, quiet=True)


def _refuse_finished(encounter: Encounter) -> None:
    if encounter.status == "finished":
        raise Conflict("This visit is over.")


def _set_appointment(tx: Tx, appointment_id: str, status: str) -> None:
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is not None:
        appointment.status = status
        tx.session.add(appointment)
