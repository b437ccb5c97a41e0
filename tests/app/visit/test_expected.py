"""What the recogniser is told to expect: the record's words last, sealed to the worker, read with an entry in the trail."""

import base64
import json

import pytest
from sqlmodel import select

from app import audit
from app.access.policy import Action
from app.errors import AccessDenied
from app.record import entries, expected
from app.record.entries import NewEntry
from app.record.expected import COMMON, MOST, named, words
from app.scheduling.tables import Appointment, BookingNote
from tests.app.visit.conftest import PRIVATE, SYSTEM
from tests.app.visit.test_rooms import answer, worker  # noqa: F401  # a fixture
from tests.app.visit.test_sockets import in_call
from transcription.sealing import open_words

RECORD = [("treatment", "Périndopril 5 mg 1/j", "1 le matin"), ("allergy", "Pénicilline", "urticaire"),
          ("problem", "Hypertension artérielle (2012)", "")]


@pytest.fixture
def record(db, clinic):
    for kind, text, detail in RECORD:
        db.write_sync(clinic.doctor, entries.add, clinic.patients[0], NewEntry(kind=kind, text=text, detail=detail))


def test_doses_and_dates_are_no_words_and_a_word_counts_once():
    assert named(["Metformine 1000 mg x2/j", "Gliclazide LP 60 mg", "metformine"]) == ["metformine", "Gliclazide"]
    assert named([]) == []


def test_the_records_words_come_last_and_its_details_not_at_all(db, clinic, record):
    told = db.read_sync(SYSTEM, words, clinic.visits[0])
    assert told[-5:] == ["reason", "Hypertension", "artérielle", "Pénicilline", "Périndopril"]
    assert "Consultation" in told
    assert {word.casefold() for word in COMMON["fr"].split()} <= {word.casefold() for word in told}
    assert "urticaire" not in told


def test_what_the_patient_said_when_booking_counts_and_common_drugs_are_not_said_twice(db, clinic):
    def booked(tx):
        row = tx.session.get(Appointment, clinic.visits[0])
        tx.seal(row, BookingNote(reason="renouvellement Eliquis"))
        tx.session.add(row)

    db.write_sync(SYSTEM, booked)
    told = db.read_sync(SYSTEM, words, clinic.visits[0])
    assert told[-2:] == ["renouvellement", "Eliquis"]
    assert told.count("Eliquis") == 1


def test_a_long_record_does_not_push_everything_else_out(db, clinic):
    for n in range(40):
        db.write_sync(clinic.doctor, entries.add, clinic.patients[0],
                      NewEntry(kind="treatment", text="substance" + chr(97 + n % 26) * (4 + n // 26)))
    told = db.read_sync(SYSTEM, words, clinic.visits[0])
    assert len(told) == len(COMMON["fr"].split()) + MOST


def test_only_the_machine_asks_and_the_trail_says_that_the_record_was_read(db, clinic, record):
    with pytest.raises(AccessDenied):
        db.read_sync(clinic.doctor, words, clinic.visits[0])
    with pytest.raises(AccessDenied):
        db.read_sync(SYSTEM, words, "no-such-visit")
    db.read_sync(SYSTEM, expected.words, clinic.visits[0])
    seen = db.read_sync(SYSTEM, lambda tx: [
        entry.action for entry in tx.session.exec(select(audit.AuditEvent)).all() if entry.patient_id == clinic.patients[0]])
    assert Action.RECORD_READ in seen


async def test_a_worker_gets_the_words_with_the_key_and_nobody_can_read_them_on_the_way(
        house, clinic, worker, db, record):  # noqa: F811
    await in_call(house, clinic)
    await worker.send_json({"type": "key_wanted", "visit_id": clinic.visits[0], "stream_id": "s1"})
    told = await answer(worker)
    assert "Pénicilline" not in json.dumps(told, ensure_ascii=False)
    assert open_words(PRIVATE, base64.b64decode(told["words"]), visit_id=clinic.visits[0])[-1] == "Périndopril"
