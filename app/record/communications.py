"""What is written and sent in a visit: messages, photos and documents. They belong to the patient's record.

FHIR Communication and DocumentReference. The sender's browser chooses the id: what is sent a second time after a
broken connection is the same message.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from app import encounters, guests
from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Tx
from app.encounters import Encounter
from app.errors import AccessDenied, Conflict, Invalid
from app.record.tables import Attachment, Communication, Content, DocumentContent, DocumentReference, Words

TEXT_CHARS, NAME_CHARS = 4000, 120
MESSAGES_OF_A_VISIT, DOCUMENTS_OF_A_VISIT = 1000, 50
_ID = re.compile(r"[0-9a-f]{32}")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Document:
    """A photo or document as lists show it."""

    id: str
    encounter_id: str
    role: str
    name: str
    media_type: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is read; with a document it has no text."""

    id: str
    encounter_id: str
    role: str
    author_id: str
    author: str
    text: str
    sent_at: datetime
    document: Document | None = None


def send(tx: Tx, encounter_id: str, message_id: str, text: str) -> Message:
    """Write to the others of a visit in progress; the same id again is the same message.

    Raises AccessDenied, Conflict when the visit does not run, Invalid.
    """
    encounter = _open_visit(tx, encounter_id, "text")
    text = text.strip()
    if not text or len(text) > TEXT_CHARS:
        raise Invalid("This message is too long." if text else "Please write something first.")
    row = _mine(tx, encounter, message_id)
    if row is None:
        _refuse_full(tx, encounter_id, Communication, MESSAGES_OF_A_VISIT)
        row = _write(tx, encounter, message_id, text)
    return _message(tx, row, None)


def attach(tx: Tx, encounter_id: str, document_id: str, name: str, media_type: str, data: bytes) -> Message:
    """File a photo or document (`data` as photos.clean returned it) to the record and show it to the others.

    Raises AccessDenied, Conflict when the visit does not run, Invalid.
    """
    encounter = _open_visit(tx, encounter_id, "document")
    row = _mine(tx, encounter, document_id)
    if row is not None:
        return _message(tx, row, tx.session.get(DocumentReference, document_id))
    _refuse_full(tx, encounter_id, DocumentReference, DOCUMENTS_OF_A_VISIT)
    row = _write(tx, encounter, document_id, "")
    document = DocumentReference(
        id=document_id, patient_id=encounter.patient_id, encounter_id=encounter_id, role=row.role, created_at=tx.now,
        media_type=media_type, size_bytes=len(data))
    tx.seal(document, Attachment(name=_NOT_IN_NAMES.sub(" ", name).strip()[-NAME_CHARS:]))
    content = DocumentContent(id=document_id, patient_id=encounter.patient_id)
    tx.seal(content, Content(data=data))
    for each in (document, content):
        tx.session.add(each)
        tx.session.flush()
    return _message(tx, row, document)


def may_send(tx: Tx, encounter_id: str) -> None:
    """Whether something sent now would be taken, before much is read. Raises AccessDenied, Conflict."""
    _refuse_closed(encounters.find(tx, encounter_id, Action.COMMUNICATION_SEND, quiet=True))
    if tx.actor.role is Role.GUEST:
        guests.admitted(tx)


def read(tx: Tx, encounter_id: str) -> list[Message]:
    """What was written and sent in a visit, the oldest first. Raises AccessDenied."""
    encounters.find(tx, encounter_id, Action.COMMUNICATION_READ)
    since = guests.admitted(tx).admitted_at if tx.actor.role is Role.GUEST else None
    return [message for message in _messages(tx, Communication.encounter_id == encounter_id)
            if since is None or message.sent_at >= since]


def past(tx: Tx, patient_id: str) -> list[Message]:
    """What was written and sent in all visits of a patient, the newest first. Raises AccessDenied."""
    guard.permit(tx, Action.COMMUNICATION_READ, entity="Patient", entity_id=patient_id, patient_id=patient_id)
    return _messages(tx, Communication.patient_id == patient_id)[::-1]


def content(tx: Tx, document_id: str) -> tuple[Document, bytes]:
    """A document and its bytes. Raises AccessDenied, the same for one that is not there."""
    row, held = tx.session.get(DocumentReference, document_id), tx.session.get(DocumentContent, document_id)
    encounters.find(tx, row.encounter_id if row else "", Action.DOCUMENT_READ, document=document_id if row else "?")
    if row is None or held is None or not _came_before(tx, row.created_at):
        raise AccessDenied
    return _document(tx, row), tx.open(held, Content).data


def _open_visit(tx: Tx, encounter_id: str, sent: str) -> Encounter:
    encounter = encounters.find(tx, encounter_id, Action.COMMUNICATION_SEND, sent=sent)
    _refuse_closed(encounter)
    return encounter


def _came_before(tx: Tx, sent_at: datetime) -> bool:
    if tx.actor.role is not Role.GUEST:
        return True
    came_at = guests.admitted(tx).admitted_at
    return came_at is not None and came_at <= sent_at


def _refuse_closed(encounter: Encounter) -> None:
    if encounter.status == "finished":
        raise Conflict("This visit is over: nothing more can be sent in it. Please call the clinic.")
    if encounter.status != "in-progress":
        raise Conflict("This visit has not begun.")


def _mine(tx: Tx, encounter: Encounter, message_id: str) -> Communication | None:
    if not _ID.fullmatch(message_id):
        raise Invalid("This is not valid.")
    row = tx.session.get(Communication, message_id)
    if row is not None and (row.encounter_id, row.author_id) != (encounter.id, tx.actor.id):
        raise Conflict("This is not valid.")
    return row


def _refuse_full(tx: Tx, encounter_id: str, kind: type[Communication | DocumentReference], most: int) -> None:
    query = select(func.count()).select_from(kind).where(col(kind.encounter_id) == encounter_id)
    if tx.session.exec(query).one() >= most:
        raise Conflict("Nothing more can be sent in this visit: it holds too much already.")


def _write(tx: Tx, encounter: Encounter, message_id: str, text: str) -> Communication:
    guest = guests.admitted(tx) if tx.actor.role is Role.GUEST else None
    row = Communication(id=message_id, patient_id=encounter.patient_id, encounter_id=encounter.id,
                        role=guest.relation if guest else tx.actor.role.value, author_id=tx.actor.id, sent_at=tx.now)
    tx.seal(row, Words(author=guest.name if guest else tx.actor.name, text=text))
    tx.session.add(row)
    tx.session.flush()
    return row


def _messages(tx: Tx, wanted: bool) -> list[Message]:
    query = select(Communication, DocumentReference).join(
        DocumentReference, col(DocumentReference.id) == Communication.id, isouter=True)
    rows = tx.session.exec(query.where(wanted).order_by(col(Communication.sent_at), col(Communication.id))).all()
    return [_message(tx, row, document) for row, document in rows]


def _message(tx: Tx, row: Communication, document: DocumentReference | None) -> Message:
    words = tx.open(row, Words)
    return Message(row.id, row.encounter_id, row.role, row.author_id, words.author, words.text, row.sent_at,
                   None if document is None else _document(tx, document))


def _document(tx: Tx, row: DocumentReference) -> Document:
    return Document(row.id, row.encounter_id, row.role, tx.open(row, Attachment).name, row.media_type,
                    row.size_bytes, row.created_at)
