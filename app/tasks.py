"""Tasks for the staff (FHIR Task): who is to be phoned, what did not arrive, whose device fails, who has not confirmed.

A task names only the appointment it is about; name and number are read from what is sealed, when it is shown, to
whoever may see them. Each has a time by which it should be done, and somebody may take it on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from sqlmodel import Field, Index, SQLModel, col, select

from app import encounters, jobs
from app.access import guard
from app.access.accounts import Account
from app.access.policy import Action
from app.actor import Role, system
from app.db import Database, Tx, UTCInstant, new_id
from app.encounters import Encounter
from app.errors import NotFound
from app.people import identities
from app.scheduling import replies
from app.scheduling.tables import Appointment

Kind = Literal["call-back", "phone-visit", "delivery-failed", "device-failed", "unconfirmed"]
CALL_WITHIN = timedelta(minutes=15)
A_DAY = timedelta(days=1)
LEAST_BEFORE: dict[str, timedelta] = {  # the visit: later there is no time left to do something about it
    "delivery-failed": timedelta(hours=1), "device-failed": timedelta(hours=1), "unconfirmed": timedelta(hours=2)}
AHEAD = ("pending", "booked", "arrived")


class Task(SQLModel, table=True):
    """Something to do about an appointment; one of a kind for each. `about`: which message, as offer:sms."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_kind_appointment", "kind", "appointment_id", unique=True),)
    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    appointment_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id")
    about: str = ""
    created_at: datetime = Field(sa_type=UTCInstant)
    due_at: datetime = Field(sa_type=UTCInstant)
    owner_id: str | None = None  # the account that took it on
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class Line:
    """A task as lists show it; `phone` may be empty, `owner` is a name or empty."""

    id: str
    kind: str
    about: str
    appointment_id: str
    name: str
    phone: str
    start_at: datetime
    due_at: datetime
    overdue: bool
    owner: str
    mine: bool
    ended_at: datetime | None


def ask_call_back(tx: Tx, encounter_id: str) -> bool:
    """The video failed twice: somebody should phone the patient of this visit; True the first time. System only."""
    encounter = encounters.find(tx, encounter_id, Action.TASK_ASK)
    known = _task(tx, "call-back", encounter_id)
    if encounter.status != "in-progress" or known is not None:
        return False
    return ask(tx, "call-back", encounter_id)


def ask(tx: Tx, kind: Kind, appointment_id: str, about: str = "") -> bool:
    """Have somebody do this about an appointment; False when it is asked already. One that was done is open again.

    Raises NotFound, AccessDenied (system only).
    """
    row = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.TASK_ASK, entity="Appointment", entity_id=appointment_id, kind=kind,
                 patient_id=row.patient_id if row else None)
    if row is None:
        raise NotFound
    task = _task(tx, kind, appointment_id)
    if task is not None and task.ended_at is None:
        return False
    task = task or Task(kind=kind, appointment_id=appointment_id, patient_id=row.patient_id, created_at=tx.now,
                        due_at=tx.now)
    task.about, task.ended_at, task.owner_id = about, None, None
    task.created_at, task.due_at = tx.now, _due(kind, row, tx.now)
    tx.session.add(task)
    tx.session.flush()
    return True


def resolve(tx: Tx, appointment_id: str, kind: Kind) -> None:
    """It came right by itself: the task is done, if there is one. System only."""
    task = _task(tx, kind, appointment_id)
    guard.permit(tx, Action.TASK_ASK, entity="Appointment", entity_id=appointment_id, kind=kind, step="resolve",
                 patient_id=task.patient_id if task else None, quiet=task is None)
    if task is not None and task.ended_at is None:
        task.ended_at = tx.now
        tx.session.add(task)


def listed(tx: Tx, *, done: str = "") -> list[Line]:
    """What is to be done, the most urgent first: a doctor's about own visits, a scheduler's all.

    `done` adds the task of this id though it is done: for the way back. Raises AccessDenied.
    """
    query = (select(Task, Appointment).join(Appointment, col(Appointment.id) == col(Task.appointment_id))
             .where(col(Task.ended_at).is_(None) | (col(Task.id) == done)))
    if tx.actor.role is Role.DOCTOR:
        query = query.where(Appointment.practitioner_id == tx.actor.practitioner_id)
    rows = [(task, row) for task, row in tx.session.exec(query.order_by(col(Task.due_at), col(Task.id))).all()
            if task.id == done or _matters(task, row, tx.now)]
    guard.permit(tx, Action.TASK_READ, entity="Task", practitioner_id=tx.actor.practitioner_id, quiet=bool(rows))
    for task, row in rows:
        guard.permit(tx, Action.TASK_READ, entity="Task", entity_id=task.id, patient_id=task.patient_id,
                     practitioner_id=row.practitioner_id)
    known = identities(tx, {task.patient_id for task, _ in rows})
    owners = _names(tx, {task.owner_id for task, _ in rows if task.owner_id})
    return [Line(task.id, task.kind, task.about, row.id, known[task.patient_id].name,
                 _phone(tx, task) or known[task.patient_id].phone, row.start_at, task.due_at, task.due_at < tx.now,
                 owners.get(task.owner_id or "", ""), task.owner_id == tx.actor.id, task.ended_at)
            for task, row in rows]


