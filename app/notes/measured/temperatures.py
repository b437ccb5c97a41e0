"""Temperature as it is spoken: "trente-huit cinq", "trente-neuf et demi", "38 degrés 4", "98.6"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.language.polarity import CONDITIONS
from app.notes.language.units import Sentence, Visit
from app.notes.measured.readings import TEMPERATURE, Said, measured, names_another

CELSIUS = re.compile(
    r"(?<![\d./])(3[4-9]|4[0-2])(?:(?:\.|(?: degres?)? (?:et |virgule )?| )(\d{1,2}|un(?= (?:ce|cette|hier|le|sous|au|dans|apres|sans)|[,.!?]|$)|demie?(?![a-z]))(?: dixiemes?)?)?"
    r"(?!\d|\.\d|/| ?(?:kilos?|kg|ans|sur|semaines|over|%|par|mg|euros?|unites?|comprim|jours|fois|milli))"
)
AIMED = re.compile(r"heures? $|dessus|over|above|plus de|below|depass\w+|jusqu a ce|passe (?:a )?$|moins de|dessous|sous les? $|atteint|(?<!c etait )(?<!j ai eu )(?<!pris )(?<!faisait )(?<!eu )(?<![a-z])l[ea] $")
NEARLY = re.compile(r"(?:(?:un )?(?:tout petit )?(?:peu|poil|chouia)|a peine|juste|legerement) (?:plus de|au dessus de|plus que) $")
ROUND = re.compile(r",? (?:tout ronds?|pile|tapant|de fievre|de temperature)(?![a-z])")
VAGUE = re.compile(r" ?(?:degres? )?(?:et (?:quelque|des|un peu)|(?:point|virgule) quelque|quelque)")
FEVERISH = re.compile(r"fievre|temperature|degre|thermometre")
BEFORE = 22  # characters in which a limit is named
APART = 1.1  # degrees between the ends of "38, 38.5"
ONE_BREATH = re.compile(r"\d(?:,| ou| a| et|…) ?\d")
SPOKEN_ALONE = re.compile(r"ce matin|hier|sous (?:le|l) (?:bras|aisselle)|au front|oreille|thermometre|cette nuit|ce soir|tout a l heure|frontal")


def temperatures(said: Said) -> Iterator[Fact]:
    """Every temperature of a sentence; limits, conditions and what only looks like one are none."""
    if said.lang == "en":
        yield from _fahrenheit(said)
    found = list(_celsius(said))
    yield from _as_range(found, said) or found


OF_A_DOSE = re.compile(r"(?<![a-z])(?:gelules?|comprimes?|milligrammes?|mg|dose|un jour sur|pendant \d|en (?=3[4-9]))")
DOSE_TURNS = 3


def repeats_a_dose(fact: Fact, sentence: Sentence, visit: Visit) -> bool:
    """ "Une gélule de trente-sept cinq." - "Oui, trente-sept cinq.": the figure is a dose, said again, and no temperature."""
    if fact.label != TEMPERATURE.fr or isinstance(fact.value, str) or FEVERISH.search(sentence.line.norm) or sentence.speaker == "doctor":
        return False
    figure = re.compile(rf"(?<![\d.]){f'{fact.value:g}'.replace('.', '[. ]')}(?!\d)")
    near = (s.norm for s in visit.sentences if sentence.turn - DOSE_TURNS <= s.turn < sentence.turn and s.speaker == "doctor")
    return any(figure.search(norm) and OF_A_DOSE.search(norm) and not FEVERISH.search(norm) for norm in near)


def _as_range(found: list[Fact], said: Said) -> list[Fact]:
    """ "36.7, 36.8": two readings of one breath."""
    values = [f.value for f in found if isinstance(f.value, float)]
    norm = said.sentence.norm
    if len(values) != 2 or not ONE_BREATH.search(norm) or re.search(r"hier|matin|soir|nuit|puis|avant|apres", norm):
        return []
    low, high = values
    return [replace(found[0], value=f"{low:g}-{high:g}")] if 0 < high - low <= APART else []


def _celsius(said: Said) -> Iterator[Fact]:
    norm = said.sentence.norm
    announced = said.announced(TEMPERATURE.cue(said.lang))
    for match in CELSIUS.finditer(norm):
        before = norm[: match.start()]
        aimed = AIMED.search(before[-BEFORE:]) and not NEARLY.search(before)
        if CONDITIONS[said.lang].search(before) or aimed or VAGUE.match(norm, match.end()):
            continue
        tenth = {"un": "1", "demi": "5", "demie": "5"}.get(match.group(2) or "", match.group(2) or "")
        if not _is_one(said, norm, tenth, match, announced=announced):
            continue
        yield measured(said, TEMPERATURE, float(f"{match.group(1)}.{tenth or 0}"), match.start())


def _is_one(said: Said, norm: str, tenth: str, match: re.Match[str], *, announced: bool) -> bool:
    if not tenth and ROUND.match(norm, match.end()):
        return said.sentence.speaker != "doctor"
    if not tenth:  # a whole number needs its name
        return announced and (said.lang == "en" or FEVERISH.search(norm + said.context) is not None)
    if len(tenth) > 1 and "." not in match.group():
        return False
    if announced:
        return True
    halves = tenth == "5" and ("." in match.group() or "demi" in match.group())
    return said.sentence.speaker != "doctor" and not (halves and said.lang == "fr" and not SPOKEN_ALONE.search(norm))


def _fahrenheit(said: Said) -> Iterator[Fact]:
    norm = said.sentence.norm
    for match in re.finditer(r"(?<![\d./])(9[5-9]|10[0-6])(?:\.(\d))?(?!\d|\.\d|/)", norm):
        if (
            said.announced(r"temperature|fever|fahrenheit|temp\b|vital")
            and not re.search(r"%|percent|over|kilo|pound|bpm", norm[max(0, match.start() - 18) : match.end() + 9])
            and not CONDITIONS["en"].search(norm[: match.start()])
            and not names_another(TEMPERATURE, norm[: match.start()], "en")
        ):
            yield measured(said, TEMPERATURE, float(match.group().rstrip(".")), match.start(), "[degF]")
