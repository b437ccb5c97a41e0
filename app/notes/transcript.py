"""What a note is drafted from: who spoke, when, which words, and what the record already held."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Language = Literal["fr", "en"]
Speaker = Literal["doctor", "patient", "relative"]

SPEAKERS: Mapping[str, Speaker] = {
    "doctor": "doctor",
    "medecin": "doctor",
    "médecin": "doctor",
    "clinician": "doctor",
    "dr": "doctor",
    "patient": "patient",
    "patient_guest": "relative",
    "guest": "relative",
    "other": "relative",
    "clinician_guest": "doctor",
    "relative": "relative",
    "guest_family": "relative",
    "family": "relative",
    "proche": "relative",
}
MAX_TURNS = 5_000
MAX_CHARACTERS = 2_000_000
DOUBTFUL_LOGPROB = -0.6  # below it the recogniser itself shows a segment as doubtful


class BadTranscript(ValueError):
    """The transcript has not the shape that the drafting takes; the message says where."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of speech of one person. `start` and `end` in seconds from the start of the visit.

    `doubtful` spans of the text are those that the recogniser was not sure of: their numbers and names prove nothing.
    """

    index: int
    speaker: Speaker
    start: float
    end: float
    text: str
    doubtful: tuple[tuple[int, int], ...] = ()

    def doubted(self, start: int, end: int) -> str:
        """The words between two characters that the recogniser was not sure of."""
        return " ".join(self.text[max(a, start) : min(b, end)] for a, b in self.doubtful if a < end and b > start)


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the visit is about, and the record as it stood before. `sex` is F, M or None."""

    age: float | None = None
    sex: str | None = None
    allergies: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole visit: its language, the reason given at booking, the patient and the turns in order."""

    lang: Language
    motif: str
    patient: Patient
    turns: tuple[Turn, ...]

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> "Transcript":
        """Read {lang, motif, patient, dialogue}, as text or as parsed JSON. Raises BadTranscript."""
        data = _parsed(source) if isinstance(source, str) else source
        if not isinstance(data, Mapping):
            raise BadTranscript("the transcript must be a JSON object")
        dialogue = data.get("dialogue")
        if not isinstance(dialogue, list):
            raise BadTranscript("'dialogue' must be a list of turns")
        if len(dialogue) > MAX_TURNS:
            raise BadTranscript(f"'dialogue' has more than {MAX_TURNS} turns")
        turns = tuple(_turn(index, item) for index, item in enumerate(dialogue))
        if sum(len(turn.text) for turn in turns) > MAX_CHARACTERS:
            raise BadTranscript(f"'dialogue' has more than {MAX_CHARACTERS} characters")
        motif = data.get("motif")
        return cls(
            _language(data.get("lang")),
            motif.strip() if isinstance(motif, str) else "",
            _patient(data.get("patient")),
            turns,
        )


def _parsed(source: str) -> Any:
    try:
        return json.loads(source)
    except json.JSONDecodeError as fault:
        raise BadTranscript(f"not JSON: {fault}") from None
    except RecursionError:
        raise BadTranscript("the JSON is nested too deeply") from None


def _language(value: Any) -> Language:
    tag = str(value or "fr").lower()[:2]
    if tag not in ("fr", "en"):
        raise BadTranscript(f"'lang' must be fr or en, not {value!r}")
    return cast("Language", tag)


def _turn(index: int, item: Any) -> Turn:
    if not isinstance(item, Mapping):
        raise BadTranscript(f"turn {index} is not an object")
    name = str(item.get("speaker", "")).strip().lower()
    speaker = SPEAKERS.get(name) or SPEAKERS.get(name.rstrip("0123456789_ "))
    if speaker is None:
        raise BadTranscript(f"turn {index}: 'speaker' must be doctor, patient or relative, not {item.get('speaker')!r}")
    text = item.get("text")
    if not isinstance(text, str):
        raise BadTranscript(f"turn {index}: 'text' must be a string")
    start = _seconds(index, "start", item.get("start"))
    end = max(start, _seconds(index, "end", item.get("end")))
    return Turn(index, speaker, start, end, text, ((0, len(text)),) if text and _is_doubtful(item) else ())


def _is_doubtful(item: Mapping[str, Any]) -> bool:
    probability = item.get("avg_logprob")
    unsure = isinstance(probability, int | float) and probability < DOUBTFUL_LOGPROB
    return unsure or item.get("low_confidence") is True


def _seconds(index: int, name: str, value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise BadTranscript(f"turn {index}: '{name}' must be seconds, not {value!r}")
    return float(value)


def _patient(value: Any) -> Patient:
    if value is None:
        return Patient()
    if not isinstance(value, Mapping):
        raise BadTranscript("'patient' must be an object or null")
    record = value.get("record")
    if not isinstance(record, Mapping):
        record = {}
    age = value.get("age")
    sex = str(value.get("sex") or "").upper()[:1]
    return Patient(
        age=float(age) if isinstance(age, int | float) and not isinstance(age, bool) else None,
        sex=sex if sex in ("F", "M") else None,
        allergies=_lines(record, "allergies"),
        treatments=_lines(record, "traitements") or _lines(record, "treatments"),
        problems=_lines(record, "antecedents") or _lines(record, "problems"),
    )


def _lines(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key)
    return tuple(str(line) for line in value if line) if isinstance(value, list) else ()
