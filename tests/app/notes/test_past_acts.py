"""What was done before: operations without their word, courses of treatment, births, examinations and vaccines."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, facts


def done(text: str) -> list[Fact]:
    return [f for f in facts(text) if f.type == "procedure"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("P: On m'a retiré deux kystes en deux mille quinze.", ("kystes", "2015")),
        ("P: Les végétations, on me les a enlevées à cinq ans.", ("végétations", "5 ans")),
        ("D: La thyroïde ?\nP: On me l'a enlevée en deux mille dix.", ("thyroïdectomie", "2010")),
        ("D: Des calculs ?\nP: On m'en a retiré il y a trois ans.", ("calculs", "3 ans")),
        ("P: J'ai été opéré d'une cloison en deux mille neuf.", ("cloison", "2009")),
        ("D: Vous avez eu des opérations ?\nP: Des varices, en deux mille huit.", ("varices", "2008")),
        ("P: J'ai fait douze séances d'orthophonie.", ("orthophonie", "12 séances")),
        ("D: De l'acupuncture, vous avez essayé ?\nP: Cinq séances, bof.", ("acupuncture", "5 séances")),
        ("P: On m'a fait une ponction il y a un mois.", ("ponction",)),
        ("P: J'ai accouché il y a deux mois, avec les forceps.", ("accouchement", "forceps")),
        ("P: Ils m'avaient passé l'IRM, y avait rien.", ("IRM",)),
        ("P: Et l'échographie de printemps, elle était bonne.", ("échographie", "normal")),
        ("D: Vous aviez fait une mammographie ?\nP: Avec le docteur Nayrolles, il y a deux ans.", ("mammographie",)),
        ("D: Le doppler, il était bon ?\nP: Oui, rien du tout.", ("doppler",)),
        ("D: Et les vaccins, vous en êtes où ?\nP: La grippe, fin octobre à la pharmacie.", ("antigrippal",)),
    ],
)
def test_what_was_done(said: str, words: tuple[str, ...]) -> None:
    (told,) = done(said)
    assert all(word in told.text for word in words)
    assert told.polarity == "present"


@pytest.mark.parametrize(
    "said",
    [
        "P: On m'a enlevé deux dossiers au bureau.",
        "P: Ils m'ont retiré le plâtre.",
        "P: Ma belle-mère, on lui a enlevé un rein.",
        "P: Mon frère, il a fait dix séances de kiné.",
        "D: De la kiné, vous en avez fait ?\nP: Non, pas encore.",
        "P: Je voudrais des séances d'ostéo.",
        "P: Le radiologue de l'hôpital, lui, il était pressé.",
        "P: Encore des rayons, alors.",
        "P: L'iode, enfin le produit du scanner, j'ai eu des plaques.",
        "P: Mon père s'est fait opérer l'an dernier. La prostate.",
    ],
)
def test_what_was_not_done_to_the_patient(said: str) -> None:
    assert done(said) == []


def test_an_illness_that_was_operated_on_is_told_once() -> None:
    found = facts("D: Des polypes ?\nP: On m'en a retiré en deux mille dix.")
    assert [f.type for f in found] == ["procedure"]


def test_an_act_denied_unasked_is_not_listed() -> None:
    made = drafted("P: J'ai accouché il y a un mois, j'ai de la fièvre. On m'a pas transfusée.")
    assert not [f for f in made.facts if f.type == "procedure" and f.polarity == "absent"]
