"""Dialogues written in a few lines: "D: Vous toussez ?" is the doctor, "P:" the patient, "R:" a relative."""

from typing import Any

from app.notes.drafting import Draft, Transcript, draft, facts_of
from app.notes.facts import Fact
from app.notes.language.units import Visit, prepare

SPEAKERS = {"D": "doctor", "P": "patient", "R": "relative"}


def transcript(text: str, lang: str = "fr", motif: str = "", **patient: Any) -> Transcript:
    """The transcript of such lines; `patient` as in the JSON, for example record={"treatments": [...]}."""
    dialogue = []
    for i, line in enumerate(line.strip() for line in text.strip().splitlines()):
        dialogue.append({"speaker": SPEAKERS[line[0]], "start": 4.0 * i, "end": 4.0 * i + 3, "text": line[2:].strip()})
    return Transcript.from_json({"lang": lang, "motif": motif, "patient": patient or None, "dialogue": dialogue})


def visit(text: str, lang: str = "fr", **patient: Any) -> Visit:
    return prepare(transcript(text, lang, **patient))


def facts(text: str, lang: str = "fr", **patient: Any) -> list[Fact]:
    return facts_of(visit(text, lang, **patient))


def fact(label: str, found: list[Fact], **wanted: Any) -> Fact:
    """The one fact with this label (and these attributes); fails when there is none or more."""
    same = [f for f in found if f.label == label and all(getattr(f, k) == v for k, v in wanted.items())]
    assert len(same) == 1, f"{label}: {[(f.type, f.label, f.polarity, f.text) for f in found]}"
    return same[0]


def labels(found: list[Fact], **wanted: Any) -> set[str]:
    return {f.label for f in found if all(getattr(f, k) == v for k, v in wanted.items())}


def drafted(text: str, lang: str = "fr", motif: str = "", **patient: Any) -> Draft:
    return draft(transcript(text, lang, motif, **patient))


def told(made: Draft) -> str:
    """All sentences of a draft, one a line."""
    return "\n".join(sentence.text for sentence in made.sentences)
