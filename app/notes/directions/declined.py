"""What was proposed and is not done: the patient turns it down, or the doctor takes it back in the next words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.notes.directions.leave import LEAVE, LEAVE_LABEL
from app.notes.directions.ordered import ORDERED, needless
from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import Mention, find_concepts, find_drugs
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

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
    same = (fact.type, fact.label) == (refused.type, refused.label) and fact.status in ("order", "certificate")
    once_more = fact.polarity == "absent" and fact.evidence[-1].turn - refused.evidence[-1].turn in (0, 2)
    return bool(same and (once_more or (before and near and fact.polarity == "present")))


def _refuses(sentence: Sentence, visit: Visit, place: int) -> bool:
    """Whether the other side says no to what was proposed, and is not talked round afterwards."""
    if sentence.speaker == "doctor" or not REFUSES[visit.lang].search(sentence.norm):
        return False
    if DONE_ALREADY.search(visit.question_of(sentence)):
        return False
    for later, other in enumerate(visit.sentences[place + 1 :], place + 1):
        if other.turn - sentence.turn > TURNS_AFTER:
            return True
        if other.speaker != "doctor" and ACCEPTS[visit.lang].match(other.norm) and _still_about_it(visit, place, later):
            return False
    return True


DONE_ALREADY = re.compile(  # "Les vaccins, vous les avez faits ?" - "La coqueluche, non.": not done is not refused
    r"(?<![a-z])(?:(?:l|les|en|vous|tu) (?:avez|as|aviez) (?:deja |bien )?(?:faite?s?|eue?s?|passee?s?)|(?:est|sont) (?:deja |bien )?(?:faite?s?|a jour)|etes (?:bien )?a jour)[^?]*\?"
)


def _still_about_it(visit: Visit, place: int, later: int) -> bool:
    """Whether the doctor, before it is accepted, speaks of the thing refused, or asks for agreement."""
    named = {
        m.concept.fr
        for s in _proposal(visit, place)
        for m in find_concepts(s.norm, visit.lang)
        if m.concept.kind in ORDERED
    }
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
        proposes = PROPOSES[lang].search(proposal.norm) is not None
        if not (proposes or proposal.turn == refusal.turn - 1):
            continue
        proof = (proposal.evidence(), refusal.evidence())
        wanted = _wanted(proposal, refusal, visit, proposes=proposes)
        if wanted:
            named = f"{wanted.concept.name(lang)}{' : ' if lang == 'fr' else ': '}{WORDS[lang]}"
            refused = needless(wanted, refusal, lang, proof=proof, text=named)
            yield replace(refused, status="declined", asserted_by=refusal.speaker)
            return
        if LEAVE[lang].search(proposal.norm) and proposes:
            yield _leave(refusal, lang, proof)
            return
        changed = _drug_change(proposal, visit) if proposes and lang == "fr" else ""
        others = [m.drug.name(lang) for m in find_drugs(refusal.norm)]
        if changed and (not others or any(name in changed for name in others)):
            yield _change(changed, refusal, proof)
            return


def _wanted(proposal: Sentence, refusal: Sentence, visit: Visit, *, proposes: bool) -> Mention | None:
    """What is refused: what the refusal names, else what the proposal names, or means by a pronoun."""
    lang = visit.lang
    named = [m for m in find_concepts(refusal.norm, lang) if m.concept.kind in ORDERED]
    here = [m for m in find_concepts(proposal.norm, lang) if m.concept.kind in ORDERED]
    again = [m for m in here if any(m.concept.fr == n.concept.fr for n in named)]
    if again or not proposes:
        return again[-1] if again else None
    if here or not BY_PRONOUN.search(proposal.norm):
        return here[-1] if here else None
    for earlier in reversed(_before(proposal, visit)):
        wanted = [m for m in find_concepts(earlier.norm, lang) if m.concept.kind in ORDERED]
        if wanted:
            return wanted[-1]
    return None


BY_PRONOUN = re.compile(r"(?<![a-z])(?:on|je|vous) (?:vous )?(?:le|la|les|l|en) [a-z]+(?![a-z])")
CHANGES = (
    ("arret de", re.compile(r"(?<![a-z])(?:arret|stop|supprim|enlev)\w*")),
    ("diminution de", re.compile(r"(?<![a-z])(?:diminu|baiss|redui|descend|la moitie|espac)\w*")),
    ("augmentation de", re.compile(r"(?<![a-z])(?:augment|mont(?:e|er|erait)(?![a-z])|doubl)\w*")),
    ("changement de", re.compile(r"(?<![a-z])(?:chang|rempla|pass(?:e|er) (?:a|au)(?![a-z]))\w*")),
)


def _before(sentence: Sentence, visit: Visit) -> list[Sentence]:
    """The sentences of both sides shortly before one."""
    near = [s for s in visit.sentences if sentence.turn - TURNS_BEFORE <= s.turn <= sentence.turn]
    return [s for s in near if (s.turn, s.start) < (sentence.turn, sentence.start)]


def _drug_change(proposal: Sentence, visit: Visit) -> str:
    """ "J'aimerais diminuer", said of the drug named before: "diminution de zopiclone"; empty when no change is proposed."""
    kind = next((name for name, pattern in CHANGES if pattern.search(proposal.norm)), "")
    if not kind:
        return ""
    for sentence in (proposal, *reversed(_before(proposal, visit))):
        drugs = find_drugs(sentence.norm)
        if drugs:
            return f"{kind} {drugs[-1].drug.name(visit.lang)}".replace("arret", "arrêt")
    return ""


def _change(changed: str, refusal: Sentence, proof: tuple[Evidence, ...]) -> Fact:
    words = re.sub(r"\bde (?=[aeiouhéèêœ])", "d'", f"{changed} : {WORDS['fr']}")
    return Fact(
        "plan",
        words,
        changed,
        proof,
        polarity="absent",
        asserted_by=refusal.speaker,
        status="declined",
        sentence=words,
        extra=(words, ""),
    )


def _leave(refusal: Sentence, lang: Language, proof: tuple[Evidence, ...]) -> Fact:
    words = f"{LEAVE_NAME[lang]}{' : ' if lang == 'fr' else ': '}{WORDS[lang]}"
    return Fact(
        "work_stoppage",
        words,
        LEAVE_LABEL,
        proof,
        polarity="absent",
        asserted_by=refusal.speaker,
        status="certificate",
        sentence=words,
        extra=(words, ""),
    )
