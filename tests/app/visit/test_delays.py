"""A doctor who runs late tells whom it concerns: who is still to come, once, and without a clinical word."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app import audit, people, waiting
from app.errors import AccessDenied
from app.jobs import Job, Runner
from app.notifications import delays
from app.notifications.delivery import handlers
from app.notifications.messages import Message, MessageContent
from app.people import Patient, PatientIdentity
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import NINE, SYSTEM
from tests.app.visit.test_encounters import admitted, arrived


@pytest.fixture(autouse=True)
def addresses(clinic, db):
    """Everybody can be written to; Ahmed only by phone."""
    def write(tx):
        for n, patient_id in enumerate(clinic.patients):
            patient = tx.session.get(Patient, patient_id)
            known = people.identity_of(tx, patient_id).model_dump()
            reach = {"phone": "+33639980103"} if n == 2 else {"email": f"patient{n}@example.org"}
            tx.seal(patient, PatientIdentity(**(known | reach)))
            tx.session.add(patient)

    db.write_sync(SYSTEM, write)


def late(clinic, clock):
    """Claire's visit of nine began at twenty past and goes on; Hugo and Ahmed are still to come."""
    clock.at = NINE + timedelta(minutes=20)
    admitted(clinic)


def concerned(clinic, actor=None):
    def names(tx):
        return [e.name for e in delays.concerned(tx, waiting.queue(tx))]
    return clinic.db.read_sync(actor or clinic.doctor, names)


def sent(db):
    def read(tx):
        in_order = select(Message).order_by(Message.channel)  # a database promises none by itself
        return [(m.channel, tx.open(m, MessageContent)) for m in tx.session.exec(in_order).all()]
    return db.read_sync(SYSTEM, read)


async def work(db, settings):
    runner = Runner(db, handlers(db, settings))
    while await runner.step():
        pass


def test_on_time_there_is_nobody_to_tell(clinic, clock):
    clock.at = NINE
    admitted(clinic)
    assert concerned(clinic) == []


def test_who_is_still_to_come_is_concerned_not_who_waits_or_does_not_come(clinic, clock):
    late(clinic, clock)
    assert concerned(clinic) == ["Hugo Martin", "Ahmed Ziani"]
    arrived(clinic, 1)
    assert concerned(clinic) == ["Ahmed Ziani"], "the waiting room shows the delay itself"
    clock.forward(seconds=waiting.PRESENT_S + 1)
    assert concerned(clinic) == ["Hugo Martin", "Ahmed Ziani"], "Hugo closed the page"
    clock.at = NINE + timedelta(minutes=30 + waiting.NO_SHOW_MIN + 1)
    assert concerned(clinic) == ["Hugo Martin"], "Ahmed did not come: that is no delay of the doctor's"


def test_a_late_patient_is_no_late_doctor(clinic, clock):
    clock.at = NINE + timedelta(minutes=22)
    assert concerned(clinic) == []


async def test_each_is_told_once_with_the_time_and_nothing_clinical(clinic, clock, db, settings):
    late(clinic, clock)
    assert db.write_sync(clinic.doctor, delays.tell) == 2
    assert db.write_sync(clinic.doctor, delays.tell) == 0, "on its way already"
    await work(db, settings)
    (way, mail), (other_way, text) = sent(db)
    assert (way, mail.to, other_way, text.to) == ("email", "patient1@example.org", "sms", "+33639980103")
    assert "9 h 35" in mail.subject.replace("\xa0", " ")
    assert "9 h 50" in text.text.replace("\xa0", " ")
    for words in (mail.subject + mail.text, text.text):
        assert not [w for w in ("reason", "Consultation", "Hugo", "Ziani", "General") if w in words]
    assert db.write_sync(clinic.doctor, delays.tell) == 0


async def test_told_again_only_after_a_while(clinic, clock, db, settings):
    late(clinic, clock)
    db.write_sync(clinic.doctor, delays.tell)
    await work(db, settings)
    clock.forward(minutes=delays.AGAIN_MIN - 1)
    assert concerned(clinic) == []
    clock.forward(minutes=2)
    assert concerned(clinic) == ["Ahmed Ziani"]


async def test_a_visit_cancelled_meanwhile_brings_no_message(clinic, clock, db, settings):
    late(clinic, clock)
    db.write_sync(clinic.doctor, delays.tell)

    def cancel(tx):
        appointment = tx.session.get(Appointment, clinic.visits[1])
        appointment.status = "cancelled"
        tx.session.add(appointment)

    db.write_sync(SYSTEM, cancel)
    await work(db, settings)
    assert [content.to for _, content in sent(db)] == ["+33639980103"]


def test_the_trail_names_every_patient_told(clinic, clock, db):
    late(clinic, clock)
    db.write_sync(clinic.doctor, delays.tell)
    told = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "queue:tell"]
    assert {(e.patient_id, e.outcome) for e in told} == {(clinic.patients[1], "success"), (clinic.patients[2], "success")}


def test_only_a_doctor_tells_and_only_their_own(clinic, clock, db):
    late(clinic, clock)
    assert concerned(clinic, clinic.other_doctor) == []
    assert db.write_sync(clinic.other_doctor, delays.tell) == 0
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.patient(), delays.tell)


async def test_the_page_offers_it_and_says_how_many(house, clinic, clock, db):
    late(clinic, clock)
    doctor = house.doctor()
    for path in ("/queue", f"/visits/{clinic.visits[0]}"):
        assert '<span id="tell">' in await (await doctor.get(path)).text()
    answer = await doctor.post("/queue/delay", script=True)
    assert await answer.json() == {"said": "2 patients are told."}
    page = await (await doctor.get("/queue")).text()
    assert '<span id="tell" hidden>' in page
    assert page.count("told of the delay") == 2
    answer = await doctor.post("/queue/delay")
    assert (answer.status, answer.headers["Location"]) == (303, "/queue?told=0")
    assert "0 patients are told." in await (await doctor.get("/queue?told=0")).text()
    assert "patients are told" not in await (await doctor.get("/queue?told=<b>")).text()
    assert (await house.patient().post("/queue/delay")).status in (303, 401, 403)


async def test_every_open_screen_sees_the_offer_go(house, clinic, clock, db):
    late(clinic, clock)
    queue = await house.doctor().socket("/queue/socket")
    assert (await queue.hear("queue"))["untold"] == 2
    await house.doctor().post("/queue/delay")
    told = await queue.hear("queue")
    assert told["untold"] == 0
    assert told["html"].count("told of the delay") == 2
    assert db.read_sync(SYSTEM, lambda tx: {job.kind for job in tx.session.exec(select(Job)).all()}) == {"message.delayed", "queue.moved"}
