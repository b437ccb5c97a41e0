"""Complaints in lay words: a part and what is wrong with it, short answers, bare words by their context, what is ruled out."""

import pytest

from app.notes.language.complaints import TROUBLES, complaints
from app.notes.language.lexicon import find_concepts
from app.notes.language.text import normalise
from tests.app.notes.support import facts, labels


def told(speech: str) -> set[tuple[str, str]]:
    return {(f.label, f.polarity) for f in facts(speech) if f.type in ("symptom", "problem")}


def named(words: str) -> set[str]:
    return {m.concept.fr for m in find_concepts(normalise(words, "fr").norm, "fr")}


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("Le poignet, il est tout gonflé.", "gonflement articulaire"),
        ("Ça me lance dans l'épaule.", "douleur d'épaule"),
        ("J'ai la joue qui enfle.", "gonflement de la joue"),
        ("Des croûtes derrière les oreilles, et des plaques aux coudes.", "éruption cutanée du coude"),
        ("Ma main droite s'engourdit.", "engourdissement de la main"),
        ("J'ai le cuir chevelu qui me gratte.", "démangeaisons du cuir chevelu"),
        ("Une grosseur dans l'aine.", "boule de l'aine"),
        ("Elle a la hanche bloquée.", "raideur de la hanche"),
        ("Mes lèvres sont gercées.", "sécheresse des lèvres"),
    ],
)
def test_a_part_and_what_is_wrong_with_it(words: str, label: str) -> None:
    assert label in named(words)


@pytest.mark.parametrize(
    "words",
    [
        "Mon bras droit au travail, c'est Julie.",
        "Il a la main verte.",
        "J'ai le dos large.",
        "Je suis à genoux devant elle.",
    ],
)
def test_a_part_alone_is_no_complaint(words: str) -> None:
    assert not [label for label in named(words) if " d" in label]


def test_every_letter_of_the_table_is_known() -> None:
    rows = [["du tibia", "shin", "tibia", "D G=œdème des chevilles R"]]
    assert [name for name, _, _ in complaints(rows)] == ["douleur du tibia", "œdème des chevilles", "rougeur du tibia"]
    assert all(len(letter) == 1 for letter in TROUBLES)


@pytest.mark.parametrize(
    "words",
    [
        "Le mollet n'est pas rouge.",
        "Les doigts ne sont pas gonflés.",
        "L'épaule me fait pas mal.",
        "Les jambes ne me lâchent jamais.",
    ],
)
def test_a_denial_inside_a_complaint_denies_it(words: str) -> None:
    found = facts(f"D: Autre chose ?\nP: {words}")
    assert [f.polarity for f in found if f.type == "symptom"] == ["absent"]


@pytest.mark.parametrize(
    ("speech", "label", "polarity"),
    [
        ("D: Vous transpirez ?\nP: La nuit surtout.", "sueurs", "present"),
        ("D: Des nausées ?\nP: Pas tous les jours.", "nausées", "present"),
        ("D: Vous êtes essoufflée ?\nP: Ça m'arrive.", "dyspnée", "present"),
        ("D: Vous avez des crampes ?\nP: Pas mal, oui.", "crampes", "present"),
        ("D: Des palpitations ?\nP: Rarement.", "palpitations", "present"),
        ("D: Des vertiges ?\nP: En me levant.", "vertiges", "present"),
        ("D: Vous avez mal à la tête ?\nP: Hmm, je crois pas.", "céphalées", "absent"),
        ("D: Des frissons ?\nP: Ma foi, pas que je sache.", "frissons", "absent"),
        ("D: Vous êtes constipé ?\nP: Au contraire.", "constipation", "absent"),
        ("D: Elle vomit ?\nR: Elle me dit que non.", "vomissements", "absent"),
        ("D: Des sueurs ?\nP: Des sueurs ? Non, jamais eu.", "sueurs", "absent"),
        ("D: Vous toussez, vous crachez ?\nP: Tousser, un peu. Le reste, non.", "expectorations", "absent"),
        ("D: La bouche sèche, les yeux secs ?\nP: Bouche oui, yeux non.", "yeux secs", "absent"),
        ("D: Vous dormez bien ?\nP: Pas vraiment.", "insomnie", "present"),
        ("D: Vous voyez bien ?\nP: Oui, très bien.", "trouble visuel", "absent"),
    ],
)
def test_short_answers(speech: str, label: str, polarity: str) -> None:
    assert (label, polarity) in told(speech)


