"""The measure of the notes: it knows how numbers are spoken, what a trap asserts and when two facts are one."""

from typing import Any

import pytest

from bench.agreement import asserts, matches, same_person, same_time, spelled, unsupported
from bench.rouge import rouge


@pytest.mark.parametrize(
    ("number", "lang", "spoken"),
    [
        (71, "fr", "soixante et onze"),
        (80, "fr", "quatre vingts"),
        (97, "fr", "quatre vingt dix sept"),
        (250, "fr", "deux cent cinquante"),
        (1000, "fr", "mille"),
        (2010, "fr", "deux mille dix"),
        (21, "en", "twenty one"),
        (118, "en", "a hundred and eighteen"),
        (150, "en", "one fifty"),
        (2014, "en", "twenty fourteen"),
    ],
)
def test_numbers_as_they_are_spoken(number: int, lang: str, spoken: str) -> None:
    assert spoken in spelled(number, lang)


@pytest.mark.parametrize(
    ("sentence", "heard", "lang"),
    [
        ("Température : 38,9 °C.", "j'avais trente-huit neuf", "fr"),
        ("134/79 mmHg.", "cent trente-quatre sur soixante-dix-neuf", "fr"),
        ("135/80 mmHg.", "treize cinq, huit", "fr"),
        ("135/80 mmHg.", "treize et demi, huit", "fr"),
        ("Glycémie : 1,45 g/L.", "un gramme quarante-cinq", "fr"),
        ("Alprazolam 0,25 mg.", "zéro vingt-cinq", "fr"),
        ("164 cm.", "un mètre soixante-quatre", "fr"),
        ("Bisoprolol 2,5 mg.", "deux et demi", "fr"),
        ("Colchicine 0.6 mg twice a day.", "zero point six milligrams twice a day", "en"),
        ("118/76 mmHg.", "a hundred and eighteen over seventy six", "en"),
    ],
)
def test_what_was_spoken_is_supported(sentence: str, heard: str, lang: str) -> None:
    assert list(unsupported(sentence, heard, lang)) == []


@pytest.mark.parametrize(
    ("sentence", "heard", "wrong"),
    [
        ("Température : 39,2 °C.", "j'avais trente-huit neuf", ["39,2"]),
        ("Paracétamol 500 mg.", "un gramme", ["500"]),
        ("Depuis 3 jours.", "depuis treize jours", ["3"]),
    ],
)
def test_what_nobody_spoke_is_not(sentence: str, heard: str, wrong: list[str]) -> None:
    assert list(unsupported(sentence, heard, "fr")) == wrong


@pytest.mark.parametrize(
    ("sentence", "claim", "fallen"),
    [
        ("Allergie déclarée : pénicilline.", "Allergie à la pénicilline.", True),
        ("Pas d'allergie déclarée.", "Pas d'allergie connue.", True),
        ("Fièvre à 39,2 °C.", "Fièvre à 39,2 °C chez la patiente.", True),
        ("Sœur : trouble bipolaire.", "Trouble bipolaire chez la patiente.", False),
        ("Trouble bipolaire.", "Trouble bipolaire.", True),
        ("Pas de trouble bipolaire.", "Trouble bipolaire.", False),
        ("Temperature 99.5 °F.", "Temperature 99.5 °C.", False),
    ],
)
def test_what_a_trap_asserts(sentence: str, claim: str, fallen: bool) -> None:
    assert asserts(sentence, claim) is fallen


def fact(**changes: Any) -> dict[str, Any]:
    plain = {
        "type": "symptom", "text": "toux", "value": None, "polarity": "present", "temporality": "current",
        "experiencer": "patient", "turns": [3],
    }  # fmt: skip
    return {**plain, **changes}


@pytest.mark.parametrize(
    ("found", "same"),
    [
        ({}, True),
        ({"polarity": "absent"}, False),
        ({"experiencer": "wife"}, False),
        ({"turns": [4]}, False),
        ({"text": "fièvre"}, False),
        ({"type": "vital"}, False),
        ({"type": "problem"}, True),
    ],
)
def test_when_a_found_fact_is_the_gold_one(found: dict[str, Any], same: bool) -> None:
    assert matches(fact(**found), fact()) is same


