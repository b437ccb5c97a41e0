"""The waiting room: a doctor's day as a queue, each patient's place in it, and how late it runs."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from app import audit, consent, jobs
from app.access import guard
from app.access.policy import Action
from app.actor import system
from app.db import Database, Tx
from app.encounters import Encounter, at_clinic, find
from app.errors import AccessDenied
from app.forecasting import learnt
from app.forecasting import queue as forecast
from app.forecasting.queue import Habits, PastVisit, Turn
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.scheduling import replies
from app.scheduling.tables import Appointment, BookingNote, Motif

PRESENT_S = 40  # two heartbeats of the waiting page and some air
NIGHT = timedelta(hours=3)  # before and after midnight belong to one shift
LEARNT_FROM = timedelta(days=120)
ALMOST_A_MINUTE = timedelta(seconds=59, microseconds=999_999)
NO_SHOW_MIN = 10  # a patient this late without a sign no longer holds up those after


@dataclass(frozen=True, slots=True)
class Place:
    """Where one patient stands: `ahead` visits before theirs, to begin between `low_at` and `high_at`.

    held: how often such an interval held of the last `tested` times with this doctor; tested 0: not known yet.
    """

    status: str
    ahead: int
    delay_min: int
    expected_at: datetime
    low_at: datetime
    high_at: datetime
    held: float
    tested: int
    practitioner: Practitioner


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A visit in the doctor's queue of the day."""

    id: str
    name: str
    age: int
    motif_fr: str
    motif_en: str
    reason: str
    start_at: datetime
    status: str
    device_test: str
    present: bool
    arrived_at: datetime | None
    started_at: datetime | None
    expected_at: datetime
    transcription: bool
    by_phone: str = ""  # the number to call, when the visit is by phone
    on_site: bool = False  # the patient comes to the clinic


def expected_starts(turns: Sequence[Turn], now: datetime) -> dict[str, datetime]:
    """When each visit is expected to begin, in order of `start_at`; visits that began keep their time.

    A visit takes its booked length; one in progress that overran may end any moment. Patients who did
    not come hold up nobody once NO_SHOW_MIN have passed.
    """
    free_at, expected = now, {}
    for turn in sorted(turns, key=lambda t: (t.started_at is None, t.start_at)):
        length = turn.end_at - turn.start_at
        if turn.status in ("in-progress", "finished"):
            expected[turn.id] = turn.started_at or turn.start_at
            if turn.status == "in-progress":
                free_at = max(free_at, expected[turn.id] + length)
            continue
        expected[turn.id] = max(free_at, turn.start_at)
        missing = turn.status == "planned" and now > turn.start_at + timedelta(minutes=NO_SHOW_MIN)
        if not missing:
            free_at = expected[turn.id] + length
    return expected


def queue(tx: Tx, shown: set[str] | None = None) -> list[QueueEntry]:
    """The acting doctor's visits of today in the clinic's zone, in order of their time; near midnight also the next.

    `shown` holds the visits this screen was already told about: a live queue is refreshed often, and
    what it discloses is in the trail once for each visit. It is filled on the way.
    """
    practitioner = tx.session.get(Practitioner, tx.actor.practitioner_id) if tx.actor.practitioner_id else None
    known = shown if shown is not None else set()
    guard.permit(tx, Action.QUEUE_READ, entity="Queue", quiet=bool(known))
    if practitioner is None:
        raise AccessDenied
    rows = _shift(tx, practitioner, tx.now)
    expected = expected_starts([_turn(a, e) for a, e in rows], tx.now)
    for appointment, _ in rows:
        if appointment.id not in known:
            audit.record(tx, Action.PATIENT_READ, entity="Appointment", entity_id=appointment.id,
                         patient_id=appointment.patient_id, place="queue")
            known.add(appointment.id)
    return [_entry(tx, a, e, expected[a.id]) for a, e in rows]


def place(tx: Tx, encounter_id: str) -> Place:
    """What the waiting page shows: the doctor, how many are before, the delay in minutes."""
    encounter = find(tx, encounter_id, Action.VISIT_WAIT, quiet=True)
    practitioner = tx.session.get(Practitioner, encounter.practitioner_id)
    mine = tx.session.get(Appointment, encounter_id)
    if practitioner is None or mine is None:
        raise AccessDenied
    turns = [_turn(a, e) for a, e in _shift(tx, practitioner, mine.start_at)]
    expected_at = expected_starts(turns, tx.now).get(encounter_id, mine.start_at)
    habits = learnt.recall(tx, _lesson(practitioner.id), Habits) or Habits()
    low_at, high_at = expected_at, expected_at
    if any(t.id == encounter_id and t.status in ("planned", "arrived") for t in turns):
        low_at, high_at = forecast.interval(turns, encounter_id, tx.now, habits)
    ahead = sum(t.status == "in-progress" or (t.status == "arrived" and t.start_at < mine.start_at)
                for t in turns if t.id != encounter_id)
    return Place(encounter.status, ahead, _minutes(expected_at - mine.start_at), expected_at, _whole_minute(low_at),
                 _whole_minute(high_at + ALMOST_A_MINUTE), habits.held, habits.tested, practitioner)


