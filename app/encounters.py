"""Encounters: planned -> arrived -> in-progress -> finished (FHIR Encounter.status).

An Encounter has the id of its Appointment: one visit, one id, one room.
"""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlmodel import Field

from app.db import Sealed, SealedRow, UTCInstant


class VisitFacts(BaseModel):
    """What French rules ask of the record of a teleconsultation (HAS 2019): sealed with the encounter."""

    location: str = ""
    callback_phone: str = ""
    identity_document: str = ""


class Encounter(SealedRow, table=True):
    """A visit as it happens. `sealed` is VisitFacts under the patient's key."""

    __tablename__ = "encounter"
    sealed_under: ClassVar[str] = "patient_id"
    id: str = Field(primary_key=True, foreign_key="appointment.id")
    patient_id: str = Field(foreign_key="patient.id", index=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    language: str
    status: str = "planned"
    arrived_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    last_seen_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    started_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    media_started_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    finished_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    identity_seen_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    device_test: str = ""  # "" | ok | weak | failed
    opened_by: str | None = None  # session of the doctor's screen that conducts the visit
    sealed: bytes = Field(default=b"", sa_type=Sealed)
