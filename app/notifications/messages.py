"""Messages to patients: e-mails and SMS, without a clinical word; kept sealed until delivered."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlmodel import Field, col, select

from app import jobs
from app.access import guard
from app.access.policy import Action
from app.db import Sealed, SealedRow, Tx, UTCInstant, new_id
from app.scheduling.tables import Appointment


class MessageContent(BaseModel):
    """What is sent; `ics` is an iCalendar attachment of the method `ics_method`.

    `carries` names the messages that go with this one: what becomes of it becomes of them.
    """

    to: str
    subject: str = ""
    text: str
    html: str = ""
    ics: str = ""
    ics_method: str = ""
    carries: list[str] = []


class Message(SealedRow, table=True):
    """A message and its delivery state; `sealed` is MessageContent under the patient's key.

    Links and codes inside are secrets: `sealed` is emptied once sent, but for the demo's mailbox.
    """

    __tablename__ = "message"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    appointment_id: str | None = Field(default=None, foreign_key="appointment.id", index=True)
    kind: str  # invitation | moved | cancelled | reminder | delayed | offer | ready | by-phone | code | summary
    channel: str  # email | sms
    state: str = "queued"  # queued | sent | failed
    attempts: int = 0
    created_at: datetime = Field(sa_type=UTCInstant)
    sent_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    error: str = ""
    sealed: bytes = Field(default=b"", sa_type=Sealed)


def post(tx: Tx, *, kind: str, channel: str, patient_id: str, appointment_id: str, content: MessageContent,
         also_about: Sequence[str] = ()) -> Message:
    """Seal a message and have it delivered once this commits; `also_about`: further appointments that it tells of."""
    message, *carried = (
        Message(patient_id=patient_id, appointment_id=each, kind=kind, channel=channel, created_at=tx.now)
        for each in (appointment_id, *also_about))
    tx.session.add_all(carried)
    tx.seal(message, content.model_copy(update={"carries": [each.id for each in carried]}))
    tx.session.add(message)
    tx.session.flush()
    jobs.enqueue(tx, "message.deliver", message_id=message.id)
    return message


def of_appointment(tx: Tx, appointment_id: str) -> list[Message]:
    """The messages about an appointment, newest first, codes left out: who books sees what did not arrive.

    Raises AccessDenied.
    """
    appointment = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=appointment_id,
                 patient_id=appointment.patient_id if appointment else None, quiet=True)
    query = select(Message).where(Message.appointment_id == appointment_id, Message.kind != "code")
    return list(tx.session.exec(query.order_by(col(Message.created_at).desc())).all())
