"""Drug names that the recogniser broke: how many are asked about rightly, and what is asked about that was no drug.

    python -m bench misheard [--text FILE.jsonl]... [--json]

Gain: 140 sentences, each with a drug, as they were recognised (tests/data/recognised/drugs-fr.jsonl), without and with the
common names that the recogniser expects. Breakage: dialogues as somebody wrote them ({"lang", "dialogue": [{"text"}]}),
where every proposal is one too many; without FILE those of tests/golden.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.notes.language.misheard import meant
from app.notes.language.text import fold

TESTS = Path(__file__).parents[1] / "tests"


def run(argv: list[str]) -> dict[str, Any]:
    """Count."""
    parser = argparse.ArgumentParser(prog="bench misheard")
    parser.add_argument("--text", type=Path, action="append")
    options = parser.parse_args(argv)
    heard = list(_rows(TESTS / "data" / "recognised" / "drugs-fr.jsonl"))
    texts = options.text or sorted((TESTS / "golden").glob("*.jsonl"))
    return {
        "without_expected_names": _gain([row for row in heard if not row["listed"]]),
        "with_expected_names": _gain([row for row in heard if row["listed"]]),
        "written_dialogues": {path.stem: _breakage(path) for path in texts},
    }


def _gain(rows: list[dict[str, Any]]) -> dict[str, int]:
    asked = [[fold(m.name) for m in meant(row["text"], "fr", row["doubts"], doubtful=row["low_confidence"])] for row in rows]
    wanted = [fold(row["drug"]) for row in rows]
    return {
        "sentences": len(rows), "heard": sum(drug in fold(row["text"]) for drug, row in zip(wanted, rows, strict=True)),
        "asked_rightly": sum(drug in names for drug, names in zip(wanted, asked, strict=True)),
        "asked_wrongly": sum(any(name != drug for name in names) for drug, names in zip(wanted, asked, strict=True)),
    }


def _breakage(path: Path) -> dict[str, Any]:
    turns = [(row["lang"], turn["text"]) for row in _rows(path) for turn in row["dialogue"]]
    found = [text[m.start:m.end] + " -> " + m.name for lang, text in turns for m in meant(text, lang)]
    return {"words": sum(len(text.split()) for _, text in turns), "asked": len(found), "what": found[:20]}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as lines:
        yield from map(json.loads, lines)
