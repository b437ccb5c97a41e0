"""What happens by itself after a visit: the draft, again while words still come, the shredding and the expiry."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app import jobs
from app.crypto.keyring import DataKey
from app.db import Tx, new_id
from app.encounters import Encounter
from app.errors import NotFound
from app.record import compositions, drafts, editing, entries, summaries, transcripts
from app.record import jobs as record_jobs
from app.record.compositions import Note
from app.record.entries import NewEntry
from app.record.tables import SpeechStream
from app.settings import Settings
from tests.app.record.conftest import JOB, NOON, House, say
from tests.app.record.test_compositions import signed
from tests.conftest import FakeClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the rows are tested on both

GOLDEN = Path(__file__).parents[2] / "golden" / "consultations.jsonl"


class Desk:
    """The jobs of the record, done by hand one at a time."""

    def __init__(self, house: House, tmp_path: Path) -> None:
        self.house, self.shredded = house, []
        settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
        self.runner = jobs.Runner(house.db, record_jobs.handlers(house.db, settings, self.shred))

    async def shred(self, visit_id: str) -> None:
        self.shredded.append(visit_id)

    async def end_visit(self) -> None:
        await self.house.db.write(JOB, jobs.enqueue, "note.draft", encounter_id=self.house.visit_id)

    def waiting(self) -> list[tuple[str, Mapping[str, str]]]:
        def read(tx: Tx) -> list[tuple[str, Mapping[str, str]]]:
            return [(job.kind, json.loads(job.payload)) for job in tx.session.exec(select(jobs.Job)).all()]

        return self.house.db.read_sync(JOB, read)

    def note(self) -> Note:
        return self.house.db.read_sync(self.house.doctor, compositions.read, self.house.visit_id)


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    return Desk(house, tmp_path)


def complete(house: House, stream_id: str = "") -> None:
    house.db.write_sync(JOB, transcripts.complete_stream, stream_id or house.stream_id)


def consultation(house: House, dialogue: list[dict[str, Any]], until: int | None = None, since: int = 0) -> str:
    """A whole consultation as the worker writes it down; returns the doctor's stream."""
    stream = new_id()
    house.db.write_sync(JOB, open_stream, house.visit_id, stream)
    for number, turn in enumerate(dialogue[since:until], since):
        say(house, turn["text"], turn["start"], number * 10, "" if turn["speaker"] == "patient" else stream,
            turn["speaker"])
    return stream


def open_stream(tx: Tx, visit_id: str, stream: str) -> None:
    tx.session.add(SpeechStream(id=stream, encounter_id=visit_id, role="doctor", started_at=NOON - timedelta(minutes=10)))


def told(name: str = "fr-d01") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    return next(line["dialogue"] for line in lines if line["id"] == name)


def text_of(note: Note) -> str:
    return " ".join(s.text for section in note.content.sections for s in section.sentences)


async def test_a_consultation_becomes_a_draft_whose_sentences_have_their_lines(desk: Desk, house: House) -> None:
    house.db.write_sync(house.doctor, entries.add, house.patient_id, NewEntry(kind="allergy", text="Pénicilline"))
    stream = consultation(house, told())
    complete(house)
    complete(house, stream)
    await desk.end_visit()
    assert await desk.runner.step()
    assert not await desk.runner.step()
    note = desk.note()
    assert (note.status, note.version, note.language) == ("preliminary", 1, "fr")
    assert "38,9" in text_of(note)
    assert note.content.conflicts
    lines = {line.id for line in house.db.read_sync(house.doctor, transcripts.read, house.visit_id)}
    for section in note.content.sections:
        for sentence in section.sentences:
            assert sentence.evidence, sentence.text
            assert {proof.segment_id for proof in sentence.evidence} <= lines
    assert house.db.read_sync(house.doctor, summaries.read, house.visit_id).paragraphs


