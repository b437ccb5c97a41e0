"""The list of facts that stands beside a note: what the note tells, each once and readable alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.notes.facts import Fact, proofs
from app.notes.language.lexicon import NSAIDS, find_drugs
from app.notes.language.text import fold
from app.notes.measured.glucose import as_range
from app.notes.settling.listed_once import TOLD_BY_ANOTHER, is_only_named
from app.notes.transcript import Transcript
from app.notes.writing.sentences import Voice, Written

ABOUT_NAMED_BEFORE = re.compile(  # "vous la gardez": advice about something that the sentence does not name
    r"(?<![a-z])(?:vous|on|faut|ne|n) (?:le|la|les|en|l|y) (?:\w+ )?\w*(?:ez|er|e)(?![a-z])|(?<![a-z])(?:\w+ez|faites|dites) (?:les?|la|en|y)(?=\W*$|,| pour(?! (?:le|la|les) )| pas| bien| quand| si| aux? | a (?:la|l|votre) | dans | sur | chez )|(?<![a-z])(?:on evite|evitez) d en(?![a-z])|^\W*(?:et )?(?:(?:apres|la)(?=,| (?:vous|on|il|elle|c|ce|ca)(?![a-z]))|sinon|voila)(?![a-z])|(?<![a-z])les (?:2|deux)(?=\W*$|[,.]| (?:le|matin|ensemble|en meme|pour|jusqu)(?![a-z]))"
)
HOW_TO_TAKE = re.compile(
    r"(?<![a-z])(?:comprimes?|gelules?|sachets?|bouffees?|ampoules?|piqures?|tablets?|puffs?)(?![a-z])"
    r"|(?<![a-z])heures? d ecart(?![a-z])|(?<![a-z])on (?:souffle|inspire|expire|bloque|secoue|vide)(?![a-z])|(?<![a-z])(?:pas plus de|no more than) (?:\d+|une?|one)|(?<![a-z])(?:un|every other) (?:jour|soir|matin|day|night)(?: sur 2)?(?![a-z])"
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
        if not _leans_on_question(fact, transcript) and not any(rule(fact, facts) for rule in TOLD_BY_ANOTHER)
    ]
    facts = [fact for fact in facts if not _goes_on(fact, facts, transcript)]
    seen = [fact for fact in facts if fact.status == "seen" and id(fact) in told]
    series = _series(facts)
    for fact in facts:
        one_of = seen if fact.status == "seen" else series.get(id(fact), [])
        if one_of:
            if one_of[0] is fact:
                yield fact, _inspection(seen, voice) if fact.status == "seen" else _one_series(one_of)
        elif _is_listed(fact, told.get(id(fact))):
            yield fact, _as_read(fact, told.get(id(fact)), transcript)


NAMED_IN = 2  # turns, the question and its answer; what is spoken of longer is told of itself


def _goes_on(fact: Fact, facts: Sequence[Fact], transcript: Transcript) -> bool:
    """A treatment of the record that is only named, beside the order that goes on with it or ends it."""
    if not is_only_named(fact) or fact.status != "current" or len(set(fact.turns)) > NAMED_IN:
        return False
    decided = any(f.label == fact.label and f.status in ("prescribed", "stop") and f.certainty == "certain" for f in facts)
    return decided and any(m.drug.inn == fact.label for line in transcript.patient.treatments for m in find_drugs(fold(line)))


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
    if fact.status == "stop":
        return replace(fact, polarity="absent", text=_with_class(fact, transcript))
    if fact.type == "lab" and isinstance(fact.value, str):
        return replace(fact, value=as_range(fact.value))
    return _counted(fact) if fact.type == "medication" else _with_said(fact, transcript)




def _with_class(fact: Fact, transcript: Transcript) -> str:
    named = "inflammatoire" in fact.text or transcript.lang != "fr" or fact.type != "advice"
    return fact.text if named or not (fact.code or "").startswith(NSAIDS) else f"{fact.text} (anti-inflammatoire)"


COUNTED = re.compile(r"(?<![\d,.-])(\d+)(?:/sem|/week| (jours|days)/(?:mois|month))")


def _counted(fact: Fact) -> Fact:
    """A drug taken without a strength that anybody told, with how often it is: "quatre fois par semaine" is the figure."""
    often = COUNTED.search(fact.sig or "") if fact.value is None and fact.status in ("current", "taken") else None
    return replace(fact, value=float(often.group(1)), unit="d" if often.group(2) else "/wk") if often else fact


def _guessed_by_patient(fact: Fact) -> bool:
    """A diagnosis that the patient only supposes: the history tells it as such, a list of findings does not."""
    return fact.type == "problem" and fact.certainty == "suspected" and fact.asserted_by != "doctor"


STEM = 5  # letters


def _with_said(fact: Fact, transcript: Transcript) -> Fact:
    """With the words that were said beside a name that shares none with them: "dyspnée (gêne pour respirer)"."""
    named, said = ({word[:STEM] for word in re.findall(r"[a-z]{4,}", fold(t))} for t in (fact.text, fact.said))
    if not said or named & said or "(" in fact.text:
        return fact
    for proof in fact.evidence:
        turn = transcript.turns[proof.turn]
        text = turn.text[proof.start : proof.end]
        at = fold(text).find(fact.said)
        if at >= 0:
            words = _clause(text, at, at + len(fact.said)) if turn.speaker != "doctor" else _whole_words(text, at, fact.said)
            return replace(fact, text=f"{fact.text} ({words})")
    return fact


def _whole_words(text: str, at: int, said: str) -> str:
    rest = re.match(r"\w*", text[at + len(said) :])
    return text[at : at + len(said)] + (rest.group() if rest else "")


CLAUSE_WORDS = 9


def _clause(text: str, start: int, end: int) -> str:
    """The speaker's clause around text[start:end], or those words alone where it is long."""
    before, after = re.split(r"[.,;:!?…]", text[:start])[-1], re.split(r"[.,;:!?…]", text[end:])[0]
    clause = OPENING_WORDS.sub("", f"{before}{text[start:end]}{after}".strip()).strip()
    return clause if len(clause.split()) <= CLAUSE_WORDS else _whole_words(text, start, text[start:end])


