"""Linear models over named features: a plain table of weights, read once from the files beside this module."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

BIAS = "bias"


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of one or more outputs by feature; a feature that was never seen in training weighs nothing."""

    outputs: tuple[str, ...]
    weights: Mapping[str, tuple[float, ...]]

    def scores(self, features: Iterable[str]) -> tuple[float, ...]:
        """The log-odds of each output."""
        rows = [self.weights[name] for name in (BIAS, *features) if name in self.weights]
        return tuple(map(math.fsum, zip(*rows, strict=True))) if rows else (0.0,) * len(self.outputs)


@cache
def linear(name: str) -> Linear:
    """The model in data/`name`.tsv: a head line with the outputs, then feature and weights. Raises OSError when there is none."""
    text = (resources.files("app.notes") / "data" / f"{name}.tsv").read_text(encoding="utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return Linear(tuple(head[1:]), {row[0]: tuple(map(float, row[1:])) for row in rows})


def probability(log_odds: float) -> float:
    """The logistic function, in a form that cannot overflow."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
