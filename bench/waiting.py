"""How often the interval told in the waiting room held, on simulated days: late patients, long visits, no-shows, breaks.

    python -m bench waiting [--days 90] [--doctors 6] [--json]

Each doctor's days are drawn from laws that the forecast does not know (log-normal durations by motif, a doctor's own
pace, a late start, breaks, unannounced ends). The real `learn` sees two thirds of them; on the rest every patient asks
the real `interval` on arriving, and again five and fifteen minutes later, and what they were told is compared with what
happened. `fixed` is the same with the booked lengths alone, a quarter of an hour wide.
"""

import argparse
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from app.forecasting import queue
from app.forecasting.queue import MINUTE, PastVisit

MOTIFS = {"follow-up": (15, 13.0, 0.35), "first": (30, 31.0, 0.3), "renewal": (15, 8.0, 0.45), "results": (15, 14.0, 0.5)}
LOOKS_MIN = (0, 5, 15)


def day(chance: random.Random, on: datetime, pace: float) -> list[PastVisit]:
    """One day of one doctor as it really went."""
    booked, at = [], on.replace(hour=8)
    while at < on.replace(hour=12):
        motif = chance.choice(list(MOTIFS))
        length = MOTIFS[motif][0]
        if chance.random() < 0.9:
            booked.append((at, at + length * MINUTE, motif))
        at += length * MINUTE
    free_at = on.replace(hour=8) + max(0.0, chance.gauss(4, 6)) * MINUTE
    arrivals = {n: start + (chance.gauss(-6, 5) if chance.random() < 0.8 else chance.expovariate(1 / 8)) * MINUTE
                for n, (start, _, _) in enumerate(booked) if chance.random() > 0.07}
    gone: dict[int, PastVisit] = {}
    waiting = dict(arrivals)
    while waiting:
        here = [n for n, comes in waiting.items() if comes <= free_at]
        if not here:
            free_at = min(waiting.values())
            continue
        n = min(here)
        start, end, motif = booked[n]
        begins = max(free_at, start - 5 * MINUTE)
        _, middle, spread = MOTIFS[motif]
        ends = begins + pace * middle * chance.lognormvariate(0, spread) * MINUTE
        gone[n] = PastVisit(f"{on:%m%d}{n}", motif, start, end, waiting.pop(n), begins, ends)
        free_at = ends + chance.expovariate(1 / 2) * MINUTE + (12 * MINUTE if chance.random() < 0.06 else timedelta())
    return [gone.get(n) or PastVisit(f"{on:%m%d}{n}", motif, start, end) for n, (start, end, motif) in enumerate(booked)]


def one_doctor(seed: int, days: int) -> tuple[list[bool], list[bool], list[float], float, list[float]]:
    """What held of what was told; the same with fixed lengths; widths in minutes; the coverage that pages show; times."""
    chance = random.Random(seed)
    pace = chance.uniform(0.8, 1.3)
    went = [day(chance, datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=n), pace) for n in range(days)]
    cut = days * 2 // 3
    habits = queue.learn([visit for each in went[:cut] for visit in each])
    held, fixed, widths, times = [], [], [], []
    for each in went[cut:]:
        for visit in each:
            for look in LOOKS_MIN:
                now = visit.arrived_at + look * MINUTE if visit.arrived_at else None
                if now is None or visit.started_at is None or now >= visit.started_at:
                    continue
                begun = time.perf_counter()
                low, high = queue.interval(queue.state_of(each, now), visit.id, now, habits)
                times.append((time.perf_counter() - begun) * 1000)
                held.append(low - MINUTE < visit.started_at < high + MINUTE)
                widths.append((high - low) / MINUTE)
                fixed.append(abs(visit.started_at - max(now, visit.start_at)) <= 7.5 * MINUTE)
    return held, fixed, widths, habits.held, times


def run(argv: list[str]) -> dict[str, object]:
    parser = argparse.ArgumentParser(prog="bench waiting", description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--doctors", type=int, default=6)
    asked = parser.parse_args(argv)
    results: list[tuple[Any, ...]] = [one_doctor(seed, asked.days) for seed in range(asked.doctors)]
    held, fixed, widths, times = ([x for r in results for x in r[n]] for n in (0, 1, 2, 4))
    each = [round(100 * sum(r[0]) / len(r[0]), 1) for r in results]
    return {
        "days": asked.days, "doctors": asked.doctors, "told": len(held), "held_percent": round(100 * sum(held) / len(held), 1),
        "held_percent_by_doctor": each, "shown_percent_by_doctor": [round(100 * r[3], 1) for r in results],
        "width_min_p50": round(statistics.median(widths), 1), "fixed_quarter_held_percent": round(100 * sum(fixed) / len(fixed), 1),
        "interval_ms_p50": round(statistics.median(times), 2), "interval_ms_p99": round(sorted(times)[int(0.99 * len(times))], 2),
    }
