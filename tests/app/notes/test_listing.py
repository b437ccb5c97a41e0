"""The list of facts beside a note: each once, as a doctor would count them, and readable alone."""

from typing import Any

from tests.app.notes.support import drafted


def texts(dialogue: str, lang: str = "fr", **wanted: Any) -> list[str]:
    """The texts of the listed facts with these attributes."""
    made = drafted(dialogue, lang)
    return [f.text for f in made.facts if all(getattr(f, key) == value for key, value in wanted.items())]


def test_a_name_that_was_not_said_shows_the_words() -> None:
    (text,) = texts("D: Du mal à respirer ?\nP: Oui, je suis vite essoufflée dans l'escalier.", label="dyspnée")
    assert text == "dyspnée (essoufflée)"


def test_a_name_that_was_said_stands_alone() -> None:
    assert texts("D: Bonjour.\nP: J'ai de la fièvre depuis hier.", label="fièvre") == ["fièvre depuis hier"]


def test_readings_one_after_the_other_are_one_series() -> None:
    made = drafted("D: Vos glycémies à jeun ?\nP: Un gramme quarante-cinq, un cinquante. Un quarante-huit.")
    assert [f.value for f in made.facts if f.type == "lab"] == ["1.45, 1.50, 1.48"]


def test_readings_at_other_times_stay_apart() -> None:
    made = drafted("D: Vos glycémies ?\nP: À jeun, un gramme dix. Deux heures après, un gramme soixante.")
    assert len([f for f in made.facts if f.type == "lab"]) == 2


def test_what_the_patient_only_supposes_is_told_and_not_listed() -> None:
    made = drafted("D: Dites-moi.\nP: J'ai mal au ventre. Je pense que c'est une gastrite.")
    assert not [f for f in made.facts if f.type == "problem"]
    assert "Évoqué par" in "\n".join(s.text for s in made.sentences)


def test_a_forbidden_drug_is_listed_as_absent() -> None:
    made = drafted("D: Vous avez de la fièvre ?\nP: Oui, trente-neuf.\nD: Surtout pas d'ibuprofène.")
    (fact,) = [f for f in made.facts if f.label == "ibuprofène"]
    assert fact.polarity == "absent"