def end(tx: Tx, task_id: str, *, ended: bool = True) -> None:
    """It is done, or is not after all. Raises AccessDenied, NotFound."""
    task = _permitted(tx, task_id, "end" if ended else "reopen")
    task.ended_at = tx.now if ended else None
    tx.session.add(task)
    row = tx.session.get_one(Appointment, task.appointment_id)
    called = task.kind == "phone-visit" and row.start_at <= tx.now + CALL_WITHIN
    if called and row.status in ("booked", "fulfilled"):  # the call was the visit
        row.status = "fulfilled" if ended else "booked"
        tx.session.add(row)


def take(tx: Tx, task_id: str, *, taken: bool = True) -> None:
    """The acting member of staff takes it on, or leaves it to somebody else. Raises AccessDenied, NotFound."""
    task = _permitted(tx, task_id, "take" if taken else "leave")
    task.owner_id = tx.actor.id if taken else None
    tx.session.add(task)


def handlers(db: Database) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kinds task.*: look again whether there is something to do about an appointment."""

    def looking(look: Callable[[Tx, str], None]) -> jobs.Handler:
        async def handle(payload: Mapping[str, str]) -> None:
            await db.write(system("tasks"), look, payload["appointment_id"])
        return handle

    return {"task.device": looking(_look_at_device), "task.phone": looking(_look_at_phone),
            "task.confirmed": looking(partial(resolve, kind="unconfirmed"))}


def _look_at_device(tx: Tx, appointment_id: str) -> None:
    encounter = encounters.status_of(tx, appointment_id)
    ahead = encounter.status in ("planned", "arrived") and not replies.by_phone(tx, appointment_id)
    if encounter.device_test == "failed" and ahead:
        ask(tx, "device-failed", appointment_id)
    else:
        resolve(tx, appointment_id, "device-failed")


def _look_at_phone(tx: Tx, appointment_id: str) -> None:
    if replies.by_phone(tx, appointment_id):
        ask(tx, "phone-visit", appointment_id)
        resolve(tx, appointment_id, "device-failed")
    else:
        resolve(tx, appointment_id, "phone-visit")


def _due(kind: Kind, row: Appointment, now: datetime) -> datetime:
    if kind == "call-back":
        return now + CALL_WITHIN
    if kind == "phone-visit":
        return max(row.start_at, now)
    if row.end_at <= now:  # a summary that did not arrive
        return now + A_DAY
    last = row.held_until if row.status == "pending" and row.held_until else row.start_at - LEAST_BEFORE[kind]
    return max(now + timedelta(minutes=1), last if kind == "unconfirmed" else min(last, now + A_DAY))


def _matters(task: Task, row: Appointment, now: datetime) -> bool:
    """Whether there is still something to do: what it was about may have been moved, cancelled or held meanwhile."""
    if task.kind == "call-back" or task.about.startswith("summary"):
        return True
    if task.kind == "phone-visit":
        return row.status in AHEAD
    if task.kind == "delivery-failed" and task.about.startswith("cancelled"):
        return row.status == "cancelled" and now < row.end_at
    return row.status in AHEAD and now < row.end_at


def _task(tx: Tx, kind: Kind, appointment_id: str) -> Task | None:
    return tx.session.exec(select(Task).where(Task.kind == kind, Task.appointment_id == appointment_id)).first()


def _permitted(tx: Tx, task_id: str, step: str) -> Task:
    task = tx.session.get(Task, task_id)
    row = tx.session.get(Appointment, task.appointment_id) if task else None
    guard.permit(tx, Action.TASK_END, entity="Task", entity_id=task_id, step=step,
                 patient_id=row.patient_id if row else None, practitioner_id=row.practitioner_id if row else None)
    if task is None:
        raise NotFound
    return task


def _names(tx: Tx, account_ids: set[str]) -> dict[str, str]:
    rows = tx.session.exec(select(Account.id, Account.name).where(col(Account.id).in_(account_ids))).all()
    return dict(rows)


def _phone(tx: Tx, task: Task) -> str:
    encounter = tx.session.get(Encounter, task.appointment_id) if task.kind == "call-back" else None
    return encounters.facts_of(tx, encounter).callback_phone if encounter else ""
