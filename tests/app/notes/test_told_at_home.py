"""Figures as they are told at home: on a display that moves, in hundreds of breath, beside a gain of weight, of two days."""

import pytest

from app.notes.drafting import Transcript, draft
from app.notes.facts import Fact

START = "D: Qu'est-ce qui vous amène ?\nP: J'ai mal à la gorge depuis hier et de la toux.\n"
WHO = {"D": "doctor", "P": "patient", "R": "relative"}


def facts(said: str, **patient: object) -> tuple[Fact, ...]:
    turns = [
        {"i": i, "speaker": WHO[line[0]], "text": line[3:], "start": i * 4.0, "end": i * 4.0 + 3}
        for i, line in enumerate((START + said).splitlines())
    ]
    return draft(Transcript.from_json({"lang": "fr", "motif": "", "dialogue": turns, "patient": patient})).facts


@pytest.mark.parametrize(
    ("said", "label", "values"),
    [
        ("D: La saturation ?\nP: Quatre-vingt-douze. Ah, ça bouge, quatre-vingt-quinze.", "saturation en oxygène", [95.0]),
        ("D: Le débit de pointe ?\nP: Trois dix, trois quarante, trois vingt.\nD: On garde trois cent quarante.", "débit expiratoire de pointe", [340.0]),
        ("D: Votre taille ?\nP: Un soixante-huit.", "taille", [168.0]),
        ("R: Il a pris trois kilos en une semaine, soixante et onze deux hier.", "poids", [71.2]),
        ("D: L'écho du cœur, c'était bien ?\nP: Cinquante-cinq pour cent, la fraction truc.", "fréquence cardiaque", []),
        ("D: L'écho du cœur, c'était bien ?\nP: Cinquante-cinq pour cent, la fraction truc.", "fraction d'éjection", [55.0]),
        ("D: La vitamine D, on l'a dosée en janvier, elle est à douze.", "vitamine D", [12.0]),
        ("D: Votre poids ?\nP: Cinquante.\nD: Il y a un an, vous étiez à combien ?\nP: Cinquante-six, cinquante-sept.", "poids", [50.0, "56-57"]),
        ("P: J'étais tombée à cinq cigarettes, je suis remontée à vingt.", "poids", []),
        ("P: La cortisone, je suis descendue à quarante.", "poids", []),
    ],
)
def test_a_figure_is_told_as_it_stands(said: str, label: str, values: list[object]) -> None:
    assert [f.value for f in facts(said) if f.label == label] == values


def test_glycaemias_of_two_days_are_two() -> None:
    told = facts("R: Hier soir elle était à un quatre-vingts, et ce matin un vingt.", record={"antecedents": ["Diabète de type 1"]})
    assert [f.value for f in told if f.label == "glycémie"] == [1.8, 1.2]


def test_a_level_fell_and_nobody_else() -> None:
    assert not [f for f in facts("P: Mon taux est tombé à quinze.") if f.label == "chutes"]


def test_what_was_looked_for_is_not_what_somebody_has() -> None:
    assert not [f for f in facts("D: Le lupus, on l'a recherché chez vous ?\nP: Oui, l'an dernier.") if f.type == "problem"]


def test_who_tries_for_a_child_is_not_pregnant() -> None:
    assert not [f for f in facts("D: Vous pourriez être enceinte ?\nP: On essaie depuis mai.") if f.type == "problem"]


def test_the_friend_of_a_child_is_no_kin() -> None:
    told = facts("D: Il a déjà perdu connaissance ?\nR: Jamais. Son copain Marius, oui, il est tombé dans les pommes.", age=8, sex="M")
    assert not [f for f in told if f.type == "family"]
