"""Public and school holidays: what closes a day, who works on it all the same, what the planner says."""

from datetime import UTC, date, datetime, time

import pytest
from sqlmodel import select

from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.people import Organization
from app.scheduling import agenda, booking, clinic_days, french_days, planning
from app.scheduling.booking import SlotTaken
from app.scheduling.clinic_days import CalendarForm
from app.scheduling.intervals import Interval
from app.scheduling.planning import DayForm, HoursForm
from app.scheduling.tables import AvailabilityException, AvailabilityRule
from tests.app.scheduling.conftest import ADMINISTRATOR, SCHEDULER, SYSTEM
from tests.app.scheduling.test_pages import scheduler, visitor  # noqa: F401  fixtures

CHRISTMAS = date(2026, 12, 25)  # a Friday
MORNING = datetime(2026, 12, 25, 9, tzinfo=UTC)
GOOD_FRIDAY = date(2027, 3, 26)
ABOLITION = date(2026, 12, 20)  # Réunion's; in 2027 a Monday


@pytest.fixture
def keep(db, clinic):
    def keep(place="FR", school_zone="", actor=SCHEDULER):
        return db.write_sync(actor, clinic_days.keep, CalendarForm(holiday_place=place, school_zone=school_zone))
    return keep


def opened(db, clinic, on: date, doctor: int = 0) -> list[Interval]:
    day = Interval(datetime(on.year, on.month, on.day, tzinfo=UTC), datetime(on.year, on.month, on.day, 22, 59, tzinfo=UTC))
    return db.read_sync(SYSTEM, agenda.open_time, clinic.doctors[doctor], day)


def test_a_public_holiday_closes_the_day_and_can_be_opened_for_one_doctor(db, clinic, keep):
    assert opened(db, clinic, CHRISTMAS)
    keep()
    assert opened(db, clinic, CHRISTMAS) == [] and opened(db, clinic, date(2026, 12, 24))
    with pytest.raises(SlotTaken, match="no open hours"):
        db.write_sync(SCHEDULER, booking.book, **clinic.slot(MORNING))
    for _ in range(2):
        db.write_sync(SCHEDULER, clinic_days.work_on, clinic.doctors[0], CHRISTMAS, open=True)
    assert len(opened(db, clinic, CHRISTMAS)) == 2 and opened(db, clinic, CHRISTMAS, doctor=1) == []
    db.write_sync(SCHEDULER, booking.book, **clinic.slot(MORNING))
    with pytest.raises(SlotTaken):
        db.write_sync(SCHEDULER, booking.book, **clinic.slot(MORNING, doctor=1, patient=1))
    db.write_sync(SCHEDULER, clinic_days.work_on, clinic.doctors[0], CHRISTMAS, open=False)
    assert opened(db, clinic, CHRISTMAS) == []
    [outside] = db.read_sync(SCHEDULER, planning.hours, clinic.doctors[0]).outside
    assert outside.appointment.start_at == MORNING  # what is booked stays, and is named


def test_extra_hours_and_leave_count_on_a_holiday_that_is_worked(db, clinic, keep):
    keep()
    extra = DayForm(kind="open", on=CHRISTMAS, start=time(20), end=time(21))
    db.write_sync(SCHEDULER, planning.differ, clinic.doctors[0], extra)
    assert [i.start.hour for i in opened(db, clinic, CHRISTMAS)] == [19]
    db.write_sync(SCHEDULER, clinic_days.work_on, clinic.doctors[0], CHRISTMAS, open=True)
    morning = DayForm(kind="closed", on=CHRISTMAS, start=time(8), end=time(13))
    db.write_sync(SCHEDULER, planning.differ, clinic.doctors[0], morning)
    assert [i.start.hour for i in opened(db, clinic, CHRISTMAS)] == [12, 19]
    assert all(not e.usual for e in db.read_sync(SCHEDULER, planning.hours, clinic.doctors[0]).exceptions)


@pytest.mark.parametrize(("place", "closed", "open_"), [
    ("FR", [CHRISTMAS, date(2027, 5, 6)], [GOOD_FRIDAY, date(2027, 12, 20)]), ("6AE", [GOOD_FRIDAY], [date(2027, 12, 20)]),
    ("974", [date(2027, 12, 20), CHRISTMAS], [GOOD_FRIDAY]), ("", [], [CHRISTMAS])])
def test_each_place_has_its_own_days(place, closed, open_):
    days = french_days.public(place, date(2026, 11, 1), date(2027, 12, 31))
    assert set(closed) <= days.keys() and not set(open_) & days.keys()


