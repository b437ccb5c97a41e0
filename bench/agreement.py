"""How a found fact and a gold one agree, and what a draft says that nobody spoke: measured without the drafter's words."""

import re
from collections.abc import Iterator
from typing import Any

from bench import terms, words
from bench.doses import SPANS, same_amount, same_schedule, spans, tells_how_often
from bench.words import plain

KINDS = {
    "symptom": {"symptom", "problem"},
    "problem": {"problem", "symptom", "procedure"},
    "medication": {"medication", "plan", "advice"},
    "plan": {"plan", "advice", "medication", "work_stoppage", "procedure"},
    "advice": {"advice", "plan", "medication"},
    "admin": {"work_stoppage", "plan", "advice", "social"},
    "procedure": {"procedure", "symptom"},
    "social": {"social"},
    "family": {"family"},
    "allergy": {"allergy"},
    "vital": {"vital"},
    "lab": {"lab"},
}
SECTIONS = {  # where a reader looks for each kind (LOINC)
    "symptom": {"10164-2", "10187-3", "11348-0", "51848-0", "29545-1"},
    "problem": {"11348-0", "51848-0", "10187-3", "10164-2"},
    "medication": {"10160-0", "18776-5", "10164-2"},
    "plan": {"18776-5", "69730-0"},
    "advice": {"69730-0", "18776-5"},
    "admin": {"18776-5"},
    "procedure": {"11348-0", "29545-1", "30954-2"},
    "social": {"29762-2"},
    "family": {"10157-6"},
    "allergy": {"48765-2"},
    "vital": {"8716-3"},
    "lab": {"30954-2"},
}
SIGNS = ("symptom", "problem", "procedure", "family", "social")
TIMELESS = ("plan", "advice", "admin")
COMMON_WORDS = (
    "depuis avec sans pour dans chez plus pas les des une par sur puis sous jour jours fois semaine semaines mois "
    "ans hier matin soir patient patiente the and with for from since day days week weeks last left right connue connu declaree declare reported known"
)
COMMON = frozenset(COMMON_WORDS.split())


def stems(text: str) -> set[str]:
    """The first five letters of every word that carries meaning."""
    return words.stems(text, COMMON)


