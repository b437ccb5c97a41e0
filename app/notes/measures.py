"""Vital signs, scores and laboratory results: values with their units, as they are spoken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from app.notes.cues import cue, cues
from app.notes.earlier_values import earlier_value
from app.notes.facts import Fact
from app.notes.lexicon import find_drugs
from app.notes.polarity import CONDITIONS
from app.notes.readings import MEASURES, PRESSURE, TEMPERATURE, Measure, Said, measured
from app.notes.timing import DAY_EN, DAY_FR
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
    adult = (visit.transcript.patient.age or 0) >= ADULT_YEARS
    for sentence in visit.sentences:
        questions = asked.get(sentence.turn, ())
        if not sentence.asks and re.search(r"\d", sentence.norm) and not _elses(sentence, visit):
            context = " ".join(q.norm for q in questions) + (
                " " + before.norm if before and before.turn == sentence.turn else ""
            )
            said = Said(sentence, _with_series(sentence, context, visit), questions, visit.lang)
            found = [fact for reader in READERS for fact in reader(said) if not (adult and _of_no_adult(fact))]
            found = found or list(earlier_value(said, last)) or list(_unnamed(said, visit))
            yield from found
            last = found[-1] if found else last
        before = sentence


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


def _elses(sentence: Sentence, visit: Visit) -> bool:
    number = re.search(r"\d", sentence.norm)
    return sentence.speaker != "doctor" and bool(number and visit.other_person(sentence, number.start()))


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


def _pressure(said: Said) -> Iterator[Fact]:
    norm = said.sentence.norm
    if (
        re.search(r"dessous de|au dessus|objectif|below|goal|target|less than", norm[:80])
        and said.sentence.speaker == "doctor"
    ):
        return
    for match in re.finditer(
        rf"(?<![\d.])(?:1 (?=1\d \d))?{NUM} ?(sur|/|over| )(?:les )? ?{NUM}(?!\d|\.\d| ?(?:mg|fois|jours|ans|semaines|%|milli|heures|kilo|out))",
        norm,
    ):
        high, low = float(match.group(1)), float(match.group(3))
        spoken = match.group(2) == " "
        if (
            spoken and not said.announced(PRESSURE.cue_fr if said.lang == "fr" else r"pressure|readings")
        ) or CONDITIONS[said.lang].search(re.sub(r"^\W*sinon ", "", norm[: match.start()])):
            continue
        if (
            said.lang == "fr"
            and 8 <= high <= 25
            and 4 <= low <= 14
            and high > low
            and not re.search(r"douleur|echelle", norm + said.context)
        ):
            if not spoken and not said.announced(PRESSURE.cue_fr) and low == 10:
                continue
            high, low = high * 10, low * 10
        lab = any(re.search(m.cue(said.lang), norm) for m in MEASURES if m.type == "lab")
        if spoken and (high < LEAST_SPOKEN_HIGH or lab):
            continue  # "l'hémoglobine glyquée, huit quatre"
        if not (70 <= high <= 260 and 30 <= low <= 150 and high > low):
            continue
        fact = measured(said, PRESSURE, f"{high:g}/{low:g}", match.start())
        yield _in_position(fact, said, match.end())


LEAST_SPOKEN_HIGH = 90
POSITION = re.compile(r"[, ]{1,2}(?:en position )?(couch[ée]e?|allong[ée]e?|debout|assise?|lying|standing|sitting)(?![a-z])", re.IGNORECASE)


def _in_position(fact: Fact, said: Said, end: int) -> Fact:
    """ "Treize sept couchée, et dix six debout": what makes the two differ."""
    place = POSITION.match(said.sentence.line.shown, said.sentence.start + end)
    if not place:
        return fact
    words = ", ".join(filter(None, (place.group(1), fact.detail)))
    return replace(fact, text=f"{fact.extra[0]} {words}", detail=words, extra=(fact.extra[0], words))


def _pain(said: Said) -> Iterator[Fact]:
    norm = said.sentence.norm
    scale = re.compile(r"0 a 10|zero a dix|echelle|sur 10|/10|0 to 10|1 to 10|out of 10|scale|\beva\b")
    if not scale.search(norm + " " + said.context):
        return
    for match in re.finditer(
        r"(?<![\d.])(10|\d)(?:\.5)?(?: ?(?:/|sur|out of) ?10)?(?!\d|\.\d|/|(?: a| to)? 10| ?(?:jours|ans|heures|fois|days|years|hours|weeks|mois))",
        norm,
    ):
        if float(match.group(1)) == 0 and "to 10" in norm + "a 10":
            continue
        shown = said.sentence.line.shown[said.sentence.start : said.sentence.end]
        where = _pain_context(shown, match.start())
        name = "douleur (échelle numérique)" if said.lang == "fr" else "pain score"
        yield Fact(
            "symptom",
            " ".join(filter(None, (name, where))),
            "douleur",
            said.evidence(),
            value=float(match.group(1)),
            unit="/10",
            asserted_by=said.sentence.speaker,
            detail=where,
            sentence=said.sentence.shown,
            extra=(name, where),
        )


PLACES = re.compile(
    r"(couch[eé]e?|allong[eé]e?|assise?|au repos|debout|quand je (?:me l[eè]ve|\w+)|la nuit|at night|at rest|[àa] l['’]effort|"
    rf"en (?:marchant|bougeant|toussant)|ce (?:matin|soir)|hier|aujourd['’]hui|{DAY_FR}|today|now|yesterday|on {DAY_EN}|when I(?:['’]m)? (?:go down the stairs|\w+)|lying down|sitting)",
    re.IGNORECASE,
)


def _pain_context(shown: str, at: int) -> str:
    """Where or when a pain has this score: "7 quand je bouge, 2 allongé"; "au repos, 2"."""
    before, after = shown[:at], shown[at:]
    own = re.split(r"[,;.]", before)[-1] + re.split(r"[,;.]|\bet\b|\band\b", after)[0]
    since_the_last = re.split(r"\d", before)[-1][-30:]
    found = PLACES.search(own) or PLACES.search(since_the_last)
    words = found.group()[:1].lower() + found.group()[1:] if found else ""
    return {"quand je me lève": "au lever"}.get(words, words)


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


READERS: tuple[Callable[[Said], Iterator[Fact]], ...] = (_temperature, _pressure, _pain, _named, _glucose, _stones)