OPENING_WORDS = re.compile(r"^(?:(?:oui|non|ben|bah|euh|alors|ah|oh|et|mais|donc|enfin|là)\s+)+", re.IGNORECASE)


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


FORBIDS = re.compile(  # what names the thing it forbids needs no question
    r"(?<![a-z])(?:rien|jamais|surtout pas|(?:pas|plus) (?:de|d|du) (?!tout|souci|probleme|panique)\w+|ne \w+ez (?:pas|plus)|no|nothing|never|don t)(?![a-z])"
)
OPENING = re.compile(r"\W*(?:(?:oui|non|ah|alors|bon|ok|d accord|yes|no|well|bonne (?:question|remarque))\W*)*")


SERIES_WORDS = 6  # a sentence longer than that says more than the next value of a series


OF_ITS_OWN = re.compile(r"(?<![a-z])(?:heures?|fois|ce matin|hier|aujourd hui|ce soir|apres|avant|derniere?|hours?|after|before|last|was|etait)(?![a-z])")


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
    unseen = all(SEES_NONE.match(fold(fact.text)) for fact in seen)
    return replace(
        seen[0],
        text=voice.say(f"inspection vidéo : {words}", f"seen by video: {words}"),
        evidence=proofs(seen),
        polarity="absent" if unseen else seen[0].polarity,
    )


SEES_NONE = re.compile(r"\W*(?:(?:bon|alors|donc|la|non|ok|bien)\W+)*(?:je (?:ne )?(?:vois|distingue|remarque) (?:pas|aucun)|(?:pas|aucune?) (?:de |d )?)[^,;.]*\W*$")  # "je ne vois pas de tache"


NAMED_FIRST = re.compile(r"\W*(?:(?:et|donc|alors)\W+)*(?:l|le|la|les|votre|vos|cette?|ces) [a-z ]{3,30}, (?:(?:justement|par contre|aussi|lui|elle|eux|alors), )?(?:vous|on|\w+ez)(?![a-z])")  # "le Lexomil, rapportez-le"


TO_WHAT_WAS_NAMED = re.compile(  # "mettez-le à côté", "vous pouvez le découper", "achetez-en une neuve"
    r"(?i)\b\w+(?:ez|es)-(?:l[ea]s?|en|y)\b(?<!faites-l[ea]\b)|\b(?:pouvez|pouvoir|devez|faut|essayez de|possible de) (?:bien )?(?:l[ea]s?|en) (?=\w+(?:er|ir|re)\b)"
)


NAMED_INSIDE = re.compile(r"(?<![a-z])(?:la|le|les|l) [a-z]{3,20},? (?:vous|on|tu) (?:l |le |la |les )(?!avez|a |ai )\w+(?:ez|e|era|ons)(?![a-z])")  # "et la bière vous l'oubliez"


def _stands_alone(fact: Fact) -> bool:
    words = fold(fact.sentence)
    if NAMED_FIRST.match(words) or NAMED_INSIDE.search(words):
        return True
    pronoun = ABOUT_NAMED_BEFORE.search(words)
    if pronoun and JUST_NAMED.search(words[: pronoun.start()]) and not HOW_TO_TAKE.search(words):
        return True  # "mettez une bande la journée, enlevez-la la nuit"
    return not (pronoun or HOW_TO_TAKE.search(words) or TO_WHAT_WAS_NAMED.search(fact.sentence))


JUST_NAMED = re.compile(r"(?:^\W*|[,;:] ?|(?<![a-z])(?:et|puis|donc|alors) )(?:vous )?(?:\w{3,}ez|faites) (?:bien |toujours |surtout )?(?:une?|le|la|les|l|votre|vos|du|de la|des) [a-z]{3,}[^;:.]*[,;:] ?(?:et |puis )?$")
