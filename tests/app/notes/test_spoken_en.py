"""What an English visit says beside its note: small talk, commands of an examination, questions without a mark, half sentences."""

import pytest

from app.notes.spoken_en import ended, is_chatter, is_half
from tests.app.notes.support import drafted, told


@pytest.mark.parametrize(
    "words",
    [
        "your knee is swollen too now has anybody else been sick at home did anyone help",
        "squeeze my hands as hard as you can",
        "so now go ahead and turn your head to the left",
        "i love pizza and beer too",
        "i would like to record this conversation with our app",
        "is this worse in the evening or what",
    ],
)
def test_a_doctors_talk_is_no_statement(words: str) -> None:
    assert is_chatter(words, doctor=True)


@pytest.mark.parametrize(
    "words",
    [
        "i like to see you again in two weeks",
        "your blood pressure is what i d like for you at home",
        "turn it down to 5 milligrams a day",
        "if it hurts when you squeeze your hand call us",
        "open sores on the left heel",
        "look out for fever or chills",
    ],
)
def test_what_a_doctor_finds_or_advises_is_no_talk(words: str) -> None:
    assert not is_chatter(words, doctor=True)


@pytest.mark.parametrize(("words", "chat"), [
    ("better safe than sorry, i came in", True),
    ("my english is rusty after ten years", True),
    ("touch wood no more fever", True),
    ("even the sheet hurts", False),
    ("it is better than last week", False),
])  # fmt: skip
def test_sayings_are_no_complaints(words: str, *, chat: bool) -> None:
    assert is_chatter(words, doctor=False) is chat


def test_a_half_sentence() -> None:
    assert is_half("There is no evidence of", "there is no evidence of")
    assert is_half("We will give the patient some of the", "i'm gonna give you some of the")
    assert not is_half("It is something to look into", "it is something to look into .")
    assert not is_half("The lungs are clear", "the lungs are clear")
    assert ended("The lungs are clear and otherwise") == "The lungs are clear"
    assert ended("It was twice a day for a while") == "It was twice a day for a while"


def test_a_command_or_a_drink_shared_is_not_told() -> None:
    made = drafted(
        "D: hi what brings you in .\nP: my left knee has been hurting for three weeks .\n"
        "D: okay . squeeze my fingers with both hands . i love red wine too .\nP: okay .\n"
        "D: on your knee exam there is swelling over the left knee . i want you to rest the knee and take ibuprofen as needed .\nP: okay .",
        "en",
    )
    assert "queeze" not in told(made)
    assert "wine" not in told(made)
    assert "swelling over the left knee" in told(made)
    exam = next(s for s in made.sentences if "swelling over" in s.text)
    assert exam.section.code == "29545-1"
