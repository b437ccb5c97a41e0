"""How much at which time of the day: "douze le matin et seize le soir", "un demi au coucher"."""

import re
from typing import NamedTuple

SLOT = (
    r"(?:(?:(?:le |tous les |chaque )?(?:matin|soir|midi)s?|au (?:petit dejeuner|dejeuner|diner|gouter|souper|coucher|lever|reveil)|a midi|"
    r"avant de (?:dormir|me coucher|vous coucher)|a \d{1,2} ?(?:heures?|h)(?: \d\d)?)(?![a-z]))"
)
PART = r"(?:un demi|une demie|une? entiere?|(?:un|1|3|trois) quarts?)"
AMOUNT = rf"(?:{PART}|\d+(?:\.\d+)?|une?)"
FORM = r"(?:mg|milligrammes?|unites?|comprimes?|cachets?|gelules?|bouffees?|coups(?! de)|gouttes?|sachets?|pulverisations?|grammes?)"
FIRST_AMOUNT = re.compile(rf"(?<![\w.])({AMOUNT})(?: ({FORM}))?,? ({SLOT})")
FIRST_SLOT = re.compile(
    rf"(?<![a-z])({SLOT}),? (?:c est |j en (?:fais|prends|mets) |on en (?:fait|met) |il en (?:fait|prend) |elle en (?:fait|prend) )?({AMOUNT})(?: ({FORM}))?(?!\w|\.\d| (?:fois|heures?|minutes?|jours?))"
)
BETWEEN = re.compile(r"\W*(?:(?:et|puis|plus|ensuite|pareil)\W+)*")
WRITTEN = {
    "un entier": "1",
    "une entiere": "1",
    "un demi": "½",
    "une demie": "½",
    "un quart": "¼",
    "1 quart": "¼",
    "3 quarts": "¾",
    "trois quarts": "¾",
    "un": "1",
    "une": "1",
}
LEAST = 2


def spread(norm: str) -> tuple[str, bool, int, int, float] | None:
    """Amounts at two or more times of the day, as a note writes them; whether all are the same; start and end in `norm`; their sum."""
    runs = [run for pattern, at in PATTERNS for run in [_run(norm, pattern, at)] if len(run) >= LEAST]
    if not runs:
        return None
    best = max(runs, key=lambda run: (len(run), -run[0].start))
    amounts = {part.amount for part in best}
    told = ", ".join(" ".join(filter(None, (_number(p.amount), p.form, _time(p.slot)))) for p in best)
    return told, len(amounts) == 1, best[0].start, best[-1].end, sum(_value(p.amount) for p in best)


class _Part(NamedTuple):
    amount: str
    form: str
    slot: str
    start: int
    end: int


PATTERNS = ((FIRST_AMOUNT, (1, 2, 3)), (FIRST_SLOT, (2, 3, 1)))


def _run(norm: str, pattern: re.Pattern[str], at: tuple[int, int, int]) -> list[_Part]:
    """Amounts with their times that follow one another, the first such run of two or more."""
    run: list[_Part] = []
    for match in pattern.finditer(norm):
        if run and not BETWEEN.fullmatch(norm[run[-1].end : match.start()]):
            if len(run) >= LEAST:
                return run
            run = []
        amount, form, slot = (match.group(group) or "" for group in at)
        run.append(_Part(amount, form, slot, match.start(), match.end()))
    return run


PARTS = {"½": 0.5, "¼": 0.25, "¾": 0.75}


def _value(amount: str) -> float:
    written = WRITTEN.get(amount, amount)
    return PARTS.get(written) or float(written)


def _number(amount: str) -> str:
    return WRITTEN.get(amount) or amount.replace(".", ",")


def _time(slot: str) -> str:
    plain = re.sub(r"^(?:tous les|chaque) |s$", "", slot)
    clock = re.match(r"a (\d{1,2}) ?(?:heures?|h)(?: (\d\d))?", plain)
    if clock:
        return f"à {clock.group(1)} h {clock.group(2) or ''}".strip()
    if plain in ("matin", "soir", "midi"):
        return f"le {plain}"
    return (
        plain.replace("a midi", "à midi")
        .replace("dejeuner", "déjeuner")
        .replace("diner", "dîner")
        .replace("gouter", "goûter")
        .replace("reveil", "réveil")
    )


FRACTION = re.compile(
    rf"(?<![a-z\d])(?:({PART})|la moitie(?= d un| du| de la| le| tous|[.,]|$))(?![a-z]| (?:d )?heures?| (?:de )?(?:paquet|verre|litre|biere|page|journee|sommeil)| (?:d |de l )?(?:an|annee))"
)


def fraction(norm: str) -> str:
    """A part of a tablet that was said without the word: "un demi le soir", "trois quarts"; empty when none was."""
    found = FRACTION.search(norm)
    return f"{WRITTEN[found.group(1) or 'un demi']} comprimé" if found else ""
