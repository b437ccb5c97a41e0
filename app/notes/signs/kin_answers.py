"""What relatives have of what was asked or named before: "Quelqu'un d'autre malade ?" - "Son frère, il a eu ça lundi." """

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts
from app.notes.language.timing import DAY_OF
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.people import RELATIONS, relation_near
from app.notes.people.relatives import NO_KIN
from app.notes.signs.mentions import family_fact
from app.notes.transcript import Language

SAME_ILLNESS = cues("findings.same_illness")


HAD_IT = re.compile(  # the illness that was asked about
    r"(?<![a-z])(?:l (?:a|ont) (?:deja |aussi )?(?:eue?|attrapee?|faite?)|l a aussi|(?:had|has|caught|got) it)(?![a-z])"
)


def has_it_too(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Il y a la varicelle à l'école ?" - "Oui, et sa sœur l'a eue il y a 15 jours." """
    asked = [m for q in exchange.questions[-1:] for m in find_concepts(q.norm, lang) if m.concept.kind == "problem"]
    for sentence in exchange.answer:
        had = HAD_IT.search(sentence.norm)
        near = relation_near(sentence.norm, had.start(), lang) if had else None
        if near and len(asked) == 1 and sentence.speaker != "doctor":
            evidence = (exchange.questions[-1].evidence(), sentence.evidence())
            yield replace(
                family_fact(asked[0], near[0], evidence, exchange.questions[-1].norm, lang), temporality="past"
            )


HAD_ONE = re.compile(r"(?<![a-z])en (?:a|ont|avait|avaient) (?:eue?|fait|souffert)(?: une?)?(?![a-z])|(?<![a-z])en (?:est|etait) (?:mort|morte|decedee?|partie?)(?![a-z])|(?<![a-z])l (?:avait|avaient|a|ont)(?=\W*$|[,.;]| (?:aussi|depuis|pareil|toute sa vie)(?![a-z]))|(?<![a-z])(?:had|has|have) (?:it|one|that)(?![a-z])")


def kin_had_one(visit: Visit) -> Iterator[Fact]:
    """ "Ce n'est pas une leucémie." - "Ma cousine en a eu une, à quinze ans.": the illness that was named before."""
    lang = visit.lang
    for sentence in visit.sentences:
        had = HAD_ONE.search(sentence.norm)
        near = relation_near(sentence.norm, had.start(), lang) if had and sentence.speaker != "doctor" else None
        if near is None or near[0] in NO_KIN or find_concepts(sentence.norm, lang) or visit.is_the_patient(near[0]):
            continue
        before = [s for s in visit.sentences if (sentence.turn - 2 <= s.turn <= sentence.turn and s.end <= sentence.start) or sentence.turn - 2 <= s.turn < sentence.turn]
        named = [(s, m) for s in before for m in find_concepts(s.norm, lang) if m.concept.kind == "problem"]
        if named:
            source, mention = named[-1]
            evidence = (source.evidence(mention.start, mention.end), sentence.evidence())
            fact = replace(family_fact(mention, near[0], evidence, sentence.norm, lang), temporality="past", said="")
            yield fact


AS_SEEN_IN = re.compile(r"(?:(?<![a-z])(?:vue?|connue?|vecue?|arriv\w+|fini\w*|peur|terminer?)(?![a-z])[^.]{0,25}|^\W*(?:tout )?)(?<![a-z])(?:chez|comme|a|avec) (?:mon|ma|mes) [a-zœ ]{3,20}(?:,? (?:vous savez|hein|quoi|deja))?\W*$")
OF_ONESELF = re.compile(r"(?<![a-z])(?:je|j|moi|me|m|mon|ma|mes|il|elle|on|c est|c etait)(?![a-z])")


def bare_illness_of(sentence: Sentence, end: int, visit: Visit) -> tuple[str, int] | None:
    """ "La maladie de Lyme… Ma belle-mère en a eu pour deux ans.", "J'ai vu ça chez mon père. L'Alzheimer.": whose a mere name is."""
    name, told = sentence.norm[:end], sentence.norm[end:]
    if OF_ONESELF.search(name):
        return None
    turn = [s for s in visit.sentences if s.turn == sentence.turn]
    at = turn.index(sentence)
    parted = PARTED.match(told)
    then = told if parted else turn[at + 1].norm if at + 1 < len(turn) and not OF_ONESELF.search(told) else ""
    had = HAD_ONE.search(then)
    if had and (near := relation_near(then, had.start(), visit.lang)):
        return near
    seen = AS_SEEN_IN.search(turn[at - 1].norm) if at and not OF_ONESELF.search(told) else None
    return next(((who, 0) for who, words in RELATIONS[visit.lang].items() if seen and re.search(rf"(?:mon|ma|mes) (?:{words})(?![a-z])", seen.group())), None)


PARTED = re.compile(r"[a-z]*\W*(?:…|\.\.\.)")


def same_illness(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Quelqu'un d'autre malade ?" - "Son frère, il a eu ça lundi." """
    for sentence in exchange.answer:
        near = relation_near(sentence.norm, len(sentence.norm), lang) or relation_near(sentence.norm, 0, lang)
        if (
            near
            and sentence.speaker != "doctor"
            and SAME_ILLNESS[lang].search(sentence.norm)
            and any(re.search(r"malade|quelqu un|sick|ill\b|anyone", q.norm) for q in exchange.questions)
        ):
            when = DAY_OF[lang].search(sentence.norm)
            day = f" {sentence.line.shown[sentence.start + when.start() : sentence.start + when.end()]}" if when else ""
            name = ("mêmes symptômes" if lang == "fr" else "same illness") + day
            yield Fact(
                "family",
                name,
                "mêmes symptômes",
                (exchange.questions[-1].evidence(), sentence.evidence()),
                experiencer=near[0],
                temporality="past",
                extra=(name, ""),
            )
