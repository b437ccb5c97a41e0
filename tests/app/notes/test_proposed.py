"""Operations that were only spoken of, and what a surgeon left or took: proposed, turned down, put in, listed."""

import pytest

from app.notes.drafting import Transcript, draft
from app.notes.facts import Fact

START = "D: Qu'est-ce qui vous amène ?\nP: J'ai mal à la gorge depuis hier et de la toux.\n"
WHO = {"D": "doctor", "P": "patient", "R": "relative"}


def facts(said: str) -> tuple[Fact, ...]:
    turns = [
        {"i": i, "speaker": WHO[line[0]], "text": line[3:], "start": i * 4.0, "end": i * 4.0 + 3}
        for i, line in enumerate((START + said).splitlines())
    ]
    return draft(Transcript.from_json({"lang": "fr", "motif": "", "dialogue": turns, "patient": {}})).facts


@pytest.mark.parametrize(
    "said",
    [
        "P: L'orthopédiste voulait me mettre une prothèse de genou, je réfléchis.",
        "P: On m'a conseillé une hystérectomie, on verra.",
        "P: Ils vont me faire une arthroscopie en mars.",
        "P: Mon frère parle de se faire faire une vasectomie.",
    ],
)
def test_what_is_only_spoken_of_was_not_done(said: str) -> None:
    assert not [f for f in facts(said) if f.type == "procedure" and f.polarity == "present"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("P: Le cardiologue voulait me poser un pacemaker, j'ai dit non.", "pacemaker"),
        ("P: On m'a proposé une sleeve. J'ai refusé.", "sleeve"),
        ("P: La conisation, on me l'a proposée au printemps, j'ai eu peur.", "conisation"),
    ],
)
def test_what_was_turned_down_says_so(said: str, name: str) -> None:
    (told,) = [f for f in facts(said) if f.type == "procedure"]
    assert (told.label, told.polarity) == (name, "absent")
    assert "refusé" in told.text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("D: Vous avez été opéré ?\nP: Le genou droit, en deux mille six. Ils m'ont mis une prothèse.", "genou droit"),
        ("P: On m'a posé un ressort dans la jambe l'an dernier.", "ressort dans la jambe"),
        ("P: On m'a cimenté deux vertèbres en février.", "vertébroplastie"),
        ("P: J'ai une plaque et des vis dans le poignet.", "ostéosynthèse"),
    ],
)
def test_what_was_left_in_the_body_is_told_with_its_place(said: str, words: str) -> None:
    assert any(words in f.text for f in facts(said) if f.type == "procedure" and f.polarity == "present")


@pytest.mark.parametrize(
    "said",
    ["P: On m'a mis un plâtre, et des plaques rouges sont sorties sur le bras.", "P: Ma femme, on lui a posé une prothèse."],
)
def test_a_rash_and_another_s_prosthesis_are_none(said: str) -> None:
    assert not [f for f in facts(said) if f.type == "procedure"]


def test_parts_that_are_listed_stand_for_their_operations() -> None:
    told = facts("D: Des opérations ?\nP: Juste les amygdales, à cinq ans, et la vésicule l'an dernier.")
    names = [f.text for f in told if f.type == "procedure"]
    assert names == ["amygdalectomie à 5 ans", "cholécystectomie l'an dernier"]
