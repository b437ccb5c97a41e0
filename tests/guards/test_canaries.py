"""Words planted as patient data are found in no file of the data directory, no log line, no audit entry."""

import asyncio
import base64
import email
import logging
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from pydantic import BaseModel
from sqlmodel import SQLModel, select
from structlog.testing import capture_logs

from app import encounters, jobs, people
from app.crypto.envelope import Tampered
from app.db import Database, SealedRow, Tx, new_id
from app.encounters import VisitFacts
from app.notifications import delivery
from app.people import PatientIdentity
from app.record import accesses, compositions, editing, entries, summaries
from app.record.accesses import TrailQuery
from app.record.entries import NewEntry
from app.record.tables import Evidence, NoteContent, Omission, Proposal, RecordConflict, Section, Sentence
from app.scheduling.tables import Appointment, BookingNote
from app.settings import Settings
from tests.app.record.conftest import JOB, NOON, House, house, say
from tests.app.record.test_pages import browse
from transcription.protocol import StreamHeader
from transcription.sealing import FrameSealer
from transcription.spool import SpoolWriter

assert house  # fixtures
assert browse

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


def back_up(db: Database, folder: Path) -> None:
    """What an operator keeps elsewhere: SQLite's online copy and a dump as text, or what pg_dump writes (COPY)."""
    if db.is_sqlite:
        with (closing(sqlite3.connect(db.engine.url.database)) as source,
              closing(sqlite3.connect(folder / "backup.db")) as copy):
            source.backup(copy)
            (folder / "backup.sql").write_text("\n".join(source.iterdump()))
        return
    with db.engine.connect() as connection, (folder / "backup.sql").open("wb") as file:
        cursor = connection.connection.cursor()
        for table in SQLModel.metadata.sorted_tables:
            with cursor.copy(f'COPY "{table.name}" TO STDOUT') as rows:
                file.writelines(rows)


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
    back_up(house.db, tmp_path)
    folders = [tmp_path, Path(house.db.engine.url.database).parent] if house.db.is_sqlite else [tmp_path]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"audit.anchor", f"{house.stream_id}.sealed", "backup.sql"} <= names
    if house.db.is_sqlite:
        assert {"colloque.db", "colloque.db-wal", "backup.db"} <= names
    for path in files:
        assert found_in(path.read_bytes()) == [], path.name
        assert found_in(str(path).encode()) == []
    assert found_in((repr(events) + caplog.text + "".join(capfd.readouterr())).encode()) == []


def test_planted_words_are_in_no_plain_column(house: House, tmp_path: Path) -> None:
    plant(house, tmp_path / "spool")
    refuse(house)
    for kind, rows in house.db.read_sync(JOB, everything, house.db).items():
        assert found_in(rows) == [], kind


async def test_planted_words_are_in_no_log_of_the_pages_and_in_no_message(
        browse, house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str]) -> None:
    letters: list[bytes] = []
    with caplog.at_level(logging.DEBUG), capture_logs() as events:
        await asyncio.to_thread(plant, house, tmp_path / "spool")
        await read_pages(browse, house)
        await deliver(house, letters)
    assert events
    assert letters
    # The receiving server's log is not ours; aiohttp's access log is off in production (app.__main__).
    ours = [r.getMessage() for r in caplog.records if r.name not in ("mail.log", "aiohttp.access")]
    assert found_in((repr(events) + repr(ours) + "".join(capfd.readouterr())).encode()) == []
    for letter in map(email.message_from_bytes, letters):
        for part in letter.walk():
            headers = [value for name, value in part.items() if name != "To"]
            assert found_in(repr(headers).encode()) == []
            body = part.get_payload(decode=True) or b""
            # The calendar entry names whom it invites, by the address it is sent to.
            assert found_in(body) == ([EMAIL] if part.get_content_type() == "text/calendar" else [])
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert found_in(path.read_bytes()) == [], path.name


async def read_pages(browse, house: House) -> None:
    """The doctor reads, searches and mistypes; the patient reads; a stranger is refused."""
    doctor, visit = browse("doctor"), f"/visits/{house.visit_id}"
    seen = await (await doctor.get(f"{visit}/note")).text()
    assert EDITED in seen
    await doctor.post("/records", q=FAMILY)
    for path in (f"/records/{house.patient_id}", f"{visit}/summary", f"/records/{SEARCHED}",
                 f"{visit}/note/document", f"{visit}/audio?stream={SEARCHED}&from_ms=1&to_ms=2", f"/nowhere/{SEARCHED}"):
        await doctor.get(path)
    await doctor.post(f"{visit}/note/sentences/s1", version="1", text=SEARCHED)
    await doctor.post(f"{visit}/summary/release", text=SEARCHED * 200)
    await browse("stranger").post(f"/records/{house.patient_id}/entries", kind="allergy", text=SEARCHED)
    assert RELEASED in await (await browse("patient").get("/visit/summary")).text()


class Letterbox:
    """Keeps what a real SMTP server receives."""

    def __init__(self, letters: list[bytes]) -> None:
        self.letters = letters

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  aiosmtpd's name
        self.letters.append(envelope.content)
        return "250 OK"


async def deliver(house: House, letters: list[bytes]) -> None:
    """Run the jobs that write and send messages, through a real SMTP server."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Letterbox(letters), enable_SMTPUTF8=True), "127.0.0.1", 0)
    settings = Settings(smtp_host="127.0.0.1", smtp_port=server.sockets[0].getsockname()[1], smtp_tls="none",
                        _env_file=None)  # type: ignore[call-arg]
    house.db.write_sync(JOB, jobs.enqueue, "message.invitation", appointment_id=house.visit_id)
    others = {"audio.shred": forget}
    runner = jobs.Runner(house.db, delivery.handlers(house.db, settings) | others)
    while await runner.step():
        pass
    server.close()


async def forget(_payload: object) -> None:
    """The spool is left alone here."""


def everything(tx: Tx, db: Database) -> dict[str, bytes]:
    """Every row of every table, as text; works on any database."""
    tables = SQLModel.metadata.sorted_tables
    return {table.name: repr(tx.session.execute(table.select()).all()).encode() for table in tables}


def test_no_sealed_document_opens_in_the_place_of_another(house: House, tmp_path: Path) -> None:
    """Rows swapped behind our back: each sealed document belongs to its table, its row and its patient's key."""
    plant(house, tmp_path / "spool")
    opened = house.db.read_sync(JOB, open_elsewhere)
    assert opened == {"patient", "appointment", "encounter", "record_entry", "transcript_segment", "composition",
                      "composition_version", "addendum", "patient_summary"}


class Anything(BaseModel, extra="allow"):
    """Whatever a sealed document holds."""


def open_elsewhere(tx: Tx) -> set[str]:
    seen = set()
    for kind in SealedRow.__subclasses__():
        for row in tx.session.exec(select(kind)).all():
            if not row.sealed:
                continue
            seen.add(kind.__tablename__)
            tx.session.expunge(row)
            tx.open(row, Anything)
            row.id = new_id()
            with pytest.raises(Tampered):
                tx.open(row, Anything)
    return seen


def test_the_words_come_back_for_those_who_may_read(house: House, tmp_path: Path) -> None:
    plant(house, tmp_path / "spool")
    read = house.db.read_sync(house.doctor, compositions.read, house.visit_id)
    assert [s.text for section in read.content.sections for s in section.sentences] == [EDITED, ADDED]
    assert house.db.read_sync(house.doctor, entries.read, house.patient_id).allergies[0].detail == DETAIL
    assert house.db.read_sync(house.doctor, people.identity_of, house.patient_id).family == FAMILY
