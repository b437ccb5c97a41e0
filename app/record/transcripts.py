"""Transcripts: final captions as the worker recognised them, and markers of what happened around them.

A stream is one run of the tap for one participant. Writing a segment is idempotent on (stream,
first sequence number), so a worker that repeats itself after a crash adds nothing twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel
from pydantic import Field as Part
from sqlmodel import col, select

from app import audit, consent
from app.access import guard
from app.access.policy import Action
from app.clock import from_epoch_ms
from app.consent import Consent
from app.crypto.keyring import KeyDestroyed
from app.db import Tx, new_id
from app.encounters import Encounter, facts_of
from app.errors import AccessDenied, Conflict
from app.notes.language.misheard import Meant, meant
from app.record.tables import Speech, SpeechStream, TranscriptSegment

SPEECH = "speech"
Marker = Literal["transcription_started", "transcription_withdrawn", "transcription_unavailable",
                 "connection_lost", "connection_back", "connection_weak"]
INCIDENTS = ("transcription_unavailable", "connection_lost", "connection_back", "connection_weak")
TEXT_LIMIT = 4000
CLOCK_SLACK = timedelta(seconds=1)  # media node and web read the same clock at different moments


class Segment(BaseModel):
    """A final caption from a transcription worker; times are milliseconds since 1970."""

    visit_id: str
    stream_id: str
    role: str
    first_seq: int
    last_seq: int
    start_at_ms: int
    end_at_ms: int
    text: str = Part(max_length=TEXT_LIMIT)
    language: str
    low_confidence: bool = False
    doubts: list[tuple[int, int]] = []


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript. `start` and `end` are seconds since the start of the media.

    `index` counts speech from 0, as evidence refers to it; a marker has -1, its `kind` and no text. `doubts` are the
    places in `text` of words that were heard badly. `heard` is what was recognised, once somebody corrected it.
    `language` is that of the words where it is not the visit's; `shared`: two people spoke at this microphone.
    `meant` are drugs that words of `text` may have been: to ask about, until somebody corrected the line.
    """

    index: int
    id: str
    stream_id: str
    role: str
    kind: str
    text: str
    start: float
    end: float
    start_at: datetime
    end_at: datetime
    low_confidence: bool
    doubts: tuple[tuple[int, int], ...] = ()
    heard: str = ""
    language: str = ""
    shared: bool = False
    meant: tuple[Meant, ...] = ()


def start_stream(tx: Tx, stream_id: str, encounter_id: str, role: str) -> SpeechStream:
    """A tap began for a participant; saying so twice changes nothing. Raises Conflict without consent."""
    _encounter(tx, encounter_id, Action.TRANSCRIPT_WRITE)
    stream = tx.session.get(SpeechStream, stream_id)
    if stream is not None:
        return stream
    if not consent.permits(tx, encounter_id, consent.TRANSCRIPTION):
        raise Conflict("The patient does not agree to transcription.")
    return _new_stream(tx, stream_id, encounter_id, role, tx.now)


def end_stream(tx: Tx, stream_id: str, reason: str) -> None:
    """The tap of a stream ended: closed, withdrawn or lost."""
    stream = tx.session.get(SpeechStream, stream_id)
    if stream is None or stream.ended_at is not None:
        return
    _encounter(tx, stream.encounter_id, Action.TRANSCRIPT_WRITE)
    stream.ended_at, stream.end_reason = tx.now, reason
    tx.session.add(stream)


def complete_stream(tx: Tx, stream_id: str) -> None:
    """The worker has written down all of a stream."""
    stream = tx.session.get(SpeechStream, stream_id)
    if stream is None or stream.complete:
        return
    _encounter(tx, stream.encounter_id, Action.TRANSCRIPT_WRITE)
    stream.ended_at = stream.ended_at or tx.now
    stream.complete = True
    tx.session.add(stream)


