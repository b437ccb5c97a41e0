"""Call-back tasks: when the video fails twice somebody phones, and only who may sees the number."""

import pytest
from sqlmodel import select

from app import callbacks, encounters
from app.actor import Actor, Role
from app.encounters import VisitFacts
from app.errors import AccessDenied, NotFound
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_sockets import in_call

SCHEDULER = Actor(Role.SCHEDULER, "scheduler-1", "Some Scheduler")


@pytest.fixture
def running(clinic, db):
    clinic.consent(0)
    db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[0])
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    return clinic


def test_a_task_is_asked_for_once_shows_the_number_and_is_done_and_undone(running, db) -> None:
    visit = running.visits[0]
    db.write_sync(running.doctor, encounters.record_facts, visit, VisitFacts(callback_phone="06 39 98 01 99"),
                  identity_seen=True)
    assert db.write_sync(SYSTEM, callbacks.ask, visit)
    assert not db.write_sync(SYSTEM, callbacks.ask, visit)
    for actor in (running.doctor, SCHEDULER):
        [task] = db.read_sync(actor, callbacks.listed)
        assert (task.name, task.phone) == ("Claire Lefèvre", "+33 6 39 98 01 99")
    db.write_sync(SCHEDULER, callbacks.end, visit)
    assert db.read_sync(running.doctor, callbacks.listed) == []
    assert db.read_sync(running.doctor, callbacks.listed, done=visit)[0].ended_at
    db.write_sync(running.doctor, callbacks.end, visit, ended=False)
    assert len(db.read_sync(SCHEDULER, callbacks.listed)) == 1


def test_nobody_else_sees_or_ends_it(running, db) -> None:
    db.write_sync(SYSTEM, callbacks.ask, running.visits[0])
    assert db.read_sync(running.other_doctor, callbacks.listed) == []
    with pytest.raises(AccessDenied):
        db.read_sync(running.patient(0), callbacks.listed)
    for actor in (running.other_doctor, running.patient(0)):
        with pytest.raises(AccessDenied):
            db.write_sync(actor, callbacks.end, running.visits[0])
        with pytest.raises(AccessDenied):
            db.write_sync(actor, callbacks.ask, running.visits[0])
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, callbacks.end, "0" * 32)


def test_a_visit_that_does_not_run_needs_no_call(clinic, running, db) -> None:
    assert not db.write_sync(SYSTEM, callbacks.ask, clinic.visits[1])


def tasks(db):
    return db.read_sync(SYSTEM, lambda tx: list(tx.session.exec(select(callbacks.CallBack)).all()))


async def test_the_second_failure_asks_for_a_call_and_both_sides_are_told(house, clinic, db) -> None:
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await house.rooms.participant_changed(visit, "patient", "connected")
    await house.rooms.participant_changed(visit, "patient", "lost", "remote")  # a reload is no failure
    await house.rooms.participant_changed(visit, "patient", "lost", "timeout")
    assert tasks(db) == []
    await house.rooms.participant_changed(visit, "doctor", "lost", "timeout")
    assert [task.id for task in tasks(db)] == [visit]
    for socket in (patient, doctor):
        await socket.hear("callback")
    await house.rooms.participant_changed(visit, "patient", "lost", "timeout")
    await patient.silence("callback")


async def test_joins_that_never_connect_are_failures_and_quick_reloads_are_not(house, clinic, db, monkeypatch) -> None:
    patient, _ = await in_call(house, clinic)
    for _ in range(3):
        await patient.say(type="join")
        await patient.hear("offer")
    assert tasks(db) == []
    monkeypatch.setattr("app.web.seats.FRUITLESS_S", -1.0)
    for _ in range(2):
        await patient.say(type="join")
        await patient.hear("offer")
    assert len(tasks(db)) == 1


async def test_the_page_lists_ends_and_offers_the_way_back(house, clinic, db) -> None:
    await in_call(house, clinic)
    page = await (await house.doctor().get("/call-backs")).text()
    assert "Nobody is to be phoned" in page
    db.write_sync(SYSTEM, callbacks.ask, clinic.visits[0])
    assert "Claire Lefèvre" in await (await house.doctor().get("/call-backs")).text()
    answer = await house.doctor().post(f"/call-backs/{clinic.visits[0]}/completion")
    page = await (await house.doctor().get(answer.headers["Location"])).text()
    assert "Claire Lefèvre was phoned." in page
    await house.doctor().post(f"/call-backs/{clinic.visits[0]}/completion", undo="yes")
    assert "Claire Lefèvre" in await (await house.doctor().get("/call-backs")).text()
    assert (await house.other_doctor().post(f"/call-backs/{clinic.visits[0]}/completion")).status == 403
    assert (await house.doctor().get("/call-backs?done=<b>")).status == 200
