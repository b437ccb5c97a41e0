"""How likely somebody is not to come: a small logistic regression, and how well it held on newer visits. Pure.

Few facts, none of them clinical and none about who somebody is: how long ahead it was booked, how often they came
before, whether they have a phone, and the motif's own rate. Age, sex, name, address and language are left out on
purpose. Shrunk towards the base rate (ridge), so that little data says little.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pydantic import BaseModel

LEAST_CASES, LEAST_MISSED = 100, 15   # below, nothing can be said
TRAINED_SHARE = 0.7                   # of the visits, the older ones; the rest tests
BINS = 5
RIDGE = 2.0
PRIOR_VISITS = 5.0                    # how many visits at the base rate everybody is thought to have had
STEPS = 25
Z = 1.2816                            # of an interval that holds 8 times in 10


class Case(NamedTuple):
    """One visit as it was when it was booked; `missed` is what became of it (False while that is unknown)."""

    lead_days: float
    earlier: int          # visits before it was booked
    earlier_missed: int
    phone: bool
    motif_id: str
    missed: bool = False


class Model(BaseModel):
    """What was learnt; `weights` belong to the facts in the order of `_facts`."""

    base: float
    motifs: dict[str, float]
    weights: list[float]


class Bin(BaseModel):
    """Visits that were given about the same probability: what was said, what came true, and its 80 % interval."""

    said: float
    came_true: float
    low: float
    high: float
    count: int


class Study(BaseModel):
    """A model and its test on the newest visits, which it had not seen. Brier scores: less is better."""

    model: Model
    cases: int
    tested: int
    brier: float
    brier_base: float
    bins: list[Bin]

    @property
    def useful(self) -> bool:
        """Whether it said more than the base rate alone; otherwise no probability is worth showing."""
        return self.brier < self.brier_base


def study(cases: Sequence[Case]) -> Study | None:
    """Learn from the older visits, test on the newer, in order of time; None where there are too few."""
    if len(cases) < LEAST_CASES or sum(case.missed for case in cases) < LEAST_MISSED:
        return None
    cut = int(len(cases) * TRAINED_SHARE)
    trained, held_out = fit(cases[:cut]), cases[cut:]
    said = [probability(trained, case) for case in held_out]
    truth = [float(case.missed) for case in held_out]
    return Study(model=fit(cases), cases=len(cases), tested=len(held_out), brier=_brier(said, truth),
                 brier_base=_brier([trained.base] * len(truth), truth), bins=_bins(said, truth))


def fit(cases: Sequence[Case]) -> Model:
    """Ridge logistic regression by Newton's method; at least one case."""
    base = (sum(case.missed for case in cases) + 0.5) / (len(cases) + 1)
    model = Model(base=base, motifs=_motif_rates(cases, base), weights=[])
    rows = [_facts(model, case) for case in cases]
    weights = [math.log(base / (1 - base))] + [0.0] * (len(rows[0]) - 1)
    for _ in range(STEPS):
        step = _newton_step(rows, cases, weights)
        weights = [w + s for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return model.model_copy(update={"weights": weights})


def probability(model: Model, case: Case) -> float:
    """Of not coming, between 0 and 1."""
    return _logistic(sum(w * x for w, x in zip(model.weights, _facts(model, case), strict=True)))


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 80 % interval of a share (Wilson 1927); 0 and 1 where there is nothing to count."""
    if not of:
        return 0.0, 1.0
    share, z2 = count / of, Z * Z / of
    middle = (share + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of)) / (1 + z2)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))  # rounding puts neither beyond it


def _facts(model: Model, case: Case) -> list[float]:
    own = (case.earlier_missed + PRIOR_VISITS * model.base) / (case.earlier + PRIOR_VISITS)
    return [1.0, math.log1p(max(0.0, case.lead_days)) / 2 - 1, 5 * (own - model.base), 0.0 if case.earlier else 1.0,
            0.0 if case.phone else 1.0, 5 * (model.motifs.get(case.motif_id, model.base) - model.base)]


def _motif_rates(cases: Sequence[Case], base: float) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for case in cases:
        found.setdefault(case.motif_id, []).append(case.missed)
    return {motif: (sum(missed) + 2 * PRIOR_VISITS * base) / (len(missed) + 2 * PRIOR_VISITS)
            for motif, missed in found.items()}


def _newton_step(rows: Sequence[Sequence[float]], cases: Sequence[Case], weights: Sequence[float]) -> list[float]:
    size = len(weights)
    gradient = [0.0] + [-RIDGE * w for w in weights[1:]]  # the first weight is the base rate's: not shrunk
    curve = [[RIDGE if i == j and i else 0.0 for j in range(size)] for i in range(size)]
    for row, case in zip(rows, cases, strict=True):
        said = _logistic(sum(w * x for w, x in zip(weights, row, strict=True)))
        off, bend = case.missed - said, max(said * (1 - said), 1e-9)
        for i, x in enumerate(row):
            gradient[i] += off * x
            for j in range(i, size):
                curve[i][j] += bend * x * row[j]
    for i in range(size):
        for j in range(i):
            curve[i][j] = curve[j][i]
    return _solved(curve, gradient)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with pivoting; the ridge keeps every matrix here regular."""
    size = len(right)
    table = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for n in range(size):
        best = max(range(n, size), key=lambda i: abs(table[i][n]))
        table[n], table[best] = table[best], table[n]
        for i in range(size):
            if i != n:
                factor = table[i][n] / table[n][n]
                table[i] = [a - factor * b for a, b in zip(table[i], table[n], strict=True)]
    return [table[n][size] / table[n][n] for n in range(size)]


def _bins(said: Sequence[float], truth: Sequence[float]) -> list[Bin]:
    order = sorted(range(len(said)), key=lambda n: said[n])
    cuts = [len(order) * n // BINS for n in range(BINS + 1)]
    found = []
    for first, last in pairwise(cuts):
        group = order[first:last]
        if group:
            missed = int(sum(truth[n] for n in group))
            low, high = wilson(missed, len(group))
            found.append(Bin(said=sum(said[n] for n in group) / len(group), came_true=missed / len(group),
                             low=low, high=high, count=len(group)))
    return found


def _brier(said: Sequence[float], truth: Sequence[float]) -> float:
    return sum((p - t) ** 2 for p, t in zip(said, truth, strict=True)) / len(truth)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))
