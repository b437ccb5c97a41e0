"""Since when and how often, told apart from the complaint: "J'ai des migraines." - "Racontez." - "Depuis l'été, deux par mois." """

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Sentence, Visit
from app.notes.signs.mentions import worded_time
from app.notes.signs.taken_up import CLINICAL

REACH_TURNS = 4
ASKS_MORE = re.compile(
    r"(?<![a-z])(?:racontez|dites m en|expliquez|depuis (?:quand|combien|longtemps)|combien de (?:temps|fois)|ca (?:fait|dure|a commence)|c est (?:venu|arrive|apparu)|"
    r"quand est ce|tous les jours|souvent|toutes les nuits|a quelle frequence|how (?:long|often|many times)|since when|when did|tell me (?:more|about)|every (?:day|night))(?![a-z])"
)


def elaborated(facts: Iterable[Fact], visit: Visit) -> Iterator[Fact]:
    """The same facts; a complaint without a time gets the one that the answer to "since when?" tells, with its evidence."""
    told = list(facts)
    added: dict[int, Fact] = {}
    for place, answer in enumerate(visit.sentences):
        if answer.speaker == "doctor" or answer.asks or _names_something(answer, visit):
            continue
        asked = [s for s in visit.sentences[:place] if s.turn == answer.turn - 1 and s.speaker == "doctor"]
        when = worded_time(answer, visit.lang) if any(ASKS_MORE.search(s.norm) for s in asked) else ""
        if not when or any(_names_something(s, visit) for s in asked):
            continue
        at = _complaint_before(told, asked[0].turn)
        if at is not None and id(told[at]) not in added and not told[at].detail:
            fact = told[at]
            evidence = (*fact.evidence, answer.evidence())
            added[id(fact)] = replace(fact, text=f"{fact.text} {when}", detail=when, evidence=evidence)
    yield from (added.get(id(fact), fact) for fact in told)


def _names_something(sentence: Sentence, visit: Visit) -> bool:
    named = any(m.concept.kind in CLINICAL for m in find_concepts(sentence.norm, visit.lang))
    return named or bool(find_drugs(sentence.norm))


def _complaint_before(facts: list[Fact], turn: int) -> int | None:
    """The place of the last symptom or illness of today that the patient told before a turn, not too long ago."""
    last = None
    for place, fact in enumerate(facts):
        of_today = fact.polarity == "present" and fact.temporality == "current" and fact.is_patients and not fact.doubt
        if fact.type in ("symptom", "problem") and of_today and fact.evidence:
            said = fact.evidence[-1].turn
            nearer = last is None or said >= facts[last].evidence[-1].turn
            if turn - REACH_TURNS <= said <= turn and nearer:
                last = place
    return last
