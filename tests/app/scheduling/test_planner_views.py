"""The planner's views: doctors side by side, the load of a month; what is dragged is told once, or not at all."""

import json
import re
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from app import jobs
from app.access import links
from app.access.links import Link
from app.actor import Actor, Role
from app.errors import AccessDenied
from app.notifications import reminders
from app.notifications.messages import Message
from app.scheduling import booking, clinic_days, month
from app.scheduling.clinic_days import CalendarForm
from app.scheduling.tables import Appointment
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN
from tests.app.scheduling.test_motifs import SITE
from tests.app.scheduling.test_pages import scheduler, visitor  # noqa: F401  fixtures

PATIENT = Actor(Role.PATIENT, "p")
MONDAY = date(2026, 11, 23)


def told(db, visit, *, after_s: int = 0, clock=None) -> list[str]:
    """Runs what waits to be told and is due, as the jobs runner does; the kinds of messages written since."""
    if clock:
        clock.forward(seconds=after_s)

    def run(tx):
        while job := jobs.claim(tx):
            payload = json.loads(job.payload)
            if job.kind == "message.settled":
                reminders.tell_settled(tx, payload["appointment_id"], payload["was_with"],
                                       datetime.fromisoformat(payload["was_at"]), SITE)
            elif job.kind == "message.moved":
                reminders.tell_moved(tx, payload["appointment_id"], SITE)
            jobs.finish(tx, job.id)
            tx.session.flush()
        rows = tx.session.exec(select(Message).where(Message.appointment_id == visit.id)).all()
        for row in rows:
            row.state = "sent"
        return [row.kind for row in rows if row.kind == "moved"]
    return db.write_sync(SYSTEM, run)


def drag(db, visit, **changes):
    return db.write_sync(SCHEDULER, booking.move, visit.id, undo_for_s=20, **changes)


def test_what_is_dragged_is_told_once_however_often(db, clinic, book, clock):
    visit = book()
    drag(db, visit, start_at=TEN + timedelta(hours=1))
    drag(db, visit, start_at=TEN + timedelta(hours=2), practitioner_id=clinic.doctors[1])
    assert told(db, visit) == []
    assert told(db, visit, after_s=21, clock=clock) == ["moved"]
    assert told(db, visit, after_s=60, clock=clock) == ["moved"]


def test_what_is_put_back_in_time_is_not_told_and_later_is(db, clinic, book, clock):
    visit = book()
    drag(db, visit, start_at=TEN + timedelta(hours=1))
    drag(db, visit, start_at=TEN)
    assert told(db, visit, after_s=21, clock=clock) == []
    drag(db, visit, start_at=TEN + timedelta(hours=1))
    assert told(db, visit, after_s=21, clock=clock) == ["moved"]
    drag(db, visit, start_at=TEN)  # too late: the patient knows of the new time
    assert told(db, visit, after_s=21, clock=clock) == ["moved", "moved"]


def test_what_is_dragged_and_then_moved_by_its_page_is_told_once(db, clinic, book, clock):
    visit = book()
    drag(db, visit, start_at=TEN + timedelta(hours=1))
    db.write_sync(SCHEDULER, booking.move, visit.id, TEN + timedelta(hours=2))
    assert told(db, visit) == ["moved"]
    assert told(db, visit, after_s=60, clock=clock) == ["moved"]


def test_link_and_reason_stay_with_what_is_dragged(db, clinic, book):
    visit = book(reason="Résultats")
    db.write_sync(SYSTEM, lambda tx: links.issue(tx, visit.id, links.VISIT))

    def kept(tx):
        return [link.id for link in tx.session.exec(select(Link)).all()], tx.session.get_one(Appointment, visit.id).sealed
    before = db.read_sync(SYSTEM, kept)
    drag(db, visit, start_at=TEN + timedelta(hours=1), practitioner_id=clinic.doctors[1])
    assert db.read_sync(SYSTEM, kept) == before


