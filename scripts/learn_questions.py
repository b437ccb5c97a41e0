"""Learn which sentences of a doctor are questions, for French speech whose question marks the recogniser lost.

    .venv/bin/python -m scripts.learn_questions tests/golden/*.jsonl --out app/notes/data

Reads French dialogues written with their marks; nothing of `sealed.jsonl` and of the split `c`, which stay unread. Prints how many
of the questions are found and how many found are questions, in five folds of dialogues. docs/learned-selection.md is the model card.
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.notes.language.linear import BIAS
from app.notes.language.question_marks import ASKS, sentences
from app.notes.transcript import Transcript
from scripts.learn_notes import fit, write

UNREAD = ("sealed",)  # files
UNREAD_SPLITS = ("c",)
FOLDS = 5
Row = tuple[str, list[str], bool]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.learn_questions")
    parser.add_argument("dialogues", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows = list(read([path for path in arguments.dialogues if path.stem not in UNREAD]))
    print(json.dumps(agreement(rows)))
    write(arguments.out / "questions_fr.tsv", ("asks",), _fit(rows), by="scripts/learn_questions.py")


def read(paths: Iterable[Path]) -> Iterable[Row]:
    """Dialogue, features and whether a mark stood there, of every sentence of a doctor; the same exchange once."""
    seen = set[str]()
    for visit in (json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()):
        if visit.get("lang", "fr") != "fr" or visit.get("split") in UNREAD_SPLITS or "dialogue" not in visit:
            continue
        turns = Transcript.from_json(visit).turns
        for said in sentences(turns):
            features = sorted(said.features())
            if (key := "|".join(features)) not in seen:
                seen.add(key)
                yield visit["id"], features, "?" in turns[said.turn].text[slice(*said.mark)]


def agreement(rows: Sequence[Row]) -> dict[str, Any]:
    """In dialogues that were not learnt from: the share of found that are questions, and of questions that are found."""
    names = sorted({name for name, _, _ in rows})
    of = {name: place % FOLDS for place, name in enumerate(sorted(names, key=lambda n: re.sub(r"\D", "", n)[::-1]))}
    found = right = asked = 0
    for fold in range(FOLDS):
        weights = _fit([row for row in rows if of[row[0]] != fold])
        for _, features, asks in (row for row in rows if of[row[0]] == fold):
            says = sum(weights[f][0] for f in (BIAS, *features) if f in weights) > ASKS
            found, right, asked = found + says, right + (says and asks), asked + asks
    return {"sentences": len(rows), "questions": asked, "precision": right / found, "recall": right / asked}


def _fit(rows: Sequence[Row]) -> dict[str, list[float]]:
    targets = np.array([[asks] for _, _, asks in rows], float)
    return fit([features for _, features, _ in rows], targets, least=3, shrink=3e-4)


if __name__ == "__main__":
    main()
