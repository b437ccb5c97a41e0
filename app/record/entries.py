"""The lines of a record: allergies, treatments, problems, measurements and follow-ups.

FHIR AllergyIntolerance, MedicationStatement, Condition, Observation and CarePlan.activity. A line is never deleted:
it ends.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints
from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import NotFound
from app.people import normalise
from app.record.tables import Entry, RecordEntry

Kind = Literal["allergy", "treatment", "problem", "vital", "follow-up"]
TEXT_CHARS, DETAIL_CHARS = 200, 400


class NewEntry(BaseModel):
    """A line to add: what it is, its text, and a reaction, dosage or date beside it."""

    kind: Kind
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARS)]
    detail: Annotated[str, StringConstraints(max_length=DETAIL_CHARS)] = ""
    code: Annotated[str, StringConstraints(max_length=20)] = ""  # ATC, of a drug


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line as it is read."""

    id: str
    kind: str
    text: str
    detail: str
    recorded_at: datetime
    ended_at: datetime | None
    encounter_id: str | None

    @property
    def label(self) -> str:
        """Text and detail in one line."""
        return f"{self.text} ({self.detail})" if self.detail else self.text


@dataclass(frozen=True, slots=True)
class Record:
    """What a doctor reads beside the visit; `ended` holds the lines that no longer apply."""

    allergies: list[RecordLine]
    treatments: list[RecordLine]
    problems: list[RecordLine]
    ended: list[RecordLine]
    vitals: list[RecordLine] = field(default_factory=list)
    follow_ups: list[RecordLine] = field(default_factory=list)


def read(tx: Tx, patient_id: str) -> Record:
    """The lines of a patient's record; the newest measurement first. Raises AccessDenied."""
    guard.permit(tx, Action.RECORD_READ, entity="Patient", entity_id=patient_id, patient_id=patient_id)
    lines = _lines(tx, patient_id)
    active = [line for line in lines if line.ended_at is None]
    return Record(
        allergies=[line for line in active if line.kind == "allergy"],
        treatments=[line for line in active if line.kind == "treatment"],
        problems=[line for line in active if line.kind == "problem"],
        ended=[line for line in lines if line.ended_at is not None],
        vitals=[line for line in active if line.kind == "vital"][::-1],
        follow_ups=[line for line in active if line.kind == "follow-up"],
    )


def add(tx: Tx, patient_id: str, entry: NewEntry, encounter_id: str | None = None) -> str:
    """Add a line and return its id; one that already stands with the same words is not doubled."""
    guard.permit(tx, Action.RECORD_WRITE, entity="RecordEntry", entity_id=patient_id, patient_id=patient_id,
                 kind=entry.kind)
    stands = standing(tx, patient_id, entry)
    if stands:
        return stands
    row = RecordEntry(patient_id=patient_id, kind=entry.kind, recorded_at=tx.now, encounter_id=encounter_id)
    tx.seal(row, Entry(text=entry.text, detail=entry.detail, code=entry.code))
    tx.session.add(row)
    return row.id


def end(tx: Tx, entry_id: str) -> str:
    """The line no longer applies; returns the patient's id. Ending twice changes nothing."""
    row = _row(tx, entry_id, "end")
    row.ended_at = row.ended_at or tx.now
    tx.session.add(row)
    return row.patient_id


def resume(tx: Tx, entry_id: str) -> str:
    """Undo `end`; returns the patient's id."""
    row = _row(tx, entry_id, "resume")
    row.ended_at = None
    tx.session.add(row)
    return row.patient_id


def _row(tx: Tx, entry_id: str, verb: str) -> RecordEntry:
    row = tx.session.get(RecordEntry, entry_id)
    guard.permit(tx, Action.RECORD_WRITE, entity="RecordEntry", entity_id=entry_id,
                 patient_id=row.patient_id if row else None, verb=verb)
    if row is None:
        raise NotFound
    return row


def standing(tx: Tx, patient_id: str, entry: NewEntry) -> str | None:
    """The id of the line that says the same already; for who was permitted to the record."""
    wanted = (entry.kind, normalise(entry.text), normalise(entry.detail))
    same = (line.id for line in _lines(tx, patient_id) if line.ended_at is None
            and (line.kind, normalise(line.text), normalise(line.detail)) == wanted)
    return next(same, None)


def _lines(tx: Tx, patient_id: str) -> list[RecordLine]:
    query = select(RecordEntry).where(RecordEntry.patient_id == patient_id).order_by(col(RecordEntry.recorded_at))
    return [_line(tx, row) for row in tx.session.exec(query).all()]


def _line(tx: Tx, row: RecordEntry) -> RecordLine:
    entry = tx.open(row, Entry)
    return RecordLine(row.id, row.kind, entry.text, entry.detail, row.recorded_at, row.ended_at, row.encounter_id)
