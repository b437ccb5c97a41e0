"""The patient takes back their agreement to the visit itself: the call ends kindly, for both, and says so."""

import json

import pytest
from sqlmodel import select

from app import audit, encounters, journey
from app.clock import epoch_ms
from app.consent import TRANSCRIPTION, VISIT
from app.errors import AccessDenied
from app.jobs import Job
from app.record import transcripts
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_encounters import arrived
from tests.app.visit.test_rooms import connected, segment
from tests.app.visit.test_sockets import in_call


async def test_withdrawing_in_the_call_ends_it_for_both_and_both_are_told(house, clinic, node, db, clock):
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await connected(house, visit)
    clock.forward(seconds=90)
    answer = await house.patient().post("/visit/consent/withdrawal")
    assert (answer.status, answer.headers["Location"]) == (303, "/visit/ended")
    for socket in (patient, doctor):
        assert (await socket.hear("ended"))["outcome"] == "withdrawn"
        assert await socket.end() == 1000
    assert node.asked("close") == [(visit,)]

    encounter = db.read_sync(SYSTEM, encounters.status_of, visit)
    assert (encounter.status, encounter.outcome, encounter.finished_at) == ("finished", "withdrawn", clock.at)
    assert db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, visit).status) == "fulfilled"
    assert not db.read_sync(clinic.patient(), journey.read).transcription, "without the visit there is no transcription"
    trail = [(e.action, e.role, json.loads(e.detail)) for e in db.read_sync(SYSTEM, audit.search)]
    assert any(a == "consent:give" and r == "patient" and d["scope"] == "visit" and d["given"] == "no"
               for a, r, d in trail)
    assert any(a == "visit:withdraw" and r == "patient" for a, r, _ in trail)


async def test_what_was_said_before_is_drafted_and_nothing_after_is_written(house, clinic, db, clock):
    await in_call(house, clinic)
    before, after = (segment(clinic.visits[0], clock, text, n) for n, text in ((0, "J'ai mal."), (100, "Au revoir.")))
    clock.forward(seconds=1.5)  # the second begins just then
    await house.patient().post("/visit/consent/withdrawal")
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "finished"
    assert "note.draft" in db.read_sync(SYSTEM, lambda tx: list(tx.session.exec(select(Job.kind)).all()))
    written = [db.write_sync(SYSTEM, transcripts.append_segment, transcripts.Segment.model_validate(s.model_dump()))
               for s in (before, after.model_copy(update={"start_at_ms": epoch_ms(clock.at) + 200}))]
    assert [row is not None for row in written] == [True, False]


async def test_the_patient_reads_what_comes_next_and_the_doctor_who_ended_it(house, clinic):
    await in_call(house, clinic)
    await house.patient().post("/visit/consent/withdrawal")
    ended = await (await house.patient().get("/visit/ended")).text()
    assert "You took back your agreement" in ended
    assert "+33" in ended, "whom to call"
    assert "Back to the call" not in ended
    assert (await house.patient().get("/visit/call")).headers["Location"] == "/visit/ended"
    note = await (await house.doctor().get(f"/visits/{clinic.visits[0]}/note")).text()
    assert "The patient took back their agreement to the visit" in note


async def test_the_call_cannot_be_joined_again(house, clinic, node):
    await in_call(house, clinic)
    await house.patient().post("/visit/consent/withdrawal")
    joins = node.asked("join")
    for path, browser in (("/visit/socket", house.patient()), (f"/visits/{clinic.visits[0]}/socket", house.doctor())):
        socket = await browser.socket(path)
        await socket.say(type="join")
        await socket.end()
    assert node.asked("join") == joins
    answer = await house.patient().post("/visit/consent", visit="yes")
    assert answer.status == 409


async def test_the_confirmation_names_what_is_lost(house, clinic):
    await in_call(house, clinic)
    for path in ("/visit/call", "/visit/consent"):
        page = await (await house.patient().get(path)).text()
        assert "The call ends at once for you and for Dr Nadia Benali. You cannot come back to it" in page, path
    doctor = await (await house.doctor().get(f"/visits/{clinic.visits[0]}")).text()
    assert 'data-hold="withdrawn" role="alert" hidden' in doctor


async def test_in_the_waiting_room_nothing_ends_and_they_may_agree_again(house, clinic, db):
    arrived(clinic)
    answer = await house.patient().post("/visit/consent/withdrawal")
    assert answer.headers["Location"] == "/visit/consent"
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "arrived"
    assert (await house.patient().post("/visit/consent", visit="yes")).headers["Location"] == "/visit/waiting"
    assert db.read_sync(clinic.patient(), journey.read).visit


async def test_after_the_end_taking_it_back_changes_nothing_of_the_visit(house, clinic, db):
    await in_call(house, clinic)
    await house.doctor().post(f"/visits/{clinic.visits[0]}/end", outcome="completed")
    answer = await house.patient().post("/visit/consent/withdrawal")
    assert answer.headers["Location"] == "/visit/ended"
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).outcome == "completed"
    assert "Thank you" in await (await house.patient().get("/visit/ended")).text()


@pytest.mark.parametrize("who", ["doctor", "other_doctor"])
def test_nobody_withdraws_for_the_patient(clinic, db, who):
    clinic.consent(0, VISIT, TRANSCRIPTION)
    arrived(clinic)
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    for actor in (getattr(clinic, who), clinic.patient(1)):
        with pytest.raises(AccessDenied):
            db.write_sync(actor, encounters.withdraw, clinic.visits[0])
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "in-progress"
