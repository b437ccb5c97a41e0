"""Who came late or never, and why; how often, by motif and by how people are reached; how likely it is next time.

Whether somebody came is marked by people. A probability changes no appointment: it stands beside it, with the base
rate, for whoever decides to phone.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col, select

from app import jobs
from app.access import guard
from app.access.policy import Action
from app.actor import system
from app.db import Database, Tx, UTCInstant
from app.encounters import Encounter
from app.errors import Conflict, NotFound
from app.forecasting import learnt, no_show
from app.forecasting.no_show import Case, Study
from app.people import Practitioner, identities
from app.scheduling.tables import OVERLAP, Appointment, Motif

Kind = Literal["late", "never"]
Reason = Literal["unknown", "forgot", "prevented", "technical", "not-told"]
MISSED_AFTER = timedelta(minutes=10)
LATE_FROM = timedelta(minutes=5)
COUNTED = timedelta(days=365)
LEARNT_FROM = timedelta(days=730)
ACTOR = system("forecasting")
NAME = "no-show"
CHANNELS = ("sms", "email", "none")
SETTLED = ("fulfilled", "noshow", "arrived")


class Attendance(SQLModel, table=True):
    """What somebody marked about a visit: its patient came late, or never. The id is the appointment's."""

    __tablename__ = "attendance"
    id: str = Field(primary_key=True, foreign_key="appointment.id")
    patient_id: str = Field(foreign_key="patient.id")
    kind: str
    reason: str
    account_id: str
    marked_at: datetime = Field(sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of some visits were missed or began late because of the patient; `name` is a motif or a channel."""

    name: str
    visits: int
    missed: int
    late: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates of the last year; `unmarked` visits passed and nobody said whether anybody came."""

    total: Rate
    by_motif: list[tuple[Motif, Rate]]
    by_channel: list[Rate]
    reasons: dict[str, int]
    unmarked: int
    study: Study | None


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Of not coming; `base` is that of all visits."""

    probability: float
    base: float


def mark(tx: Tx, appointment_id: str, kind: Kind, reason: Reason) -> None:
    """Note that the patient never came, or came late. Marking again changes the reason.

    Raises Conflict (too early, or they are there after all), NotFound, AccessDenied.
    """
    row = _permitted(tx, appointment_id, kind)
    if tx.now < row.start_at + (MISSED_AFTER if kind == "never" else timedelta(0)):
        raise Conflict("It is too early to say that: the patient may still come.")
    if row.status not in (("booked", "noshow") if kind == "never" else ("booked", "arrived", "fulfilled")):
        raise Conflict("The patient has come, or the appointment was cancelled.")
    note = tx.session.get(Attendance, appointment_id) or Attendance(
        id=row.id, patient_id=row.patient_id, kind=kind, reason=reason, account_id=tx.actor.id, marked_at=tx.now)
    note.kind, note.reason, note.account_id, note.marked_at = kind, reason, tx.actor.id, tx.now
    if kind == "never":
        row.status = "noshow"
    tx.session.add_all([row, note])


def unmark(tx: Tx, appointment_id: str) -> None:
    """Take a mark back: the appointment stands again. Raises Conflict when its time was given away, NotFound."""
    row = _permitted(tx, appointment_id, "unmark")
    note = tx.session.get(Attendance, appointment_id)
    if note is None:
        return
    tx.session.delete(note)
    if row.status == "noshow":
        try:
            with tx.session.begin_nested():
                row.status = "booked"
                tx.session.add(row)
                tx.session.flush()
        except IntegrityError as refusal:
            if OVERLAP not in str(refusal.orig):
                raise
            raise Conflict("This time was given to somebody else meanwhile.") from None


def marked(tx: Tx, appointment_id: str) -> Attendance | None:
    """What was marked, if anything; the caller was permitted to read the appointment."""
    return tx.session.get(Attendance, appointment_id)


def figures(tx: Tx) -> Figures:
    """Rates and reasons of the last year, and how well the probability held. Raises AccessDenied."""
    guard.permit(tx, Action.ATTENDANCE_READ, entity="Attendance")
    rows = _visits(tx, tx.now - COUNTED, (*SETTLED, "booked"))
    known = identities(tx, (row.patient_id for row, _ in rows))
    notes = {n.id: n for n in tx.session.exec(select(Attendance).where(Attendance.marked_at > tx.now - COUNTED)).all()}
    settled = [(row, arrived_at) for row, arrived_at in rows if row.status in SETTLED]
    motifs = {m.id: m for m in tx.session.exec(select(Motif)).all()}

    def rate(name: str, some: Iterable[tuple[Appointment, datetime | None]]) -> Rate:
        these = list(some)
        missed = sum(row.status == "noshow" for row, _ in these)
        late = sum(row.status != "noshow" and _late(row, arrived_at, notes) for row, arrived_at in these)
        return Rate(name, len(these), missed, late)

    by_motif = [(motifs[m], rate(m, (v for v in settled if v[0].motif_id == m))) for m in motifs]
    by_channel = [rate(c, (v for v in settled if known[v[0].patient_id].reached_by == c)) for c in CHANNELS]
    reasons: dict[str, int] = {}
    for note in notes.values():
        reasons[note.reason] = reasons.get(note.reason, 0) + 1
    return Figures(rate("", settled), [pair for pair in by_motif if pair[1].visits],
                   [each for each in by_channel if each.visits], reasons, len(rows) - len(settled),
                   learnt.recall(tx, NAME, Study))


def likelihood(tx: Tx, appointment_id: str) -> Likelihood | None:
    """Of a coming visit being missed; None where that cannot be said better than by the base rate, or it is over."""
    row = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.ATTENDANCE_READ, entity="Appointment", entity_id=appointment_id,
                 patient_id=row.patient_id if row else None, quiet=True)
    known = learnt.recall(tx, NAME, Study)
    if row is None or row.status != "booked" or row.start_at <= tx.now or known is None or not known.useful:
        return None
    earlier = select(Appointment).where(Appointment.patient_id == row.patient_id, col(Appointment.status).in_(SETTLED),
                                        col(Appointment.start_at) < row.created_at)
    came = tx.session.exec(earlier).all()
    phone = bool(identities(tx, [row.patient_id])[row.patient_id].phone)
    case = _case(row, [r.status == "noshow" for r in came], phone=phone)
    return Likelihood(no_show.probability(known.model, case), known.model.base)


def handlers(db: Database) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kind attendance.learn."""

    async def learn(_payload: Mapping[str, str]) -> None:
        past = await db.read(ACTOR, cases)
        await db.write(ACTOR, _keep, await asyncio.to_thread(no_show.study, past))

    return {"attendance.learn": learn}


def cases(tx: Tx) -> list[Case]:
    """The visits of two years as they were when they were booked, in order of time. System only."""
    guard.permit(tx, Action.ATTENDANCE_READ, entity="Attendance", step="learn")
    rows = _visits(tx, tx.now - LEARNT_FROM, SETTLED)
    known = identities(tx, (row.patient_id for row, _ in rows))
    past: dict[str, list[tuple[datetime, bool]]] = {}
    found = []
    for row, _arrived in rows:
        before = [missed for start_at, missed in past.get(row.patient_id, []) if start_at < row.created_at]
        found.append(_case(row, before, phone=bool(known[row.patient_id].phone)))
        past.setdefault(row.patient_id, []).append((row.start_at, row.status == "noshow"))
    return found


def schedule(tx: Tx) -> None:
    """Have it learnt each night, the first time at once. Call when the web process starts."""
    learnt.have_learnt(tx, "attendance.learn", at_once=not learnt.known(tx, NAME))


def _keep(tx: Tx, study: Study | None) -> None:
    learnt.keep(tx, NAME, study)
    tx.session.flush()
    schedule(tx)


def _case(row: Appointment, before: list[bool], *, phone: bool) -> Case:
    lead = (row.start_at - row.created_at) / timedelta(days=1)
    return Case(lead, len(before), sum(before), phone, row.motif_id, missed=row.status == "noshow")


def _late(row: Appointment, arrived_at: datetime | None, notes: Mapping[str, Attendance]) -> bool:
    said = row.id in notes and notes[row.id].kind == "late"
    return said or (arrived_at is not None and arrived_at - row.start_at > LATE_FROM)


def _visits(tx: Tx, since: datetime, statuses: tuple[str, ...]) -> list[tuple[Appointment, datetime | None]]:
    # Doctors who receive nobody any more count no longer; a rehearsal's doctor never received anybody.
    query = (
        select(Appointment, Encounter.arrived_at)
        .join(Encounter, col(Encounter.id) == col(Appointment.id), isouter=True)
        .join(Practitioner, col(Practitioner.id) == col(Appointment.practitioner_id))
        .where(col(Practitioner.active), col(Appointment.status).in_(statuses))
        .where(col(Appointment.start_at) > since, col(Appointment.end_at) < tx.now).order_by(col(Appointment.start_at))
    )
    return list(tx.session.exec(query).all())


def _permitted(tx: Tx, appointment_id: str, step: str) -> Appointment:
    row = tx.session.get(Appointment, appointment_id, with_for_update=True)
    guard.permit(tx, Action.ATTENDANCE_MARK, entity="Appointment", entity_id=appointment_id, step=step,
                 patient_id=row.patient_id if row else None, practitioner_id=row.practitioner_id if row else None)
    if row is None:
        raise NotFound
    return row
