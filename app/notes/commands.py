"""What the doctor asks of the assistant aloud: "Colloque, ajoute une allergie à la pénicilline". Pure, and never executed here.

A command becomes a proposal to confirm, or a refusal; it is refused as soon as one word of it is not understood, since a
command that is cut short would say something else: "un gramme" without "trois fois par jour".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.notes.allergy.allergens import allergens
from app.notes.drugs.dosing import find_dose
from app.notes.drugs.schedules import find_schedule
from app.notes.language.lexicon import Drug, find_drugs
from app.notes.language.text import normalise
from app.notes.transcript import Language, Speaker

Kind = Literal["allergy", "reminder", "vital", "medication"]
Why = Literal["not the doctor", "not understood"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the doctor may confirm. `value` and `unit` follow UCUM; `sig` is a schedule; `said` the whole command."""

    kind: Kind
    label: str
    said: str
    value: str | float | None = None
    unit: str | None = None
    sig: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that does nothing, and why."""

    why: Why
    said: str


CALLED = re.compile(r"\W*(?:(?:ok|okay|dis|hey|alors|so)\W+)?colloque(?![a-z])\W*")
POLITE = re.compile(r"\W*(?:s il (?:te|vous) plait|merci|please|thank you|thanks)\W*$")
ADDS = {
    "fr": re.compile(r"(?:ajoute[rz]?|note[rz]?|mets|mettez|inscri[st]|inscrivez|enregistre[rz]?|prescri[st])(?![a-z])\W*"),
    "en": re.compile(r"(?:add|note|record|put|set|write|prescribe)(?: down)?(?![a-z])\W*"),
}
ALLERGY = {
    "fr": re.compile(r"(?:une |l )?allergie (?:a la |a l |aux? |a )(.+)"),
    "en": re.compile(r"(?:an? |the )?(?:allergy to |allergic to )(?:the )?(.+)|(?:an? )?(.+) allergy"),
}
REMINDER = {
    "fr": re.compile(r"(?:un )?(?:rappel|rappelle moi|controle|suivi)(?: de suivi)? dans (\d+|une?) (jour|semaine|mois|an)s?"),
    "en": re.compile(r"(?:a |me )?(?:reminder|remind me|follow up|recall)(?: for)? in (\d+|an?|one) (day|week|month|year)s?"),
}
SPANS = {"jour": "d", "semaine": "wk", "mois": "mo", "an": "a", "day": "d", "week": "wk", "month": "mo", "year": "a"}
IS = r"(?: (?:a|de|est|est a|at|is|of))?[ ,:]+"
PRESSURE = re.compile(
    rf"(?:la |une |the |a )?(?:tension|pression arterielle|blood pressure)(?: arterielle)?{IS}(\d{{1,3}})(?: ?(?:sur|over|/) ?| )(\d{{1,3}})"
)
NUM = r"(\d{2,3})(?:[. ](\d))?"
VITALS = (  # name, UCUM, least and greatest value taken, words
    ("température", "Cel", 34.0, 42.9, rf"(?:la |une |the |a )?(?:temperature){IS}{NUM}(?: ?(?:degres?|celsius|degrees?))*"),
    ("fréquence cardiaque", "/min", 30.0, 220.0, rf"(?:le |une? |the |a )?(?:pouls|frequence cardiaque|pulse|heart rate){IS}{NUM}"),
    ("saturation en oxygène", "%", 60.0, 100.0, rf"(?:la |une |the |a )?(?:saturation|oxygen saturation){IS}{NUM} ?(?:%|percent)?"),
    ("poids", "kg", 1.0, 300.0, rf"(?:le |une? |the |a )?(?:poids|weight){IS}{NUM} ?(?:kilos?|kg|kilograms?)?"),
)
DOSED = re.compile(  # every word that a dose and its schedule may hold; what is left over refuses the command
    r"(?:\d+(?:\.\d+)?|un|une|one|an?|two|grammes?|milligrammes?|microgrammes?|grams?|milligrams?|micrograms?|mg|g|ug|"
    r"comprimes?|gelules?|sachets?|gouttes?|bouffees?|tablets?|capsules?|puffs?|fois|par|jours?|semaines?|mois|pendant|le|au|matin|midi|"
    r"soir|et|coucher|toutes|tous|les|heures?|si|besoin|times?|once|twice|daily|day|days|weeks?|months?|for|in|the|every|hours?|"
    r"morning|evening|night|at|bedtime|and|as|needed|de|of)"
)


CALLED_AT = re.compile(r"(?:^|[.!?…]\s+)\W*((?:(?:ok|okay|dis|hey|alors|so)\W+)?colloque)(?![a-z])", re.IGNORECASE)
GOES_ON = re.compile(  # how words begin that change what was said just before: what they follow is no whole command
    r"\W*(?:sauf|puis|et|ou|si|mais|non|pas|plutot|enfin|attends|sans|except|then|and|or|if|but|no|not|rather|wait|without)(?![a-z])"
)


def called_at(text: str) -> int | None:
    """Where in `text` the assistant is spoken to: all from there is addressed to it. None for talk between people."""
    call = CALLED_AT.search(text)
    return call.start(1) if call else None


def continued(before: str, more: str, lang: Language) -> Proposal | Refusal | None:
    """What the doctor's command says once the words said right after it are added; None when they are no part of it.

    A recogniser cuts where somebody breathes: "trois fois par jour" and "pendant six jours" are one command.
    """
    whole = f"{before.rstrip(' .,!…')} {more.strip()}"
    joined = command(whole, lang, "doctor")
    if isinstance(joined, Proposal):
        return joined
    went_on = GOES_ON.match(normalise(more, lang).norm)
    return joined if went_on and isinstance(command(before, lang, "doctor"), Proposal) else None


def command(text: str, lang: Language, speaker: Speaker) -> Proposal | Refusal | None:
    """What words addressed to the assistant propose; None for words that are not. Only the doctor's are taken."""
    norm = normalise(text, lang).norm
    called = CALLED.match(norm)
    if not called:
        return None
    if speaker != "doctor":
        return Refusal("not the doctor", text)
    words = POLITE.sub("", norm[called.end() :]).strip(" .,!")
    adds = ADDS[lang].match(words)
    wanted = words[adds.end() :] if adds else words
    found = None if "?" in wanted or not wanted else next(filter(None, (read(wanted, lang, text) for read in READERS)), None)
    return found or Refusal("not understood", text)


