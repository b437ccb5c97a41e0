"""What an English visit says beside its note: small talk, commands of an examination, questions without a mark, half sentences."""

import pytest

from app.notes.language.spoken_en import ended, is_broken, is_chatter, is_half
from tests.app.notes.support import drafted, facts, told


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


@pytest.mark.parametrize(("words", "broken"), [
    ("His, the patient does have some swelling", True),
    ("There are no, there is a small cut", True),
    ("If the patient feels dizzy", True),
    ("From the, for his other problem", True),
    ("We will go over her results", True),
    ("We will review her results in two weeks", False),
    ("If the patient feels dizzy, sit down and call", False),
    ("There is a small cut on the left hand", False),
])  # fmt: skip
def test_a_false_start_is_no_statement(words: str, *, broken: bool) -> None:
    assert is_broken(words) is broken


def test_who_the_patient_is_stands_in_no_note() -> None:
    made = told(drafted(
        "D: Could you confirm your full name and your date of birth?\nP: Mary Ellis, the fourth of May seventy two.\n"
        "D: And your address, please?\nP: It's twelve Station Road in Leeds.\nD: Thank you. What happened?\nP: I have had a bad cough for three days.",
        "en",
    ))  # fmt: skip
    assert "cough" in made.lower() and "Ellis" not in made and "Station" not in made


def test_a_name_after_a_title_is_one_sentence_with_it() -> None:
    made = told(drafted("D: Mrs. Kent was sent by dr. Hughes for chest pain.\nP: Yes. The pain started on Monday.", "en"))
    assert "Mrs. Kent was sent by dr. Hughes for chest pain." in made


@pytest.mark.parametrize("answer", ["That's it.", "Yes, that's the one."])
def test_a_drug_the_doctor_names_for_the_patient(answer: str) -> None:
    found = facts(f"D: Do you take any medicines?\nP: One for my heart, it begins with a b.\nD: Bisoprolol?\nP: {answer}", "en")
    assert [f.status for f in found if f.label == "bisoprolol"] == ["current"]


def test_any_medicines_yes_names_none() -> None:
    made = told(drafted("D: Are you taking any medications for that?\nP: Yes, I am. I have a headache too.", "en"))
    assert "any" not in made


@pytest.mark.parametrize(("said", "label"), [
    ("I had my eyes tested in the fall.", "chutes"),
    ("I fell asleep on the sofa.", "chutes"),
    ("We walked to Bishop's bunion, my foot hurts.", "hallux valgus"),
    ("I have an ulcer on my leg.", "ulcère gastroduodénal"),
])  # fmt: skip
def test_a_word_that_means_something_else(said: str, label: str) -> None:
    assert label not in [f.label for f in facts(f"D: Hello.\nP: {said}", "en")]


def test_the_rest_of_the_results_is_not_the_one_named() -> None:
    found = facts("D: Your potassium and your TSH were high, everything else was normal.\nP: Fine.", "en")
    assert not [f for f in found if f.label == "TSH" and "normal" in f.text]
    assert [f.text for f in facts("D: Your TSH is normal.\nP: Fine.", "en") if f.type == "lab"] == ["thyroid function: normal"]


@pytest.mark.parametrize("said", ["I see that we have you on the amlodipine.", "You're still on amlodipine."])
def test_what_a_doctor_has_somebody_on_is_taken(said: str) -> None:
    assert [f.status for f in facts(f"D: {said} How is it?\nP: Pretty good.", "en") if f.label == "amlodipine"] == ["current"]
