"""Treatments that go on as they are: "on n'y touche pas", "comme avant", "on le garde". French only."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.drug_uses import CLASSES, Use, drug_fact, is_home, only_heard, strength, uses_in
from app.notes.drugs.schedules import find_schedule
from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts
from app.notes.language.units import Visit

AS_BEFORE = re.compile(r",? (?:on|vous|je) (?:vous )?(?:l |le |la |les )?(?:garde|gardez|continue|continuez)(?=\W*$|,| comme| bien)|,? (?:(?:vous (?:le|la|les) )?(?:gardez|continuez),? )?(?:toujours |idem,? )?(?:comme (?:avant|d habitude|maintenant|aujourd hui)|sans changement|inchangee?s?)(?![a-z])")  # "le Spiriva, comme avant"
UNTOUCHED = re.compile(
    r"[\s,]*(?:(?:on |je )?(?:n )?y touche (?:pas|surtout pas)|(?:(?:il|elle|ca) )?(?:ne )?(?:bouge|change) pas|(?:on|je) (?:ne |n )?(?:la |le |les )?(?:change|modifie|bouge) (?:pas|rien)|reste (?:comme (?:ca|avant)|pareil|identique|inchangee?))(?![a-z])"
)


def untouched(use: Use, visit: Visit) -> Fact | None:
    """What the words after a drug say that stays as it is. "Le bisoprolol, on n'y touche pas" of one that nobody takes is
    shown to the doctor: it may go on, and it may be forbidden.
    """
    after = use.sentence.norm[use.end :]
    left_alone = UNTOUCHED.match(after) is not None
    if not left_alone and AS_BEFORE.match(after) is None:
        return None
    if left_alone and not is_home(use, visit):
        return only_heard(use, visit.lang, "unmeant")
    evidence, schedule = tuple(s.evidence() for s in use.through), find_schedule(use.words, visit.lang)
    return drug_fact(use, visit.lang, evidence, strength(use, visit.lang), schedule, status="prescribed", asserted_by="doctor")


def kept(visit: Visit, place: int, known: tuple[str, ...]) -> Iterator[Fact]:
    """ "C'est la metformine, à la longue. On ne l'enlève pas pour autant.": a drug just named that goes on."""
    sentence = visit.sentences[place]
    for back in range(place - 1, -1, -1):
        earlier = visit.sentences[back]
        if sentence.turn - earlier.turn > KEPT_TURNS or find_concepts(sentence.norm, "fr"):
            return
        uses = list(uses_in(visit, back, known))
        if len({use.drug.inn for use in uses}) == 1 and uses[-1].drug.inn not in CLASSES:
            use = replace(uses[-1], sentence=sentence, start=0, end=0, before="", words=sentence.norm, through=(sentence,))
            schedule = find_schedule(sentence.norm, "fr")
            evidence = (earlier.evidence(), sentence.evidence())
            yield drug_fact(use, "fr", evidence, strength(use, "fr"), schedule, status="prescribed", asserted_by="doctor")
            return
        if uses or find_concepts(earlier.norm, "fr"):
            return


KEPT_TURNS = 3
KEEPS_IT = re.compile(  # "on le garde", "on ne l'enlève pas"; an allergy is "laissée notée", a scar "gardée propre"
    r"(?:^|[,.;:] ?|(?<![a-z])(?:mais|donc|et|alors|par contre) )\W*(?:(?:on|je|vous) (?:vous )?(?:le|la|les) (?:garde|gardez|continue|continuez|poursuit|poursuivez)(?! (?:sous|au|a|dans|pour|propre|note|en tete|a l esprit)(?![a-z]))|on (?:ne )?(?:l|le|la|les) (?:enleve|arrete|supprime|change|touche) (?:surtout )?pas(?! (?:tout seul|d un coup)))(?![a-z])"
)
