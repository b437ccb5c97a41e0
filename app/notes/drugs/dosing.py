"""Doses and schedules as they are spoken: "un gramme trois fois par jour pendant six jours"."""

import re
from dataclasses import dataclass

from app.notes.drugs.day_doses import spread
from app.notes.language.cues import cue
from app.notes.transcript import Language

NUM = r"(\d+(?:\.\d+)?|une?|one|an?|le(?= gramme))"
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
    (("bouffée", "puff"), r"bouffees?|puffs?|coups(?! (?:de|d|dans|sur))"),
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
COUNT = re.compile(rf"(?<![\w.]){NUM}(?:,? (?:ou|a|or|to) (\d+))? ({'|'.join(p for _, p in FORMS)})(?![a-z])")
COUNTED = re.compile(rf"{COUNT.pattern}(?:,? (?:le )?(?:matin|midi|soir)(?:,? (?:et )?(?:le )?(?:midi|soir))*,?| par jour,?)? (?:de|d|of|a) $")  # "deux comprimés de quarante"
NO_RESULT = r"(?! ?(?:par|/) ?(?:litre|decilitre|millilitre|dl|l)(?![a-z]))(?!(?<=gramme) \d{2}(?! ?(?:jours|mois|semaines|heures|fois))(?!\d))"  # "4,1 mg par litre", "un gramme vingt-deux"
DOSE = re.compile(rf"(?<![\w.]){NUM} ?(?:({'|'.join(f'(?:{p})' for _, p in UNITS)})(?![a-z]){NO_RESULT}( et demie?| and a half)?)")
BARE = cue("dosing.bare")
NUMBER_WORDS = {"un": 1.0, "le": 1.0, "une": 1.0, "one": 1.0, "a": 1.0, "an": 1.0}


@dataclass(frozen=True, slots=True)
class Dose:
    """An amount: value and unit ("mg"); `written` is how a note writes it. `bare` when the unit was not said; `times` how many."""

    value: float
    unit: str
    bare: bool = False
    times: float = 1.0
    told: str = ""  # the strengths that make it up, as they were said: "25 + 12"

    def written(self, lang: Language) -> str:
        value = self.told or f"{self.value:g}"
        if self.unit == "kg":
            return f"dose pour {value.replace('.', ',')} kg" if lang == "fr" else f"dose for {value} kg"
        return f"{value.replace('.', ',') if lang == 'fr' else value} {self.unit}".strip()


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
    parts = spread(norm) if lang == "fr" else None
    if parts and not parts[1]:  # different amounts at different times: only their sum is a dose, where it was said
        total = re.search(rf"(?<![\d.]){parts[4]:g}(?!\d|\.\d)", norm[: parts[2]]) if bare_unit else None
        return (Dose(parts[4], bare_unit, bare=True), total.start(), total.end()) if total else None
    added = _added(norm, bare_unit) if lang == "fr" else None
    if added:
        return added
    said = _with_unit(norm)
    if said:
        return said
    weight = BY_WEIGHT.search(norm)
    if weight:
        return Dose(float(weight.group(1)), "kg"), weight.start(), weight.end()
    daily = DAILY_AMOUNT.search(norm) if bare_unit == "mg" else None
    if daily and _plausible(float(daily.group(1))):
        return Dose(float(daily.group(1)), bare_unit, bare=True), daily.start(1), daily.end(1)
    return _bare(norm, bare_unit) if bare_unit else None


A_STEP = re.compile(r"(?<![a-z])(?:(?:re)?descen|baiss|mont|augment|diminu|redui)\w* (?:\w+ )?(?:par palier )?de $")  # "on descend de cinq tous les trois jours"
TITRATED = re.compile(r"\d+(?:\.\d+)?(?:, ?| puis | et puis )\d+(?:\.\d+)?(?:, ?| puis | et | et puis )\d+(?:\.\d+)?(?!\d)")  # "vingt-cinq, cinquante, cent": steps


def _bare(norm: str, bare_unit: str) -> tuple[Dose, int, int] | None:
    """The first number without a unit that stands where a dose does."""
    steps = [m.span() for m in TITRATED.finditer(norm)]
    for loose in BARE.finditer(norm):
        value = float(loose.group(1))
        unit = "mg" if bare_unit == "µg" and value < 1 else bare_unit  # "zéro trois" of adrenaline
        follows = A_STEP.search(norm[: loose.start(1)]) or any(start <= loose.start(1) < end for start, end in steps) or re.search(r"(?:[2-9]|\d\d|\.\d) $", norm[: loose.start()])  # "37 8" is no 8; "un 40" is one of 40
        if follows or (unit == "µg" and value < LEAST_MICROGRAMS):  # "deux bouffées, des fois quatre"
            continue
        if (_plausible(value) or (unit == "UI" and value >= LEAST_UNITS)) and in_dosing_syntax(norm, loose.start(1), loose.group(1)):
            return Dose(value, unit, bare=True, times=_times(norm[: loose.start(1)])), loose.start(1), loose.end()
    return None


ADDED = re.compile(  # "un de vingt-cinq et un petit de douze": two strengths make the dose
    rf"(?<![\w.])(une?|1) (?:petite? |grosse? )?(?:(?:{'|'.join(p for _, p in FORMS)}) )?(?:de|d|a) (\d+(?:\.\d+)?)(?: (mg|milligrammes?|microgrammes?))?,? (?:et|plus|avec|puis)(?: aussi)? (une?|1|0\.5)(?: demie?)? (?:petite? |grosse? |autre )?(?:(?:{'|'.join(p for _, p in FORMS)}) )?(?:de|d|a) (\d+(?:\.\d+)?)(?!\d|\.\d| (?:heures?|jours?|fois|ans))"
)


