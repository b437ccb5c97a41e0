"""Interval algebra: half-open [start, end), aware instants. Pure.

Lists returned here are normal: sorted, disjoint, not touching, none empty.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Interval(NamedTuple):
    """Time from `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts; zero or less means empty."""
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """Whether they share an instant; touching is not overlapping."""
        return self.start < other.end and other.start < self.end

    def within(self, other: "Interval") -> bool:
        """Whether all of it lies in the other."""
        return other.start <= self.start and self.end <= other.end


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Everything covered by at least one."""
    merged: list[Interval] = []
    for interval in sorted(i for i in intervals if i.start < i.end):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged


def subtract(available: Iterable[Interval], blocked: Iterable[Interval]) -> list[Interval]:
    """What is available and not blocked."""
    holes, left = union(blocked), []
    for interval in union(available):
        start = interval.start
        for hole in holes:
            if hole.end <= start or hole.start >= interval.end:
                continue
            left.append(Interval(start, hole.start))
            start = hole.end
        left.append(Interval(start, interval.end))
    return union(left)


def pieces(free: Iterable[Interval], length: timedelta) -> list[Interval]:
    """Whole slots of `length`, one after the other from the start of each free interval."""
    if length <= timedelta():
        raise ValueError("a slot needs a length")
    found = []
    for interval in free:
        start = interval.start
        while start + length <= interval.end:
            found.append(Interval(start, start + length))
            start += length
    return found
