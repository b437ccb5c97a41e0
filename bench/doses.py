"""When two doses are the same: the amount in whatever unit, how often, at what hours and how long, read from both."""

import re
from collections.abc import Iterator
from typing import Any

from bench.words import plain

SCALES = {
    "kg": ("mass", 1e3), "U": ("units", 1.0), "[IU]": ("units", 1.0), "[iU]": ("units", 1.0), "UI": ("units", 1.0),
    "g": ("mass", 1.0), "mg": ("mass", 1e-3), "ug": ("mass", 1e-6), "µg": ("mass", 1e-6), "mcg": ("mass", 1e-6),
    "L": ("volume", 1.0), "l": ("volume", 1.0), "mL": ("volume", 1e-3), "ml": ("volume", 1e-3), "cL": ("volume", 1e-2),
    "m": ("length", 1.0), "cm": ("length", 1e-2), "mm": ("length", 1e-3),
}  # fmt: skip
NUMBER = r"(\d+(?:[.,]\d+)?|½|¼|¾)"
RANGE = rf"{NUMBER}(?: ?(?:a|-|ou|et) ?{NUMBER})?"
FORMS = (
    r"(compr|cp|cpr|tablet|gelule|capsule|sachet|pression|bouffee|puff|inhalation|ampoule|goutte|drop|injection|piqure|"
    r"ovule|suppositoire|patch|dose|cuillere|c\. a cafe|unite|application|noisette)"
)
PIECED = re.compile(rf"{RANGE} ?{FORMS}")
TIMES = r"(?:x|fois|times|prises?|injections?|comprimes?|sachets?|gelules?)?"
DAILY = re.compile(
    rf"(?:max |x ?|× ?|jusqu'a x?)?{RANGE} ?{TIMES} ?(?:/ ?|par |a |per |times a )(?:j\b|jour|day|nuit|d\b)"
)
WEEKLY = re.compile(rf"{RANGE} ?{TIMES} ?(?:/ ?|par |a |per )(?:sem|week|wk)")
EVERY_HOURS = re.compile(r"(?:toutes les |every |/ ?)(\d+) ?(?:h\b|heures|hours)")
SOME_DAYS = re.compile(r"(\d) jours sur (\d+)")
WEEKDAY = re.compile(
    r"\ble (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b|\bon (?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
HALF = re.compile(r"un (?:jour|soir|matin) sur deux|1 (?:jour|soir) sur 2|every other")
DAYS = {"j": 1, "d": 1, "s": 7, "w": 7, "m": 30}
LONG = re.compile(
    rf"(?<!depuis )(?<!tous les )(?<!sous )(?<!toutes les ){RANGE} ?(jours?|days?|d|sem\w*|weeks?|wk|mois|months?)\b(?! sur)(?! par)"
)
HOURS = {
    "morning": r"matin|petit.dej|au reveil|morning", "noon": r"\bmidi|dejeuner(?<!petit.dejeuner)|noon",
    "night": r"\bsoir|coucher|diner|\bnuit|evening|night|bedtime",
}  # fmt: skip
PIECES = frozenset(("cp", "cpr", "compr", "table", "gelul", "capsu"))
ONCE = re.compile(r"hier (?:au )?(?:soir|matin)|ce matin|ce soir|cette nuit|last night|this morning|yesterday")
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}


def same_amount(found: Any, unit: str | None, gold: Any, gold_unit: str | None) -> bool:
    """Whether two values are equal, each in its unit; equal texts where they are no numbers."""
    try:
        mine, wanted = float(found), float(gold)
    except (TypeError, ValueError):
        return str(found) == str(gold)
    kinds = [SCALES.get(str(name)) for name in (unit, gold_unit)]
    if kinds[0] and kinds[1]:
        return kinds[0][0] == kinds[1][0] and abs(mine * kinds[0][1] - wanted * kinds[1][1]) <= 1e-6 * abs(wanted * kinds[1][1])
    return abs(mine - wanted) < 1e-6


def same_schedule(found: str, gold: str) -> bool:
    """Whether how much, how often, when and how long agree, step by step where a dose tapers.

    What one of them leaves out is not changed by the other.
    """
    mine, wanted = list(_steps(found)), list(_steps(gold))
    for step in wanted:
        step["often"] |= {7.0 * len(step["hours"])} if step["hours"] else set()
    return all(_agree(step, wanted[min(n, len(wanted) - 1)]) for n, step in enumerate(mine))


