"""People and places: Organization, Practitioner (public), Patient (identity sealed, found by blind index)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import LargeBinary, delete
from sqlalchemy import select as rows_of
from sqlmodel import Field, SQLModel, col, select

from app.access import guard
from app.access.policy import Action
from app.db import Sealed, SealedRow, Tx, UTCInstant, new_id
from app.errors import Invalid, NotFound
from app.people.identity import IdentityForm, Language, PatientIdentity, index_terms, normalise
from app.prepared import Among, Prepared

__all__ = ("IdentityForm", "Language", "Organization", "Patient", "PatientIdentity", "PatientToken", "Practitioner",
           "clinic_address", "clinic_name", "identities", "identity_of", "normalise", "register", "update_identity")

OLDEST_BIRTH_YEAR = 1900


class Organization(SQLModel, table=True):
    """The clinic. `zone` is its IANA time zone: availability is written in its wall clock."""

    __tablename__ = "organization"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    zone: str
    phone: str
    address: str
    language: str
    holiday_place: str = ""  # whose public holidays close the day: one of scheduling.french_days.PLACES; empty: none
    reminders_h: str | None = None  # hours before a visit, with commas between; None: as the configuration says
    school_zone: str = ""    # whose school holidays the planner shows: A, B or C; empty: none


class Practitioner(SQLModel, table=True):
    """A doctor as the public register knows them (FHIR Practitioner, PractitionerRole); no patient data."""

    __tablename__ = "practitioner"
    id: str = Field(default_factory=new_id, primary_key=True)
    organization_id: str = Field(foreign_key="organization.id")
    prefix: str
    given: str
    family: str
    speciality: str = Field(description="An English catalogue key, such as General practice.")
    rpps: str
    languages: str = "fr,en"
    active: bool = True

    @property
    def name(self) -> str:
        """Prefix, given and family name."""
        return " ".join(part for part in (self.prefix, self.given, self.family) if part)


class Patient(SealedRow, table=True):
    """A patient; `sealed` is a PatientIdentity under the patient's own data key."""

    __tablename__ = "patient"
    sealed_under: ClassVar[str] = "id"
    id: str = Field(default_factory=new_id, primary_key=True)
    sealed: bytes = Field(default=b"", sa_type=Sealed)
    created_at: datetime = Field(sa_type=UTCInstant)


class PatientToken(SQLModel, table=True):
    """Blind-index entry: a keyed hash of one search token, never the token."""

    __tablename__ = "patient_token"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    token: bytes = Field(sa_type=LargeBinary, index=True)


SEALED = Prepared(rows_of(col(Patient.id), col(Patient.sealed)).where(Among(col(Patient.id), "ids")))


def clinic_name(tx: Tx) -> str:
    """What this installation's clinic is called; public. Empty before it is founded."""
    return tx.session.exec(select(Organization.name).limit(1)).first() or ""


def clinic_address(tx: Tx) -> str:
    """Where the clinic is; public. Empty when nobody said so."""
    return tx.session.exec(select(Organization.address).limit(1)).first() or ""


def register(tx: Tx, identity: PatientIdentity) -> Patient:
    """A new patient with an identity that search finds at once. Raises Invalid, AccessDenied."""
    patient = Patient(created_at=tx.now)
    guard.permit(tx, Action.PATIENT_WRITE, entity="Patient", entity_id=patient.id, patient_id=patient.id,
                 step="register")
    _check_birth(tx, identity)
    tx.seal(patient, identity)
    tx.session.add(patient)
    tx.session.flush()
    _index(tx, patient.id, identity)
    return patient


def identity_of(tx: Tx, patient_id: str) -> PatientIdentity:
    """Who a patient is and how to reach them. Raises AccessDenied, NotFound."""
    guard.permit(tx, Action.PATIENT_READ, entity="Patient", entity_id=patient_id, patient_id=patient_id)
    return tx.open(_patient(tx, patient_id), PatientIdentity)


def update_identity(tx: Tx, patient_id: str, identity: PatientIdentity) -> None:
    """Correct an identity; from now on only the new one is found. Raises Invalid, AccessDenied, NotFound."""
    guard.permit(tx, Action.PATIENT_WRITE, entity="Patient", entity_id=patient_id, patient_id=patient_id, step="update")
    _check_birth(tx, identity)
    patient = _patient(tx, patient_id)
    tx.seal(patient, identity)
    tx.session.add(patient)
    tx.session.execute(delete(PatientToken).where(col(PatientToken.patient_id) == patient_id))
    _index(tx, patient_id, identity)


def identities(tx: Tx, patient_ids: Iterable[str]) -> dict[str, PatientIdentity]:
    """Many identities in few queries; the caller was permitted and noted why."""
    ids = sorted(set(patient_ids))
    tx.keyring.preload(tx.session, [f"patient:{patient_id}" for patient_id in ids])
    return {patient_id: tx.open_value(Patient, patient_id, patient_id, sealed, PatientIdentity)
            for patient_id, sealed in tx.run(SEALED, ids=ids)}


def _index(tx: Tx, patient_id: str, identity: PatientIdentity) -> None:
    tx.session.add_all(
        PatientToken(patient_id=patient_id, token=tx.keyring.blind(tx.session, term))
        for term in sorted(index_terms(identity))
    )


def _patient(tx: Tx, patient_id: str) -> Patient:
    patient = tx.session.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    return patient


def _check_birth(tx: Tx, identity: PatientIdentity) -> None:
    if not date(OLDEST_BIRTH_YEAR, 1, 1) <= identity.birth_date <= tx.now.date():
        raise Invalid(fields={"birth_date": "This birth date cannot be right."})
