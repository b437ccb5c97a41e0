"""The list of facts that stands beside a note: what the note tells, each once and readable alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.notes.facts import Fact, proofs
from app.notes.sentences import Voice, Written
from app.notes.text import fold

ABOUT_NAMED_BEFORE = re.compile(  # "vous la gardez": advice about something that the sentence does not name
    r"(?<![a-z])(?:vous|on|faut|ne) (?:le|la|les|lui|en|l)(?: \w+)? ?\w*(?:ez|er|e)(?![a-z])|^\W*(?:et )?(?:apres|la|sinon|voila)(?![a-z])"
)
HOW_TO_TAKE = re.compile(
    r"(?<![a-z])(?:comprimes?|gelules?|sachets?|bouffees?|ampoules?|piqures?|tablets?|puffs?)(?![a-z])"
)


def listed(facts: Sequence[Fact], kept: Sequence[Written], voice: Voice) -> Iterator[tuple[Fact, Fact]]:
    """Each fact to list, and as it is listed. Advice reads as the note words it; what was seen by video is one finding.

    What could not be examined is no finding, and what the check of the note refused is not listed either.
    """
    told = {id(fact): sentence for sentence in kept for fact in sentence.facts}
    seen = [fact for fact in facts if fact.status == "seen" and id(fact) in told]
    for fact in facts:
        sentence = told.get(id(fact))
        if fact.status == "not examined" or (sentence is None and fact.status in ("seen", "advice", "alert")):
            continue
        if fact.status == "seen":
            if fact is seen[0]:
                yield fact, _inspection(seen, voice)
        elif sentence is not None and fact.status in ("advice", "alert", "follow-up"):
            if fact.status != "advice" or _stands_alone(fact):
                yield fact, replace(fact, text=sentence.text.rstrip("."))
        else:
            yield fact, fact


def _inspection(seen: Sequence[Fact], voice: Voice) -> Fact:
    words = " ; ".join(fact.text.rstrip(" .") for fact in seen)
    return replace(
        seen[0], text=voice.say(f"inspection vidéo : {words}", f"seen by video: {words}"), evidence=proofs(seen)
    )


def _stands_alone(fact: Fact) -> bool:
    words = fold(fact.sentence)
    return not (ABOUT_NAMED_BEFORE.search(words) or HOW_TO_TAKE.search(words))
