"""The state machine of a visit: who may move it, and in which order."""

import pytest
from sqlmodel import select

from app import audit, encounters
from app.consent import VISIT
from app.encounters import Encounter, VisitFacts
from app.errors import AccessDenied, Conflict
from app.jobs import Job
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import SYSTEM


def row(tx, table, id_):
    return tx.session.get(table, id_)


def arrived(clinic, n=0):
    clinic.consent(n)
    return clinic.db.write_sync(clinic.patient(n), encounters.arrive, clinic.visits[n])


def admitted(clinic, n=0):
    arrived(clinic, n)
    return clinic.db.write_sync(clinic.doctor, encounters.admit, clinic.visits[n])


def test_a_visit_goes_from_planned_to_finished(clinic, db, clock):
    visit = clinic.visits[0]
    assert arrived(clinic).status == "arrived"
    clock.forward(minutes=2)
    encounter = db.write_sync(clinic.doctor, encounters.admit, visit)
    assert (encounter.status, encounter.started_at) == ("in-progress", clock.at)
    clock.forward(minutes=9)
    encounter = db.write_sync(clinic.doctor, encounters.finish, visit)
    assert (encounter.status, encounter.finished_at, encounter.outcome) == ("finished", clock.at, "completed")
    assert db.read_sync(SYSTEM, row, Appointment, visit).status == "fulfilled"
    jobs = db.read_sync(SYSTEM, lambda tx: [(j.kind, j.payload) for j in tx.session.exec(select(Job)).all()])
    assert [job for job in jobs if job[0] != "queue.moved"] == [("note.draft", f'{{"encounter_id": "{visit}"}}')]
    assert len(jobs) == 3, "begun and ended: whose turn it is next is told"


def test_coming_back_keeps_the_place(clinic, db, clock):
    first = arrived(clinic).arrived_at
    clock.forward(minutes=4)
    again = db.write_sync(clinic.patient(), encounters.arrive, clinic.visits[0])
    assert again.arrived_at == first
    assert again.last_seen_at == clock.at


def test_admitting_and_ending_twice_changes_nothing(clinic, db, clock):
    started = admitted(clinic).started_at
    clock.forward(minutes=1)
    assert db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0]).started_at == started
    ended = db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0]).finished_at
    clock.forward(minutes=1)
    assert db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0]).finished_at == ended


def test_nobody_is_admitted_before_arriving_or_without_consent(clinic, db):
    with pytest.raises(Conflict, match="not arrived"):
        db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    db.write_sync(clinic.patient(), encounters.arrive, clinic.visits[0])
    with pytest.raises(Conflict, match="not agreed"):
        db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    clinic.consent(0, VISIT)
    assert db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0]).status == "in-progress"


def test_a_finished_visit_neither_begins_again_nor_takes_anybody_in(clinic, db):
    admitted(clinic)
    db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0])
    for actor, step in ((clinic.patient(), encounters.arrive), (clinic.doctor, encounters.admit)):
        with pytest.raises(Conflict, match="over"):
            db.write_sync(actor, step, clinic.visits[0])


def test_only_the_doctor_of_the_visit_conducts_it(clinic, db):
    arrived(clinic)
    for actor in (clinic.other_doctor, clinic.patient(), SYSTEM):
        for step in (encounters.admit, encounters.finish):
            with pytest.raises(AccessDenied):
                db.write_sync(actor, step, clinic.visits[0])
    refusals = [e for e in db.read_sync(SYSTEM, audit.search) if e.outcome == "refused"]
    assert len(refusals) == 6
    assert db.read_sync(SYSTEM, row, Encounter, clinic.visits[0]).status == "arrived"


def test_a_patients_link_is_good_for_one_visit(clinic, db):
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[1])


