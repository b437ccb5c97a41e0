"""Words planted as patient data are found in no file of the data directory, no log line, no audit entry."""

import base64
import logging
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import SQLModel
from structlog.testing import capture_logs

from app import encounters, people
from app.db import Database, Tx
from app.encounters import VisitFacts
from app.people import PatientIdentity
from app.record import accesses, compositions, editing, entries, summaries
from app.record.accesses import TrailQuery
from app.record.entries import NewEntry
from app.record.tables import Evidence, NoteContent, Omission, Proposal, RecordConflict, Section, Sentence
from app.scheduling.tables import Appointment, BookingNote
from tests.app.record.conftest import JOB, NOON, House, house, say
from transcription.protocol import StreamHeader
from transcription.sealing import FrameSealer
from transcription.spool import SpoolWriter

assert house  # a fixture

CANARIES = [f"Kanarienvogel{number:02d}" for number in range(1, 25)]
(FAMILY, GIVEN, EMAIL, REASON, ALLERGY, DETAIL, SAID, SENTENCE, TITLE, EDITED, OMITTED, CONFLICT, SAID_DOSE, RECORDED,
 PROPOSED, ADDED, SUMMARY, RELEASED, ADDENDUM, PLACE, DOCUMENT, SEARCHED, SOUND, FLAG) = CANARIES


def note() -> NoteContent:
    proof = Evidence(segment=0, segment_id="x", start=0, end=1)
    return NoteContent(
        title=TITLE, sections=[Section(code="10154-3", title=TITLE, sentences=[
            Sentence(id="s1", text=SENTENCE, evidence=[proof], flag=FLAG)])],
        omissions=[Omission(id="o1", text=OMITTED)],
        conflicts=[RecordConflict(id="c1", text=CONFLICT, said=SAID_DOSE, recorded=RECORDED)],
        proposals=[Proposal(id="p1", kind="problem", text=PROPOSED)])


def identity() -> PatientIdentity:
    return PatientIdentity(family=FAMILY, given=GIVEN, birth_date=NOON.date().replace(year=1961), sex="female",
                           email=f"{EMAIL}@example.org", phone="+33698765432")


def plant(house: House, spool: Path) -> None:
    """Everything a visit writes, with a planted word in every field that a person fills."""
    db, visit, patient = house.db, house.visit_id, house.patient_id
    db.write_sync(JOB, people.update_identity, patient, identity())
    db.write_sync(JOB, write_reason, visit)
    db.write_sync(house.doctor, encounters.record_facts, visit, VisitFacts(
        location=PLACE, callback_phone="+33 6 98 76 54 32", identity_document=DOCUMENT), identity_seen=True)
    db.write_sync(house.doctor, entries.add, patient, NewEntry(kind="allergy", text=ALLERGY, detail=DETAIL))
    say(house, SAID, 5.0, 0)
    db.write_sync(JOB, compositions.draft_for, visit, note())
    db.write_sync(JOB, summaries.draft_for, visit, [SUMMARY])
    edit = partial(db.write_sync, house.doctor, compositions.edit, visit)
    edit(1, partial(editing.rewrite, sentence_id="s1", text=EDITED))
    edit(2, partial(editing.append, code="51848-0", text=ADDED))
    edit(3, partial(editing.settle, conflict_id="c1", keep="said"))
    db.write_sync(house.doctor, compositions.accept, visit, 4, "p1")
    sound(house, spool)
    db.write_sync(house.doctor, compositions.sign, visit, 5)
    db.write_sync(house.doctor, compositions.amend, visit, ADDENDUM)
    db.write_sync(house.doctor, summaries.release, visit, RELEASED)


def write_reason(tx: Tx, visit: str) -> None:
    row = tx.session.get(Appointment, visit)
    assert row is not None
    tx.seal(row, BookingNote(reason=REASON))
    tx.session.add(row)


def sound(house: House, spool: Path) -> None:
    key = house.db.write_sync(JOB, lambda tx: tx.keyring.key(tx.session, f"visit:{house.visit_id}"))
    header = StreamHeader(visit_id=house.visit_id, stream_id=house.stream_id, participant_id="p-1", role="patient",
                          language="fr", started_at_ms=1)
    writer = SpoolWriter(spool, header, FrameSealer(key, header))
    writer.append(1, SOUND.encode() * 4)
    writer.close("closed")


def refuse(house: House) -> None:
    """Refusals and failures are where words slip into logs and trails."""
    for actor in (house.stranger, house.scheduler, house.administrator):
        with pytest.raises(Exception, match="may not"):
            house.db.write_sync(actor, entries.add, house.patient_id, NewEntry(kind="allergy", text=SEARCHED))
    house.db.read_sync(house.administrator, accesses.search, TrailQuery(who=SEARCHED))


def forms(word: str) -> list[bytes]:
    """A word as it might lie on a disk."""
    out = []
    for text in (word, word.lower(), word.upper()):
        out += [text.encode(), text.encode("utf-16-le"), text.encode().hex().encode(),
                base64.b64encode(text.encode())]
    return out


def found_in(data: bytes) -> list[str]:
    return [word for word in [*CANARIES, "33698765432"] if any(form in data for form in forms(word))]


def test_the_search_finds_what_it_should() -> None:
    assert found_in(b"...kanarienvogel03...") == [EMAIL]
    assert found_in(base64.b64encode(b"Kanarienvogel05")) == [ALLERGY]


def test_planted_words_are_in_no_file_no_log_and_no_entry(
        house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as events:
        plant(house, tmp_path / "spool")
        refuse(house)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"audit.anchor", f"{house.stream_id}.sealed"} <= names
    if house.db.is_sqlite:
        assert {"colloque.db", "colloque.db-wal"} <= names
    for path in files:
        assert found_in(path.read_bytes()) == [], path.name
        assert found_in(str(path).encode()) == []
    assert found_in((repr(events) + caplog.text + "".join(capfd.readouterr())).encode()) == []


def test_planted_words_are_in_no_plain_column(house: House, tmp_path: Path) -> None:
    plant(house, tmp_path / "spool")
    refuse(house)
    for kind, rows in house.db.read_sync(JOB, everything, house.db).items():
        assert found_in(rows) == [], kind


def everything(tx: Tx, db: Database) -> dict[str, bytes]:
    """Every row of every table, as text; works on any database."""
    tables = SQLModel.metadata.sorted_tables
    return {table.name: repr(tx.session.execute(table.select()).all()).encode() for table in tables}


def test_the_words_come_back_for_those_who_may_read(house: House, tmp_path: Path) -> None:
    plant(house, tmp_path / "spool")
    read = house.db.read_sync(house.doctor, compositions.read, house.visit_id)
    assert [s.text for section in read.content.sections for s in section.sentences] == [EDITED, ADDED]
    assert house.db.read_sync(house.doctor, entries.read, house.patient_id).allergies[0].detail == DETAIL
    assert house.db.read_sync(house.doctor, people.identity_of, house.patient_id).family == FAMILY
