"""Facts brought together: repeats merged, later words over earlier ones, the particular over the general."""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from app.notes.facts import Fact, proofs
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold
from app.notes.people import relatives
from app.notes.people.people import UNTOLD
from app.notes.settling import repeats
from app.notes.settling.generality import CLASS_CODES, GENERAL, is_particular
from app.notes.signs.answers import UNMARKED

MEAN = r"moyenne|average"
HOME = ("current", "stopped", "not taken")


def resolve(facts: Iterable[Fact]) -> list[Fact]:
    """Merge what says the same, settle what contradicts, drop what a more particular fact covers; keeps the order."""
    merged = _merge(_sorted(facts), _key)
    merged = _settle(merged)
    merged = _newest_dose(merged)
    kept = [fact for fact in merged if not _covered(fact, merged)]
    return [_with_proof_of(fact, [other for other in merged if other not in kept]) for fact in kept]


def _with_proof_of(fact: Fact, covered: Iterable[Fact]) -> Fact:
    """A particular fact with the evidence of the general ones that it covers: "une migraine" proves the aura's too."""
    same = [
        other
        for other in covered
        if (other.label == fact.label or fact.label in GENERAL.get(other.label, ()))
        and (other.type, other.polarity, other.experiencer) == (fact.type, fact.polarity, fact.experiencer)
        and fact.type == "problem"
        and not other.doubt
    ]
    return replace(fact, evidence=tuple(dict.fromkeys((*fact.evidence, *proofs(same))))) if same else fact


