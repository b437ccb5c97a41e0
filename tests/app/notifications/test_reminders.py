"""Reminders: each at its time and once, by the better way, with a link that opens; silent about what changed since."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.access import links
from app.actor import ANONYMOUS
from app.jobs import Job
from app.notifications import reminders
from app.notifications.delivery import site_of
from app.scheduling import booking
from app.settings import Settings
from tests.app.front_door import EMAIL, PHONE, START_AT, SYSTEM, later, open_clinic

CLINICAL = ("diab", "suivi", "glyc", "motif", "lefèvre", "claire")
NEXT = START_AT + timedelta(days=10)


def planned(front):
    rows = front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Job).where(Job.kind == "message.reminder")).all())
    return sorted(job.run_at for job in rows)


async def moved_far(front):
    """The visit in ten days, with all of its messages written."""
    await front.work()
    front.db.write_sync(SYSTEM, booking.move, front.visit_id, NEXT)
    await front.work()
    return front


async def test_a_week_a_day_and_an_hour_before(front):
    await moved_far(front)
    assert planned(front) == [NEXT - timedelta(hours=hours) for hours in (168, 24, 1)]
    for hours, count in ((168, 1), (24, 2), (1, 3)):
        front.clock.at = NEXT - timedelta(hours=hours, seconds=1)
        await front.work()
        assert len(front.mails("reminder")) == count - 1, "not a second before"
        later(front, seconds=1)
        await front.work()
        assert len(front.mails("reminder")) == count
    assert planned(front) == []


async def test_a_week_before_by_e_mail_the_day_before_by_text_message(front):
    await moved_far(front)
    for hours in (168, 24):
        front.clock.at = NEXT - timedelta(hours=hours)
        await front.work()
    sms, mail = front.mails("reminder")
    assert (mail.channel, mail.to, sms.channel, sms.to) == ("email", EMAIL, "sms", PHONE)
    assert mail.subject.startswith("Rappel")
    for message in (sms, mail):
        token = message.link.rpartition("/")[2]
        assert front.db.read_sync(ANONYMOUS, links.open_link, token).appointment_id == front.visit_id
        assert not [word for word in CLINICAL if word in (message.subject + message.text).lower()]


@pytest.mark.parametrize(("phone", "email", "channel"), [("", EMAIL, "email"), (PHONE, "", "sms")])
async def test_who_has_one_way_is_reminded_that_way(db, clock, settings, phone, email, channel):
    front = await moved_far(open_clinic(db, clock, settings, phone=phone, email=email))
    for hours in (168, 1):
        clock.at = NEXT - timedelta(hours=hours)
        await front.work()
    assert {mail.channel for mail in front.mails("reminder")} == {channel}


@pytest.mark.parametrize("change", ["moved", "cancelled"])
async def test_nothing_is_said_about_a_time_that_does_not_hold_any_more(front, change):
    await moved_far(front)
    if change == "moved":
        front.db.write_sync(SYSTEM, booking.move, front.visit_id, NEXT + timedelta(days=30))
    else:
        front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    await front.work()
    front.clock.at = NEXT - timedelta(minutes=1)
    await front.work()
    assert front.mails("reminder") == []
    assert len(planned(front)) == (3 if change == "moved" else 0)


async def test_asking_twice_reminds_once_and_what_is_past_is_not_planned(front):
    await front.work()
    assert planned(front) == [], "the visit is within the hour"
    await moved_far(front)
    site = site_of(front.settings)
    for _ in range(3):
        front.db.write_sync(SYSTEM, reminders.schedule, front.visit_id, site)
    assert len(planned(front)) == 3


async def test_a_house_that_was_down_does_not_remind_of_what_has_begun(front):
    await moved_far(front)
    front.clock.at = NEXT + timedelta(minutes=1)
    await front.work()
    assert front.mails("reminder") == []


@pytest.mark.parametrize(("value", "hours"), [("168,24,1", (168, 24, 1)), ("", ()), ("2", (2,))])
def test_the_site_says_when(value, hours):
    assert Settings(_env_file=None, reminders=value).reminder_hours == hours


@pytest.mark.parametrize("value", ["soon", "1,", "-1", "1;2", "99999"])
def test_what_are_no_hours_is_refused(value):
    with pytest.raises(ValueError, match="reminders"):
        Settings(_env_file=None, reminders=value)
