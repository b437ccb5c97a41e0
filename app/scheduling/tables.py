"""Tables of scheduling, and the constraint that makes double booking impossible.

No two active appointments of one practitioner may overlap: PostgreSQL refuses by an exclusion
constraint, SQLite by a trigger inside its one write transaction. Half-open intervals [start, end).
"""

from datetime import date, datetime, time
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy import DDL, event
from sqlmodel import Field, SQLModel

from app.db import Sealed, SealedRow, UTCInstant, new_id

OVERLAP = "appointment_overlap"
ACTIVE = ("pending", "booked", "arrived", "fulfilled")  # statuses that hold the practitioner's time


class Motif(SQLModel, table=True):
    """A reason for a visit that can be booked (FHIR Appointment.serviceType); administrative, not clinical."""

    __tablename__ = "motif"
    id: str = Field(default_factory=new_id, primary_key=True)
    organization_id: str = Field(foreign_key="organization.id")
    label_fr: str
    label_en: str
    duration_min: int
    active: bool = True
    public: bool = False  # patients may book it themselves
    lead_h: int = 2       # by themselves not later than this before the start
    cutoff_h: int = 24    # they move and cancel by themselves until this long before the start


class AvailabilityRule(SQLModel, table=True):
    """Weekly hours of a doctor in the clinic's wall clock; weekday 0 is Monday. motif_id empty: any motif."""

    __tablename__ = "availability_rule"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    weekday: int
    start: time
    end: time
    motif_id: str | None = Field(default=None, foreign_key="motif.id")
    valid_from: date
    valid_until: date | None = None


class AvailabilityException(SQLModel, table=True):
    """One day that differs: closed hours (leave) or extra open hours. start, end empty: the whole day."""

    __tablename__ = "availability_exception"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    on: date
    closed: bool
    start: time | None = None
    end: time | None = None


class BookingNote(BaseModel):
    """The patient's own words for the visit, told at booking: clinical, hence sealed."""

    reason: str = ""


class Appointment(SealedRow, table=True):
    """FHIR Appointment; its id is also the id of the visit (Encounter), its room and its transcript."""

    __tablename__ = "appointment"
    sealed_under: ClassVar[str] = "patient_id"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    motif_id: str = Field(foreign_key="motif.id")
    status: str = "booked"  # pending | booked | arrived | fulfilled | cancelled | noshow
    start_at: datetime = Field(sa_type=UTCInstant, index=True)
    end_at: datetime = Field(sa_type=UTCInstant)
    language: str = "fr"
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # BookingNote
    sequence: int = 0  # iCalendar SEQUENCE: grows with each move
    created_at: datetime = Field(sa_type=UTCInstant)
    cancelled_at: datetime | None = Field(default=None, sa_type=UTCInstant)  # by the clinic: can be taken back
    held_until: datetime | None = Field(default=None, sa_type=UTCInstant)  # while pending: for somebody to confirm


_ACTIVE_SQL = ", ".join(f"'{status}'" for status in ACTIVE)
_SQLITE_TRIGGER = """
CREATE TRIGGER appointment_no_overlap_{verb} BEFORE {when} ON appointment
WHEN NEW.status IN ({active}) AND EXISTS (
  SELECT 1 FROM appointment AS other
  WHERE other.practitioner_id = NEW.practitioner_id AND other.id <> NEW.id AND other.status IN ({active})
    AND other.start_at < NEW.end_at AND NEW.start_at < other.end_at)
BEGIN SELECT RAISE(ABORT, '{name}'); END
"""

CONSTRAINTS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        _SQLITE_TRIGGER.format(verb=verb, when=when, active=_ACTIVE_SQL, name=OVERLAP)
        for verb, when in (("insert", "INSERT"), ("update", "UPDATE OF start_at, end_at, status, practitioner_id"))
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        f"""ALTER TABLE appointment ADD CONSTRAINT {OVERLAP} EXCLUDE USING gist
            (practitioner_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (status IN ({_ACTIVE_SQL}))""",
    ),
}

for _dialect, _statements in CONSTRAINTS.items():
    for _statement in _statements:
        event.listen(
            Appointment.__table__, "after_create",  # type: ignore[attr-defined]
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
