"""What could be told of an English visit beside its facts: statements of both sides, and questions with their yes or no."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.notes.facts import Evidence
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.spoken_en import IDENTIFIES, is_broken, is_chatter, is_half
from app.notes.language.timing import time_phrase
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.writing import answered_en, wording_en
from app.notes.writing.sentences import Voice

LEAST_WORDS, MOST_WORDS = 4, 45
MARKED = "¤"  # words that were taken back
CLEAR = re.compile(  # an answer that is a yes or a no and takes nothing of it back
    r"\W*(?:(?:um|uh|oh|well|okay|hmm)\W+)*(yes|yeah|yep|yup|correct|i (?:do|am|have|did|was)(?! n t| not)|no|nope|nah|never|not at all|none|i do n t|i have n t|i don t|i haven t)(?![a-z])"
)
TURNS = re.compile(
    r"(?<![a-z])(?:but|except|unless|until|though|although|used to|only|just|sometimes|not really|maybe|think)(?![a-z])"
)


BODY, FEELS = cues("selection.body")["en"], cues("selection.feels")["en"]
ACTS = re.compile(  # what examinations and plans are made of
    r"(?<![a-z])(?:exam\w*|normal|clear|tender\w*|palpation|rhythm|murmur|edema|regular|motion|strength|vitals?|medic\w+|history|refer\w*|prescri\w+|order\w*|continu\w+|"
    r"increase\w*|decrease\w*|follow\w*|monitor\w*|recommend\w*|treat\w*|diet|weight|blood|symptom\w*|consistent|x ray|scan|imaging|labs?|family|live|married|retired|smok\w+|tobacco|alcohol|drugs?|allerg\w+)(?![a-z])"
)
SMALL_TALK = cues("orders.small_talk")["en"]
BARE = re.compile(r"(?:A (?:little|lot|few|bit)|Some|About|Maybe|Probably|Usually|Mostly|Pain|Just|\d+) ")
COMMAND = re.compile(
    r"\W*(?:(?:hey|okay|ok|all right|alright|so|and|now)\W+)*dragon\W+(?:show|pull|open|finali[sz]e|stop|start|end)"
)  # to a machine


ANY = re.compile(r"(?<![a-z])any(?![a-z])")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that could stand in the note. `heard` is what was said, `fused` the answer that makes it one."""

    sentence: Sentence
    text: str
    evidence: tuple[Evidence, ...]
    asked: str
    fused: Literal["", "yes", "no"] = ""

    @property
    def speaker(self) -> str:
        """The doctor, or who else answers for the patient."""
        return "doctor" if self.sentence.speaker == "doctor" and not self.fused else "patient"


def statements(visit: Visit, voice: Voice) -> Iterator[Statement]:
    """All that could be told, in the order of speech."""
    asking = {(s.turn, s.start): exchange for exchange in visit.exchanges for s in exchange.questions}
    before = ""  # what the doctor said last
    for sentence in visit.sentences:
        if sentence.speaker == "doctor":
            before = sentence.norm
        if _somebody_elses(sentence, visit):
            continue
        exchange = asking.get((sentence.turn, sentence.start))
        if exchange is not None:
            yield from _answered(sentence, exchange, voice)
        elif (
            not sentence.asks
            and LEAST_WORDS <= len(sentence.norm.split()) <= MOST_WORDS
            and MARKED not in sentence.norm
        ):
            if sentence.speaker == "doctor" and SMALL_TALK.search(sentence.norm):
                continue
            text = voice.directive(sentence.shown) if sentence.speaker == "doctor" else _reported(sentence.shown, voice)
            if (
                text
                and not is_broken(text)
                and not COMMAND.match(sentence.norm)
                and not IDENTIFIES.search(before)
                and not wording_en.STILL.search(text)
                and not is_half(text, sentence.shown)
                and not is_chatter(sentence.norm, doctor=sentence.speaker == "doctor")
            ):
                yield Statement(sentence, f"{text}.", (sentence.evidence(),), visit.question_of(sentence))


def clinical(sentence: Sentence) -> bool:
    """Whether a sentence names a body, a complaint, a drug, an act, a time or an amount: what no note is made of has none."""
    norm = sentence.norm
    return bool(
        BODY.search(norm)
        or FEELS.search(norm)
        or find_concepts(norm, "en")
        or find_drugs(norm)
        or re.search(r"\d", norm)
        or time_phrase(norm, "en")
        or ACTS.search(norm)
    )


OPENING = 20  # characters in which a sentence names whom it is about


def _somebody_elses(sentence: Sentence, visit: Visit) -> bool:
    """Whether the patient speaks of somebody else."""
    if sentence.speaker == "doctor":
        return False
    return visit.other_person(sentence, min(len(sentence.norm), OPENING)) is not None


def _reported(shown: str, voice: Voice) -> str | None:
    """A statement of the patient; what has no subject of its own is reported."""
    told = voice.told(shown)
    if told and BARE.match(told):
        return f"Reports {told[:1].lower()}{told[1:]}"
    return re.sub(r"^Been ", "Has been ", told) if told else None


def _answered(question: Sentence, exchange: Exchange, voice: Voice) -> Iterator[Statement]:
    """A question that got a clear yes or no, as the statement that both make together."""
    if question is not exchange.questions[-1] or MARKED in question.norm:
        return
    if ANY.search(question.norm) and exchange.verdict == "yes" and not find_concepts(question.norm, "en"):
        return  # "any medicines?" - "yes" tells none
    first = exchange.answer[0]
    clear = CLEAR.match(first.norm)
    if not clear or TURNS.search(first.norm) or (first.norm[clear.end() :].strip(" .,") and exchange.verdict == ""):
        return
    verdict: Literal["yes", "no"] = (
        "no" if re.match(r"no|nah|nope|never|i do n t|i don t|i have n t|i haven t", clear.group(1)) else "yes"
    )
    text = answered_en.answered(question.shown, verdict == "yes", voice.sex)
    if text and not wording_en.STILL.search(text):
        proof = (question.evidence(), first.evidence())
        yield Statement(question, f"{text}.", proof, question.norm, verdict)
