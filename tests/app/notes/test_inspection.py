"""What the doctor sees on the screen: after asking to be shown it, and not what is read on paper or is only a demand."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, facts, told


def seen(text: str) -> list[Fact]:
    return [f for f in facts(text) if f.status == "seen"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Relève-lui le pyjama… La peau n'est pas marbrée.", "La peau n'est pas marbrée"),
        ("Tournez votre poignet… l'autre côté. Pas d'œdème, il bouge bien les doigts.", "Pas d'œdème"),
        ("Ouvrez la bouche. Très bien. Les amygdales sont grosses, sans points blancs.", "Les amygdales sont grosses"),
        ("Suivez mon doigt. Bon, pas de nystagmus.", "pas de nystagmus"),
        ("Je vous vois, vous n'êtes pas pâle, pas de tirage.", "vous n'êtes pas pâle"),
    ],
)
def test_what_is_shown_is_described(said: str, shown: str) -> None:
    assert any(shown in f.sentence for f in seen(f"P: J'ai de la fièvre.\nD: {said}\nP: D'accord."))


def test_the_patient_may_answer_in_between() -> None:
    assert seen("D: Montrez-moi la main.\nP: Comme ça ?\nD: Oui. Le pouce est gonflé.")


@pytest.mark.parametrize(
    "said",
    [
        "L'amoxicilline, je vois marqué intolérance.",
        "Je vois un DFG à quarante sur le bilan.",
        "Tirez la langue. C'est une angine.",
        "Montrez-moi la plaque. Ça va sécher.",
        "Serrez le poing… encore.",
    ],
)
def test_what_is_not_seen_is_no_finding(said: str) -> None:
    found = facts(f"P: J'ai mal à la gorge.\nD: {said}\nP: Bon.")
    assert not [f for f in found if f.status in ("seen", "advice")]


def test_the_note_tells_what_is_not_there_without_who_looks() -> None:
    note = told(drafted("P: J'ai de la fièvre.\nD: Soulevez le drap… je ne vois pas de boutons.\nP: Ah."))
    assert "À la vidéo : pas de boutons." in note


@pytest.mark.parametrize("said", ["Vous pesez autour de…", "Et d'ordinaire vous prenez du…", "Restez comme ça.", "Il faut, bien."])
def test_half_a_question_is_no_advice(said: str) -> None:
    assert not [f for f in facts(f"P: J'ai mal au dos.\nD: {said}\nP: Quatre-vingts.") if f.type == "advice"]