def test_a_visit_that_does_not_exist_is_refused_like_a_foreign_one(clinic, db):
    with pytest.raises(AccessDenied) as unknown:
        db.write_sync(clinic.doctor, encounters.admit, "0" * 32)
    with pytest.raises(AccessDenied) as foreign:
        db.write_sync(clinic.other_doctor, encounters.admit, clinic.visits[0])
    assert unknown.value.message == foreign.value.message


def test_a_cancelled_appointment_takes_nobody_in(clinic, db):
    def cancel(tx):
        tx.session.get(Appointment, clinic.visits[0]).status = "cancelled"

    db.write_sync(SYSTEM, cancel)
    with pytest.raises(Conflict, match="cancelled"):
        db.write_sync(clinic.patient(), encounters.arrive, clinic.visits[0])


def test_facts_are_sealed_and_read_back(clinic, db, clock):
    admitted(clinic)
    facts = VisitFacts(location="12 rue des Lilas, Valence", callback_phone="06 12 34 56 78")
    encounter = db.write_sync(clinic.doctor, encounters.record_facts, clinic.visits[0], facts, identity_seen=True)
    assert b"Lilas" not in encounter.sealed
    visit = db.read_sync(clinic.doctor, encounters.visit, clinic.visits[0])
    assert visit.facts.location == "12 rue des Lilas, Valence"
    assert visit.facts.callback_phone == "+33 6 12 34 56 78"
    assert visit.encounter.identity_seen_at == clock.at
    db.write_sync(clinic.doctor, encounters.record_facts, clinic.visits[0], facts, identity_seen=False)
    assert db.read_sync(clinic.doctor, encounters.visit, clinic.visits[0]).encounter.identity_seen_at is None


@pytest.mark.parametrize("number", ["call me", "12", "++33", "\u202e06"])
def test_a_call_back_number_must_be_one_that_can_be_called(number):
    with pytest.raises(ValueError, match="phone number"):
        VisitFacts(callback_phone=number)


def test_giving_up_telemedicine_before_it_began_is_traced(clinic, db):
    arrived(clinic)
    with pytest.raises(Conflict, match="not begun"):
        db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0])
    encounter = db.write_sync(clinic.doctor, encounters.finish, clinic.visits[0], "in_person")
    assert (encounter.status, encounter.outcome) == ("finished", "in_person")
    assert db.read_sync(SYSTEM, row, Appointment, clinic.visits[0]).status == "cancelled"
    assert db.read_sync(SYSTEM, lambda tx: [job for job in tx.session.exec(select(Job)) if job.kind != "queue.moved"]) == []
    last = db.read_sync(SYSTEM, audit.search)[0]
    assert (last.action, '"ended_as": "in_person"' in last.detail) == ("visit:conduct", True)


def test_a_second_screen_is_told_and_may_take_over(clinic, db):
    admitted(clinic)
    visit = clinic.visits[0]

    def screen(name, take_over=False):
        return db.write_sync(clinic.doctor, encounters.open_screen, visit, name, take_over=take_over)

    assert screen("left")
    assert screen("left"), "a reload is the same screen"
    assert not screen("right")
    assert screen("right", take_over=True)
    assert not screen("left")
    db.write_sync(clinic.doctor, encounters.close_screen, visit, "left")
    assert not screen("left"), "only the screen that conducts can step back"
    db.write_sync(clinic.doctor, encounters.close_screen, visit, "right")
    assert screen("left")
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.other_doctor, encounters.open_screen, visit, "right", take_over=True)


def test_media_starts_once_and_only_in_a_running_visit(clinic, db, clock):
    arrived(clinic)
    assert not db.write_sync(SYSTEM, encounters.media_started, clinic.visits[0])
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    assert db.write_sync(SYSTEM, encounters.media_started, clinic.visits[0])
    began = clock.at
    clock.forward(seconds=30)
    assert not db.write_sync(SYSTEM, encounters.media_started, clinic.visits[0])
    assert db.read_sync(SYSTEM, row, Encounter, clinic.visits[0]).media_started_at == began
