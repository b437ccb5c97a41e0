"""The sections of a note, in order, with their LOINC codes and titles; and where each fact belongs."""

from dataclasses import dataclass

from app.notes.facts import Fact
from app.notes.transcript import Language


@dataclass(frozen=True, slots=True)
class SectionKind:
    """A section: its LOINC code and its title in each language."""

    code: str
    fr: str
    en: str

    def title(self, lang: Language) -> str:
        return self.fr if lang == "fr" else self.en


REASON = SectionKind("10154-3", "Motif de consultation", "Chief complaint")
HISTORY = SectionKind("10164-2", "Histoire de la maladie", "History of present illness")
PAST = SectionKind("11348-0", "Antécédents", "Past medical history")
FAMILY = SectionKind("10157-6", "Antécédents familiaux et entourage", "Family history")
SOCIAL = SectionKind("29762-2", "Mode de vie", "Social history")
TREATMENTS = SectionKind("10160-0", "Traitements en cours", "Current medications")
ALLERGIES = SectionKind("48765-2", "Allergies", "Allergies")
SYSTEMS = SectionKind("10187-3", "Interrogatoire", "Review of systems")
VITALS = SectionKind("8716-3", "Constantes", "Vital signs")
EXAMINATION = SectionKind("29545-1", "Examen", "Physical examination")
RESULTS = SectionKind("30954-2", "Résultats", "Results")
ASSESSMENT = SectionKind("51848-0", "Conclusion", "Assessment")
PLAN = SectionKind("18776-5", "Conduite à tenir", "Plan")
ADVICE = SectionKind("69730-0", "Consignes", "Instructions")

ORDER = (
    REASON,
    HISTORY,
    PAST,
    FAMILY,
    SOCIAL,
    TREATMENTS,
    ALLERGIES,
    SYSTEMS,
    VITALS,
    EXAMINATION,
    RESULTS,
    ASSESSMENT,
    PLAN,
    ADVICE,
)


def place(fact: Fact) -> SectionKind:
    """The section that a fact belongs to."""
    if fact.status == "request":
        return HISTORY
    if fact.type == "medication":
        return {"prescribed": PLAN, "taken": HISTORY}.get(fact.status, TREATMENTS)
    if fact.type == "problem":
        return _of_problem(fact)
    if fact.type == "procedure":
        return {"seen": EXAMINATION, "not examined": EXAMINATION, "done": RESULTS}.get(fact.status, PAST)
    if fact.type == "symptom":
        return SYSTEMS if fact.polarity == "absent" else HISTORY
    return {
        "family": FAMILY,
        "social": SOCIAL,
        "allergy": ALLERGIES,
        "vital": VITALS,
        "lab": RESULTS,
        "plan": PLAN,
        "work_stoppage": PLAN,
    }.get(fact.type, ADVICE)


def _of_problem(fact: Fact) -> SectionKind:
    if fact.status == "diagnosis":
        return ASSESSMENT
    if fact.polarity == "absent":
        return SYSTEMS if fact.label == "grossesse" else PAST
    return HISTORY if fact.certainty == "suspected" else PAST
