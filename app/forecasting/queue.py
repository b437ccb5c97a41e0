"""When a waiting patient's visit will begin: an interval to hold 8 times in 10, from the doctor's own days. Pure.

The rest of the day is played through many times with durations, pauses and latenesses that really happened; the
interval holds the middle of what came out. How wide it must be is chosen on days that taught nothing else, and how
often it then held is measured on newer days still.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from pydantic import BaseModel

MINUTE = timedelta(minutes=1)
HELD = 0.8                     # how often an interval should hold
DRAWS, DRAWS_LEARNING = 200, 100
KEPT = 200                     # newest durations of a motif, and of each other habit: times change
OWN_FROM = 8                   # a motif seen less often borrows from the doctor's other visits
LEAST_TESTED = 30              # below, nothing is said about how often it held
NARROWEST, WIDEST = 0.3, 6.0   # how much the interval may be drawn together or apart
LOOKS = (timedelta(0), timedelta(minutes=5), timedelta(minutes=15))
LEAST_SIDE = timedelta(minutes=4)
NEVER = timedelta(days=1)
EARLY_IF = timedelta(minutes=10)  # who was free so long before shows how early visits may begin


@dataclass(frozen=True, slots=True)
class Turn:
    """One visit as far as its place in the queue depends on it."""

    id: str
    start_at: datetime
    end_at: datetime
    status: str  # of the encounter
    started_at: datetime | None = None
    motif_id: str = ""


@dataclass(frozen=True, slots=True)
class PastVisit:
    """What became of a visit; who never came has no `arrived_at`."""

    id: str
    motif_id: str
    start_at: datetime
    end_at: datetime
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Habits(BaseModel):
    """A doctor's days, in minutes: by default those of nobody in particular.

    durations: of visits by motif. ratios: real by booked length. gaps: between two visits while somebody waits.
    lateness: of patients, negative when early. early: how long before its time a visit begins that could. missed:
    share of patients who never came. opening: after its time the first visit of a day begins. below, above: how far
    the interval reaches, in what came out of the playing. held: how often it held, of `tested` times.
    """

    durations: dict[str, list[float]] = {}
    ratios: list[float] = [0.6, 0.75, 0.85, 0.95, 1.0, 1.1, 1.25, 1.5]
    gaps: list[float] = [0.5, 1.0, 2.0, 4.0]
    lateness: list[float] = [-10.0, -6.0, -4.0, -2.0, 0.0, 3.0, 8.0]
    early: list[float] = [0.0]
    missed: float = 0.05
    opening: list[float] = [0.0, 2.0, 5.0, 10.0]
    below: float = 1.2
    above: float = 1.4
    held: float = 0.0
    tested: int = 0


def interval(turns: Sequence[Turn], id_: str, now: datetime, habits: Habits) -> tuple[datetime, datetime]:
    """Between when and when this visit, which has not begun, will begin; never before now.

    The same question gets the same answer.
    """
    low, middle, high = _spread(turns, id_, now, habits, DRAWS)
    return max(now, middle - habits.below * (middle - low)), max(now, middle + habits.above * (high - middle))


def learn(visits: Sequence[PastVisit]) -> Habits:
    """A doctor's habits from past visits in order of time, with a width that is tried and a measured `held`."""
    days = [list(day) for _, day in groupby(visits, key=lambda v: v.start_at.date())]
    first, second = int(len(days) * 0.6), int(len(days) * 0.8)
    taught = _habits([v for day in days[:first] for v in day])
    tried = list(_scores(days[first:second], taught))
    below, above = _bounds(tried)
    newest = list(_scores(days[second:], _habits([v for day in days[:second] for v in day])))
    tested = len(newest) if len(newest) >= LEAST_TESTED else 0
    held = sum(-below <= score <= above for score in newest) / tested if tested else 0.0
    below, above = _bounds(tried + newest)  # once they have tested, the newest days teach as well
    return _habits(visits).model_copy(update={"below": below, "above": above, "held": held, "tested": tested})