def _sorted(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(
        facts, key=lambda fact: (fact.evidence[-1].turn, fact.evidence[-1].start) if fact.evidence else (0, 0)
    )


def _key(fact: Fact) -> Hashable:
    if fact.doubt:
        return fact.type, fact.label, "doubt"
    if fact.type == "medication":
        role = "home" if fact.status in HOME else fact.status
        return (
            fact.type,
            fact.label,
            role,
            fact.certainty if role == "prescribed" else "",
            fact.value if role == "prescribed" else "",
            fact.experiencer,
        )
    if fact.type in ("vital", "lab"):
        return fact.type, fact.label, fact.value
    if fact.label == "douleur" and fact.value is not None:
        return fact.label, fact.value
    if fact.type in ("plan", "advice", "work_stoppage") or fact.status in ("seen", "not examined"):
        return fact.type, fact.text
    if fact.type == "social" and fact.label in ("profession", "mode de vie"):
        return fact.type, fact.text
    over = fact.type == "symptom" and fact.temporality in ("past", "resolved")
    return fact.type, fact.label, fact.experiencer, fact.polarity, fact.status == "diagnosis", over


def _merge(facts: Iterable[Fact], key: Callable[[Fact], Hashable]) -> list[Fact]:
    kept: dict[Hashable, Fact] = {}
    for fact in facts:
        known = kept.get(key(fact))
        kept[key(fact)] = _join(known, fact) if known else fact
    return list(kept.values())


def _join(old: Fact, new: Fact) -> Fact:
    """The fuller of the two with the evidence of both; for drugs at home and habits the later wins."""
    evidence = tuple(dict.fromkeys((*old.evidence, *new.evidence)))
    if old.type == "medication" and old.polarity != new.polarity:
        return replace(new, evidence=evidence)
    if old.type == "allergy" and new.polarity == old.polarity:
        fuller = new if len(new.detail) > len(old.detail) else old
        return replace(
            fuller,
            evidence=evidence,
            certainty="suspected" if "suspected" in (old.certainty, new.certainty) else "certain",
        )
    better = new if _weight(new) > _weight(old) else old
    return replace(better, evidence=evidence, critical=old.critical or new.critical)


def _weight(fact: Fact) -> tuple[bool, int, int]:
    return fact.value is not None, len(fact.detail), len(fact.text)


def _settle(facts: list[Fact]) -> list[Fact]:
    """Where one thing is both affirmed and denied now, what was said last stands."""
    return [fact for fact in facts if not any(_overrules(other, fact) for other in facts)]


def _overrules(other: Fact, fact: Fact) -> bool:
    same = (other.type, other.label, other.experiencer) == (
        fact.type,
        fact.label,
        fact.experiencer,
    ) and other.polarity != fact.polarity
    if (
        not same
        or fact.type not in ("symptom", "problem", "allergy", "social", "procedure", "work_stoppage")
        or {other.temporality, fact.temporality} & {"past", "resolved"}
    ):
        return False
    if fact.status in ("seen", "not examined"):
        return False
    if fact.status == "diagnosis" and fact.asserted_by == "doctor" and other.asserted_by != "doctor":
        return False
    if UNMARKED in (other.status, fact.status) and other.status != fact.status:
        return fact.status == UNMARKED
    last, mine = other.evidence[-1].turn, fact.evidence[-1].turn
    return last > mine or (last == mine and other.polarity == "present")


def _newest_dose(facts: list[Fact]) -> list[Fact]:
    """A prescription without a dose joins the one that has it; an earlier dose gives way to a later one."""
    kept: list[Fact] = []
    facts = _with_maximum(facts)
    for fact in facts:
        if fact.type != "medication" or fact.status != "prescribed" or fact.doubt:
            kept.append(fact)
            continue
        others = [
            f
            for f in facts
            if f is not fact and f.type == "medication" and f.status == "prescribed" and f.label == fact.label
        ]
        dosed = [f for f in others if f.value is not None]
        if fact.value is None and dosed and (not fact.sig or any(_says_again(fact, f) for f in dosed)):
            continue
        newer = [
            f
            for f in dosed
            if fact.value is not None
            and f.certainty == fact.certainty
            and f.value != fact.value
            and f.evidence[0].turn > fact.evidence[-1].turn
        ]
        if not newer:
            kept.append(fact)
    return kept


def _says_again(fact: Fact, dosed: Fact) -> bool:
    """Whether an order without its dose only sums up the one that had it: "donc l'ézétimibe le soir", five turns later."""
    again = fact.certainty == dosed.certainty and fact.evidence[0].turn > dosed.evidence[0].turn
    return again and not (ORDER_CHANGES.search(fold(fact.sentence)) or re.search(r"\d ?/|x\d", fact.sig or ""))


ORDER_CHANGES = re.compile(r"(?<![a-z])(?:finalement|plutot|en fait|on passe|on descend|on monte|un jour sur|un soir sur|instead|actually)(?![a-z])")


def _with_maximum(facts: list[Fact]) -> list[Fact]:
    """ "Pas plus de deux par jour", said later, belongs to the dose prescribed before."""
    limits = {
        f.label: f
        for f in facts
        if f.type == "medication"
        and f.status == "prescribed"
        and not f.doubt
        and ONLY_MOST.match(f.sig or "")
        and f.value is None
    }
    kept: list[Fact] = []
    for fact in facts:
        most = (
            limits.get(fact.label)
            if fact.type == "medication" and fact.status == "prescribed" and fact.value is not None
            else None
        )
        if most and "max" not in fact.detail:
            detail = ", ".join(filter(None, (fact.detail, most.detail)))
            fact = replace(
                fact,
                detail=detail,
                text=f"{fact.text}, {most.detail}",
                evidence=tuple(dict.fromkeys((*fact.evidence, *most.evidence))),
            )
            limits[fact.label] = fact
            kept = [f for f in kept if f is not most]
        kept.append(fact)
    joined = {f.label for f in kept if limits.get(f.label) is f and f.value is not None}
    return [
        f
        for f in kept
        if not (f.label in joined and f.value is None and f.status == "prescribed" and ONLY_MOST.match(f.sig or ""))
    ]


ONLY_MOST = re.compile(r"max |up to ")


def _covered(fact: Fact, facts: list[Fact]) -> bool:
    """Whether others say all that a fact says, and more."""
    others = [other for other in facts if other is not fact and not other.doubt]
    return any(rule(fact, others) for rule in COVERS)


def _asked_for_only(fact: Fact, others: list[Fact]) -> bool:
    """A pet's illness; a renewal beside the drugs that are renewed."""
    return fact.experiencer in UNTOLD or (fact.status == "request" and any(f.type == "medication" for f in others))


def _names_class(fact: Fact, others: list[Fact]) -> bool:
    """A class of drugs beside one of its drugs, said in the same breath."""
    code = CLASS_CODES.get(fact.label)
    if fact.label == "stérilet":
        return any(f.label == "stérilet au cuivre" for f in others)
    return (
        code is not None
        and fact.type == "medication"
        and any(
            (f.code or "").startswith(code)
            and f.type == "medication"
            and (fact.polarity == "present" or (f.polarity == fact.polarity and fact.status != "not taken"))
            and (set(f.turns) & set(fact.turns) or _both_taken(f, fact))
            for f in others
        )
    )


def _both_taken(drug: Fact, named: Fact) -> bool:
    """ "Elle prend l'anticoagulant" - "L'Eliquis ?" - "Oui.": the class and then its drug, of the same person."""
    same = drug.experiencer == named.experiencer and drug.polarity == named.polarity == "present"
    return same and named.status == drug.status == "current" and named.value is None


def _considered_and_prescribed(fact: Fact, others: list[Fact]) -> bool:
    return fact.status == "considered" and any(f.label == fact.label and f.status == "prescribed" for f in others)


def _diagnosed(fact: Fact, others: list[Fact]) -> bool:
    """What the patient says to have now, or guesses, beside the doctor's diagnosis of it; a guess that is denied."""
    if fact.type != "problem" or fact.status or fact.polarity == "absent":
        return False
    same = [f for f in others if f.label == fact.label and f.type == "problem"]
    if fact.is_patients and any(f.status == "diagnosis" for f in same):
        return fact.temporality == "current" or fact.certainty == "suspected"
    return fact.certainty == "suspected" and any(
        f.polarity == "absent" and f.experiencer == fact.experiencer for f in same
    )


def _has_figure(fact: Fact, others: list[Fact]) -> bool:
    """A fever beside its temperature."""
    fever = fact.label == "fièvre" and fact.polarity == "present"
    return fever and any(f.label == "température" and set(f.turns) & set(fact.turns[1:]) for f in others)


def _measured_again(fact: Fact, others: list[Fact]) -> bool:
    """A weight said twice in one turn; single readings beside their mean."""
    if fact.type != "vital":
        return False
    same = [f for f in others if f.label == fact.label]
    if fact.label == "poids":
        about = (fact.unit, fact.temporality, fact.turns)
        return any((f.unit, f.temporality, f.turns) == about and f.evidence < fact.evidence for f in same)
    single = fact.label == "pression artérielle" and fact.temporality == "current"
    means = any(re.search(MEAN, fold(f.sentence)) for f in same)
    return single and means and not re.search(MEAN, fold(fact.sentence))


def _general(fact: Fact, others: list[Fact]) -> bool:
    """A general label beside a particular one; a pain that nothing locates beside what is; "no allergies" and an allergy."""
    particular = GENERAL.get(fact.label, set())
    alike = [
        f
        for f in others
        if (f.label in particular or is_particular(f.label, fact.label))
        and f.experiencer == fact.experiencer
        and fact.temporality in ("current", f.temporality)
    ]
    if any(f.polarity == fact.polarity or fact.label in ("opération", "vaccin") for f in alike):
        return True
    if fact.label == "vaccin" and any(f.label.startswith("vaccin ") and f.type == fact.type for f in others):
        return True
    if fact.label in ("douleur", "brûlure") and fact.value is None and fact.type == "symptom":
        others_told = any(
            f.type in ("symptom", "problem") and f.polarity == "present" and f.is_patients for f in others
        )
        return fact.polarity == "absent" or others_told
    nothing = fact.type == "allergy" and fact.polarity == "absent"
    told = [f for f in others if f.type == "allergy" and f.polarity == "present" and f.temporality != "resolved"]
    if fact.label in ("antibiotiques", "médicaments"):
        of_class = "J01" if fact.label == "antibiotiques" else ""
        told = [f for f in told if any((m.drug.atc or "").startswith(of_class) for m in find_drugs(fold(f.label)))]
    return nothing and bool(told) and fact.label in ("allergie", "antibiotiques", "médicaments")


def _blood_told(fact: Fact, others: list[Fact]) -> bool:
    """That blood was taken, beside what was found in it."""
    done = fact.label == "prise de sang" and fact.status == "done"
    return done and any(f.type == "lab" and set(f.turns) & set(fact.turns) for f in others)


def _operated_for(fact: Fact, others: list[Fact]) -> bool:
    """ "Opéré d'une hernie": the operation is told with what it was for."""
    if fact.label != "opération" or fact.polarity == "absent" or not OPERATED.search(fold(fact.sentence)):
        return False
    return any(_same_breath(fact, f) and (f.type in ("family", "problem") or f.label.startswith("opération :")) for f in others)


OPERATED = re.compile(
    r"oper(?:e|ee|er|es|ees|ation)? (?:d une?|du|des|de l[a ]?|pour une?|pour l[ea]?|d) ?[a-z]|operat(?:ed|ion) (?:on |for )[a-z]"
)


def _same_breath(fact: Fact, other: Fact) -> bool:
    return fact.experiencer == other.experiencer and fact.evidence[-1] == other.evidence[-1]


def _told_with_figure(fact: Fact, others: list[Fact]) -> bool:
    """ "La TSH était normale, 2,1": the words of a result beside its figure, or that the exam was done."""
    return (fact.status == "result" or (fact.status == "done" and fact.polarity == "present")) and any(
        f.type == "lab"
        and (f.value is not None or (f.status == "result" and fact.status == "done"))
        and f.label == fact.label
        and f.evidence[-1].turn == fact.evidence[-1].turn
        for f in others
    )


def _is_reaction(fact: Fact, others: list[Fact]) -> bool:
    """ "A rash all over, years ago": what an allergy did is told with it."""
    return fact.type == "symptom" and any(
        f.type == "allergy" and f.is_patients and f.extra[1] and any(word in fact.text.lower() for word in re.findall(r"[a-zé]{5,}", f.extra[1]))
        and (fact.evidence[-1] in f.evidence or (fact.temporality == "past" and set(fact.turns) & set(f.turns)))
        for f in others
    )


COVERS = (
    *relatives.COVERS,
    *repeats.COVERS,
    _is_reaction,
    _operated_for,
    _blood_told,
    _told_with_figure,
    _asked_for_only,
    _names_class,
    _considered_and_prescribed,
    _diagnosed,
    _has_figure,
    _measured_again,
    _general,
)
