"""How often, when, how long and how much at most a drug is taken, as it is spoken: "trois fois par jour pendant six jours"."""

import re
from dataclasses import dataclass

from app.notes.drugs.day_doses import fraction, spread
from app.notes.drugs.dosing import COUNT, DOSE, FORMS, is_limit, number
from app.notes.drugs.week_days import DAYS_FR, taken_only
from app.notes.language.cues import cue, cues
from app.notes.transcript import Language

PER_DAY = cue("dosing.per_day")
SLOTS = {
    "fr": (
        (r"matin,? midi et soir|matin midi soir|matin,? (?:le )?midi,? (?:et )?(?:le )?soir", "matin, midi et soir", 3),
        (r"(?:un |une |le )?matin,? (?:et |un |une )?(?:le )?soir", "matin et soir", 2),
        (r"(?:un |une |le )?matin,? (?:et |un |une )?(?:le |a )?midi", "matin et midi", 2),
        (r"(?:un |une |le |a )?midi,? (?:et |un |une )?(?:le )?soir", "midi et soir", 2),
        (r"tous les soirs|toutes les nuits|le soir|au coucher|chaque soir|un le soir|au diner|au souper|avant de (?:me |vous |te |se |m |s )?(?:coucher|dormir|endormir)|en me couchant|au moment du coucher", "le soir", 1),
        (r"tous les matins|le matin|chaque matin|au petit dejeuner|au reveil|au lever|en me levant|en se levant|au saut du lit", "le matin", 1),
        (r"le midi|a midi|au dejeuner", "le midi", 1),
        (r"tous les jours|par jour(?! maximum)|chaque jour|quotidien|1/j", "1/j", 1),
    ),
    "en": (
        (r"(?:in the )?morning and (?:at |in the )?(?:night|evening)|morning and evening", "morning and evening", 2),
        (r"at bedtime|every night|at night|in the evening|nightly", "at night", 1),
        (r"in the morning|every morning", "in the morning", 1),
        (r"every day|daily|a day|each day|once a day", "daily", 1),
    ),
}
EVERY = re.compile(r"(?:toutes les|every) (\d+|une)(?: (?:a|to|ou|or) (\d+))? (?:heures|hours)")
ALTERNATE = {"fr": re.compile(r"un (jour|soir|matin) sur (?:deux|2)"), "en": re.compile(r"every other (day|night)")}
WEEKLY = cue("dosing.weekly")
DURATION = cue("dosing.duration")
MAXIMUM = cue("dosing.maximum")
GAP = re.compile(r"(?:au moins )?(?:at least )?(\d+) (?:heures|hours) (?:entre|between|apart|d intervalle|d ecart)")
AS_NEEDED = cues("dosing.as_needed")
ONCE = cues("dosing.once")
MEALS = cues("dosing.meals")
SITE = re.compile(  # "une goutte dans chaque œil", "deux pulvérisations par narine"
    r"(?<![a-z])(?:(?:dans|par|sur) (?:chaque|les (?:deux|2)|l|la) ?(?:(?:oe|œ)il|yeux|narines?|oreilles?)(?: (?:droite?|gauche))?|(?:oe|œ)il (?:droit|gauche)|sous la langue|a jeun(?= de))(?![a-z])"
)
FORMS_A_DAY = re.compile(r"(?<![\w.])(\d+) (bouffees|comprimes|gelules|cachets|sachets|gouttes|ampoules|doses) (?:par jour|dans la journee)(?! (?:au )?max)")
MOST_TIMES = 12  # a day


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a drug is taken: words for the note, and a compact sig such as "x3/j, 5 jours"."""

    words: tuple[str, ...] = ()
    sig: str = ""
    as_needed: bool = False
def find_schedule(norm: str, lang: Language) -> Schedule:
    """What a stretch of text says about how often, how long, how much at most."""
    norm = taken_only(norm) if lang == "fr" else norm
    count, often, sig = _rhythm(norm, lang)
    words = [*([count] if count else []), *often]
    needed = any(not re.search(r"(?:pas|not) $", norm[: m.start()]) for m in AS_NEEDED[lang].finditer(norm))
    most_grams = next((m for m in DOSE.finditer(norm) if is_limit(norm, m)), None)
    gap, limit, lasts = GAP.search(norm), MAXIMUM.search(norm), _duration(norm, lang)
    meal, site = MEALS[lang].search(norm), SITE.search(norm) if lang == "fr" else None
    if site:
        words.append(re.sub(r"(?<![a-z])oeil|(?<![a-z])œil", "œil", site.group()).replace("l œil", "l'œil").replace("cote", "côté"))
    if meal:
        words.append(_meal(meal.group(), lang))
    if needed:
        words.append("si besoin" if lang == "fr" else "as needed")
    if gap:
        words.append(f"{gap.group(1)} h entre les prises" if lang == "fr" else f"{gap.group(1)} h apart")
    if limit:
        most = next(filter(None, limit.groups()), "1")
        words.append(f"{most}/j maximum" if lang == "fr" else f"up to {most}/day")
        if not sig:
            sig = f"max {most}/j" if lang == "fr" else f"up to x{most}/day"
    if most_grams and not limit:
        amount = most_grams.group().replace(".", ",") if lang == "fr" else most_grams.group()
        words.append(f"maximum {amount} par jour" if lang == "fr" else f"up to {amount} a day")
    if lasts:
        words.append(lasts)
    compact = " ".join(filter(None, (count, sig)))
    return Schedule(tuple(dict.fromkeys(words)), ", ".join(filter(None, (compact, lasts))), needed)


def _rhythm(norm: str, lang: Language) -> tuple[str, list[str], str]:
    """How much each time, and how often in words and as a sig."""
    parts = spread(norm) if lang == "fr" else None
    if parts and not parts[1]:
        return "", [parts[0]], parts[0]
    count = _count(norm, lang) or (fraction(norm) if lang == "fr" else "")
    if count and lang == "fr" and FORMS_A_DAY.search(norm):
        return f"{count} par jour", [], ""
    if parts and "matin" in parts[0] and "soir" in parts[0] and "midi" not in parts[0]:
        return count, ["matin et soir"], "matin et soir"  # "deux le matin, deux le soir"
    return count, *_often(norm, lang)


def _meal(words: str, lang: Language) -> str:
    for plain, right in (
        ("a distance", "à distance"),
        ("a jeun", "à jeun"),
        ("a la fin", "à la fin"),
        ("debut", "début"),
        ("apres", "après"),
        ("the et du cafe", "thé et du café"),
    ):
        words = words.replace(plain, right) if lang == "fr" else words
    return words


def _count(norm: str, lang: Language) -> str:
    match = COUNT.search(norm)
    if not match:
        return ""
    form = next(names for names, pattern in FORMS if re.fullmatch(pattern, match.group(3)))
    first = f"{number(match.group(1)):g}"
    spoon = (
        {"a cafe": " à café", "a soupe": " à soupe"}.get(" ".join(match.group(3).split()[1:]), "")
        if lang == "fr"
        else ""
    )
    many = number(match.group(1)) >= 2 or match.group(2)
    amount = f"{first}-{match.group(2)}" if match.group(2) else first
    return f"{amount.replace('.', ',') if lang == 'fr' else amount} {form[0 if lang == 'fr' else 1]}{'s' if many and not form[0].endswith('h') else ''}{spoon}"


def _often(norm: str, lang: Language) -> tuple[list[str], str]:
    day, every, weekly, alternate = (
        PER_DAY.search(norm),
        EVERY.search(norm),
        WEEKLY.search(norm),
        ALTERNATE[lang].search(norm),
    )
    if ONCE[lang].search(norm):
        return ["prise unique" if lang == "fr" else "single dose"], "prise unique" if lang == "fr" else "single dose"
    if alternate:
        words = f"un {alternate.group(1)} sur deux" if lang == "fr" else f"every other {alternate.group(1)}"
        return [words], words
    limit = MAXIMUM.search(norm)
    slots = ((words, times) for pattern, words, times in SLOTS[lang] if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", norm))
    slot = next(slots, None)
    between = re.match(r"(\d+) (?:ou|a|or|to) (\d+)", day.group()) if day else None
    if between and not limit:
        span = f"{between.group(1)}-{between.group(2)}"
        return [f"× {span}/j" if lang == "fr" else f"{span} times a day"], f"x{span}/{'j' if lang == 'fr' else 'day'}"
    if day and not (limit and limit.start() <= day.start() < limit.end()):
        daily = _daily(day, lang)
        once = slot and slot[1] == 1 and daily[1] == "x1/j"  # "une fois par jour, le soir"
        return ([slot[0]], slot[0]) if slot and once else daily
    if every:
        first = every.group(1).replace("une", "1")
        span = f"{first}-{every.group(2)}" if every.group(2) else first
        return [f"toutes les {span} h" if lang == "fr" else f"every {span} hours"], f"/{span} h"
    counted = _in_days(norm, lang)
    if counted:
        return counted
    if weekly and re.search(r"\d|un|one|once|twice|par semaine|weekly|time", weekly.group()):
        return _weekly(weekly, lang)
    by_date = MONTHLY[lang].search(norm) or (None if slot else WEEKDAY[lang].search(norm))
    if by_date and not USED_TO.search(norm[: by_date.start()]):
        return [by_date.group()], by_date.group()
    if slot and not (limit and slot[0] in ("1/j", "daily")):
        return [slot[0]], slot[0] if slot[1] == 1 else f"{slot[0]}"
    return [], ""


def _daily(day: re.Match[str], lang: Language) -> tuple[list[str], str]:
    times = next((number(g) for g in day.groups() if g), None) or (
        2 if re.search(r"twice|bid", day.group()) else 3 if re.search(r"three|tid", day.group()) else 1
    )
    if times > MOST_TIMES:
        return ["1/j" if lang == "fr" else "daily"], "1/j" if lang == "fr" else "daily"
    words = f"× {times:g}/j" if lang == "fr" else f"{_times(times)} a day"
    return [words], f"x{times:g}/{'j' if lang == 'fr' else 'day'}"


MOST_A_WEEK = re.compile(
    r"(?:pas plus de|au plus|maximum|no more than|at most) (\d+) (?:jours|fois|days|times) (?:par semaine|a week|per week)(?![a-z])"
)


def _in_days(norm: str, lang: Language) -> tuple[list[str], str] | None:
    """ "Onze jours le mois dernier", "pas plus de deux jours par semaine". """
    most = MOST_A_WEEK.search(norm)
    if most:
        return [most.group()], f"max {most.group(1)}/{'sem' if lang == 'fr' else 'week'}"
    found = OF_THE_MONTH.search(norm)
    if not found:
        return None
    unit = "jours/mois" if lang == "fr" else "days/month"
    return [found.group().replace("ce mois ci", "ce mois-ci")], f"{found.group(1)} {unit}"


OF_THE_MONTH = re.compile(
    r"(?<![\w.])(\d+) (?:jours|days) (?:par mois|le mois dernier|ce mois ci|a month|last month|this month)(?![a-z])"
)


WEEKDAY = {
    "fr": DAYS_FR,
    "en": re.compile(r"(?<![a-z])(?:on|every) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?(?![a-z])"),
}  # fmt: skip
USED_TO = re.compile(r"(?<![a-z])(?:avant|c etait|before|used to)(?![a-z])[^.]*$")
MONTHLY = {
    "fr": re.compile(r"(?<![a-z])(?:tous les (?:\d+ )?mois|une fois par mois|(?:toutes les|tous les) (?:\d+ (?:semaines|jours)|quinze jours))(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:every (?:month|\d+ (?:months|weeks|days))|once a month|monthly)(?![a-z])"),
}  # fmt: skip


HOW_OFTEN = re.compile(r"(?<![a-z])combien de ((?:fois|jours) par (?:jour|semaine|mois))")
BARE_COUNT = re.compile(
    r"\W*(?:(?:oh|ben|euh|bah|alors|dans les|je dirais|en ce moment|la|actuellement|maintenant|plutot|entre)\W+)*(\d+(?:\W+(?:ou|a|et)?\W*\d+)?)(?: (?:fois|jours))?(?=\W*(?:$|[.,]))"
)


def told_often(question: str, answer: str) -> Schedule:
    """ "Combien de jours par semaine ?" - "Quatre, cinq."; an empty schedule where the answer is no bare count."""
    asked, count = HOW_OFTEN.search(question), BARE_COUNT.match(answer)
    if not asked or not count:
        return Schedule()
    return find_schedule(f"{' ou '.join(re.findall(r'[0-9]+', count.group(1)))} {asked.group(1)}", "fr")


def _weekly(match: re.Match[str], lang: Language) -> tuple[list[str], str]:
    first = match.group(1)
    times = number(first) if first else 2.0 if "twice" in match.group() else 1.0
    amount = f"{times:g}-{match.group(2)}" if match.group(2) else f"{times:g}"
    return [
        f"{amount} fois/semaine" if lang == "fr" else f"{amount}/week"
    ], f"{amount}/sem" if lang == "fr" else f"{amount}/week"


def _times(times: float) -> str:
    return {1: "once", 2: "twice"}.get(int(times), f"{times:g} times")


FROM_AN_EVENT = re.compile(  # "jusqu'à sept jours après le retour" is not how long it lasts
    r"\w{0,2} (?:apres|avant|after|before) (?:le|la|l|les|votre|the|your|you|coming|leaving|getting)(?![a-z])"
)


def _duration(norm: str, lang: Language) -> str:
    for match in DURATION.finditer(norm):
        before = norm[max(0, match.start() - 22) : match.start()]
        if re.search(
            r"dans $|tous les $|toutes les $|every $|il y a $|y a $|depuis (?:\w+ )?$|ca fait (?:\w+ )?$|(?<![a-z])in $|after $|au bout d|over $|last $|past $|par $|since|preservatif|reste (?:\w+ )?$|(?:j en ai|en ai) (?:encore |plus que |que )?(?:pour )?$",
            before,
        ) or FROM_AN_EVENT.match(norm[match.end() :]):
            continue
        if re.match(r" (?:(?:par|a|per) (?:semaine|mois|week|month)|le mois dernier|ce mois ci|last month|this month)", norm[match.end() :]):
            continue
        amount = match.group(1) or "1"
        if not match.group(1) and not re.match(r"pendant|durant|pour|for", match.group()):
            continue
        span = f"{amount}-{match.group(2)}" if match.group(2) else amount
        unit = match.group(4)
        return f"{span} {unit}{' maximum' if match.group(5) else ''}"
    return ""
