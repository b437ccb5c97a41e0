"""Consent: grants by purpose, versioned, timestamped, withdrawable (FHIR Consent)."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.db import UTCInstant, new_id

VISIT, TRANSCRIPTION = "visit", "transcription"
VERSION = "2026-11"  # of the wording shown; a change of the words is a new version


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
