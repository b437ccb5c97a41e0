"""Vital signs, scores and laboratory results: values with their units, as they are spoken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.notes.corrections import MASK
from app.notes.cues import cue
from app.notes.earlier_values import EARLIER, compared, earlier_value, moved
from app.notes.facts import Fact
from app.notes.glucose import glycaemias
from app.notes.lexicon import find_drugs
from app.notes.pain_scores import pain_scores
from app.notes.polarity import CONDITIONS
from app.notes.pressures import pressures
from app.notes.readings import MAX_TO_VALUE, MEASURES, Measure, Said, measured, names_another
from app.notes.temperatures import temperatures
from app.notes.topics import Topic
from app.notes.transcript import Language
from app.notes.units import Sentence, Visit

NUM = r"(\d+(?:\.\d+)?)"
FOREIGN_UNIT = cue("measures.foreign_unit")


def measures(visit: Visit) -> Iterator[Fact]:
    """Vital signs, pain scores and lab values of the patient in the order of speech; the question gives the name."""
    asked: dict[int, tuple[Sentence, ...]] = {a.turn: e.questions for e in visit.exchanges for a in e.answer}
    before: Sentence | None = None
    last: Fact | None = None
    topic = Topic(visit)
    age = visit.transcript.patient.age
    told: list[Fact] = []
    for heard in visit.sentences:
        topic.hear(heard)
        sentence = _without_others(heard, visit)
        if not sentence.asks and re.search(r"\d", sentence.norm):
            said = _said(sentence, asked.get(sentence.turn, ()), before, topic, visit)
            found = [fact for reader in READERS for fact in reader(said) if not _too_light(fact, age)]
            both = moved(said)
            found = [*both, *(f for f in found if not both or f.label != both[0].label)]
            found = found or list(earlier_value(said, last)) or list(_unnamed(said, visit))
            found += [fact for one in found[-1:] for fact in compared(said, one)]
            found = [_dated(fact, said, sentence) for fact in found]
            told = _more_exactly(told, found)
            if found:
                last = found[-1] if found[-1].unit != "/10" else last
                topic.told(found[-1], sentence)
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


def _dated(fact: Fact, said: Said, sentence: Sentence) -> Fact:
    """ "6,8, en juin", told when its measure was named in another turn: a value of before."""
    elsewhere = bool(said.questions) and said.questions[-1].turn != sentence.turn - 1 and fact.type in ("vital", "lab")
    over = elsewhere and said.lang == "fr" and EARLIER.search(sentence.norm) and not re.search(r"maintenant|ce matin|la,", sentence.norm)
    return replace(fact, temporality="past", critical=False) if over else fact


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


LEAST_KG = ((16, 25.0), (6, 12.0), (2, 8.0))  # from this age on, years


def _too_light(fact: Fact, age: int | None) -> bool:
    """Three kilos are no weight of an adult, whatever the words around them."""
    least = next((kg for years, kg in LEAST_KG if (age or 0) >= years), 0.0)
    return fact.label == "poids" and isinstance(fact.value, float) and fact.unit == "kg" and fact.value < least


NEXT_HOUR = re.compile(r"\W*(?:et |puis )?(?:a|apres) (?:une|\d) heures?(?![a-z])")


def _with_series(sentence: Sentence, context: str, visit: Visit) -> str:
    """ "À jeun, 0,94. À une heure, 1,71. À deux heures, 1,42": what began the series names all of it."""
    if not NEXT_HOUR.match(sentence.norm):
        return context
    return " ".join([context, *(s.norm for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start)])


def _named(said: Said) -> Iterator[Fact]:
    """Values that a word announces: in the sentence before the number, or in the question."""
    norm, lang = said.sentence.norm, said.lang
    names_one = any(re.search(measure.cue(lang), norm) for measure in MEASURES if measure.type == "lab")
    for measure in MEASURES:
        cue = re.compile(measure.cue(lang))
        cues = list(cue.finditer(norm))
        change = measure.fr == "poids" and ASKS_CHANGE.search(said.context) is not None
        asked = not (cues and measure.fr != "poids") and not names_one and (change or bool(cue.search(said.context))) and len(norm) < 110 and not find_drugs(norm)
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
                and not names_another(measure, norm[: match.start()], lang)
            ):
                unit = _lab_unit(measure, value, norm + " " + said.context, lang)
                yield measured(said, measure, _precise(measure, value, norm, match), at, unit)
                if measure.fr != "poids":  # "je pesais 82, je suis à 77" tells two
                    break
                passed = match.end() + max(len(" 55"), KILOS_AND.match(norm, match.end()).end() - match.end() if KILOS_AND.match(norm, match.end()) else 0)


NAME_NUMBER = re.compile(  # "chem-12", "b12" are names
    r"(?:(?<![a-z])(?:chem|covid|type|stage|grade|phase|vitamin b|b|hpv|class|room) |[a-z])$"
)
GOAL = re.compile(
    r"dessous de|frole|descendre a|redescendre|remonter a|arriver a|atteindre|viser?|ideal|il faudrait|devrai[st] (?:en )?(?:faire|peser|etre)|la normale?|la norme|la limite|le seuil|la fourchette|la cible|le but|s arrete a|plafond|entre les |(?<!suis pas )pas plus de|au dessus|objectif|moins de|(?<!peu )(?<!pas )(?<!poil )plus de|perd(?:u|re)(?! du poids[,:.])|repris|pris \d|doses? (?:de|pour)|graduation|passez|below|goal|los[te]|losing|gain|"
    r"(?:greater|more|less|lower|higher|over|under) than|criteri"
)
VAGUE = re.compile(r" ?(?:%|kilos?|grammes?)? ?(?:et (?:quelques?|un peu)|virgule quelque|(?:et )?des brouettes)")
DATE = re.compile(r"(?<!de )(?<!dit )(?<!est )(?<!affiche )(?<!dans )(?<!vers )(?<!de )(?<![a-z])(?:le|du|au|les|numero) $")  # "le quinze", "du douze"
STATED = re.compile(r" (?:je suis|je pese|je fais|(?:il|elle) (?:est|pese|fait)|i am|i m|i weigh) ")
LEAST_BARE_WEIGHT_KG = 20
MOST_CHANGED_KG = 30
CHANGE_REACH = 45  # characters
CHANGED = re.compile(  # "j'ai maigri, genre quatre kilos"
    r"(?<![a-z])(?:maigri|grossi|perdu(?! du poids[,:.])|perd(?! du poids[,:.])|repris|(?:ai|a|avez|avais) pris|perte|prise|en moins|en plus|gained|lost|put on)(?![a-z])"
    r"(?!.*(?<![a-z])(?:suis|est|pese|fais|fait|descendue? a|montee? a|passee? (?:de|a)|contre|now|weigh))"
)
CHANGED_BY = re.compile(r" ?(?:kilos?|kg|pounds|lbs?) (?:de (?:plus|moins|trop|difference|mieux|mois)|en (?:trop|plus|moins)|d (?:ecart|eau)|pris|perdus?|pres|en (?:\d+|une?|trois|quelques) \w+|(?:more|less)(?! than)|in (?:\d+|an?|the last) )")
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
    if lang == "fr" and (VAGUE.match(after) or DATE.search(norm[:at])):
        return True
    if measure.fr != "taille" and FOREIGN_UNIT.match(after):
        return True
    if CONDITIONS[lang].search(norm[:at]) or GOAL.search(STATED.split(norm[max(0, at - 25) : at + 1])[-1]):
        return True
    return measure.fr == "poids" and (
        bool(re.search(r"metre $", norm[:at]))
        or bool(CHANGED.search(norm[max(0, at - CHANGE_REACH) : at]))
        or bool(re.search(r"(?<![a-z])(?:doses?|graduation|pipettes?|seringue|dosette|sirop)(?: (?:de|pour|a|jusqu a|des))? $", norm[:at]) or CHANGED_BY.match(after))
        or (value < LEAST_BARE_WEIGHT_KG and not (asked and lang == "fr") and not re.search(r"kilo|kg", after[:8]))
    )


def _precise(measure: Measure, value: float, norm: str, match: re.Match[str]) -> str | float:
    """The value with what follows it: "68, 70" is a range, "douze kilos huit" is 12.8."""
    after = norm[match.end() :]
    pair = PAIRED.match(after)
    if measure.fr in IN_RANGES and pair and 0 < float(pair.group(1)) - value <= MOST_APART * value:
        return f"{value:g}-{pair.group(1)}"
    grams = KILOS_AND.match(after)
    if measure.fr == "poids" and grams and "." not in match.group(1):
        return float(f"{value:g}.{(grams.group(1) or '5').replace('00', '')}")
    if measure.fr == "leucocytes" and value > LEAST_THOUSANDS and 0 < value % 1000 < HUNDREDS:
        return value // 1000 * 1000 + value % 1000 * 100  # "dix-huit mille quatre"
    tenths = SPOKEN_TENTHS.match(after) if measure.fr in WITH_TENTHS and "." not in match.group(1) else None
    digits = tenths.group(1).replace("un", "1") if tenths else ""
    if digits and measure.low <= float(f"{value:g}.{digits}") <= measure.high:
        return float(f"{value:g}.{digits}")
    return value


PAIRED = re.compile(r"(?:, ?|,? (?:a |ou |et |voire )?|…\s?)(\d{2,3})(?!\d|\.\d| ?(?:kilos? \d|ans|fois|jours|mois|heures|minutes|mg|euros))")
IN_RANGES = ("fréquence cardiaque", "saturation en oxygène", "fréquence respiratoire")
MOST_APART = 0.2  # of the value, between the ends of a range
LEAST_THOUSANDS, HUNDREDS = 2000, 10
KILOS_AND = re.compile(r" ?(?:kilos?|kg) (?:et )?(?:(\d{1,3})(?: grammes?)?(?!\d| ?(?:ans|jours|mois|fois|par|heures|times))|demie?(?![a-z]))")
IN_GRAMS = re.compile(r"(?<![a-z\d])(un|\d) grammes? (\d{2})(?!\d)")
WITH_TENTHS = (
    "poids", "hémoglobine", "HbA1c", "potassium", "TSH", "INR", "LDL-cholestérol", "HDL-cholestérol", "triglycérides", "cholestérol total", "calcium", "IMC", "T4 libre", "T3 libre",
    "phosphore", "lithium", "urée", "acide urique", "créatinine", "PSA", "magnésium", "albumine", "fibrinogène",
)  # fmt: skip
SPOKEN_TENTHS = re.compile(
    r"%? (\d{1,2}|un(?=\W*$|[,.;:!?]))(?=\W*$|[,.;:!?…]| [:;!?]| (?:et|ce|cette|cet|hier|en|au|a|chez|le|la|donc|c est|c etait|kilos?|kg|%|contre|avant|mais|alors|depuis|habille|tout nu|apres|pour|quand|sur|avec|aujourd|maintenant|il y a|y a|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|docteur|exactement|pile|environ|milli\w*|micro\w*|grammes?|nano\w*|sans)(?![a-z]))"
)


def _values(norm: str, announced: list[re.Match[str]], asked: bool) -> Iterator[tuple[int, re.Match[str]]]:
    number = re.compile(rf"(?<![\d./]){NUM}(?!\d|\.\d|/)")
    if asked:
        for match in list(number.finditer(norm))[:3]:
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


def _stones(said: Said) -> Iterator[Fact]:
    match = re.search(r"(\d{1,2}) stone(?: (\d{1,2}))?", said.sentence.norm) if said.lang == "en" else None
    if match:
        pounds = f" {match.group(2)}" if match.group(2) else ""
        weight = next(m for m in MEASURES if m.fr == "poids")
        yield measured(said, weight, f"{match.group(1)} st{pounds}", match.start(), "[stone_av]")


READERS: tuple[Callable[[Said], Iterator[Fact]], ...] = (temperatures, pressures, pain_scores, _named, glycaemias, _stones)
