"""Tasks: who is to be called, what did not arrive, whose device fails; only who may sees the number."""

import pytest
from sqlmodel import select

from app import encounters, journey, tasks
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
    assert db.write_sync(SYSTEM, tasks.ask_call_back, visit)
    assert not db.write_sync(SYSTEM, tasks.ask_call_back, visit)
    for actor in (running.doctor, SCHEDULER):
        [task] = db.read_sync(actor, tasks.listed)
        assert (task.name, task.phone) == ("Claire Lefèvre", "+33 6 39 98 01 99")
        assert task.due_at == db.read_sync(SYSTEM, lambda tx: tx.now) + tasks.CALL_WITHIN
    db.write_sync(SCHEDULER, tasks.end, task.id)
    assert db.read_sync(running.doctor, tasks.listed) == []
    assert db.read_sync(running.doctor, tasks.listed, done=task.id)[0].ended_at
    db.write_sync(running.doctor, tasks.end, task.id, ended=False)
    assert len(db.read_sync(SCHEDULER, tasks.listed)) == 1


def test_nobody_else_sees_or_ends_it(running, db) -> None:
    db.write_sync(SYSTEM, tasks.ask_call_back, running.visits[0])
    assert db.read_sync(running.other_doctor, tasks.listed) == []
    with pytest.raises(AccessDenied):
        db.read_sync(running.patient(0), tasks.listed)
    (task,) = rows(db)
    for actor in (running.other_doctor, running.patient(0)):
        for change in (tasks.end, tasks.take):
            with pytest.raises(AccessDenied):
                db.write_sync(actor, change, task.id)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, tasks.ask_call_back, running.visits[0])
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, tasks.end, "0" * 32)


def test_a_visit_that_does_not_run_needs_no_call(clinic, running, db) -> None:
    assert not db.write_sync(SYSTEM, tasks.ask_call_back, clinic.visits[1])


def rows(db):
    return db.read_sync(SYSTEM, lambda tx: list(tx.session.exec(select(tasks.Task)).all()))


async def test_the_second_failure_asks_for_a_call_and_both_sides_are_told(house, clinic, db) -> None:
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await house.rooms.participant_changed(visit, "patient", "connected")
    await house.rooms.participant_changed(visit, "patient", "lost", "remote")  # a reload is no failure
    await house.rooms.participant_changed(visit, "patient", "lost", "timeout")
    assert rows(db) == []
    await house.rooms.participant_changed(visit, "doctor", "lost", "timeout")
    assert [task.appointment_id for task in rows(db)] == [visit]
    for socket in (patient, doctor):
        await socket.hear("callback")
    await house.rooms.participant_changed(visit, "patient", "lost", "timeout")
    await patient.silence("callback")


async def test_joins_that_never_connect_are_failures_and_quick_reloads_are_not(house, clinic, db, monkeypatch) -> None:
    patient, _ = await in_call(house, clinic)
    for _ in range(3):
        await patient.say(type="join")
        await patient.hear("offer")
    assert rows(db) == []
    monkeypatch.setattr("app.web.seats.FRUITLESS_S", -1.0)
    for _ in range(2):
        await patient.say(type="join")
        await patient.hear("offer")
    assert len(rows(db)) == 1


async def test_the_page_lists_takes_ends_and_offers_the_way_back(house, clinic, db) -> None:
    await in_call(house, clinic)
    doctor = house.doctor()
    assert "Nothing to do" in await (await doctor.get("/tasks")).text()
    db.write_sync(SYSTEM, tasks.ask_call_back, clinic.visits[0])
    (task,) = rows(db)
    page = await (await doctor.get("/tasks")).text()
    assert "Claire Lefèvre" in page
    assert "nobody yet" in page
    await doctor.post(f"/tasks/{task.id}/owner")
    assert "nobody yet" not in await (await doctor.get("/tasks")).text()
    await doctor.post(f"/tasks/{task.id}/owner", leave="yes")
    assert "nobody yet" in await (await doctor.get("/tasks")).text()
    answer = await doctor.post(f"/tasks/{task.id}/completion")
    page = await (await doctor.get(answer.headers["Location"])).text()
    assert "Done: Call back" in page
    await doctor.post(f"/tasks/{task.id}/completion", undo="yes")
    assert "Claire Lefèvre" in await (await doctor.get("/tasks")).text()
    for path in ("completion", "owner"):
        assert (await house.other_doctor().post(f"/tasks/{task.id}/{path}")).status == 403
    assert (await doctor.get("/tasks?done=<b>")).status == 200


def test_a_device_that_fails_is_a_task_until_it_passes_or_the_visit_begins(clinic, db, clock) -> None:
    for result, open_ in (("failed", True), ("ok", False), ("failed", True)):
        db.write_sync(clinic.patient(0), journey.record_device_test, result)
        db.write_sync(SYSTEM, tasks._look_at_device, clinic.visits[0])
        assert [line.kind for line in db.read_sync(SCHEDULER, tasks.listed)] == ["device-failed"] * open_
    clock.forward(hours=3)
    assert db.read_sync(SCHEDULER, tasks.listed) == [], "the visit is over: nothing can be done about it"


def test_who_takes_a_task_shows_and_the_most_urgent_is_first(running, db, clock) -> None:
    def both(tx):
        tasks.ask(tx, "unconfirmed", running.visits[2])
        tasks.ask(tx, "delivery-failed", running.visits[1], "invitation:sms")

    db.write_sync(SYSTEM, both)
    clock.forward(minutes=2)
    db.write_sync(SYSTEM, tasks.ask_call_back, running.visits[0])
    lines = db.read_sync(running.doctor, tasks.listed)
    assert [line.due_at for line in lines] == sorted(line.due_at for line in lines)
    assert lines[-1].kind == "call-back"
    assert [line.overdue for line in lines] == [True, False, False]
    assert not db.write_sync(SYSTEM, tasks.ask, "unconfirmed", running.visits[2]), "asked once"
