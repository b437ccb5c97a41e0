"""Drafts from real recognition, with its errors: facts may be lost, nothing may be invented."""

import functools
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from app.notes.drafting import Draft, Transcript, draft
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold, normalise
from app.notes.settling.verification import AMOUNT, unsaid
from tests.app.notes.support import told

TESTS = Path(__file__).parents[2]
RECOGNISED = sorted((TESTS / "data" / "recognised").glob("*.json"))
REASON, TREATMENTS = "10154-3", "10160-0"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TESTS / "golden" / name).read_text(encoding="utf-8").splitlines()]


WRITTEN = {item["id"]: item for item in (*lines("consultations.jsonl"), *lines("held_out.jsonl"))}
CLINICAL = [item for item in WRITTEN.values() if item["facts"] and item["id"] != "fr-d11"]


def heard(path: Path) -> dict[str, Any]:
    """The segments of a recording, with what booking and record know of the visit."""
    visit = json.loads(path.read_text(encoding="utf-8"))
    known = WRITTEN.get(visit["id"], {})
    return {**visit, "motif": known.get("motif", ""), "patient": known.get("patient")}


@functools.cache
def drafted(path: Path) -> Draft:
    return draft(Transcript.from_json(heard(path)))


def damaged(item: dict[str, Any], seed: int) -> dict[str, Any]:
    """One word in ten lost, doubled, cut or exchanged with another of the visit."""
    chance = random.Random(seed)
    words = [word for turn in item["dialogue"] for word in turn["text"].split()]
    harm = (lambda w: "", lambda w: f"{w} {w}", lambda w: w[: len(w) // 2], lambda w: chance.choice(words))

    def spoil(text: str) -> str:
        return " ".join(chance.choice(harm)(w) if chance.random() < 0.1 else w for w in text.split())

    return {**item, "dialogue": [{**turn, "text": spoil(turn["text"])} for turn in item["dialogue"]]}


def drugs_in(text: str) -> set[str]:
    return {mention.drug.inn for mention in find_drugs(fold(text))}


def holds(made: Draft) -> None:
    """Every sentence has evidence, and its numbers, doses, drugs and sides are in the segments that it names."""
    for sentence in made.sentences:
        assert sentence.evidence, sentence.text
        if sentence.section.code != REASON:
            assert unsaid(sentence, made.transcript) == [], sentence.text


@pytest.mark.parametrize("path", RECOGNISED, ids=lambda path: path.stem)
def test_nothing_is_told_that_its_segments_do_not_hold(path: Path) -> None:
    made = drafted(path)
    assert made.reason is None
    holds(made)


@pytest.mark.parametrize("path", [p for p in RECOGNISED if p.stem in WRITTEN], ids=lambda path: path.stem)
def test_no_drug_and_no_dose_is_told_that_nobody_spoke(path: Path) -> None:
    """Against the words that were really spoken, not those that were heard."""
    made, spoken = drafted(path), WRITTEN[path.stem]
    text = " . ".join(turn["text"] for turn in spoken["dialogue"])
    norm = normalise(text, spoken["lang"]).norm
    recorded = " ".join(line for lines in spoken["patient"]["record"].values() for line in lines)
    for sentence in made.sentences:
        assert drugs_in(sentence.text) <= drugs_in(text) | drugs_in(recorded), sentence.text
        for amount in AMOUNT.findall(sentence.text):
            assert amount[0] == "1" or re.search(rf"(?<!\d){re.escape(amount[0].replace(',', '.'))}(?!\d)", norm)


@pytest.mark.parametrize("path", [p for p in RECOGNISED if p.stem in WRITTEN], ids=lambda path: path.stem)
def test_no_allergy_of_the_record_becomes_a_treatment(path: Path) -> None:
    visit, made = heard(path), drafted(path)
    treated = "\n".join(s.text for s in made.sentences if s.section.code == TREATMENTS)
    allergies = " ".join(visit["patient"]["record"]["allergies"])
    assert not drugs_in(treated) & drugs_in(allergies)
    assert not {p["text"] for p in made.proposals if p["kind"] == "treatment"} & drugs_in(allergies)


MAIN = {
    "fr-d01": ("Odynophagie depuis 3 jours", "Pénicilline", "Ganglion", "Pas de trismus", "TROD"),
    "fr-d03": ("134/79 mmHg", "Œdème des chevilles", "Ibuprofène (Advil)", "Crampes", "arrêté en 2009"),
    "fr-d05": ("Vomissements depuis cette nuit", "Pas de sang", "lait de vache : guérie", "gastro-entérite"),
    "primock_day2_consultation05": ("Fatigue", "pins and needles", "weaker"),
}


@pytest.mark.parametrize("path", [p for p in RECOGNISED if p.stem in MAIN], ids=lambda path: path.stem)
def test_the_main_facts_survive_recognition(path: Path) -> None:
    text = told(drafted(path))
    assert [fact for fact in MAIN[path.stem] if fact not in text] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_damaged_words_invent_nothing(seed: int) -> None:
    for item in CLINICAL:
        transcript = Transcript.from_json(damaged(item, seed))
        made = draft(transcript)
        holds(made)
        said = drugs_in(" . ".join(turn.text for turn in transcript.turns)) | drugs_in(
            " ".join(transcript.patient.treatments)
        )
        unflagged = [s for s in made.sentences if not s.flag and s.section.code != REASON]
        assert [s.text for s in unflagged if drugs_in(s.text) - said] == []


def test_damage_is_damage() -> None:
    item = CLINICAL[0]
    spoilt = damaged(item, 1)
    changed = sum(a["text"] != b["text"] for a, b in zip(item["dialogue"], spoilt["dialogue"], strict=True))
    assert changed > len(item["dialogue"]) / 4
