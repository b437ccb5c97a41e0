"""Reading transcripts: the format is taken generously, what cannot be read is said clearly."""

import json

import pytest

from app.notes.transcript import BadTranscript, Transcript


def test_the_whole_format() -> None:
    text = json.dumps(
        {
            "lang": "fr",
            "motif": " toux ",
            "patient": {
                "age": 40,
                "sex": "F",
                "record": {"allergies": ["Latex"], "traitements": ["X"], "antecedents": []},
            },
            "dialogue": [{"speaker": "doctor", "start": 1, "end": 2.5, "text": "Bonjour"}],
        }
    )
    read = Transcript.from_json(text)
    assert read.motif == "toux"
    assert read.patient.allergies == ("Latex",)
    assert (read.turns[0].start, read.turns[0].end) == (1.0, 2.5)


@pytest.mark.parametrize(
    "patient", [None, {}, {"age": None, "sex": None, "record": None}, {"age": "x", "record": {"allergies": "Latex"}}]
)
def test_missing_fields(patient: object) -> None:
    read = Transcript.from_json({"patient": patient, "dialogue": [{"speaker": "patient", "text": "Bonjour"}]})
    assert read.lang == "fr"
    assert read.patient.allergies == ()
    assert read.turns[0].end == 0.0


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("not json", "not JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "'dialogue' must be a list"),
        ({"lang": "de", "dialogue": []}, "'lang' must be fr or en"),
        ({"dialogue": [1]}, "turn 0 is not an object"),
        ({"dialogue": [{"speaker": "cat", "text": "x"}]}, "turn 0: 'speaker'"),
        ({"dialogue": [{"speaker": "doctor"}]}, "'text' must be a string"),
        ({"dialogue": [{"speaker": "doctor", "text": "x", "start": "1"}]}, "'start' must be seconds"),
        ({"patient": 3, "dialogue": []}, "'patient' must be"),
        ({"dialogue": [{"speaker": "doctor", "text": "x", "start": float("nan")}]}, "'start' must be seconds"),
        ({"dialogue": [{"speaker": "doctor", "text": "x"}] * 6000}, "more than 5000 turns"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_bad_transcripts(source: str, words: str) -> None:
    with pytest.raises(BadTranscript, match=words.replace("(", r"\(")):
        Transcript.from_json(source)
