"""Work, home and habits as they are asked and answered in French."""

import pytest

from tests.app.notes.support import facts


def told(text: str, **patient: object) -> list[tuple[str, str, str]]:
    return [(f.text, f.polarity, f.temporality) for f in facts(text, **patient) if f.type == "social"]


@pytest.mark.parametrize(
    "asked,said,expected",
    [
        ("C'est quoi, votre métier ?", "Tailleur de pierre.", ("tailleur de pierre", "present", "current")),
        ("Et le travail, c'est quoi ?", "Ben, ambulancier, de nuit.", ("ambulancier, de nuit", "present", "current")),
        ("Combien d'enfants ?", "Trois, tous grands.", ("Enfants : 3, tous grands", "present", "current")),
        ("Vous faites du sport ?", "La natation, mais j'ai lâché.", ("Activité physique : la natation, mais j'ai lâché", "present", "past")),
    ],
)  # fmt: skip
def test_an_answer_in_its_own_words(asked: str, said: str, expected: tuple[str, str, str]) -> None:
    assert expected in told(f"D: {asked}\nP: {said}")


@pytest.mark.parametrize("said", ["Je sais pas.", "Pourquoi ?", "Ça va."])
def test_an_answer_that_tells_nothing_is_not_quoted(said: str) -> None:
    assert not told(f"D: C'est quoi, votre métier ?\nP: {said}")


def test_not_a_drop_is_no_end() -> None:
    assert told("D: L'alcool ?\nP: J'y touche pas, pas une goutte.") == [("alcool", "absent", "current")]


def test_the_smoke_around_a_child() -> None:
    found = told("D: Vous fumez à la maison ?\nR: Dans le jardin seulement.", age=3, sex="F")
    assert found == [("tabac dans l'entourage : « Dans le jardin seulement »", "present", "current")]


def test_the_habit_of_a_partner_is_not_the_patients() -> None:
    assert not told("D: Et votre mari ?\nP: Lui, il fume deux paquets par jour.")


@pytest.mark.parametrize(
    "asked,said,expected",
    [
        ("Du café dans la journée ?", "Trois, jamais après midi.", ("café 3 cafés", "present", "current")),
        ("La cigarette ?", "J'étais à un paquet, maintenant je suis descendue à huit.", ("tabac 8 cigarettes", "present", "current")),
        ("Vous buvez un peu d'alcool ?", "Un kir au restaurant.", ("alcool un kir au restaurant", "present", "current")),
        ("Vous n'avez pas recraqué, pour la cigarette ? Vous tenez bon ?", "Non, pas une.", ("tabac arrêté", "present", "past")),
        ("Le tabac ?", "Très peu pour moi.", ("tabac", "absent", "current")),
        ("Vous fumez toujours ?", "Non, ça fait dix ans.", ("tabac arrêté", "present", "past")),
        ("L'alcool, le cannabis ?", "L'alcool, non. Le cannabis j'en fumais le week-end. Plus depuis le bébé.", ("alcool", "absent", "current")),
    ],
)  # fmt: skip
def test_a_habit_told_in_a_word(asked: str, said: str, expected: tuple[str, str, str]) -> None:
    assert expected in told(f"D: {asked}\nP: {said}", age=40, sex="F")


@pytest.mark.parametrize(
    "talk",
    [
        "D: Du café ?\nP: Oui, comme tout le monde.",
        "D: Le vin du soir, on l'enlève.\nP: D'accord. Donc pas de vin, et de la marche.",
        "D: Vous fumez ?\nP: La cigarette électronique, c'est tout.",
        "D: Ça va ?\nP: On aurait dit un test d'alcoolémie.",
    ],
)
def test_no_habit_of_what_only_sounds_like_one(talk: str) -> None:
    assert [label for label, *_ in told(talk, age=40, sex="F") if not label.startswith("vapotage")] == []


@pytest.mark.parametrize(
    "talk,expected",
    [
        ("P: J'ai mal au genou.\nD: Vous êtes carreleur, je crois.\nP: C'est ça.", ("carreleur", "present", "current")),
        ("P: Je suis à la plonge, debout.\nD: D'accord.", ("à la plonge", "present", "current")),
        ("P: J'étais soudeur, avant.\nD: D'accord.", ("soudeur (auparavant)", "present", "past")),
        ("P: Je bosse en deux-huit, à l'usine.\nD: D'accord.", ("en deux-huit", "present", "current")),
        ("P: On a trois chats.\nD: D'accord.", ("3 chats", "present", "current")),
        ("P: Je m'occupe de ma mère, elle perd la tête.\nD: D'accord.", ("s'occupe de sa mère", "present", "current")),
        ("D: Un projet de grossesse ?\nP: Oui, on commence à essayer.", ("projet de grossesse", "present", "future")),
        ("D: Vous allaitez ?\nP: Oui.", ("allaitement", "present", "current")),
    ],
)  # fmt: skip
def test_how_somebody_lives(talk: str, expected: tuple[str, str, str]) -> None:
    assert any((text.removeprefix("travaille ").removeprefix("bosse "), *rest) == expected for text, *rest in told(talk, age=40, sex="F"))


@pytest.mark.parametrize(
    "talk",
    [
        "P: J'ai mal.\nD: Si vous êtes infirmière, vous savez.\nP: Oui.",
        "D: Vous êtes plombier ?\nP: Non, pas du tout.",
        "D: Un projet de bébé ?\nP: La boutique est fermée !",
        "D: Le travail, vous y allez ?\nP: J'ai tenu jusqu'à mardi.",
    ],
)
def test_no_way_of_life(talk: str) -> None:
    assert not told(talk, age=40, sex="F")