def test_the_load_of_a_month(db, clinic, book):
    book()
    book(TEN + timedelta(minutes=30), motif_id=clinic.long_motif)
    cancelled = book(TEN + timedelta(hours=4))
    db.write_sync(SCHEDULER, booking.cancel, cancelled.id)
    db.write_sync(SCHEDULER, clinic_days.keep, CalendarForm(holiday_place="FR"))
    days = db.read_sync(SCHEDULER, month.loads, clinic.doctors, date(2026, 11, 1), date(2026, 12, 31))
    assert len(days) == 61
    monday = days[MONDAY]
    assert (monday.booked, monday.booked_min, monday.open_min) == (2, 45, 3 * 510) and 0 < monday.share < 0.05
    assert days[date(2026, 11, 28)] == month.Load(0, 0, 0) == days[date(2026, 12, 25)]
    assert month.Load(1, 15, 0).share == 1.0 == month.Load(60, 900, 510).share
    with pytest.raises(AccessDenied):
        db.read_sync(PATIENT, month.loads, clinic.doctors, MONDAY, MONDAY)


async def test_doctors_side_by_side(db, clinic, scheduler):  # noqa: F811
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    page = await scheduler.get("/planner?view=team")
    assert page.count('<section class="day') == 15 and "C. Lefèvre" in page
    two = await scheduler.get(f"/planner?view=team&doctors={clinic.doctors[1]},{clinic.doctors[2]},nobody")
    assert two.count('<section class="day') == 10 and "Lefèvre" not in two
    for wrong in ("doctors=", "doctors=nobody", "doctors=%3Cscript%3E", "on=9999-12-31", "on=x"):
        await scheduler.get(f"/planner?view=team&{wrong}")
        assert scheduler.status == 200


async def test_the_month_leads_to_its_days(db, clinic, scheduler):  # noqa: F811
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    page = await scheduler.get("/planner?view=month&on=2026-11-23")
    assert "November 2026" in scheduler.text and "1 visit" in scheduler.text and "Lefèvre" not in page
    assert page.count('role="cell"') == 42 and "/planner?view=day&amp;on=2026-11-23" in page  # whole weeks
    other = await scheduler.get(f"/planner?view=month&on=2026-11-23&practitioner={clinic.doctors[1]}")
    assert "1 visit" not in other
    for wrong in ("on=9999-12-31", "on=0001-01-01", "practitioner=nobody"):
        await scheduler.get(f"/planner?view=month&{wrong}")
        assert scheduler.status == 200


async def test_dragged_from_the_team_it_comes_back_there_and_can_be_undone(db, clinic, scheduler):  # noqa: F811
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    page = await scheduler.get("/planner?view=team&on=2026-11-23")
    assert f'href="/appointments/{visit.id}" data-move' in page and 'data-start="2026-11-23T10:00Z"' in page
    await scheduler.post(f"/appointments/{visit.id}/time", start="2026-11-23T10:00Z", practitioner=clinic.doctors[1],
                         view="view=team&on=2026-11-23&next=https://evil.example")
    assert scheduler.status == 303
    page = await scheduler.follow()
    assert "is moved to Monday 23 November at 11:00" in scheduler.text and page.count('<section class="day') == 15
    fields = dict(re.findall(r'name="(start|practitioner|view)" value="([^"]+)"', page[page.index("band undo"):]))
    assert "evil" not in page
    await scheduler.post(f"/appointments/{visit.id}/time", **{k: v.replace("&amp;", "&") for k, v in fields.items()})
    row = db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Appointment, visit.id))
    assert (row.start_at, row.practitioner_id) == (TEN, clinic.doctors[0])
    assert told(db, visit) == []


async def test_dropped_where_somebody_was_quicker_it_stays_and_says_where_else(db, clinic, scheduler):  # noqa: F811
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    db.write_sync(SCHEDULER, booking.book, **clinic.slot(TEN + timedelta(hours=1), patient=1))
    await scheduler.get("/planner?view=day")
    await scheduler.post(f"/appointments/{visit.id}/time", start="2026-11-23T10:00Z", practitioner=clinic.doctors[0], view="view=day")
    assert scheduler.status == 409 and "just taken" in scheduler.text
    assert db.read_sync(SYSTEM, lambda tx: tx.session.get_one(Appointment, visit.id)).start_at == TEN
