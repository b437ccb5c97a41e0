"""What the list of facts leaves out because another fact beside it tells it already, or tells it better."""

import re
from collections.abc import Sequence

from app.notes.facts import Fact
from app.notes.language.text import fold, normalise
from app.notes.settling.generality import GENERAL


def _old_dose(fact: Fact, facts: Sequence[Fact]) -> bool:
    """The dose of a drug until today, beside the one that the doctor has just set in its place."""
    if fact.type != "medication" or fact.status == "prescribed" or fact.value is None or not fact.is_patients:
        return False
    return any(
        f.status == "prescribed"
        and f.label == fact.label
        and f.polarity == "present"
        and f.certainty == "certain"
        and f.value not in (None, fact.value)
        and f.evidence[-1].turn > fact.evidence[-1].turn
        and CHANGED.search(fold(f.sentence))
        and not BY_STEPS.search(normalise(f.sentence, "fr").norm)
        for f in facts
    )


BY_STEPS = re.compile(r"(?:mont|augment|ajout|baiss|descend|diminu)\w* (?:de|d) \d")  # two units more every third day


def _of_past_problem(fact: Fact, facts: Sequence[Fact]) -> bool:
    """ "J'ai fait un ulcère, je prenais de l'ibuprofène": what was taken then belongs to the problem of then."""
    if fact.type != "medication" or fact.value is not None or fact.sig or not THEN.search(fold(fact.sentence)):
        return False
    turn = fact.evidence[-1].turn
    return any(f.type == "problem" and f.temporality == "past" and f.evidence[-1].turn == turn for f in facts)


def _reaction(fact: Fact, facts: Sequence[Fact]) -> bool:
    """ "On m'a donné un tramadol. J'ai vomi une heure après": what came after a dose is told with the dose."""
    if fact.type != "symptom" or not AFTER.search(fold(fact.sentence)):
        return False
    turn = fact.evidence[-1].turn
    return any(f.type == "medication" and f.status == "taken" and f.evidence[-1].turn == turn for f in facts)


def _echoed_guess(fact: Fact, facts: Sequence[Fact]) -> bool:
    """What the patient supposes and the doctor leaves open: "une hernie, c'est possible, mais"."""
    return (
        fact.type == "problem"
        and fact.certainty == "suspected"
        and len(fact.turns) > 1
        and LEFT_OPEN.search(fold(fact.sentence)) is not None
        and not any(
            f is not fact and f.label == fact.label and f.is_patients and f.certainty == "certain" for f in facts
        )
    )


CHANGED = re.compile(
    r"(?<![a-z])(?:baiss|mont|augment|diminu|descend|redui|pass|increas|lower|reduc|decreas|(?:go|going) (?:up|down)|cut)\w*"
)
THEN = re.compile(r"(?<![a-z])(?:je prenais|je mettais|j etais sous|i was (?:taking|on)|i used to take)(?![a-z])")
AFTER = re.compile(r"(?<![a-z])(?:heures?|minutes?|juste|tout de suite|hours?|minutes?|right) (?:apres|after)\W*$")
LEFT_OPEN = re.compile(
    r"(?<![a-z])(?:(?:c est|ca se peut|it s|it is) (?:bien )?possible|peut etre|maybe|could be),? (?:mais|but)(?![a-z])"
)


def _goes_with_order(fact: Fact, facts: Sequence[Fact]) -> bool:
    """ "Le vaccin à 28 semaines. Donc dans 2 semaines, au cabinet": the date of the order before it, not one more visit."""
    if fact.status != "follow-up" or not re.match(r"\W*(?:donc|so) (?:dans|le|in|on)(?![a-z])", fold(fact.sentence)):
        return False
    turn = fact.evidence[-1].turn
    return any(f.evidence[-1].turn == turn and f.status in ("prescribed", "order") for f in facts if f is not fact)


EPISODES = ("hypoglycémies", "malaise", "perte de connaissance", "exacerbation d'asthme", "crises d'angoisse")


def _sign_of_episode(fact: Fact, facts: Sequence[Fact]) -> bool:
    """ "J'ai fait deux hypos. Je tremblais, la sueur": the signs of an attack that is over are told with the attack."""
    if fact.type != "symptom" or fact.temporality != "past" or fact.label in EPISODES:
        return False
    turn = fact.evidence[-1].turn
    return any(f.label in EPISODES and f.temporality == "past" and turn in f.turns for f in facts)


def _effect_then(fact: Fact, _facts: Sequence[Fact]) -> bool:
    """What a drug did when it was taken before is no symptom of today."""
    return fact.status == "effect"


def _denied_before(fact: Fact, facts: Sequence[Fact]) -> bool:
    """ "Du diabète pour le premier ?" - "Non.", beside the diabetes of this pregnancy."""
    if fact.type != "problem" or fact.polarity == "present" or not fact.is_patients:
        return False
    particular = GENERAL.get(fact.label, set())
    return any(f.label in particular and f.polarity == "present" and f.is_patients for f in facts)


def _long_stopped(fact: Fact, _facts: Sequence[Fact]) -> bool:
    """ "Plus de Ventoline depuis quinze ans": a drug of long ago; the note tells it, the list of today does not."""
    if fact.type != "medication" or fact.polarity == "present":
        return False
    years = YEARS_WITHOUT.search(normalise(fact.sentence, "fr").norm)
    return years is not None and (not years.group(1) or int(years.group(1)) >= LONG_YEARS)


YEARS_WITHOUT = re.compile(r"depuis (?:(?:plus de |au moins |bien )?(\d{2}) ans|l enfance|le (?:college|lycee))")
LONG_YEARS = 10

def _denied_act(fact: Fact, _facts: Sequence[Fact]) -> bool:
    """ "On m'a pas transfusée", said without being asked: the note tells it, a list of what was done does not."""
    return fact.type == "procedure" and fact.polarity == "absent" and not fact.status and len(fact.evidence) == 1


def _named_again(fact: Fact, facts: Sequence[Fact]) -> bool:
    """A drug of the patient's that is only named, beside how it is taken, that it is over, or what it did."""
    return is_only_named(fact) and any(f.label == fact.label and f.is_patients and _tells_more(f, fact) for f in facts)


def is_only_named(fact: Fact) -> bool:
    """Whether a fact is a drug that the patient takes or took, without dose or schedule."""
    bare = fact.value is None and not fact.sig and fact.polarity == "present"
    return fact.type == "medication" and fact.is_patients and bare and fact.status in ("current", "taken")


def _tells_more(fact: Fact, named: Fact) -> bool:
    if fact.type == "medication":
        over = fact.polarity == "absent" and fact.evidence[-1] > named.evidence[-1]
        return fact.status != "prescribed" and (fact.value is not None or bool(fact.sig) or over)
    return fact.type == "allergy" and fact.polarity == "present" and bool(set(fact.turns) & set(named.turns))


TOLD_BY_ANOTHER = (
    _denied_act,
    _named_again,
    _goes_with_order,
    _old_dose,
    _of_past_problem,
    _reaction,
    _echoed_guess,
    _sign_of_episode,
    _effect_then,
    _denied_before,
    _long_stopped,
)
