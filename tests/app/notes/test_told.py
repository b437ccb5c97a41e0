"""What is told to be done, was done before, or is only thought of, in the short ways of speech."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import facts, labels


def of(kind: str, text: str) -> list[Fact]:
    return [f for f in facts(text) if f.type == kind]


@pytest.mark.parametrize(
    "said",
    [
        "La charcuterie, on freine.",
        "Le scooter, au garage.",
        "Donc les fruits de mer, on oublie. Vous dormez bien ?",
        "Les talons, c'est fini.",
        "Masque, gants et aération.",
        "Vous prenez la tension matin et soir, au calme.",
    ],
)
def test_advice_that_names_the_thing_first(said: str) -> None:
    assert of("advice", f"P: J'ai mal au dos.\nD: {said}\nP: D'accord.")


@pytest.mark.parametrize("said", ["La grippe, c'est parti ?", "Le soir, vous faisiez quoi ?", "La semaine, vous étiez fatigué."])
def test_a_thing_named_first_is_not_always_advice(said: str) -> None:
    assert not of("advice", f"P: J'ai mal au dos.\nD: {said}\nP: D'accord.")


@pytest.mark.parametrize(
    ("asked", "answered", "topic"),
    [
        ("Et si ça regonfle ?", "Vous reprenez la canne et vous m'écrivez.", "Si ça regonfle"),
        ("Et si ça va plus du tout, le week-end ?", "Le quinze, sans attendre.", "Si ça va plus du tout"),
        ("Et mon chat ?", "Vous le laissez dehors.", "Chat"),
    ],
)
def test_what_to_do_with_what_is_asked_about(asked: str, answered: str, topic: str) -> None:
    found = of("advice", f"P: J'ai mal au dos.\nD: Bien.\nP: {asked}\nD: {answered}")
    assert [f.text.split(" :")[0] for f in found] == [topic]


def test_comfort_is_no_advice() -> None:
    assert not of("advice", "P: J'ai mal au dos.\nD: Bien.\nP: Et si ça reste ?\nD: Vous verrez, ça ira.")


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("On en reparle dans quinze jours.", 15),
        ("Vous me le remontrez dans une semaine.", 1),
        ("Le toucher vaginal, je ne peux pas à travers l'écran, on le fait au cabinet dans dix jours.", 10),
    ],
)
def test_meetings_about_something(said: str, when: int) -> None:
    assert when in [f.value for f in of("plan", f"P: J'ai mal au ventre.\nD: {said}\nP: D'accord.")]


def test_everything_is_renewed_beside_a_drug() -> None:
    assert "renouvellement accordé" in labels(facts("P: J'ai mal.\nD: Je vous refais tout pour six mois, avec le Doliprane."))


@pytest.mark.parametrize(
    ("text", "label", "polarity"),
    [
        ("D: Une coloscopie, vous en avez eu une ?\nP: Jamais. Une gastro, si.", "coloscopie", "absent"),
        ("D: Et le cœur ?\nP: Scanner en février, nickel.", "scanner", "present"),
        ("D: Vous avez déjà passé une IRM ?\nP: Un scanner, il y a trois ans.", "scanner", "present"),
        ("D: Et les poumons, le scanner ?\nP: Fait en mai.", "scanner", "present"),
    ],
)
def test_examinations_of_the_past(text: str, label: str, polarity: str) -> None:
    done = [(f.label, f.polarity) for f in facts(text) if f.status == "done"]
    assert done == [(label, polarity)]


@pytest.mark.parametrize("said", ["Le scanner est prévu en mars.", "La mammo, il faut que je la fasse en avril.", "Coloscopie en 2019, mon frère."])
def test_examinations_to_come_or_of_others(said: str) -> None:
    assert not [f for f in facts(f"D: Et sinon ?\nP: {said}") if f.status == "done"]


def test_an_operation_that_is_only_thought_of() -> None:
    assert not of("procedure", "P: Ma femme pense à la ligature des trompes, et mon frère envisage une vasectomie.")
    assert of("procedure", "P: J'ai eu une vasectomie.")


def test_initials_and_attempts() -> None:
    assert not of("problem", "P: Je suis fatigué.\nD: On fait une TSH.\nP: Bien.")
    assert not of("problem", "P: C'était ma deuxième tentative d'arrêt du tabac.")
    assert of("problem", "P: J'ai fait une tentative de suicide à vingt ans.")


def test_who_smokes_at_home() -> None:
    found = of("social", "D: Ça fume à la maison ?\nP: Ma mère, dans la cuisine.")
    assert [f.label for f in found] == ["tabagisme passif"]
    assert not of("social", "D: Quelqu'un fume chez vous ?\nP: Non, personne.")
