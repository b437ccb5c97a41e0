"""A drug or a dose that the doctor offers and the patient will not have, when the doctor lets it go."""

import re
from collections.abc import Iterable, Iterator

from app.notes.directions.leave import LEAVE
from app.notes.directions.ordered import ORDERED
from app.notes.drugs.drug_uses import CLASSES, Use, drug_fact, is_home, uses_in
from app.notes.drugs.schedules import Schedule
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Sentence, Visit

REFUSES = cues("declined.refuses")
MORE = re.compile(  # besides: of drugs one says that they were tried before, or what they did
    r"^\W*(?:(?:ah|oh|euh|ben|bah|bon|alors|mais|remonter|augmenter|encore|docteur)\W+)*(?:non[, ]+(?:merci|j (?:aimerais|aime) (?:mieux|autant) pas)|non merci|j (?:aimerais|aime) (?:mieux|autant) pas)|(?<![a-z])non,? merci(?![a-z])"
)
LETS_GO = re.compile(
    r"\W*(?:(?:bon|ah|oh|alors|bien|tres bien|oui|et)\W+)*(?:d accord|ok|entendu|comme vous (?:voulez|preferez|le sentez)|(?:c est )?(?:a )?(?:votre|vous) (?:choix|droit|de (?:voir|decider))|tant pis|je (?:n |ne )?(?:vous )?(?:n )?(?:insiste|force) pas|"
    r"(?:on|je) (?:ne |n )?(?:le |la |l |les |y )?(?:laisse|oublie|abandonne|remonte|augmente|change|touche)(?![a-z])|(?:alors )?(?:pas de|on fait sans|sans)|je (?:comprends|respecte))(?![a-z])"
)
STILL = re.compile(r"(?<![a-z])(?:mais (?:il faut|je (?:prefere|insiste))|quand meme|essayez|il le faut)(?![a-z])")


def turned_down(visit: Visit, known: tuple[str, ...]) -> dict[int, Use | None]:
    """The turns of the doctor that the next turns turn down, each with the drug that it names last, if any."""
    turns = dict.fromkeys(s.turn for s in visit.sentences if s.speaker == "doctor")
    return {turn: _last_named(turn, visit, known) for turn in turns if _refused(turn, visit)}


def _last_named(turn: int, visit: Visit, known: tuple[str, ...]) -> Use | None:
    places = [place for place, s in enumerate(visit.sentences) if s.turn == turn and s.speaker == "doctor"]
    return next((use for place in reversed(places) for use in reversed(list(uses_in(visit, place, known)))), None)


def _refused(turn: int, visit: Visit) -> bool:
    reply, then = _turn(visit, turn + 1), _turn(visit, turn + 2)
    if not reply or not then or reply[0].speaker == "doctor" or then[0].speaker != "doctor":
        return False
    offered = {m.drug.inn for s in _turn(visit, turn) for m in find_drugs(s.norm)}
    refuses = any((REFUSES[visit.lang].search(s.norm) or MORE.search(s.norm)) and not _of_else(s, offered) for s in reply if not s.asks)
    return refuses and LETS_GO.match(then[0].norm) is not None and not any(STILL.search(s.norm) for s in then)


def _of_else(refusal: Sentence, offered: set[str]) -> bool:
    """ "Je veux pas d'arrêt", "la morphine, j'en veux plus": what is refused is named, and is not the drug that was offered."""
    named = {m.drug.inn for m in find_drugs(refusal.norm)}
    if offered and named and not named & offered:
        return True
    return bool(LEAVE["fr"].search(refusal.norm)) or any(m.concept.kind in ORDERED for m in find_concepts(refusal.norm, "fr"))


def _turn(visit: Visit, turn: int) -> list[Sentence]:
    return [s for s in visit.sentences if s.turn == turn]


def without_refused(facts: Iterable[Fact], visit: Visit, known: tuple[str, ...]) -> Iterator[Fact]:
    """The same facts without the orders that were turned down; a new drug that was refused is told as not taken."""
    told, refused = list(facts), turned_down(visit, known) if visit.lang == "fr" else {}
    for fact in told:
        if not any(_is_order_of(fact, turn, use) for turn, use in refused.items()):
            yield fact
    for turn, use in refused.items():
        if use is None:
            continue
        taken = any(f.label == use.drug.inn and f.is_patients and f.status in ("current", "stopped", "not taken") for f in told)
        if not (taken or is_home(use, visit) or use.drug.inn in CLASSES):
            evidence = (use.sentence.evidence(), *(s.evidence() for s in _turn(visit, turn + 1)[:2]))
            yield drug_fact(use, visit.lang, evidence, None, Schedule(), polarity="absent", status="not taken")


def _is_order_of(fact: Fact, turn: int, use: Use | None) -> bool:
    ordered = fact.type in ("medication", "plan") and fact.status in ("prescribed", "considered") and bool(fact.code)
    return ordered and fact.evidence[-1].turn == turn and (use is None or fact.label == use.drug.inn)


RULED_OUT = re.compile(
    r"(?<![a-z])(?:s en passer|(?:pas|mauvaise) (?:une )?(?:tres )?(?:bonne )?idee|trop (?:risque|dangereux|fort)|on (?:va )?(?:evite|oublie|laisse tomber)|ca (?:ne )?(?:sert|servirait) a rien|"
    r"(?:je|j) (?:ne )?(?:prefere|aime mieux) (?:pas|eviter)|contre indique)(?![a-z])"
)


def given_up_again(use: Use, visit: Visit) -> bool:
    """ "On pourrait mettre de la cortisone. Mais avec votre diabète, non, on va s'en passer." """
    after = (s for s in visit.sentences if s.turn == use.sentence.turn and s.start > use.sentence.start)
    following = next(after, None)
    goes_on = following is not None and not find_drugs(following.norm) and RULED_OUT.search(following.norm)
    return bool(goes_on or RULED_OUT.search(use.words))
