"""Words taken back: "la gauche, euh non, la droite" leaves only the right side to be read."""

import re
from dataclasses import replace
from itertools import pairwise

from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import Line
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
    norm = _mask_amounts(_mask_names(norm, lang))
    norm = _mask_nonsense(norm)
    norm = RECOUNTED.sub(lambda m: MASK * len(m.group(1)) + m.group(2), norm)
    norm = HESITATED.sub(lambda m: MASK * len(m.group(1)) + m.group(2), norm)
    return replace(line, norm=norm)


YES_TAKEN_BACK = re.compile(r"(?<![a-z])(?:oui|ouais)\W+(?:(?:enfin|euh|heu|ah|attendez|pardon)\W+)+(?=non(?! plus)(?![a-z]))")
NAMES_AGAIN = re.compile(  # between a name that is taken back and the right one
    r"\W*(?:oui\W+)?(?:(?:ah|euh|heu|enfin|pardon|attendez|mais|zut|oh)\W+)*(?:non(?! plus)|pardon|je veux dire|plutot|je me trompe)(?:\W+(?:pardon|non|attendez|je veux dire|c est|plutot|pas celui la|euh))*\W+(?:(?:du|de la|de l|des|le|la|l|les|un|une)\W?)?"
)


def _mask_names(norm: str, lang: Language) -> str:
    """ "Du Lasilix, enfin non, du Loxen" leaves only the second drug; "oui, enfin non" is a no."""
    if lang == "fr":
        norm = YES_TAKEN_BACK.sub(lambda m: MASK * len(m.group()), norm)
    named = find_drugs(norm)
    for wrong, right in pairwise(named):
        if wrong.drug.inn != right.drug.inn and NAMES_AGAIN.fullmatch(norm[wrong.end : right.start]):
            norm = _blank(norm, wrong.start, wrong.end)
    return norm


BROKEN_OFF = re.compile(  # the speaker stops in the middle and takes it up otherwise
    r"\s?(?:…|\.\.\.)\s?(?:(?:euh|heu|mais|ah|oh|uh|um|but|oh)\W+)*(?:non(?! plus)|attendez|attends|pardon|plutot|enfin|no|wait|sorry|actually|or rather)(?![a-z])"
)
AMOUNT = re.compile(  # an amount, and how often: what a dose is made of
    r"(?<![\w.])(?:\d+(?:\.\d+)?|une?|an?|one) ?(?P<unit>milligrammes?|mg|milligrams?|microgrammes?|grammes?|millilitres?|ml|comprimes?|tablets?|gelules?|gouttes?|drops?|bouffees?|puffs?|sachets?|unites?)"
    r"|(?P<often>(?:\d+|une|once|twice|three times) ?(?:fois|times)?(?: par jour| a day)|matin(?:,? midi)? et soir|(?:\d+ |une )fois(?: par \w+)?|toutes les \d+ heures|every \d+ hours|(?:le|au) (?:matin|soir|coucher))"
    r"|(?<![\w.])(?P<bare>\d+(?:\.\d+)?)(?! ?[a-z])"
)
HESITATES = re.compile(r"(?<![a-z])j hesite (?:a|entre) [^.…]{3,60}?(?=\s?(?:…|\.\.\.|,)\s?mais )")  # "j'hésite à vous remettre à 75… mais non"
REACH = 110  # characters in which what stands instead is told


def _mask_amounts(norm: str) -> str:
    """ "Un demi trois fois par jour… non, avec votre rein, un demi matin et soir": the amount that was broken off."""
    for told in list(BROKEN_OFF.finditer(norm)):
        begin = max(norm.rfind(mark, 0, told.start()) for mark in (", ", ". ", ": ", "; ", "…", "?", "!")) + 1
        then = THEN_NO.sub(lambda m: MASK * len(m.group()), norm[told.end() : told.end() + REACH])
        instead = re.split(r"[.?!…](?!\d)", then)[0]
        old, new = list(AMOUNT.finditer(norm, begin, told.start())), list(AMOUNT.finditer(instead))
        if old and {m.lastgroup for m in old} & {m.lastgroup for m in new} and old[-1].end() + ENDS_NEAR >= told.start():
            norm = _blank(norm, old[0].start(), told.start())
    return HESITATES.sub(lambda m: MASK * len(m.group()), norm)


NONSENSE = re.compile(
    r"(?<![a-z])(?:(?:je|j) (?:vous )?(?:dis|raconte) (?:des betises|n importe quoi|une betise)|je (?:me trompe|confonds|melange)|i m (?:getting (?:that|it) wrong|mixing))(?![a-z])"
)


def _mask_nonsense(norm: str) -> str:
    """ "À 87,5. Euh non, je vous dis des bêtises, c'est ma sœur. Moi c'est 75.": the number before gives way to the one after."""
    for told in list(NONSENSE.finditer(norm)):
        before = list(re.finditer(NUMBER, norm[max(0, told.start() - LEFT_WINDOW) : told.start()]))
        if before and re.search(NUMBER, norm[told.end() : told.end() + REACH]):
            start = max(0, told.start() - LEFT_WINDOW)
            norm = _blank(norm, start + before[-1].start(), start + before[-1].end())
    return norm


THEN_NO = re.compile(r"^[^.?!…]*[.?!…] (?=non,)")  # "attendez, c'est pas dosé pareil. Non, on garde 250"
ENDS_NEAR = 12  # characters between an amount and where it is broken off


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