def test_what_is_over_must_be_told_as_over() -> None:
    assert same_time(fact(temporality="resolved"), fact(temporality="past"))
    assert not same_time(fact(), fact(temporality="past"))


def test_a_value_must_agree() -> None:
    gold = fact(type="vital", text="température", value=38.9)
    assert matches(fact(type="vital", text="température", value="38.9"), gold)
    assert not matches(fact(type="vital", text="température", value=39.2), gold)


def test_rouge_of_the_same_text_is_one_and_of_another_is_none() -> None:
    assert rouge("Toux depuis 3 jours.", "Toux depuis 3 jours.") == (1.0, 1.0, 1.0)
    assert rouge("abc", "def") == (0.0, 0.0, 0.0)


def test_a_number_told_digit_by_digit() -> None:
    assert not list(unsupported("Call 911.", "call nine one one", "en"))
    assert list(unsupported("Call 911.", "call nine one", "en")) == ["911"]


@pytest.mark.parametrize(
    ("found", "gold", "same"),
    [
        ({"type": "plan", "text": "IRM", "polarity": "present"}, {"type": "plan", "text": "IRM", "polarity": "absent"}, False),
        ({"type": "advice", "text": "pas de sucre", "polarity": "absent"}, {"type": "advice", "text": "pas de sucre"}, True),
        ({"type": "plan", "text": "vaccin refusé", "polarity": "absent"}, {"type": "plan", "text": "vaccin"}, False),
        ({"type": "plan", "text": "arrêt du fer", "polarity": "absent"}, {"type": "advice", "text": "arrêter le fer"}, True),
        ({"type": "medication", "text": "insuline"}, {"type": "plan", "text": "insuline", "temporality": "future"}, False),
        ({"type": "medication", "text": "fer"}, {"type": "medication", "text": "fer", "value": None}, True),
        ({"type": "medication", "text": "fer", "value": 80}, {"type": "medication", "text": "fer"}, False),
        (
            {"type": "medication", "text": "fer", "polarity": "absent"},
            {"type": "medication", "text": "fer hier", "temporality": "past"},
            False,
        ),
        (
            {"type": "medication", "text": "fer", "polarity": "absent"},
            {"type": "medication", "text": "fer, terminé en mai", "temporality": "past"},
            True,
        ),
        ({"type": "medication", "text": "fer", "polarity": "absent"}, {"type": "medication", "text": "fer", "value": 80, "polarity": "absent"}, True),
        ({"type": "plan", "text": "revoir dans un mois"}, {"type": "plan", "text": "consultation dans 1 mois", "value": 1, "unit": "mo"}, True),
        ({"type": "plan", "text": "revoir dans 3 mois"}, {"type": "plan", "text": "consultation dans 1 mois", "value": 1, "unit": "mo"}, False),
        (
            {"type": "work_stoppage", "text": "Je vous mets la semaine", "value": 1.0, "unit": "wk"},
            {"type": "admin", "text": "arrêt de travail 7 jours", "value": 7, "unit": "d"},
            True,
        ),
    ],
)  # fmt: skip
def test_what_a_plan_or_a_drug_must_agree_in(found: dict[str, Any], gold: dict[str, Any], same: bool) -> None:
    assert matches(fact(**found), fact(**gold)) is same


def test_a_weight_of_last_year_is_not_that_of_today() -> None:
    gold = fact(type="vital", text="poids", value=70)
    assert not same_time(fact(type="vital", text="poids l'an dernier", value=70), gold)
    assert same_time(fact(type="vital", text="poids", value=70), gold)


@pytest.mark.parametrize(
    ("found", "gold", "same"),
    [("aunt", "maternal aunt", True), ("father", "grandfather", False), ("sister", "sister-in-law", False)],
)
def test_whose_it_is(found: str, gold: str, same: bool) -> None:
    assert same_person(fact(type="family", experiencer=found), fact(type="family", experiencer=gold)) is same
