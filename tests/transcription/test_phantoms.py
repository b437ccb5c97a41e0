import pytest

from transcription.phantoms import doubled, phantom, stammers


@pytest.mark.parametrize("text", [
    "Sous-titres réalisés par la communauté d'Amara.org", "Sous-titres réalisés para la communauté d'Amara.org",
    "Sous-titrage ST' 501", "Sous-titrage Société Radio-Canada", "Merci d'avoir regardé cette vidéo !", "Abonnez-vous",
    "❤️ par SousTitreur.com", "Thanks for watching!", "Thank you so much for watching.", "Subtitles by the Amara.org community",
    "Please subscribe to my channel.", "I'm going to get you a little bit more. " * 14, "...", "", "♪", "Merci d'avoir regardé cette vidéo. " * 5,
    "je vais vous faire " * 6,
])  # fmt: skip
def test_learnt_phrases_and_loops_are_nothing(text):
    assert phantom(text)


@pytest.mark.parametrize("text", [
    "Merci.", "Merci docteur.", "Non, non, non, non.", "Oui oui oui oui oui.", "Thank you.", "Thank you very much, doctor.",
    "J'ai regardé cette vidéo sur le vaccin.", "68, 70.", "Je me suis abonnée à la salle de sport.", "Bientôt trois semaines.",
    "I watched the scan being transcribed by the nurse.", "Ça fait mal, ça fait mal.", "39", "Sous la langue, 38,5.",
])  # fmt: skip
def test_what_people_say_stays(text):
    assert not phantom(text)


@pytest.mark.parametrize(("text", "twice"), [
    ("Get a weird sensation, I guess. Get a weird sensation, I guess.", True), ("Oui. Oui.", False), ("Ça fait mal, ça fait mal.", False),
    ("J'ai mal là, j'ai mal ici.", False), ("", False), ("un deux trois quatre un deux trois quatre cinq", False),
])  # fmt: skip
def test_a_phrase_that_stands_there_twice_is_heard_again(text, twice):
    assert doubled(text) is twice


@pytest.mark.parametrize(("text", "twice"), [
    ("Do you smoke? Do you smoke?", True), ("A bit of yellow phlegm in the morning. No blood. No blood.", True),
    ("Ça fait mal, ça fait mal.", True), ("Non, non.", False), ("No blood. No blood at all.", False), ("", False),
])  # fmt: skip
def test_an_end_that_stands_there_twice_is_heard_without_the_list(text, twice):
    assert stammers(text) is twice
