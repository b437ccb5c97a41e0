"""The guard: asks the policy, writes the trail, raises AccessDenied. Domain functions call it first."""

import re
from datetime import datetime

from sqlmodel import Field, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from app import audit
from app.access.policy import Action, Resource, may
from app.db import Tx, UTCInstant, new_id
from app.errors import AccessDenied

IDENTIFIER = re.compile(r"[0-9a-f]{32}")  # app.db.new_id


class CareRelation(SQLModel, table=True):
    """A doctor cares for a patient, since an appointment ("appointment:<id>") or by declaration."""

    __tablename__ = "care_relation"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(index=True)
    patient_id: str = Field(index=True)
    source: str = Field(index=True)
    since_at: datetime = Field(sa_type=UTCInstant)


def permit(tx: Tx, action: Action, *, entity: str, entity_id: str = "", patient_id: str | None = None,
           practitioner_id: str | None = None, encounter_id: str | None = None,
           quiet: bool = False, **detail: str) -> None:
    """Let the actor go on, or refuse; both are in the trail.

    `quiet` leaves out the success entry, for checks that another recorded action already covers.
    Raises AccessDenied.
    """
    resource = Resource(patient_id, practitioner_id, in_care(tx, patient_id), encounter_id)
    entity_id, patient_id = _identifier(entity_id), _identifier(patient_id or "") or None
    if not may(tx.actor, action, resource):
        audit.record(tx, action, entity=entity, entity_id=entity_id, patient_id=patient_id, outcome="refused", **detail)
        raise AccessDenied
    if not quiet:
        audit.record(tx, action, entity=entity, entity_id=entity_id, patient_id=patient_id, **detail)


def _identifier(given: str) -> str:
    """An id of ours, or "?": what somebody typed into an address must not enter the trail."""
    return given if not given or IDENTIFIER.fullmatch(given) else "?"


def in_care(tx: Tx, patient_id: str | None) -> bool:
    """Whether the acting doctor has a care relation with the patient."""
    if patient_id is None or tx.actor.practitioner_id is None:
        return False
    query = select(CareRelation.id).where(
        CareRelation.practitioner_id == tx.actor.practitioner_id, CareRelation.patient_id == patient_id
    )
    return tx.session.exec(query.limit(1)).first() is not None


def patients_in_care(tx: Tx) -> SelectOfScalar[str]:
    """The ids of the acting doctor's patients, as a query to filter others with."""
    return select(CareRelation.patient_id).where(CareRelation.practitioner_id == tx.actor.practitioner_id)


def begin_care(tx: Tx, practitioner_id: str, patient_id: str, source: str) -> None:
    """A doctor now cares for a patient (an appointment was booked)."""
    tx.insert(CareRelation, practitioner_id=practitioner_id, patient_id=patient_id, source=source, since_at=tx.now)


def end_care(tx: Tx, source: str) -> None:
    """The reason for a care relation is gone (the appointment was cancelled)."""
    for relation in tx.session.exec(select(CareRelation).where(CareRelation.source == source)).all():
        tx.session.delete(relation)
