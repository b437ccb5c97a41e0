"""Transcripts: written once however often a worker repeats itself, in the order of speech, with markers."""

import pytest
from sqlmodel import select

from app import encounters
from app.clock import epoch_ms
from app.errors import AccessDenied, Conflict
from app.record import transcripts
from app.record.tables import SpeechStream
from app.record.transcripts import Segment
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_encounters import admitted


@pytest.fixture
def visit(clinic, db):
    """A visit in progress whose media flows since now."""
    admitted(clinic)
    db.write_sync(SYSTEM, encounters.media_started, clinic.visits[0])
    for role in ("patient", "doctor"):
        db.write_sync(SYSTEM, transcripts.start_stream, f"stream-{role}", clinic.visits[0], role)
    return clinic.visits[0]


def segment(clock, visit, role="patient", first=0, at_s=1.0, text="J'ai de la fièvre.", length_s=2.0):
    start = epoch_ms(clock.at) + int(at_s * 1000)
    return Segment(visit_id=visit, role=role, stream_id=f"stream-{role}", first_seq=first, last_seq=first + 99,
                   start_at_ms=start, end_at_ms=start + int(length_s * 1000), text=text, language="fr")


def lines(clinic, visit):
    return clinic.db.read_sync(clinic.doctor, transcripts.read, visit)


def test_speech_is_read_in_the_order_it_was_said(clinic, db, clock, visit):
    for s in (segment(clock, visit, "doctor", 0, 5, "Depuis quand ?"), segment(clock, visit, "patient", 0, 1),
              segment(clock, visit, "patient", 100, 8, "Trois jours.")):
        db.write_sync(SYSTEM, transcripts.append_segment, s)
    read = lines(clinic, visit)
    assert [(line.index, line.role, line.text) for line in read] == [
        (0, "patient", "J'ai de la fièvre."), (1, "doctor", "Depuis quand ?"), (2, "patient", "Trois jours.")]
    assert (read[0].start, read[0].end) == (1.0, 3.0)


def test_a_segment_sent_twice_is_one_line(clinic, db, clock, visit):
    assert db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit)) is not None
    assert db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit)) is None
    assert len(lines(clinic, visit)) == 1
    assert db.read_sync(SYSTEM, lambda tx: tx.session.get(SpeechStream, "stream-patient")).acked_seq == 99


def test_speech_is_sealed_and_only_the_doctor_in_care_reads_it(clinic, db, clock, visit):
    row = db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit))
    assert "fièvre".encode() not in row.sealed
    for actor in (clinic.other_doctor, clinic.patient()):
        with pytest.raises(AccessDenied):
            db.read_sync(actor, transcripts.read, visit)


def test_a_segment_of_another_visit_or_of_none_is_refused(clinic, db, clock, visit):
    for foreign in ({"visit_id": "0" * 32}, {"visit_id": clinic.visits[1]}):
        db.write_sync(clinic.patient(1), encounters.open_for, clinic.visits[1])
        with pytest.raises(AccessDenied):
            db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit).model_copy(update=foreign))


def test_a_segment_may_come_before_the_news_of_its_stream(clinic, db, clock, visit):
    early = segment(clock, visit).model_copy(update={"stream_id": "stream-early"})
    assert db.write_sync(SYSTEM, transcripts.append_segment, early)
    assert db.write_sync(SYSTEM, transcripts.start_stream, "stream-early", visit, "patient").acked_seq == 99


def test_what_was_said_after_consent_ended_is_not_written(clinic, db, clock, visit):
    clock.forward(seconds=10)
    clinic.withdraw()
    clock.forward(seconds=-10)
    assert db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit, at_s=9, length_s=5))
    assert db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit, first=100, at_s=10.5)) is None
    assert len(lines(clinic, visit)) == 1


def test_no_stream_begins_without_consent(clinic, db, clock, visit):
    clinic.withdraw()
    with pytest.raises(Conflict, match="transcription"):
        db.write_sync(SYSTEM, transcripts.start_stream, "stream-late", visit, "patient")
    assert db.write_sync(SYSTEM, transcripts.start_stream, "stream-patient", visit, "patient"), "already running"


def test_a_marker_is_said_once_until_things_change(clinic, db, clock, visit):
    def mark(kind):
        clock.forward(seconds=1)
        return db.write_sync(SYSTEM, transcripts.mark, visit, kind)

    assert mark("transcription_withdrawn")
    assert mark("connection_lost"), "another kind of thing"
    assert mark("transcription_withdrawn") is None
    assert mark("transcription_started")
    assert mark("transcription_withdrawn")
    assert [line.index for line in lines(clinic, visit)] == [-1] * 4


def test_markers_do_not_count_as_speech(clinic, db, clock, visit):
    db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit))
    clock.forward(seconds=4)
    db.write_sync(SYSTEM, transcripts.mark, visit, "transcription_withdrawn")
    db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit, first=100, at_s=2))
    assert [(line.index, line.kind) for line in lines(clinic, visit)] == [
        (0, "speech"), (-1, "transcription_withdrawn"), (1, "speech")]


def test_streams_are_open_until_the_worker_is_done(db, visit):
    open_ids = lambda: {s.id for s in db.read_sync(SYSTEM, transcripts.open_streams, visit)}  # noqa: E731
    assert open_ids() == {"stream-patient", "stream-doctor"}
    db.write_sync(SYSTEM, transcripts.end_stream, "stream-patient", "withdrawn")
    assert open_ids() == {"stream-patient", "stream-doctor"}
    db.write_sync(SYSTEM, transcripts.complete_stream, "stream-patient")
    assert open_ids() == {"stream-doctor"}
    rows = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(SpeechStream)).all())
    assert {(s.id, s.end_reason) for s in rows} == {("stream-patient", "withdrawn"), ("stream-doctor", "")}


def test_the_audio_key_is_made_once_and_gone_once_destroyed(clinic, db, visit):
    key = db.write_sync(SYSTEM, transcripts.audio_key, visit)
    assert len(key) == 32
    assert db.write_sync(SYSTEM, transcripts.audio_key, visit) == key
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor, transcripts.audio_key, visit)
    db.write_sync(SYSTEM, lambda tx: tx.keyring.destroy(tx.session, f"visit:{visit}"))
    assert db.write_sync(SYSTEM, transcripts.audio_key, visit) is None
    assert db.write_sync(SYSTEM, transcripts.audio_key, clinic.visits[2]) is None, "no visit, no key"