def about_same(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether kind, evidence, value and words agree, whoever has it and whether it is affirmed or denied."""
    if found["type"] not in KINDS[gold["type"]] or not set(found["turns"]) & set(gold["turns"]):
        return False
    return same_term(found, gold) and same_value(found, gold) and not _taken_for_planned(found, gold)


def _taken_for_planned(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether a drug is told as taken where it is only planned, or only spoken of in a plan."""
    taken = found["type"] == "medication" and found["polarity"] == "present" and found["temporality"] == "current"
    return taken and gold["type"] in TIMELESS and gold["temporality"] == "future"


def same_term(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether both name the same: a sign by what it means, a drug by its substance, a measure by what is measured."""
    kind, mine, wanted = gold["type"], found["text"], gold["text"]
    if found["type"] == "work_stoppage":
        mine = f"arrêt de travail : {mine}"
    if kind in ("vital", "lab"):
        return terms.same_measure(mine, wanted)
    if kind == "medication":
        return terms.same_drug(mine, wanted, COMMON)
    if kind in SIGNS and not (kind == "procedure" and terms.seen(wanted)):
        return terms.same_sign(mine, wanted, COMMON)
    return terms.same_matter(mine, wanted, COMMON)


def same_value(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether the numbers agree: a measure, a dose and how it is taken, a score, a delay.

    The dose of a drug that is not taken need not be told.
    """
    kind, mine, wanted = gold["type"], found["value"], gold["value"]
    if kind in ("vital", "lab"):
        return wanted is None or same_amount(mine, found.get("unit"), wanted, gold.get("unit"))
    if kind == "medication":
        return _same_dose(found, gold)
    if wanted is not None and gold.get("unit") == "/10":
        same = same_amount(mine, None, wanted, None) or str(wanted) in re.findall(r"\d+", found["text"])
        return same and terms.same_strain(found["text"], gold["text"])
    return not _delayed(gold) or not spans(found) or bool(spans(found) & spans(gold))


def _delayed(fact: dict[str, Any]) -> bool:
    return fact["type"] in TIMELESS and fact["value"] is not None and fact.get("unit") in SPANS


def _same_dose(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    mine, wanted = found["value"], gold["value"]
    if gold["polarity"] == "absent" and (mine is None or wanted is None):
        return True
    told = _numbers(f"{gold['text']} {gold.get('sig') or ''}")
    if wanted is None and mine is not None and not {number.removesuffix(".0") for number in _numbers(mine)} <= told:
        return False
    counted = str(gold.get("unit")).startswith(("{", "[drp]"))  # puffs, capsules, drops: told as pieces
    if counted and str(wanted) in _numbers(found["text"]):
        mine = wanted
    if wanted is not None and not same_amount(mine, None if counted else found.get("unit"), wanted, gold.get("unit")):
        return False
    return gold["polarity"] == "absent" or same_schedule(found["text"], _taken(gold))


def _numbers(told: Any) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", str(told).replace(",", ".")))


def same_person(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether both are the same person's; an aunt may be a paternal aunt, a mother is no grandmother."""
    wider = gold["type"] == "family" and found["experiencer"] in gold["experiencer"].split()
    return wider or found["experiencer"] == gold["experiencer"]


def same_polarity(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether both affirm or both deny; a drug that was stopped may be told either way, one that was taken may not."""
    past = "past" in (found["temporality"], gold["temporality"])
    stopped = gold["type"] == "medication" and past and STOPPED.search(plain(gold["text"]))
    if gold["type"] in TIMELESS:  # "pas d'ibuprofène" is an advice given, or a drug denied
        told = [fact["polarity"] == "absent" or bool(REFUSED.search(plain(fact["text"]))) for fact in (found, gold)]
        denied = [fact["polarity"] == "absent" for fact in (found, gold)]
        return (told[1] or not denied[0]) and (told[0] or not denied[1])
    return found["polarity"] == gold["polarity"] or bool(stopped)


def same_time(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether what is over is told as over; before and resolved are the same here, and a figure carries its own time."""
    loose = (*TIMELESS, "vital", "lab", "family", "medication", "procedure")
    over = ("past", "resolved")
    if gold["type"] == "vital" and gold["temporality"] == "current" and EARLIER.search(plain(found["text"])):
        return bool(EARLIER.search(plain(gold["text"])))
    if gold["type"] in loose or gold["polarity"] == "absent":
        return True
    return (found["temporality"] in over) == (gold["temporality"] in over)


def matches(found: dict[str, Any], gold: dict[str, Any], *, polarity: bool = True) -> bool:
    """Whether a found fact is the gold one."""
    agrees = about_same(found, gold) and same_person(found, gold)
    return agrees and (not polarity or same_polarity(found, gold))


def whole(found: dict[str, Any], gold: dict[str, Any]) -> bool:
    """Whether a fact that matches tells all that counts: how often as well as how much, when as well as what."""
    if gold["type"] == "medication" and gold["polarity"] == "present":
        return tells_how_often(found["text"], _taken(gold))
    return not _delayed(gold) or bool(spans(found)) or not re.search(r"\d", gold["text"])


def _taken(gold: dict[str, Any]) -> str:
    return gold.get("sig") or gold["text"]


REFUSED = re.compile(
    r"\b(?:pas|ni|non|sans|aucune?|jamais|plus|ne|n|arret\w*|stop\w*|evit\w*|contre.indi\w*|ecart\w*|suspen\w*|refus\w*|"
    r"interdi\w*|annul\w*|exclu\w*|inutile|no|not|avoid|without|never|laiss\w*)\b"
)
EARLIER = re.compile(r"l.an(?:nee)? dernier|il y a|(?:mois|semaine) derni|auparavant|ago\b|last (?:year|month)")
STOPPED = re.compile(
    r"arret|stop|finish|fini|termin|remplac|replac|interromp|\bplus\b|avant|jusqu|came off|until|ended"
)
PATIENTS = re.compile(r"\b(?:patient|patiente|personal|personnel|history of)\b")
RELATIVE = re.compile(
    r"^(?:mere|pere|soeur|frere|conjoint|epou|fille|fils|oncle|tante|grand|belle|beau|entourage|voisin|coll?|une autre|mother|father|sister|brother|wife|husband|daughter|son|uncle|aunt|cousin|partner)\w*[^:]*:"
)
DENIED = re.compile(
    r"\b(?:pas|sans|non|arrete|stopped|no|not|denies|aucune?|ni|ne|si|if|suspected|evoque|sous condition)\b"
)


def asserts(sentence: str, claim: str) -> bool:
    """Whether a sentence says what a trap must not: nearly all its stems, equally denied, of the same person."""
    said, wanted = plain(sentence), stems(claim)
    if RELATIVE.search(said) and not RELATIVE.search(plain(claim)):
        return False
    told = stems(sentence)
    if len(wanted) == 1 and len(told) > 1:
        return False  # one word in common is no claim in common
    if len(wanted & told) < max(min(2, len(wanted)), 0.8 * len(wanted)):
        return False
    return bool(DENIED.search(said)) == bool(DENIED.search(plain(claim))) and units(sentence, claim)


def units(sentence: str, claim: str) -> bool:
    """Whether the two do not name different units, where the unit is the trap: 99.5 °F is not 99.5 °C."""
    told = [set(re.findall(r"°[CF]|mmol|g/L|mg|µg", text)) for text in (sentence, claim)]
    return not (told[0] and told[1] and not told[0] & told[1])


SMALL_FR = [
    "zero",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
]
TENS_FR = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante", 80: "quatre vingt"}
SMALL_EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS_EN = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


SHORT_NUMBERS = (3114, 3115, 3018, 3624, 3919, 3966, 3989)  # French telephone numbers, spoken in pairs


def spelled(number: int, lang: str) -> set[str]:
    """A whole number below a million as it may be spoken."""
    if number >= 1000:
        head = {""} if number < 2000 and lang == "fr" else spelled(number // 1000, lang)
        word, tail = ("mille", "thousand")[lang == "en"], spelled(number % 1000, lang) if number % 1000 else {""}
        whole = {f"{a} {word} {b}".strip() for a in head for b in tail}
        pairs = {f"{a} {b}" for a in spelled(number // 100, lang) for b in spelled(number % 100, lang)}
        return whole | (pairs if lang == "en" or number in SHORT_NUMBERS else set())
    if number >= 100:
        head = {""} if number < 200 and lang == "fr" else spelled(number // 100, lang)
        tail = spelled(number % 100, lang) if number % 100 else {""}
        joints = ("cent", "cents") if lang == "fr" else ("hundred", "hundred and", "")
        return {re.sub(r" +", " ", f"{a} {j} {b}").strip() for a in head for j in joints for b in tail}
    return _below_hundred(number, lang)


def _below_hundred(number: int, lang: str) -> set[str]:
    if lang == "en":
        small = SMALL_EN[number] if number < 20 else f"{TENS_EN[number // 10]} {SMALL_EN[number % 10]}"
        return (
            {small.removesuffix(" zero") if number >= 20 else small}
            | ({"a", "once"} if number == 1 else set())
            | ({"twice", "both", "couple"} if number == 2 else set())
        )
    if number < 17:
        return {SMALL_FR[number], *({"une"} if number == 1 else ())}
    if number < 20:
        return {f"dix {SMALL_FR[number - 10]}"}
    ten = max(t for t in TENS_FR if t <= number)
    rest = number - ten
    if not rest:
        return {TENS_FR[ten], TENS_FR[ten] + "s"}
    return {f"{TENS_FR[ten]} {word}" for word in _below_hundred(rest, lang)} | (
        {f"{TENS_FR[ten]} et {word}" for word in _below_hundred(rest, lang)} if rest in (1, 11) else set()
    )


NUMBER = re.compile(r"(?<![\w])\d+(?:[.,]\d+)?")
JOINT = r"(?: (?:virgule|point|grammes?|kilos?|degres?|metre|stone|et))? "


def unsupported(sentence: str, heard: str, lang: str) -> Iterator[str]:
    """Numbers of a sentence that the transcript holds neither as digits nor as any way of speaking them."""
    words = re.sub(r"[-'’,]", " ", plain(heard))
    words = re.sub(r" +", " ", words)
    for match in NUMBER.finditer(sentence):
        if not any(re.search(rf"(?<![a-z\d]){way}(?![a-z\d])", words) for way in _ways(match.group(), lang)):
            yield match.group()


def _in_centimetres(whole: str) -> Iterator[str]:
    """A pressure as the French say it: "dix-huit et demi" is 185, "dix virgule deux" 102, "sept huit" 78."""
    if len(whole) not in (2, 3):
        return
    heads, last = spelled(int(whole[:-1]), "fr"), int(whole[-1])
    if last == 5:
        yield from (f"{head} et demie?" for head in heads)
    yield from (f"{head}(?: virgule)? {tail}" for head in heads for tail in spelled(last, "fr"))


def _ways(number: str, lang: str) -> Iterator[str]:
    """Patterns for the ways to say a number: digits, words, tens for a blood pressure, parts said apart."""
    whole, _, part = number.replace(",", ".").partition(".")
    if not part:
        yield whole
        yield from spelled(int(whole), lang)
        if whole.endswith("0"):  # "quatorze huit" is 140/80
            yield whole[:-1]
            yield from spelled(int(whole) // 10, lang)
        yield from _in_centimetres(whole) if lang == "fr" else ()
        if len(whole) == 3:  # "treize cinq" is 135, "one thirty five" too
            yield from (f"{a} {b}" for a in spelled(int(whole[:2]), lang) for b in spelled(int(whole[2]), lang))
            yield from (f"{a} {b}" for a in spelled(int(whole[0]), lang) for b in spelled(int(whole[1:]), lang))
        if len(whole) == 3 and whole.endswith("5") and lang == "fr":  # "treize et demi, huit" is 135/80
            yield from (f"{a} et demie?" for a in spelled(int(whole[:2]), lang))
        if len(whole) == 3 and lang == "en":  # "nine one one"
            yield " ".join(f"(?:{'|'.join(sorted(spelled(int(digit), lang)))})" for digit in whole)
        if len(whole) == 3 and whole[0] == "1":  # "un metre soixante-quatre"
            yield from (f"metre {w}" for w in spelled(int(whole[1:]), lang))
        return
    yield rf"{whole}[., ]+{part}"
    halves = ("et demie?", "and a half") if part == "5" else ()
    for head in (whole, *spelled(int(whole), lang)):
        yield from (f"{head}(?: \\w+)? {half}" for half in halves)
        zeros = "(?:zero |0)" * (len(part) - len(part.lstrip("0")))
        tens = spelled(int(part) * 10, lang) if len(part) == 1 else set()  # "deux quarante" is 2.4
        for tail in (part, *spelled(int(part), lang), *tens):
            yield f"{head}{JOINT}{zeros}{tail}"
    if whole == "0" and part == "5":
        yield "demie?|half|un demi"
