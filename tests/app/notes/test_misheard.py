"""Drug names that the recogniser broke: what is asked about, and what never is."""

import pytest

from app.notes.language.misheard import meant


@pytest.mark.parametrize(("text", "words", "drug"), [
    ("Je prends du au mes prazole tous les jours.", "au mes prazole", "oméprazole"),
    ("Je prends des cardégiques le soir.", "cardégiques", "Kardegic"),
    ("Et le périn d'oprile, deux comprimés ?", "périn d'oprile", "périndopril"),
    ("Vous prenez du lévotirox le matin.", "lévotirox", "Levothyrox"),
    ("Elle m'a prescrit de l'amoxiciline.", "amoxiciline", "amoxicilline"),
    ("un comprimé de bisoprololle", "bisoprololle", "bisoprolol"),
])
def test_what_sounds_like_a_drug_that_is_taken_is_asked_about(text, words, drug):
    (found,) = meant(text, "fr")
    assert (text[found.start:found.end].removeprefix("l'"), found.name) == (words, drug)


@pytest.mark.parametrize("text", [
    "Je prends de l'oméprazole tous les jours.",  # it is one
    "Avez-vous des questions sur le traitement ?",
    "Je prends le train en train de partir.",
    "J'en prends les jours impairs, et le dimanche il fait le jardin.",
    "Il est revenu hier, le médicament était content.",
    "C'est ma fille, elle a quatorze ans.",
    "",
    "¿ … ?",
])
def test_what_people_say_is_left_alone(text):
    assert meant(text, "fr") == []


def test_without_a_word_of_taking_only_what_was_heard_badly_is_asked_about():
    text = "Le cardégique, c'est fini."
    assert meant(text, "fr") == []
    assert [m.name for m in meant(text, "fr", [(3, 13)])] == ["Kardegic"]
    assert [m.name for m in meant(text, "fr", doubtful=True)] == ["Kardegic"]
    assert meant(text, "fr", [(22, 26)]) == []


def test_english_names_too():
    (found,) = meant("I take amlodipeen and met forming for years", "en")[:1]
    assert found.name == "amlodipine"
    assert meant("the last tablets, certainly, any questions", "en") == []
