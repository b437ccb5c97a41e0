"""Which statements of an English visit belong in its note, and in which section: a linear model over words and place.

The weights (data/relevance_en.tsv) are learnt from visits with notes by `python -m scripts.learn_notes`. The model only
chooses: what a statement says, and whether it is affirmed or denied, is settled before and checked after.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from app.notes.facts import Evidence, Fact
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.linear import linear, probability
from app.notes.language.text import fold
from app.notes.language.timing import time_phrase
from app.notes.language.units import Visit
from app.notes.sections import ASSESSMENT, EXAMINATION, HISTORY, PLAN, REASON, RESULTS, SYSTEMS, SectionKind
from app.notes.writing.sentences import Voice, Written
from app.notes.writing.statements import Statement, clinical, statements

PLACES = 8  # parts of a visit
CHOSEN_OTHERWISE = 0.45  # for one that names nothing of medicine
CHOSEN = 0.22  # probability from which a statement is told
NEW_WORDS = 2  # a statement that brings fewer words of its own repeats what the note has
NEW_WORDS_BESIDE = 3
SHORT_WORDS = 4  # letters from which a word counts as one that says something
PHASES = (
    ("exam", re.compile(r"(?<![a-z])(?:exam|examination|vital signs|vitals|lungs|palpation|range of motion|murmur)(?![a-z])")),
    ("results", re.compile(r"(?<![a-z])(?:results?|x ray|labs?|mri|ct|ekg|echocardiogram|ultrasound)(?![a-z])")),
    ("plan", re.compile(r"(?<![a-z])(?:assessment|plan|impression|(?:first|second|third|next|last) (?:problem|issue)|prescribe|refer)(?![a-z])")),
)  # fmt: skip
KINDS: dict[str, SectionKind] = {
    "history": HISTORY,
    "examination": EXAMINATION,
    "results": RESULTS,
    "assessment": ASSESSMENT,
    "plan": PLAN,
}
PRESENTS = re.compile(
    r"year old|past medical history|presents (?:with|for|today)|here (?:today )?(?:for|with)(?![a-z])"
)
OPENS_SECTION: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (  # where a doctor's first words say what follows
    (EXAMINATION, re.compile(r"^\W*(?:(?:and|so|now|then|okay|alright|otherwise|your)\W+)*(?:on|for) (?:your|the|his|her) (?:\w+ ){0,3}(?:exam|examination|auscultation|palpation)(?![a-z])")),
    (HISTORY, re.compile(r"(?<![a-z])(?:i|we) (?:heard|understand|hear|saw|know) (?:that )?(?:i heard that )?you (?:re|are|ve|have|were|had)(?: been)? (?:having|here|coming|in|complaining|feeling|experiencing|dealing)(?![a-z])")),
    (RESULTS, re.compile(r"(?<![a-z])(?:results?|x ?rays?|ct|mri|ekg|echocardiogram|ultrasound|biopsy|labs?) (?:of (?:your|the) [a-z ]{3,20} )?(?:show(?:s|ed)|reveal(?:s|ed)|demonstrat(?:es|ed)|came back|(?:was|were|is|are) (?:normal|negative|positive|fine|good|elevated))(?![a-z])")),
)  # fmt: skip
VAGUE = re.compile(  # words that are in every note and say nothing of this one
    r"patient|th(?:at|is|ey|eir|ings?)|with|have|about|looks?|pretty|right|little|really|good|today|doing|going|some|very|been|"
    r"here|want|make|sure|also|wh(?:en|at)|just|know|like|w(?:ould|ill)|could|a?"
)
WORD = re.compile(r"[a-z]+|\d+")


def features(said: Sequence[Statement], visit: Visit, facts: Iterable[Fact]) -> Iterator[list[str]]:
    """For each statement in order: its words by speaker, the question before it, its place, what facts it proves."""
    proved: dict[int, list[tuple[Evidence, Fact]]] = {}
    for fact in facts:
        for proof in fact.evidence:
            proved.setdefault(proof.turn, []).append((proof, fact))
    phase, last = "start", max(1, len(visit.transcript.turns))
    before = ""
    for one in said:
        norm, who = one.sentence.norm, one.speaker[0]
        if one.sentence.speaker == "doctor":
            phase = next((name for name, pattern in PHASES if pattern.search(norm)), phase)
        words = WORD.findall(norm)
        names = {f"{who} {w}" for w in words} | {f"{who} {a} {b}" for a, b in pairwise(words)}
        names |= {f"q {w}" for w in WORD.findall(one.asked)} if who == "p" else {f"v {w}" for w in WORD.findall(before)}
        names |= {
            f"at {who} {one.sentence.turn * PLACES // last}",
            f"phase {who} {phase}",
            f"long {who} {min(len(words) // 4, 6)}",
        }
        names |= {f"{who} {one.fused or 'said'}", f"{who} ends {words[-1]}", f"{who} opens {words[0]}"}
        names |= {f"kind {who} {m.concept.kind}" for m in find_concepts(norm, "en")}
        names |= {f"has {who} clinical"} if clinical(one.sentence) else set()
        names |= {f"has {who} {what}" for what in _has(norm)}
        here = proved.get(one.sentence.turn, [])
        touched = [f for proof, f in here if proof.start < one.evidence[0].end and one.evidence[0].start < proof.end]
        names |= {f"fact {who} {f.type} {f.status}" for f in touched} or {f"fact {who} none"}
        yield sorted(names)
        before = norm


def _has(norm: str) -> Iterator[str]:
    if find_drugs(norm):
        yield "drug"
    if re.search(r"\d", norm):
        yield "number"
    if time_phrase(norm, "en"):
        yield "time"


def chosen(visit: Visit, voice: Voice, facts: Sequence[Fact], written: Sequence[Written]) -> Iterator[Written]:
    """The statements to tell beside `written`, the most relevant first, each where it belongs."""
    said = list(statements(visit, voice))
    model = linear("relevance_en")
    scored = [(model.scores(names), one) for one, names in zip(said, features(said, visit, facts), strict=True)]
    told = {word for w in written for word in telling(w.text)}
    for scores, one in sorted(scored, key=lambda item: -item[0][0]):
        least = CHOSEN if clinical(one.sentence) else CHOSEN_OTHERWISE
        if (
            probability(scores[0]) >= least
            and len(telling(one.text) - told) >= _needed(one, written)
            and not _ordered(one, written)
        ):
            told |= telling(one.text)
            yield Written(
                _section(one, scores[1:], model.outputs[1:]), one.text, one.evidence, _held(one, written), quotes=True
            )


def _section(one: Statement, scores: Sequence[float], names: Sequence[str]) -> SectionKind:
    if one.fused == "no" and "denies" in one.text:
        return SYSTEMS
    if one.speaker != "doctor" or PRESENTS.search(one.sentence.norm):
        return HISTORY
    for section, opens in OPENS_SECTION:
        if opens.search(one.sentence.norm):
            return section
    return KINDS[max(zip(scores, names, strict=True))[1]]


COMPLAINT = re.compile(
    r"(?<![a-z])(?:presents?|presenting|here|comes? in|came in|coming in|seen)(?: \w+){0,3}? (?:for|with|because of) ((?:(?!who|with a|and then)[a-z0-9 ]){3,70})"
)


def presented_complaint(visit: Visit) -> Iterator[tuple[list[str], Evidence]]:
    """What the doctor says aloud that the patient comes for."""
    for sentence in visit.sentences:
        found = COMPLAINT.search(sentence.norm) if sentence.speaker == "doctor" and visit.lang == "en" else None
        mentions = find_concepts(found.group(1), visit.lang) if found else ()
        names = [m.concept.name(visit.lang) for m in mentions if m.concept.kind in ("symptom", "problem")]
        if names:
            yield list(dict.fromkeys(names))[:2], sentence.evidence()


def telling(text: str) -> set[str]:
    """The words that say something, by their first letters."""
    return {
        word[:6]
        for word in re.findall(r"[a-z]+|\d+", fold(text))
        if (len(word) >= SHORT_WORDS or word.isdigit()) and not VAGUE.fullmatch(word)
    }


def _held(one: Statement, written: Sequence[Written]) -> tuple[Fact, ...]:
    """The facts of the bare words of the history, and of the denials, that this statement tells in full."""
    said = one.evidence[0]
    place = SYSTEMS if one.fused == "no" else HISTORY
    within = (w for w in written if w.section is place and w.facts and one.speaker != "doctor")
    return tuple(
        f
        for w in within
        if all(e.overlaps(said) for e in (w.evidence[:1] if one.fused else w.evidence[-1:]))
        for f in w.facts
        if f.status != "request"
    )


def _needed(one: Statement, written: Sequence[Written]) -> int:
    """How many words of its own a statement must bring: more where a figure or an order of it stands elsewhere."""
    touching = [w for w in written if any(e.overlaps(one.evidence[0]) for e in w.evidence)]
    elsewhere = any(w.section not in (HISTORY, REASON, SYSTEMS) for w in touching)
    return NEW_WORDS_BESIDE if elsewhere else NEW_WORDS


def _ordered(one: Statement, written: Sequence[Written]) -> bool:
    """Whether it is the order of a drug that the plan or the treatments tell already, dose and all."""
    drugs = {m.drug.inn for m in find_drugs(one.sentence.norm)} if one.speaker == "doctor" else set()
    if not drugs or not re.search(r"\d", one.sentence.norm):
        return False
    told = {
        f.label
        for w in written
        if any(e.overlaps(one.evidence[0]) for e in w.evidence)
        for f in w.facts
        if f.type == "medication"
    }
    return drugs <= told
