"""Glycaemia in g/L as the French say it: "un quarante-cinq", "zéro cinquante-huit", "un gramme quarante-cinq"."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.measured.readings import MEASURES, Measure, Said, measured

GLUCOSE = cues("measures.glucose")
VALUE = re.compile(
    r"(?<![\d.])(?:(?:(\d)|une?) (?:grammes? )?(?:(\d{2})|0\.(\d)(?!\d))|(0\.\d{1,2})|([0-4]\.\d{1,2}))(?!\d|\.\d| ?(?:heures|ans|mg|kilo|jours|fois|milli|sur|mois|semaines))"
)
OTHER_NAME = re.compile(r"ldl|hdl|hemoglobine|glyquee|ferritine|tsh|trulicity|mg|cholesterol|triglycerides|creat\w*|mauvais|insuline")
NO_VALUE = re.compile(r"dessous de|limite|seuil|en dessous|l objectif|viser?|(?:^|\W)si ")
NAMED_BEFORE = 24  # characters in which another measure takes the value
MOST_APART = 0.35  # g/L between the ends of "un dix, un vingt-cinq"


def glycaemias(said: Said) -> Iterator[Fact]:
    """The glycaemias of a sentence as one fact: a value, a range, or the series that was read out."""
    norm = said.sentence.norm
    if said.lang != "fr" or not GLUCOSE["fr"].search(norm + " " + said.context) or NO_VALUE.search(norm):
        return
    found = [(match, _grams(match)) for match in VALUE.finditer(norm)]
    found = [
        (match, text)
        for match, text in found
        if 0.2 <= float(text) <= 6 and not OTHER_NAME.search(norm[max(0, match.start() - NAMED_BEFORE) : match.start()])
    ]
    if not found:
        return
    if len(found) > 1 and not _of_two_days(norm, found):
        yield measured(said, _named("glycémies"), _together(norm, found), found[0][0].start())
        return
    for match, text in found:
        yield measured(said, _named("glycémie"), float(text), match.start())


def _named(name: str) -> Measure:
    return Measure("lab", name, "blood glucose", "g/L", 0.2, 6, GLUCOSE["fr"].pattern, "glucose")


DAY = re.compile(r"(?<![a-z])(?:ce (?:matin|midi|soir)|cette nuit|avant hier|hier|aujourd hui|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|la semaine derniere)(?![a-z])")


def _of_two_days(norm: str, found: list[tuple[re.Match[str], str]]) -> bool:
    """ "Ce matin un trente, et hier un douze": two values, each with a day of its own, are no series."""
    (first, _), (second, _), *more = found
    return not more and bool(DAY.search(norm[: first.start()]) and DAY.search(norm[first.end() : second.start()]))


SPOKEN_GRAMS = re.compile(r"(?<![a-z\d])(?:un|[1-4]) grammes? \d{2}(?!\d)|(?<![\d.])0\.[3-9]\d(?!\d)")
SPOKEN_LEVEL = re.compile(  # "elle était à deux trente": a level, where a diabetes is spoken of
    r"(?<![a-z])(?:etais|etait|est|suis|(?:re)?(?:monte|descendu|tombe)e?) (?:a|jusqu a) [1-4] \d{2}(?!\d)"
)
OF_DIABETES = re.compile(r"(?<![a-z])(?:diab\w*|insuline\w*|glycemi\w*|hypos?|hypoglycemi\w*|hemoglobine glyquee|glyquee|lantus|toujeo|novorapid|capteur|metformine)(?![a-z])")
TALK_TURNS = 8


def is_sugar(sentence: Sentence, visit: Visit) -> bool:
    """ "Le matin, ça donne quoi ?" - "Un gramme vingt-deux.": a patient's grams in talk of a diabetes, when nothing else is named."""
    if visit.lang != "fr" or sentence.speaker == "doctor" or not (SPOKEN_GRAMS.search(sentence.norm) or SPOKEN_LEVEL.search(sentence.norm)):
        return False
    asked = [s.norm for s in visit.sentences if sentence.turn - 1 <= s.turn <= sentence.turn]
    if any(not (m.drug.atc or "").startswith("A10") for words in asked for m in find_drugs(words)):
        return False
    near = [s.norm for s in visit.sentences if sentence.turn - TALK_TURNS <= s.turn <= sentence.turn]
    named = any(re.search(m.cue_fr, words) for m in MEASURES for words in asked if m.type == "lab" and m.fr != "HbA1c")
    known = fold(" ".join(visit.transcript.patient.problems))
    return not named and any(OF_DIABETES.search(words) for words in (*near, visit.motif.lower(), known))


def _grams(match: re.Match[str]) -> str:
    tenths = match.group(2) or f"0{match.group(3)}"
    return match.group(4) or match.group(5) or f"{match.group(1) or 1}.{tenths}"


def _together(norm: str, found: list[tuple[re.Match[str], str]]) -> str:
    """Two values that are told as one, "entre un dix et un vingt", are a range; others are a series."""
    (first, low), (second, high) = found[0], found[1]
    joined = len(found) == 2 and re.fullmatch(r",? (?:a|ou|et|voire) ", norm[first.end() : second.start()])
    near = joined and 0 < float(high) - float(low) <= MOST_APART
    return f"{low}-{high}" if near else ", ".join(text for _, text in found)


PAIR = re.compile(r"([0-4]\.\d{1,2}), ([0-4]\.\d{1,2})")


def as_range(value: str) -> str:
    """ "Le matin, un dix, un vingt-cinq.": a pair that stands alone and lies near tells between which it moves."""
    pair = PAIR.fullmatch(value)
    near = pair and 0 < float(pair.group(2)) - float(pair.group(1)) <= MOST_APART
    return f"{pair.group(1)}-{pair.group(2)}" if pair and near else value
