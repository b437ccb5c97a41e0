"""Drafting: facts against gold, traps, sentences without evidence, ROUGE against reference notes, seconds a note.

    python -m bench draft [--data FILE...] [--limit N] [--missed] [--json]

FILE is JSON lines in the format of tests/golden/consultations.jsonl; its facts, traps and note are used where present.
Matching uses word stems of its own, not the drafter's lexicon. A found fact matches a gold one when its kind, polarity,
person and value agree, its evidence overlaps and a word stem is shared.
"""

import argparse
import json
import re
import time
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from app.notes.drafting import Draft, Transcript, draft

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "consultations.jsonl"
KINDS = {
    "symptom": {"symptom", "problem"},
    "problem": {"problem", "symptom", "procedure"},
    "medication": {"medication", "plan", "advice"},
    "plan": {"plan", "advice", "medication", "work_stoppage", "procedure"},
    "advice": {"advice", "plan", "medication"},
    "admin": {"work_stoppage", "plan", "advice", "social"},
    "procedure": {"procedure", "symptom"},
    "social": {"social"},
    "family": {"family"},
    "allergy": {"allergy"},
    "vital": {"vital"},
    "lab": {"lab"},
}
SHARP = ("medication", "allergy", "vital", "lab", "family")
COMMON_WORDS = (
    "depuis avec sans pour dans chez plus pas les des une par sur puis sous jour jours fois semaine semaines mois "
    "ans hier matin soir patient patiente the and with for from since day days week weeks last left right"
)
COMMON = frozenset(COMMON_WORDS.split())


