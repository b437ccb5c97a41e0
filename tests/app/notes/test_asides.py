"""Words that name a symptom and tell none of the patient's, and answers that deny or affirm only one of what was asked."""

import pytest

from tests.app.notes.support import facts


def told(speech: str) -> set[tuple[str, str]]:
    return {(f.label, f.polarity) for f in facts(speech) if f.type in ("symptom", "problem") and f.is_patients}


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: Vous avez chuté ?\nP: Mon stagiaire, oui. Il est tombé de l'échafaudage lundi.", "chutes"),
        ("D: Elle maigrit ?\nP: Oui, un peu.", "perte de poids"),
        ("D: Des bruits dans les oreilles ?\nP: Les bourdonnements c'est Marcel.", "acouphènes"),
        ("D: Qu'est-ce qu'il a gardé de son attaque ?\nP: Il a gardé une faiblesse du bras gauche.", "déficit moteur"),
        ("D: Vous dormirez sur trois oreillers.\nP: Trois oreillers. Bon.", "orthopnée"),
        ("D: Vous mettez quoi dessus ?\nP: Le patch, ça me fait des plaques.", "éruption cutanée"),
        ("D: L'anneau a bougé ?\nP: Il est tombé une fois dans le lavabo.", "chutes"),
    ],
)
def test_what_is_no_symptom_of_the_patients(speech: str, label: str) -> None:
    assert (label, "present") not in told(speech)


@pytest.mark.parametrize(
    ("speech", "expected"),
    [
        ("D: Vous avez chuté ?\nP: Oui. Je suis tombé dans la douche.", ("chutes", "present")),
        ("D: Et là ?\nP: J'ai des plaques sur les bras, ça me fait des cloques.", ("vésicules ou ampoules", "present")),
        ("D: Et votre petite ?\nR: Elle vomit depuis hier.", ("vomissements", "present")),
    ],
)
def test_what_is(speech: str, expected: tuple[str, str]) -> None:
    assert expected in told(speech)


def test_a_no_that_stands_beside_one_thing_leaves_the_other_open() -> None:
    said = told("D: Des palpitations, des vertiges ?\nP: Des vertiges, non. Par contre je suis essoufflé.")
    assert ("vertiges", "absent") in said
    assert not {label for label, _ in said} & {"palpitations"}


def test_a_yes_that_names_one_thing_leaves_the_other_open() -> None:
    said = told("D: Vous toussez ? Vous crachez du sang ?\nP: Oui, je tousse le matin.")
    assert ("toux", "present") in said
    assert ("hémoptysie", "present") not in said


def test_a_denial_taken_back_at_once_is_none() -> None:
    said = told("D: Des palpitations ?\nP: Des palpitations, non. Enfin si, le soir au coucher.")
    assert said == {("palpitations", "present")}


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: Vous urinez bien ? Vous y avez vu du sang ?\nP: Non, jamais de sang.", "hématurie"),
        ("D: Vous toussez. Du sang ?\nP: Non.", "hémoptysie"),
        ("D: Les selles sont dures. Y a du sang ?\nP: Non.", "sang dans les selles"),
        ("D: Vous avez vomi. Pas de sang ?\nP: Non.", "hématémèse"),
        ("D: Les oreilles, ça siffle ?\nP: Non.", "acouphènes"),
    ],
)
def test_bare_words_are_read_where_they_are_said(speech: str, label: str) -> None:
    assert (label, "absent") in told(speech)


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: Vous levez le bras ?\nP: Jusque-là oui, après ça coince.", "dysphagie"),
        ("D: Sur la route ?\nP: J'ai mordu le trottoir en me garant.", "morsure"),
        ("D: Ça va ?\nP: Le cœur à fond, les mains moites.", "perte de poids"),
        ("D: La sonde ?\nP: Un cauchemar, cette sonde.", "insomnie"),
        ("D: La nuit ?\nP: Je dors neuf heures.", "insomnie"),
        ("D: Le moral ?\nP: Ça va, je pleure devant les films mais ça va.", "tristesse de l'humeur"),
    ],
)
def test_idioms_are_no_symptoms(speech: str, label: str) -> None:
    assert label not in {name for name, _ in told(speech)}


@pytest.mark.parametrize(
    ("speech", "expected"),
    [
        ("D: Le crâne ?\nP: Un étau, ça serre de partout.", ("céphalées", "present")),
        ("D: Dans la poitrine, quand vous courez, ça serre ?\nP: Oui, un peu.", ("oppression thoracique", "present")),
        ("D: La plaie ?\nP: Elle est propre. Ça suinte plus.", ("suintement", "absent")),
        ("D: Ça gratte où, exactement ?\nP: Aux poignets.", ("prurit (démangeaisons)", "present")),
        ("D: Montrez-moi cette cheville.\nP: Ben elle gonfle dès midi.", ("œdème des chevilles", "present")),
    ],
)
def test_short_answers_are_read_with_what_is_asked(speech: str, expected: tuple[str, str]) -> None:
    assert expected in told(speech)


@pytest.mark.parametrize(
    ("speech", "label"),
    [
        ("D: De la température ?\nP: Pas eu le temps de regarder.", "fièvre"),
        ("D: Et à la maison ?\nP: Le chat, il arrête pas de se gratter.", "prurit (démangeaisons)"),
    ],
)
def test_what_nobody_looked_at_or_has_is_not_told(speech: str, label: str) -> None:
    assert label not in {name for name, _ in told(speech)}
