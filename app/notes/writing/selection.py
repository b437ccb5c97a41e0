"""What of a visit belongs in its note: whether there is anything to write, and which plain statements matter."""

import re
from collections.abc import Iterable, Iterator, Sequence

from app.notes.facts import Evidence, Fact
from app.notes.language.conjugation_fr import JE
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.timing import frequency_phrase, time_phrase
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.sections import HISTORY, REASON, SYSTEMS
from app.notes.signs.findings import ALARM
from app.notes.transcript import Patient
from app.notes.writing.sentences import Voice, Written

CLINICAL = (
    "symptom",
    "problem",
    "medication",
    "allergy",
    "vital",
    "lab",
    "procedure",
    "plan",
    "advice",
    "work_stoppage",
)
SOLID = ("symptom", "problem", "medication", "allergy", "vital", "lab", "work_stoppage")
SOLID_STATUS = ("order", "stop", "request", "seen", "sent", "alert")
PASSING = ("anxiété", "fatigue")  # "un peu stressé par le travail" is small talk until something is said with it
LEAST_WEAK = 2
LEAST_WORDS = 5
MAX_EXTRACTS = {"fr": 8, "en": 24}
MIN_SCORE = {"fr": 2.0, "en": 1.5}
BODY = cues("selection.body")
FEELS = cues("selection.feels")
CHATTER = cues("selection.chatter")
POSTPONED = cues("selection.postponed")
MANY_FACTS = 6
TELLS_IT = re.compile(
    r"(?<![a-z])(?:ca (?:a commence|me|s|fait|dure|va)|c est (?:rouge|arrive|venu|apparu|pire|mieux|surtout)|depuis)(?![a-z])"
)
SHORT_REPLY = 15  # words


def nothing_to_write(visit: Visit, facts: Sequence[Fact]) -> str:
    """Why there is no draft, in the visit's language; empty when there is one."""
    french = visit.lang == "fr"
    words = sum(len(turn.text.split()) for turn in visit.transcript.turns)
    if not words:
        return (
            "Rien n'a été transcrit : il n'y a pas de quoi rédiger une note."
            if french
            else "Nothing was transcribed, so there is nothing to draft a note from."
        )
    clinical = [f for f in facts if f.type in CLINICAL and f.is_patients]
    if words < LEAST_WORDS or not _worth_a_note(clinical):
        return (
            "Rien de clinique n'a été dit pendant cette visite : aucune note n'est proposée."
            if french
            else "Nothing clinical was said in this visit, so no note is proposed."
        )
    if len(clinical) < MANY_FACTS and any(POSTPONED[visit.lang].search(s.norm) for s in visit.sentences):
        return (
            "La consultation n'a pas eu lieu (reportée) : aucune note n'est proposée."
            if french
            else "The consultation did not take place (postponed), so no note is proposed."
        )
    return ""


def _worth_a_note(clinical: Sequence[Fact]) -> bool:
    """One symptom, drug, figure or order of this patient is enough; what was only denied, or is in passing, takes two."""
    solid = [f for f in clinical if f.type in SOLID or f.status in SOLID_STATUS]
    weak = [f for f in solid if f.polarity == "absent" or (f.label in PASSING and not f.detail)]
    return len(weak) >= LEAST_WEAK or len(solid) > len(weak)


def worth_telling(fact: Fact, patient: Patient) -> bool:
    """Whether a fact is told in the note."""
    if fact.type == "procedure" and fact.label == "opération" and fact.polarity == "absent":
        return False
    if fact.label == "allergie" and fact.polarity == "absent" and patient.allergies:
        return False  # the record says otherwise: shown as a conflict
    return not (fact.type == "problem" and fact.status == "history" and fact.polarity == "absent")


def extracts(visit: Visit, written: Sequence[Written], voice: Voice) -> Iterator[Written]:
    """The patient's own statements that no fact tells and that still matter: quoted in French, in the third person in English.

    A statement takes the place of the bare words of the history that it holds; what stands elsewhere is not told twice.
    """
    scored = [
        (score(s, visit) * (not _after_alarm(s, visit)), s)
        for s in visit.sentences
        if s.speaker != "doctor" and not s.asks and not _told_elsewhere(s, visit, written)
    ]
    best = sorted((item for item in scored if item[0] >= MIN_SCORE[visit.lang]), key=lambda item: -item[0])[
        : MAX_EXTRACTS[visit.lang]
    ]
    for _, sentence in sorted(best, key=lambda item: (item[1].turn, item[1].start)):
        text = _in_own_words(sentence, voice) if voice.lang == "fr" else voice.told(sentence.shown)
        if text and len(text) < 220:
            held = tuple(fact for w in _within(sentence, written) for fact in w.facts)
            yield Written(HISTORY, f"{text}.", (sentence.evidence(),), held, quotes=True)


