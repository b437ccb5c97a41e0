"""Interval algebra against sets of minutes, the plainest model there is."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheduling.intervals import Interval, pieces, subtract, union

EPOCH = datetime(2026, 11, 23, tzinfo=UTC)


def interval(start_min: int, end_min: int) -> Interval:
    return Interval(EPOCH + timedelta(minutes=start_min), EPOCH + timedelta(minutes=end_min))


def minutes(intervals) -> set[int]:
    return {n for i in intervals for n in range(int((i.start - EPOCH).total_seconds() // 60),
                                                int((i.end - EPOCH).total_seconds() // 60))}


some = st.lists(st.builds(interval, st.integers(0, 120), st.integers(0, 120)), max_size=8)


def assert_normal(intervals: list[Interval]) -> None:
    assert all(i.start < i.end for i in intervals)
    assert all(a.end < b.start for a, b in itertools.pairwise(intervals))


@given(some)
def test_union_covers_what_any_covers(intervals):
    assert_normal(union(intervals))
    assert minutes(union(intervals)) == minutes(intervals)


@given(some, some)
def test_subtract_leaves_what_is_available_and_not_blocked(available, blocked):
    left = subtract(available, blocked)
    assert_normal(left)
    assert minutes(left) == minutes(available) - minutes(blocked)


@given(some, st.integers(1, 45))
def test_pieces_fill_each_free_time_from_its_start(intervals, length_min):
    free, length = union(intervals), timedelta(minutes=length_min)
    found = pieces(free, length)
    assert all(p.length == length and any(p.within(f) for f in free) for p in found)
    assert all(not a.overlaps(b) for a, b in itertools.pairwise(found))
    assert len(found) == sum(int(f.length / length) for f in free)


def test_touching_is_not_overlapping():
    assert not interval(0, 15).overlaps(interval(15, 30))
    assert interval(0, 16).overlaps(interval(15, 30))


def test_a_slot_needs_a_length():
    with pytest.raises(ValueError, match="length"):
        pieces([interval(0, 60)], timedelta())
