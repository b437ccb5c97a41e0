"""Where sentences end in English speech that came without full stops, by the words on both sides of a gap.

The weights (data/boundaries_en.tsv) are learnt from transcripts with punctuation by `python -m scripts.learn_notes`.
"""

import re
from collections.abc import Iterator, Sequence

from app.notes.language.linear import linear

LONG_WORDS = 25  # a sentence up to here is left as it was punctuated
ENDS = -1.0  # log-odds: a cut too many costs less than two statements in one
LEAST_WORDS = 3  # on both sides of a cut
END = "|"


OPENS = re.compile(  # what always opens something new in a doctor's or a patient's account
    r"(?<![a-z])(?:(?:and |so |now )*(?:on|for) (?:your|the) (?:\w+ ){0,2}(?:exam|examination)(?![a-z])|(?:and |so |now |okay )*for your "
    r"(?:first|second|third|fourth|next|last|other) (?:problem|issue|concern)|(?:and |so )*(?:let s|hey dragon)(?![a-z])|"
    r"(?:(?:and|so|now|okay|alright|then) )+(?:are|do|did|were|have|had) you(?![a-z])|(?:and |so |now )*what (?:kind|are|is|s|do) )"
)
JOINS = re.compile(r"(?<![a-z])(?:and|but|so) (?:then )?(?:i|we|you|he|she|it|they|there|that|my|your)(?![a-z])")
JOINED_WORDS = 18  # from here a clause joined by "and" stands for itself


def features(words: Sequence[str], gap: int) -> Iterator[str]:
    """What is known of the gap before words[gap]."""
    a, b = (words[gap - k] if gap >= k else END for k in (2, 1))
    c, d, e = (words[gap + k] if gap + k < len(words) else END for k in (0, 1, 2))
    yield from (f"a1 {b}", f"a2 {a} {b}", f"b1 {c}", f"b2 {c} {d}", f"b3 {c} {d} {e}", f"ab {b} {c}")


def cuts(text: str) -> list[int]:
    """Places in a long stretch of folded words at which a new sentence begins; none in a short one."""
    words = [(m.group(), m.start()) for m in re.finditer(r"[a-z]+|\d+(?:\.\d+)?|%", text)]
    if len(words) <= LONG_WORDS:
        return []
    names, model = [word for word, _ in words], linear("boundaries_en")
    opens, joins = ({m.start() for m in pattern.finditer(text)} for pattern in (OPENS, JOINS))
    found, last = list[int](), 0
    for gap in range(LEAST_WORDS, len(words) - LEAST_WORDS + 1):
        at, long = words[gap][1], gap - last
        if (
            at in opens
            or (at in joins and long >= JOINED_WORDS)
            or (long >= LEAST_WORDS and model.scores(features(names, gap))[0] > ENDS)
        ):
            found, last = [*found, at], gap
    return found