def _added(norm: str, bare_unit: str) -> tuple[Dose, int, int] | None:
    found = ADDED.search(norm)
    unit = next((name for name, pattern in UNITS if found and found.group(3) and re.fullmatch(pattern, found.group(3))), bare_unit)
    if found is None or not unit or found.group(4) == "0.5":
        return None
    parts = [float(found.group(2)), float(found.group(5))]
    told = " + ".join(f"{part:g}".replace(".", ",") for part in parts)
    return (Dose(sum(parts), unit, bare=True, told=told), found.start(), found.end()) if parts[0] != parts[1] else None


def _with_unit(norm: str) -> tuple[Dose, int, int] | None:
    """The first dose whose unit is said, other than the most that may be taken."""
    match = next((m for m in DOSE.finditer(norm) if not is_limit(norm, m) and not A_STEP.search(norm[: m.start()])), None)
    unit = next((name for name, pattern in UNITS if match and re.fullmatch(pattern, match.group(2))), "")
    if match is None or (unit == "g" and match.group(1) in ("a", "an")):
        return None
    value = number(match.group(1)) + (0.5 if match.group(3) else 0)
    return Dose(value, unit, times=_times(norm[: match.start()])), match.start(), match.end()


def _times(before: str) -> float:
    """How many of a strength are taken at once, by the words before it."""
    counted = COUNTED.search(before)
    return number(counted.group(1)) if counted and not counted.group(2) else 1.0


DAILY_AMOUNT = re.compile(r"(?<![\d.])(\d{2,4}(?:\.\d+)?) (?:par jour|/ ?j)(?![a-z])(?! (?:au )?max)")  # "trente par jour" is an amount, not how often
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


BY_WEIGHT = re.compile(  # children's syrups are measured in kilograms of the child on the pipette
    r"(?<![a-z])(?:graduation|trait|repere|(?:la )?dose|toujours|pipette|seringue|mark)(?: jusqu)?(?: (?:de|des|du|pour|for|au|a|un|trait|repere|enfant|child|of|graduation))* (\d+(?:\.\d+)?) ?(?:kilos?|kg)(?![a-z])"
)
LEAST_UNITS = 2
LEAST_MICROGRAMS = 12
BARE_REACH = 24  # characters between a drug's name, or the start of an answer, and a number without unit
SAYS_DOSE = re.compile(
    r"(?:comprimes?|ampoules?|unidoses?|gelules?|cachets?|tablets?|pills?|capsules?|doses?|dosage|boite) (?:de |of |a |is )?$|"
    r"(?:baiss|mont|pass|commenc|repart|augment|dimin|doubl|descend|increas|decreas|go up|gone up|went up|down|up)\w*(?: (?:directement|juste|tout de suite|toute? seule?|moi meme|straight|just|myself))? (?:a |de |to |l ?a |au )+$|(?<![a-z])(?:je suis|j en suis|on en est|elle en est|il en est)(?: (?:toujours|encore|plutot|deja|la|restee?|maintenant))* a $|(?<![a-z])(?:je|on|vous) (?:gard|laiss)\w* (?:a |le |la )?$|moi,? c est $|(?:c est|il y a|y a) (?:bien )?(?:marque|ecrit|note) $"
)
NAMED_STRENGTH = re.compile(r"(?:^|[.,;…] ?)(?:(?:c est )?(?:celui|celle|ceux|celles) (?:de|a)|c est (?:le|du|des|la)|le|du|la|les|des|en|un|une) $")  # "l'Eliquis ?" - "matin et soir. Le cinq."
DATED = re.compile(r"(?<![a-z])(?:depuis|jusqu|partir|avant|apres|vers|date\w*|des|commenc\w+|debut\w+|fini\w*|arret\w+|repris|rendez vous|etait|revu\w*) (?:le |du |au )$")  # "un par jour depuis le dix"
LAST_OF_MONTH = 31
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
    if (digits in EMERGENCY and CALLS.search(before)) or (DATED.search(before) and float(digits) <= LAST_OF_MONTH):
        return False
    after = norm[start + len(digits) :]
    if NAMED_STRENGTH.search(before) and re.match(r"\W*(?:$|[.,;])", after) and not NO_MONTH.match(after):
        return True
    return bool(SAYS_DOSE.search(before) or COUNTED.search(before) or THEN_WHEN.match(after)) or (
        start <= BARE_REACH and not re.search(r"[.;?!]\s|(?<![a-z])(?:si|if)(?![a-z])", before)
    ) or not re.search(r"[a-z\d]", before)


LIMIT_BEFORE = re.compile(
    r"(?:jusqu a|(?:pas|jamais) plus de|sans depasser|ne depassez pas|pas au dela de|au plus|maximum(?: de)?|max|up to|no more than|maximum of) $|¤+[^.;:]{0,30}(?:maximum|max|au plus)\W+(?:(?:non|pardon|euh|enfin|no|sorry)\W+)*$"
)
LIMIT_AFTER = re.compile(  # the most that may be taken, or what one tablet holds
    r" (?:le|la|par|chaque) (?:comprime|gelule|ampoule|sachet)(?![a-z])|,? ?(?:par jour|par 24 heures|a day|per day|in 24 hours)?,? ?(?:au )?(?:maximum|max(?![a-z])|au plus|at most)"
)


def is_limit(norm: str, dose: re.Match[str]) -> bool:
    """Whether an amount is the most that may be taken and not the dose: "quatre grammes par jour maximum"."""
    return bool(LIMIT_BEFORE.search(norm[: dose.start()]) or LIMIT_AFTER.match(norm[dose.end() :]))


def _plausible(value: float) -> bool:
    """Whether a bare number can be a strength in milligrams: 0.25, 5, 20, 400, 1000; not 3 or 17."""
    return value in STRENGTHS_MG
