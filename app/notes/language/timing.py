"""When and how often: the time phrases that belong to a fact, as spans to quote."""

import re

from app.notes.language.cues import cues
from app.notes.transcript import Language

DAY_FR = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
MONTH_FR = r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)"
LENGTH_FR = r"(?:bien |environ |a peu pres |presque |plus de |moins de |bientot |a peine )?(?:\d+(?:\.5)?(?:,? (?:ou )?\d+)?|une?|quelques|plusieurs) (?:dizaine de |quinzaine de )?(?:jours?|semaines?|mois|ans?|annees?|heures?|minutes?)(?: et demie?)?"
DAY_EN = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
LENGTH_EN = r"(?:about |around |almost |over |nearly |at least )?(?:the (?:last|past) )?(?:\d+(?:\.5)?(?:,? (?:to |or )?\d+)?|a|an|one|a few|several|few|a couple(?: of)?|couple of) (?:hours?|days?|weeks?|months?|years?|minutes?)"

DAY_OF = {
    "fr": re.compile(rf"(?<![a-z])(?:{DAY_FR}(?: dernier)?|(?:avant )?hier|la semaine derniere|l (?:hiver|automne|ete|an) dernier|le (?:printemps|mois) dernier|il y a {LENGTH_FR})(?![a-z])"),
    "en": re.compile(rf"(?<![a-z])(?:(?:on |last )?{DAY_EN}|yesterday|last (?:week|month|year|winter|spring|summer|fall|autumn)|{LENGTH_EN} ago)(?![a-z])"),
}
SINCE = cues("timing.since")
OFTEN = cues("timing.often")
YEAR = re.compile(r"(?<![\d.])(?:19[3-9]\d|20[0-4]\d)(?!\d|\.\d)")
AT_AGE = {"fr": re.compile(r"(?<!y )a \d{1,2} ans"), "en": re.compile(r"(?:at|when i was) (?:the age of )?\d{1,2}")}


AGO = {"fr": re.compile(r"y a (\d{1,2}) ans"), "en": re.compile(r"(\d{1,2}) years ago")}


def time_phrase(norm: str, lang: Language) -> tuple[int, int] | None:
    """Where a sentence says since when, or None."""
    match = SINCE[lang].search(norm)
    return match.span() if match else None


def frequency_phrase(norm: str, lang: Language) -> tuple[int, int] | None:
    """Where a sentence says how often, or None."""
    match = OFTEN[lang].search(norm)
    return match.span() if match else None


def date_phrase(norm: str, lang: Language) -> str:
    """The year or age that a sentence names, worded for a note: "2019", "à 19 ans"; empty when none."""
    year = YEAR.search(norm)
    if year:
        return f"en {year.group()}" if lang == "fr" else f"in {year.group()}"
    ago = AGO[lang].search(norm)
    if ago:
        return f"il y a {ago.group(1)} ans" if lang == "fr" else f"{ago.group(1)} years ago"
    age = AT_AGE[lang].search(norm)
    if not age:
        return ""
    number = re.search(r"\d+", age.group())
    return (f"à {number.group()} ans" if lang == "fr" else f"at age {number.group()}") if number else ""
