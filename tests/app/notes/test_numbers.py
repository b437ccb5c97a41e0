"""Spoken numbers become digits, and every digit leads back to the words that said it."""

import pytest

from app.notes.language.text import fold, normalise


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("quatorze huit", "14 8"),
        ("trente-huit cinq", "38 5"),
        ("trente-neuf deux", "39 2"),
        ("quatre-vingt-dix-sept", "97"),
        ("soixante et onze", "71"),
        ("deux mille dix-neuf", "2019"),
        ("cent quarante sur quatre-vingts", "140 sur 80"),
        ("zéro soixante-quinze", "0.75"),
        ("huit virgule un", "8.1"),
        ("treize et demi", "13.5"),
        ("mille", "1000"),
        ("un quarante-cinq", "1 45"),
        ("quatre-vingts pour cent", "80%"),
        ("deux cents-six", "200 6"),
        ("1 000 mg", "1000 mg"),
        ("38,5", "38.5"),
        ("14/8", "14/8"),
        ("dix-sept dix", "17 10"),
        ("vingt et un", "21"),
        ("un comprimé", "un comprime"),
        ("un demi-comprimé", "0.5 comprime"),
        ("trente et un quatorze", "3114"),
    ],
)
def test_french_numbers(said: str, read: str) -> None:
    assert normalise(said, "fr").norm == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("ninety-nine point five", "99.5"),
        ("one forty over ninety", "140 over 90"),
        ("twenty fourteen", "2014"),
        ("two hundred and fifty", "250"),
        ("two and a half", "2.5"),
        ("1,000 mg", "1000 mg"),
        ("one gram", "one gram"),
        ("eleven stone two", "11 stone 2"),
        ("a hundred and twenty", "a 120"),
    ],
)
def test_english_numbers(said: str, read: str) -> None:
    assert normalise(said, "en").norm == read


def test_offsets_lead_back_to_the_words() -> None:
    text = "J'avais trente-huit cinq, hier."
    line = normalise(text, "fr")
    at = line.norm.index("38 5")
    start, end = line.span(at, at + 4)
    assert text[start:end] == "trente-huit cinq"


def test_folding_keeps_the_length() -> None:
    text = "Œdème à l’œil, ça gêne — « çà »"
    assert len(fold(text)) == len(text)


def test_norm_and_shown_run_in_parallel() -> None:
    line = normalise("Périndopril, dix milligrammes", "fr")
    assert len(line.norm) == len(line.shown)
    assert line.shown == "Périndopril, 10 milligrammes"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("j'ai j'ai mal à la à la tête", "j ai mal a la tete"),
        ("donnez-lui un un Doliprane", "donnez lui un doliprane"),
        ("il y a il y a deux jours", "il y a 2 jours"),
        ("vous vous levez, nous nous voyons", "vous vous levez, nous nous voyons"),
        ("vingt vingt-cinq", "20 25"),
    ],
)
def test_words_that_a_speaker_stumbles_over_are_read_once(said: str, read: str) -> None:
    assert normalise(said, "fr").norm == read


def test_french_short_numbers_are_one_number() -> None:
    assert normalise("Vous appelez le trente et un quatorze, jour et nuit.", "fr").norm == "vous appelez le 3114, jour et nuit."
    assert normalise("ou le trente-neuf quatre-vingt-neuf", "fr").norm.endswith("le 3989")
    assert "31, 14" in normalise("trente et un, quatorze à droite", "fr").norm
