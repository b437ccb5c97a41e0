"""Corrections of the transcript: the doctor says what was meant, or a second hearing understood it better.

What was heard before is kept beside it.
"""

from app import encounters
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.record import commands, compositions, transcripts
from app.record.compositions import PRELIMINARY
from app.record.tables import Speech, TranscriptSegment, Wording
from app.record.transcripts import SPEECH, TEXT_LIMIT, Line, Segment


def correct(tx: Tx, encounter_id: str, segment_id: str, text: str) -> Line:
    """Write down what was meant in one line; saying the same again changes nothing.

    Raises AccessDenied, NotFound, Invalid for no words or too many, Conflict once the note is signed.
    """
    encounter = encounters.find(tx, encounter_id, Action.TRANSCRIPT_CORRECT)
    row = tx.session.get(TranscriptSegment, segment_id, with_for_update=True)
    if row is None or row.encounter_id != encounter_id or row.kind != SPEECH:
        raise NotFound
    note = compositions.row_of(tx, encounter_id)
    if note is not None and note.status != PRELIMINARY:
        raise Conflict("The note is signed: the words it rests on stay as they are.")
    speech = tx.open(row, Speech)
    wanted = _words(text)
    if wanted != speech.text:
        earlier = Wording(text=speech.text, until=tx.now, changed_by=tx.actor.name)
        tx.seal(row, speech.model_copy(update={"text": wanted, "doubts": [], "earlier": [*speech.earlier, earlier]}))
        row.low_confidence = False
        tx.session.add(row)
        commands.hear_again(tx, encounter, row)
    return transcripts.line(tx, encounter, row)


def revise(tx: Tx, segment: Segment) -> Line | None:
    """Write a segment down as the second hearing understood it; None when it no longer counts.

    It does not once somebody corrected the line, or a draft rests on it. Raises AccessDenied.
    """
    encounter = encounters.find(tx, segment.visit_id, Action.TRANSCRIPT_WRITE, step="second-hearing")
    row = transcripts.written(tx, segment.stream_id, segment.first_seq)
    if row is None or row.encounter_id != encounter.id or compositions.row_of(tx, encounter.id) is not None:
        return None
    speech = tx.open(row, Speech)
    if speech.text == segment.text or any(wording.changed_by for wording in speech.earlier):
        return None
    earlier = Wording(text=speech.text, until=tx.now, changed_by="")
    tx.seal(row, speech.model_copy(update={
        "text": segment.text, "doubts": segment.doubts, "earlier": [*speech.earlier, earlier]}))
    row.low_confidence = segment.low_confidence
    tx.session.add(row)
    commands.hear_again(tx, encounter, row)
    return transcripts.line(tx, encounter, row)


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise Invalid("Write what was said.")
    if len(words) > TEXT_LIMIT:
        raise Invalid("These are too many words for one line.")
    return words
