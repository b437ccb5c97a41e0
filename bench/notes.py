"""Notes drafted from dialogues: facts against gold, traps, evidence, sections, ROUGE against reference notes, seconds.

    python -m bench notes [--data FILE...] [--split NAME] [--limit N] [--missed] [--unmarked] [--json]

FILE is JSON lines in the format of tests/golden/consultations.jsonl; its facts, traps and note are used where present.
There is a block for each language, and one for each file when there are several. Matching uses a thesaurus, schedules
and spellings of numbers of its own (bench/agreement.py and its neighbours), not the drafter's lexicon.
"""

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.notes.drafting import Draft, Transcript, draft
from bench.agreement import (
    SECTIONS,
    about_same,
    asserts,
    matches,
    same_person,
    same_polarity,
    same_time,
    stems,
    unsupported,
    whole,
)
from bench.rouge import rouge

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "consultations.jsonl"
SHARP = ("medication", "allergy", "vital", "lab", "family")
PUBLISHED = {  # ACI-Bench test1 (Yim et al. 2023): ROUGE-1, -2, -Lsum
    "transcript copied": (32.8, 12.5, 30.6),
    "nearest training note": (43.9, 17.6, 40.5),
    "ChatGPT": (47.4, 19.0, 42.5),
    "GPT-4": (51.8, 22.6, 46.0),
    "BART, by division": (53.5, 25.1, 48.6),
}
Json = dict[str, Any]


def run(argv: list[str]) -> Json:
    """Draft every dialogue of the files and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench notes")
    parser.add_argument("--data", type=Path, nargs="+", default=[GOLDEN])
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--split", help="only dialogues of this split")
    parser.add_argument("--missed", action="store_true", help="also list gold facts missed and facts found beyond gold")
    parser.add_argument("--unmarked", action="store_true", help="without the doctor's question marks, as speech is often recognised")
    arguments = parser.parse_args(argv)
    draft(Transcript.from_json({"lang": "fr", "dialogue": []}))
    blocks: dict[str, Score] = defaultdict(Score)
    for path in arguments.data:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        for item in [x for x in lines if arguments.split in (None, x.get("split"))][: arguments.limit]:
            item = unmarked(item) if arguments.unmarked else item
            lang = item.get("lang", "fr")
            name = lang if len(arguments.data) == 1 else f"{path.stem} {lang}"
            blocks[name].add(item, missed=arguments.missed)
    figures = {name: score.figures() for name, score in blocks.items()}
    if any("aci" in path.stem for path in arguments.data):
        figures["published"] = {system: list(scores) for system, scores in PUBLISHED.items()}
    return figures


def unmarked(item: Json) -> Json:
    """The dialogue with full stops where the doctor's question marks stood."""
    turns = [
        {**turn, "text": re.sub(r"\s*\?", ".", turn["text"]) if turn["speaker"] == "doctor" else turn["text"]}
        for turn in item["dialogue"]
    ]
    return {**item, "dialogue": turns}