def state_of(day: Sequence[PastVisit], at: datetime) -> list[Turn]:
    """A past day as it stood at an instant."""
    return [Turn(v.id, v.start_at, v.end_at, _status(v, at),
                 v.started_at if v.started_at and v.started_at <= at else None, v.motif_id) for v in day]


def _status(visit: PastVisit, at: datetime) -> str:
    for name, since in (("finished", visit.finished_at), ("in-progress", visit.started_at),
                        ("arrived", visit.arrived_at)):
        if since and since <= at:
            return name
    return "planned"


def _scores(days: Sequence[Sequence[PastVisit]], habits: Habits) -> Iterator[float]:
    """For each visit of these days, asked on arriving and while waiting: how far off the middle it began, in widths.

    Below zero earlier, above later; what an interval must reach to hold it (conformal scores).
    """
    for day in days:
        for visit in day:
            for wait in LOOKS:
                now = visit.arrived_at + wait if visit.arrived_at else None
                if now and visit.started_at and now < visit.started_at:
                    low, middle, high = _spread(state_of(day, now), visit.id, now, habits, DRAWS_LEARNING)
                    off = visit.started_at - middle
                    if off > timedelta(0):
                        yield max(timedelta(0), off - MINUTE) / (high - middle)  # pages show whole minutes
                    else:
                        yield min(timedelta(0), off + MINUTE) / (middle - low)


def _bounds(scores: list[float]) -> tuple[float, float]:
    """What nine in ten do not pass on either side, so that eight in ten lie between; the usual where too few."""
    if len(scores) < LEAST_TESTED:
        return Habits().below, Habits().above
    ranked = sorted(scores)
    last = min(int((1 + HELD) / 2 * len(ranked)), len(ranked) - 1)
    return tuple(min(max(score, NARROWEST), WIDEST) for score in (-ranked[-1 - last], ranked[last]))  # type: ignore[return-value]


def _spread(turns: Sequence[Turn], id_: str, now: datetime, habits: Habits, draws: int
            ) -> tuple[datetime, datetime, datetime]:
    chance = random.Random(id_)  # noqa: S311  no secret: the same draws each time, so that nothing flickers
    begun = sorted(_played(turns, id_, now, habits, chance) for _ in range(draws))
    low, middle, high = (begun[int(share * (draws - 1))] for share in ((1 - HELD) / 2, 0.5, (1 + HELD) / 2))
    return min(low, middle - LEAST_SIDE), middle, max(high, middle + LEAST_SIDE)


def _habits(visits: Sequence[PastVisit]) -> Habits:
    usual = Habits()
    durations: dict[str, list[float]] = {}
    ratios, lateness, gaps, early = [], [], [], []
    for visit in visits:
        if visit.started_at and visit.finished_at:
            lasted = (visit.finished_at - visit.started_at) / MINUTE
            durations.setdefault(visit.motif_id, []).append(lasted)
            ratios.append(lasted / ((visit.end_at - visit.start_at) / MINUTE))
        if visit.arrived_at:
            lateness.append((visit.arrived_at - visit.start_at) / MINUTE)
    for before, after in _followed(visits):
        ready = max(before.finished_at or before.end_at, after.arrived_at or after.start_at)
        began = after.started_at or after.start_at
        if ready >= after.start_at:
            gaps.append(max(0.0, (began - ready) / MINUTE))
        elif ready < after.start_at - EARLY_IF:
            early.append(max(0.0, (after.start_at - began) / MINUTE))
    opening = [max(0.0, (first.started_at - max(first.start_at, first.arrived_at)) / MINUTE)
               for first in _first_of_days(visits) if first.started_at and first.arrived_at]
    missed = sum(v.arrived_at is None for v in visits)
    return Habits(
        durations={motif: some[-KEPT:] for motif, some in durations.items()}, ratios=ratios[-KEPT:] or usual.ratios,
        gaps=gaps[-KEPT:] or usual.gaps, lateness=lateness[-KEPT:] or usual.lateness,
        early=early[-KEPT:] or usual.early, opening=opening[-KEPT:] or usual.opening,
        missed=(missed + 1) / (len(visits) + 20))


