"""The honest queue: an interval from what really happened, never before now, wider where days are unsteady."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.forecasting import queue
from app.forecasting.queue import Habits, PastVisit, Turn
from bench.waiting import one_doctor

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def turn(id_, minute, status="planned", started=None, length=15):
    start_at = NINE + minute * MINUTE
    return Turn(id_, start_at, start_at + length * MINUTE, status, None if started is None else NINE + started * MINUTE, "m")


def told(turns, id_, minute, habits=None):
    low, high = queue.interval(turns, id_, NINE + minute * MINUTE, habits or Habits())
    return (low - NINE) / MINUTE, (high - NINE) / MINUTE


def test_who_is_next_with_nobody_before_begins_about_now():
    low, high = told([turn("done", -15, "finished", -15), turn("a", 0, "arrived")], "a", 3)
    assert low == 3
    assert high <= 3 + 10


def test_each_one_before_takes_time_and_makes_it_less_certain():
    turns = [turn("z", 0, "in-progress", 0), *(turn(str(n), 15 * n, "arrived") for n in range(1, 5))]
    intervals = [told(turns, str(n), 5) for n in range(1, 5)]
    assert intervals == sorted(intervals)
    widths = [high - low for low, high in intervals]
    assert widths[0] < widths[3]


def test_a_doctors_own_durations_count_not_the_booked_ones():
    slow = Habits(durations={"m": [30.0] * 50}, gaps=[0.0], lateness=[-5.0], missed=0.0, below=1, above=1)
    turns = [turn("a", 0, "in-progress", 0), turn("b", 15, "arrived")]
    low, high = told(turns, "b", 1, slow)
    assert low <= 30 <= high
    assert high - low <= 10


def test_who_is_long_missing_holds_up_nobody():
    habits = Habits(gaps=[0.0], lateness=[-5.0, 0.0, 5.0], missed=0.1)
    turns = [turn("x", -15, "finished", -15), turn("never", 0), turn("b", 15, "arrived")]
    assert told(turns, "b", 16, habits)[1] <= 25


def test_the_same_question_gets_the_same_answer():
    turns = [turn("a", 0, "in-progress", 0), turn("b", 15, "arrived")]
    assert told(turns, "b", 4) == told(turns, "b", 4)


statuses = st.sampled_from(["planned", "arrived", "in-progress", "finished"])


@given(st.lists(st.tuples(st.integers(0, 600), statuses, st.integers(5, 60)), max_size=10), st.integers(-60, 700))
def test_whatever_the_day_nobody_is_told_a_time_in_the_past_or_an_empty_interval(rows, now):
    turns = [turn(str(n), minute, status, min(minute, now) if status == "in-progress" else None, length)
             for n, (minute, status, length) in enumerate(rows)]
    low, high = told([*turns, turn("me", 120, "arrived")], "me", now)
    assert now <= low <= high


def test_from_few_visits_nothing_is_claimed_about_how_often_it_holds():
    assert queue.learn([]) == Habits(missed=1 / 20)
    some = [PastVisit(str(n), "m", NINE + n * 15 * MINUTE, NINE + (n + 1) * 15 * MINUTE, NINE + n * 15 * MINUTE,
                      NINE + (n * 15 + 1) * MINUTE, NINE + (n * 15 + 12) * MINUTE) for n in range(12)]
    habits = queue.learn(some)
    assert (habits.tested, habits.held) == (0, 0.0)
    assert habits.durations["m"] == pytest.approx([11.0] * 12)


def test_on_days_it_has_not_seen_it_holds_about_eight_times_in_ten():
    held, fixed, widths, shown, _ = one_doctor(3, 75)
    assert 0.7 < sum(held) / len(held) < 0.9
    assert 0.7 < shown < 0.9
    assert sum(fixed) / len(fixed) < 0.6
    assert sorted(widths)[len(widths) // 2] < 40
