"""The patient's way from the link to the waiting room: where they stand, and the steps they take themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sqlmodel import select

from app import consent, encounters, jobs, people
from app.access.policy import Action
from app.db import Tx
from app.errors import AccessDenied, Conflict
from app.people import Organization, PatientIdentity, Practitioner
from app.scheduling import replies
from app.scheduling.tables import Appointment

OPENS_BEFORE = timedelta(minutes=30)
CLOSES_AFTER = timedelta(minutes=30)  # after the booked end, for who never arrived
DeviceTest = Literal["ok", "weak", "failed"]


class Phase(StrEnum):
    """What the time and the visit allow now."""

    EARLY = "early"
    OPEN = "open"
    LATE = "late"
    OVER = "over"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Journey:
    """Where the acting patient stands on the way to their visit."""

    visit_id: str
    phase: Phase
    start_at: datetime
    status: str
    outcome: str
    device_test: str
    visit: bool
    transcription: bool
    ever_agreed: bool
    doctor: Practitioner
    clinic: Organization
    on_site: bool = False  # at the clinic: there is no room to wait in here
    by_phone: bool = False

    @property
    def opens_at(self) -> datetime:
        """When the waiting room opens."""
        return self.start_at - OPENS_BEFORE

    @property
    def elsewhere(self) -> bool:
        """Whether there is no room to wait in here: at the clinic, or by phone unless the video has begun."""
        ahead = self.status in ("planned", "arrived") and self.phase in (Phase.EARLY, Phase.OPEN)
        return self.on_site or (self.by_phone and ahead)

    @property
    def withdrawn(self) -> bool:
        """Whether they agreed to the visit and took it back."""
        return self.ever_agreed and not self.visit

    @property
    def next_step(self) -> Literal["not-now", "device-test", "consent", "waiting", "call", "ended"]:
        """The page this patient should be on."""
        if self.phase is Phase.OVER:
            return "ended"
        if self.status == "in-progress" and self.visit:
            return "call"
        if self.phase is not Phase.OPEN:
            return "not-now"
        if not self.device_test:
            return "device-test"
        return "waiting" if self.visit else "consent"


def clinic(tx: Tx) -> Organization:
    """The clinic of this installation, for pages before anybody is known. Raises AccessDenied without one."""
    organization = tx.session.exec(select(Organization).limit(1)).first()
    if organization is None:
        raise AccessDenied
    return organization


def read(tx: Tx) -> Journey:
    """Where the acting patient stands. Raises AccessDenied."""
    visit_id = tx.actor.appointment_id or ""
    encounter = encounters.find(tx, visit_id, Action.VISIT_WAIT, quiet=True)
    appointment = tx.session.get_one(Appointment, visit_id)
    doctor = tx.session.get_one(Practitioner, encounter.practitioner_id)
    ever_agreed = consent.state(tx, visit_id, consent.VISIT) is not None
    return Journey(
        visit_id, phase(appointment.status, encounter.status, appointment.start_at, appointment.end_at, tx.now),
        appointment.start_at, encounter.status, encounter.outcome, encounter.device_test,
        consent.permits(tx, visit_id, consent.VISIT), consent.permits(tx, visit_id, consent.TRANSCRIPTION),
        ever_agreed, doctor, tx.session.get_one(Organization, doctor.organization_id), appointment.on_site,
        replies.by_phone(tx, visit_id),
    )


def phase(booking: str, visit: str, start_at: datetime, end_at: datetime, now: datetime) -> Phase:
    """What the time allows; who arrived keeps their place however late it gets. Pure."""
    if visit == "finished":
        return Phase.OVER
    if booking in ("cancelled", "noshow"):
        return Phase.CANCELLED
    if visit in ("arrived", "in-progress"):
        return Phase.OPEN
    if now < start_at - OPENS_BEFORE:
        return Phase.EARLY
    return Phase.LATE if now > end_at + CLOSES_AFTER else Phase.OPEN


def greeting(tx: Tx) -> PatientIdentity:
    """Who the acting patient is, to greet them by name. Raises AccessDenied."""
    return people.identity_of(tx, tx.actor.patient_id or "")


def record_device_test(tx: Tx, result: DeviceTest) -> None:
    """Keep what the device test found; the doctor's queue shows it. Raises Conflict, AccessDenied."""
    visit_id = tx.actor.appointment_id or ""
    encounters.find(tx, visit_id, Action.VISIT_WAIT, step="device-test", result=result)
    encounter = encounters.open_for(tx, visit_id)
    encounter.device_test = result
    tx.session.add(encounter)
    jobs.enqueue(tx, "task.device", appointment_id=visit_id)  # who cannot come by video is called


def agree(tx: Tx, *, transcription: bool, language: str) -> Journey:
    """The patient agrees to the visit, and to transcription or not; once the doors are open they wait.

    Raises Conflict when the visit is over or cancelled, AccessDenied.
    """
    _refuse_closed(read(tx))
    visit_id = tx.actor.appointment_id or ""
    consent.grant(tx, visit_id, consent.VISIT, language)
    if transcription:
        consent.grant(tx, visit_id, consent.TRANSCRIPTION, language)
    elif consent.permits(tx, visit_id, consent.TRANSCRIPTION):
        consent.withdraw(tx, visit_id, consent.TRANSCRIPTION)
    return arrive(tx)


def arrive(tx: Tx) -> Journey:
    """Take the place in the waiting room, when the doors are open and the patient agreed."""
    journey = read(tx)
    if journey.phase is Phase.OPEN and journey.visit:
        encounters.arrive(tx, journey.visit_id)
    return journey


def withdraw(tx: Tx) -> Journey:
    """The patient takes back their agreement to the visit, and with it to transcription; a call ends with it."""
    visit_id = tx.actor.appointment_id or ""
    consent.withdraw(tx, visit_id, consent.VISIT)
    encounters.withdraw(tx, visit_id)
    return read(tx)


def _refuse_closed(journey: Journey) -> None:
    if journey.phase is Phase.OVER:
        raise Conflict("This visit is over.")
    if journey.phase is Phase.CANCELLED:
        raise Conflict("This appointment was cancelled.")