def _in_own_words(sentence: Sentence, voice: Voice) -> str | None:
    """A statement quoted as it was said; None for a fragment, or one that stumbles."""
    words = voice.tidy(sentence.shown)
    tells = JE.search(words) or TELLS_IT.search(sentence.norm)
    if not tells or not LEAST_QUOTED <= len(words.split()) <= MOST_QUOTED or STUMBLES.search(words):
        return None
    who = voice.patient if sentence.speaker == "patient" else "l'entourage"
    return f"{who[:1].upper()}{who[1:]} : « {words} »"


LEAST_QUOTED, MOST_QUOTED = 5, 30  # words
STUMBLES = re.compile(r"\w- ")


def without_repeats(written: Iterable[Written], quoted: Iterable[Written]) -> list[Written]:
    """The sentences, less those of the history and of the denials whose facts a statement of the patient already tells."""
    told = {id(fact) for quote in quoted for fact in quote.facts}
    return [
        w
        for w in written
        if w.section not in (HISTORY, SYSTEMS) or not w.facts or not all(id(f) in told for f in w.facts)
    ]


def _told_elsewhere(sentence: Sentence, visit: Visit, written: Sequence[Written]) -> bool:
    """Whether the note has this statement already: in French its turn, in English its words outside the history."""
    if visit.lang == "fr":
        return any(e.turn == sentence.turn for w in written for e in w.evidence)
    said = sentence.evidence()
    touching = [w for w in written if any(_overlap(e, said) for e in w.evidence) and w.section is not REASON]
    return any(w.section is not HISTORY for w in touching)


def _within(sentence: Sentence, written: Sequence[Written]) -> list[Written]:
    said = sentence.evidence()
    return [w for w in written if w.section is HISTORY and w.facts and all(_overlap(e, said) for e in w.evidence[-1:])]


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.turn == other.turn and one.start < other.end and other.start < one.end


PRESENTS = cue("selection.presents")
MAX_PRESENTED = 2


def presented(visit: Visit, voice: Voice) -> Iterator[Written]:
    """How the doctor introduces the patient aloud, as English-speaking doctors do for the record."""
    if visit.lang == "fr":
        return
    spoken = [
        s
        for s in visit.sentences
        if s.speaker == "doctor" and not s.asks and PRESENTS.search(s.norm) and len(s.norm.split()) > 7
    ]
    for sentence in spoken[:MAX_PRESENTED]:
        text = voice.directive(sentence.shown)
        if text:
            yield Written(HISTORY, f"{text}.", (sentence.evidence(),), quotes=True)


def _after_alarm(sentence: Sentence, visit: Visit) -> bool:
    """Whether it repeats what the doctor has just said about when to call."""
    return len(sentence.norm.split()) < SHORT_REPLY and any(
        ALARM[visit.lang].search(s.norm)
        for s in visit.sentences
        if s.speaker == "doctor" and sentence.turn - 2 < s.turn < sentence.turn
    )


def score(sentence: Sentence, visit: Visit) -> float:
    """How much a statement of the patient bears on the visit: 0 for chatter, above 2 worth a line."""
    norm, lang = sentence.norm, visit.lang
    words = norm.split()
    if not 4 <= len(words) <= 45 or CHATTER[lang].search(norm) or "¤" in norm:
        return 0.0
    if lang == "fr" and relation_near(norm, len(norm), lang):
        return 0.0  # somebody else's
    points = (
        1.0 * bool(BODY[lang].search(norm))
        + 1.0 * bool(FEELS[lang].search(norm))
        + 0.5 * len(FEELS[lang].findall(norm) or ())
    )
    points += (
        1.0 * bool(time_phrase(norm, lang))
        + 0.7 * bool(frequency_phrase(norm, lang))
        + 0.5 * bool(re.search(r"\d", norm))
    )
    points += 1.0 * bool(find_concepts(norm, lang)) + 1.0 * bool(find_drugs(norm))
    return points
