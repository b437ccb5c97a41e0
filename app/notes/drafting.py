"""Drafting a consultation note: transcript in; sentences with evidence, facts and what differs from the record out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from app.notes.allergy.allergies import allergies
from app.notes.directions.orders import orders
from app.notes.directions.requests import requests
from app.notes.drugs.medications import medications
from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts, forget
from app.notes.language.meaning import settled, weighed
from app.notes.language.question_marks import marked
from app.notes.language.stretches import Stretches, join
from app.notes.language.text import fold
from app.notes.language.units import Visit, prepare
from app.notes.measured.dipsticks import dipsticks
from app.notes.measured.measures import measures
from app.notes.people.background import background
from app.notes.people.callers import by_who_speaks
from app.notes.people.heredity import heredity
from app.notes.people.way_of_life import way_of_life
from app.notes.sections import EXAMINATION, HISTORY, ORDER, REASON
from app.notes.settling import reconciliation
from app.notes.settling.listing import listed
from app.notes.settling.resolution import resolve
from app.notes.settling.verification import unsaid, verified
from app.notes.signs.abilities import abilities
from app.notes.signs.bygone import in_their_time
from app.notes.signs.elaboration import elaborated
from app.notes.signs.findings import findings
from app.notes.signs.functions import functions
from app.notes.signs.own_hand import own_hand
from app.notes.signs.qualities import qualities
from app.notes.signs.well import well
from app.notes.transcript import BadTranscript, Transcript
from app.notes.writing.realisation import realise
from app.notes.writing.relevance import chosen, presented_complaint
from app.notes.writing.selection import extracts, nothing_to_write, without_repeats, worth_telling
from app.notes.writing.sentences import Voice, Written

__all__ = ["BadTranscript", "Draft", "Transcript", "draft", "facts_of"]

MIN_MOTIF_WORD = 4  # letters; shorter words of the motif prove nothing


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft note. `reason` says why there is none, in the visit's language; `sections` is empty then."""

    transcript: Transcript
    sentences: tuple[Written, ...]
    facts: tuple[Fact, ...]
    reason: str | None
    omissions: tuple[dict[str, Any], ...] = ()
    conflicts: tuple[dict[str, Any], ...] = ()
    proposals: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The draft as JSON: sections with sentences and evidence {segment, start, end in seconds}, facts, reason."""
        return {
            "sections": [section for section in map(self._section, ORDER) if section["sentences"]],
            "facts": [fact.to_json() for fact in self.facts],
            "reason": self.reason,
            "omissions": list(self.omissions),
            "conflicts": list(self.conflicts),
            "proposals": list(self.proposals),
        }

    def _section(self, kind: Any) -> dict[str, Any]:
        sentences = [_sentence_json(s, self.transcript) for s in self.sentences if s.section is kind]
        return {"code": kind.code, "title": kind.title(self.transcript.lang), "sentences": sentences}

    def to_text(self) -> str:
        """The draft as plain text, for a terminal."""
        if self.reason:
            return self.reason
        blocks = [
            f"{section['title']}\n" + "\n".join(f"  {s['text']}" for s in section["sentences"])
            for section in self.to_json()["sections"]
        ]
        return "\n\n".join(blocks)


def _sentence_json(sentence: Written, transcript: Transcript) -> dict[str, Any]:
    told = {"text": sentence.text, "evidence": reconciliation.evidence_json(sentence.evidence, transcript)}
    return told | {"flag": sentence.flag} if sentence.flag else told


def draft(transcript: Transcript) -> Draft:
    """Draft the note of a visit. Pure: the same transcript always gives the same draft."""
    stretches = join(transcript)
    try:
        return _draft(prepare(by_who_speaks(marked(stretches.joined))), stretches)
    finally:
        forget()


def _draft(visit: Visit, stretches: Stretches) -> Draft:
    heard = facts_of(visit)
    facts, doubtful = [f for f in heard if not f.doubt], [f for f in heard if f.doubt]
    reason = nothing_to_write(visit, facts)
    if reason:
        return Draft(stretches.segments, (), (), reason)
    voice = Voice(visit.lang, visit.told_sex)
    written = realise([fact for fact in facts if worth_telling(fact, visit.transcript.patient)], voice)
    kept = verified([*_reason(visit, facts, voice), *written], visit)
    quoted = verified(_quoted(visit, voice, facts, kept), visit)
    kept = without_repeats(kept, quoted) + quoted
    beside = reconciliation.Beside(visit, stretches, voice)
    shown = dict.fromkeys(map(id, facts)) | {
        id(fact): as_listed for fact, as_listed in listed(facts, kept, voice, visit.transcript)
    }
    traced = {id(f): stretches.fact(shown[id(f)] or f) for f in facts}
    return Draft(
        stretches.segments,
        tuple(_traced(sentence, traced, stretches) for sentence in _in_order(kept)),
        tuple(traced[key] for key, fact in shown.items() if fact),
        None,
        omissions=tuple(beside.omissions(facts, doubtful, kept)),
        conflicts=tuple(beside.conflicts(facts)),
        proposals=tuple(beside.proposals(facts)),
    )


def _quoted(visit: Visit, voice: Voice, facts: Sequence[Fact], kept: Sequence[Written]) -> list[Written]:
    """The statements that matter and that no fact tells: in English a model has learnt which."""
    if visit.lang == "fr":
        return list(extracts(visit, kept, voice))
    return [told for told in chosen(visit, voice, facts, kept) if not _loses_its_denial(told, visit)]


CUT_DENIAL = re.compile(r"(?<![a-z])(?:never|not|n t|don t|haven t|didn t|no|without)[\s.,]*$")


def _loses_its_denial(told: Written, visit: Visit) -> bool:
    """ "I've never" - "Okay." - "injured or broken a bone": the denial stands in the turn that was interrupted."""
    first = min(told.evidence)
    turns = visit.transcript.turns
    before = first.turn - 2
    if first.start > 0 or before < 0 or turns[before].speaker != turns[first.turn].speaker:
        return False
    return CUT_DENIAL.search(visit.lines[before].norm) is not None


def _traced(sentence: Written, facts: dict[int, Fact], stretches: Stretches) -> Written:
    """The sentence with the segments that prove it; all of a stretch where its own words do not hold alone."""
    told = tuple(facts[id(fact)] for fact in sentence.facts)
    exact = replace(sentence, evidence=stretches.all_traced(sentence.evidence), facts=told)
    if not unsaid(exact, stretches.segments):
        return exact
    return replace(exact, evidence=stretches.whole(sentence.evidence))


def facts_of(visit: Visit) -> list[Fact]:
    """All facts of a visit, merged and settled, in the order of speech; those in doubt are marked."""
    found = chain(
        in_their_time(findings(visit), visit),
        heredity(visit),
        well(visit),
        own_hand(visit),
        abilities(visit),
        qualities(visit),
        measures(visit),
        dipsticks(visit),
        medications(visit),
        allergies(visit),
        background(visit),
        way_of_life(visit),
        orders(visit),
        requests(visit),
    )
    return settled(functions(elaborated(resolve(weighed(found, visit)), visit), visit))


def _reason(visit: Visit, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    """The motif given at booking, proved by the turns that speak of it; else the first complaint."""
    motif = visit.motif
    stems = {word[:6] for word in fold(motif).split() if len(word) >= MIN_MOTIF_WORD}
    proved = [
        s
        for s in visit.sentences
        if any(word[:6] in stems for word in fold(s.norm).replace(",", " ").replace(".", " ").split())
    ]
    if motif and proved:
        yield Written(REASON, f"{motif[:1].upper()}{motif[1:]}.", tuple(s.evidence() for s in proved[:2]))
        return
    told = [] if motif else list(presented_complaint(visit))
    if told:
        names, proof = told[0]
        text = voice.listing(names)
        yield Written(REASON, f"{text[:1].upper()}{text[1:]}.", (proof,))
        return
    yield from _complaint(visit, facts, voice)


def _complaint(visit: Visit, facts: Sequence[Fact], voice: Voice) -> Iterator[Written]:
    """What the patient says first of all to suffer from."""
    told = [f for f in facts if f.type in ("symptom", "problem") and f.polarity == "present" and f.is_patients]
    told = [f for f in told if f.temporality == "current"] or told
    proved = {(f.label, e.turn) for f in told for e in f.evidence}
    for sentence in visit.sentences:
        if sentence.speaker != "doctor" and not sentence.asks:
            named = [m.concept for m in find_concepts(sentence.norm, visit.lang)]
            names = [c.name(visit.lang) for c in named if (c.fr, sentence.turn) in proved or c.fr in HEADACHES]
            if names:
                text = voice.listing(list(dict.fromkeys(names)))
                yield Written(REASON, f"{text[:1].upper()}{text[1:]}.", (sentence.evidence(),))
                return


HEADACHES = ("céphalées",)  # a migraine covers the word that the patient used for it


def _in_order(written: Sequence[Written]) -> list[Written]:
    ranks = {kind: rank for rank, kind in enumerate(ORDER)}
    return sorted(written, key=lambda s: (ranks[s.section], s.section in AS_TOLD and s.evidence[0].turn))


AS_TOLD = (HISTORY, EXAMINATION)  # sections in the order of speech
