"""The independent check finds what a sentence says without evidence. Every lie here is caught, every truth passes."""

import pytest

from app.notes.facts import Evidence
from app.notes.sections import HISTORY, PLAN, SYSTEMS, TREATMENTS, SectionKind
from app.notes.settling.verification import failures, unit_unsaid
from app.notes.writing.sentences import Written
from tests.app.notes.support import visit

SPOKEN = """D: De la fièvre ? Des frissons ?
P: Non. J'ai mal à la gorge, à droite, depuis trois jours.
D: Doliprane, un gramme trois fois par jour, cinq jours.
P: Mon père a un diabète.
D: Vous prenez de l'amlodipine cinq ?
P: Oui."""


def check(text: str, section: SectionKind, *turns: int) -> list[str]:
    spoken = visit(SPOKEN)
    evidence = tuple(Evidence(t, 0, len(spoken.transcript.turns[t].text)) for t in turns)
    return failures(Written(section, text, evidence), spoken)


@pytest.mark.parametrize(
    ("text", "section", "turns"),
    [
        ("Odynophagie à droite depuis 3 jours.", HISTORY, (1,)),
        ("Pas de fièvre ni de frissons.", SYSTEMS, (0, 1)),
        ("Paracétamol (Doliprane) 1 g × 3/j, 5 jours.", PLAN, (2,)),
        ("Amlodipine 5 mg.", TREATMENTS, (4, 5)),
    ],
)
def test_what_was_said_passes(text: str, section: SectionKind, turns: tuple[int, ...]) -> None:
    assert check(text, section, *turns) == []


@pytest.mark.parametrize(
    ("text", "section", "turns", "fault"),
    [
        ("Paracétamol 1 g × 4/j, 5 jours.", PLAN, (2,), "number 4"),
        ("Paracétamol 500 mg × 3/j.", PLAN, (2,), "number 500"),
        ("Ibuprofène 1 g × 3/j.", PLAN, (2,), "drug ibuprofène"),
        ("Odynophagie à gauche depuis 3 jours.", HISTORY, (1,), "side"),
        ("Fièvre.", HISTORY, (0, 1), "negation of fièvre"),
        ("Diabète.", HISTORY, (3,), "person of diabète"),
        ("Pas de diabète.", SYSTEMS, (3,), "negation"),
        ("Odynophagie.", HISTORY, (), "evidence"),
        ("Odynophagie depuis 5 jours.", HISTORY, (1,), "number 5"),
    ],
)
def test_what_was_not_said_is_caught(text: str, section: SectionKind, turns: tuple[int, ...], fault: str) -> None:
    assert fault in check(text, section, *turns)


def test_a_unit_that_nobody_said() -> None:
    spoken = visit(SPOKEN)
    assert unit_unsaid(Written(TREATMENTS, "Amlodipine 5 mg.", (Evidence(4, 0, 5),)), spoken)
    assert not unit_unsaid(Written(PLAN, "Paracétamol 1 g × 3/j.", (Evidence(2, 0, 5),)), spoken)
    known = visit(SPOKEN, record={"traitements": ["Amlodipine 5 mg 1/j"]})
    assert not unit_unsaid(Written(TREATMENTS, "Amlodipine 5 mg.", (Evidence(4, 0, 5),)), known)


def test_spoken_pairs_of_numbers() -> None:
    spoken = visit("D: La tension ?\nP: Quatorze huit. Et trente-huit cinq de fièvre.")
    whole = (Evidence(1, 0, 10),)
    assert failures(Written(HISTORY, "PA 140/80 mmHg, 38,5 °C.", whole), spoken) == []
    assert "number 39.5" not in failures(Written(HISTORY, "39,5 °C.", whole), spoken)
    assert failures(Written(HISTORY, "39,5 °C.", whole), spoken) == ["number 39,5"]


@pytest.mark.parametrize(
    ("spoken", "text", "faults"),
    [
        ("D: Si la Ventoline ne vous soulage plus, appelez le quinze.", "Ventoline 15 mg.", ["dose 15 mg"]),
        ("D: Ramipril, on en reparle dans dix jours, vous avez rendez-vous.", "Ramipril 10 mg.", ["dose 10 mg"]),
        ("D: Doliprane, un gramme.", "Doliprane 1000 mg.", ["number 1000", "dose 1000 mg"]),
        ("D: Doliprane, un gramme.", "Doliprane 1 mg.", ["dose 1 mg"]),
        ("D: Doliprane, un gramme.", "Doliprane 1 g.", []),
        ("D: Le ramipril, toujours dix ?", "Ramipril 10 mg.", []),
        ("D: On passe directement à cent de sertraline.", "Sertraline 100 mg.", []),
    ],
)
def test_a_dose_is_more_than_a_drug_and_a_number(spoken: str, text: str, faults: list[str]) -> None:
    said = visit(spoken)
    sentence = Written(PLAN, text, (Evidence(0, 0, len(said.transcript.turns[0].text)),))
    assert failures(sentence, said) == faults
