"""How much doctors change of what was drafted for them: a figure for each signed note, without a word of it."""

from dataclasses import dataclass
from datetime import datetime

from rapidfuzz.distance import Levenshtein
from sqlmodel import Field, SQLModel, col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx, UTCInstant
from app.record.tables import Composition, NoteContent

LOOKED_AT = 30  # notes


class NoteRevision(SQLModel, table=True):
    """A signed note beside its first draft: sentences by origin, words, and the words' edit distance."""

    __tablename__ = "note_revision"
    id: str = Field(primary_key=True, foreign_key="composition.id")
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    signed_at: datetime = Field(sa_type=UTCInstant)
    drafted: int  # sentences that stand as they were drafted
    edited: int
    typed: int
    removed: int
    words: int  # of the longer of the two texts
    distance: int  # words to add, remove or replace (Levenshtein)


@dataclass(frozen=True, slots=True)
class Revisions:
    """What became of the sentences of the latest notes."""

    notes: int
    drafted: int
    edited: int
    typed: int
    removed: int
    words: int
    distance: int

    @property
    def kept_percent(self) -> int:
        """Of the drafted sentences, how many were signed as they stood."""
        return round(100 * self.drafted / max(1, self.drafted + self.edited + self.removed))

    @property
    def changed_percent(self) -> int:
        """The edit distance as a share of the words."""
        return round(100 * self.distance / max(1, self.words))


def measure(tx: Tx, note: Composition, signed: NoteContent, first: NoteContent) -> None:
    """Keep the figures of a note that is being signed; for who was permitted to sign it."""
    before = {s.id for section in first.sections for s in section.sentences if s.origin == "drafted"}
    now = [s for section in signed.sections for s in section.sentences]
    origins = [s.origin for s in now]
    old, new = _words(first), _words(signed)
    tx.session.add(NoteRevision(
        id=note.id, practitioner_id=note.practitioner_id, signed_at=tx.now,
        drafted=origins.count("drafted"), edited=origins.count("edited"), typed=origins.count("typed"),
        removed=len(before - {s.id for s in now}), words=max(len(old), len(new)),
        distance=Levenshtein.distance(old, new)))


def own(tx: Tx) -> Revisions:
    """The acting doctor's latest notes. Raises AccessDenied."""
    guard.permit(tx, Action.TEMPLATE_OWN, entity="Composition", entity_id="", quiet=True)
    query = select(NoteRevision).where(NoteRevision.practitioner_id == tx.actor.practitioner_id)
    rows = tx.session.exec(query.order_by(col(NoteRevision.signed_at).desc()).limit(LOOKED_AT)).all()
    return Revisions(
        len(rows), sum(r.drafted for r in rows), sum(r.edited for r in rows), sum(r.typed for r in rows),
        sum(r.removed for r in rows), sum(r.words for r in rows), sum(r.distance for r in rows))


def _words(content: NoteContent) -> list[str]:
    return [word for section in content.sections for s in section.sentences for word in s.text.split()]
