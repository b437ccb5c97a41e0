"""Spoken text made easy to match: folded letters, numbers as digits, and a way back to the original characters."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.notes.language.numbers import read_number
from app.notes.transcript import Language

TOKEN = re.compile(r"[a-zœæ]+|\d+(?:[.,]\d+)*|\s+|.", re.DOTALL)
LOOK_AHEAD_WORDS = 12
LINES_KEPT = 4096
NO_NOUN = frozenset(["le", "la", "les", "l", "matin", "midi", "soir", "a", "au", "en", "et", "ou", "puis", "par", "pour", "pendant", "tous", "toutes", "chaque", "si", "quand", "avant", "apres", "seulement"])
APART = "'’ʼ‘`-‐‑\u00a0\u202f"  # elision, hyphens and narrow spaces all part words


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in APART:
        return " "
    if character in "œŒæÆ":
        return character.lower()
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character


def fold(text: str) -> str:
    """Lower case without accents; apostrophes and hyphens become spaces. Keeps the length, so offsets hold."""
    return "".join(map(_fold_character, text))


@dataclass(frozen=True, slots=True)
class Line:
    """A text to match and to show. `norm` and `shown` have the same length; `starts`/`ends` lead to the original."""

    norm: str
    shown: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original text of norm[start:end], which must not be empty."""
        return self.starts[start], self.ends[end - 1]


class _Builder:
    def __init__(self) -> None:
        self.norm: list[str] = []
        self.shown: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def put(self, norm: str, shown: str, start: int, end: int) -> None:
        one_to_one = len(norm) == end - start
        for offset, (plain, visible) in enumerate(zip(norm, shown, strict=True)):
            self.norm.append(plain)
            self.shown.append(visible)
            self.starts.append(start + offset if one_to_one else start)
            self.ends.append(start + offset + 1 if one_to_one else end)

    def line(self) -> Line:
        return Line("".join(self.norm), "".join(self.shown), tuple(self.starts), tuple(self.ends))


@lru_cache(maxsize=LINES_KEPT)
def normalise(text: str, lang: Language) -> Line:
    """Fold `text` and write its numbers as digits with a decimal point. Call `lexicon.forget` when a draft is done."""
    tokens = [(m.group(), m.start(), m.end()) for m in TOKEN.finditer(fold(text))]
    out, i = _Builder(), 0
    while i < len(tokens):
        i = _step(out, tokens, i, text, lang)
    return out.line()


Tokens = list[tuple[str, int, int]]


def _step(out: _Builder, tokens: Tokens, i: int, text: str, lang: Language) -> int:
    word, start, end = tokens[i]
    positions = _word_positions(tokens, i)
    words = [tokens[p][0] for p in positions]
    again = _said_again(words, lang) if word.isalpha() else 0
    if again:
        return positions[again]
    if words[:2] in (["pour", "cent"], ["per", "cent"]) or word == "percent":
        last = positions[0 if word == "percent" else 1]
        out.put("%", "%", start, tokens[last][2])
        return last + 1
    call = next((n for n in (3, 4, 5) if " ".join(words[:n]) in SPELLED_OUT[lang]), 0)
    if call and word.isalpha():
        return _replace(out, tokens, i, positions[call - 1], SPELLED_OUT[lang][" ".join(words[:call])])
    if word.isalpha():
        half = _half(words, lang)
        if half:
            return _replace(out, tokens, i, positions[half[1] - 1], half[0])
        found = read_number(words, lang)
        if found:
            digits, last = found[0], positions[found[1] - 1]
            tenths = _spaced_tenths(out, tokens, last, digits) if lang == "en" else None
            return _replace(out, tokens, i, tenths[1] if tenths else last, tenths[0] if tenths else digits)
    elif word[0].isdigit():
        tenths = _spaced_tenths(out, tokens, i, word) if lang == "en" else None
        return _replace(out, tokens, i, tenths[1], tenths[0]) if tenths else _digits(out, tokens, i)
    out.put(word, text[start:end], start, end)
    return i + 1


def _said_again(words: list[str], lang: Language) -> int:
    """How many words a speaker who stumbles says twice, "je je", "il a il a il a": they are read once."""
    for length in (3, 2):
        first = words[:length]
        if len(first) == length and first == words[length : 2 * length] and all(map(str.isalpha, first)) and not read_number(first, lang):
            return length
    return int(words[:1] == words[1:2] and words[0] in STUMBLED[lang])


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


