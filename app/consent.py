"""Consent: grants by purpose, versioned, timestamped, withdrawable (FHIR Consent)."""

from datetime import datetime

from sqlmodel import Field, SQLModel, col, select

from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Tx, UTCInstant, new_id
from app.errors import AccessDenied

VISIT, TRANSCRIPTION = "visit", "transcription"
PURPOSES = (VISIT, TRANSCRIPTION)
VERSION = "2026-11-27"  # of the wording shown; a change of the words is a new version


class Consent(SQLModel, table=True):
    """A patient's yes to one purpose for one visit, and its end. Times and versions, no clinical content."""

    __tablename__ = "consent"
    id: str = Field(default_factory=new_id, primary_key=True)
    encounter_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    purpose: str
    version: str = VERSION
    language: str
    granted_at: datetime = Field(sa_type=UTCInstant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UTCInstant)


def grant(tx: Tx, encounter_id: str, purpose: str, language: str = "") -> Consent:
    """The patient says yes; saying it again changes nothing. `language` is that of the wording they read.

    Raises AccessDenied: only the patient of this very visit can agree.
    """
    patient_id = _mine(tx, encounter_id)
    guard.permit(tx, Action.CONSENT_GIVE, entity="Consent", entity_id=encounter_id, patient_id=patient_id,
                 scope=_known(purpose), given="yes", version=VERSION)
    if patient_id is None:
        raise AccessDenied
    standing = _standing(tx, encounter_id, purpose)
    if standing:
        return standing[0]
    row = Consent(encounter_id=encounter_id, patient_id=patient_id, purpose=purpose, granted_at=tx.now,
                  language=language or _language(tx, encounter_id))
    tx.session.add(row)
    tx.session.flush()
    return row


def withdraw(tx: Tx, encounter_id: str, purpose: str) -> bool:
    """The patient takes it back, at any time; without the visit there is no transcription either.

    True when something stood until now. Raises AccessDenied.
    """
    ended = PURPOSES if _known(purpose) == VISIT else (purpose,)
    guard.permit(tx, Action.CONSENT_GIVE, entity="Consent", entity_id=encounter_id,
                 patient_id=_mine(tx, encounter_id), scope=purpose, given="no")
    rows = [row for each in ended for row in _standing(tx, encounter_id, each)]
    for row in rows:
        row.withdrawn_at = tx.now
        tx.session.add(row)
    tx.session.flush()
    return bool(rows)


def permits(tx: Tx, encounter_id: str, purpose: str) -> bool:
    """Whether the patient's yes stands now. Raises AccessDenied."""
    rows = _standing(tx, encounter_id, _known(purpose))
    for row in rows:
        guard.permit(tx, Action.CONSENT_READ, entity="Consent", entity_id=encounter_id,
                     patient_id=row.patient_id, quiet=True)
    return bool(rows)


def state(tx: Tx, encounter_id: str, purpose: str) -> Consent | None:
    """The latest yes, standing or withdrawn; None when it was never given. Raises AccessDenied."""
    query = (
        select(Consent).where(Consent.encounter_id == encounter_id, Consent.purpose == _known(purpose))
        .order_by(col(Consent.granted_at).desc())
    )
    row = tx.session.exec(query.limit(1)).first()
    if row is not None:
        guard.permit(tx, Action.CONSENT_READ, entity="Consent", entity_id=encounter_id, patient_id=row.patient_id,
                     quiet=True)
    return row


def _mine(tx: Tx, encounter_id: str) -> str | None:
    # A link is good for one visit, not for all visits of that patient.
    same = tx.actor.role is Role.PATIENT and tx.actor.appointment_id == encounter_id
    return tx.actor.patient_id if same else None


def _known(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise ValueError("unknown purpose of consent")
    return purpose


def _standing(tx: Tx, encounter_id: str, purpose: str) -> list[Consent]:
    query = select(Consent).where(
        Consent.encounter_id == encounter_id, Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None))
    return list(tx.session.exec(query).all())


def _language(tx: Tx, encounter_id: str) -> str:
    query = select(Consent.language).where(Consent.encounter_id == encounter_id)
    return tx.session.exec(query.order_by(col(Consent.granted_at).desc()).limit(1)).first() or "fr"
