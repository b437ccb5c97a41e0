"""Symptoms told as a tale: in lay words, beside other people's, with excuses and with what only goes with them."""

import pytest

from tests.app.notes.support import fact, facts, labels


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("On dirait qu'un camion s'est assis sur la poitrine.", "oppression thoracique"),
        ("Mon cœur danse, et d'un coup il s'arrête de danser.", "palpitations"),
        ("À quatre heures du matin, j'ai les yeux ouverts.", "réveils précoces"),
        ("Ça me réveille en pleine nuit.", "réveils nocturnes"),
        ("J'ai une chaleur qui monte dans le cou.", "bouffées de chaleur"),
        ("Je suis une loque depuis Noël.", "fatigue"),
        ("Elle est blanche comme un lavabo.", "pâleur"),
        ("Je dégrafe ma jupe après le dessert.", "ballonnements"),
        ("Je suis bouchée depuis cinq jours.", "constipation"),
        ("Je perds des caillots.", "règles abondantes"),
        ("Il renvoie tout son lait.", "régurgitations"),
        ("Je reste dans le noir, rideaux tirés.", "photophobie"),
        ("J'ai la voix voilée.", "enrouement"),
        ("Je chipote dans mon assiette.", "perte d'appétit"),
        ("Je flotte dans mes chemises.", "perte de poids"),
        ("La nuit il aboie, une vraie toux de chien.", "toux"),
        ("Au supermarché, le trou noir.", "perte de connaissance"),
    ],
)
def test_lay_words_and_pictures(said: str, label: str) -> None:
    assert label in labels(facts(f"D: Racontez-moi.\nP: {said}\nD: D'accord."), polarity="present")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Mon ex, on n'en parle plus.", "trouble de la parole"),
        ("Je lui parle plus, à mon frère.", "trouble de la parole"),
        ("Je me traîne cette histoire depuis l'été.", "fatigue"),
        ("Le flacon était vide depuis mardi.", "fatigue"),
        ("On a tous eu la crève à Noël.", "fatigue"),
        ("J'ai bouché l'évier, je suis bouchée du nez.", "constipation"),
    ],
)
def test_idioms_are_no_signs(said: str, label: str) -> None:
    assert label not in labels(facts(f"D: Racontez-moi.\nP: J'ai mal au ventre. {said}\nD: D'accord."))


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("J'ai prétexté que j'avais mal à la tête, c'était faux.", "céphalées"),
        ("J'ai dit au chef que j'avais de la fièvre, j'ai menti.", "fièvre"),
    ],
)
def test_an_excuse_is_no_symptom(said: str, label: str) -> None:
    assert label not in labels(facts(f"D: Alors ?\nP: J'ai mal au ventre. {said}\nD: D'accord."))


def test_what_was_told_to_a_doctor_is_one() -> None:
    assert "fièvre" in labels(facts("D: Alors ?\nP: J'ai dit au médecin que j'avais de la fièvre.\nD: Bien."))


@pytest.mark.parametrize(
    ("asked", "label", "known"),
    [
        ("Vous avez des nausées quand vous avez des vertiges ?", "nausées", "vertiges"),
        ("Vous avez des frissons quand vous toussez ?", "frissons", "toux"),
    ],
)
def test_a_denial_is_of_what_was_asked_and_not_of_when(asked: str, label: str, known: str) -> None:
    found = facts(f"P: J'ai mal au ventre.\nD: {asked}\nP: Non.\nD: D'accord.")
    assert fact(label, found).polarity == "absent"
    assert known not in labels(found)


def test_even_not_denies() -> None:
    found = facts("P: J'ai mal au genou.\nD: Vous êtes tombé ?\nP: Même pas.\nD: D'accord.")
    assert fact("chutes", found).polarity == "absent"


def test_a_mother_tells_of_herself() -> None:
    found = facts("R: Il a de la fièvre.\nD: Il pleure ?\nR: Non. C'est moi qui pleure, je dors plus.\nD: Bon.", age=1)
    assert "insomnie" not in labels([f for f in found if f.experiencer == "patient"])


def test_weeks_of_pregnancy_without_the_word() -> None:
    found = facts("P: Je suis à vingt-deux semaines, et j'ai des nausées.\nD: D'accord.", age=30, sex="F")
    assert fact("grossesse", found).value == 22


def test_weeks_after_something_are_none() -> None:
    found = facts("P: Je suis à dix semaines de l'opération, et j'ai mal au genou.\nD: D'accord.")
    assert "grossesse" not in labels(found)
