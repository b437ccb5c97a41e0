"""An earlier value told without its name: "8,1" - "la dernière fois c'était ?" - "sept quatre, en mars"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.measured.readings import MEASURES, PRESSURE, TEMPERATURE, Said, measured, when_said

TOPIC_TURNS = 3
LEAST, MOST = 0.6, 1.7  # an earlier value is near the last one; anything else counts something else
LEAST_OF_LAB, MOST_OF_LAB = 0.2, 5.0
EARLIER = re.compile(
    r"(?<![a-z])(?:la (?:derniere|fois d avant) ?fois|avant|le mois dernier|l an dernier|l annee derniere|l an passe|l annee passee|au printemps|en (?:19|20)\d\d|(?:il )?y a (?:\d+|une?|quelques) (?:jours|semaines?|mois|ans?)|"
    r"en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)|d habitude|precedent\w*|"
    r"last (?:time|month|year|week)|before|previous\w*|\d+ (?:days|weeks|months|years) ago|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|usual\w*)(?![a-z])"
)
ASKS_WHEN = re.compile(r"(?<![a-z])(?:combien de temps|depuis quand|quand|how long|when)(?![a-z])")
VALUE = re.compile(  # and nothing counted after it
    r"(?<![\d./])(\d{1,3})(?:\.(\d{1,2})| (\d{1,2}|un(?=[,.;!?]|$)))?(?![\d/]|\.\d)"
    r"(?=\W*$|[,.;!?]| ?(?:kilos?|kg|%|grammes?|en|chez|(?:il )?y a|avant|l an|le mois|la derniere|d habitude|before|last|in|at|pounds)(?![a-z]))"
)


def earlier_value(said: Said, last: Fact | None) -> Iterator[Fact]:
    """The value of before of the measure that was told last, when the sentence names no measure of its own."""
    norm, turn = said.sentence.norm, said.sentence.turn
    if last is None or not isinstance(last.value, float) or turn - last.evidence[-1].turn > TOPIC_TURNS:
        return
    asked = said.questions[-1].norm if said.questions else ""
    if (not EARLIER.search(norm) and not EARLIER.search(asked)) or ASKS_WHEN.search(asked):
        return
    if " ".join(said.sentence.norm.split()[:1]) in ("si", "if"):
        return
    if any(re.search(m.cue(said.lang), norm + " " + asked) for m in (TEMPERATURE, PRESSURE, *MEASURES) if m.fr != last.label):
        return
    named = list(VALUE.finditer(norm))
    pair = PAIR_OF_BEFORE.match(norm)
    if pair and last.label == "poids" and LEAST * last.value <= float(pair.group(1)) < float(pair.group(2)) <= float(pair.group(1)) + MOST_APART_KG:
        yield replace(_of_before(said, last, 0.0, pair.start()), value=f"{pair.group(1)}-{pair.group(2)}")
        return
    for place, match in enumerate(named):
        if len(named) > 1 and not _dated_apart(norm, named, place):
            continue  # of a series, each with its own time
        part = match.group(2) or (match.group(3) or "").replace("un", "1")
        value = float(f"{match.group(1)}.{part}") if part else float(match.group(1))
        least, most = (LEAST, MOST) if last.type == "vital" else (LEAST_OF_LAB, MOST_OF_LAB)
        if least * last.value <= value <= most * last.value and value != last.value:
            yield _of_before(said, last, value, match.start())


PAIR_OF_BEFORE = re.compile(r"\W*(?:(?:oh|euh|ben|bah|dans les|vers|autour de|environ|j etais a|entre|je faisais)\W+)*(\d{2,3})(?:, | ou |-| et )(\d{2,3})(?=\W*$|[.;,…!]| ?kilos)")
MOST_APART_KG = 4


def _dated_apart(norm: str, named: list[re.Match[str]], place: int) -> bool:
    """ "Neuf deux en octobre, huit quatre en juin": whether a figure of several has a time of its own, after it or before."""
    stop = named[place + 1].start() if place + 1 < len(named) else len(norm)
    begin = named[place - 1].end() if place else 0
    after = re.split(r"[,;]| et ", norm[named[place].end() : stop])[0]
    before = re.split(r"[,;]| et ", norm[begin : named[place].start()])[-1]
    return EARLIER.search(after) is not None or EARLIER.search(before) is not None


COMPARED = re.compile(  # what a value is compared with in its own sentence
    r"(?:contre|au lieu d(?:e|u)|(?:vous|tu|elles?|ils?|on|je|j|c) ?(?:(?:l |m )?etai(?:s|t|ent)|etiez|faisai[ts]|faisiez|pesai[ts]|pesiez|avai[ts]|aviez) ?(?:a |encore a |deja a |autour de )?) ?(\d{1,6})(?:\.(\d{1,2})| (\d{1,2}|un)(?=\W*$|[,.;!?]| (?:en|au|il|y|la|cet|l|avant|le|kilos?|kg)(?![a-z])))?(?![\d/]|\.\d| ?(?:ans|fois|mg|jours|mois|semaines|comprim|personnes|enfants|sur|cigar\w*|heures))"
)


BESIDE = re.compile(  # "2,8 lundi, et 3,1 la semaine d'avant", "310 ce matin, 350 d'habitude"
    r"(?:, (?:et )?| et )(\d{1,3})(?:\.(\d{1,2})| (\d{1,2}|un)(?= ))? (?:la (?:semaine|fois) d avant|le (?:mois|coup) d avant|d habitude|habituellement|avant|la derniere fois|l an (?:dernier|passe)|le mois dernier)(?![a-z])"
)


def compared(said: Said, fact: Fact) -> Iterator[Fact]:
    """ "77, au lieu de 72", "7,6 contre 8,1 au printemps", "à onze, vous étiez à neuf": the earlier value beside the new one."""
    if not isinstance(fact.value, float) or said.lang != "fr" or fact.unit == "/10":
        return
    for match in (*COMPARED.finditer(said.sentence.norm), *BESIDE.finditer(said.sentence.norm)):
        part = match.group(2) or (match.group(3) or "").replace("un", "1")
        value = float(f"{match.group(1)}.{part}") if part else float(match.group(1))
        least, most = (LEAST, MOST) if fact.type == "vital" else (LEAST_OF_LAB, MOST_OF_LAB)
        if least * fact.value <= value <= most * fact.value and value != fact.value:
            yield _of_before(said, fact, value, match.start(1))


MOVED = re.compile(  # "de 59 à 56", "passé de 8,4 à 7,2", "de 82 je suis passé à 76"
    r"(?<![a-z])de (\d{1,3}(?:\.\d{1,2})?)(?: ?(?:kilos|kg|%))?,? (?:(?:je|il|elle|on) (?:suis|est) (?:passee?|descendue?|montee?|tombee?|remontee?) )?a (\d{1,3}(?:\.\d{1,2})?)(?![\d/]|\.\d| ?(?:ans|mg|heures|h\b|fois|jours|comprim|bouffees|gouttes))"
)
WEIGHS = re.compile(r"maigri|grossi|fondu|perdu|pris (?:du|\d+ ?(?:kilos|kg))|passee?|poids|pese|kilos")


def moved(said: Said) -> list[Fact]:
    """ "De cinquante-neuf à cinquante-six": the value of before and the one of now, both told as a change."""
    match = MOVED.search(said.sentence.norm) if said.lang == "fr" else None
    if match is None:
        return []
    old, new = float(match.group(1)), float(match.group(2))
    heard = f"{said.sentence.norm} {said.context}"
    for measure in MEASURES:
        named = re.search(measure.cue_fr, heard) or (measure.fr == "poids" and WEIGHS.search(heard))
        least, most = (LEAST, MOST) if measure.type == "vital" else (LEAST_OF_LAB, MOST_OF_LAB)
        near = least <= old / new <= most if new else False
        near = near and (measure.fr != "poids" or min(old, new) > LEAST_BARE_KG or re.search(r"kilos|kg", heard) is not None)
        if named and near and old != new and max(measure.low, LEAST_MOVED) <= min(old, new) and max(old, new) <= measure.high:
            now = replace(measured(said, measure, new, match.start(2)), temporality="current")
            return [now, _of_before(said, now, old, match.start(1))]
    return []


LEAST_BARE_KG = 25  # "de trois à quatre" counts something else
LEAST_MOVED = 3.0  # "de un à deux" counts something


def _of_before(said: Said, fact: Fact, value: float, at: int) -> Fact:
    """The measurement of `fact` as it was before."""
    when = when_said(said, at)
    return replace(
        fact,
        text=" ".join(filter(None, (fact.extra[0], when))),
        evidence=(fact.evidence[-1], *said.evidence()) if fact.evidence[-1] not in said.evidence() else fact.evidence,
        value=value,
        temporality="past",
        asserted_by=said.sentence.speaker,
        critical=False,
        detail=when,
        sentence=said.sentence.shown,
        extra=(fact.extra[0], when),
    )
