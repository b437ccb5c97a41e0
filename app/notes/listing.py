"""The list of facts that stands beside a note: what the note tells, each once and readable alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.notes.facts import Fact, proofs
from app.notes.sentences import Voice, Written
from app.notes.text import fold
from app.notes.transcript import Transcript

ABOUT_NAMED_BEFORE = re.compile(  # "vous la gardez": advice about something that the sentence does not name
    r"(?<![a-z])(?:vous|on|faut|ne) (?:le|la|les|lui|en|l)(?: \w+)? ?\w*(?:ez|er|e)(?![a-z])|^\W*(?:et )?(?:apres|la|sinon|voila)(?![a-z])"
)
HOW_TO_TAKE = re.compile(
    r"(?<![a-z])(?:comprimes?|gelules?|sachets?|bouffees?|ampoules?|piqures?|tablets?|puffs?)(?![a-z])"
    r"|(?<![a-z])on (?:souffle|inspire|expire|bloque|secoue|vide)(?![a-z])|(?<![a-z])(?:pas plus de|no more than) (?:\d+|une?|one)|(?<![a-z])(?:un|every other) (?:jour|soir|matin|day|night)(?: sur 2)?(?![a-z])"
)


def listed(
    facts: Sequence[Fact], kept: Sequence[Written], voice: Voice, transcript: Transcript
) -> Iterator[tuple[Fact, Fact]]:
    """Each fact to list, and as it is listed. Advice reads as the note words it; what was seen by video is one finding.

    What could not be examined is no finding, and what the check of the note refused is not listed either.
    """
    told = {id(fact): sentence for sentence in kept for fact in sentence.facts}
    facts = [
        fact
        for fact in facts
        if not _leans_on_question(fact, transcript) and not any(told_by(fact, facts) for told_by in TOLD_BY_ANOTHER)
    ]
    seen = [fact for fact in facts if fact.status == "seen" and id(fact) in told]
    series = _series(facts)
    for fact in facts:
        one_of = seen if fact.status == "seen" else series.get(id(fact), [])
        if one_of:
            if one_of[0] is fact:
                yield fact, _inspection(seen, voice) if fact.status == "seen" else _one_series(one_of)
        elif _is_listed(fact, told.get(id(fact))):
            yield fact, _as_read(fact, told.get(id(fact)), transcript)


def _is_listed(fact: Fact, sentence: Written | None) -> bool:
    if fact.status == "not examined" or (sentence is None and fact.status in ("seen", "advice", "alert")):
        return False
    if fact.status == "stop" and UNNEEDED.search(fold(fact.sentence)):
        return False
    return not _guessed_by_patient(fact) and (fact.status != "advice" or _stands_alone(fact))


UNNEEDED = re.compile(  # named as an example, or only called unnecessary: nothing is forbidden
    r"par exemple|for (?:example|instance)|(?:enfin|mais),? c est pas (?:necessaire|utile|la peine)|not (?:necessary|needed)"
)


def _as_read(fact: Fact, sentence: Written | None, transcript: Transcript) -> Fact:
    """Advice in the words of the note, a drug not to be taken as absent, other things with the words that were said."""
    if sentence is not None and fact.status in ("advice", "alert", "follow-up"):
        return replace(fact, text=sentence.text.rstrip("."))
    return replace(fact, polarity="absent") if fact.status == "stop" else _with_said(fact, transcript)


def _guessed_by_patient(fact: Fact) -> bool:
    """A diagnosis that the patient only supposes: the history tells it as such, a list of findings does not."""
    return fact.type == "problem" and fact.certainty == "suspected" and fact.asserted_by != "doctor"


STEM = 5  # letters


def _with_said(fact: Fact, transcript: Transcript) -> Fact:
    """With the words that were said beside a name that shares none with them: "dyspnée (gêne pour respirer)"."""
    named, said = ({word[:STEM] for word in re.findall(r"[a-z]{4,}", fold(t))} for t in (fact.text, fact.said))
    if not said or named & said:
        return fact
    for proof in fact.evidence:
        text = transcript.turns[proof.turn].text[proof.start : proof.end]
        at = fold(text).find(fact.said)
        if at >= 0:
            rest = re.match(r"\w*", text[at + len(fact.said) :])
            words = text[at : at + len(fact.said)] + (rest.group() if rest else "")
            return replace(fact, text=f"{fact.text} ({words})")
    return fact


SHORT_REPLY = 9  # words


def _leans_on_question(fact: Fact, transcript: Transcript) -> bool:
    """Advice in a few words that answers what the other side asked, and says nothing without the question."""
    turn = fact.evidence[0].turn if fact.evidence else 0
    if fact.status != "advice" or not turn or len(fact.sentence.split()) > SHORT_REPLY:
        return False
    if FORBIDS.search(fold(fact.sentence)):
        return False
    text, before = fold(transcript.turns[turn].text), transcript.turns[turn - 1]
    opening = OPENING.match(text)
    first = opening is not None and fact.evidence[0].start <= opening.end() + 1
    return first and before.speaker != "doctor" and before.text.rstrip().endswith("?")


FORBIDS = re.compile(r"(?<![a-z])(?:rien|jamais|surtout pas|no|nothing|never|don t)(?![a-z])")
OPENING = re.compile(r"\W*(?:(?:oui|non|ah|alors|bon|ok|d accord|yes|no|well|bonne (?:question|remarque))\W*)*")


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
        for f in facts
    )


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


TOLD_BY_ANOTHER = (_goes_with_order, _old_dose, _of_past_problem, _reaction, _echoed_guess)
SERIES_WORDS = 6  # a sentence longer than that says more than the next value of a series


OF_ITS_OWN = re.compile(r"(?<![a-z])(?:heures?|fois|apres|avant|derniere?|hours?|after|before|last|was|etait)(?![a-z])")


def _series(facts: Sequence[Fact]) -> dict[int, list[Fact]]:
    """Values of one measure that follow each other in a turn, by the identity of each: "1,45, 1,56. 1,48." """
    found: dict[int, list[Fact]] = {}
    last: list[Fact] = []
    for fact in facts:
        goes_on = (
            last
            and fact.type == "lab"
            and fact.value is not None
            and fact.label.rstrip("s") == last[-1].label.rstrip("s")
            and fact.evidence[-1].turn == last[-1].evidence[-1].turn
            and fact.temporality == last[-1].temporality
            and len(fact.sentence.split()) <= SERIES_WORDS
            and not OF_ITS_OWN.search(fold(fact.sentence))
        )
        last = [*last, fact] if goes_on else [fact]
        if len(last) > 1:
            found |= {id(one): last for one in last}
    return found


def _one_series(facts: Sequence[Fact]) -> Fact:
    return replace(facts[0], value=", ".join(f"{fact.value}" for fact in facts), evidence=proofs(facts))


def _inspection(seen: Sequence[Fact], voice: Voice) -> Fact:
    words = " ; ".join(fact.text.rstrip(" .") for fact in seen)
    return replace(
        seen[0], text=voice.say(f"inspection vidéo : {words}", f"seen by video: {words}"), evidence=proofs(seen)
    )


def _stands_alone(fact: Fact) -> bool:
    words = fold(fact.sentence)
    return not (ABOUT_NAMED_BEFORE.search(words) or HOW_TO_TAKE.search(words))
