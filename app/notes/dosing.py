"""Doses and schedules as they are spoken: "un gramme trois fois par jour pendant six jours"."""

import re
from dataclasses import dataclass

from app.notes.cues import cue, cues
from app.notes.day_doses import fraction, spread
from app.notes.transcript import Language

NUM = r"(\d+(?:\.\d+)?|une?|one|an?)"
UNITS = (
    ("mg", r"milligrammes?|milligrams?|milli ?g|mgs?|milligramme"),
    ("µg", r"microgrammes?|micrograms?|mcg|µg|ug|gammas?"),
    ("g", r"grammes?|grams?|g"),
    ("mL", r"millilitres?|milliliters?|ml|cc"),
    ("UI", r"unites?(?: internationales?)?|units?|ui|iu"),
    ("mEq", r"meq|milliequivalents?"),
)
UCUM = {"µg": "ug", "UI": "[iU]", "mL": "mL"}
FORMS = (
    (("comprimé", "tablet"), r"comprimes?|cachets?|tablets?|pills?|tabs?|cp"),
    (("gélule", "capsule"), r"gelules?|capsules?"),
    (("sachet", "sachet"), r"sachets?"),
    (("bouffée", "puff"), r"bouffees?|puffs?"),
    (("inhalation", "inhalation"), r"inhalations?"),
    (("goutte", "drop"), r"gouttes?|drops?"),
    (("injection", "injection"), r"injections?|piqures?|shots?"),
    (("ampoule", "ampoule"), r"ampoules?"),
    (("application", "application"), r"applications?"),
    (("cuillère", "spoonful"), r"cuilleres?(?: a (?:cafe|soupe))?|teaspoons?|tablespoons?|spoonfuls?"),
    (("pulvérisation", "spray"), r"pulverisations?|sprays?"),
    (("patch", "patch"), r"patch(?:s|es)?"),
    (("suppositoire", "suppository"), r"suppositoires?"),
    (("dose", "dose"), r"doses?"),
    (("pression", "pump"), r"pressions?|pumps?"),
    (("ovule", "vaginal tablet"), r"ovules?|pessar(?:y|ies)"),
)
DOSE = re.compile(rf"(?<![\w.]){NUM} ?(?:({'|'.join(f'(?:{p})' for _, p in UNITS)})(?![a-z])( et demie?| and a half)?)")
BARE = cue("dosing.bare")
COUNT = re.compile(rf"(?<![\w.]){NUM}(?:,? (?:ou|a|or|to) (\d+))? ({'|'.join(p for _, p in FORMS)})(?![a-z])")
PER_DAY = cue("dosing.per_day")
TIMES_ONLY = re.compile(r"(?<![\w.])(\d+) fois(?! par (?:semaine|mois|an))(?![a-z])")
SLOTS = {
    "fr": (
        (r"matin,? midi et soir|matin midi soir|matin,? (?:le )?midi,? (?:et )?(?:le )?soir", "matin, midi et soir", 3),
        (r"(?:un |une |le )?matin,? (?:et |un |une )?(?:le )?soir", "matin et soir", 2),
        (r"tous les soirs|le soir|au coucher|chaque soir|un le soir|au diner|au souper|avant de (?:me |vous |te |se |m |s )?(?:coucher|dormir|endormir)|en me couchant|au moment du coucher", "le soir", 1),
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
NUMBER_WORDS = {"un": 1.0, "une": 1.0, "one": 1.0, "a": 1.0, "an": 1.0}


@dataclass(frozen=True, slots=True)
class Dose:
    """An amount: value and unit ("mg"); `written` is how a note writes it. `bare` when the unit was not said."""

    value: float
    unit: str
    bare: bool = False

    def written(self, lang: Language) -> str:
        value = f"{self.value:g}"
        if self.unit == "kg":
            return f"dose pour {value.replace('.', ',')} kg" if lang == "fr" else f"dose for {value} kg"
        return f"{value.replace('.', ',') if lang == 'fr' else value} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a drug is taken: words for the note, and a compact sig such as "x3/j, 5 jours"."""

    words: tuple[str, ...] = ()
    sig: str = ""
    as_needed: bool = False
# Strengths that tablets and vials really have.
STRENGTHS_MG = frozenset((
    0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.25, 1.5, 2.5, 3.75, 4, 5, 7.5, 8, 10, 12.5, 14, 15, 16, 17.5, 18, 20, 21, 22.5, 25, 27, 30, 32, 35, 36, 37.5, 40, 45, 50, 54, 55, 60,
    62.5, 70, 75, 80, 87.5, 88, 90, 100, 110, 112, 112.5, 120, 125, 137, 137.5, 150, 160, 180, 200, 220, 225, 240, 250, 300, 320, 325, 350, 375,
    400, 450, 500, 550, 600, 650, 750, 800, 850, 875, 1000,
))


def number(text: str) -> float:
    """The value of a matched number or article."""
    return NUMBER_WORDS.get(text) or float(text)


def find_dose(norm: str, *, bare_unit: str = "", lang: Language = "fr") -> tuple[Dose, int, int] | None:
    """The first dose in a stretch of text and its span; a bare number counts when `bare_unit` is given."""
    norm = _as_meant(norm, lang)
    if _uneven(norm, lang):
        return None
    match = next((m for m in DOSE.finditer(norm) if not is_limit(norm, m)), None)
    if match:
        unit = next(name for name, pattern in UNITS if re.fullmatch(pattern, match.group(2)))
        if not (unit == "g" and match.group(1) in ("a", "an")):
            value = number(match.group(1)) + (0.5 if match.group(3) else 0)
            return Dose(value, unit), match.start(), match.end()
    weight = BY_WEIGHT.search(norm)
    if weight:
        return Dose(float(weight.group(1)), "kg"), weight.start(), weight.end()
    daily = DAILY_AMOUNT.search(norm) if bare_unit == "mg" else None
    if daily and _plausible(float(daily.group(1))):
        return Dose(float(daily.group(1)), bare_unit, bare=True), daily.start(1), daily.end(1)
    if bare_unit:
        for loose in BARE.finditer(norm):
            if (_plausible(float(loose.group(1))) or (bare_unit == "UI" and float(loose.group(1)) >= LEAST_UNITS)) and in_dosing_syntax(norm, loose.start(1), loose.group(1)):
                return Dose(float(loose.group(1)), bare_unit, bare=True), loose.start(1), loose.end()
    return None


DAILY_AMOUNT = re.compile(r"(?<![\d.])(\d{2,4}(?:\.\d+)?) (?:par jour|/ ?j)(?![a-z])(?! (?:au )?max)")  # "trente par jour" is an amount, not how often
MOST_TIMES = 12  # a day
SPOKEN_DECIMAL = re.compile(r"(?<![\d.])(2|7|12|17|22|37|62|87|112|137) 5(?!\d|\.\d)")  # "trente-sept cinq" is 37.5
CHANGED_FROM = re.compile(  # "passée de 150 à 75": what it was before
    rf"(?<![a-z])((?:(?:re)?(?:pass|mont|descen|baiss)|augment|dimin|redui)\w* (?:\w+ )?)(?:de|d) {NUM}(?: ?[a-zµ]+)? (?=a \d)"
)
NOW_AT = re.compile(  # "0.25 au début, et là je suis à 0.5": what it is now
    r"(?<![a-z])(?:la|maintenant|aujourd hui|actuellement|desormais|finalement),? (?:je suis|j en suis|on est|il est|elle est|c est)(?: (?:monte|passe|redescendu)e?)? (?:a )?(?=\d)"
)


def _as_meant(norm: str, lang: Language) -> str:
    """The text with decimals that are spoken as two numbers, and without the dose that was left for another."""
    if lang != "fr":
        return norm
    norm = CHANGED_FROM.sub(r"\1", SPOKEN_DECIMAL.sub(r"\1.5", norm))
    now = NOW_AT.search(norm)
    return " " * (now.end() - 1) + " " + norm[now.end() :] if now and not re.search(r"[.;]", norm[: now.start()]) else norm


def _uneven(norm: str, lang: Language) -> bool:
    """Whether different amounts are told for different times of the day."""
    parts = spread(norm) if lang == "fr" else None
    return parts is not None and not parts[1]


BY_WEIGHT = re.compile(  # children's syrups are measured in kilograms of the child on the pipette
    r"(?<![a-z])(?:graduation|trait|repere|(?:la )?dose|pipette|seringue|mark)(?: jusqu)?(?: (?:de|des|du|pour|for|au|a|un|trait|repere|enfant|child|of|graduation))* (\d+(?:\.\d+)?) ?(?:kilos?|kg)(?![a-z])"
)
LEAST_UNITS = 2
BARE_REACH = 24  # characters between a drug's name, or the start of an answer, and a number without unit
SAYS_DOSE = re.compile(
    r"(?:comprimes?|ampoules?|unidoses?|gelules?|cachets?|tablets?|pills?|capsules?|doses?|dosage|boite) (?:de |of |a |is )?$|"
    r"(?:baiss|mont|pass|augment|dimin|doubl|descend|increas|decreas|go up|gone up|went up|down|up)\w*(?: (?:directement|juste|tout de suite|toute? seule?|moi meme|straight|just|myself))? (?:a |de |to |l ?a |au )+$"
)
NAMED_STRENGTH = re.compile(r"(?:^|[.,;…] ?)(?:(?:c est )?(?:celui|celle|ceux|celles) (?:de|a)|c est (?:le|du|des|la)|le|du|la|les|des|en|un|une) $")  # "l'Eliquis ?" - "matin et soir. Le cinq."
NO_MONTH = re.compile(r" ?(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|du mois)")
THEN_WHEN = re.compile(
    r",? ?(?:(?:le |in the |every |at |a )?(?:matin|midi|soir|morning|evening|night|bedtime|once|twice|daily)|au (?:coucher|lever|reveil|diner|dejeuner|petit dejeuner)|"
    r"avant de (?:me |vous |se )?(?:coucher|dormir)|tous les (?:jours|matins|soirs)|(?:un|1) (?:jour|soir|matin) sur|a \d+ heures)(?![a-z])"
)
EMERGENCY = ("15", "18", "112", "911", "999", "111", "3114", "116117")
CALLS = re.compile(r"(?:appel|rappel|compos|telephon|joign|call|ring|phone|dial|le|au|faites)\w*(?: (?:le|au|the))? $")


def in_dosing_syntax(norm: str, start: int, digits: str) -> bool:
    """Whether a number without unit stands where a dose does: right after the drug, or after words that tell a dose."""
    before = norm[:start]
    if digits in EMERGENCY and CALLS.search(before):
        return False
    after = norm[start + len(digits) :]
    if NAMED_STRENGTH.search(before) and re.match(r"\W*(?:$|[.,;])", after) and not NO_MONTH.match(after):
        return True
    return bool(SAYS_DOSE.search(before) or THEN_WHEN.match(after)) or (
        start <= BARE_REACH and not re.search(r"[.;?!]\s|(?<![a-z])(?:si|if)(?![a-z])", before)
    ) or not re.search(r"[a-z\d]", before)


LIMIT_BEFORE = re.compile(
    r"(?:jusqu a|(?:pas|jamais) plus de|sans depasser|ne depassez pas|pas au dela de|au plus|maximum(?: de)?|max|up to|no more than|maximum of) $|¤+[^.;:]{0,30}(?:maximum|max|au plus)\W+(?:(?:non|pardon|euh|enfin|no|sorry)\W+)*$"
)
LIMIT_AFTER = re.compile(
    r",? ?(?:par jour|par 24 heures|a day|per day|in 24 hours)?,? ?(?:au )?(?:maximum|max(?![a-z])|au plus|at most)"
)


def is_limit(norm: str, dose: re.Match[str]) -> bool:
    """Whether an amount is the most that may be taken and not the dose: "quatre grammes par jour maximum"."""
    return bool(LIMIT_BEFORE.search(norm[: dose.start()]) or LIMIT_AFTER.match(norm[dose.end() :]))


def _plausible(value: float) -> bool:
    """Whether a bare number can be a strength in milligrams: 0.25, 5, 20, 400, 1000; not 3 or 17."""
    return value in STRENGTHS_MG


def find_schedule(norm: str, lang: Language) -> Schedule:
    """What a stretch of text says about how often, how long, how much at most."""
    words: list[str] = []
    parts = spread(norm) if lang == "fr" else None
    count = _count(norm, lang) or (fraction(norm) if lang == "fr" else "")
    if parts and not parts[1]:
        often, sig, count = [parts[0]], parts[0], ""
    else:
        often, sig = _often(norm, lang)
    if count:
        words.append(count)
    words += often
    needed = any(not re.search(r"(?:pas|not) $", norm[: m.start()]) for m in AS_NEEDED[lang].finditer(norm))
    most_grams = next((m for m in DOSE.finditer(norm) if is_limit(norm, m)), None)
    gap, limit, lasts = GAP.search(norm), MAXIMUM.search(norm), _duration(norm, lang)
    meal = MEALS[lang].search(norm)
    if meal:
        words.append(_meal(meal.group(), lang))
    if needed:
        words.append("si besoin" if lang == "fr" else "as needed")
    if gap:
        words.append(f"{gap.group(1)} h entre les prises" if lang == "fr" else f"{gap.group(1)} h apart")
    if limit:
        most = limit.group(1) or limit.group(2) or limit.group(3) or "1"
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
    between = re.match(r"(\d+) (?:ou|a|or|to) (\d+)", day.group()) if day else None
    if between and not limit:
        span = f"{between.group(1)}-{between.group(2)}"
        return [f"× {span}/j" if lang == "fr" else f"{span} times a day"], f"x{span}/{'j' if lang == 'fr' else 'day'}"
    if day and not (limit and limit.start() <= day.start() < limit.end()):
        return _daily(day, lang)
    if every:
        first = every.group(1).replace("une", "1")
        span = f"{first}-{every.group(2)}" if every.group(2) else first
        return [f"toutes les {span} h" if lang == "fr" else f"every {span} hours"], f"/{span} h"
    counted = _in_days(norm, lang)
    if counted:
        return counted
    if weekly and re.search(r"\d|un|one|once|twice|par semaine|weekly|time", weekly.group()):
        return _weekly(weekly, lang)
    slot = next(
        (
            (words, times)
            for pattern, words, times in SLOTS[lang]
            if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", norm)
        ),
        None,
    )
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
    "fr": re.compile(r"(?<![a-z])(?:le|chaque|tous les) (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?(?![a-z]| \d| (?:soir|matin|prochain|dernier))"),
    "en": re.compile(r"(?<![a-z])(?:on|every) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?(?![a-z])"),
}  # fmt: skip
USED_TO = re.compile(r"(?<![a-z])(?:avant|c etait|before|used to)(?![a-z])[^.]*$")
MONTHLY = {
    "fr": re.compile(r"(?<![a-z])(?:tous les (?:\d+ )?mois|une fois par mois|(?:toutes les|tous les) (?:\d+ (?:semaines|jours)|quinze jours))(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:every (?:month|\d+ (?:months|weeks|days))|once a month|monthly)(?![a-z])"),
}  # fmt: skip


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
            r"dans $|tous les $|toutes les $|every $|il y a $|y a $|depuis (?:\w+ )?$|ca fait (?:\w+ )?$|(?<![a-z])in $|after $|au bout d|over $|last $|past $|par $|since|preservatif",
            before,
        ) or FROM_AN_EVENT.match(norm[match.end() :]):
            continue
        if re.match(r" (?:par|a|per) (?:semaine|mois|week|month)", norm[match.end() :]):
            continue
        amount = match.group(1) or "1"
        if not match.group(1) and not re.match(r"pendant|durant|pour|for", match.group()):
            continue
        span = f"{amount}-{match.group(2)}" if match.group(2) else amount
        unit = match.group(4)
        return f"{span} {unit}{' maximum' if match.group(5) else ''}"
    return ""
