"""English statements for the note: sentences restored, questions answered, what is chosen and what is never told."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.notes.language.boundaries import cuts
from app.notes.language.linear import linear
from app.notes.language.text import normalise
from app.notes.writing import wording_en
from app.notes.writing.answered_en import answered
from scripts import learn_notes
from tests.app.notes.support import drafted, told


@pytest.mark.parametrize(
    ("asked", "yes", "written"),
    [
        (
            "Okay, and any weight gain or swelling in your legs?",
            False,
            "The patient denies any weight gain or swelling in your legs".replace("your", "her"),
        ),
        ("Have you noticed any blood in your stool?", True, "The patient reports blood in her stool"),
        ("Have you had any fevers?", False, "The patient denies any fevers"),
        ("And are you still taking the metformin?", True, "The patient is still taking the metformin"),
        ("Do you still take your lisinopril?", True, "The patient still takes her lisinopril"),
        ("Do you have asthma?", False, "The patient does not have asthma"),
        ("Does it hurt when you walk?", True, "It hurts when she walks"),
    ],
)
def test_a_question_and_its_answer_are_one_statement(asked: str, yes: bool, written: str) -> None:
    assert answered(asked, yes, "F") == written


@pytest.mark.parametrize(
    ("asked", "yes"),
    [
        ("Is it the left or the right one?", True),
        ("Any nausea or vomiting?", True),
        ("How long have you had it?", True),
        ("What do you take for it?", True),
        ("Any questions?", False),
        ("You still smoke then and do you drink?", True),
    ],
)
def test_an_answer_that_settles_nothing_makes_no_statement(asked: str, yes: bool) -> None:
    assert answered(asked, yes, None) is None


@pytest.mark.parametrize("said", ["No pain when I walk.", "No, no blood in the urine.", "No trouble sleeping at all."])
def test_a_leading_no_is_never_lost(said: str) -> None:
    assert (wording_en.third_person(said, None) or "no").lower().startswith("no")


def test_a_time_that_was_taken_back_is_not_told() -> None:
    said = "I want to order another test in a couple weeks, or, I'm sorry, a couple months."
    assert wording_en.directive(said, None) == "We will order another test in a couple months"


@pytest.mark.parametrize(
    "said", ["I think you have a sprain of the knee.", "So, I think that you have a pinched nerve."]
)
def test_what_the_doctor_only_thinks_stays_a_guess(said: str) -> None:
    assert (wording_en.directive(said, None) or "").startswith("Likely")


def test_speech_without_full_stops_is_cut_where_sentences_end() -> None:
    said = normalise(
        "so on your physical exam your lungs are clear to auscultation bilaterally i do hear a slight murmur that we have heard "
        "before so for your first problem of hypertension i would like to increase the lisinopril to 20 milligrams a day and for "
        "your second problem of diabetes let's order a hemoglobin a1c do you have any questions about that",
        "en",
    ).norm
    begins = [said[at:] for at in cuts(said)]
    assert any(rest.startswith(("for your first problem", "so for your first problem")) for rest in begins)
    assert any(rest.startswith(("for your second problem", "and for your second problem")) for rest in begins)
    assert cuts("it hurts when i walk and when i sit") == []


def test_unmarked_questions_are_not_told_as_statements() -> None:
    text = told(
        drafted(
            "D: so you have had this back pain since monday are you able to bend forward and have you had any numbness in your legs or in your feet\n"
            "P: i can bend a little it hurts a lot on the right side\nD: okay does it wake you up at night\nP: yes it wakes me up at night",
            "en",
        )
    ).lower()
    assert "able to bend" not in text
    assert "numb" not in text


def test_what_the_doctor_says_of_the_exam_stands_in_the_examination() -> None:
    made = drafted(
        "D: Hi Mrs. Hall, what brings you in?\nP: My knee hurts since I fell last week.\nD: Okay, let me examine you.\n"
        "D: On your knee exam, there is some edema and tenderness over the medial aspect of your right knee.\n"
        "D: I think you have a sprain of the knee. I want you to use ice twice a day.\nP: Okay.",
        "en",
    )
    exam = [s.text for s in made.sentences if s.section.code == "29545-1"]
    assert any("tenderness over the medial aspect of her right knee" in text for text in exam)
    assert all(s.evidence for s in made.sentences)


def test_talk_to_the_machine_and_small_talk_stay_out() -> None:
    text = told(
        drafted(
            "D: Hey, Dragon, show me the knee x-ray.\nP: Okay.\nD: I'm going to tell Dax a little about you.\nP: My knee hurts since last week.\n"
            "D: What's your favorite team?\nP: I like the Mets with a glass of wine.\nD: Rest the knee for a week.",
            "en",
        )
    )
    assert not any(word in text for word in ("Dragon", "Dax", "dax", "Mets"))


@pytest.mark.parametrize("name", ["boundaries_en", "relevance_en"])
def test_the_weights_are_there_and_finite(name: str) -> None:
    model = linear(name)
    assert len(model.weights) > 1000
    assert all(np.isfinite(row).all() and len(row) == len(model.outputs) for row in model.weights.values())


def test_learning_is_the_same_every_time_and_never_reads_the_test_splits(tmp_path: Path) -> None:
    visit = {
        "lang": "en",
        "dialogue": [
            {"speaker": "doctor", "text": "What brings you in today? Any fever?"},
            {"speaker": "patient", "text": "My knee hurts since last week. No fever."},
            {"speaker": "doctor", "text": "On exam the knee is swollen. I will order an x-ray of the knee."},
        ],
        "note": "The patient reports knee pain since last week.\nThe knee is swollen. X-ray of the knee ordered.",
        "sections": {"HISTORY": "Knee pain since last week.", "PHYSICAL EXAM": "The knee is swollen."},
    }
    data = tmp_path / "visits.jsonl"
    data.write_text("\n".join(json.dumps(visit | {"split": split}) for split in ("train", "valid", "test1", "test2")))
    assert len(learn_notes.read(data)) == 2
    weights = [tmp_path / f"{i}.tsv" for i in range(2)]
    for path in weights:
        learn_notes.learn_relevance(learn_notes.read(data) * 2, path)
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert len(weights[0].read_text().splitlines()) > 5


def test_a_denial_that_was_interrupted_is_not_lost() -> None:
    made = drafted(
        "D: Your knees hurt?\nP: Yes, both my knees hurt for six months now when I stand up.\nD: Have you ever injured them?\n"
        "P: As active as I am, I've never\nD: Okay.\nP: injured my knees or broken a bone in my leg.",
        "en",
    )
    assert "broken a bone" not in told(made)