def run(argv: list[str]) -> dict[str, Any]:
    """Draft every dialogue of the files and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench draft")
    parser.add_argument("--data", type=Path, nargs="+", default=[GOLDEN])
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--split", help="only dialogues of this split")
    parser.add_argument("--missed", action="store_true", help="also list gold facts missed and facts found beyond gold")
    arguments = parser.parse_args(argv)
    draft(Transcript.from_json({"lang": "fr", "dialogue": []}))
    blocks: dict[str, Score] = defaultdict(Score)
    for path in arguments.data:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        for item in [x for x in lines if arguments.split in (None, x.get("split"))][: arguments.limit]:
            name = item.get("lang", "fr") if path == GOLDEN else path.stem
            blocks[name].add(item, missed=arguments.missed)
    return {name: score.figures() for name, score in blocks.items()}


class Score:
    """Counts over the dialogues of one language or file."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.by_type: dict[str, Counter[str]] = defaultdict(Counter)
        self.rouge: list[tuple[float, float, float]] = []
        self.copied: list[tuple[float, float, float]] = []
        self.seconds: list[float] = []

    def add(self, item: dict[str, Any], *, missed: bool) -> None:
        start = time.perf_counter()
        made = draft(Transcript.from_json(item))
        self.seconds.append(time.perf_counter() - start)
        told = made.to_json()
        sentences = [s for section in told["sections"] for s in section["sentences"]]
        self.counts["sentences"] += len(sentences)
        self.counts["without_evidence"] += sum(not s["evidence"] for s in sentences)
        self.counts["questions"] += sum("?" in s["text"] for s in sentences)
        self._facts(item, told, sentences, missed=missed)
        self._traps(item, sentences, missed=missed)
        self._rouge(item, made)

    def _facts(
        self, item: dict[str, Any], told: dict[str, Any], sentences: list[dict[str, Any]], *, missed: bool
    ) -> None:
        gold = [fact for fact in item.get("facts", []) if told["reason"] is None]
        covered = {e["segment"] for s in sentences for e in s["evidence"]}
        for fact in gold:
            hit = any(matches(found, fact) for found in told["facts"])
            near = next((f for f in told["facts"] if matches(f, fact, polarity=False)), None)
            self.by_type[fact["type"]]["gold"] += 1
            self.by_type[fact["type"]]["hit"] += hit
            self.counts["polarity_wrong"] += near is not None and not hit
            self.counts["found_either_way"] += near is not None
            if fact["critical"]:
                self.counts["critical"] += 1
                self.counts["critical_covered"] += bool(covered & set(fact["turns"]))
            if missed and not hit:
                show("MISSED", item, fact)
        for found in told["facts"] if item.get("facts") else []:
            right = any(matches(found, fact) for fact in gold)
            self.by_type[found["type"]]["found"] += 1
            self.by_type[found["type"]]["right"] += right
            if missed and not right:
                show("BEYOND", item, found)

    def _traps(self, item: dict[str, Any], sentences: list[dict[str, Any]], *, missed: bool) -> None:
        for trap in item.get("traps", []):
            self.counts["traps"] += 1
            fallen = next((s["text"] for s in sentences if asserts(s["text"], trap["must_not_say"])), None)
            self.counts["traps_fallen"] += fallen is not None
            if missed and fallen:
                print("TRAP", item["id"], trap["must_not_say"], "<-", fallen)

    def _rouge(self, item: dict[str, Any], made: Draft) -> None:
        note = item.get("note")
        reference = "\n".join(v for v in note.values() if v) if isinstance(note, dict) else note
        if reference:
            self.rouge.append(rouge(made.to_text(), reference))
            self.copied.append(rouge("\n".join(turn["text"] for turn in item["dialogue"]), reference))

    def figures(self) -> dict[str, Any]:
        """The measure as plain numbers; shares in percent."""
        gold, hit = (sum(c[k] for c in self.by_type.values()) for k in ("gold", "hit"))
        found, right = (sum(c[k] for c in self.by_type.values()) for k in ("found", "right"))
        sharp = Counter[str]()
        for kind in SHARP:
            sharp.update(self.by_type[kind])
        mean = (
            [round(100 * sum(column) / len(column), 1) for column in zip(*self.rouge, strict=True)]
            if self.rouge
            else []
        )
        copied = (
            [round(100 * sum(column) / len(column), 1) for column in zip(*self.copied, strict=True)]
            if self.copied
            else []
        )
        return {
            "notes": len(self.seconds),
            "fact_precision": share(right, found),
            "fact_recall": share(hit, gold),
            "sharp_precision": share(sharp["right"], sharp["found"]),
            "sharp_recall": share(sharp["hit"], sharp["gold"]),
            "critical_recall": share(self.counts["critical_covered"], self.counts["critical"]),
            "polarity_errors": share(self.counts["polarity_wrong"], self.counts["found_either_way"]),
            "trap_rate": share(self.counts["traps_fallen"], self.counts["traps"]),
            "sentences": self.counts["sentences"],
            "without_evidence": self.counts["without_evidence"],
            "questions": self.counts["questions"],
            "rouge_1_2_lsum": mean,
            "transcript_copied_rouge": copied,
            "seconds_per_note": round(sum(self.seconds) / max(1, len(self.seconds)), 2),
            "slowest_s": round(max(self.seconds, default=0), 2),
            "by_type": {
                kind: {
                    "recall": share(c["hit"], c["gold"]),
                    "precision": share(c["right"], c["found"]),
                    "gold": c["gold"],
                }
                for kind, c in sorted(self.by_type.items())
            },
        }


def show(what: str, item: dict[str, Any], fact: dict[str, Any]) -> None:
    """One line about a fact, for reading."""
    print(
        what,
        item["id"],
        fact["type"],
        "|",
        fact["text"],
        "|",
        fact["value"],
        fact["polarity"],
        fact["experiencer"],
        fact["turns"],
    )


