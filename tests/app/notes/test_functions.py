"""A function asked for by its name alone, and answered in the patient's own words."""

import pytest

from tests.app.notes.support import drafted, facts


@pytest.mark.parametrize(
    ("speech", "words"),
    [
        ("D: Et le transit ?\nP: Une fois par semaine, et encore.", "transit : « une fois par semaine, et encore »"),
        ("D: Vous dormez comment ?\nP: En pointillé. Trois heures d'affilée, pas plus.", "insomnie « en pointillé. 3 heures d'affilée, pas plus »"),
        ("D: Le jet ?\nP: Faiblard, ça s'y reprend à deux fois.", "jet urinaire : « faiblard, ça s'y reprend à 2 fois »"),
        ("D: Il mange ?\nR: La purée oui, la viande il la recrache.", "appétit : « la purée oui, la viande il la recrache »"),
    ],
)
def test_the_answer_is_told_under_the_name_of_the_function(speech: str, words: str) -> None:
    told = {f.text for f in facts(speech) if f.type == "symptom"}
    assert words in told


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: Le transit ?\nP: Comme une horloge.", "troubles du transit"),
        ("D: Les urines, ça va ?\nP: Rien à signaler.", "troubles urinaires"),
        ("D: Les règles ?\nP: Pareil que d'habitude, normales.", "troubles des règles"),
    ],
)
def test_what_works_is_told_as_no_trouble(speech: str, label: str) -> None:
    assert {f.polarity for f in facts(speech) if f.label == label} == {"absent"}


@pytest.mark.parametrize(
    "speech",
    [
        "D: Le sommeil ?\nP: Je sais pas trop quoi vous dire.",
        "D: Le sommeil ?\nP: Insomnie depuis un mois.",  # told already
        "D: Le moral ?\nP: C'est ma femme qui est déprimée.",
        "D: Le sommeil, vous le suivez avec une montre connectée, ou bien vous le notez chaque matin ?\nP: Une montre.",
        "D: Le sommeil ?\nP: Le Stilnox, j'ai arrêté.",
    ],
)
def test_no_answer_about_the_function_tells_nothing(speech: str) -> None:
    assert not [f for f in facts(speech) if f.label.startswith("fonction")]


def test_the_note_quotes_the_words() -> None:
    note = drafted("D: Bonjour.\nP: J'ai mal au dos depuis lundi.\nD: Le sommeil ?\nP: Haché, je me réveille quand je bouge.")
    assert any("« haché, je me réveille quand je bouge »" in s.text for s in note.sentences)
