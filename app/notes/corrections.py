"""Words taken back: "la gauche, euh non, la droite" leaves only the right side to be read."""

import re
from dataclasses import replace

from app.notes.cues import cue, cues
from app.notes.text import Line
from app.notes.transcript import Language

MASK = "¤"  # matches no pattern, keeps every offset
MARK = cues("corrections.mark")
DAYS = {
    "fr": r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|avant hier",
    "en": r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday",
}
ORDINALS = {
    "fr": r"premiere?|deuxieme|seconde?|troisieme|quatrieme|cinquieme|sixieme",
    "en": r"first|second|third|fourth|fifth|sixth",
}
SIDES = {"fr": r"gauche|droite?", "en": r"left|right"}
OFTEN = {"fr": r"tous les (?:jours|soirs|matins)|toutes les nuits|un jour sur \d", "en": r"every (?:day|night)|daily"}
FILLER = {
    "fr": r"(?:\W|euh|heu|ah|oh|attendez|attends|je|l|ai|note|fois|matin|soir|midi|le|la|les|du|de|bieres?|verres?|"
    r"plaquettes?|semaines?|jours?|mois|avant|apres|un|en|an|ans|comprimes?|mg|milligrammes?|grammes?|par|maximum|max|vers|kilos?|heures?)*",
    "en": r"(?:\W|uh|um|oh|wait|well|times?|days?|weeks?|months?|maximum|at|most|per|grams?|milligrams?|mg|the|a|or|in|it s|was|morning|evening|night|years?)*",
}
LEFT_WINDOW = 70
RIGHT_WINDOW = 55
NUMBER = r"\d+(?:\.\d+)?(?:\s\d+(?:\.\d+)?)*"
FORM = r"(?:comprimes?|gelules?|cachets?|sachets?|bouffees?|gouttes?|tablets?|capsules?|pills?)"
RECOUNTED = re.compile(rf"((?:une?|one|a|\d+) {FORM})(\s?(?:…|\.\.\.)\s?)(?=(?:une?|one|\d+) {FORM})")
HESITATED = re.compile(rf"({NUMBER})(\s?(?:…|\.\.\.)\s?)(?={NUMBER}(?!\s?(?:…|\.\.\.)))")


def mask_corrections(line: Line, lang: Language) -> Line:
    """The line with what the speaker took back masked; the shown text stays whole, for it is still evidence."""
    norm = line.norm
    for mark in list(MARK[lang].finditer(norm)):
        norm = _mask_one(norm, mark, lang)
    norm = RECOUNTED.sub(lambda m: MASK * len(m.group(1)) + m.group(2), norm)
    norm = HESITATED.sub(lambda m: MASK * len(m.group(1)) + m.group(2), norm)
    return replace(line, norm=norm)


def _mask_one(norm: str, mark: re.Match[str], lang: Language) -> str:
    left, right = norm[max(0, mark.start() - LEFT_WINDOW) : mark.start()], norm[mark.end() : mark.end() + RIGHT_WINDOW]
    for kind in (DAYS[lang], ORDINALS[lang], SIDES[lang], OFTEN[lang], NUMBER):
        items = list(re.finditer(rf"(?<![a-z\d.])(?:{kind})(?![a-z\d])", left))
        if not items:
            continue
        last, first = items[-1], _first_of_run(items, left)
        comes_again = re.search(rf"(?<![a-z\d.])(?:{kind}{_numeric_too(kind, lang)})(?![a-z\d])", right)
        if (
            comes_again
            and (comes_again.group() != last.group() or items[first] is not last)
            and re.fullmatch(FILLER[lang], left[last.end() :])
            and _same_unit(left[last.end() :], right[comes_again.end() :], kind)
        ):
            start = mark.start() - len(left)
            return _blank(norm, start + items[first].start(), start + last.end())
    return norm


def _numeric_too(kind: str, lang: Language) -> str:
    return rf"|{NUMBER} fois" if kind == OFTEN["fr"] and lang == "fr" else ""


UNIT = cue("corrections.unit")


def _same_unit(after_left: str, after_right: str, kind: str) -> bool:
    if kind != NUMBER:
        return True
    one, two = UNIT.match(after_left), UNIT.match(after_right)
    return one is None or two is None or one.group(1)[:3] == two.group(1)[:3]


def _first_of_run(items: list[re.Match[str]], left: str) -> int:
    """Numbers said in one breath ("39 2", "1000 le matin et 500 le soir") are taken back together."""
    place = len(items) - 1
    while place > 0 and re.fullmatch(
        r"(?:\s|le|la|matin|midi|soir|et|un gramme|sur)*", left[items[place - 1].end() : items[place].start()]
    ):
        place -= 1
    return place


def _blank(norm: str, start: int, end: int) -> str:
    return norm[:start] + MASK * (end - start) + norm[end:]
