"""Messages to patients: e-mails and SMS, without a clinical word; kept sealed until delivered."""

from datetime import datetime

from pydantic import BaseModel
from sqlmodel import Field

from app.db import Sealed, SealedRow, UTCInstant, new_id


class MessageContent(BaseModel):
    """What is sent; `ics` is an iCalendar attachment."""

    to: str
    subject: str = ""
    text: str
    html: str = ""
    ics: str = ""


class Message(SealedRow, table=True):
    """A message and its delivery state; `sealed` is MessageContent under the patient's key."""

    __tablename__ = "message"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    appointment_id: str | None = Field(default=None, foreign_key="appointment.id", index=True)
    kind: str  # invitation | moved | cancelled | code | summary
    channel: str  # email | sms
    state: str = "queued"  # queued | sent | failed
    created_at: datetime = Field(sa_type=UTCInstant)
    sent_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    error: str = ""
    sealed: bytes = Field(default=b"", sa_type=Sealed)
