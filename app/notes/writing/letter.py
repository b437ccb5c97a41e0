"""The letter to the patient's own doctor, from the sentences of a note: what was found and decided first, how it was told after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.notes.sections import (
    ADVICE,
    ALLERGIES,
    ASSESSMENT,
    EXAMINATION,
    HISTORY,
    PAST,
    PLAN,
    REASON,
    RESULTS,
    SYSTEMS,
    TREATMENTS,
    VITALS,
)
from app.notes.transcript import Language

# Home and family stay out: their own doctor knows them, and a letter says no more than it must.
ORDER = (ASSESSMENT, PLAN, ADVICE, HISTORY, SYSTEMS, VITALS, EXAMINATION, RESULTS, PAST, TREATMENTS, ALLERGIES)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the note: its id, the LOINC code and title of its section, its text."""

    id: str
    code: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the letter and the ids of the sentences that it repeats word for word."""

    text: str
    sources: tuple[str, ...] = ()


def opening(name: str, sex: str, born: str, seen: str, lang: Language) -> str:
    """Who was seen and when. `sex` as FHIR has it; `born` and `seen` are days in words of `lang`."""
    if lang == "en":
        return f"I saw your patient {name}, born on {born}, by video on {seen}"
    patient, birth = {"female": ("votre patiente", "née"), "male": ("votre patient", "né")}.get(
        sex, ("votre patient(e)", "né(e)"))
    return f"J'ai reçu en téléconsultation, le {seen}, {patient} {name}, {birth} le {born}"


def letter(told: Sequence[Told], opening: str, lang: Language) -> list[Paragraph]:
    """The letter's paragraphs. `opening` says who was seen and when; the reason for the visit is added to it."""
    french = lang == "fr"
    reason = [s for s in told if s.code == REASON.code]
    colon = "\u00a0: " if french else ": "
    why = " ; ".join(s.text.rstrip(".") for s in reason)
    return [
        Paragraph("Chère consœur, cher confrère," if french else "Dear colleague,"),
        Paragraph(f"{opening}{colon}{_small(why)}." if why else f"{opening}.", tuple(s.id for s in reason)),
        *_sections(told, colon),
        Paragraph("Bien confraternellement," if french else "With kind regards,"),
    ]


def _sections(told: Sequence[Told], colon: str) -> Iterator[Paragraph]:
    for code in (kind.code for kind in ORDER):
        said = [s for s in told if s.code == code]
        if said:
            yield Paragraph(f"{said[0].title}{colon}{' '.join(s.text for s in said)}", tuple(s.id for s in said))


def _small(text: str) -> str:
    """The first letter small, as within a sentence; an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
