"""What was said, as facts: each with its polarity, certainty, time, person, speaker and evidence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

FactType = Literal[
    "symptom",
    "problem",
    "medication",
    "allergy",
    "vital",
    "lab",
    "procedure",
    "plan",
    "advice",
    "social",
    "family",
    "work_stoppage",
]
Polarity = Literal["present", "absent"]
Certainty = Literal["certain", "suspected", "conditional"]
Temporality = Literal["current", "past", "resolved", "future"]
Doubt = Literal["", "heard", "unmeant", "allergy"]  # badly heard; only named; perhaps an allergy


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Characters start..end of the text of turn `turn`."""

    turn: int
    start: int
    end: int

    def overlaps(self, other: "Evidence") -> bool:
        """Whether both hold some of the same characters."""
        return self.turn == other.turn and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was said. `label` is its concept (the French name, or a drug's INN); `detail` what was said about it.

    `value` and `unit` follow UCUM ("Cel", "mm[Hg]"); `sig` is a schedule; `status` tells drugs and orders apart.
    `said` are the words that name the concept. A fact with a `doubt` is shown to the doctor beside the note and never told in it.
    """

    type: FactType
    text: str
    label: str
    evidence: tuple[Evidence, ...]
    value: str | float | None = None
    unit: str | None = None
    sig: str | None = None
    polarity: Polarity = "present"
    certainty: Certainty = "certain"
    temporality: Temporality = "current"
    experiencer: str = "patient"
    asserted_by: str = "patient"
    critical: bool = False
    code: str | None = None
    detail: str = ""
    status: str = ""
    sentence: str = ""
    section: str = ""
    extra: tuple[str, ...] = field(default=())
    doubt: Doubt = ""
    said: str = ""

    @property
    def turns(self) -> tuple[int, ...]:
        """The turns that prove it, in order."""
        return tuple(sorted({proof.turn for proof in self.evidence}))

    @property
    def is_patients(self) -> bool:
        """Whether it is about the patient and not somebody else."""
        return self.experiencer == "patient"

    def to_json(self) -> dict[str, Any]:
        """The fields of a gold fact, and characters of the evidence."""
        return {
            "type": self.type,
            "text": self.text,
            "value": self.value,
            "unit": self.unit,
            "sig": self.sig,
            "polarity": self.polarity,
            "certainty": self.certainty,
            "temporality": self.temporality,
            "experiencer": self.experiencer,
            "asserted_by": self.asserted_by,
            "turns": list(self.turns),
            "evidence": [{"segment": e.turn, "start": e.start, "end": e.end} for e in sorted(set(self.evidence))],
            "critical": self.critical,
            "code": self.code,
        }


def proofs(facts: Iterable[Fact]) -> tuple[Evidence, ...]:
    """All evidence of several facts, in order, once."""
    return tuple(sorted({proof for fact in facts for proof in fact.evidence}))
