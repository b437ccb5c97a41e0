"""Blood pressure as it is spoken: "quatorze huit", "treize et demi sur sept", "142, 88", "15 en haut, 9 en bas"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.language.polarity import CONDITIONS
from app.notes.measured.readings import MEASURES, PRESSURE, Said, measured

HIGH, LOW = r"(\d{1,3}(?:\.\d)?)(?: (\d)(?= ?(?:sur|/) ?\d))?", r"(\d{1,3}(?:\.\d)?)(?: (\d)(?!\d|\.\d| ?[a-z%]))?"
NOT_COUNTED = r"(?!\d|\.\d|/\d| ?(?:mg|fois|jours|ans|semaines|mois|%|milli|heures?\b|h\b|kilo|kg|out|grammes?|minutes|centi|cm|comprim|virgule))"
PAIR = re.compile(rf"(?<![\d.])(?:1 (?=1\d \d))?{HIGH}(?: ?(sur|/|over)(?: les)?[ …¤]*|( )|(, ?(?:et )?|(?: et )))(?:toujours )?{LOW}{NOT_COUNTED}")
NAMED_PARTS = re.compile(  # "15 en haut et 9 en bas", "la maxi à 15, la mini à 9", "systolique 152, diastolique 94"
    r"(?<![\d.])(\d{1,3}(?:\.\d)?) (?:en haut|de haut|de maxi\w*|de systolique|pour la (?:maxi\w*|haute|systolique|grande))[ ,]+(?:et |pour )?(\d{1,3}(?:\.\d)?) (?:en bas|de bas|de mini\w*|de diastolique|pour la (?:mini\w*|basse|diastolique|petite))"
    r"|(?:maxi\w*|systolique|la haute|la grande|celle du haut|le premier|le chiffre du haut|(?<![a-z])(?:le |la |en )?haute?)[ :]+(?:(?:est|a|de|c est|fait|etait) )*(\d{1,3}(?:\.\d)?)[ ,]+(?:et )?(?:(?:la|le|celle|en) )?(?:mini\w*|diastolique|basse|petite|(?:du )?bas|deuxieme|second|chiffre du bas)[ :]+(?:(?:est|a|de|c est|fait|etait) )*(\d{1,3}(?:\.\d)?)"
)
BETWEEN = re.compile(  # "entre treize et treize et demi, toujours huit en bas"
    r"(?<![a-z])(?:entre )?(\d{1,3}(?:\.5)?) (?:et|a|ou) (\d{1,3}(?:\.5)?)(?:,? ?sur ?|,? (?:et |toujours |pour |avec )*)(\d{1,3}(?:\.5)?)(?: en bas| de mini\w*|(?=\W*$|[,.;]))"
)
STRONG = re.compile(r"(?<![a-z])(?:une pointe|tension\w*|pression|ta|brassard|systol\w*|bras|tensiometre|pressure|bp)(?![a-z])")
AIMED = {
    "fr": re.compile(r"dessous de|(?<!la tension )au dessus|objectif|le but|la cible|(?:on|je) (?:veut|veux|vise|voudrais|cherche)|rester sous|viser|ideal|la limite|passer sous|moins de|depassez?"),
    "en": re.compile(r"below|goal|target|less than"),
}
LEAST_SPOKEN_HIGH = 90
LEAST_APART, MOST_APART = 20, 110  # mmHg between the two figures when only a comma parts them
AIM_REACH = 80  # characters


def pressures(said: Said) -> Iterator[Fact]:
    """Every pressure of a sentence, in mmHg whatever the unit it was spoken in; aims and conditions are none."""
    norm = said.sentence.norm
    if AIMED[said.lang].search(norm[:AIM_REACH]) and said.sentence.speaker == "doctor":
        return
    taken = 0
    for match in _spoken(said, norm):
        value = _millimetres(match, said)
        if value is None or match.start() < taken or _conditional(norm[: match.start()], said):
            continue
        taken = match.end()
        yield _in_position(measured(said, PRESSURE, value, match.start()), said, match.start(), match.end())


def _spoken(said: Said, norm: str) -> list[re.Match[str]]:
    strong = bool(STRONG.search(norm) or STRONG.search(said.context))
    apart = [m for pattern in (NAMED_PARTS, BETWEEN) for m in pattern.finditer(norm)] if strong and said.lang == "fr" else []
    return sorted([*apart, *PAIR.finditer(norm)], key=lambda m: (m.start(), -m.end()))


def _conditional(before: str, said: Said) -> bool:
    own = re.split(r"[.;]", re.sub(r"^\W*sinon ", "", before))[-1]
    aimed = AIMED[said.lang].search(own[-AIM_REACH:]) if said.lang == "fr" else None
    return bool(CONDITIONS[said.lang].search(own) or aimed)


def _millimetres(match: re.Match[str], said: Said) -> str | None:
    if match.re is BETWEEN:
        least, most, low = (_scaled(float(x)) for x in match.groups())
        fits = 70 <= least < most <= 260 and 30 <= low < least and most - least <= LEAST_APART + 10
        return f"{least:g}-{most:g}/{low:g}" if fits else None
    if match.re is NAMED_PARTS:
        high, low = (_scaled(float(x)) for x in match.groups() if x)
        return f"{high:g}/{low:g}" if 70 <= high <= 260 and 30 <= low < high else None
    return _of_pair(match, said)


def _scaled(value: float) -> float:
    return value * 10 if value < 26 else value


def _of_pair(match: re.Match[str], said: Said) -> str | None:
    high = float(match.group(1)) + (float(match.group(2)) / 10 if match.group(2) else 0)
    mark, space, comma, low = match.group(3), match.group(4), match.group(5), float(match.group(6))
    norm = said.sentence.norm
    announced = said.announced(PRESSURE.cue_fr if said.lang == "fr" else r"pressure|readings")
    strong = said.announced(STRONG.pattern)
    if space and not strong and ON_THE.search(norm[: match.start()]):
        return None  # "le dix-huit cinq": on a date
    if (space and not announced) or (comma and not (strong and said.lang == "fr")):
        return None
    in_centimetres = said.lang == "fr" and 8 <= high <= 25 and 4 <= low <= 14 and high > low
    if in_centimetres and (strong or not re.search(r"douleur|echelle", norm + said.context)):
        if mark and not announced and low == 10:
            return None
        if match.group(7) and mark:
            low += float(match.group(7)) / 10
        high, low = round(high * 10), round(low * 10)
    if not mark and (high < LEAST_SPOKEN_HIGH or _names_a_lab(norm, said)):
        return None  # "l'hémoglobine glyquée, huit quatre"
    if comma and not LEAST_APART <= high - low <= MOST_APART:
        return None
    return f"{high:g}/{low:g}" if 70 <= high <= 260 and 30 <= low <= 150 and high > low else None


ON_THE = re.compile(r"(?<![a-z])(?:le|du|au) $")


def _names_a_lab(norm: str, said: Said) -> bool:
    return any(re.search(m.cue(said.lang), norm) for m in MEASURES if m.type == "lab")


PLACE = r"(?:en position )?(couch[ée]e?|allong[ée]e?|debout|assise?|lying|standing|sitting)(?![a-z])"
POSITION = re.compile(rf"[, ]{{1,2}}{PLACE}", re.IGNORECASE)
POSITION_BEFORE = re.compile(rf"{PLACE}[ ,:]+(?:(?:[çc]a (?:fait|faisait|donne|donnait)|c['’](?:est|[ée]tait)|elle (?:a|fait|avait)|il (?:a|fait|avait)|[àa])[ ,:]+)?$", re.IGNORECASE)


def _in_position(fact: Fact, said: Said, start: int, end: int) -> Fact:
    """ "Treize sept couchée, et dix six debout": what makes the two differ."""
    shown, base = said.sentence.line.shown, said.sentence.start
    place = POSITION_BEFORE.search(shown[base : base + start]) or POSITION.match(shown, base + end)
    if not place:
        return fact
    words = ", ".join(filter(None, (place.group(1).lower(), fact.detail)))
    return replace(fact, text=f"{fact.extra[0]} {words}", detail=words, extra=(fact.extra[0], words))
