"""What was proposed and is not done: the patient turns it down, or the doctor takes it back in the next words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.notes.cues import cues
from app.notes.facts import Evidence, Fact
from app.notes.leave import LABEL, LEAVE
from app.notes.lexicon import find_concepts
from app.notes.ordered import ORDERED, needless
from app.notes.transcript import Language
from app.notes.units import Sentence, Visit

REFUSES = cues("declined.refuses")
ACCEPTS = cues("declined.accepts")
PROPOSES = cues("declined.proposes")
TURNS_AFTER = 9  # in which a refusal may still be talked round
TURNS_BEFORE = 3  # in which the proposal was made
WORDS = {"fr": "proposé, refusé par le patient", "en": "proposed, declined by the patient"}
LEAVE_NAME = {"fr": "arrêt de travail", "en": "sick note"}


def settled_with_patient(facts: Iterable[Fact], visit: Visit) -> Iterator[Fact]:
    """The same facts; what the patient turned down for good stands as declined, also what was only proposed."""
    told = list(facts)
    refusals = [(place, s) for place, s in enumerate(visit.sentences) if _refuses(s, visit, place)]
    turned_down = [found for place, s in refusals for found in _declined(s, visit, place)]
    for fact in told:
        if not any(_is_proposal(fact, refused) for refused in turned_down):
            yield fact
    yield from turned_down


def _is_proposal(fact: Fact, refused: Fact) -> bool:
    """Whether a plan is the one that was then refused."""
    before = fact.evidence and fact.evidence[-1].turn < refused.evidence[-1].turn
    near = fact.evidence and refused.evidence[-1].turn - fact.evidence[-1].turn <= TURNS_BEFORE
    same = (fact.type, fact.label) == (refused.type, refused.label) and fact.polarity == "present"
    return bool(same and before and near and fact.status in ("order", "certificate"))


def _refuses(sentence: Sentence, visit: Visit, place: int) -> bool:
    """Whether the other side says no to what was proposed, and is not talked round afterwards."""
    if sentence.speaker == "doctor" or not REFUSES[visit.lang].search(sentence.norm):
        return False
    for later, other in enumerate(visit.sentences[place + 1 :], place + 1):
        if other.turn - sentence.turn > TURNS_AFTER:
            return True
        if other.speaker != "doctor" and ACCEPTS[visit.lang].match(other.norm) and _still_about_it(visit, place, later):
            return False
    return True


def _still_about_it(visit: Visit, place: int, later: int) -> bool:
    """Whether the doctor, before it is accepted, speaks of the thing refused, or asks for agreement."""
    named = {m.concept.fr for s in _proposal(visit, place) for m in find_concepts(s.norm, visit.lang)}
    asked = [s for s in visit.sentences[place + 1 : later] if s.speaker == "doctor"]
    again = {m.concept.fr for s in asked for m in find_concepts(s.norm, visit.lang)}
    return bool(named & again) or any(AGREED.search(s.norm) for s in asked[-2:])


AGREED = re.compile(
    r"(?<![a-z])(?:d accord|on (?:le|la|les) fait|c est oui|vous voulez bien|all right|is that ok)[^.]*\?"
)


def _proposal(visit: Visit, place: int) -> Sequence[Sentence]:
    """The sentences of the doctor that a refusal answers, the last first."""
    turn = visit.sentences[place].turn
    return [s for s in reversed(visit.sentences[:place]) if s.speaker == "doctor" and turn - s.turn <= TURNS_BEFORE]


def _declined(refusal: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    lang = visit.lang
    for proposal in _proposal(visit, place):
        if not (PROPOSES[lang].search(proposal.norm) or proposal.turn == refusal.turn - 1):
            continue
        wanted = [m for m in find_concepts(proposal.norm, lang) if m.concept.kind in ORDERED]
        if not PROPOSES[lang].search(proposal.norm):
            wanted = [m for m in wanted if _named_again(m.concept.fr, refusal, lang)]
        proof = (proposal.evidence(), refusal.evidence())
        if wanted:
            name = f"{wanted[-1].concept.name(lang)}{' : ' if lang == 'fr' else ': '}{WORDS[lang]}"
            yield replace(
                needless(wanted[-1], refusal, lang, proof=proof, text=name),
                status="declined",
                asserted_by=refusal.speaker,
            )
            return
        if LEAVE[lang].search(proposal.norm) and PROPOSES[lang].search(proposal.norm):
            yield _leave(refusal, lang, proof)
            return


def _named_again(label: str, refusal: Sentence, lang: Language) -> bool:
    return any(m.concept.fr == label for m in find_concepts(refusal.norm, lang))


def _leave(refusal: Sentence, lang: Language, proof: tuple[Evidence, ...]) -> Fact:
    words = f"{LEAVE_NAME[lang]}{' : ' if lang == 'fr' else ': '}{WORDS[lang]}"
    return Fact(
        "work_stoppage",
        words,
        LABEL,
        proof,
        polarity="absent",
        asserted_by=refusal.speaker,
        status="certificate",
        sentence=words,
        extra=(words, ""),
    )
