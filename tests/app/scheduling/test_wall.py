"""The clinic's wall clock against the zone database itself, over zones and years."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheduling.wall import SkippedTime, boundary, day_bounds, exact, is_repeated

PARIS = ZoneInfo("Europe/Paris")
FORWARD, BACK = date(2027, 3, 28), date(2026, 10, 25)  # Paris: 02:00 -> 03:00, and 03:00 -> 02:00
ZONES = [ZoneInfo(name) for name in (
    "Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "America/Martinique", "America/Cayenne", "Indian/Mayotte",
    "America/Miquelon", "Pacific/Noumea", "Pacific/Tahiti", "Pacific/Marquesas", "Europe/London", "America/New_York",
    "Africa/Cairo", "Asia/Beirut", "America/Santiago", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca",
)]
zones = st.sampled_from(ZONES)
days = st.dates(date(1990, 1, 1), date(2037, 12, 30))
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(days, times, zones)
def test_an_exact_time_reads_the_same_on_the_clinics_wall(on, at, zone):
    try:
        instant = exact(on, at, zone)
    except SkippedTime:
        return
    assert instant.tzinfo is UTC
    assert instant.astimezone(zone).replace(tzinfo=None) == datetime.combine(on, at)


@given(days, times, zones)
def test_a_skipped_time_is_really_on_no_clock(on, at, zone):
    try:
        exact(on, at, zone)
    except SkippedTime:
        around = datetime.combine(on, at, UTC) - timedelta(hours=16)
        shown = {(around + timedelta(minutes=n)).astimezone(zone).replace(tzinfo=None) for n in range(32 * 60)}
        assert datetime.combine(on, at) not in shown


@given(days, times, times, zones)
def test_boundaries_keep_the_order_of_wall_times_that_are_not_repeated(on, one, other, zone):
    early, late = sorted((one, other))
    first, last = boundary(on, early, zone), boundary(on, late, zone)
    assert first <= last
    assert first.second == 0 and first.microsecond == 0


@given(days, zones)
def test_days_follow_each_other_without_gap_or_overlap(on, zone):
    begin, end = day_bounds(on, zone)
    assert end == day_bounds(on + timedelta(days=1), zone)[0]
    assert timedelta(hours=21) <= end - begin <= timedelta(hours=27)
    assert begin.astimezone(zone).date() == on
    assert (begin - timedelta(seconds=1)).astimezone(zone).date() < on


@given(days, times, zones)
def test_a_repeated_time_is_its_first_pass(on, at, zone):
    try:
        instant = exact(on, at, zone)
    except SkippedTime:
        return
    later = [instant + timedelta(minutes=n) for n in range(30, 181, 30)]
    again = [i for i in later if i.astimezone(zone).replace(tzinfo=None) == datetime.combine(on, at)]
    assert bool(again) == is_repeated(instant, zone)
    earlier = [instant - timedelta(minutes=n) for n in range(30, 181, 30)]
    assert all(i.astimezone(zone).replace(tzinfo=None) != datetime.combine(on, at) for i in earlier)


def test_paris_in_spring_has_no_half_past_two():
    with pytest.raises(SkippedTime):
        exact(FORWARD, time(2, 30), PARIS)
    assert boundary(FORWARD, time(2, 30), PARIS) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert boundary(FORWARD, time(2, 0), PARIS) == boundary(FORWARD, time(3, 0), PARIS)


def test_paris_in_autumn_has_two_half_past_twos():
    assert exact(BACK, time(2, 30), PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert is_repeated(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), PARIS)
    assert not is_repeated(datetime(2026, 10, 25, 3, 30, tzinfo=UTC), PARIS)


@pytest.mark.parametrize(("zone", "utc_hour"), [("Indian/Reunion", 5), ("America/Guadeloupe", 13), ("Europe/Paris", 8)])
def test_nine_in_the_morning_over_the_territories(zone, utc_hour):
    assert exact(date(2026, 11, 23), time(9), ZoneInfo(zone)) == datetime(2026, 11, 23, utc_hour, tzinfo=UTC)


def test_a_day_of_cairo_that_begins_at_one_in_the_morning():
    cairo = ZoneInfo("Africa/Cairo")
    begin, end = day_bounds(date(2026, 4, 24), cairo)
    assert begin.astimezone(cairo).time() == time(1)
    assert end - begin == timedelta(hours=23)