class Score:
    """Counts over the dialogues of one language or file."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.by_type: dict[str, Counter[str]] = defaultdict(Counter)
        self.rouge: list[tuple[float, float, float]] = []
        self.copied: list[tuple[float, float, float]] = []
        self.seconds: list[float] = []

    def add(self, item: Json, *, missed: bool) -> None:
        """Draft one dialogue and count."""
        start = time.perf_counter()
        made = draft(Transcript.from_json(item))
        self.seconds.append(time.perf_counter() - start)
        told = made.to_json()
        sentences = [{**s, "code": part["code"]} for part in told["sections"] for s in part["sentences"]]
        self._sentences(item, sentences, missed=missed)
        if told["reason"] is None:
            self._facts(item, told["facts"], sentences, missed=missed)
        self.counts["wrongly_drafted"] += told["reason"] is None and item.get("facts") == []
        self.counts["wrongly_refused"] += bool(told["reason"]) and any(f["critical"] for f in clinical(item))
        self._traps(item, sentences, missed=missed)
        self._rouge(item, made)

    def _sentences(self, item: Json, sentences: list[Json], *, missed: bool) -> None:
        self.counts["sentences"] += len(sentences)
        self.counts["without_evidence"] += sum(not s["evidence"] for s in sentences)
        self.counts["questions"] += sum("?" in s["text"] for s in sentences)
        record = (item.get("patient") or {}).get("record") or {}
        known = [str(line) for lines in record.values() if isinstance(lines, list) for line in lines]
        heard = " . ".join([*(turn["text"] for turn in item["dialogue"]), *known, item.get("motif") or ""])
        for sentence in sentences:
            for number in unsupported(sentence["text"], heard, item.get("lang", "fr")):
                self.counts["unsupported"] += 1
                if missed:
                    print("UNSUPPORTED", item["id"], number, "<-", sentence["text"])

    def _facts(self, item: Json, found: list[Json], sentences: list[Json], *, missed: bool) -> None:
        gold = item.get("facts", [])
        covered = {e["segment"] for s in sentences for e in s["evidence"]}
        for fact in gold:
            self._gold(item, fact, found, covered, missed=missed)
        for one in found if gold else []:
            right = any(matches(one, fact) for fact in gold)
            self.by_type[one["type"]]["found"] += 1
            self.by_type[one["type"]]["right"] += right
            if missed and not right:
                show("BEYOND", item, one)
            self._section(one, [fact for fact in gold if matches(one, fact)], sentences)

    def _gold(self, item: Json, fact: Json, found: list[Json], covered: set[int], *, missed: bool) -> None:
        hit = any(matches(one, fact) and whole(one, fact) for one in found)
        near = [one for one in found if about_same(one, fact)]
        mine = [one for one in near if same_person(one, fact)]
        right = any(same_polarity(one, fact) and same_time(one, fact) for one in mine)
        self.by_type[fact["type"]]["gold"] += 1
        self.by_type[fact["type"]]["hit"] += hit
        self.counts["near"] += bool(near)
        self.counts["mine"] += bool(mine)
        self.counts["person_wrong"] += bool(near) and not mine
        self.counts["polarity_time_wrong"] += bool(mine) and not right
        if fact["critical"]:
            self.counts["critical"] += 1
            self.counts["critical_covered"] += bool(covered & set(fact["turns"])) and (not mine or hit)
        if missed and not hit:
            show("MISSED", item, fact)

    def _section(self, one: Json, gold: list[Json], sentences: list[Json]) -> None:
        """Whether a right fact stands in a section where a reader looks for it."""
        turns, words = set(one["turns"]), stems(one["text"])
        codes = {
            s["code"] for s in sentences if {e["segment"] for e in s["evidence"]} & turns and stems(s["text"]) & words
        }
        if gold and codes:
            self.counts["placed"] += 1
            self.counts["placed_right"] += any(codes & SECTIONS[kind] for kind in {fact["type"] for fact in gold})

    def _traps(self, item: Json, sentences: list[Json], *, missed: bool) -> None:
        for trap in item.get("traps", []):
            self.counts["traps"] += 1
            fallen = next((s["text"] for s in sentences if asserts(s["text"], trap["must_not_say"])), None)
            self.counts["traps_fallen"] += fallen is not None
            if missed and fallen:
                print("TRAP", item["id"], trap["must_not_say"], "<-", fallen)

    def _rouge(self, item: Json, made: Draft) -> None:
        note = item.get("note")
        reference = "\n".join(v for v in note.values() if v) if isinstance(note, dict) else note
        if reference:
            self.rouge.append(rouge(made.to_text(), reference))
            self.copied.append(rouge("\n".join(turn["text"] for turn in item["dialogue"]), reference))

    def figures(self) -> Json:
        """The measure as plain numbers; shares in percent, None where there is nothing to measure."""
        count, sharp, every = self.counts, Counter[str](), Counter[str]()
        for kind, counted in self.by_type.items():
            every.update(counted)
            sharp.update(counted if kind in SHARP else {})
        return {
            "notes": len(self.seconds),
            "fact_precision": share(every["right"], every["found"]),
            "fact_recall": share(every["hit"], every["gold"]),
            "critical_recall": share(count["critical_covered"], count["critical"]),
            "polarity_time_errors": share(count["polarity_time_wrong"], count["mine"]),
            "person_errors": share(count["person_wrong"], count["near"]),
            "sharp_precision": share(sharp["right"], sharp["found"]),
            "sharp_recall": share(sharp["hit"], sharp["gold"]),
            "unsupported": count["unsupported"],
            "trap_rate": share(count["traps_fallen"], count["traps"]),
            "section_accuracy": share(count["placed_right"], count["placed"]),
            "without_evidence": count["without_evidence"],
            "sentences": count["sentences"],
            "questions": share(count["questions"], count["sentences"]),
            "wrongly_refused": count["wrongly_refused"],
            "wrongly_drafted": count["wrongly_drafted"],
            "rouge_1_2_lsum": means(self.rouge),
            "transcript_copied_rouge": means(self.copied),
            "seconds_per_note": round(sum(self.seconds) / max(1, len(self.seconds)), 2),
            "slowest_s": round(max(self.seconds, default=0), 2),
            "by_type": {kind: dict(self._type(kind)) for kind in sorted(self.by_type)},
        }

    def _type(self, kind: str) -> Iterator[tuple[str, float | None]]:
        counted = self.by_type[kind]
        yield "recall", share(counted["hit"], counted["gold"])
        yield "precision", share(counted["right"], counted["found"])
        yield "gold", counted["gold"]


def clinical(item: Json) -> list[Json]:
    """The gold facts that are about medicine and not about the appointment."""
    return [fact for fact in item.get("facts", []) if fact["type"] != "admin"]


def show(what: str, item: Json, fact: Json) -> None:
    """One line about a fact, for reading."""
    about = (fact["type"], "|", fact["text"], "|", fact["value"], fact["polarity"], fact["experiencer"], fact["turns"])
    print(what, item["id"], *about)


def share(part: int, whole: int) -> float | None:
    """Percent, or None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def means(rows: list[tuple[float, float, float]]) -> list[float]:
    """The mean of each column, in percent."""
    return [round(100 * sum(column) / len(column), 1) for column in zip(*rows, strict=True)] if rows else []
