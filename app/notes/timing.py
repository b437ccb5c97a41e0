"""When and how often: the time phrases that belong to a fact, as spans to quote."""

import re

from app.notes.transcript import Language

DAY_FR = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
MONTH_FR = r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)"
PART_FR = r"(?: (?:soir|matin|midi|apres midi|dernier))*"
LENGTH_FR = r"(?:bien |environ |a peu pres |presque |plus de |moins de |bientot |a peine )?(?:\d+(?:\.5)?(?:,? (?:ou )?\d+)?|une?|quelques|plusieurs) (?:dizaine de |quinzaine de )?(?:jours?|semaines?|mois|ans?|annees?|heures?|minutes?)(?: et demie?)?"
DAY_EN = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
MONTH_EN = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
LENGTH_EN = r"(?:about |around |almost |over |nearly |at least )?(?:the (?:last|past) )?(?:\d+(?:\.5)?(?:,? (?:to |or )?\d+)?|a|an|one|a few|several|few|a couple(?: of)?|couple of) (?:hours?|days?|weeks?|months?|years?|minutes?)"

SINCE = {
    "fr": re.compile(rf"depuis (?:hier{PART_FR}|avant hier|ce matin|cette nuit|ce midi|{DAY_FR}{PART_FR}|{LENGTH_FR}|(?:debut |fin |mi )?{MONTH_FR}(?: \d{{4}})?|"
                     rf"(?:cet|l) (?:ete|hiver|automne|enfance)|le (?:printemps|debut|week end|college|lycee|matin)|toujours|longtemps|\d{{4}}|paques|noel|"
                     rf"(?:toute? )?petite?|la (?:rentree|naissance|semaine derniere)|tout a l heure|quand \w+)|(?:ca|cela) fait {LENGTH_FR}|(?:il )?y a {LENGTH_FR}"
                     rf"|(?:a |ont |est )?(?:commence|demarre|debute|venu|arrive)[ers]? (?:¤+\W+(?:(?:euh|non)\W+)*)?(?:hier{PART_FR}|{DAY_FR}{PART_FR}|ce matin|cette nuit|il y a {LENGTH_FR})"),
    "en": re.compile(rf"since (?:(?:last |this |about )?(?:yesterday(?: \w+)?|{DAY_EN}(?: (?:morning|evening|night))?|{MONTH_EN}|morning|week(?:end)?|month|year|summer|winter|\d{{4}}|then|childhood))|"
                     rf"for (?:the (?:last|past) )?{LENGTH_EN}|{LENGTH_EN} ago|over the (?:last|past) {LENGTH_EN}|(?:started|began|came on) (?:on |last |about |around )?(?:{DAY_EN}|yesterday|{LENGTH_EN} ago)(?: (?:morning|evening|night))?"
                     rf"|(?:the )?(?:last|past) {LENGTH_EN}"),
}
OFTEN = {
    "fr": re.compile(r"(?:\d+|une|quelques)(?:,? (?:ou |a )?\d+)? fois (?:par (?:jour|semaine|mois|an|nuit)|dans la journee|sur \d+|sur deux|la nuit)|une fois sur (?:deux|\d)|"
                     r"tous les (?:jours|soirs|matins|\d+ jours|week ends?)|toutes les (?:nuits|\d+ (?:heures|minutes)|semaines|heures|demi heures)|"
                     r"un (?:jour|soir) sur (?:deux|2|trois|3)|de temps en temps|(?:\d+|une?) par (?:jour|semaine|mois|an)|le (?:soir|matin|week end)|la nuit|a l effort|rarement|tout le temps|parfois|en permanence"),
    "en": re.compile(r"(?:\d+|once|twice|a couple(?: of)?|a few)(?: (?:to|or) \d+)?(?: times)? (?:a|per|each|every) (?:day|week|month|year|night)|every (?:day|night|morning|evening|week|other day|\d+ (?:hours|days|weeks))|"
                     r"at night|in the (?:morning|evening)s?|on exertion|with exercise|all the time|occasionally|now and then|intermittent(?:ly)?|comes and goes|constant(?:ly)?"),
}
YEAR = re.compile(r"(?<![\d.])(?:19[3-9]\d|20[0-4]\d)(?![\d.])")
AT_AGE = {"fr": re.compile(r"a \d{1,2} ans"), "en": re.compile(r"(?:at|when i was) (?:the age of )?\d{1,2}")}


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
    age = AT_AGE[lang].search(norm)
    if not age:
        return ""
    number = re.search(r"\d+", age.group())
    return (f"à {number.group()} ans" if lang == "fr" else f"at age {number.group()}") if number else ""
