"""Whether a mention is affirmed, denied, supposed, past or somebody else's: cues in the words around it."""

import re
from dataclasses import dataclass

from app.notes.facts import Certainty, Polarity, Temporality
from app.notes.language.cues import cues
from app.notes.transcript import Language

CLAUSE_END = cues("polarity.clause_end")
DENIES_BEFORE = cues("polarity.denies_before")
DENIES_AFTER = cues("polarity.denies_after")
SHORT_NO = cues("polarity.short_no")
WORD_END = re.compile(r"[a-zœ]*")
AFTER_STOP = cues("polarity.after_stop")
SUPPOSES = cues("polarity.supposes")
CONDITIONS = cues("polarity.conditions")
PAST = cues("polarity.past")
RESOLVED = cues("polarity.resolved")
ONSET = cues("polarity.onset")


@dataclass(frozen=True, slots=True)
class Stance:
    """How a mention is meant."""

    polarity: Polarity
    certainty: Certainty
    temporality: Temporality


def clause_of(norm: str, start: int, end: int, lang: Language) -> tuple[int, int]:
    """The clause around norm[start:end]."""
    left, right = 0, len(norm)
    for mark in CLAUSE_END[lang].finditer(norm):
        if mark.end() <= start:
            left = mark.end()
        elif mark.start() >= end:
            right = mark.start()
            break
    return left, right


def is_denied(norm: str, start: int, end: int, lang: Language) -> bool:
    """Whether the words around norm[start:end] deny it."""
    end = WORD_END.match(norm, end).end()  # type: ignore[union-attr]  # patterns may stop within a word
    left, right = clause_of(norm, start, end, lang)
    before, after = norm[left:start], norm[end:right]
    denials = list(DENIES_BEFORE[lang].finditer(before))
    if denials and len(before[denials[-1].end() :].split()) <= (9 if lang == "en" else 6):
        return not _double(before, lang)
    stop = AFTER_STOP[lang].search(norm[end:])
    tail = norm[end : end + stop.start()] if stop else after
    return bool(DENIES_AFTER[lang].search(tail) or SHORT_NO[lang].match(norm, end))


def _double(before: str, lang: Language) -> bool:
    """Denials that deny nothing: "pas d'autre", "ce n'est pas rien"."""
    return lang == "fr" and bool(re.search(r"pas (?:d autre|rien|sans)|non,? si\b", before))


def stance(norm: str, start: int, end: int, lang: Language) -> Stance:
    """Polarity, certainty and time of the mention at norm[start:end] of a sentence."""
    left, right = clause_of(norm, start, end, lang)
    clause, before = norm[left:right], norm[:start]
    certainty: Certainty = "certain"
    if CONDITIONS[lang].search(before):
        certainty = "conditional"
    elif SUPPOSES[lang].search(clause):
        certainty = "suspected"
    temporality: Temporality = "current"
    if RESOLVED[lang].search(norm[left:]):
        temporality = "resolved"
    elif PAST[lang].search(clause) and not ONSET[lang].search(clause):
        temporality = "past"
    return Stance("absent" if is_denied(norm, start, end, lang) else "present", certainty, temporality)