def whose_turn(tx: Tx, practitioner_id: str) -> list[str]:
    """The visits that a doctor is ready for: the one begun, or else of the first who has arrived."""
    practitioner = tx.session.get(Practitioner, practitioner_id)
    guard.permit(tx, Action.SCHEDULE_READ, entity="Queue", practitioners=practitioner_id, quiet=True)
    turns = [_turn(a, e) for a, e in _shift(tx, practitioner, tx.now)] if practitioner else []
    begun = [t.id for t in turns if t.status == "in-progress"]
    return begun or [t.id for t in turns if t.status == "arrived"][:1]


def handlers(db: Database) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kind queue.learn."""
    actor = system("forecasting")

    async def learn(_payload: Mapping[str, str]) -> None:
        for practitioner_id in await db.read(actor, _receiving):
            past = await db.read(actor, _past, practitioner_id)
            await db.write(actor, learnt.keep, _lesson(practitioner_id), await asyncio.to_thread(forecast.learn, past))
        await db.write(actor, schedule)

    return {"queue.learn": learn}


def schedule(tx: Tx) -> None:
    """Have each doctor's habits learnt every night, the first time at once. Call when the web process starts."""
    missing = [doctor for doctor in _receiving(tx) if not learnt.known(tx, _lesson(doctor))]
    learnt.have_learnt(tx, "queue.learn", at_once=bool(missing))


def _lesson(practitioner_id: str) -> str:
    return f"queue:{practitioner_id}"


def _receiving(tx: Tx) -> list[str]:
    return list(tx.session.exec(select(Practitioner.id).where(col(Practitioner.active))).all())


def _past(tx: Tx, practitioner_id: str) -> list[PastVisit]:
    guard.permit(tx, Action.SCHEDULE_READ, entity="Queue", practitioners=practitioner_id, step="learn")
    query = (
        select(Appointment, Encounter).join(Encounter, col(Encounter.id) == col(Appointment.id), isouter=True)
        .where(Appointment.practitioner_id == practitioner_id, col(Appointment.status).in_(("fulfilled", "noshow")))
        .where(Appointment.start_at > tx.now - LEARNT_FROM, col(Appointment.end_at) < tx.now)
        .order_by(col(Appointment.start_at))
    )
    return [PastVisit(a.id, a.motif_id, a.start_at, a.end_at, *_times(e)) for a, e in tx.session.exec(query).all()
            if e is not None or a.status == "noshow"]  # one held by phone says nothing about the waiting room


def _times(encounter: Encounter | None) -> tuple[datetime | None, datetime | None, datetime | None]:
    return (encounter.arrived_at, encounter.started_at, encounter.finished_at) if encounter else (None, None, None)


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def is_present(encounter: Encounter, now: datetime) -> bool:
    """Whether the patient's page is open."""
    return encounter.last_seen_at is not None and now - encounter.last_seen_at < timedelta(seconds=PRESENT_S)


def delay_min(entries: Sequence[QueueEntry]) -> int:
    """How late the doctor runs: the wait of the next patient who is there, in minutes."""
    waiting = [e for e in entries if e.status == "arrived"]
    return _minutes(waiting[0].expected_at - waiting[0].start_at) if waiting else 0


def _minutes(late: timedelta) -> int:
    return max(0, int(late.total_seconds() // 60))


def _zone(tx: Tx, practitioner: Practitioner) -> ZoneInfo:
    organization = tx.session.get(Organization, practitioner.organization_id)
    return ZoneInfo(organization.zone if organization else "UTC")


def _shift(tx: Tx, practitioner: Practitioner, at: datetime) -> list[tuple[Appointment, Encounter | None]]:
    zone = _zone(tx, practitioner)
    today = at.astimezone(zone).date()
    begin, end = (datetime.combine(day, time(), zone) for day in (today, today + timedelta(days=1)))
    begin, end = min(begin, at - NIGHT), max(end, at + NIGHT)
    query = (
        select(Appointment, Encounter).join(Encounter, col(Encounter.id) == col(Appointment.id), isouter=True)
        .where(Appointment.practitioner_id == practitioner.id, Appointment.start_at >= begin)
        .where(Appointment.start_at < end, col(Appointment.status).not_in(("cancelled", "noshow")))
        .order_by(col(Appointment.start_at))
    )
    return list(tx.session.exec(query).all())


def _turn(appointment: Appointment, encounter: Encounter | None) -> Turn:
    return Turn(appointment.id, appointment.start_at, appointment.end_at,
                encounter.status if encounter else "planned", encounter.started_at if encounter else None,
                appointment.motif_id)


def _entry(tx: Tx, appointment: Appointment, encounter: Encounter | None, expected_at: datetime) -> QueueEntry:
    patient, motif = tx.session.get(Patient, appointment.patient_id), tx.session.get(Motif, appointment.motif_id)
    if patient is None or motif is None:
        raise AccessDenied
    identity = tx.open(patient, PatientIdentity)
    return QueueEntry(
        id=appointment.id, name=identity.name, age=identity.age(tx.now.date()), motif_fr=motif.label_fr,
        motif_en=motif.label_en, start_at=appointment.start_at, expected_at=expected_at,
        reason=tx.open(appointment, BookingNote).reason if appointment.sealed else "",
        status=encounter.status if encounter else "planned",
        device_test=encounter.device_test if encounter else "",
        present=encounter is not None and is_present(encounter, tx.now),
        arrived_at=encounter.arrived_at if encounter else None,
        started_at=encounter.started_at if encounter else None,
        transcription=consent.permits(tx, appointment.id, consent.TRANSCRIPTION),
        by_phone=identity.phone if replies.by_phone(tx, appointment.id) else "", on_site=at_clinic(tx, appointment),
    )
