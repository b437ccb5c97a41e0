"""The soonest free slots among many doctors, without looking at all of their days. Pure.

A first look at what is taken in a short stretch says when each of them is free at the earliest; only those who come
into question are then looked at for the whole of their days. When nothing is found, the next stretch is twice as long.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from app.scheduling import availability
from app.scheduling.intervals import Interval, subtract

STRETCH = timedelta(hours=1)
AT_ONCE = 25  # doctors looked at closely in the first go, twice as many in the next

Taken = Callable[[Sequence[str], Interval], Mapping[str, Sequence[Interval]]]
Slot = tuple[datetime, str, datetime]  # start, doctor, end


def soonest(opened: Mapping[str, Sequence[Interval]], length: timedelta, window: Interval, days: Interval, taken: Taken,
            limit: int) -> list[Slot]:
    """The first `limit` slots in the window, in order: the same as all of `availability.free_slots`, sorted.

    opened: each doctor's open time in `days`, the whole days of the window; taken: what is not free for each of some.
    """
    found: list[Slot] = []
    begin, stretch = window.start, STRETCH
    while len(found) < limit and (begin := _next_open(opened, begin, window.end)) < window.end:
        part = Interval(begin, min(begin + stretch, window.end))
        free, at_once = _earliest(opened, length, part, taken), AT_ONCE
        while free and (len(found) < limit or free[0] < found[limit - 1][:2]):
            now, free, at_once = [doctor for _, doctor in free[:at_once]], free[at_once:], 2 * at_once
            blocked = taken(now, days)
            found = sorted([*found, *(
                (slot.start, doctor, slot.end) for doctor in now
                for slot in availability.free_slots(opened[doctor], blocked.get(doctor, ()), length, window)
                if part.start <= slot.start < part.end)])[:limit]
        begin, stretch = part.end, 2 * stretch
    return found


def _next_open(opened: Mapping[str, Sequence[Interval]], at: datetime, end: datetime) -> datetime:
    """From when on anybody is open: nights and weekends are skipped."""
    return min((max(hours.start, at) for times in _distinct(opened) for hours in times if hours.end > at), default=end)


def _earliest(opened: Mapping[str, Sequence[Interval]], length: timedelta, part: Interval, taken: Taken
              ) -> list[tuple[datetime, str]]:
    """From when on each doctor may be free for that long, of those who may from this part on; the first first."""
    receiving = {id(times): [stretch for hours in times if hours.start < part.end and hours.end > part.start
                             and (stretch := Interval(max(hours.start, part.start),
                                                      min(hours.end, part.end + length))).length >= length]
                 for times in _distinct(opened)}
    ids = [doctor for doctor, times in opened.items() if receiving[id(times)]]
    blocked = taken(ids, part) if ids else {}
    alike = {doctor: (id(opened[doctor]), tuple(blocked.get(doctor, ()))) for doctor in ids}
    first: dict[tuple[int, tuple[Interval, ...]], datetime | None] = {}
    for same in alike.values():  # many are taken at the same times as well
        if same not in first:
            free = subtract(receiving[same[0]], same[1])
            first[same] = next((one.start for one in free if one.length >= length and one.start < part.end), None)
    return sorted((at, doctor) for doctor, same in alike.items() if (at := first[same]))


def _distinct(opened: Mapping[str, Sequence[Interval]]) -> Iterable[Sequence[Interval]]:
    return {id(times): times for times in opened.values()}.values()  # many share their hours