def share(part: int, whole: int) -> float | None:
    """Percent, or None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def plain(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c)).replace(
        "œ", "oe"
    )


def stems(text: str) -> set[str]:
    """The first five letters of every word that carries meaning."""
    return {
        word[:5]
        for word in re.findall(r"[a-z]{2,}|\d+", plain(text))
        if word not in COMMON and (len(word) > 2 or word.isdigit() or word in ("pa",))
    }


def matches(found: dict[str, Any], gold: dict[str, Any], *, polarity: bool = True) -> bool:
    """Whether a found fact is the gold one."""
    if found["type"] not in KINDS[gold["type"]] or not set(found["turns"]) & set(gold["turns"]):
        return False
    if (
        polarity
        and found["polarity"] != gold["polarity"]
        and gold["type"] not in ("plan", "advice", "admin")
        and not (gold["type"] == "medication" and "past" in (found["temporality"], gold["temporality"]))
    ):
        return False
    if gold["type"] == "family" and not (
        found["experiencer"] == gold["experiencer"] or found["experiencer"] in gold["experiencer"]
    ):
        return False
    if gold["type"] != "family" and found["experiencer"] != gold["experiencer"]:
        return False
    if (
        gold["value"] is not None
        and not same_value(found["value"], gold["value"])
        and gold["type"] in ("vital", "lab", "medication")
    ):
        return False
    return bool(stems(found["text"]) & stems(gold["text"])) or gold["type"] in ("vital", "lab")


def same_value(found: Any, gold: Any) -> bool:
    """Equal numbers, or equal texts."""
    try:
        return abs(float(found) - float(gold)) < 1e-6
    except (TypeError, ValueError):
        return str(found) == str(gold)


def asserts(sentence: str, claim: str) -> bool:
    """Whether a sentence says what a trap must not: nearly all its stems, equally denied."""
    denied = re.compile(
        r"\b(?:pas|sans|non|arrete|stopped|no|not|denies|aucune?|ni|ne|si|if|suspected|evoque|sous condition)\b"
    )
    wanted, said = stems(claim), stems(sentence)
    return len(wanted & said) >= max(2, 0.8 * len(wanted)) and bool(denied.search(plain(sentence))) == bool(
        denied.search(plain(claim))
    )


def rouge(candidate: str, reference: str) -> tuple[float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-Lsum (F1, no stemmer; Lin 2004), sentences parted by new lines."""
    one, two = words(candidate), words(reference)
    return overlap(one, two, 1), overlap(one, two, 2), lsum(candidate, reference)


def words(text: str) -> list[str]:
    """Tokens as rouge-score takes them, accented letters kept."""
    return re.findall(r"[a-z0-9à-ÿœ]+", text.lower())


def overlap(candidate: list[str], reference: list[str], n: int) -> float:
    """F1 of n-grams in common."""
    grams = [Counter(zip(*(tokens[i:] for i in range(n)), strict=False)) for tokens in (candidate, reference)]
    common = sum((grams[0] & grams[1]).values())
    return f1(common, sum(grams[0].values()), sum(grams[1].values()))


def lsum(candidate: str, reference: str) -> float:
    """F1 of the union of longest common subsequences of each reference line with every candidate line."""
    rows = [words(line) for line in candidate.splitlines() if words(line)]
    left = [Counter(words(candidate)), Counter(words(reference))]
    hits = 0
    for line in filter(None, map(words, reference.splitlines())):
        union: set[int] = set()
        for row in rows:
            union |= common_places(line, row)
        for place in sorted(union):
            if left[0][line[place]] > 0 and left[1][line[place]] > 0:
                hits += 1
                left[0][line[place]] -= 1
                left[1][line[place]] -= 1
    return f1(hits, len(words(candidate)), len(words(reference)))


def common_places(line: list[str], row: list[str]) -> set[int]:
    """Places in `line` of its longest common subsequence with `row`."""
    if not set(line) & set(row):
        return set()
    table = [[0] * (len(row) + 1) for _ in range(len(line) + 1)]
    for i, one in enumerate(line):
        for j, two in enumerate(row):
            table[i + 1][j + 1] = table[i][j] + 1 if one == two else max(table[i][j + 1], table[i + 1][j])
    places, i, j = set[int](), len(line), len(row)
    while i and j:
        if line[i - 1] == row[j - 1]:
            places.add(i - 1)
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return places


def f1(hits: float, candidate: float, reference: float) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * hits / (candidate + reference) if hits else 0.0
