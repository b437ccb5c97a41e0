"""Visits at the clinic and by phone: seen in at the desk, they stand in the queue like others; the link says what it is."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app import audit, encounters, waiting
from app.access import links
from app.actor import Actor, Role
from app.encounters import Encounter
from app.errors import AccessDenied, Conflict
from app.people import PatientIdentity, update_identity
from app.scheduling import history, replies
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import NINE, SYSTEM

DESK = Actor(Role.SCHEDULER, "desk", "Sophie Perrin")


@pytest.fixture
def here(clinic, db, clock):
    """The second visit is at the clinic; it is nine o'clock."""
    clock.at = NINE

    def settle(tx):
        tx.session.get(Appointment, clinic.visits[1]).on_site = True
    db.write_sync(SYSTEM, settle)
    return clinic.visits[1]


def states(db, visit):
    def read(tx):
        encounter = tx.session.get(Encounter, visit)
        return tx.session.get(Appointment, visit).status, encounter.status if encounter else ""
    return db.read_sync(SYSTEM, read)


def test_seen_in_at_the_desk_they_stand_in_the_queue_and_are_let_in(clinic, db, here):
    clinic.consent(2)
    db.write_sync(clinic.patient(2), encounters.arrive, clinic.visits[2])
    db.write_sync(DESK, encounters.receive, here)
    assert states(db, here) == ("arrived", "arrived")
    entry = db.read_sync(clinic.doctor, waiting.queue)[1]
    assert (entry.status, entry.on_site, entry.arrived_at) == ("arrived", True, NINE)
    assert db.read_sync(clinic.patient(2), waiting.place, clinic.visits[2]).ahead == 1
    assert db.read_sync(clinic.doctor, waiting.whose_turn, clinic.doctor.practitioner_id) == [here]
    assert db.write_sync(clinic.doctor, encounters.admit, here).status == "in-progress"
    assert db.write_sync(clinic.doctor, encounters.finish, here).status == "finished"
    assert states(db, here) == ("fulfilled", "finished")
    with pytest.raises(Conflict, match="changed meanwhile"):
        db.write_sync(DESK, encounters.receive, here, here=False)


def test_it_is_taken_back_and_both_are_in_the_trail_and_the_history(clinic, db, here):
    db.write_sync(DESK, encounters.receive, here)
    db.write_sync(DESK, encounters.receive, here)  # an impatient hand
    db.write_sync(clinic.doctor, encounters.receive, here, here=False)
    assert states(db, here) == ("booked", "planned")
    assert db.read_sync(clinic.doctor, waiting.queue)[1].arrived_at is None
    kept = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "visit:receive"]
    assert [e.role for e in kept] == ["doctor", "scheduler", "scheduler"]
    assert {e.patient_id for e in kept} == {clinic.patients[1]}
    changes = db.read_sync(DESK, history.of_appointment, here)
    assert [(c.action, c.name) for c in changes][-1] == ("visit:receive", "Dr 0")


def test_refused_where_nobody_can_have_come_in(clinic, db, here, clock):
    def refused(visit, why, **more):
        before = states(db, visit)
        with pytest.raises(Conflict, match=why):
            db.write_sync(DESK, encounters.receive, visit, **more)
        assert states(db, visit) == before
    refused(clinic.visits[0], "not at the clinic")  # by video
    clock.at = NINE - timedelta(hours=4)
    refused(here, "too early")
    clock.at = NINE
    for status in ("pending", "cancelled", "noshow", "fulfilled"):
        db.write_sync(SYSTEM, lambda tx, s=status: setattr(tx.session.get(Appointment, here), "status", s))
        refused(here, "changed meanwhile")
    db.write_sync(SYSTEM, lambda tx: setattr(tx.session.get(Appointment, here), "status", "booked"))
    for actor in (clinic.other_doctor, clinic.patient(1), SYSTEM):
        with pytest.raises(AccessDenied):
            db.write_sync(actor, encounters.receive, here)
    who = PatientIdentity(family="Martin", given="Hugo", birth_date=NINE.date().replace(year=1980), phone="+33639980101")
    db.write_sync(SYSTEM, update_identity, clinic.patients[1], who)
    db.write_sync(DESK, replies.switch, here, phone=True)
    refused(here, "not at the clinic")
    assert db.read_sync(DESK, lambda tx: encounters.arrival(tx, tx.session.get(Appointment, here))) == ""


def test_a_video_visit_still_needs_its_agreement(clinic, db, here):
    db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[0])
    with pytest.raises(Conflict, match="not agreed"):
        db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])


async def test_the_doctor_sees_them_in_from_the_queue_and_takes_it_back(house, clinic, db, here):
    doctor = house.doctor()
    page = await (await doctor.get("/queue")).text()
    assert f"/appointments/{here}/arrival" in page and page.count("/arrival") == 1
    answer = await doctor.post(f"/appointments/{here}/arrival")
    page = await (await doctor.get(answer.headers["Location"])).text()
    assert "One patient is waiting" in page and "Noted that the patient has arrived." in page
    screen = await (await doctor.get(f"/visits/{here}")).text()
    assert "is with you, at the clinic" in screen
    answer = await doctor.post(f"/appointments/{here}/arrival", undo="yes")
    assert "Nobody is waiting" in await (await doctor.get(answer.headers["Location"])).text()
    assert (await house.other_doctor().post(f"/appointments/{here}/arrival")).status == 403
    assert (await doctor.post(f"/appointments/{clinic.visits[0]}/arrival")).status == 409
    assert states(db, clinic.visits[0]) == ("booked", "")


@pytest.mark.parametrize(("medium", "says"), [("phone", "Your visit by phone"), ("onsite", "Your visit at the clinic"),
                                              ("video", "Your video visit")])
async def test_the_link_says_what_kind_of_visit_it_is_and_nothing_else(house, clinic, db, here, medium, says):
    n = 1 if medium == "onsite" else 0

    def by_phone(tx):
        tx.session.add(replies.PhoneVisit(id=clinic.visits[0], patient_id=clinic.patients[0], account_id="a",
                                          since_at=tx.now))
    if medium == "phone":
        db.write_sync(SYSTEM, by_phone)
    token = db.write_sync(SYSTEM, links.issue, clinic.visits[n], links.VISIT)
    page = await (await house.client_.get(f"/l/{token}?lang=en")).text()
    assert f"<h1>{says}</h1>" in page
    assert ("camera" in page) == (medium == "video")
    assert "Lefèvre" not in page and "Benali" not in page and "09:" not in page


async def test_who_is_called_is_not_led_to_camera_and_waiting_room(house, clinic, db, here):
    def by_phone(tx):
        tx.session.add(replies.PhoneVisit(id=clinic.visits[0], patient_id=clinic.patients[0], account_id="a",
                                          since_at=tx.now))
    patient = house.patient(0)
    assert (await patient.get("/visit")).headers["Location"] == "/visit/device"
    db.write_sync(SYSTEM, by_phone)
    assert (await patient.get("/visit")).headers["Location"] == "/visit/appointment"
    page = await (await patient.get("/visit/appointment")).text()
    assert "the doctor calls you" in page and 'href="/visit"' not in page
    assert db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Encounter)).all()) == []
