"""Weekly hours, days that differ, and what is free, over days on which clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.scheduling.availability import free_slots, open_hours, span
from app.scheduling.intervals import Interval
from tests.app.scheduling.test_wall import ZONES

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 11, 23)


@dataclass
class Weekly:
    weekday: int
    start: time
    end: time
    motif_id: str | None = None
    valid_from: date = date(2020, 1, 1)
    valid_until: date | None = None


@dataclass
class Day:
    on: date
    closed: bool
    start: time | None = None
    end: time | None = None
    usual: bool = False


def hours(weekly, exceptions=(), on=MONDAY, zone=PARIS, **options):
    return [(i.start.astimezone(zone).strftime("%H:%M"), i.end.astimezone(zone).strftime("%H:%M"))
            for i in open_hours(weekly, exceptions, zone, on, on, **options)]


def test_weekly_hours_rest_on_a_holiday_unless_the_doctor_works():
    rule, extra = Weekly(0, time(8), time(12)), Day(MONDAY, closed=False, start=time(20), end=time(21))
    assert hours([rule], [extra], holidays={MONDAY}) == [("20:00", "21:00")]
    assert hours([rule], [extra, Day(MONDAY, closed=False, usual=True)], holidays={MONDAY}) == [
        ("08:00", "12:00"), ("20:00", "21:00")]
    assert hours([rule], [Day(MONDAY, closed=False, usual=True)]) == [("08:00", "12:00")]  # kept though the day is none


def test_weekly_hours_on_their_weekday_only():
    assert hours([Weekly(0, time(8, 30), time(12))]) == [("08:30", "12:00")]
    assert hours([Weekly(1, time(8, 30), time(12))]) == []


def test_until_midnight():
    assert hours([Weekly(0, time(20), time(0))]) == [("20:00", "00:00")]


def test_rules_begin_and_end():
    assert hours([Weekly(0, time(8), time(9), valid_from=MONDAY + timedelta(days=1))]) == []
    assert hours([Weekly(0, time(8), time(9), valid_until=MONDAY - timedelta(days=1))]) == []
    assert hours([Weekly(0, time(8), time(9), valid_from=MONDAY, valid_until=MONDAY)]) == [("08:00", "09:00")]


def test_hours_for_one_motif_are_not_open_to_another():
    rules = [Weekly(0, time(8), time(9), motif_id="first-visit"), Weekly(0, time(10), time(11))]
    assert hours(rules, motif_id="follow-up") == [("10:00", "11:00")]
    assert hours(rules, motif_id="first-visit") == [("08:00", "09:00"), ("10:00", "11:00")]
    assert hours(rules) == [("08:00", "09:00"), ("10:00", "11:00")]


def test_a_closed_day_a_closed_hour_and_an_extra_hour():
    rule = Weekly(0, time(8), time(12))
    assert hours([rule], [Day(MONDAY, closed=True)]) == []
    assert hours([rule], [Day(MONDAY, True, time(9), time(10))]) == [("08:00", "09:00"), ("10:00", "12:00")]
    assert hours([rule], [Day(MONDAY, False, time(12), time(13))]) == [("08:00", "13:00")]
    assert hours([rule], [Day(MONDAY, closed=True), Day(MONDAY, False, time(9), time(10))]) == [("09:00", "10:00")]


def test_a_night_that_clocks_shorten_and_one_that_they_lengthen():
    night = [Weekly(6, time(1), time(4))]
    spring = open_hours(night, [], PARIS, date(2027, 3, 28), date(2027, 3, 28))
    autumn = open_hours(night, [], PARIS, date(2026, 10, 25), date(2026, 10, 25))
    assert [i.length for i in spring] == [timedelta(hours=2)]
    assert [i.length for i in autumn] == [timedelta(hours=4)]
    inside = [Weekly(6, time(2), time(3))]
    assert open_hours(inside, [], PARIS, date(2027, 3, 28), date(2027, 3, 28)) == []


def test_slots_of_a_long_night_are_all_distinct_instants():
    opened = open_hours([Weekly(6, time(1), time(4))], [], PARIS, date(2026, 10, 25), date(2026, 10, 25))
    window = Interval(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
    slots = free_slots(opened, [], timedelta(minutes=30), window)
    assert len(slots) == 8
    shown = [s.start.astimezone(PARIS).strftime("%H:%M %z") for s in slots]
    assert "02:30 +0200" in shown and "02:30 +0100" in shown


wall_times = st.times().map(lambda t: t.replace(minute=t.minute // 5 * 5, second=0, microsecond=0))


@given(st.dates(date(1995, 1, 1), date(2036, 12, 30)), wall_times, wall_times, st.sampled_from(ZONES))
def test_opening_hours_lie_in_their_day_and_never_turn_negative(on, one, other, zone):
    start, end = sorted((one, other))
    opened = span(on, start, end if end != start else None, zone)
    assert opened.length >= timedelta()
    if opened.length:
        assert opened.start.astimezone(zone).date() == on
        assert (opened.end - timedelta(seconds=1)).astimezone(zone).date() == on


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 12)), max_size=10), st.sampled_from([5, 10, 15, 20, 30, 45]))
def test_no_free_slot_touches_what_is_taken(taken, length_min):
    start = datetime(2026, 11, 23, 8, tzinfo=UTC)
    opened = [Interval(start, start + timedelta(hours=8))]
    busy = [Interval(start + timedelta(minutes=5 * a), start + timedelta(minutes=5 * (a + b))) for a, b in taken]
    slots = free_slots(opened, busy, timedelta(minutes=length_min), opened[0])
    assert all(s.within(opened[0]) and not any(s.overlaps(b) for b in busy) for s in slots)


def test_what_is_offered_does_not_shift_with_the_minute_of_asking():
    opened = open_hours([Weekly(0, time(8, 30), time(10))], [], PARIS, MONDAY, MONDAY)
    asked = Interval(datetime(2026, 11, 23, 7, 52, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    slots = free_slots(opened, [], timedelta(minutes=15), asked)
    assert [s.start.astimezone(PARIS).strftime("%H:%M") for s in slots] == ["09:00", "09:15", "09:30", "09:45"]