def _allergy(words: str, lang: Language, said: str) -> Proposal | None:
    match = ALLERGY[lang].fullmatch(words)
    if not match:
        return None
    name = next(filter(None, match.groups()))
    drug = _whole_drug(name)
    if drug:
        return Proposal("allergy", drug.inn, said, code=drug.atc)
    same = [label for label, shown, _ in allergens(name, lang) if shown and re.fullmatch(_letters(label, shown), name)]
    return Proposal("allergy", same[0], said) if same else None


def _letters(label: str, shown: str) -> str:
    """The names of an allergen, folded, with or without a plural."""
    names = (re.escape(normalise(name, "fr").norm.rstrip("s")) for name in (label, shown))
    return rf"(?:{'|'.join(names)})s?"


def _whole_drug(name: str) -> Drug | None:
    """The drug whose name is all of these words."""
    mentions = find_drugs(name)
    alone = len(mentions) == 1 and not mentions[0].guessed and (mentions[0].start, mentions[0].end) == (0, len(name))
    return mentions[0].drug if alone else None


def _reminder(words: str, lang: Language, said: str) -> Proposal | None:
    match = REMINDER[lang].fullmatch(words)
    if not match:
        return None
    many, span = float(match.group(1)) if match.group(1).isdigit() else 1.0, SPANS[match.group(2)]
    return Proposal("reminder", "rappel", said, many, span) if 1 <= many <= MOST[span] else None


MOST = {"d": 3650, "wk": 520, "mo": 120, "a": 10}  # ten years: who says more was misheard


def _pressure(words: str, lang: Language, said: str) -> Proposal | None:
    match = PRESSURE.fullmatch(words)
    if not match:
        return None
    high, low = float(match.group(1)), float(match.group(2))
    if lang == "fr" and high <= MOST_CENTIMETRES and low <= MOST_CENTIMETRES:  # the French say it in cm of mercury
        high, low = high * 10, low * 10
    real = 60 <= high <= 260 and 30 <= low <= 150 and low < high
    return Proposal("vital", "pression artérielle", said, f"{high:g}/{low:g}", "mm[Hg]") if real else None


MOST_CENTIMETRES = 26


def _vital(words: str, lang: Language, said: str) -> Proposal | None:
    for label, unit, low, high, pattern in VITALS:
        match = re.fullmatch(pattern, words)
        if match:
            value = float(".".join(filter(None, match.groups())))
            if lang == "en" and label == "température" and value > high:
                unit, low, high = "[degF]", 93.0, 109.0
            return Proposal("vital", label, said, value, unit) if low <= value <= high else None
    return None


def _medication(words: str, lang: Language, said: str) -> Proposal | None:
    mentions = find_drugs(words)
    if len(mentions) != 1 or mentions[0].guessed or re.sub(r"^(?:du|de la|de l|le|la|l|some|the) ", "", words[: mentions[0].start]).strip():
        return None
    rest = words[mentions[0].end :].strip(" ,")
    if not all(DOSED.fullmatch(word) for word in re.findall(r"[^\s,]+", rest)):
        return None
    dose, schedule, drug = find_dose(rest, lang=lang), find_schedule(rest, lang), mentions[0].drug
    if dose is None or not schedule.sig:
        return None  # a dose without a rhythm, or the other way round, is no prescription
    sig = ", ".join(schedule.words)
    if not _all_told(rest[: dose[1]] + rest[dose[2] :], sig):
        return None
    return Proposal("medication", drug.inn, said, dose[0].value, dose[0].unit, sig, drug.atc)


SAYS_WHEN = ("matin", "midi", "soir", "besoin", "morning", "evening", "night", "needed", "jours", "semaines", "days", "weeks", "gramme")


def _all_told(rest: str, sig: str) -> bool:
    """Whether a schedule holds every number and time of day of the words it was read from: none is lost in silence."""
    told = normalise(sig, "fr").norm
    when = rest.replace("coucher", "soir").replace("bedtime", "night")
    return all(number in told for number in re.findall(r"\d+", rest)) and all(w in told for w in SAYS_WHEN if w in when)


READERS: tuple[Callable[[str, Language, str], Proposal | None], ...] = (_allergy, _reminder, _pressure, _vital, _medication)
