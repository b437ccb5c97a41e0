"""What is over is told as over, and what goes on is not."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, facts


def told(text: str, label: str) -> list[Fact]:
    return [f for f in facts(text) if label in f.label and f.type in ("symptom", "problem") and f.polarity == "present"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("D: Des soucis de santé avant ?\nP: Une otite, gamine, rien d'autre.", "otite"),
        ("D: Des maladies ?\nP: Une pneumonie, à Noël, quinze jours au lit.", "pneumo"),
        ("D: Racontez-moi.\nP: Jeudi j'ai eu la main qui fourmillait, genre cinq minutes.", "fourmillements"),
        ("D: Vous avez essayé un traitement ?\nP: J'ai testé, j'ai eu des nausées tout le temps, j'ai tout jeté.", "naus"),
        ("D: Comment ça se passe ?\nP: J'ai eu de la fièvre samedi, le lendemain plus rien.", "fièvre"),
        ("D: Vous avez vomi ?\nP: Avant-hier, une fois.", "vomi"),
        ("D: Vous avez encore vos vertiges ?\nP: Plus du tout depuis la Toussaint.", "vertige"),
        ("D: Une phlébite ?\nP: Si, une phlébite. J'avais trente ans, après une chute.", "phlébite"),
        ("D: L'asthme ?\nP: J'ai plus d'asthme. Depuis le collège.", "asthme"),
        ("D: Vous saignez du nez ?\nP: Une fois, le mois dernier.", "épistaxis"),
        ("D: Vous dormez ?\nP: Avant le déménagement je faisais des insomnies, plus maintenant.", "insomnie"),
        ("D: La tension ?\nP: J'ai fait de l'hypertension pendant ma première grossesse.", "hypertension"),
        ("D: Vous toussez encore ?\nP: Non, elle est partie toute seule.", "toux"),
        ("D: Le fer ?\nP: J'ai eu des nausées, alors j'ai arrêté.", "naus"),
    ],
)
def test_what_is_over(text: str, label: str) -> None:
    found = told(text, label)
    assert found
    assert all(f.temporality in ("past", "resolved") for f in found)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("D: Qu'est-ce qui vous amène ?\nP: J'ai une toux, un petit peu grasse.", "toux"),
        ("D: Qu'est-ce qui se passe ?\nP: J'ai de la fièvre depuis lundi, ça a commencé d'un coup.", "fièvre"),
        ("D: Et le ventre ?\nP: Ça me donne la diarrhée, alors je l'oublie.", "diarrhée"),
        ("D: Racontez-moi.\nP: J'ai vomi trois fois cette nuit, et ça continue.", "vomi"),
        ("D: Vous avez vomi ?\nP: Hier, et encore ce matin.", "vomi"),
        ("D: Vous avez encore des vertiges ?\nP: Oui, tous les matins.", "vertige"),
        ("D: Et la fatigue ?\nP: Fatigué, oui. Une petite marche et c'est fini pour la journée.", "fatigue"),
        ("D: La nuit, ça vous réveille, la toux ?\nP: Deux fois la semaine dernière.", "toux"),
        ("D: Des palpitations ?\nP: Des palpitations, non. Enfin si, au coucher.", "palpitations"),
    ],
)
def test_what_goes_on(text: str, label: str) -> None:
    found = told(text, label)
    assert found
    assert all(f.temporality == "current" for f in found)


def test_denied_of_today_and_told_of_then() -> None:
    found = [f for f in facts("D: Du sang dans les selles ?\nP: Non. L'an dernier, oui, un peu.") if "sang" in f.label]
    assert {(f.polarity, f.temporality) for f in found} == {("absent", "current"), ("present", "resolved")}


def test_what_is_there_after_all_is_another_thing() -> None:
    found = facts("D: Le nez qui coule ?\nP: Non, ça va. Ah si, des vertiges.")
    assert {(f.label, f.polarity) for f in found if f.type == "symptom"} == {("rhinorrhée", "absent"), ("vertiges", "present")}


@pytest.mark.parametrize(
    ("said", "over"),
    [
        ("La cigarette, j'ai décroché il y a six ans.", True),
        ("J'ai grillé ma dernière le jour de l'accouchement.", True),
        ("J'avais arrêté, j'ai craqué aux fêtes. Cinq cigarettes par jour.", False),
        ("J'ai lâché les bonbons, pas la cigarette, dix par jour.", False),
    ],
)
def test_smoking_that_is_over(said: str, over: bool) -> None:
    smokes = [f for f in facts(f"D: Vous fumez ?\nP: {said}") if f.label == "tabac"]
    assert [f.temporality == "past" for f in smokes] == [over]


def test_nothing_seen_is_told_as_absent() -> None:
    seen = [f for f in drafted("P: J'ai de la fièvre depuis lundi.\nD: Montrez-moi le dos… je ne vois pas de bouton.\nP: Tant mieux.").facts if f.status == "seen"]
    assert [f.polarity for f in seen] == ["absent"]


def test_a_plain_no_tells_of_nothing_before() -> None:
    found = [f for f in facts("D: Du sang dans les selles ?\nP: Non, jamais.") if "sang" in f.label]
    assert {f.polarity for f in found} == {"absent"}
