"""What a speaker takes back is not read; what stands is."""

import pytest

from app.notes.language.corrections import MASK, mask_corrections
from app.notes.language.text import normalise


@pytest.mark.parametrize(
    ("said", "gone", "stays"),
    [
        ("La gauche. Euh, non, la droite !", "gauche", "droite"),
        ("Ça a commencé lundi… non, dimanche soir", "lundi", "dimanche"),
        ("J'avais trente-neuf deux… euh attendez, non, trente-huit neuf", "39 2", "38 9"),
        ("Deux bières le soir… enfin, trois.", "2", "3"),
        ("Quatre fois. Non, cinq, avec celle de mardi.", "4", "5"),
        ("Vingt-cinq semaines… euh, non, vingt-six", "25", "26"),
        (
            "mille le matin et cinq cents le soir… attendez, non, je préfère cinq cents matin et soir",
            "1000",
            "500 matin",
        ),
        ("Un comprimé trois fois par jour… non, avec votre foie on se calme, un comprimé matin et soir", "3 fois", "matin et soir"),
        ("Dix gouttes… attendez, à son poids c'est huit gouttes", "10 gouttes", "8 gouttes"),
        ("J'hésite à vous remettre à cent… mais non, je préfère soixante-quinze", "100", "75"),
        ("La quatrième, non, attendez, la troisième", "quatrieme", "troisieme"),
    ],
)
def test_taken_back(said: str, gone: str, stays: str) -> None:
    norm = mask_corrections(normalise(said, "fr"), "fr").norm
    assert gone not in norm
    assert stays in norm
    assert MASK in norm


@pytest.mark.parametrize(
    "said",
    [
        "L'hôpital, une fois à douze ans. La réa non. Et de la cortisone, cinq jours.",
        "À gauche non, pas trop.",
        "Un comprimé matin et soir… non, pas de régime particulier.",
        "Cinq milligrammes… attendez, je cherche mon stylo.",
        "Dix jours. Non, je ne fume pas.",
        "Un gramme trois fois par jour pendant cinq jours.",
    ],
)
def test_nothing_taken_back(said: str) -> None:
    assert MASK not in mask_corrections(normalise(said, "fr"), "fr").norm


def test_english() -> None:
    norm = mask_corrections(normalise("The spots came Tuesday. No, I tell a lie, Wednesday morning", "en"), "en").norm
    assert "tuesday" not in norm
    assert "wednesday" in norm
