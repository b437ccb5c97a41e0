"""Time over years, zones and rules: hours that clocks skip and repeat, overseas clinics, patients who are elsewhere."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.scheduling import availability, series
from app.scheduling.intervals import Interval
from app.scheduling.series import Repeat
from app.scheduling.wall import SkippedTime, boundary, day_bounds, exact, is_repeated

PARIS, REUNION, GUADELOUPE = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion"), ZoneInfo("America/Guadeloupe")
# Clocks that change at night, at midnight (no 00:00 that day), by half an hour, and never.
CHANGING = [PARIS, *map(ZoneInfo, ("America/New_York", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe"))]
ZONES = st.sampled_from([*CHANGING, REUNION, GUADELOUPE, ZoneInfo("Pacific/Noumea"), ZoneInfo("America/Cayenne")])
FIRST, LAST = date(2024, 1, 1), date(2034, 12, 31)
NOONS = [datetime.combine(FIRST + timedelta(days=n), time(12), UTC) for n in range((LAST - FIRST).days)]
CHANGES = sorted({one.date() + timedelta(days=more) for zone in CHANGING for one, next_one in pairwise(NOONS)
                  for more in (-1, 0, 1)  # one of these days has the changed hour
                  if one.astimezone(zone).utcoffset() != next_one.astimezone(zone).utcoffset()})
DAYS = st.dates(FIRST, LAST) | st.sampled_from(CHANGES)
FIVES = st.integers(0, 24 * 12 - 1).map(lambda n: time(n // 12, n % 12 * 5))
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Weekly:
    weekday: int
    start: time
    end: time
    valid_from: date
    valid_until: date | None = None
    motif_id: str | None = None


@dataclass(frozen=True)
class Differing:
    on: date
    closed: bool
    start: time | None = None
    end: time | None = None
    usual: bool = False


@st.composite
def weeks(draw) -> list[Weekly]:
    rules = []
    for weekday in draw(st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True)):
        start, end = sorted(draw(st.tuples(FIVES, FIVES)))
        if start != end:
            begin = draw(DAYS)
            rules.append(Weekly(weekday, start, end, begin, draw(st.none() | st.integers(0, 800).map(
                lambda n, begin=begin: begin + timedelta(days=n)))))
    return rules


def walls(at: datetime, zone: ZoneInfo) -> tuple[date, time]:
    local = at.astimezone(zone)
    return local.date(), local.time().replace(fold=0)


@given(on=DAYS, at=FIVES, zone=ZONES)
def test_a_wall_time_is_an_instant_that_shows_it_or_is_skipped(on, at, zone):
    try:
        instant = exact(on, at, zone)
    except SkippedTime:
        jump = boundary(on, at, zone)
        before, after = (jump - timedelta(seconds=1)).astimezone(zone), jump.astimezone(zone)
        assert before.utcoffset() < after.utcoffset()
        assert before.replace(tzinfo=None) < datetime.combine(on, at) < after.replace(tzinfo=None)
        return
    assert walls(instant, zone) == (on, at)
    assert instant.tzinfo is UTC
    assert boundary(on, at, zone) == instant
    if is_repeated(instant, zone):  # the first of two passes
        again = datetime.combine(on, at, zone).replace(fold=1).astimezone(UTC)
        assert instant < again
        assert walls(again, zone) == (on, at)


@given(on=DAYS, zone=ZONES)
def test_days_follow_each_other_without_gap_or_overlap(on, zone):
    start, end = day_bounds(on, zone)
    assert end == day_bounds(on + timedelta(days=1), zone)[0]
    assert timedelta(hours=23) <= end - start <= timedelta(hours=25)
    for inside in (start, start + (end - start) / 2, end - timedelta(seconds=1)):
        assert inside.astimezone(zone).date() == on
    assert (start - timedelta(seconds=1)).astimezone(zone).date() == on - timedelta(days=1)


@given(rules=weeks(), zone=ZONES, on=DAYS)
def test_open_minutes_are_those_whose_wall_time_lies_in_a_rule(rules, zone, on):
    """Each five minutes of two days, asked the other way round: from the instant to what the clock shows."""
    last = on + timedelta(days=1)
    opened = availability.open_hours(rules, [], zone, on, last)
    begin, end = day_bounds(on, zone)[0], day_bounds(last, zone)[1]
    at = begin
    while at < end:
        day, shown = walls(at, zone)
        wanted = any(r.weekday == day.weekday() and r.valid_from <= day and (r.valid_until is None or day <= r.valid_until)
                     and r.start <= shown < r.end for r in rules)
        held = any(one.start <= at < one.end for one in opened)
        if not is_repeated(at, zone):  # rules begin and end at the first pass
            assert held == wanted, (at, day, shown)
        at += 5 * MINUTE


@given(rules=weeks(), zone=ZONES, on=DAYS, length=st.sampled_from([5, 15, 20, 45]), closed=st.booleans(),
       busy=st.lists(st.tuples(st.integers(0, 60 * 48), st.integers(5, 180)), max_size=6))
def test_slots_are_whole_apart_in_open_time_and_free(rules, zone, on, length, closed, busy):
    last = on + timedelta(days=1)
    begin, end = day_bounds(on, zone)[0], day_bounds(last, zone)[1]
    taken = [Interval(begin + at * MINUTE, begin + (at + long) * MINUTE) for at, long in busy]
    differing = [Differing(on, True)] if closed else []
    opened = availability.open_hours(rules, differing, zone, on, last)
    slots = availability.free_slots(opened, taken, length * MINUTE, Interval(begin, end))
    for slot in slots:
        assert slot.length == length * MINUTE  # real minutes, whatever the clock does meanwhile
        assert any(slot.within(hours) for hours in opened)
        assert not any(slot.overlaps(one) for one in taken)
        assert not (closed and slot.start.astimezone(zone).date() == on)
    assert all(one.end <= other.start for one, other in pairwise(slots))


@given(on=DAYS, at=FIVES, zone=ZONES, elsewhere=ZONES)
def test_a_patient_elsewhere_sees_the_same_instant(on, at, zone, elsewhere):
    try:
        instant = exact(on, at, zone)
    except SkippedTime:
        assume(False)
    there = instant.astimezone(elsewhere)
    assert there.astimezone(UTC) == instant
    assume(not is_repeated(instant, elsewhere))
    assert exact(there.date(), there.time(), elsewhere) == instant


@given(on=DAYS, at=FIVES, zone=ZONES, count=st.integers(2, 12), apart=st.integers(1, 13))
def test_a_series_keeps_its_weekday_and_its_wall_time(on, at, zone, count, apart):
    try:
        first = exact(on, at, zone)
    except SkippedTime:
        assume(False)
    found = series.starts(first, Repeat(count=count, weeks=apart), zone)
    assert len(found) == count
    for n, (instant, exists) in enumerate(found):
        day = on + timedelta(weeks=n * apart)
        assert exists == (walls(instant, zone) == (day, at))
        assert instant == boundary(day, at, zone)


@pytest.mark.parametrize("zone", [REUNION, GUADELOUPE], ids=str)
@given(rules=weeks(), on=DAYS)
def test_overseas_clinics_keep_the_same_hours_all_year(zone, rules, on):
    """No clock changes there: a rule is the same stretch of UTC in July as in January, and its length is what it says."""
    opened = availability.open_hours(rules, [], zone, on, on)
    valid = [r for r in rules if r.weekday == on.weekday() and r.valid_from <= on
             and (r.valid_until is None or on <= r.valid_until)]
    offset = timedelta(hours=4) if zone is REUNION else -timedelta(hours=4)
    assert opened == [Interval(datetime.combine(on, r.start, UTC) - offset, datetime.combine(on, r.end, UTC) - offset)
                      for r in valid]
