"""Diagnoses as doctors say them and illnesses that they rule out; in other words than the golden dialogues'."""

import pytest

from tests.app.notes.support import facts, labels


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("À tous les coups c'est le zona.", "zona"),
        ("Je pencherais pour une sinusite.", "sinusite"),
        ("On dirait bien un panaris.", "panaris"),
        ("Tout ça va avec une grosse prostate.", "adénome de la prostate"),
        ("Tant qu'on ne m'a pas montré le contraire, c'est une fracture.", "fracture"),
        ("C'est ni plus ni moins qu'une migraine.", "migraine"),
        ("Vous nous faites une belle bronchite.", "bronchite"),
    ],
)
def test_a_diagnosis_in_a_doctors_words(said: str, label: str) -> None:
    assert label in labels(facts(f"P: Ça a commencé mardi.\nD: {said}\nP: D'accord."), type="problem", polarity="present")


@pytest.mark.parametrize(
    "said",
    ["C'est l'hypertension qui m'embête.", "Quand c'est la goutte, ça se voit.", "Si c'est le zona, on traitera.", "C'est l'âge des otites."],
)
def test_an_illness_that_is_only_spoken_of_is_no_diagnosis(said: str) -> None:
    assert not labels(facts(f"P: Ça a commencé mardi.\nD: {said}\nP: D'accord."), type="problem")


def test_a_child_has_what_the_doctor_says_that_he_has() -> None:
    found = facts("R: Il est couvert de boutons.\nD: Il a la varicelle.\nR: Ah bon.", age=4)
    assert "varicelle" in labels(found, type="problem", polarity="present")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Ce n'est pas une entorse.", "entorse"),
        ("Ça n'a rien d'un infarctus.", "infarctus"),
        ("La phlébite, je n'y crois pas.", "phlébite"),
        ("Ni fracture ni entorse.", "fracture"),
        ("Une appendicite, on peut l'écarter.", "appendicite"),
    ],
)
def test_what_the_doctor_rules_out_is_absent(said: str, label: str) -> None:
    assert label in labels(facts(f"P: J'ai mal depuis mardi.\nD: {said}\nP: Tant mieux."), type="problem", polarity="absent")


@pytest.mark.parametrize(
    "said",
    [
        "C'est pas forcément une entorse.",
        "Je ne peux pas exclure une phlébite.",
        "Ce n'est pas le diabète qui donne ça.",
        "La glycémie, elle, c'est pas le diabète.",
    ],
)
def test_what_is_left_open_is_not_ruled_out(said: str) -> None:
    assert not labels(facts(f"P: J'ai mal depuis mardi.\nD: {said}\nP: D'accord."), type="problem", polarity="absent")


def test_what_it_is_rather_than_another_is_no_other_diagnosis() -> None:
    found = labels(facts("P: J'ai mal à la tête.\nD: Ça ressemble plus à une sinusite qu'à une migraine."), type="problem", polarity="present")
    assert found == {"sinusite"}
