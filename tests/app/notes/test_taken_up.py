"""Answers that take up, deny or leave one of several things, and whose they are; in other words than the golden dialogues'."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("dialogue", "label"),
    [
        ("D: Vous êtes constipée, vous avez grossi ?\nP: Grossi, pas un kilo. Constipée, oui.", "prise de poids"),
        ("D: Du sang dans les selles, des nausées ?\nP: Du sang, nulle part. Les nausées, un peu.", "sang dans les selles"),
        ("D: Des vertiges ? De la toux ?\nP: Des vertiges, que dalle. La toux, oui.", "vertiges"),
        ("D: Une phlébite, déjà ?\nP: Moi non. Ma sœur, si, une phlébite, après un accouchement.", "phlébite"),
    ],
)
def test_what_is_taken_up_to_be_denied_is_absent(dialogue: str, label: str) -> None:
    assert fact(label, facts(dialogue), type="problem" if label == "phlébite" else "symptom").polarity == "absent"


@pytest.mark.parametrize("said", ["P: Je tousse non-stop depuis lundi.", "P: J'ai le nez qui coule non-stop."])
def test_non_stop_denies_nothing(said: str) -> None:
    assert {f.polarity for f in facts(said) if f.type == "symptom"} == {"present"}


def test_a_trace_that_is_over_was_there() -> None:
    found = fact("hématurie", facts("D: Du sang dans les urines ?\nP: Du sang, une trace jeudi, plus rien depuis."))
    assert (found.polarity, found.temporality) == ("present", "resolved")


def test_a_yes_to_one_thing_is_none_to_the_other() -> None:
    found = facts("D: Est-ce que vous avez des palpitations, des vertiges ?\nP: Je ne sais pas trop. Essoufflée, ça, oui.")
    assert "essoufflé" not in labels(found)
    assert not {"palpitations", "vertiges"} & labels(found, polarity="present")


def test_an_illness_of_who_is_named_is_no_answer_for_the_patient() -> None:
    found = facts("D: Des maladies du cœur, des malformations ?\nP: Mon neveu a une fente labiale.")
    assert "malformation" not in labels(found, type="problem")


@pytest.mark.parametrize(
    "dialogue",
    [
        "D: Votre femme, c'était cet été ?\nP: En juillet. Son cancer du sein. Elle est partie vite.",
        "D: Il va mieux ?\nR: Oui. Je suis épuisée, moi, avec tout ça.",
        "P: On ne veut plus d'enfants. Je pense à la vasectomie.",
    ],
)
def test_what_is_somebody_elses_or_only_thought_of_is_no_finding(dialogue: str) -> None:
    assert not [f for f in facts(dialogue) if f.type in ("symptom", "problem", "procedure") and f.polarity == "present"]


@pytest.mark.parametrize("said", ["Sans mes gouttes je ferme pas l'œil.", "Sans ça, je ne dors pas."])
def test_what_would_be_without_a_drug_is_not_so(said: str) -> None:
    assert "insomnie" not in labels(facts(f"P: {said}"))


@pytest.mark.parametrize("asked", ["Une piqûre d'abeille, déjà ?", "Une piqûre de guêpe, un frelon ?"])
def test_a_sting_that_is_asked_about_is_no_symptom(asked: str) -> None:
    assert "piqûre d'insecte" not in labels(facts(f"D: {asked}\nP: Oui, l'an dernier, la main avait gonflé."))


@pytest.mark.parametrize(
    ("asked", "answer", "polarity"),
    [("Le moral ?", "Impeccable.", "absent"), ("Et le moral, ça va ?", "Nickel, oui.", "absent"), ("Le moral ?", "Ça va pas fort.", "")],
)
def test_good_spirits_deny_low_ones(asked: str, answer: str, polarity: str) -> None:
    found = [f for f in facts(f"P: J'ai de la fièvre.\nD: {asked}\nP: {answer}") if f.label == "tristesse de l'humeur"]
    assert [f.polarity for f in found] == ([polarity] if polarity else [])


@pytest.mark.parametrize("said", ["D: Bon, et elle vomit ?\nP: Non.", "D: Super, vous toussez ?\nP: Non.", "D: Ça va, de la fièvre ?\nP: Non."])
def test_a_word_that_opens_a_question_asks_nothing_of_the_spirits(said: str) -> None:
    assert "tristesse de l'humeur" not in labels(facts(said))


def test_spirits_named_first_and_asked_after_are_low_when_denied() -> None:
    assert fact("tristesse de l'humeur", facts("D: Et le moral, il va bien ?\nP: Non, pas fort.")).polarity == "present"


def test_what_burns_is_read_from_before_and_after() -> None:
    chest = facts("D: Une douleur dans la poitrine ?\nP: Oui.\nD: Ça brûle, ça pique ?\nP: Oui, ça brûle.")
    assert not {"brûlures mictionnelles", "pyrosis"} & labels(chest)
    urine = facts("P: Ça me brûle, j'y vais toutes les dix minutes.\nD: Vous urinez beaucoup ?\nP: Non, trois gouttes.")
    assert "brûlures mictionnelles" in labels(urine, polarity="present")


@pytest.mark.parametrize(
    ("said", "label", "polarity"),
    [
        ("Des vertiges j'en ai pas.", "vertiges", "absent"),
        ("La toux, j'en ai plus.", "toux", "absent"),
        ("Des nausées, il en a pas eu.", "nausées", "absent"),
        ("J'ai mal à la tête, j'ai pas dormi.", "céphalées", "present"),
        ("Moi j'ai mal au dos je peux pas me lever.", "lombalgie", "present"),
        ("Vous pouvez pas venir, parce que j'ai des vertiges je veux pas conduire.", "vertiges", "present"),
    ],
)
def test_what_is_named_first_is_denied_only_by_not_having_it(said: str, label: str, polarity: str) -> None:
    assert fact(label, facts(f"P: {said}")).polarity == polarity
