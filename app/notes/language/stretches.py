"""Segments of recognised speech joined to what one person said in one go, and the way back to the segments.

A recogniser cuts where somebody breathes: "Doliprane, un gramme" and "trois fois par jour" are two segments and one order.
Drafting reads stretches; what it answers names the segments again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.notes.facts import Evidence, Fact
from app.notes.transcript import Transcript, Turn

MAX_PAUSE_S = 2.5
MAX_CHARACTERS = 420  # a stretch that is told about in one sentence should still be a quick read


@dataclass(frozen=True, slots=True)
class Stretches:
    """A transcript as recognised, the same joined, and for each stretch where its segments begin: (offset, segment)."""

    segments: Transcript
    joined: Transcript
    pieces: tuple[tuple[tuple[int, int], ...], ...]

    def traced(self, proof: Evidence) -> Iterator[Evidence]:
        """Evidence in a stretch as evidence in its segments."""
        pieces = self.pieces[proof.turn]
        first = max(0, bisect_right(pieces, (proof.start, len(self.segments.turns))) - 1)
        for offset, segment in pieces[first:]:
            if offset >= proof.end:
                return
            length = len(self.segments.turns[segment].text)
            start, end = max(proof.start - offset, 0), min(proof.end - offset, length)
            if start < end:
                yield Evidence(segment, start, end)

    def all_traced(self, proofs: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """All the evidence, in the segments, in order, once."""
        return tuple(sorted({found for proof in proofs for found in self.traced(proof)}))

    def fact(self, fact: Fact) -> Fact:
        """The fact with its evidence in the segments."""
        return replace(fact, evidence=self.all_traced(fact.evidence))

    def whole(self, proofs: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """Every segment of the stretches that hold the evidence."""
        turns = sorted({proof.turn for proof in proofs})
        texts = ((segment, self.segments.turns[segment].text) for turn in turns for _, segment in self.pieces[turn])
        return tuple(Evidence(segment, 0, len(text)) for segment, text in texts if text)


def join(transcript: Transcript) -> Stretches:
    """Join segments of one speaker that follow each other without a long pause."""
    joined: list[Turn] = []
    pieces: list[list[tuple[int, int]]] = []
    for turn in transcript.turns:
        if joined and _goes_on(joined[-1], turn):
            before = joined[-1]
            lead = before.text + ("" if not before.text else " " if before.text.rstrip()[-1:] in ".?!…,;:" else ", ")
            pieces[-1].append((len(lead), turn.index))
            doubtful = (*before.doubtful, *((a + len(lead), b + len(lead)) for a, b in turn.doubtful))
            joined[-1] = replace(before, text=lead + turn.text, end=max(before.end, turn.end), doubtful=doubtful)
        else:
            pieces.append([(0, turn.index)])
            joined.append(replace(turn, index=len(joined)))
    return Stretches(transcript, replace(transcript, turns=tuple(joined)), tuple(map(tuple, pieces)))


def _goes_on(before: Turn, turn: Turn) -> bool:
    return (
        before.speaker == turn.speaker
        and turn.start - before.end <= MAX_PAUSE_S
        and len(before.text) + len(turn.text) <= MAX_CHARACTERS
    )
