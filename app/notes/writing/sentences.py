"""What a writer of notes works with: a sentence with its evidence, the voice of a note, values as they are written."""

from dataclasses import dataclass, field

from app.notes.directions import directives_fr
from app.notes.facts import Evidence, Fact
from app.notes.sections import (
    SectionKind,
)
from app.notes.transcript import Language
from app.notes.writing import wording_en, wording_fr

UNITS_SHOWN = {
    "Cel": "°C",
    "[degF]": "°F",
    "mm[Hg]": "mmHg",
    "/min": "/min",
    "kg/m2": "kg/m²",
    "{score}": "",
    "[stone_av]": "",
    "[lb_av]": "lb",
    "ug": "µg",
    "[iU]": "UI",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of the note with its evidence and the facts it tells. `flag` says what a doctor must look at."""

    section: SectionKind
    text: str
    evidence: tuple[Evidence, ...]
    facts: tuple[Fact, ...] = ()
    flag: str = ""
    quotes: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose note it is: its language and the patient's sex, for pronouns."""

    lang: Language
    sex: str | None

    def say(self, fr: str, en: str) -> str:
        return fr if self.lang == "fr" else en

    def listing(self, names: list[str]) -> str:
        return wording_fr.listing(names) if self.lang == "fr" else wording_en.listing(names)

    def directive(self, text: str) -> str | None:
        return directives_fr.directive(text) if self.lang == "fr" else wording_en.directive(text, self.sex)

    def told(self, text: str) -> str | None:
        """What the patient says in English, in the third person; None when that fails."""
        return wording_en.third_person(text, self.sex)

    def tidy(self, text: str) -> str:
        return wording_fr.capital(wording_fr.tidy(text) if self.lang == "fr" else wording_en.tidy(text))

    @property
    def patient(self) -> str:
        return self.say({"F": "la patiente", "M": "le patient"}.get(self.sex or "", "le patient"), "the patient")


def shown_value(fact: Fact, lang: Language) -> str:
    """A measurement as a note writes it: "38,9 °C", "134/79 mmHg"."""
    unit = UNITS_SHOWN.get(fact.unit or "", fact.unit or "")
    amount = f"{fact.value:g}" if isinstance(fact.value, float | int) else str(fact.value)
    shown = amount.replace(".", ",") if lang == "fr" else amount
    if isinstance(fact.value, str) and ", " in fact.value:
        shown = amount.replace(", ", " – ").replace(".", ",")
    return f"{shown}{'' if unit in ('%', '/min', '/10') and lang == 'en' else ' ' if unit and not unit.startswith('/') else ''}{unit}".strip()
