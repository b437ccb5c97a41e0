"""The waiting page's interval and the message when the doctor is ready: asked for once, sent once, to whose turn it is."""

import asyncio
from datetime import timedelta

import pytest

from app import encounters, people, waiting
from app.actor import Actor, Role
from app.errors import AccessDenied, Conflict
from app.forecasting import learnt
from app.forecasting.queue import Habits
from app.jobs import Runner
from app.notifications import mailbox, ready
from app.notifications.delivery import handlers
from app.people import PatientIdentity
from app.scheduling.tables import Appointment
from tests.app.visit.conftest import NINE, SYSTEM


@pytest.fixture
def three(clinic, db, clock):
    """Three patients who have arrived, each with a phone, and the first is in."""
    for n in range(3):
        who = PatientIdentity(family=f"F{n}", given="X", birth_date=NINE.date().replace(year=1970), phone=f"+3363998010{n}")
        db.write_sync(SYSTEM, people.update_identity, clinic.patients[n], who)
        clinic.consent(n)
        db.write_sync(clinic.patient(n), encounters.arrive, clinic.visits[n])
    clock.at = NINE
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    return clinic


async def work(db, settings):
    runner = Runner(db, handlers(db, settings) | {"note.draft": lambda _: asyncio.sleep(0)})
    while await runner.step():
        pass
    return [m for m in db.read_sync(SYSTEM, mailbox.recent) if m.kind == "ready"]


async def test_who_asked_is_told_once_when_the_visit_before_ends(three, db, settings, clock):
    for n in (1, 2):
        db.write_sync(three.patient(n), ready.ask, wanted=True)
    assert await work(db, settings) == []
    clock.forward(minutes=10)
    db.write_sync(three.doctor, encounters.finish, three.visits[0])
    (mail,) = await work(db, settings)
    assert (mail.channel, mail.to) == ("sms", "+33639980101")
    assert mail.link
    db.write_sync(three.doctor, encounters.admit, three.visits[1])
    assert len(await work(db, settings)) == 1
    assert not db.read_sync(three.patient(1), ready.wished)


async def test_who_is_let_in_while_their_page_is_closed_is_told_and_who_is_there_is_not(three, db, settings, clock):
    db.write_sync(three.patient(2), ready.ask, wanted=True)
    clock.forward(seconds=10)
    db.write_sync(three.patient(2), encounters.seen, three.visits[2])
    for n in (0, 1):
        if n:
            db.write_sync(three.doctor, encounters.admit, three.visits[n])
        db.write_sync(three.doctor, encounters.finish, three.visits[n])
    db.write_sync(three.doctor, encounters.admit, three.visits[2])
    assert await work(db, settings) == [], "their page has taken them in"


async def test_nobody_is_told_who_did_not_ask_or_changed_their_mind(three, db, settings):
    db.write_sync(three.patient(1), ready.ask, wanted=True)
    db.write_sync(three.patient(1), ready.ask, wanted=False)
    db.write_sync(three.doctor, encounters.finish, three.visits[0])
    assert await work(db, settings) == []


def test_only_from_the_waiting_room_and_only_for_oneself(clinic, db):
    with pytest.raises(Conflict):
        db.write_sync(clinic.patient(0), ready.ask, wanted=True)
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor, ready.ask, wanted=True)


def test_the_place_has_an_interval_of_whole_minutes_and_what_was_measured(three, db, clock):
    clock.forward(minutes=5, seconds=20)
    place = db.read_sync(three.patient(2), waiting.place, three.visits[2])
    assert clock.at.replace(second=0) <= place.low_at < place.high_at
    assert place.low_at.second == place.high_at.second == 0
    assert (place.held, place.tested) == (0.0, 0)
    habits = Habits(held=0.79, tested=143)
    db.write_sync(SYSTEM, learnt.keep, f"queue:{three.doctor.practitioner_id}", habits)
    place = db.read_sync(three.patient(2), waiting.place, three.visits[2])
    assert (place.held, place.tested) == (0.79, 143)


async def test_each_doctors_past_days_are_learnt_and_again_the_next_night(three, db, clock):
    def past(tx):
        like = tx.session.get(Appointment, three.visits[0])
        for n in range(20):
            start_at = NINE - timedelta(days=2) + timedelta(minutes=15 * n)
            row = Appointment(practitioner_id=like.practitioner_id, patient_id=like.patient_id, motif_id=like.motif_id,
                              start_at=start_at, end_at=start_at + timedelta(minutes=15), created_at=start_at, status="fulfilled")
            tx.session.add(row)
            tx.session.flush()
            tx.session.add(encounters.Encounter(
                id=row.id, patient_id=row.patient_id, practitioner_id=row.practitioner_id, language="fr", status="finished",
                arrived_at=start_at, started_at=start_at + timedelta(minutes=1), finished_at=start_at + timedelta(minutes=9)))
        by_phone = NINE - timedelta(days=3)
        tx.session.add(Appointment(practitioner_id=like.practitioner_id, patient_id=like.patient_id, motif_id=like.motif_id,
                                   start_at=by_phone, end_at=by_phone + timedelta(minutes=15), created_at=by_phone, status="fulfilled"))
    db.write_sync(SYSTEM, past)
    db.write_sync(SYSTEM, waiting.schedule)
    runner = Runner(db, waiting.handlers(db) | {"queue.moved": lambda _: asyncio.sleep(0)})
    while await runner.step():
        pass
    habits = db.read_sync(SYSTEM, learnt.recall, f"queue:{three.doctor.practitioner_id}", Habits)
    assert [round(minutes) for minutes in next(iter(habits.durations.values()))] == [8] * 20
    assert habits.missed == 1 / 40, "a visit by phone is none that was missed"
    with pytest.raises(AccessDenied):
        db.read_sync(Actor(Role.ADMINISTRATOR, "a"), waiting.whose_turn, three.doctor.practitioner_id)
    for _ in range(3):
        clock.forward(days=1)
        assert await runner.step(), "each night again"


async def test_the_waiting_page_shows_both_and_asks(house, three, db):
    patient = house.patient(1)
    page = await (await patient.get("/visit/waiting")).text()
    assert "Meant to hold 8 times in 10" in page
    assert "Tell me by text message when the doctor is ready" in page
    await patient.post("/visit/waiting/message")
    assert "A text message comes when the doctor is ready." in await (await patient.get("/visit/waiting")).text()
    await patient.post("/visit/waiting/message", stop="yes")
    assert "Tell me by text message" in await (await patient.get("/visit/waiting")).text()