async def test_a_dose_that_differs_concerns_only_the_sentence_of_its_drug(desk: Desk, house: House) -> None:
    for text in ("Périndopril 5 mg le matin", "Atorvastatine 10 mg le soir"):
        house.db.write_sync(house.doctor, entries.add, house.patient_id, NewEntry(kind="treatment", text=text))
    said = "Je prends périndopril dix milligrammes le matin et atorvastatine dix milligrammes le soir, je tousse depuis lundi."
    stream = consultation(house, [{"speaker": "doctor", "text": "Quels sont vos traitements ?", "start": 1.0},
                                  {"speaker": "patient", "text": said, "start": 4.0}])
    complete(house)
    complete(house, stream)
    await desk.end_visit()
    await desk.runner.step()
    content = desk.note().content
    (conflict,) = content.conflicts
    assert (conflict.said, conflict.recorded) == ("10 mg", "5 mg")
    texts = {s.id: s.text for section in content.sections for s in section.sentences}
    assert conflict.sentence_ids
    assert all("érindopril" in texts[about] for about in conflict.sentence_ids)


async def test_words_in_another_language_are_shown_beside_the_draft_and_not_used(desk: Desk, house: House) -> None:
    said = "Tomo amoxicilina 500 mg desde segunda-feira."
    stream = consultation(house, [{"speaker": "doctor", "text": "Vous avez de la fièvre ?", "start": 1.0},
                                  {"speaker": "patient", "text": "Oui, trente-neuf depuis hier.", "start": 4.0}])
    say(house, said, 8.0, 90, language="pt")
    complete(house)
    complete(house, stream)
    await desk.end_visit()
    await desk.runner.step()
    lines = house.db.read_sync(house.doctor, transcripts.read, house.visit_id)
    assert [(line.text, line.language) for line in lines][-1] == (said, "pt")
    note = desk.note()
    assert "39" in text_of(note)
    assert "amoxi" not in text_of(note).lower()
    (unread,) = [omission for omission in note.content.omissions if omission.kind == "language"]
    assert "portugais" in unread.text
    assert [proof.segment_id for proof in unread.evidence] == [lines[-1].id]


async def test_the_draft_waits_for_the_last_words_but_not_for_ever(desk: Desk, house: House, clock: FakeClock) -> None:
    consultation(house, told(), until=20)
    await desk.end_visit()
    assert await desk.runner.step()
    with pytest.raises(NotFound):
        desk.note()
    assert house.db.read_sync(house.doctor, drafts.progress, house.visit_id).state == "listening"
    clock.forward(seconds=record_jobs.PATIENCE_S + 1)
    assert await desk.runner.step()
    assert desk.note().version == 1
    assert [kind for kind, _ in desk.waiting()] == ["note.draft"]  # it looks again


async def test_late_words_make_a_new_draft_until_the_doctor_edits(desk: Desk, house: House, clock: FakeClock) -> None:
    dialogue = told()
    stream = consultation(house, dialogue, until=20)
    await desk.end_visit()
    clock.forward(seconds=record_jobs.PATIENCE_S + 1)
    await desk.runner.step()
    first = text_of(desk.note())
    clock.forward(minutes=1)
    await desk.runner.step()
    assert desk.note().version == 1  # nothing new was said
    for number, turn in enumerate(dialogue[20:], 20):
        say(house, turn["text"], turn["start"], number * 10, "" if turn["speaker"] == "patient" else stream,
            turn["speaker"])
    clock.forward(minutes=1)
    await desk.runner.step()
    assert desk.note().version == 2
    assert len(text_of(desk.note())) > len(first)
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 2,
                        lambda content: editing.append(content, "51848-0", "Angine."))
    say(house, "J'ai aussi de la fièvre à 40.", 500.0, 9000)
    clock.forward(minutes=5)
    await desk.runner.step()
    assert desk.note().version == 3
    assert desk.waiting() == []


async def test_nothing_clinical_gives_no_draft_and_a_reason_in_the_visits_language(desk: Desk, house: House) -> None:
    say(house, "Bonjour docteur, vous m'entendez ?", 1.0, 0)
    complete(house)
    await desk.end_visit()
    await desk.runner.step()
    note = desk.note()
    assert note.content.sections == []
    assert note.content.reason
    assert note.blockers == ["The note is empty."]


async def test_a_visit_that_nobody_transcribed_says_so(desk: Desk, house: House) -> None:
    def forget(tx: Tx) -> None:
        tx.session.delete(tx.session.get_one(SpeechStream, house.stream_id))

    house.db.write_sync(JOB, forget)
    await desk.end_visit()
    await desk.runner.step()
    assert "pas été transcrit" in desk.note().content.reason


