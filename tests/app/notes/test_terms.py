"""The measure's own thesaurus: what means the same is one, what only shares a word is not."""

import pytest

from bench.agreement import COMMON
from bench.doses import same_amount, same_schedule, tells_how_often
from bench.terms import same_drug, same_matter, same_measure, same_sign, same_strain


@pytest.mark.parametrize(
    ("found", "gold"),
    [
        ("dyspnée (court d'haleine)", "essoufflement dans les côtes"),
        ("céphalées depuis lundi", "maux de tête"),
        ("prurit", "démangeaisons des jambes"),
        ("syncope", "perte de connaissance"),
        ("méléna", "selles noires"),
        ("rhinorrhée", "nez qui coule"),
        ("lombalgie", "mal au bas du dos"),
        ("hypoacousie", "baisse de l'audition"),
        ("douleur", "douleur EVA à la marche"),
        ("douleur abdominale", "brûlures d'estomac"),
        ("localisation : genou droit", "douleur du genou droit en descendant"),
        ("trouble visuel (elle voit double)", "diplopie"),
        ("mouches volantes", "phosphènes"),
    ],
)
def test_two_names_of_one_sign(found: str, gold: str) -> None:
    assert same_sign(found, gold, COMMON)


@pytest.mark.parametrize(
    ("found", "gold"),
    [
        ("douleur thoracique", "douleur abdominale"),
        ("toux sèche", "bouche sèche"),
        ("crises d'angoisse", "tremblements pendant les crises"),
        ("hernie discale en 2012", "fracture du poignet en 2012"),
        ("fatigue (je tousse tellement)", "toux"),
        ("perte d'appétit", "perte de poids"),
        ("rhume", "toux après un rhume"),
        ("fièvre depuis mardi", "courbatures depuis mardi"),
        ("localisation : genou gauche", "douleur du genou droit en descendant"),
    ],
)
def test_a_word_in_common_is_no_sign_in_common(found: str, gold: str) -> None:
    assert not same_sign(found, gold, COMMON)


@pytest.mark.parametrize(
    ("found", "gold", "same"),
    [
        ("paracétamol (Dafalgan) 1 g", "Efferalgan", True),
        ("sertraline", "Zoloft le matin", True),
        ("acetaminophen 500 mg", "paracetamol", True),
        ("prednisone", "corticoïde oral", True),
        ("périndopril 5 mg le matin", "bisoprolol 5 mg le matin", False),
        ("sirop pour la toux", "sirop d'érable", False),
        ("vitamine C", "vitamine D", False),
    ],
)
def test_a_drug_is_its_substance(found: str, gold: str, same: bool) -> None:
    assert same_drug(found, gold, COMMON) is same


def test_what_to_do_shares_more_than_a_day() -> None:
    assert same_matter("Revoir jeudi au cabinet", "consultation jeudi au cabinet", COMMON)
    assert same_matter("appeler le 3114", "3114 si idées noires", COMMON)
    assert not same_matter("Bonne journée et à jeudi", "prise de sang jeudi", COMMON)


def test_a_measure_is_of_what_it_measures() -> None:
    assert same_measure("saturation en oxygène", "SpO2 sur montre")
    assert same_measure("poids", "poids déclaré")
    assert not same_measure("créatinine", "débit de filtration glomérulaire")


def test_a_score_at_rest_is_not_one_of_movement() -> None:
    assert same_strain("douleur", "douleur EVA au repos")
    assert not same_strain("douleur en marchant", "douleur EVA au repos")
    assert not same_strain("douleur allongé", "douleur EVA au lever")


@pytest.mark.parametrize(
    ("found", "unit", "gold", "gold_unit", "same"),
    [
        (500, "mg", 0.5, "g", True),
        ("2.5", "mg", 2.5, "mg", True),
        (250, "mL", 0.25, "L", True),
        (75, "ug", 75, "mg", False),
        (5, "mg", 5, "mL", False),
        (20, "[iU]", 20, "U", True),
        ("120/70", None, "120/70", None, True),
        (None, None, 5, "mg", False),
    ],
)
def test_an_amount_in_either_unit(found: object, unit: str | None, gold: object, gold_unit: str, same: bool) -> None:
    assert same_amount(found, unit, gold, gold_unit) is same


@pytest.mark.parametrize(
    ("found", "gold"),
    [
        ("1 g × 3/j, 6 jours", "1 g x3/j 6 jours"),
        ("500 mg matin et soir", "500 mg x2/j"),
        ("1 gélule le soir", "1 cp/j le soir"),
        ("2 bouffées toutes les 6 h", "2 bouffées x4/j"),
        ("20 mg un jour sur deux", "20 mg un soir sur deux"),
        ("1 comprimé le matin, 3 jours", "1 cp le matin 3 jours puis ½ cp 3 jours"),
        ("2 puffs twice daily", "2 puffs x2/day"),
        ("10 mg le jeudi", "10 mg 1 fois/semaine"),
        ("5 mg", "5 mg 1/j le soir, 3 mois"),
    ],
)
def test_one_schedule_in_two_ways(found: str, gold: str) -> None:
    assert same_schedule(found, gold)


@pytest.mark.parametrize(
    ("found", "gold"),
    [
        ("1 g × 3/j", "1 g x4/j"),
        ("2 gouttes le soir", "1 goutte le soir"),
        ("75 µg le soir", "75 µg 1/j au réveil"),
        ("1/j, 6 jours", "1/j 6 jours sur 7"),
        ("2 fois par semaine", "2/j"),
        ("3/j", "2 à 3/j"),
        ("1 sachet le matin, 8 jours", "3 sachets le matin 8 jours puis 1"),
        ("500 mg x2/j, 5 jours", "500 mg x2/j, 7 jours"),
    ],
)
def test_another_schedule(found: str, gold: str) -> None:
    assert not same_schedule(found, gold)


def test_how_often_must_be_told_but_once_a_day() -> None:
    assert not tells_how_often("paracétamol 1 g", "1 g x3/j")
    assert tells_how_often("paracétamol 1 g matin, midi et soir", "1 g x3/j")
    assert tells_how_often("ramipril 5 mg", "5 mg 1/j le matin")
    assert tells_how_often("prednisone 40 mg", "40 mg 3 jours puis 20 mg x2/j")
