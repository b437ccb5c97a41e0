"""Answers to a reminder: one press says yes, no or another time; what only opens the link changes nothing. Visits by phone."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from app import audit, journey, tasks
from app.access import links
from app.actor import Actor, Role
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.people import PatientIdentity, update_identity
from app.scheduling import booking, replies
from app.scheduling.tables import Appointment
from tests.app.front_door import START_AT, SYSTEM, later
from tests.app.patient.test_way import a_link, ask, do

CLERK = Actor(Role.SCHEDULER, "clerk")
NEXT = START_AT + timedelta(days=10)


@pytest.fixture
async def coming(front):
    """The visit in ten days; its messages are written."""
    await front.work()
    await do(front, booking.move, front.visit_id, NEXT)
    await front.work()
    return front


def row(front):
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Appointment, front.visit_id))


def confirmed(front):
    return front.db.read_sync(SYSTEM, lambda tx: replies.confirmed_at(tx, tx.session.get(Appointment, front.visit_id)))


def todo(front):
    return [line.kind for line in front.db.read_sync(CLERK, tasks.listed)]


async def test_opening_the_link_changes_nothing_and_one_press_confirms(coming, browser):
    visitor, path = browser("en"), await a_link(coming)
    before = await ask(coming, audit.count)
    for address in (path, f"{path}/confirmation", f"{path}/cancellation"):
        await visitor.client.get(address, allow_redirects=False)
        await visitor.client.head(address, allow_redirects=False)
    assert await ask(coming, audit.count) == before
    assert confirmed(coming) is None
    await visitor.get(path)
    await visitor.post(f"{path}/confirmation")
    assert "the clinic knows that you come" in visitor.text
    assert confirmed(coming) == coming.clock()
    assert "Benali" not in visitor.page
    await visitor.get(path)
    assert "You said that you will come." in visitor.text


async def test_one_press_gives_it_up_while_the_motif_allows(coming, browser):
    visitor, path = browser("en"), await a_link(coming)
    await visitor.get(path)
    await visitor.post(f"{path}/cancellation")
    assert "Your appointment is cancelled" in visitor.text
    assert row(coming).status == "cancelled"
    await visitor.post(f"{path}/confirmation")
    assert visitor.status == 404


async def test_within_the_cut_off_it_can_be_confirmed_but_not_given_up(coming, browser):
    coming.clock.at = NEXT - timedelta(hours=3)
    visitor, path = browser("en"), await a_link(coming)
    await visitor.get(path)
    assert "please call the clinic" in visitor.text
    await visitor.post(f"{path}/cancellation")
    assert visitor.status == 409
    assert "too late" in visitor.text
    assert row(coming).status == "booked"


async def test_moving_asks_for_the_code_and_leads_to_the_times(coming, browser):
    visitor, path = browser("en"), await a_link(coming)
    await visitor.get(path)
    await visitor.post(path, then="move")
    assert "then=move" in visitor.headers["Location"]
    await visitor.follow()
    assert 'name="then" value="move"' in visitor.page
    await coming.work()
    await visitor.post(f"{path}/code", code=coming.mails("code")[0].code, then="move")
    await visitor.follow()
    assert visitor.path == "/visit/appointment/time"
    await visitor.get("/visit/appointment")
    await visitor.post("/visit/appointment/confirmation")
    await visitor.follow()
    assert "You said that you will come." in visitor.text


async def test_a_link_alone_reads_nothing_and_one_of_a_summary_answers_nothing(coming):
    token = (await a_link(coming)).rpartition("/")[2]
    bearer = await ask(coming, links.bearer, token)
    assert bearer.session_id is None
    summary = await do(coming, links.issue, coming.visit_id, links.SUMMARY)
    with pytest.raises(NotFound):
        await ask(coming, links.bearer, summary)
    stranger = Actor(Role.PATIENT, "x", patient_id="x", appointment_id=coming.visit_id)
    with pytest.raises(AccessDenied):
        await do(coming, replies.confirm, actor=stranger)


async def test_after_a_move_the_yes_counts_no_more(coming):
    await do(coming, replies.confirm, actor=coming.patient())
    await do(coming, booking.move, coming.visit_id, NEXT + timedelta(hours=1))
    assert confirmed(coming) is None


async def test_who_was_reminded_and_says_nothing_becomes_a_task_until_they_answer(coming):
    coming.clock.at = NEXT - timedelta(hours=18, seconds=1)
    await coming.work()
    assert todo(coming) == [], "not a second before"
    later(coming, seconds=1)
    await coming.work()
    assert todo(coming) == ["unconfirmed"]
    await do(coming, replies.confirm, actor=coming.patient())
    await coming.work()
    assert todo(coming) == []


@pytest.mark.parametrize("change", ["confirmed", "moved", "cancelled"])
async def test_nobody_is_chased_who_answered_or_has_nothing_to_answer(coming, change):
    if change == "confirmed":
        await do(coming, replies.confirm, actor=coming.patient())
    elif change == "moved":
        await do(coming, booking.move, coming.visit_id, NEXT + timedelta(days=3))
    else:
        await do(coming, booking.cancel, coming.visit_id)
    coming.clock.at = NEXT - timedelta(hours=17)
    await coming.work()
    assert todo(coming) == []


async def test_who_confirmed_is_reminded_but_not_asked_again(coming):
    coming.clock.at = NEXT - timedelta(hours=168)
    await coming.work()
    assert "Confirmer" in coming.mails("reminder")[0].text
    await do(coming, replies.confirm, actor=coming.patient())
    coming.clock.at = NEXT - timedelta(hours=24)
    await coming.work()
    assert len(coming.mails("reminder")) == 2
    assert "confirmer" not in coming.mails("reminder")[0].text.lower()


async def test_a_red_device_days_before_is_switched_to_the_phone_and_held_by_phone(coming, browser):
    await do(coming, journey.record_device_test, "failed", actor=coming.patient())
    await coming.work()
    assert todo(coming) == ["device-failed"]
    await asyncio.to_thread(coming.db.write_sync, CLERK, replies.switch, coming.visit_id, phone=True)
    await coming.work()
    assert todo(coming) == ["phone-visit"]
    (mail,) = coming.mails("by-phone")
    assert mail.channel == "sms"
    assert "téléphone" in mail.text
    (line,) = coming.db.read_sync(CLERK, tasks.listed)
    assert line.due_at == NEXT
    coming.clock.at = NEXT - timedelta(hours=24)
    await coming.work()
    (reminder,) = coming.mails("reminder")
    assert "vous appelle" in reminder.text
    assert not reminder.link
    await do(coming, tasks.end, line.id, actor=CLERK)
    assert row(coming).status == "booked", "nobody can have phoned a day before"
    await asyncio.to_thread(coming.db.write_sync, CLERK, tasks.end, line.id, ended=False)
    coming.clock.at = NEXT + timedelta(minutes=40)
    assert todo(coming) == ["phone-visit"], "until somebody phoned"
    await do(coming, tasks.end, line.id, actor=CLERK)
    assert row(coming).status == "fulfilled"


async def test_back_to_video_invites_again_and_asks_for_no_call(coming):
    for phone in (True, False):
        await asyncio.to_thread(coming.db.write_sync, CLERK, replies.switch, coming.visit_id, phone=phone)
        await coming.work()
    assert todo(coming) == []
    assert len(coming.mails("invitation")) == 2


async def test_who_has_no_number_is_not_switched_and_others_may_not(coming):
    for actor in (coming.patient(), Actor(Role.DOCTOR, "d", practitioner_id="other")):
        with pytest.raises(AccessDenied):
            coming.db.write_sync(actor, replies.switch, coming.visit_id, phone=True)
    nobody = PatientIdentity(family="X", given="Y", birth_date=START_AT.date().replace(year=1980), email="x@y.example")
    await do(coming, update_identity, coming.patient_id, nobody)
    with pytest.raises(Invalid):
        coming.db.write_sync(CLERK, replies.switch, coming.visit_id, phone=True)
    await do(coming, booking.cancel, coming.visit_id)
    with pytest.raises(Conflict):
        coming.db.write_sync(CLERK, replies.switch, coming.visit_id, phone=False)
    assert coming.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(replies.PhoneVisit)).all()) == []
