"""What a measurement is made of: its kind, the words and questions it was said in, and the fact that it makes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from app.notes.facts import Evidence, Fact, FactType, Temporality
from app.notes.language.cues import cues
from app.notes.language.units import Sentence
from app.notes.transcript import Language

MAX_TO_TIME = 60  # characters between a value and when it was measured
LAST = (
    r"(?:(?<![a-z])(?:hier|le mois dernier|la semaine dernier|l an dernier|l an passe|l annee (?:passee|derniere)|en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)|a paques|"
    r"il y a|y a \d|y a (?:un|une|\d)|avant(?! de)|dernier|pesai[st]|faisais|etiez|etait|etais|avais|record|previous|last (?:week|month|year|time)|yesterday|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|was \d|used to|was at))"
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of measurement: its name, unit (UCUM), plausible range and the words that announce it."""

    type: FactType
    fr: str
    en: str
    unit: str
    low: float
    high: float
    cue_fr: str
    cue_en: str

    def cue(self, lang: Language) -> str:
        return self.cue_fr if lang == "fr" else self.cue_en

    def name(self, lang: Language) -> str:
        return self.fr if lang == "fr" else self.en


def _table() -> Iterator[Measure]:
    text = (resources.files("app.notes") / "data" / "measures.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            kind, fr, en, unit, low, high, cue_fr, cue_en = line.split("\t")
            yield Measure("lab" if kind == "lab" else "vital", fr, en, unit, float(low), float(high), cue_fr, cue_en)


TEMPERATURE, PRESSURE, *MEASURES = _table()


NAMED_APART = (TEMPERATURE, *MEASURES[:3])  # heart rate, saturation, respiratory rate
MAX_TO_VALUE = 48  # characters between the name of a measure and its value


def names_another(measure: Measure, before: str, lang: Language) -> bool:
    """Whether the measure that is named last before a number is another: "heart rate was 68, pulse ox 98"."""
    others = [m.end() for one in NAMED_APART if one is not measure for m in re.finditer(one.cue(lang), before)]
    mine = max((m.end() for m in re.finditer(measure.cue(lang), before)), default=0)
    return max(others, default=0) > max(mine, len(before) - MAX_TO_VALUE)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, what it may be about by the question and the words before it, and that question."""

    sentence: Sentence
    context: str
    questions: tuple[Sentence, ...]
    lang: Language

    def evidence(self) -> tuple[Evidence, ...]:
        return (*(q.evidence() for q in self.questions[-1:]), self.sentence.evidence())

    def announced(self, cue: str) -> bool:
        return bool(re.search(cue, self.sentence.norm) or re.search(cue, self.context))


def measured(said: Said, measure: Measure, value: str | float, at: int, unit: str | None = None) -> Fact:
    """The fact that a value makes; `at` is its place in the sentence, `unit` stands instead of the measure's."""
    norm = said.sentence.norm
    if said.sentence.speaker == "doctor":  # reads out the vital signs of this visit: "your heart rate was 58"
        norm = re.sub(r"(?<![a-z])was (?=\d)", "is  ", norm)
    past: Temporality = "past" if _is_over(norm, at) else "current"
    when = when_said(said, at)
    name = measure.name(said.lang)
    shown_unit = measure.unit if unit is None else unit
    own = bool(re.search(measure.cue(said.lang), norm))
    return Fact(
        measure.type,
        " ".join(filter(None, (name, when))),
        measure.fr,
        said.evidence() if not own else (said.sentence.evidence(),),
        value=value,
        unit=shown_unit or None,
        temporality=past,
        asserted_by=said.sentence.speaker,
        critical=past == "current",
        detail=when,
        sentence=said.sentence.shown,
        extra=(name, when),
    )


def _closes_another(norm: str, start: int, end: int, at: int) -> bool:
    """Whether a time ends the telling of the value before: "elle était à 110 il y a six mois, et le DFG à 48"."""
    earlier = re.search(r"\d[^,;.]{0,12}$", norm[:start])
    return end <= at and earlier is not None and bool(re.search(r"[,;]", norm[end:at]))


def _is_of_another(norm: str, start: int, end: int, at: int) -> bool:
    """Whether a time belongs to a later value: "cinquante-deux, l'infirmière l'a pesée vendredi, quarante-neuf"."""
    if start < at:
        return False
    others = [m.start() for m in re.finditer(r"(?<![\d.])\d+", norm) if m.start() > end]
    between = norm[at:start]
    if re.search(r"^[\d. ]*[a-z% ]*, (?:et )?(?:elles?|ils?) (?:etai\w+|faisai\w+|avai\w+) (?:a |de )?\d", between):
        return True  # "à 90000, elles étaient à 120000 il y a six mois"
    return bool(others) and others[0] - end < start - at and "," in between


NOW = re.compile(
    r"(?<![a-z])(?:je suis|(?:il|elle) (?:est|pese)|je pese|je fais|la(?= (?:je|j|ce|c|il|elle|on|vous|tu))|ce matin|aujourd hui|maintenant|actuellement|i am|i m|now|today)(?![a-z])"
)


def _is_over(norm: str, at: int) -> bool:
    """Whether the value at `at` is told of before: by the last word of time before it, else by one right after it."""
    before = max((m.end() for m in re.finditer(LAST, norm[:at])), default=0)
    now = max((m.end() for m in NOW.finditer(norm[:at])), default=0)
    if before or now:
        return before > now
    return re.search(LAST, norm[at : at + 30].split(",")[0]) is not None


WHEN = cues("measures.when")


def when_said(said: Said, at: int) -> str:
    """When a value was measured, in the words nearest to it or of a short answer's question; empty when nobody said."""
    shown = said.sentence.line.shown[said.sentence.start : said.sentence.end]
    places = [m for m in WHEN[said.lang].finditer(shown) if not _closes_another(said.sentence.norm, m.start(), m.end(), at)]
    places = [m for m in places if not shown[: m.start()].lower().endswith(("comme ", "depuis "))]
    if places:
        best = min(places, key=lambda m: at - m.end() if m.end() <= at else m.start() - at)
        if _is_of_another(said.sentence.norm, best.start(), best.end(), at):
            return ""
        words = best.group()[:1].lower() + best.group()[1:]
        return words.replace("y a", "il y a").replace("il il", "il") if abs(best.start() - at) < MAX_TO_TIME else ""
    question = " ".join(q.shown for q in said.questions if q.asks)
    match = WHEN[said.lang].search(question)
    return match.group().lower() if match and len(said.sentence.norm) < 60 else ""