def _first_of_days(visits: Sequence[PastVisit]) -> list[PastVisit]:
    held = sorted((v for v in visits if v.started_at), key=lambda v: v.started_at or v.start_at)
    return [next(day) for _, day in groupby(held, key=lambda v: v.start_at.date())]


def _followed(visits: Sequence[PastVisit]) -> Iterator[tuple[PastVisit, PastVisit]]:
    """Visits of one day that began one after the other."""
    held = sorted((v for v in visits if v.started_at), key=lambda v: v.started_at or v.start_at)
    for before, after in pairwise(held):
        if before.start_at.date() == after.start_at.date():
            yield before, after


def _played(turns: Sequence[Turn], id_: str, now: datetime, habits: Habits, chance: random.Random) -> datetime:
    """When the visit begins in one playing of the rest of the day."""
    free_at = now
    if not any(turn.status in ("in-progress", "finished") for turn in turns):  # the doctor has not begun yet
        free_at = max(now, min(turn.start_at for turn in turns) + chance.choice(habits.opening) * MINUTE)
    waiting: list[tuple[datetime, Turn]] = []
    for turn in turns:
        if turn.status == "in-progress":
            ends = _ends(turn, now, habits, chance)
            free_at = max(free_at, ends + chance.choice(habits.gaps) * MINUTE)
        elif turn.status in ("planned", "arrived"):
            waiting.append((_comes(turn, id_, now, habits, chance), turn))
    while True:
        arrived = [each for each in waiting if each[0] <= free_at]
        if not arrived:
            free_at = min(comes for comes, _ in waiting)
            continue
        comes, turn = min(arrived, key=lambda each: each[1].start_at)
        begins = max(free_at, comes, turn.start_at - chance.choice(habits.early) * MINUTE)
        if turn.id == id_:
            return begins
        waiting.remove((comes, turn))
        free_at = begins + (_lasts(turn, habits, chance) + chance.choice(habits.gaps)) * MINUTE


def _comes(turn: Turn, id_: str, now: datetime, habits: Habits, chance: random.Random) -> datetime:
    """When the patient is there, given that they have not come yet: the later it is, the likelier never."""
    if turn.status == "arrived" or (turn.id == id_ and now >= turn.start_at):
        return now
    elapsed = (now - turn.start_at) / MINUTE
    later = [late for late in habits.lateness if late > elapsed]
    coming = (1 - habits.missed) * len(later) / len(habits.lateness)
    if turn.id != id_ and chance.random() * (habits.missed + coming) < habits.missed:
        return turn.start_at + NEVER
    return turn.start_at + (chance.choice(later) if later else max(0.0, elapsed)) * MINUTE


def _lasts(turn: Turn, habits: Habits, chance: random.Random) -> float:
    own = habits.durations.get(turn.motif_id, [])
    if chance.random() * OWN_FROM < len(own):
        return chance.choice(own)
    return chance.choice(habits.ratios) * ((turn.end_at - turn.start_at) / MINUTE)


def _ends(turn: Turn, now: datetime, habits: Habits, chance: random.Random) -> datetime:
    """When a visit in progress ends, given that it has not ended yet."""
    begun = turn.started_at or turn.start_at
    elapsed = (now - begun) / MINUTE
    own = habits.durations.get(turn.motif_id, [])
    booked = (turn.end_at - turn.start_at) / MINUTE
    lasts = (own if len(own) >= OWN_FROM else []) or [ratio * booked for ratio in habits.ratios]
    longer = [minutes for minutes in lasts if minutes > elapsed]
    rest = chance.choice(longer) - elapsed if longer else chance.uniform(0.5, max(1.0, elapsed / 3))
    return now + rest * MINUTE
