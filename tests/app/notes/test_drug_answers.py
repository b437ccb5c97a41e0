"""Drugs that the doctor asks for by their names, and those that the patient asks to have: what the answer makes of them."""

import pytest

from tests.app.notes.support import fact, facts


def _drugs(text: str) -> list[tuple[str, str]]:
    return [(f.label, f.polarity) for f in facts(text) if f.type == "medication" and not f.doubt]


@pytest.mark.parametrize(
    ("asked", "answered", "denied"),
    [
        ("Des corticoïdes, de la cortisone en ce moment ?", "Ni l'un ni l'autre.", "cortisone"),
        ("Pas de maladie du rein, pas d'anticoagulant ?", "Non, rien.", "anticoagulant"),
        ("Un antidépresseur, des somnifères ?", "Jamais.", "antidépresseur"),
        ("De l'aspirine, un anticoagulant ?", "Ah non.", "anticoagulant"),
    ],
)
def test_drugs_asked_for_by_their_mere_names_are_denied(asked: str, answered: str, denied: str) -> None:
    assert (denied, "absent") in _drugs(f"D: {asked}\nP: {answered}")


def test_what_is_answered_to_a_class_is_taken_and_the_class_is_not() -> None:
    text = "D: Des antihistaminiques, un somnifère ?\nP: Un Stilnox une fois de temps en temps."
    assert _drugs(text) == [("zolpidem", "present")]


def test_names_asked_for_about_allergies_are_not_taken() -> None:
    text = "D: Vous êtes allergique à un médicament ?\nP: Non.\nD: De l'aspirine, de la codéine ?\nP: Non plus."
    assert _drugs(text) == []


@pytest.mark.parametrize("answered", ["Vous pouvez, un gramme, deux fois par jour.", "Si vous voulez. Un gramme matin et soir."])
def test_a_drug_that_the_patient_may_take(answered: str) -> None:
    drug = fact("paracétamol", facts(f"P: Je peux prendre du Doliprane ?\nD: {answered}"))
    assert (drug.value, drug.status) == (1.0, "prescribed")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Donc l'antibiotique…", "Inutile, c'est un virus."),
        ("Il me faudrait un antibiotique, non ?", "Pas cette fois, c'est viral."),
        ("Je voulais vous demander un antibiotique.", "Un antibiotique, je préfère pas."),
        ("Alors pas d'antibiotique ?", "Ce n'est pas utile."),
    ],
)
def test_a_drug_that_is_asked_for_and_refused_is_not_taken(asked: str, answered: str) -> None:
    found = [f for f in facts(f"P: {asked}\nD: {answered}") if f.label == "antibiotique" and not f.doubt]
    assert [f.status for f in found] == ["stop"]


def test_another_drug_in_its_place_ends_the_one_that_was_asked_about() -> None:
    found = facts("P: Je garde l'Advil ?\nD: Vous prenez du kétoprofène cent, matin et soir, à la place.")
    assert [(f.label, f.status) for f in found if f.code] == [("ibuprofène", "stop"), ("kétoprofène", "prescribed")]


def test_what_a_friend_gave_was_taken_though_more_is_asked_for() -> None:
    text = "P: Je voulais vous demander du Xanax, ma sœur m'en a filé un hier.\nD: Du Xanax, il vaut mieux éviter."
    assert [f.status for f in facts(text) if f.label == "alprazolam"] == ["taken", "stop"]


def test_whether_a_cream_is_cortisone_asks_for_none() -> None:
    text = "D: Je mets de la désonide en crème le soir.\nP: C'est de la cortisone ?\nD: Oui, une faible. Pas de crainte sur dix jours."
    assert all(f.label != "cortisone" for f in facts(text) if not f.doubt)


@pytest.mark.parametrize(
    "question",
    [
        "Vous ne prenez rien d'autre que l'insuline ?",
        "Pas d'autre traitement que de l'insuline ?",
        "À part votre insuline, pas de médicament ?",
        "Hormis l'insuline, d'autres médicaments ?",
    ],
)
def test_what_is_taken_besides_nothing_else_is_taken(question: str) -> None:
    found = [f for f in facts(f"D: {question}\nP: Non, rien.") if f.type == "medication"]
    assert [(f.label, f.polarity, f.status) for f in found] == [("insuline", "present", "current")]


def test_a_drug_asked_about_besides_another_is_asked_about() -> None:
    found = fact("ibuprofène", facts("D: En plus du Doliprane, vous prenez de l'ibuprofène ?\nP: Non, jamais."))
    assert found.polarity == "absent"
