"""A drug that did harm, told as a tale outside any talk of allergies: sworn off by who took it, or called a reaction by the doctor."""

import re
from collections.abc import Iterator

from app.notes.allergy.allergens import allergens
from app.notes.allergy.allergy_facts import allergy_fact, reaction_of
from app.notes.allergy.allergy_talk import is_broad
from app.notes.allergy.tolerance import HARMS, NEGATED
from app.notes.facts import Fact
from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold
from app.notes.language.units import Sentence, Visit
from app.notes.people.holders import PATIENT

SWORN_OFF = re.compile(
    r"(?<![a-z])(?:(?:plus jamais|jamais plus)(?= ?(?:[.,;!…]|$|ca(?![a-z])|de ca|de ma vie|de la vie|j en|je n en|on m))|j (?:n )?en (?:veux|voudrais|reprends|reprendrai|ai (?:plus )?(?:jamais )?repris) (?:plus|jamais)|"
    r"(?:m|nous|lui)(?: l| les)? (?:a|ont)(?: formellement| carrement| bien)? (?:interdi\w*|dit (?:stop|jamais|plus jamais|de (?:ne )?(?:plus|jamais)|que (?:j y|c etait (?:fini|interdit))))|(?:a|ont) dit (?:stop|plus jamais)|interdite?s?(?: a vie)?(?=\W*(?:$|[.,;!…]))|on me l a(?: \w+)? interdite?|ne m en (?:redonnez|donnez|mettez)|surtout (?:plus|pas) (?:ca|de ca|me redonner))(?![a-z])"
)
EFFECTS = re.compile(  # besides those of an allergy
    r"cauchemar\w*|panique|delir\w*|(?:vu|voyais|voyait|voir) (?:des|un|une|sa|ma|du) |bougeotte|impatiences|zombie|vide\w* (?:mes|ses|les) (?:tripes|boyaux|intestins)|debacle|siffl\w+|palpitations?|tachycardie|trembl\w+|confus\w*|(?<![a-z])bleue?s?(?![a-z])|"
    r"aux urgences|a l hopital|en rea(?![a-z])|pel(?:e|ait)(?![a-z])|lambeaux|decoll\w*|saigne\w*|(?:en|du|le) sang(?![a-z])|selles noires|idees? noires?|dingue|(?:bousill|attaqu|detruit|abim|massacr)\w* (?:mon|le|les|mes|son) (?:foie|reins?|estomac|ventre|intestins?)|(?:mal|douleurs?|brulures?) (?:a|d|de) (?:l )?estomac|ulcere|assomm\w+|tendon\w*|crampes?|jambes? (?:qui|lourdes|en coton)|tomb\w+ (?:des meubles|par terre)"
)
CALLED = re.compile(
    r"(?<![a-z])(?:(?:c|ca c|la c|ca) (?:est|etait) (?:donc |bien |plutot |surement |quand meme |juste )*une (?:vraie |franche |veritable |mauvaise |simple )*(?:reaction(?: allergique)?|allergie|intolerance|tolerance)|"
    r"(?:je|on) (?:vous )?(?:l|le|la) (?:note|marque|mets|met|inscris|inscrit|signale)[^.;]{0,30}(?:allerg\w*|intoleran\w*|en rouge|contre indique\w*|a eviter))(?![a-z])"
)
NO_ALLERGY = re.compile(r"intoleran|mauvaise tolerance")


def bad_effects(visit: Visit) -> Iterator[Fact]:
    """Allergies and intolerances to drugs that a patient's tale makes known, in French."""
    for turn in dict.fromkeys(s.turn for s in visit.sentences if s.speaker != "doctor"):
        told = [s for s in visit.sentences if s.turn == turn and not s.asks]
        called = next((s for s in visit.sentences if s.turn == turn + 1 and s.speaker == "doctor" and CALLED.search(s.norm)), None)
        if called or any(SWORN_OFF.search(s.norm) for s in told):
            yield from _harmed(told, called, visit)


def _harmed(told: list[Sentence], called: Sentence | None, visit: Visit) -> Iterator[Fact]:
    """The drug that was named last before what it did, in the turn or in the question before it."""
    drug: tuple[str, str] | None = None
    where: Sentence | None = None
    for sentence in _with_question(told, visit):
        here = _drugs(sentence)
        after = here[-1][2] if here else 0
        harm, mild = _harm(sentence, after) if sentence in told else (None, False)
        if here:
            drug, where = here[-1][:2], sentence
        if harm is not None and drug and where and visit.people(sentence, harm) in ((), (PATIENT,)) and visit.people(where, len(where.norm)) in ((), (PATIENT,)):
            proof = tuple(dict.fromkeys((where.evidence(), sentence.evidence(), *([called.evidence()] if called else []))))
            detail = "intolérance" if (NO_ALLERGY.search(called.norm) if called else mild) else ""
            yield allergy_fact(drug[1], drug[0], proof, sentence, reaction=reaction_of(" ".join(s.norm for s in told), "fr"), detail=detail)
            return


def _with_question(told: list[Sentence], visit: Visit) -> list[Sentence]:
    """The sentences of a turn after the doctor's last one before it, which may name the drug."""
    before = [s for s in visit.sentences if told and s.turn == told[0].turn - 1 and s.speaker == "doctor"]
    return [*before[-1:], *told]


def _drugs(sentence: Sentence) -> list[tuple[str, str, int]]:
    named = [item for item in allergens(sentence.norm, "fr") if find_drugs(fold(item[1])) and not is_broad(item[0])]
    return sorted(named, key=lambda item: item[2])


def _harm(sentence: Sentence, after: int) -> tuple[int | None, bool]:
    """Where a sentence tells harm, from a place on, and whether it is none that an allergy does; what is denied is none."""
    for pattern in (HARMS, EFFECTS):
        for match in pattern.finditer(sentence.norm, after):
            if not NEGATED.search(sentence.norm[: match.start()]):
                return match.start(), pattern is EFFECTS
    return None, False
