"""Orders, bans and operations that another fact tells already, or tells better."""

import re

from app.notes.facts import Fact
from app.notes.language.text import fold
from app.notes.settling.generality import CLASS_CODES

TWO = 2  # orders in one sentence; turns
BARE_NOUN = 3  # words
STEM = 5  # letters


def _ordered_after_all(fact: Fact, others: list[Fact]) -> bool:
    """ "Pas de prise de sang pour les hormones", beside the one that is ordered later for something else."""
    needless = fact.type == "plan" and fact.status == "order" and fact.polarity == "absent"
    return needless and any(
        f.type == "plan"
        and f.status == "order"
        and (f.polarity, f.certainty, f.label) == ("present", "certain", fact.label)
        and f.evidence[-1].turn > fact.evidence[-1].turn
        for f in others
    )


def _recapitulated(fact: Fact, others: list[Fact]) -> bool:
    """ "Donc, pour le pense-bête : la radio, le dentiste": orders that all stand already, with nothing new of when."""
    if fact.type != "plan" or fact.status != "order" or fact.polarity == "absent" or fact.detail or len(fact.extra) < TWO:
        return False
    last = fact.evidence[-1].turn
    before = {n for f in others if f.status == "order" and f.polarity == "present" and f.evidence[-1].turn < last for n in f.extra}
    return set(fact.extra) <= before


def _of_forbidden_class(fact: Fact, others: list[Fact]) -> bool:
    """ "Pas d'anti-inflammatoire, ni Advil ni rien": the brand is an example of the class that is forbidden."""
    return fact.status == "stop" and any(
        f.status == "stop"
        and (fact.code or "-").startswith(CLASS_CODES.get(f.label, " "))
        and f.label != fact.label
        and set(f.turns) & set(fact.turns)
        for f in others
    )


def _told_as_operation(fact: Fact, others: list[Fact]) -> bool:
    """ "On m'a enlevé les polypes": told as what was operated on; "Mon mari s'est fait opérer. La vasectomie." is his."""
    if fact.type not in ("problem", "procedure") or not fact.is_patients or fact.polarity == "absent":
        return False
    if fact.label == "opération" and any(f.type == "procedure" and f is not fact and f.label != "opération" and f.temporality == "past" and f.polarity == "present" and set(f.turns) & set(fact.turns) for f in others):
        return True
    if fact.label.startswith("opération :"):
        part = fact.label.split()[2][:STEM]
        return any(f.type == "procedure" and f is not fact and part in f.label and f.evidence[-1] == fact.evidence[-1] for f in others)
    if fact.type == "problem":
        return fact.temporality != "current" and any(
            f.label.startswith("opération :") and f.evidence[-1] == fact.evidence[-1] for f in others
        )
    near = [f for f in others if f.type == "family" and f.label == "opération" and f.evidence[-1].turn == fact.evidence[-1].turn]
    return len(fact.sentence.split()) <= BARE_NOUN and any(f.evidence[-1].end < fact.evidence[-1].start for f in near)


def _told_as_allergy(fact: Fact, others: list[Fact]) -> bool:
    """ "Une aspirine, et j'étais bleue": a drug whose harm is told is not told as taken too."""
    only_named = fact.type == "medication" and fact.polarity == "present" and fact.status in ("current", "taken") and fact.value is None
    return only_named and any(f.type == "allergy" and f.label == fact.label and f.polarity == "present" and set(f.turns) & set(fact.turns) for f in others)


RESUMES = re.compile(r"(?<![a-z])(?:re(?:prenez|prends|prendre|mettez|mets|commencez|commence)|on (?:le |la |les )?(?:reprend|remet|recommence))(?![a-z])")


def _resumed(fact: Fact, others: list[Fact]) -> bool:
    """ "Je l'ai arrêté hier." - "Vous le reprenez ce soir, deux cents.": the order to go on stands, the stop is over."""
    if fact.type != "medication" or fact.status != "stopped":
        return False
    orders = (f for f in others if f.type == "medication" and f.label == fact.label and f.status == "prescribed" and f.certainty == "certain")
    return any(0 < f.evidence[-1].turn - fact.evidence[-1].turn <= TWO and RESUMES.search(fold(f.sentence)) for f in orders)


COVERS = (_told_as_allergy, _resumed, _ordered_after_all, _recapitulated, _of_forbidden_class, _told_as_operation)