async def test_an_english_visit_gets_an_english_note(desk: Desk, house: House) -> None:
    def english(tx: Tx) -> None:
        encounter = tx.session.get_one(Encounter, house.visit_id)
        encounter.language = "en"
        tx.session.add(encounter)

    house.db.write_sync(JOB, english)
    say(house, "I have had a cough and a fever of 38.5 for three days.", 1.0, 0, language="en")
    say(house, "I take amlodipine five milligrams in the morning.", 5.0, 10, language="en")
    complete(house)
    await desk.end_visit()
    await desk.runner.step()
    note = desk.note()
    assert note.language == note.content.language == "en"
    assert "mlodipine" in text_of(note)
    assert note.content.title == "Teleconsultation note"


async def test_a_draft_interrupted_by_a_crash_is_made_after_the_lease(desk: Desk, house: House, clock: FakeClock) -> None:
    stream = consultation(house, told(), until=30)
    complete(house)
    complete(house, stream)
    await desk.end_visit()
    assert await house.db.write(JOB, jobs.claim)  # and here the process was killed
    assert not await desk.runner.step()
    clock.forward(seconds=jobs.LEASE_S + 1)
    assert await desk.runner.step()
    assert desk.note().version == 1


async def test_signing_has_the_speech_shredded(desk: Desk, house: House) -> None:
    signed(house)
    while await desk.runner.step():
        pass
    assert desk.shredded == [house.visit_id]


def wrapped_key(house: House) -> bytes:
    return house.db.read_sync(JOB, lambda tx: tx.session.get_one(DataKey, f"visit:{house.visit_id}").wrapped)


def holding(house: House, wrapped: bytes) -> list[str]:
    database = Path(house.db.engine.url.database)
    return [path.name for path in database.parent.glob(f"{database.name}*") if wrapped in path.read_bytes()]


async def test_a_destroyed_key_is_in_no_file_of_the_database(desk: Desk, house: House) -> None:
    wrapped = wrapped_key(house)
    signed(house)
    assert holding(house, wrapped) == ["colloque.db-wal"], "destroyed in its row, not yet in the log"
    while await desk.runner.step():
        pass
    assert holding(house, wrapped) == []
    assert wrapped_key(house) == b""


async def test_a_reader_delays_the_scrubbing_and_it_is_tried_again(
        desk: Desk, house: House, clock: FakeClock) -> None:
    wrapped = wrapped_key(house)
    signed(house)
    with house.db.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM data_key").fetchone()
        house.db.write_sync(JOB, record_jobs.schedule)
        await desk.runner.step()
        assert ("audio.shred", {"encounter_id": house.visit_id}) in desk.waiting()
    clock.forward(minutes=5)
    while await desk.runner.step():
        pass
    assert holding(house, wrapped) == []
    assert "audio.shred" not in [kind for kind, _ in desk.waiting()]


async def test_old_speech_expires_each_hour(desk: Desk, house: House, clock: FakeClock) -> None:
    house.db.write_sync(JOB, record_jobs.schedule)
    house.db.write_sync(JOB, record_jobs.schedule)  # a restart within the hour doubles nothing
    assert [kind for kind, _ in desk.waiting()] == ["audio.expire"]
    await desk.runner.step()
    assert desk.shredded == []
    clock.forward(days=8)
    while await desk.runner.step():
        pass
    assert desk.shredded == [house.visit_id]
    assert [kind for kind, _ in desk.waiting()] == ["audio.expire"]


async def test_a_dose_that_the_recogniser_doubted_is_offered_and_not_in_the_note(desk: Desk, house: House) -> None:
    stream = new_id()
    house.db.write_sync(JOB, open_stream, house.visit_id, stream)
    say(house, "J'ai mal à la gorge depuis trois jours.", 5, 0)
    say(house, "Je vous prescris du paracétamol, un gramme trois fois par jour.", 9, 0, stream, "doctor", unsure=True)
    for each in (house.stream_id, stream):
        complete(house, each)
    await desk.end_visit()
    assert await desk.runner.step()
    note = desk.note()
    assert "aracétamol" not in text_of(note)
    assert [o.kind for o in note.content.omissions] == ["medication"]
    assert "mal entendu" in note.content.omissions[0].text
