"""A dose told without its drug's name is about the drug under discussion: changed ("on descend : un seul le soir"), read back."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.notes.drugs.dosing import COUNT, find_dose, number
from app.notes.drugs.drug_uses import IF_CLAUSE, Use, drug_fact, strength
from app.notes.drugs.schedules import Schedule, find_schedule
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

CHANGES = cues("medications.changes")
TOPIC_TURNS = 6
READ_TURNS = 3
OF_STRENGTH = re.compile(rf"{COUNT.pattern} (?:de|of|a|doses? a) (\d+(?:\.\d+)?)(?!\d|\.\d)")


def changed(visit: Visit, place: int, topics: Sequence[Use]) -> Iterator[Fact]:
    """ "On descend : un seul le soir..." about the drug under discussion, named shortly before."""
    sentence, lang = visit.sentences[place], visit.lang
    if NEXT_STEP.match(sentence.norm):
        return
    turn = " ".join(s.norm for s in visit.sentences if s.turn == sentence.turn)
    recorded = [line for line in visit.transcript.patient.treatments if _recorded_dose_said(line, turn)]
    if len(recorded) == 1:
        drugs = find_drugs(fold(recorded[0]))
        topic = next((t for t in reversed(topics) if drugs and t.drug.inn == drugs[0].drug.inn), None)
    else:
        topic = topics[-1] if topics and sentence.turn - topics[-1].sentence.turn <= TOPIC_TURNS else None
    if topic is None:
        return
    rest = [s for s in visit.sentences[place : place + 4] if s.turn == sentence.turn]
    use = _about(topic, *rest)
    evidence = (topic.sentence.evidence(), *(s.evidence() for s in rest))
    schedule = find_schedule(sentence.norm, lang)
    taper = _taper(sentence, lang)
    dose = None if taper else strength(use, lang, _after_change(sentence.norm, lang))
    condition = IF_CLAUSE[lang].search(sentence.norm)
    if dose or taper or (condition and schedule.sig):
        yield replace(
            drug_fact(
                use,
                lang,
                evidence,
                dose,
                schedule,
                status="prescribed",
                asserted_by="doctor",
                certainty="conditional" if condition else "certain",
                temporality="future" if condition else "current",
            ),
            detail=taper or ", ".join(schedule.words),
        )


NEXT_STEP = re.compile(r"\W*(?:et |puis )*(?:apres|ensuite|puis|dans (?:\d+|une?|quelques) (?:jours?|semaines?|mois))(?![a-z])")  # "Après on redescend à 40." is no order of its own
STEPS = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?)(?: (?:mg|milligrammes?|milligrams?))? (?:pendant|durant|for) (?:\d+|une?|a) (?:semaines?|jours?|mois|weeks?|days?|months?)"
    r"[^.;]{0,15}?(?:puis|ensuite|then) (?:a |on passe a |to )?(\d+(?:\.\d+)?)(?![\d.]\d)"
)


def stepped(visit: Visit, place: int, topics: Sequence[Use]) -> Iterator[Fact]:
    """ "On fait soixante-quinze pendant une semaine, puis cent.": the steps to the dose that was just prescribed."""
    sentence, lang = visit.sentences[place], visit.lang
    steps = STEPS.search(sentence.norm)
    if steps is None or not topics or sentence.turn - topics[-1].sentence.turn > TOPIC_TURNS:
        return
    use = _about(topics[-1], sentence)
    dose = strength(use, lang, steps.group(2))
    if dose is None:
        return
    shown = sentence.line.shown[sentence.start + steps.start() : sentence.start + steps.end()]
    fact = drug_fact(
        use,
        lang,
        (topics[-1].sentence.evidence(), sentence.evidence()),
        dose,
        Schedule((f": {shown}",), shown),
        status="prescribed",
        asserted_by="doctor",
    )
    yield replace(fact, text=f"{fact.extra[0]} {fact.extra[1]} : {shown}")


def read_back(visit: Visit, place: int, topics: Sequence[Use]) -> Iterator[Fact]:
    """ "J'en prends deux." - "Deux comprimés de 0,25, tous les soirs.": what the doctor repeats of the drug just asked about."""
    sentence, lang = visit.sentences[place], visit.lang
    told = [s for s in visit.sentences if sentence.turn - 2 <= s.turn < sentence.turn and s.speaker != "doctor"]
    counted = OF_STRENGTH.search(sentence.norm)
    if not counted or not told or not topics or sentence.turn - topics[-1].sentence.turn > READ_TURNS:
        return
    count, each = counted.group(1), float(counted.group(4))
    counted_as = "(?:1|une?|entier)" if count == "1" else count
    if not any(re.search(rf"(?<![\w.]){counted_as}(?!\w|\.\d)", s.norm) for s in told):
        return
    use = _about(topics[-1], sentence)
    dose = strength(use, lang, f"{each:g}")
    if dose is None:
        return
    evidence = (*(s.evidence() for s in told), sentence.evidence())
    plain = find_schedule(sentence.norm, lang)
    counted_of = f"{plain.words[0]} {'de' if lang == 'fr' else 'of'} {dose.written(lang)}"
    words, sig = (counted_of, *plain.words[1:]), " ".join((counted_of, *plain.words[1:]))
    fact = drug_fact(use, lang, evidence, None, replace(plain, words=words, sig=sig), status="current")
    yield replace(fact, value=number(count) * dose.value, unit=dose.unit)


def _about(topic: Use, *sentences: Sentence) -> Use:
    """The drug under discussion as used in sentences that do not name it."""
    words = " ".join(s.norm for s in sentences)
    return replace(topic, sentence=sentences[0], start=0, end=0, before="", words=words, through=sentences)


def _after_change(norm: str, lang: Language) -> str:
    last = list(CHANGES[lang].finditer(norm))[-1]
    return norm[last.end() :]


def _taper(sentence: Sentence, lang: Language) -> str:
    match = re.search(
        r": (.*\bpuis\b.*)" if lang == "fr" else r"(?:to|:) (.*\bthen\b.*)", sentence.shown, re.IGNORECASE
    )
    return match.group(1).rstrip(" .") if match else ""


def _recorded_dose_said(line: str, turn: str) -> bool:
    found = find_dose(fold(line).replace(",", "."))
    return bool(found and re.search(rf"vous etes a {found[0].value:g}(?!\d|\.\d)", turn))
