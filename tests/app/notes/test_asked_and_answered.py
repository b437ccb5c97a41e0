"""Symptoms that a question and its answer make together; in other words than the golden dialogues'."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("dialogue", "label", "polarity"),
    [
        ("D: Vous arrivez à serrer le poing ?\nP: Sans problème.", "difficulté à serrer le poing", "absent"),
        ("D: Tu peux poser le pied par terre ?\nP: Impossible.", "difficulté à poser le pied par terre", "present"),
        ("D: Il arrive à boire au biberon ?\nR: Non, il s'arrête tout de suite.", "difficulté à boire au biberon", "present"),
        ("D: Vous pouvez vous allonger ?\nP: Oui, ça va.", "difficulté à s'allonger", "absent"),
    ],
)
def test_what_can_be_done_denies_its_difficulty(dialogue: str, label: str, polarity: str) -> None:
    assert fact(label, facts(dialogue, age=40 if "R:" not in dialogue else 1)).polarity == polarity


@pytest.mark.parametrize(
    "dialogue",
    [
        "D: Vous pouvez vous lever ?\nP: Oui… attendez… voilà.",
        "D: Vous pouvez tourner la caméra ?\nP: Oui.",
        "D: Vous pouvez ouvrir votre dossier ?\nP: Non, ça marche pas.",
        "D: Vous arrivez à m'entendre ?\nP: Oui.",
    ],
)
def test_what_is_only_to_be_done_on_the_screen_is_no_ability(dialogue: str) -> None:
    assert not [f for f in facts(dialogue) if f.label.startswith("difficulté")]


@pytest.mark.parametrize(
    ("dialogue", "place"),
    [
        ("P: Ça me démange.\nD: Et où ça ?\nP: Sous les bras, dans le dos.", "sous les bras, dans le dos"),
        ("P: J'ai des fourmis.\nD: Quels doigts ?\nP: L'annulaire et le pouce.", "l'annulaire et le pouce"),
    ],
)
def test_where_a_complaint_is(dialogue: str, place: str) -> None:
    assert any(f.label.startswith("localisation") and place in f.text for f in facts(dialogue))


def test_where_somebody_works_is_no_place_of_a_complaint() -> None:
    assert not [f for f in facts("P: J'ai des boutons.\nD: Vous travaillez où ?\nP: Dans les jardins, à genoux.") if f.label.startswith("localisation")]


def test_what_was_back_then_and_is_no_more() -> None:
    found = facts("D: Tu t'es déjà fait du mal exprès ?\nP: Au collège. Maintenant, plus.")
    assert {(f.polarity, f.temporality) for f in found if f.label == "automutilations"} == {("present", "resolved"), ("absent", "current")}


def test_once_this_morning_is_of_today() -> None:
    assert fact("vomissements", facts("D: T'as vomi ?\nP: Une fois, cette nuit.")).temporality == "current"


def test_a_weak_no_that_the_next_words_take_back() -> None:
    assert fact("toux", facts("D: Vous toussez ?\nP: Pas vraiment. Enfin, un peu le matin.")).polarity == "present"


def test_a_yes_that_ends_in_no_is_none() -> None:
    assert "idées suicidaires" not in labels(facts("D: Des idées de mort ?\nP: Des fois j'en ai marre. Mais non, pas ça."), polarity="present")


def test_more_of_it_with_a_yes_denies_nothing() -> None:
    assert fact("toux", facts("P: Je tousse plus, oui, et plus fort.")).polarity == "present"


def test_what_it_is_like_is_not_what_is_asked() -> None:
    found = facts("D: Des courbatures, comme une grippe ?\nP: Oui, voilà.")
    assert "grippe" not in labels(found) and fact("douleurs musculaires", found).polarity == "present"


@pytest.mark.parametrize(
    ("dialogue", "label", "polarity"),
    [
        ("P: J'ai mal.\nD: Vous vous étiez cogné ?\nP: Non.", "traumatisme", "absent"),
        ("P: J'ai mal.\nD: Ça a craqué ?\nP: Oui.", "craquement", "present"),
        ("D: Il s'est mordu la langue ?\nR: Oui, sur le bord.", "morsure de langue", "present"),
        ("D: Il a uriné sur lui ?\nR: Non.", "perte d'urines", "absent"),
        ("P: J'ai ajouté un oreiller.", "orthopnée", "present"),
        ("D: Il faut forcer pour uriner ?\nP: Non.", "poussée pour uriner", "absent"),
    ],
)
def test_signs_in_lay_words(dialogue: str, label: str, polarity: str) -> None:
    assert fact(label, facts(dialogue)).polarity == polarity


@pytest.mark.parametrize(
    ("dialogue", "label", "polarity"),
    [
        ("P: Mon poignet me lance.\nD: C'est gonflé, chaud ?\nP: Chaud, non. Gonflé, un peu.", "chaleur du poignet", "absent"),
        ("P: J'ai mal à la cheville.\nD: Il y a un bleu ? C'est chaud ?\nP: Non.", "chaleur de la cheville", "absent"),
        ("P: J'ai mal au coude.\nD: C'est rouge ?\nP: Oui, très.", "rougeur du coude", "present"),
    ],
)
def test_what_the_part_is_like_that_was_named_before(dialogue: str, label: str, polarity: str) -> None:
    assert fact(label, facts(dialogue)).polarity == polarity


def test_a_no_to_one_thing_leaves_the_other_open() -> None:
    found = facts("P: Je dors mal.\nD: Un accident, un deuil ?\nP: Un accident, non. Mon oncle est parti en mai.")
    assert "deuil" not in labels(found, polarity="absent")


@pytest.mark.parametrize("asked", ["Ces boutons, ils bougent ?", "Les plaques, elles changent de place ?"])
def test_what_a_known_sign_does_is_no_question_whether_it_is_there(asked: str) -> None:
    assert "éruption cutanée" not in labels(facts(f"P: J'ai mal partout.\nD: {asked}\nP: Non, du tout."), polarity="absent")


@pytest.mark.parametrize("said", ["L'infarctus, vous savez, j'y pense.", "J'ai mis une pommade à hémorroïdes.", "L'embolie, ça m'inquiète."])
def test_what_is_feared_or_on_a_label_is_not_had(said: str) -> None:
    assert not labels(facts(f"P: {said}"), type="problem")


def test_one_of_another_thing_is_no_yes() -> None:
    assert "toux" not in labels(facts("D: Vous toussez ?\nP: Un raclement, le matin."), polarity="present")


def test_not_seen_is_not_there() -> None:
    found = facts("P: J'ai la diarrhée.\nD: Des glaires, du sang ?\nP: Des glaires, oui. Du sang, pas vu.")
    assert "sang dans les selles" not in labels(found, polarity="present")
