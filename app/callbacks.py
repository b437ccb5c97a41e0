"""Call-back tasks: the video of a visit failed twice, so somebody phones the patient (FHIR Task).

A task names only the visit; the number is read from what is sealed, when it is shown, to whoever may see it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Field, SQLModel, col, select

from app import encounters
from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Tx, UTCInstant
from app.encounters import Encounter
from app.errors import NotFound
from app.people import identities


class CallBack(SQLModel, table=True):
    """A patient to be phoned; one for each visit, so its id is the visit's."""

    __tablename__ = "call_back"
    id: str = Field(primary_key=True, foreign_key="encounter.id")
    patient_id: str = Field(foreign_key="patient.id")
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    created_at: datetime = Field(sa_type=UTCInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class Task:
    """A call-back as lists show it; `phone` may be empty."""

    id: str
    name: str
    phone: str
    practitioner_id: str
    created_at: datetime
    ended_at: datetime | None


def ask(tx: Tx, encounter_id: str) -> bool:
    """Somebody should phone the patient of this visit; True the first time. System only."""
    encounter = encounters.find(tx, encounter_id, Action.CALLBACK_ASK)
    if encounter.status != "in-progress" or tx.session.get(CallBack, encounter_id) is not None:
        return False
    tx.session.add(CallBack(id=encounter_id, patient_id=encounter.patient_id,
                            practitioner_id=encounter.practitioner_id, created_at=tx.now))
    return True


def listed(tx: Tx, *, done: str = "") -> list[Task]:
    """Who is to be phoned, the longest waiting first: a doctor's own patients, a scheduler's all.

    `done` adds the task of this id though it is done: for the way back. Raises AccessDenied.
    """
    query = select(CallBack).where(col(CallBack.ended_at).is_(None) | (col(CallBack.id) == done))
    if tx.actor.role is Role.DOCTOR:
        query = query.where(CallBack.practitioner_id == tx.actor.practitioner_id)
    rows = tx.session.exec(query.order_by(col(CallBack.created_at))).all()
    for row in rows:
        guard.permit(tx, Action.CALLBACK_READ, entity="Task", entity_id=row.id, patient_id=row.patient_id,
                     practitioner_id=row.practitioner_id)
    known = identities(tx, {row.patient_id for row in rows})
    return [Task(row.id, known[row.patient_id].name, _phone(tx, row.id) or known[row.patient_id].phone,
                 row.practitioner_id, row.created_at, row.ended_at) for row in rows]


def end(tx: Tx, encounter_id: str, *, ended: bool = True) -> None:
    """The patient was phoned, or was not after all. Raises AccessDenied, NotFound."""
    row = tx.session.get(CallBack, encounter_id)
    guard.permit(tx, Action.CALLBACK_END, entity="Task", entity_id=encounter_id, step="end" if ended else "reopen",
                 patient_id=row.patient_id if row else None, practitioner_id=row.practitioner_id if row else None)
    if row is None:
        raise NotFound
    row.ended_at = tx.now if ended else None
    tx.session.add(row)


def _phone(tx: Tx, encounter_id: str) -> str:
    encounter = tx.session.get(Encounter, encounter_id)
    return encounters.facts_of(tx, encounter).callback_phone if encounter else ""
