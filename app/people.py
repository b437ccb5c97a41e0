"""People and places: Organization, Practitioner (public), Patient (identity sealed, found by blind index)."""

import re
import unicodedata
from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import BaseModel
from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from app.db import Sealed, SealedRow, UTCInstant, new_id

Language = Literal["fr", "en"]


class Organization(SQLModel, table=True):
    """The clinic. `zone` is its IANA time zone: availability is written in its wall clock."""

    __tablename__ = "organization"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    zone: str
    phone: str
    address: str
    language: str


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


class PatientIdentity(BaseModel):
    """Who a patient is and how to reach them; lives only sealed or in memory."""

    family: str
    given: str
    birth_date: date
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    email: str = ""
    phone: str = ""
    language: Language = "fr"

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"

    def age(self, on: date) -> int:
        """Full years on a day."""
        had_birthday = (on.month, on.day) >= (self.birth_date.month, self.birth_date.day)
        return on.year - self.birth_date.year - (0 if had_birthday else 1)


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


def normalise(text: str) -> str:
    """Lower case, without accents and punctuation: "Lefèvre-Noël" -> "lefevre noel"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", kept))
