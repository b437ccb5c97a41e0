"""What of a visit belongs in its note: whether there is anything to write, and which plain statements matter."""

import re
from collections.abc import Iterable, Iterator, Sequence

from app.notes.facts import Fact
from app.notes.language.conjugation_fr import JE
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.timing import frequency_phrase, time_phrase
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.sections import HISTORY, SYSTEMS
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
MOST_EXTRACTS = 8
LEAST_SCORE = 2.0
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
    """The French patient's own statements that still matter, quoted, of turns from which the note tells nothing."""
    told = {e.turn for w in written for e in w.evidence}
    scored = [
        (score(s, visit) * (not _after_alarm(s, visit)), s)
        for s in visit.sentences
        if s.speaker != "doctor" and not s.asks and s.turn not in told
    ]
    best = sorted((item for item in scored if item[0] >= LEAST_SCORE), key=lambda item: -item[0])[:MOST_EXTRACTS]
    for _, sentence in sorted(best, key=lambda item: (item[1].turn, item[1].start)):
        text = _in_own_words(sentence, voice)
        if text and len(text) < 220:
            yield Written(HISTORY, f"{text}.", (sentence.evidence(),), quotes=True)


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
    if relation_near(norm, len(norm), lang):
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
