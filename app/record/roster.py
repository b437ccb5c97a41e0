"""The patients a doctor cares for: the list and the search of the doctor's patient page."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.people import PatientIdentity, identities
from app.people.directory import search
from app.scheduling.tables import Appointment

SHOWN = 50


@dataclass(frozen=True, slots=True)
class CaredFor:
    """One patient of the acting doctor; `last_at` is the start of the latest appointment with this doctor."""

    id: str
    identity: PatientIdentity
    last_at: datetime | None


def cared_for(tx: Tx, text: str = "") -> list[CaredFor]:
    """The acting doctor's patients: those that `text` finds, or those seen last. Raises AccessDenied."""
    if text.strip():
        found = {hit.id: hit.identity for hit in search(tx, text)}
        latest = _latest(tx, list(found))
        return [CaredFor(i, who, latest.get(i)) for i, who in found.items()]
    guard.permit(tx, Action.PATIENT_SEARCH, entity="Patient", step="list")
    latest = _latest(tx)
    who = identities(tx, latest)
    return [CaredFor(patient_id, who[patient_id], at) for patient_id, at in latest.items()]


def _latest(tx: Tx, among: list[str] | None = None) -> dict[str, datetime]:
    last = func.max(Appointment.start_at)
    query = (
        select(Appointment.patient_id, last).where(Appointment.practitioner_id == tx.actor.practitioner_id)
        .where(col(Appointment.patient_id).in_(guard.patients_in_care(tx)))
        .group_by(col(Appointment.patient_id)).order_by(last.desc()).limit(SHOWN)
    )
    if among is not None:
        query = query.where(col(Appointment.patient_id).in_(among))
    return dict(tx.session.exec(query).all())