def open_streams(tx: Tx, encounter_id: str) -> list[SpeechStream]:
    """Streams of a visit that the worker has not written down completely."""
    _encounter(tx, encounter_id, Action.TRANSCRIPT_READ, quiet=True)
    query = select(SpeechStream).where(SpeechStream.encounter_id == encounter_id, col(SpeechStream.complete).is_(False))
    return list(tx.session.exec(query).all())


def append_segment(tx: Tx, segment: Segment) -> TranscriptSegment | None:
    """Write a final caption down; None when its words are there already or were said while no consent stood.

    Raises AccessDenied when the visit is unknown or the stream belongs to another one.
    """
    encounter = _encounter(tx, segment.visit_id, Action.TRANSCRIPT_WRITE)
    start_at = from_epoch_ms(segment.start_at_ms)
    stream = tx.session.get(SpeechStream, segment.stream_id, with_for_update=True)
    if stream is not None and stream.encounter_id != encounter.id:
        raise AccessDenied
    if not _consented(tx, encounter.id, start_at):
        return None
    # The worker may be quicker than the news of the tap's start, or the news died with an earlier web process.
    stream = stream or _new_stream(tx, segment.stream_id, encounter.id, segment.role, start_at)
    # Segments of a stream come in order and never overlap: this one is there, or another worker has told its words.
    if segment.first_seq <= stream.acked_seq:
        return None
    stream.acked_seq = segment.last_seq
    tx.session.add(stream)
    row = TranscriptSegment(
        patient_id=encounter.patient_id, encounter_id=encounter.id, role=stream.role, kind=SPEECH,
        stream_id=segment.stream_id, first_seq=segment.first_seq, last_seq=segment.last_seq,
        start_at=start_at, end_at=from_epoch_ms(segment.end_at_ms),
        language=encounter.language, low_confidence=segment.low_confidence,
    )
    other = segment.language if segment.language != encounter.language else ""
    shared = stream.role in facts_of(tx, encounter).shared
    tx.seal(row, Speech(text=segment.text, doubts=segment.doubts, language=other, shared=shared))
    tx.session.add(row)
    return row


def mark(tx: Tx, encounter_id: str, kind: Marker, role: str = "") -> TranscriptSegment | None:
    """Say in the transcript what happened; None when the last marker of its kind of thing says so already."""
    encounter = _encounter(tx, encounter_id, Action.TRANSCRIPT_WRITE)
    latest = tx.session.exec(
        select(TranscriptSegment.kind)
        .where(TranscriptSegment.encounter_id == encounter_id, TranscriptSegment.role == role)
        .where(col(TranscriptSegment.kind).startswith(kind.partition("_")[0], autoescape=True))
        .order_by(col(TranscriptSegment.start_at).desc()).limit(1)
    ).first()
    if latest == kind and kind != "connection_weak":  # which tells of another time each time
        return None
    row = TranscriptSegment(
        patient_id=encounter.patient_id, encounter_id=encounter.id, role=role, kind=kind,
        stream_id=f"marker:{new_id()}", first_seq=0, last_seq=0, start_at=tx.now, end_at=tx.now,
        language=encounter.language,
    )
    tx.seal(row, Speech(text=""))
    tx.session.add(row)
    return row


def read(tx: Tx, encounter_id: str) -> list[Line]:
    """The transcript in the order of speech. Raises AccessDenied."""
    encounter = _encounter(tx, encounter_id, Action.TRANSCRIPT_READ)
    rows = tx.session.exec(
        select(TranscriptSegment).where(TranscriptSegment.encounter_id == encounter_id)
        .order_by(col(TranscriptSegment.start_at), col(TranscriptSegment.end_at), col(TranscriptSegment.id))
    ).all()
    lines, spoken = [], 0
    for row in rows:
        lines.append(line(tx, encounter, row, spoken if row.kind == SPEECH else -1))
        spoken += row.kind == SPEECH
    return lines


