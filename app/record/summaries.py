"""The summary a patient reads: drafted in plain words, edited and released by the doctor."""

from dataclasses import dataclass
from datetime import datetime

from app import encounters, jobs
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Practitioner
from app.record import compositions
from app.record.tables import Composition, PatientSummary, SummaryContent

PARAGRAPH_CHARS, PARAGRAPHS = 2000, 40


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary as the doctor edits it or the patient reads it."""

    encounter_id: str
    language: str
    practitioner: Practitioner
    paragraphs: list[str]
    visit_at: datetime
    released_at: datetime | None
    signed: bool

    @property
    def text(self) -> str:
        """The paragraphs with an empty line between, as a text field shows them."""
        return "\n\n".join(self.paragraphs)


def draft_for(tx: Tx, encounter_id: str, paragraphs: list[str]) -> None:
    """Store a machine's summary, unless the doctor edited or released one."""
    encounters.find(tx, encounter_id, Action.COMPOSITION_WRITE, quiet=True)
    row = _row(tx, encounter_id)
    if row.released_at is None and not (row.sealed and tx.open(row, SummaryContent).edited):
        _save(tx, row, SummaryContent(paragraphs=paragraphs))


def read(tx: Tx, encounter_id: str) -> Summary:
    """The summary as its doctor edits it. Raises AccessDenied, NotFound while there is no note."""
    encounters.find(tx, encounter_id, Action.SUMMARY_READ)
    return _summary(tx, _row(tx, encounter_id))


def edit(tx: Tx, encounter_id: str, text: str) -> None:
    """Keep the doctor's words; once released, only `release` changes what the patient reads."""
    row = _writable(tx, encounter_id, "edit")
    if row.released_at is not None:
        raise Conflict("This summary was released. Release it again to change it.")
    _save(tx, row, SummaryContent(paragraphs=split(text), edited=True))


def release(tx: Tx, encounter_id: str, text: str) -> None:
    """Give the patient the summary and have a link to it sent. Raises Conflict before the signature, Invalid."""
    row = _writable(tx, encounter_id, "release")
    if not _summary(tx, row).signed:
        raise Conflict("Sign the note before you release its summary.")
    paragraphs = split(text)
    if not paragraphs:
        raise Invalid(fields={"text": "Please fill in this field."})
    row.released_at = tx.now
    _save(tx, row, SummaryContent(paragraphs=paragraphs, edited=True))
    jobs.enqueue(tx, "message.summary", appointment_id=encounter_id)


def released(tx: Tx) -> Summary:
    """The summary of the acting patient's own visit. Raises AccessDenied, NotFound until it is released."""
    encounter_id = tx.actor.appointment_id or ""
    encounters.find(tx, encounter_id, Action.SUMMARY_READ)
    row = _row(tx, encounter_id)
    if row.released_at is None:
        raise NotFound("The doctor has not released the summary yet. You will get a message.")
    return _summary(tx, row)


def is_released(tx: Tx) -> bool:
    """Whether the acting patient can read the summary of their own visit. Raises AccessDenied."""
    encounter_id = tx.actor.appointment_id or ""
    encounters.find(tx, encounter_id, Action.SUMMARY_READ, quiet=True)
    note = compositions.row_of(tx, encounter_id)
    row = tx.session.get(PatientSummary, note.id) if note else None
    return row is not None and row.released_at is not None


def split(text: str) -> list[str]:
    """Paragraphs of a text field: separated by empty lines. Raises Invalid when it is too long."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    paragraphs = [block.strip() for block in blocks if block.strip()]
    if len(paragraphs) > PARAGRAPHS or any(len(p) > PARAGRAPH_CHARS for p in paragraphs):
        raise Invalid(fields={"text": "This is too long."})
    return paragraphs


def _writable(tx: Tx, encounter_id: str, step: str) -> PatientSummary:
    encounters.find(tx, encounter_id, Action.SUMMARY_RELEASE, step=step)
    return _row(tx, encounter_id)


def _row(tx: Tx, encounter_id: str) -> PatientSummary:
    note = _composition(tx, encounter_id)
    return tx.session.get(PatientSummary, note.id) or PatientSummary(
        id=note.id, patient_id=note.patient_id, encounter_id=encounter_id, language=note.language)


def _composition(tx: Tx, encounter_id: str) -> Composition:
    note = compositions.row_of(tx, encounter_id)
    if note is None:
        raise NotFound("The doctor has not released the summary yet. You will get a message.")
    return note


def _save(tx: Tx, row: PatientSummary, content: SummaryContent) -> None:
    tx.seal(row, content)
    tx.session.add(row)


def _summary(tx: Tx, row: PatientSummary) -> Summary:
    note = _composition(tx, row.encounter_id)
    practitioner = tx.session.get(Practitioner, note.practitioner_id)
    if practitioner is None:
        raise NotFound
    content = tx.open(row, SummaryContent) if row.sealed else SummaryContent()
    return Summary(row.encounter_id, row.language, practitioner, content.paragraphs, note.created_at,
                   row.released_at, signed=note.status != compositions.PRELIMINARY)
