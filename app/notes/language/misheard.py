"""Drug names that the recogniser broke: "au mes prazole" is asked about as "oméprazole ?", and changed by nobody but a person.

Sounds are compared, not letters: each language's spelling is first reduced to what one hears. Asked about is a name in
common use that has enough sounds to be told apart and is all but heard, where the recogniser was not sure of its words or
where people speak of taking something. Words that name a drug already are left alone.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from app.notes.language.cues import cues
from app.notes.language.lexicon import common_names, drugs, find_drugs
from app.notes.language.text import fold
from app.notes.transcript import Language

WORD = re.compile(r"[^\W\d_]+")
WORDS = 4  # that a name may be broken into
LEAST_SOUNDS = 6
ALIKE = 84.0
ALIKE_JOINED = 87.0  # of words that only together sound like a name
LENGTHS = 2  # sounds that may be there too many or too few
BEFORE, BEFORE_JOINED, AFTER = 30, 16, 16  # characters in which a word of taking something stands
TAKING = cues("misheard.taking")
ORDINARY = cues("misheard.ordinary")  # what people say, and sounds like a drug

# Spelling to sound, in this order. Nasal vowels keep their n: Whisper writes them in many ways.
SOUNDS: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "fr": (
        (r"[^a-zœ]", ""), (r"œ", "e"), (r"ph", "f"), (r"th", "t"), (r"ch(?=[lr])", "k"), (r"h", ""), (r"y", "i"),
        (r"x", "ks"), (r"qu|q|ck", "k"), (r"c(?=[ei])", "s"), (r"c", "k"), (r"g(?=[ei])", "j"), (r"gu(?=[ei])", "g"),
        (r"z", "s"), (r"eau|au", "o"), (r"ai|ei", "e"), (r"ou", "u"), (r"e(?=n|m)", "a"), (r"m(?=[bp])", "n"),
        (r"(.)\1+", r"\1"), (r"[est]+$", ""),
    ),
    "en": (
        (r"[^a-z]", ""), (r"ph", "f"), (r"th", "t"), (r"y", "i"), (r"x", "ks"), (r"qu|q|ck", "k"), (r"c(?=[ei])", "s"),
        (r"c", "k"), (r"z", "s"), (r"ee|ea", "i"), (r"oo", "u"), (r"h", ""), (r"(.)\1+", r"\1"), (r"[es]+$", ""),
    ),
}


class Meant(NamedTuple):
    """Words [start, end) of a text, and the drug that they may have been, as it is written in the language."""

    start: int
    end: int
    name: str


def sounds(words: str, lang: Language) -> str:
    """What is heard of folded words."""
    for spelt, heard in SOUNDS[lang]:
        words = re.sub(spelt, heard, words)
    return words


def meant(text: str, lang: Language, doubts: Sequence[tuple[int, int]] = (), *, doubtful: bool = False) -> list[Meant]:
    """Names to ask about in a text, in order. doubts: [start, end) of words heard badly; doubtful: all of it was."""
    norm = fold(text)
    words = list(WORD.finditer(text))
    heard: list[tuple[float, Meant]] = []
    for first, last in ((n, m) for n in range(len(words)) for m in range(n, min(n + WORDS, len(words)))):
        start, end, joined = words[first].start(), words[last].end(), last > first
        unsure = doubtful or _meets(start, end, doubts) or _taking(norm, start, end, lang, joined=joined)
        if unsure and (near := _nearest(norm[start:end], lang, joined=joined)):
            heard.append((near[0], Meant(start, end, near[1])))
    taken = [(drug.start, drug.end) for drug in find_drugs(norm)]
    found: list[Meant] = []
    for _, candidate in sorted(heard, key=lambda scored: -scored[0]):
        if not _meets(candidate.start, candidate.end, taken):
            found.append(candidate)
            taken.append((candidate.start, candidate.end))
    return sorted(found)


def _meets(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < there[1] and there[0] < end for there in spans)


def _taking(norm: str, start: int, end: int, lang: Language, *, joined: bool) -> bool:
    before = max(0, start - (BEFORE_JOINED if joined else BEFORE))
    return bool(TAKING[lang].search(norm, before, start) or TAKING[lang].search(norm, end, end + AFTER))


def _nearest(words: str, lang: Language, *, joined: bool) -> tuple[float, str] | None:
    """The drug that folded words sound like, and how much."""
    heard = sounds(words, lang)
    if len(heard) < LEAST_SOUNDS or ORDINARY[lang].fullmatch(words):
        return None
    names = _by_sound(lang).get(heard[0], {})
    near = process.extractOne(heard, names.keys(), scorer=fuzz.ratio, score_cutoff=ALIKE_JOINED if joined else ALIKE)
    return (near[1], names[near[0]]) if near and abs(len(near[0]) - len(heard)) <= LENGTHS else None


@cache
def _by_sound(lang: Language) -> Mapping[str, Mapping[str, str]]:
    """The common names by their first sound, then by how they sound."""
    heard: dict[str, dict[str, str]] = {}
    for name in common_names():
        sound = sounds(name, lang)
        if len(sound) >= LEAST_SOUNDS and name in drugs():
            drug = drugs()[name]
            heard.setdefault(sound[0], {})[sound] = drug.brand if fold(drug.brand) == name else drug.name(lang)
    return heard
