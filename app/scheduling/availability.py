"""When a doctor can be booked: weekly hours, less closed hours, plus extra hours, less what is taken. Pure.

Hours are wall-clock times of the clinic; results are instants in UTC. An extra opening holds even on a
closed day: somebody opened it on purpose. `end` 00:00 means midnight, the end of the day.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from app.scheduling.intervals import Interval, pieces, subtract, union
from app.scheduling.wall import boundary

MIDNIGHT = time()


class WeeklyHours(Protocol):
    """What a row of weekly hours tells (AvailabilityRule). weekday 0 is Monday; no motif_id: any motif."""

    weekday: int
    start: time
    end: time
    motif_id: str | None
    valid_from: date
    valid_until: date | None


class DayHours(Protocol):
    """What a day that differs tells (AvailabilityException). No start and end: the whole day. usual: holidays aside."""

    on: date
    closed: bool
    start: time | None
    end: time | None
    usual: bool


def open_hours(weekly: Sequence[WeeklyHours], exceptions: Sequence[DayHours], zone: ZoneInfo,
               first: date, last: date, motif_id: str | None = None, holidays: Collection[date] = ()) -> list[Interval]:
    """Open time from `first` to `last`, both included; for one motif, or for any when None.

    Weekly hours do not hold on `holidays`, unless an exception says that they do.
    """
    shut = {*holidays} - {e.on for e in exceptions if e.usual}
    usual = [interval for on in _days(first, last) if on not in shut
             for interval in _weekly(weekly, on, zone, motif_id)]
    differing = [e for e in exceptions if not e.usual and first <= e.on <= last]
    closed = [_of_day(e, zone) for e in differing if e.closed]
    extra = [_of_day(e, zone) for e in differing if not e.closed]
    return union([*subtract(usual, closed), *extra])


def free_slots(open_time: Iterable[Interval], busy: Iterable[Interval], length: timedelta,
               window: Interval) -> list[Interval]:
    """Slots of `length` that lie in the window, in order.

    They are counted from the start of each free time, not of the window, so that what is offered does
    not shift with the minute of asking; `busy` must cover the days of the window whole.
    """
    return [slot for slot in pieces(subtract(open_time, busy), length) if slot.within(window)]


def span(on: date, start: time | None, end: time | None, zone: ZoneInfo) -> Interval:
    """The real time between two wall times of a day; the hour that clocks skip is not in it."""
    midnight_after = end is None or end == MIDNIGHT
    until = (on + timedelta(days=1), MIDNIGHT) if midnight_after or end is None else (on, end)
    return Interval(boundary(on, start or MIDNIGHT, zone), boundary(*until, zone))


def _weekly(weekly: Sequence[WeeklyHours], on: date, zone: ZoneInfo, motif_id: str | None) -> Iterator[Interval]:
    for rule in weekly:
        valid = rule.valid_from <= on and (rule.valid_until is None or on <= rule.valid_until)
        fits = motif_id is None or rule.motif_id in (None, motif_id)
        if valid and fits and rule.weekday == on.weekday():
            yield span(on, rule.start, rule.end, zone)


def _of_day(exception: DayHours, zone: ZoneInfo) -> Interval:
    return span(exception.on, exception.start, exception.end, zone)


def _days(first: date, last: date) -> Iterator[date]:
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