def line(tx: Tx, encounter: Encounter, row: TranscriptSegment, index: int = -1) -> Line:
    """One row as a line of its encounter's transcript."""
    origin = encounter.media_started_at or encounter.started_at or row.start_at
    speech = tx.open(row, Speech)
    heard = next((wording.text for wording in speech.earlier if wording.changed_by), "")
    ask = row.kind == SPEECH and not (heard or speech.language)
    lang: Literal["fr", "en"] = "en" if encounter.language == "en" else "fr"
    return Line(index, row.id, row.stream_id, row.role, row.kind, speech.text,
                _seconds(row.start_at - origin), _seconds(row.end_at - origin),
                row.start_at, row.end_at, row.low_confidence, tuple(speech.doubts), heard, speech.language,
                speech.shared,
                tuple(meant(speech.text, lang, speech.doubts, doubtful=row.low_confidence)) if ask else ())


def audio_key(tx: Tx, encounter_id: str) -> bytes | None:
    """The visit's 32-byte audio key, made on first use; None once it was destroyed. System only."""
    guard.permit(tx, Action.TRANSCRIPT_WRITE, entity="Encounter", entity_id=encounter_id, quiet=True)
    if tx.session.get(Encounter, encounter_id) is None:
        return None
    try:
        return tx.keyring.key(tx.session, f"visit:{encounter_id}")
    except KeyDestroyed:
        return None


def stored_of(tx: Tx, stream_id: str) -> int:
    """Up to which frame a stream's segments are stored for good; -1 for none. System only."""
    stream = tx.session.get(SpeechStream, stream_id)
    if stream is None:
        return -1
    guard.permit(tx, Action.TRANSCRIPT_WRITE, entity="Encounter", entity_id=stream.encounter_id, quiet=True)
    return stream.acked_seq


def _new_stream(tx: Tx, stream_id: str, encounter_id: str, role: str, started_at: datetime) -> SpeechStream:
    stream = SpeechStream(id=stream_id, encounter_id=encounter_id, role=role, started_at=started_at)
    tx.session.add(stream)
    return stream


def written(tx: Tx, stream_id: str, first_seq: int) -> TranscriptSegment | None:
    """The row of a segment, for who may write the transcript."""
    query = select(TranscriptSegment).where(
        TranscriptSegment.stream_id == stream_id, TranscriptSegment.first_seq == first_seq)
    return tx.session.exec(query).first()


def _consented(tx: Tx, encounter_id: str, at: datetime) -> bool:
    query = select(Consent).where(Consent.encounter_id == encounter_id, Consent.purpose == consent.TRANSCRIPTION)
    return any(grant.granted_at - CLOCK_SLACK <= at and (grant.withdrawn_at is None or at < grant.withdrawn_at)
               for grant in tx.session.exec(query).all())


def may_show_patient(tx: Tx, encounter: Encounter) -> bool:
    """Whether the patient's own screen may show captions: while the consent to transcription stands."""
    return bool(consent.permits(tx, encounter.id, consent.TRANSCRIPTION))


def note_refused_frame(tx: Tx, encounter_id: str, stream_id: str, sequence: int, reason: str) -> None:
    """A sealed frame did not open: for the trail."""
    encounter = tx.session.get(Encounter, encounter_id)
    audit.record(tx, Action.TRANSCRIPT_WRITE, outcome="refused", entity="SpeechStream", entity_id=stream_id,
                 patient_id=encounter.patient_id if encounter else None, sequence=str(sequence), reason=reason)


def _seconds(span: timedelta) -> float:
    return max(0.0, round(span.total_seconds(), 2))


def _encounter(tx: Tx, encounter_id: str, action: Action, *, quiet: bool = False) -> Encounter:
    encounter = tx.session.get(Encounter, encounter_id)
    guard.permit(tx, action, entity="Encounter", entity_id=encounter_id, quiet=quiet,
                 patient_id=encounter.patient_id if encounter else None)
    if encounter is None:
        audit.record(tx, action, outcome="refused", entity="Encounter", entity_id=encounter_id)
        raise AccessDenied
    return encounter