STUMBLED = {
    "fr": _words("je j tu il elle on ils elles le l les un une de d des du et en que qu c ca ce mon ma mes son sa ses est a ai au dans sur avec pour"),
    "en": _words("i he she it we they the a an to of and in my his her is was at on for with"),
}


def _spaced_tenths(out: _Builder, tokens: Tokens, last: int, digits: str) -> tuple[str, int] | None:
    """A temperature that was transcribed with spaces, "98 . 2": its digits and its last token."""
    around = [token for token, _, _ in tokens[last + 1 : last + 4]]
    if around[:2] != [" ", "."] or len(tokens) <= last + 4 or not FEVERISH.fullmatch(digits):
        return None
    at = next((i for i in range(last + 3, len(tokens)) if not tokens[i][0].isspace()), last)
    tenth = read_number([tokens[at][0]], "en") if tokens[at][0].isalpha() else (tokens[at][0], 1)
    following = next((token for token, _, _ in tokens[at + 1 :] if not token.isspace()), "")
    said = "".join(out.norm[-BEFORE_TEMPERATURE:])
    if not tenth or not re.fullmatch(r"\d", tenth[0]) or COUNTED.fullmatch(following) or not OF_FEVER.search(said):
        return None
    return f"{digits}.{tenth[0]}", at


SPELLED_OUT = {  # whom to call
    "en": {"nine one one": "911", "nine nine nine": "999", "one one two": "112"},
    "fr": {
        "trente et un quatorze": "3114", "trente dix huit": "3018", "trente six vingt quatre": "3624",
        "trente neuf dix neuf": "3919", "trente neuf quatre vingt neuf": "3989",
    },
}  # fmt: skip
FEVERISH = re.compile(r"9[4-9]|10[0-7]|3[4-9]|4[0-2]")
OF_FEVER = re.compile(r"temp|fever|fahrenheit|degrees")
BEFORE_TEMPERATURE = 60  # characters
COUNTED = re.compile(  # the number after the stop counts something of its own
    r"days?|nights?|weeks?|months?|years?|hours?|minutes?|times?|tablets?|pills?|puffs?|mg|milligrams?|more|other|of|or|and|people|kids|out|to"
)


def _half(words: list[str], lang: Language) -> tuple[str, int] | None:
    """A half before its unit: "un demi comprimé", "half a tablet"."""
    halved = words[:2] in (["un", "demi"], ["une", "demi"], ["une", "demie"]) and words[2:3] not in ([], ["heure"])
    if lang == "fr" and halved and words[2] not in NO_NOUN:  # "un demi le soir": a half of what was named before
        return "0.5", 2
    if lang == "en" and words[:2] == ["half", "a"] and words[2:3] in (["tablet"], ["pill"], ["tab"]):
        return "0.5", 2
    return None


def _word_positions(tokens: Tokens, i: int) -> list[int]:
    """Positions of the words from i on that only spaces part."""
    positions: list[int] = []
    while i < len(tokens) and len(positions) < LOOK_AHEAD_WORDS:
        token = tokens[i][0]
        if token.isalpha():
            positions.append(i)
        elif not token.isspace():
            break
        i += 1
    return positions


def _replace(out: _Builder, tokens: Tokens, first: int, last: int, digits: str) -> int:
    out.put(digits, digits, tokens[first][1], tokens[last][2])
    return last + 1


def _digits(out: _Builder, tokens: Tokens, i: int) -> int:
    """Digits as written: decimal comma to point, thousands joined ("1 000")."""
    token, start, end = tokens[i]
    while (
        len(tokens) > i + 2
        and token.isdigit()
        and len(token) <= 3
        and tokens[i + 1][0] in (" ",)
        and re.fullmatch(r"\d{3}", tokens[i + 2][0])
        and float(token)
        and tokens[i + 2][0].endswith("00")
    ):
        token, end, i = token + tokens[i + 2][0], tokens[i + 2][2], i + 2
    digits = (
        token.replace(",", ".")
        if token.count(",") == 1 and not re.fullmatch(r"[1-9]\d{0,2},000", token)
        else token.replace(",", "")
    )
    out.put(digits, digits, start, end)
    return i + 1