@pytest.mark.parametrize("place", french_days.PLACES)
def test_every_place_and_language_has_names(place):
    french, english = (french_days.public(place, date(2027, 1, 1), date(2027, 12, 31), lang) for lang in ("fr", "en"))
    assert french.keys() == english.keys() and len(french) >= 11
    assert french[date(2027, 12, 25)] == "Noël" and "Christmas" in english[date(2027, 12, 25)]


def test_school_holidays_by_zone_and_none_where_nothing_is_known():
    def of(zone):
        return french_days.school(zone, date(2027, 2, 1), date(2027, 3, 15))
    assert of("A") and of("B") and of("A").keys() != of("B").keys()
    assert set(of("A").values()) == {"Winter holidays"}
    assert of("") == {} == french_days.school("A", date(2090, 1, 1), date(2090, 12, 31))


def test_who_may_and_which_days(db, clinic, keep):
    for actor in (ADMINISTRATOR, clinic.doctor()):
        with pytest.raises(AccessDenied):
            keep(actor=actor)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, clinic_days.work_on, clinic.doctors[0], CHRISTMAS, open=True)
    with pytest.raises(Conflict):  # nothing is kept yet
        db.write_sync(SCHEDULER, clinic_days.work_on, clinic.doctors[0], CHRISTMAS, open=True)
    keep()
    for on in (date(2025, 12, 25), date(2026, 12, 24), date(2040, 12, 25)):
        with pytest.raises(Conflict):
            db.write_sync(SCHEDULER, clinic_days.work_on, clinic.doctors[0], on, open=True)
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, clinic_days.work_on, "nobody", CHRISTMAS, open=True)
    with pytest.raises(ValueError, match="not valid"):
        CalendarForm(holiday_place="XX")


def test_closing_hours_leaves_the_past_as_it_was(db, clinic):
    [rule] = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityRule).where(
        AvailabilityRule.practitioner_id == clinic.doctors[0], AvailabilityRule.weekday == 0,
        AvailabilityRule.start == time(8, 30))).all())
    last_monday, monday = date(2026, 11, 16), date(2026, 11, 23)
    before = opened(db, clinic, last_monday)
    gone = db.write_sync(SCHEDULER, planning.close_weekly, rule.id)
    assert opened(db, clinic, last_monday) == before and len(opened(db, clinic, monday)) == 1
    assert gone.valid_from == monday  # today: what opening it again says
    form = HoursForm(weekdays=[0], start=gone.start, end=gone.end, valid_from=gone.valid_from)
    db.write_sync(SCHEDULER, planning.open_weekly, clinic.doctors[0], form)
    assert len(opened(db, clinic, monday)) == 2
    with pytest.raises(Invalid):
        db.write_sync(SCHEDULER, planning.open_weekly, clinic.doctors[0],
                      HoursForm(weekdays=[5], start=time(9), end=time(10), valid_from=last_monday))


async def test_the_pages_of_a_clinic_with_holidays(db, clinic, scheduler):  # noqa: F811
    page = await scheduler.get("/availability")
    assert "The clinic keeps no public holidays." in scheduler.text
    await scheduler.post("/availability/calendar", practitioner=clinic.doctors[0], holiday_place="FR", school_zone="A")
    page = await scheduler.follow()
    assert "Christmas Day" in scheduler.text and page.count('action="/availability/holidays"') == 11
    week = await scheduler.get("/planner?on=2026-12-25")
    assert "Christmas Day · Christmas holidays" in week
    day = await scheduler.get("/planner?view=day&on=2026-12-25")
    assert "Christmas Day" in day and "/planner/booking?practitioner" not in day
    await scheduler.post("/availability/holidays", practitioner=clinic.doctors[0], on="2026-12-25", open="yes")
    await scheduler.follow()
    assert "usual hours hold on this public holiday" in scheduler.text
    assert "/planner/booking?practitioner" in await scheduler.get("/planner?view=day&on=2026-12-25")
    for wrong in ("yesterday", "2026-12-24", ""):
        await scheduler.post("/availability/holidays", practitioner=clinic.doctors[0], on=wrong, open="yes")
        assert scheduler.status in (400, 409, 422)
    await scheduler.post("/availability/calendar", practitioner=clinic.doctors[0], holiday_place="mars")
    assert scheduler.status == 422
    rows = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityException)).all())
    assert [row.usual for row in rows] == [True]
    assert db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(Organization)).one()).holiday_place == "FR"