@pytest.mark.parametrize("answer", ["Je ne sais pas.", "Aucune idée.", "J'ai pas fait attention."])
def test_who_does_not_know_says_neither(answer: str) -> None:
    assert not told(f"D: Des ronflements ?\nP: {answer}")


def test_the_topic_is_in_the_question_and_the_quality_in_the_answer() -> None:
    assert ("jet urinaire faible", "present") in told("D: Et le jet, il est comment ?\nP: Tout faible.")
    assert ("diarrhée", "present") in told("D: Les selles ?\nP: Liquides.")
    assert ("diarrhée", "absent") in told("D: Les selles ?\nP: Molles. Mais pas de diarrhée.")


def test_fatigue_denied_by_comparison() -> None:
    assert ("fatigue", "absent") in told("D: Fatiguée ?\nP: Fatiguée, pas plus que d'habitude.")
    assert ("toux", "present") in told("D: Alors ?\nP: J'ai une toux, pas trop grasse, depuis hier.")


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: Parlons de l'estomac.\nP: Oui.\nD: Ça brûle ?\nP: Oui, le soir.", "pyrosis ou reflux"),
        ("D: Vous urinez souvent ?\nP: Oui.\nD: Ça brûle ?\nP: Oui.", "brûlures mictionnelles"),
        ("D: Montrez-moi l'œil.\nP: Voilà. Ça coule tout le temps.", "larmoiement"),
        ("D: Et vos selles ?\nP: J'ai des glaires.", "glaires dans les selles"),
    ],
)
def test_a_bare_word_means_what_the_talk_is_of(speech: str, label: str) -> None:
    assert label in labels(facts(speech), type="symptom", polarity="present")


def test_an_illness_that_the_doctor_rules_out() -> None:
    found = facts("P: Ça pourrait être une phlébite ?\nD: Non, rien ne le fait penser.")
    assert [(f.label, f.polarity, f.asserted_by) for f in found] == [("phlébite", "absent", "doctor")]


@pytest.mark.parametrize(
    "speech",
    [
        "P: C'est une phlébite ?\nD: Non… enfin, je ne peux pas l'exclure.",
        "P: Et si j'ai une angine ?\nD: Surtout pas d'anti-inflammatoire.",
        "P: Ma mère, c'est un cancer ?\nD: Non, pas du tout.",
        "P: Ça pourrait être une phlébite ?\nD: C'est possible.",
    ],
)
def test_what_is_not_ruled_out(speech: str) -> None:
    assert not labels(facts(speech), type="problem", polarity="absent")


def test_what_the_doctor_leaves_open_is_suspected() -> None:
    found = facts("D: Une infection par-dessus, c'est à éliminer.\nP: D'accord.")
    assert [(f.label, f.certainty) for f in found if f.type == "problem"] == [("infection", "suspected")]


def test_a_simile_is_no_pregnancy() -> None:
    assert not labels(facts("D: Et le ventre ?\nP: Gonflé comme une femme enceinte."), type="problem")


def test_it_is_the_part_that_was_named_before() -> None:
    found = told("D: Montrez.\nP: Voilà, le genou. C'est gonflé, c'est rouge.")
    assert {("gonflement articulaire", "present"), ("rougeur du genou", "present")} <= found
    assert not told("D: Et la main ?\nP: Elle est rouge de honte, ma voisine.") & {("rougeur de la main", "present")}


@pytest.mark.parametrize(
    ("answer", "label"),
    [("L'appendicite, à dix ans.", "appendicectomie"), ("Les varices, en 2015.", "opération des varices")],
)
def test_an_illness_stands_for_its_operation_when_that_was_asked(answer: str, label: str) -> None:
    assert label in labels(facts(f"D: Des interventions ?\nP: {answer}"), type="procedure")


def test_a_wish_or_a_habit_is_no_complaint() -> None:
    assert not labels(facts("D: Vous prenez quoi ?\nP: Du Gaviscon, quand j'ai des brûlures."), type="symptom")
