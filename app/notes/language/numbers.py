"""Spoken numbers of French and English as digits: "trente-huit neuf" -> 38 9, "ninety-nine point five" -> 99.5."""

from collections.abc import Sequence

from app.notes.transcript import Language

FR_SMALL = {
    word: value
    for value, word in enumerate(
        [
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
    )
} | {"une": 1}
FR_TENS = {
    "vingt": 20,
    "trente": 30,
    "quarante": 40,
    "cinquante": 50,
    "soixante": 60,
    "septante": 70,
    "huitante": 80,
    "octante": 80,
    "nonante": 90,
}
EN_SMALL = {
    word: value
    for value, word in enumerate(
        [
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
    )
}
EN_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
CENTURIES = (19, 20)

Read = tuple[str, int] | None  # the digits, and how many words they took


def read_number(words: Sequence[str], lang: Language) -> Read:
    """The number that `words` (folded) begin with, as digits with a decimal point, and the count of words used.

    A lone "un", "une" or "one" is left alone: it is more often an article.
    """
    return _french(words) if lang == "fr" else _english(words)


def _french(words: Sequence[str]) -> Read:
    value, used = _fr_whole(words)
    if not used:
        return None
    half = list(words[used : used + 2]) in (["et", "demi"], ["et", "demie"])
    if value == 1 and used == 1 and not half and not _fr_whole(words[1:])[1] and words[1:2] not in (["virgule"], ["point"]):
        return None
    if words[used : used + 1] in (["virgule"], ["point"]):
        zeros, rest = _leading_zeros(words[used + 1 :], "zero")
        fraction, more = _fr_whole(words[used + 1 + zeros :]) if rest else (0, 0)
        if more or zeros:
            return f"{value}.{'0' * zeros}{fraction if more else ''}", used + 1 + zeros + more
    if value == 0 and used == 1:  # "zéro cinquante-huit" is 0.58
        fraction, more = _fr_whole(words[1:])
        if more:
            return f"0.{fraction}", 1 + more
    if half:
        return f"{value}.5", used + 2
    return str(value), used


def _leading_zeros(words: Sequence[str], zero: str) -> tuple[int, bool]:
    count = 0
    while words[count : count + 1] == [zero]:
        count += 1
    return count, True


OF_ITS_OWN = ("petit", "petite", "gros", "grosse", "autre", "demi", "demie", "seul", "seule")


def _counts(after: Sequence[str]) -> bool:
    """Whether a "one" counts by what follows it: "un de cinquante et un de vingt-cinq" is no 51, "quarante et un de fièvre" is 41."""
    first, second = ([*after, "", ""])[:2]
    return first in OF_ITS_OWN or (first in ("de", "du") and (second in FR_SMALL or second in FR_TENS or second in ("cent", "cents")))


def _fr_whole(words: Sequence[str]) -> tuple[int, int]:
    head, used = _fr_hundreds(words)
    if words[used : used + 1] == ["mille"]:
        tail, more = _fr_hundreds(words[used + 1 :])
        return (head if used else 1) * 1000 + tail, used + 1 + more
    return head, used


def _fr_hundreds(words: Sequence[str]) -> tuple[int, int]:
    head, used = _fr_tens(words)
    if (
        words[used : used + 1] == ["cents"] and 2 <= head <= 9
    ):  # the plural s ends the number: "deux cents-six" is 200/6
        return head * 100, used + 1
    if words[used : used + 1] == ["cent"] and (used == 0 or 2 <= head <= 9):
        tail, more = _fr_tens(words[used + 1 :])
        return (head if used else 1) * 100 + tail, used + 1 + more
    return head, used


def _fr_tens(words: Sequence[str]) -> tuple[int, int]:
    first, second, third = ([*words[:3], "", "", ""])[:3]
    if first == "quatre" and second in ("vingt", "vingts"):
        more, used = _fr_teens(words[2:], allow_zero=False)
        return 80 + more, 2 + used
    if first in FR_TENS:
        base = FR_TENS[first]
        counts = third in ("un", "une") and _counts(words[3:5])
        if second == "et" and third in ("un", "une", "onze") and (third != "onze" or base == 60) and not counts:
            return base + FR_SMALL[third], 3
        if base == 60:
            more, used = _fr_teens(words[1:], allow_zero=False)
            return base + more, 1 + used
        if 1 <= FR_SMALL.get(second, 0) <= 9 and second not in ("un", "une"):
            return base + FR_SMALL[second], 2
        return base, 1
    return _fr_teens(words, allow_zero=True)


def _fr_teens(words: Sequence[str], *, allow_zero: bool) -> tuple[int, int]:
    first, second = ([*words[:2], "", ""])[:2]
    if first == "dix" and second in ("sept", "huit", "neuf"):
        return 10 + FR_SMALL[second], 2
    if first in FR_SMALL and (allow_zero or FR_SMALL[first]):
        return FR_SMALL[first], 1
    return 0, 0


def _english(words: Sequence[str]) -> Read:
    value, used = _en_whole(words)
    if not used:
        return None
    after = list(words[used : used + 3])
    if after[:1] == ["point"]:
        digits, more = _en_digits(words[used + 1 :])
        if more:
            return f"{value}.{digits}", used + 1 + more
    if after == ["and", "a", "half"]:
        return f"{value}.5", used + 3
    if used == 1 and value == 1:
        return None
    return str(value), used


def _en_digits(words: Sequence[str]) -> tuple[str, int]:
    digits, used = "", 0
    while words[used : used + 1] and (words[used] in EN_SMALL or words[used] in EN_TENS):
        value, more = _en_tens(words[used:])
        digits, used = digits + str(value), used + more
    return digits, used


def _en_whole(words: Sequence[str]) -> tuple[int, int]:
    head, used = _en_hundreds(words)
    if words[used : used + 1] == ["thousand"]:
        start = used + 1 + (words[used + 1 : used + 2] == ["and"])
        tail, more = _en_hundreds(words[start:])
        return (head if used else 1) * 1000 + tail, start + more if more else used + 1
    if head in CENTURIES and used:  # "twenty fourteen" is a year
        tail, more = _en_tens(words[used:])
        if more and tail >= 10:
            return head * 100 + tail, used + more
    if 1 <= head <= 9 and used == 1:  # "one forty over ninety", "two fifty milligrams"
        tail, more = _en_tens(words[used:])
        if more and tail >= 20:
            return head * 100 + tail, used + more
    return head, used


def _en_hundreds(words: Sequence[str]) -> tuple[int, int]:
    head, used = _en_tens(words)
    if words[used : used + 1] == ["hundred"] and (used == 0 or head < 20):
        start = used + 1 + (words[used + 1 : used + 2] == ["and"])
        tail, more = _en_tens(words[start:])
        return (head if used else 1) * 100 + tail, start + more if more else used + 1
    return head, used


def _en_tens(words: Sequence[str]) -> tuple[int, int]:
    first, second = ([*words[:2], "", ""])[:2]
    if first in EN_TENS:
        more = EN_SMALL.get(second, 0)
        return (EN_TENS[first] + more, 2) if 1 <= more <= 9 else (EN_TENS[first], 1)
    if first in EN_SMALL:
        return EN_SMALL[first], 1
    return 0, 0
