"""The soonest slots among many doctors are the first of all slots, though not all are looked at."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.scheduling import availability
from app.scheduling.intervals import Interval, union
from app.scheduling.soonest import AT_ONCE, soonest

DAY = datetime(2026, 11, 23, tzinfo=UTC)
WHOLE = Interval(DAY, DAY + timedelta(days=1))
FIVES = st.integers(0, 24 * 12 - 1)


def _interval(at: int, length: int) -> Interval:
    return Interval(DAY + timedelta(minutes=5 * at), min(DAY + timedelta(minutes=5 * (at + length)), WHOLE.end))


INTERVALS = st.lists(st.builds(_interval, FIVES, st.integers(1, 60)), max_size=8)


@given(opened=st.dictionaries(st.sampled_from([f"d{n:02}" for n in range(40)]), INTERVALS.map(union), max_size=40),
       busy=st.lists(INTERVALS, min_size=40, max_size=40), minutes=st.sampled_from([5, 15, 20, 45, 120]),
       begin=FIVES, limit=st.integers(1, 12))
def test_the_same_as_looking_at_everything(opened, busy, minutes, begin, limit):
    taken = {f"d{n:02}": intervals for n, intervals in enumerate(busy)}
    window, length = Interval(DAY + timedelta(minutes=5 * begin), WHOLE.end), timedelta(minutes=minutes)

    def asked(doctors, during):
        return {doctor: [one for one in taken[doctor] if one.overlaps(during)] for doctor in doctors}

    everything = sorted((slot.start, doctor, slot.end) for doctor, hours in opened.items()
                        for slot in availability.free_slots(hours, taken[doctor], length, window))
    assert soonest(opened, length, window, WHOLE, asked, limit) == everything[:limit]


def test_nights_are_skipped_and_few_are_looked_at_closely():
    """A thousand doctors who are free from nine o'clock on: five slots cost two looks, one of them at a few."""
    nine = Interval(DAY + timedelta(hours=9), DAY + timedelta(hours=17))
    looks: list[int] = []

    def asked(doctors, _during):
        looks.append(len(doctors))
        return {}

    slots = soonest({f"d{n:04}": [nine] for n in range(1000)}, timedelta(minutes=15), WHOLE, WHOLE, asked, 5)
    assert [doctor for _, doctor, _ in slots] == [f"d{n:04}" for n in range(5)]
    assert looks == [1000, AT_ONCE]
