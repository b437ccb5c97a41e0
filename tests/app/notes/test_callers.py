"""Who calls for somebody else on the patient's own link is read as a relative; who calls for themselves is not."""

import pytest

from app.notes.drafting import draft
from app.notes.people.callers import by_who_speaks
from tests.app.notes.support import told, transcript

REST = """
D: Depuis quand ?
P: Depuis hier soir, elle tousse et elle a mal au côté. Moi j'ai un gros rhume, c'est peut-être moi.
D: Elle a vomi ?
P: Non. Elle mange pas beaucoup.
"""
FOR_HER = (
    "P: Bonjour docteur, je vous appelle pour ma mère, elle a quatre-vingt-six ans.\nD: Dites-moi.",
    "D: Bonjour.\nP: Bonjour, je suis la fille de madame Renaud.",
    "D: Bonjour, vous êtes sa fille ?\nP: Oui, bonjour.",
    "D: Bonjour, vous m'appelez pour votre grand-mère qui tousse, c'est ça ?\nP: Oui, c'est ça.",
)
FOR_ONESELF = (
    "P: Bonjour docteur, je vous appelle parce que ma mère me l'a dit, je tousse.\nD: Dites-moi.",
    "D: Bonjour, alors, votre mère va mieux ?\nP: Oui, merci. Moi je tousse.",
    "P: Bonjour, je suis la sœur de votre secrétaire, je viens pour ma toux.\nD: Dites-moi.",
)


@pytest.mark.parametrize("start", FOR_HER)
def test_a_daughter_who_calls_tells_of_her_mother(start: str) -> None:
    made = draft(transcript(start + REST, age=86, sex="F"))
    text = told(made)
    assert "oux" in text and "Pas de vomissements" in text
    assert any(fact.label == "toux" and fact.is_patients for fact in made.facts)
    assert not any(fact.label == "rhinorrhée" and fact.is_patients for fact in made.facts), text
    assert not any("rhume" in fact.text and fact.is_patients for fact in made.facts), text


@pytest.mark.parametrize("start", FOR_ONESELF)
def test_who_only_speaks_of_a_relative_calls_for_themselves(start: str) -> None:
    visit = transcript(
        start
        + "\nD: De la fièvre ?\nP: Non. J'ai mal à la gorge et je dors mal.\nD: Vous fumez ?\nP: Non, je fume pas.",
        age=40,
        sex="F",
    )
    assert by_who_speaks(visit) == visit


def test_the_patient_speaks_once_put_on() -> None:
    visit = transcript(
        FOR_HER[0]
        + "\nP: Elle dort mal, elle se plaint. Je vous la passe.\nD: Bonjour madame, vous toussez ?\nP: Oui, surtout la nuit.",
        age=86,
        sex="F",
    )
    assert [turn.speaker for turn in by_who_speaks(visit).turns] == [
        "relative",
        "doctor",
        "relative",
        "doctor",
        "patient",
    ]


def test_a_son_of_another_sex_than_the_patient_is_not_the_patient() -> None:
    visit = transcript(
        "P: Bonjour, je vous appelle pour mon mari, il a la grippe, il tousse.\nD: Et vous, il vous l'a donnée ?\nP: Oui.",
        age=40,
        sex="F",
    )
    assert by_who_speaks(visit) == visit
