"""Learn the small models of the English note: where sentences end, and which statements belong in a note, and where.

    .venv/bin/python -m scripts.learn_notes ACI_BENCH.jsonl --speech MTS_DIALOG.jsonl PRIMOCK57.jsonl --out app/notes/data

ACI_BENCH.jsonl has lines {split, dialogue: [{speaker, text}], note, sections}; only `train` and `valid` are read. Full-batch
gradient descent from zero: the same data always gives the same weights. docs/learned-selection.md is the model card.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from app.notes.drafting import facts_of
from app.notes.language import boundaries
from app.notes.language.linear import BIAS, linear
from app.notes.language.stretches import join
from app.notes.language.text import normalise
from app.notes.language.units import prepare
from app.notes.settling.verification import verified
from app.notes.transcript import Transcript
from app.notes.writing.realisation import realise
from app.notes.writing.relevance import features
from app.notes.writing.sentences import Voice
from app.notes.writing.statements import statements

SPLITS = ("train", "valid", "all")  # never test1 or test2
STEPS = 300
RATE = 0.05
SHRINK = 3e-4
LEAST_GAIN = 0.0005  # of the agreement, for a statement that should have been told
LEAST_WEIGHT = 0.15  # below it a feature is not kept
Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.learn_notes")
    parser.add_argument("visits", type=Path)
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    visits = read(arguments.visits)
    speech = [*visits, *(visit for path in arguments.speech for visit in read(path))]
    learn_boundaries(speech, arguments.out / "boundaries_en.tsv")
    linear.cache_clear()
    learn_relevance(visits, arguments.out / "relevance_en.tsv")


def read(path: Path) -> list[Json]:
    visits = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [visit for visit in visits if visit.get("split") in SPLITS and visit.get("lang", "en") == "en"]


def learn_boundaries(visits: Iterable[Json], path: Path) -> None:
    rows, targets = [], []
    for visit in visits:
        for words, ends in punctuated(visit):
            for gap in range(1, len(words)):
                rows.append(list(boundaries.features(words, gap)))
                targets.append(gap in ends)
    write(path, ("sentence ends",), fit(rows, np.array(targets, float)[:, None], least=3, shrink=1e-5))


def punctuated(visit: Json) -> Iterable[tuple[list[str], set[int]]]:
    """Turns of a visit that was transcribed with full stops: folded words, and the gaps at which a sentence ends."""
    texts = [normalise(turn["text"], "en").norm for turn in visit["dialogue"]]
    if sum(len(re.findall(r"[.?!]", text)) for text in texts) < len(texts) / 2:
        return
    for text in texts:
        words: list[str] = []
        ends: set[int] = set()
        for token in re.findall(r"[a-z]+|\d+(?:\.\d+)?|%|[.?!]", text):
            if token in (".", "?", "!"):
                ends.add(len(words))
            else:
                words.append(token)
        yield words, ends


SECTIONS = (
    ("history", r"HISTORY OF PRESENT|HPI|SUBJECTIVE|REVIEW|HISTORY|ALLERG|MEDICATION|COMPLAINT"),
    ("examination", r"EXAM|VITALS"),
    ("results", r"RESULT|LAB|IMAG"),
    ("plan", r"ASSESSMENT|PLAN|IMPRESSION|INSTRUCTION"),
)


@dataclass(frozen=True)
class Example:
    """A visit with what could be told of it, how each statement looks to the model, and what the note made of it."""

    rows: list[list[str]]
    keep: list[bool]
    sections: list[str]


def learn_relevance(visits: Iterable[Json], path: Path) -> None:
    examples = [example(visit) for visit in visits]
    rows = [row for one in examples for row in one.rows]
    keep = [kept for one in examples for kept in one.keep]
    where = [section for one in examples for section in one.sections]
    names = [name for name, _ in SECTIONS]
    targets = np.array(
        [[kept, *(section == name for name in names)] for kept, section in zip(keep, where, strict=True)], float
    )
    write(path, ("keep", *names), fit(rows, targets, least=3, shrink=SHRINK))


def example(visit: Json) -> Example:
    """What a greedy reader of the note would have told: statements are added while they bring the draft nearer to it."""
    heard = prepare(join(Transcript.from_json(visit)).joined)
    facts = [fact for fact in facts_of(heard) if not fact.doubt]
    voice = Voice("en", heard.told_sex)
    said = list(statements(heard, voice))
    written = verified(realise(facts, voice), heard)
    note = grams(visit["note"])
    base = grams("\n".join(w.text for w in written))
    kept = greedy(note, base, [grams(one.text) for one in said])
    return Example(list(features(said, heard, facts)), kept, [nearest(one.text, visit["sections"]) for one in said])


def grams(text: str) -> tuple[Counter[Any], Counter[Any]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return Counter(words), Counter(pairwise(words))


def greedy(note: Any, base: Any, options: Sequence[Any]) -> list[bool]:
    kept, best = [False] * len(options), agreement(base, note)
    while True:
        gains = [
            (0.0 if kept[i] else agreement((base[0] + one[0], base[1] + one[1]), note) - best, i)
            for i, one in enumerate(options)
        ]
        gain, i = max(gains, default=(0.0, 0))
        if gain <= LEAST_GAIN:
            return kept
        kept[i], best = True, best + gain
        base = (base[0] + options[i][0], base[1] + options[i][1])


def agreement(draft: Any, note: Any) -> float:
    """Words and pairs of words in common, as F1 each."""
    return sum(2 * (a & b).total() / max(1, a.total() + b.total()) for a, b in zip(draft, note, strict=True))


def nearest(text: str, sections: dict[str, str]) -> str:
    """The kind of section that has most pairs of words of a statement; empty where none has."""
    pairs = grams(text)[1]
    scored = []
    for title, body in sections.items():
        name = next((name for name, pattern in SECTIONS if re.search(pattern, title.upper())), "")
        theirs = grams(body)[1]
        scored.append(((pairs & theirs).total() / theirs.total() ** 0.3 if name and theirs else 0, name))
    most, name = max(scored, default=(0, ""))
    return name if most else ""


def fit(
    rows: Sequence[Sequence[str]], targets: np.ndarray[Any, Any], *, least: int, shrink: float
) -> dict[str, list[float]]:
    """Logistic regression (one for each column of `targets`) on features seen `least` times: Adam, L2 `shrink`."""
    seen = Counter(name for row in rows for name in set(row))
    names = [BIAS, *sorted(name for name, times in seen.items() if times >= least)]
    place = {name: i for i, name in enumerate(names)}
    flat = [(i, place[name]) for i, row in enumerate(rows) for name in {BIAS, *row} if name in place]
    row_of, column = np.array(flat).T
    fitted = [_one(row_of, column, len(rows), len(names), y, shrink) for y in targets.T]
    return {name: [round(float(w[i]), 2) for w in fitted] for i, name in enumerate(names)}


def _one(row_of: Any, column: Any, rows: int, size: int, target: Any, shrink: float) -> Any:
    weights, mean, square = np.zeros((3, size))
    for step in range(1, STEPS + 1):
        odds = np.bincount(row_of, weights[column], rows)
        slope = (1 / (1 + np.exp(-odds)) - target) / rows
        gradient = np.bincount(column, slope[row_of], size) + shrink * weights * (np.arange(size) > 0)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        weights = weights - RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def write(path: Path, outputs: Sequence[str], weights: dict[str, list[float]], by: str = "scripts/learn_notes.py") -> None:
    kept = {name: row for name, row in weights.items() if any(abs(w) >= LEAST_WEIGHT for w in row)}
    lines = [
        "\t".join(("feature", *outputs)),
        *("\t".join((name, *map("{:g}".format, row))) for name, row in kept.items()),
    ]
    path.write_text(f"# Learnt by {by}; see NOTICE.txt.\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(path, len(kept))


if __name__ == "__main__":
    main()
