"""The scheduler's day: attendance, tasks and calendars through the real application."""

from datetime import timedelta

from app.scheduling import booking
from tests.app.scheduling.conftest import SYSTEM, TEN
from tests.app.scheduling.test_pages import scheduler, visitor

assert scheduler  # fixtures
assert visitor
SOON = TEN - timedelta(minutes=90)


async def test_a_missed_visit_is_marked_with_its_reason_shows_in_the_rates_and_is_taken_back(db, clinic, scheduler, clock):
    row = db.write_sync(SYSTEM, booking.book, **clinic.slot(SOON))
    await scheduler.get("/attendance")
    assert "No visit has taken place yet" in scheduler.text
    assert "There are too few visits to learn from" in scheduler.text
    clock.at = SOON + timedelta(minutes=16)
    await scheduler.get(f"/appointments/{row.id}")
    await scheduler.post(f"/appointments/{row.id}/attendance", kind="never", reason="forgot")
    await scheduler.follow()
    assert "Marked: did not come · forgot" in scheduler.text
    await scheduler.get("/attendance")
    assert "100% of one visit was missed" in scheduler.text
    assert "Follow-up 1 100%" in scheduler.text
    await scheduler.get(f"/appointments/{row.id}")
    await scheduler.post(f"/appointments/{row.id}/attendance", undo="yes")
    await scheduler.follow()
    assert "Marked" not in scheduler.text


async def test_what_is_too_early_or_nonsense_changes_nothing(db, clinic, scheduler):
    row = db.write_sync(SYSTEM, booking.book, **clinic.slot(SOON))
    await scheduler.get(f"/appointments/{row.id}")
    await scheduler.post(f"/appointments/{row.id}/attendance", kind="never")
    assert scheduler.status == 409
    assert "too early" in scheduler.text
    await scheduler.post(f"/appointments/{row.id}/attendance", kind="never", reason="ill")
    assert scheduler.status == 422
