"""Which passwords are refused: short ones, and those made of what everybody tries first. Pure.

After NIST SP 800-63B-4: length and a list of what is common, no rules of composition. Words of the list,
runs of the keyboard or alphabet, years, repetitions and what the account is called count as one
character each; what is left must still be long enough.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

MIN_PASSWORD_CHARS = 12
MAX_PASSWORD_CHARS = 200  # a longer one costs us time and gives nobody safety
MIN_UNEXPECTED = 8
SHORTEST_PERSONAL = 3
RUN = 4
TOO_SHORT = "Please choose a password of at least 12 characters."
TOO_LONG = "This is too long."
TOO_COMMON = "This password is too easy to guess. Four words that have nothing to do with each other make a good one."

# What people choose most, in French and English, from the yearly lists of leaked passwords.
COMMON = tuple(Path(__file__).with_name("common_passwords.txt").read_text().split())
RUNS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "9876543210", "azertyuiop", "qsdfghjklm", "wxcvbn",
        "qwertyuiop", "asdfghjkl", "zxcvbnm", "zyxwvutsrqponmlkjihgfedcba")
LOOKALIKES = str.maketrans("4@3€1!|05$7", "aaeeiiiosst")


def weakness(password: str, personal: Iterable[str] = ()) -> str:
    """Why a password is refused, as a catalogue key; empty for a good one. `personal`: names, e-mail, clinic."""
    if len(password) < MIN_PASSWORD_CHARS:
        return TOO_SHORT
    if len(password) > MAX_PASSWORD_CHARS:
        return TOO_LONG
    return TOO_COMMON if min(map(len, _readings(password, personal))) < MIN_UNEXPECTED else ""


def _readings(password: str, personal: Iterable[str]) -> list[str]:
    """What is left of it, read as typed and with 4 for a, 3 for e and so on."""
    plain = re.sub(r"(19|20)\d\d", "·", _plain(password))
    words = {word for text in personal for word in re.findall(r"[a-z]+", _plain(text))}
    known = sorted({*COMMON, *(w for w in words if len(w) >= SHORTEST_PERSONAL)}, key=len, reverse=True)
    return [_without(text, known) for text in (plain, plain.translate(LOOKALIKES))]


def _without(text: str, known: list[str]) -> str:
    for word in known:
        text = text.replace(word, "·")
    text = _without_runs(text)
    # Something typed again and again is no longer than once.
    return re.sub(r"·[\W\d_]?(?=·)", "", re.sub(r"(.{1,6}?)\1+", r"\1", text))


def _without_runs(text: str) -> str:
    for run in RUNS:
        for size in range(len(run), RUN - 1, -1):
            for start in range(len(run) - size + 1):
                text = text.replace(run[start : start + size], "·")
    return text


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