def tells_how_often(found: str, gold: str) -> bool:
    """Whether how often a drug is taken is told where gold tells another rhythm than once a day."""
    wanted = next(_steps(gold))["often"] - {7.0}
    return not wanted or any(step["often"] for step in _steps(found))


def _agree(mine: dict[str, set[Any]], wanted: dict[str, set[Any]]) -> bool:
    parts = ("pieces", "often", "days", *(["hours"] if len(mine["hours"]) == len(wanted["hours"]) else []))
    return all(mine[part] <= wanted[part] for part in parts if wanted[part] and mine[part])


def _steps(text: str) -> Iterator[dict[str, set[Any]]]:
    """What each step of a schedule tells: pieces at a time, times a week, hours, days."""
    for step in re.split(r"\bpuis\b|\bthen\b", _figures(text)):
        hours = {hour for hour, words in HOURS.items() if re.search(words, step)}
        often = set(_rates(step)) or ({7.0 * len(hours)} if hours else set())
        if re.search(r"quotidien|tous les jours|chaque jour|daily|every day", step) and not often:
            often = {7.0}
        yield {
            "pieces": {(_piece(form), *_numbers(low, high)) for low, high, form in PIECED.findall(step)},
            "often": often,
            "hours": hours,
            "days": {tuple(n * DAYS[unit[0]] for n in _numbers(low, high)) for low, high, unit in LONG.findall(step)},
        }


def _figures(text: str) -> str:
    words = ONCE.sub("", plain(text))
    for fraction, sign in (("1/2", "½"), ("1/4", "¼"), ("3/4", "¾")):
        words = words.replace(fraction, sign)
    for word, figure in (("once", 1), ("twice", 2), ("three times", 3), ("four times", 4)):
        words = re.sub(rf"\b{word}(?: a| per)? (?=dai?ly?|day|week)", f"{figure} fois par ", words)
    return words.replace("par daily", "par day")


def _rates(step: str) -> Iterator[Any]:
    """Times a week, alone or as the two ends of a range."""
    share = SOME_DAYS.search(step)
    days = float(share[1]) * 7 / float(share[2]) if share else 7.0
    for low, high in DAILY.findall(step):
        yield _one([n * days for n in _numbers(low, high)])
    for low, high in WEEKLY.findall(step):
        yield _one(_numbers(low, high))
    for hours in EVERY_HOURS.findall(step):
        yield 7 * 24 / float(hours)
    if HALF.search(step):
        yield 3.5
    if WEEKDAY.search(step):
        yield 1.0


def _piece(form: str) -> str:
    return "piece" if form[:5] in PIECES else form[:5]


def _one(ends: list[float]) -> Any:
    return ends[0] if len(ends) == 1 else tuple(ends)


def _numbers(low: str, high: str) -> list[float]:
    return [FRACTIONS[n] if n in FRACTIONS else float(n.replace(",", ".")) for n in (low, high) if n]


SPANS = {"d": 1, "wk": 7, "mo": 30, "a": 365}
SPELLED = ("zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
SPAN = re.compile(rf"\b(\d+|{'|'.join(SPELLED)}|an?|one|two|three) (jour|day|sem|week|mois|month|an\b|year)")
SPAN_DAYS = {"jour": 1, "day": 1, "sem": 7, "week": 7, "mois": 30, "month": 30, "an": 365, "year": 365}
ENGLISH = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}


def spans(fact: dict[str, Any]) -> set[int]:
    """The delays or lengths that a fact tells, in days: by its value, else by its words."""
    if fact["value"] is not None and fact.get("unit") in SPANS:
        return {round(float(fact["value"]) * SPANS[fact["unit"]])}
    told = SPAN.findall(plain(fact["text"]).replace("une ", "un "))
    return {_whole_number(number) * SPAN_DAYS[unit] for number, unit in told}


def _whole_number(word: str) -> int:
    if word.isdigit():
        return int(word)
    return SPELLED.index(word) if word in SPELLED else ENGLISH[word]
