"""Tables of scheduling. What makes double booking impossible is in `occupancy`. Half-open intervals [start, end)."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.db import Sealed, SealedRow, UTCInstant, new_id

OVERLAP = "appointment_overlap"
ACTIVE = ("pending", "booked", "arrived", "fulfilled")  # statuses that hold the time of all that a visit needs


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
    before_min: int = 0   # kept free before and after, for doctor, interpreter and room
    after_min: int = 0
    mode: str = "video"   # video | phone | onsite
    documents_fr: str = ""  # what to have at hand, in a sentence; shown behind the link, never written in a message
    documents_en: str = ""
    reminders_h: str | None = None  # hours before the start, with commas between; None: as usual in the clinic


class Resource(SQLModel, table=True):
    """What a visit may need besides its doctor: an interpreter (FHIR PractitionerRole) or a room (FHIR Location)."""

    __tablename__ = "resource"
    id: str = Field(default_factory=new_id, primary_key=True)
    organization_id: str = Field(foreign_key="organization.id")
    kind: str  # interpreter | room
    name: str
    languages: str = ""  # an interpreter's, codes of ISO 639 with commas between
    active: bool = True


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
    usual: bool = False  # the weekly hours hold though it is a public holiday; the other columns say nothing


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
    before_min: int = 0  # as the motif was when it was booked
    after_min: int = 0
    on_site: bool = False  # at the clinic, as the motif was when it was booked
    series_id: str | None = Field(default=None, index=True)  # the first appointment's, of those booked together

    @property
    def before(self) -> timedelta:
        """Kept free before it starts."""
        return timedelta(minutes=self.before_min)

    @property
    def after(self) -> timedelta:
        """Kept free after its end."""
        return timedelta(minutes=self.after_min)


class DeskHold(SQLModel, table=True):
    """A time that a scheduler holds while they type (FHIR Slot.status busy-tentative); names no patient.

    What it takes of doctor, interpreter and room, buffers included, is in `occupancy` under its id.
    """

    __tablename__ = "desk_hold"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    start_at: datetime = Field(sa_type=UTCInstant)
    end_at: datetime = Field(sa_type=UTCInstant)
    held_by: str = Field(index=True)  # an account's id, and the name that it had
    holder_name: str
    began_at: datetime = Field(sa_type=UTCInstant)
    held_until: datetime = Field(sa_type=UTCInstant)
