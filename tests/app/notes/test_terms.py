"""The measure's own thesaurus: what means the same is one, what only shares a word is not."""

import pytest

from bench.agreement import COMMON
from bench.terms import same_drug, same_matter, same_measure, same_sign


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
