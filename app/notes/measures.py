"""Vital signs, scores and laboratory results: values with their units, as they are spoken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.notes.corrections import MASK
from app.notes.cues import cue, cues
from app.notes.earlier_values import earlier_value
from app.notes.facts import Fact
from app.notes.lexicon import find_drugs
from app.notes.pain_scores import pain_scores
from app.notes.polarity import CONDITIONS
from app.notes.pressures import pressures
from app.notes.readings import MEASURES, TEMPERATURE, Measure, Said, measured
from app.notes.topics import Topic
from app.notes.transcript import Language
from app.notes.units import Sentence, Visit

NUM = r"(\d+(?:\.\d+)?)"
VALUE_WIDTH = 5  # characters of a value such as 38.6 and a space
MAX_TO_VALUE = 48  # characters between the name of a measure and its value
FOREIGN_UNIT = cue("measures.foreign_unit")
GLUCOSE = cues("measures.glucose")


def measures(visit: Visit) -> Iterator[Fact]:
    """Vital signs, pain scores and lab values of the patient in the order of speech; the question gives the name."""
    asked: dict[int, tuple[Sentence, ...]] = {a.turn: e.questions for e in visit.exchanges for a in e.answer}
    before: Sentence | None = None
    last: Fact | None = None
    topic = Topic(visit)
    adult = (visit.transcript.patient.age or 0) >= ADULT_YEARS
    told: list[Fact] = []
    for heard in visit.sentences:
        topic.hear(heard)
        sentence = _without_others(heard, visit)
        if not sentence.asks and re.search(r"\d", sentence.norm):
            said = _said(sentence, asked.get(sentence.turn, ()), before, topic, visit)
            found = [fact for reader in READERS for fact in reader(said) if not (adult and _of_no_adult(fact))]
            found = found or list(earlier_value(said, last)) or list(_unnamed(said, visit))
            told = _more_exactly(told, found)
            if found:
                last = found[-1] if found[-1].unit != "/10" else last
                topic.hold(sentence)
        before = heard
    yield from told


def _said(sentence: Sentence, questions: tuple[Sentence, ...], before: Sentence | None, topic: Topic, visit: Visit) -> Said:
    """The sentence with what tells its measure: the question, the sentence before it, else what is spoken of."""
    context = " ".join(q.norm for q in questions)
    context += " " + before.norm if before and before.turn == sentence.turn else ""
    context = _with_series(sentence, context, visit)
    named = topic.of(sentence)
    if named is not None and topic.measure is not None and not re.search(topic.measure.cue(visit.lang), context):
        return Said(sentence, f"{context} {topic.name}", (named,), visit.lang)
    return Said(sentence, context, questions, visit.lang)


def _without_others(sentence: Sentence, visit: Visit) -> Sentence:
    """The sentence without the figures of somebody else: "lui il est à seize neuf, moi à douze sept"."""
    if sentence.speaker == "doctor":
        return sentence
    norm = sentence.norm
    theirs = [m for m in re.finditer(r"\d+(?:\.\d+)?", norm) if visit.other_person(sentence, m.start())]
    if not theirs:
        return sentence
    whole = sentence.line.norm
    for number in theirs:
        start = sentence.start + number.start()
        whole = whole[:start] + MASK * len(number.group()) + whole[start + len(number.group()) :]
    return replace(sentence, line=replace(sentence.line, norm=whole))


def _more_exactly(told: list[Fact], found: list[Fact]) -> list[Fact]:
    """ "Soixante-huit et des poussières. Disons soixante-huit deux.": the value that is said again more exactly stays."""
    for fact in found:
        told = [old for old in told if not _rounds(old, fact)]
    return [*told, *found]


def _rounds(old: Fact, fact: Fact) -> bool:
    same = (old.label, old.unit, old.evidence[-1].turn) == (fact.label, fact.unit, fact.evidence[-1].turn)
    if not same or not isinstance(old.value, float) or not isinstance(fact.value, float):
        return False
    return old.value == int(old.value) == int(fact.value) < fact.value and fact.temporality == old.temporality


BARE_VALUE = re.compile(r"\W*(?:(?:oui|alors|donc|elle est a|il est a|c est|c etait|yes|it s|it was)\W+)*(\d+(?:\.\d+)?)(?=[,.]| (?:en|le|la|il y a)|$)")


def _unnamed(said: Said, visit: Visit) -> Iterator[Fact]:
    """ "Vous m'aviez fait faire la TSH." - "Oui, deux virgule un, en octobre.": the value of the lab that was just named."""
    value = BARE_VALUE.match(said.sentence.norm)
    before = [s for s in visit.sentences if said.sentence.turn - 1 <= s.turn < said.sentence.turn]
    if value is None or said.sentence.speaker != "doctor":
        return
    for measure in MEASURES:
        named = measure.type == "lab" and any(re.search(measure.cue(said.lang), s.norm) for s in before)
        if named and measure.low <= float(value.group(1)) <= measure.high and "." in value.group(1):
            yield measured(replace(said, questions=(before[-1],)), measure, float(value.group(1)), value.start(1))
            return


ADULT_YEARS, LEAST_ADULT_KG = 16, 25


def _of_no_adult(fact: Fact) -> bool:
    """Three kilos are no weight of an adult, whatever the words around them."""
    return fact.label == "poids" and isinstance(fact.value, float) and fact.unit == "kg" and fact.value < LEAST_ADULT_KG


NEXT_HOUR = re.compile(r"\W*(?:et |puis )?(?:a|apres) (?:une|\d) heures?(?![a-z])")


def _with_series(sentence: Sentence, context: str, visit: Visit) -> str:
    """ "À jeun, 0,94. À une heure, 1,71. À deux heures, 1,42": what began the series names all of it."""
    if not NEXT_HOUR.match(sentence.norm):
        return context
    return " ".join([context, *(s.norm for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start)])


def _temperature(said: Said) -> Iterator[Fact]:
    norm = said.sentence.norm
    for match in re.finditer(
        r"(?<![\d./])(3[4-9]|4[0-2])(?:(?:\.| degres? | )(\d{1,2}|un(?= (?:ce|cette|hier|le|sous|au|dans|apres|sans)|[,.!?]|$)))?(?!\d|\.\d|/| ?(?:kilos?|kg|ans|sur|semaines|over|%|par|mg))",
        norm,
    ):
        if CONDITIONS[said.lang].search(norm[: match.start()]) or re.search(
            r"dessus|over|above|plus de|below", norm[: match.start()][-22:]
        ):
            continue
        if match.group(2) or said.announced(TEMPERATURE.cue(said.lang)):
            if (
                not match.group(2)
                and said.lang == "fr"
                and not re.search(r"fievre|temperature|degre", norm + said.context)
            ):
                continue
            if (match.group(2) and len(match.group(2)) > 1 and match.group(2) != "un" and "." not in match.group()) or (
                said.sentence.speaker == "doctor" and not said.announced(TEMPERATURE.cue(said.lang))
            ):
                continue
            value = (
                float(f"{match.group(1)}.{match.group(2).replace('un', '1')}")
                if match.group(2)
                else float(match.group(1))
            )
            yield measured(said, TEMPERATURE, value, match.start())
    for match in re.finditer(r"(?<![\d./])(9[5-9]|10[0-6])(?:\.(\d))?(?!\d|\.\d|/)", norm) if said.lang == "en" else ():
        if (
            said.announced(r"temperature|fever|fahrenheit|temp\b|vital")
            and not re.search(r"%|percent|over|kilo|pound|bpm", norm[max(0, match.start() - 18) : match.end() + 9])
            and not CONDITIONS["en"].search(norm[: match.start()])
            and not _anothers(TEMPERATURE, norm[: match.start()], "en")
        ):
            yield measured(said, TEMPERATURE, float(match.group().rstrip(".")), match.start(), "[degF]")


def _named(said: Said) -> Iterator[Fact]:
    """Values that a word announces: in the sentence before the number, or in the question."""
    norm, lang = said.sentence.norm, said.lang
    names_one = any(re.search(measure.cue(lang), norm) for measure in MEASURES if measure.type == "lab")
    for measure in MEASURES:
        cue = re.compile(measure.cue(lang))
        cues = list(cue.finditer(norm))
        asked = not (cues or names_one) and bool(cue.search(said.context)) and len(norm) < 110 and not find_drugs(norm)
        change = measure.fr == "poids" and ASKS_CHANGE.search(said.context) is not None
        passed = 0
        if measure.unit == "g/L" and lang == "fr":
            norm = IN_GRAMS.sub(lambda m: f"{m.group(1).replace('un', '1')}.{m.group(2)}".ljust(len(m.group())), norm)
        others = [m.start() for one in MEASURES if one is not measure for m in re.finditer(one.cue(lang), norm)]
        for at, match in _values(norm, cues, asked):
            mine = max((m.end() for m in cues if m.end() <= match.start()), default=0)
            if cues and measure.type == "lab" and any(mine <= other < match.start() for other in others):
                continue  # "transaminases normales, les globules blancs à 4500"
            if match.start() < passed:
                continue  # the tenths of the value before
            value, found = _metres(norm, match) if measure.fr == "taille" else (float(match.group(1)), True)
            if (
                found
                and measure.low <= value <= measure.high
                and not (change and value < MOST_CHANGED_KG)  # "vous avez maigri ?" - "trois kilos"
                and not _means_else(measure, value, norm, match, lang, asked=asked)
                and not _anothers(measure, norm[: match.start()], lang)
            ):
                unit = _lab_unit(measure, value, norm + " " + said.context, lang)
                yield measured(said, measure, _precise(measure, value, norm, match), at, unit)
                if measure.fr != "poids":  # "je pesais 82, je suis à 77" tells two
                    break
                passed = match.end() + len(" 55")


def _anothers(measure: Measure, before: str, lang: Language) -> bool:
    """Whether the measure that is named last before a number is another: "heart rate was 68, pulse ox 98"."""
    others = [m.end() for one in NAMED_APART if one is not measure for m in re.finditer(one.cue(lang), before)]
    mine = max((m.end() for m in re.finditer(measure.cue(lang), before)), default=0)
    return max(others, default=0) > max(mine, len(before) - MAX_TO_VALUE)


NAMED_APART = (TEMPERATURE, *MEASURES[:3])  # heart rate, saturation, respiratory rate
NAME_NUMBER = re.compile(  # "chem-12", "b12" are names
    r"(?:(?<![a-z])(?:chem|covid|type|stage|grade|phase|vitamin b|b|hpv|class|room) |[a-z])$"
)
GOAL = re.compile(
    r"dessous de|au dessus|objectif|moins de|plus de|perd(?:u|re)|repris|pris \d|doses? (?:de|pour)|graduation|passez|below|goal|los[te]|losing|gain|"
    r"(?:greater|more|less|lower|higher|over|under) than|criteri"
)
STATED = re.compile(r" (?:je suis|je pese|je fais|(?:il|elle) (?:est|pese|fait)|i am|i m|i weigh) ")
LEAST_BARE_WEIGHT_KG = 20
MOST_CHANGED_KG = 30
CHANGE_REACH = 45  # characters
CHANGED = re.compile(  # "j'ai maigri, genre quatre kilos"
    r"(?<![a-z])(?:maigri|grossi|perdu|perd|repris|(?:ai|a|avez|avais) pris|perte|prise|en moins|en plus|gained|lost|put on)(?![a-z])"
    r"(?!.*(?<![a-z])(?:suis|est|pese|fais|fait|descendue? a|montee? a|now|weigh))"
)
CHANGED_BY = re.compile(r" ?(?:kilos?|kg|pounds|lbs?) (?:de (?:plus|moins)|en (?:\d+|une?|trois|quelques) \w+|(?:more|less)(?! than)|in (?:\d+|an?|the last) )")
ASKS_CHANGE = re.compile(r"maigri|grossi|pris du poids|perdu du poids|perte de poids|prise de poids|(?:lost|gained|losing|gaining) (?:any )?weight|weight (?:loss|gain)")


def _means_else(
    measure: Measure, value: float, norm: str, match: re.Match[str], lang: Language, *, asked: bool = False
) -> bool:
    """Whether a number near the name of a measure is something else: days, a goal, a change, a height."""
    at, after = match.start(), norm[match.end() :]
    if NAME_NUMBER.search(re.sub(r"\W", " ", norm[:at])):
        return True
    if re.search(r"(?<![a-z])grammes? $", norm[:at]):
        return True  # the hundredths of "un gramme soixante-quatre"
    if measure.fr != "taille" and FOREIGN_UNIT.match(after):
        return True
    if CONDITIONS[lang].search(norm[:at]) or GOAL.search(STATED.split(norm[max(0, at - 25) : at + 1])[-1]):
        return True
    return measure.fr == "poids" and (
        bool(re.search(r"metre $", norm[:at]))
        or bool(CHANGED.search(norm[max(0, at - CHANGE_REACH) : at]))
        or bool(re.search(r"(?<![a-z])(?:doses?|graduation|pipettes?|seringue)(?: (?:de|pour|a))? $", norm[:at]) or CHANGED_BY.match(after))
        or (value < LEAST_BARE_WEIGHT_KG and not (asked and lang == "fr") and not re.search(r"kilo|kg", after[:8]))
    )


def _precise(measure: Measure, value: float, norm: str, match: re.Match[str]) -> str | float:
    """The value with what follows it: "68, 70" is a range, "douze kilos huit" is 12.8."""
    after = norm[match.end() :]
    pair = re.match(r",? ?(?:a |ou )?(\d{2,3})(?!\d|\.\d)", after)
    if measure.fr == "fréquence cardiaque" and pair and float(pair.group(1)) > value:
        return f"{value:g}-{pair.group(1)}"
    grams = re.match(r" ?(?:kilos?|kg) (\d{1,3})(?!\d| ?(?:ans|jours|mois|fois|par|heures|times))", after)
    if measure.fr == "poids" and grams and "." not in match.group(1):
        return float(f"{value:g}.{grams.group(1)}")
    tenths = SPOKEN_TENTHS.match(after) if measure.fr in WITH_TENTHS and "." not in match.group(1) else None
    digits = tenths.group(1).replace("un", "1") if tenths else ""
    if digits and measure.low <= float(f"{value:g}.{digits}") <= measure.high:
        return float(f"{value:g}.{digits}")
    return value


IN_GRAMS = re.compile(r"(?<![a-z\d])(un|\d) grammes? (\d{2})(?!\d)")
WITH_TENTHS = ("poids", "hémoglobine", "HbA1c", "potassium", "TSH", "INR", "LDL-cholestérol", "HDL-cholestérol", "triglycérides")
SPOKEN_TENTHS = re.compile(r" (\d{1,2}|un(?=\W*$|[,.;!?]))(?=\W*$|[,.;!?]| (?:et|ce|cette|hier|en|au|a la|le|donc|c est|kilos?|kg|%)(?![a-z]))")


def _values(norm: str, announced: list[re.Match[str]], asked: bool) -> Iterator[tuple[int, re.Match[str]]]:
    number = re.compile(rf"(?<![\d./]){NUM}(?!\d|\.\d|/)")
    if asked:
        for match in list(number.finditer(norm))[:2]:
            yield match.start(), match
        return
    for word in announced[:2]:
        after = number.search(norm, word.end())
        if after and after.start() - word.end() < MAX_TO_VALUE:
            yield after.start(), after
        for match in reversed(list(number.finditer(norm, max(0, word.start() - 16), word.start()))):
            yield match.start(), match


def _metres(norm: str, match: re.Match[str]) -> tuple[float, bool]:
    metres = re.search(r"(?<![a-z\d])(?:un|1|2) metres? (\d{1,2})(?!\d)|(1\.\d{2}) ?m", norm)
    if metres:
        return (100 + float(metres.group(1)), True) if metres.group(1) else (float(metres.group(2)) * 100, True)
    return float(match.group(1)), bool(re.match(r" ?(?:cm|centimet)", norm[match.end() :]))


def _lab_unit(measure: Measure, value: float, words: str, lang: Language) -> str:
    if measure.unit == "g/L":
        if re.search(r"gramme? par litre|g/l", words):
            return "g/L"
        return "mg/dL" if lang == "en" and value > 20 else "g/L" if lang == "fr" and value < 8 else ""
    if measure.fr == "débit de filtration glomérulaire" and lang == "en":
        return "mL/min" if "ml" in words else ""
    if measure.fr == "poids" and re.search(r"pounds|\blbs?\b", words):
        return "[lb_av]"
    return measure.unit


def _glucose(said: Said) -> Iterator[Fact]:
    """Glycaemia in g/L as the French say it: "un quarante-cinq", "zéro cinquante-huit", "un gramme quarante-cinq"."""
    norm = said.sentence.norm
    if (
        said.lang != "fr"
        or not GLUCOSE["fr"].search(norm + " " + said.context)
        or re.search(r"dessous de|limite|seuil|en dessous", norm)
    ):
        return
    values, first = [], None
    for match in re.finditer(
        r"(?<![\d.])(?:(?:(\d)|une?) (?:gramme )?(?:(\d{2})|0\.(\d)(?!\d))|(0\.\d{1,2})|([0-4]\.\d{1,2}))(?!\d|\.\d| ?(?:heures|ans|mg|kilo|jours|fois|milli|sur))",
        norm,
    ):
        tenths = match.group(2) or f"0{match.group(3)}"
        text = match.group(4) or match.group(5) or f"{match.group(1) or 1}.{tenths}"
        if 0.2 <= float(text) <= 6 and not re.search(
            r"ldl|hdl|hemoglobine|ferritine|tsh|trulicity|mg", norm[max(0, match.start() - 18) : match.start()]
        ):
            values.append(text)
            first = match.start() if first is None else first
    if not values or first is None:
        return
    name = Measure(
        "lab",
        "glycémie" if len(values) == 1 else "glycémies",
        "blood glucose",
        "g/L",
        0.2,
        6,
        GLUCOSE["fr"].pattern,
        "glucose",
    )
    value: str | float = float(values[0]) if len(values) == 1 else ", ".join(values)
    yield measured(said, name, value, first)


def _stones(said: Said) -> Iterator[Fact]:
    match = re.search(r"(\d{1,2}) stone(?: (\d{1,2}))?", said.sentence.norm) if said.lang == "en" else None
    if match:
        pounds = f" {match.group(2)}" if match.group(2) else ""
        weight = next(m for m in MEASURES if m.fr == "poids")
        yield measured(said, weight, f"{match.group(1)} st{pounds}", match.start(), "[stone_av]")


READERS: tuple[Callable[[Said], Iterator[Fact]], ...] = (_temperature, pressures, pain_scores, _named, _glucose, _stones)
