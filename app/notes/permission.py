"""What the patient asks to take, and the doctor's answer: granted with a dose, refused, or told to have been taken before."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.cues import cues
from app.notes.drug_uses import Use, drug_fact, strength
from app.notes.facts import Fact
from app.notes.schedules import Schedule, find_schedule
from app.notes.stopping import stop_fact
from app.notes.units import Visit

GRANTS = cues("medications.grants")
ASKS_MAY = cues("medications.asks_may")
REFUSES = cues("medications.refuses")


TAKES_SOME = re.compile(r"(?<![a-z])(?:j en (?:prends|mets)|je (?:le |la |l )(?:prends|mets)|i (?:take|use) (?:it|some|that))(?![a-z])")
BARE_ASK = re.compile(r"\W*(?:et|and) (?:le |la |l |les |du |de la |de l |the |my )?[^?,]{2,30},? ?(?:docteur|doctor)? ?\?\W*")
HAD_IT = re.compile(  # "Et le Singulair ? On me l'avait donné, petit."
    r"(?<![a-z])(?:(?:on me |il me |elle me |je )?(?:l |les |la )?(?:avait|avais|ai) (?:deja )?(?:donne|prescrit|pris|essaye|eu)e?|j en (?:prenais|ai (?:deja )?pris)|i (?:used to|had|was) (?:take|taking|on) (?:it|that))(?![a-z])"
)


def granted(use: Use, visit: Visit, place: int) -> Iterator[Fact]:
    """ "Et le paracétamol, je peux ?" - "Oui, un gramme, trois par jour maximum." """
    then = visit.sentences[place + 1] if place + 1 < len(visit.sentences) else None
    if then is not None and then.turn == use.sentence.turn and HAD_IT.search(then.norm):
        yield drug_fact(
            use,
            visit.lang,
            (use.sentence.evidence(), then.evidence()),
            None,
            Schedule(),
            status="taken",
            temporality="past",
        )
        return
    if then is not None and then.turn == use.sentence.turn and TAKES_SOME.search(then.norm):
        evidence, schedule = (use.sentence.evidence(), then.evidence()), find_schedule(then.norm, visit.lang)
        yield drug_fact(use, visit.lang, evidence, None, schedule, status="current")
    reply = [s for s in visit.sentences[place + 1 : place + 5] if s.speaker == "doctor"]
    may = ASKS_MAY[visit.lang].search(use.sentence.norm) or BARE_ASK.fullmatch(use.sentence.norm)
    if reply and may and REFUSES[visit.lang].match(reply[0].norm):
        yield stop_fact(use, visit.lang, (use.sentence.evidence(), reply[0].evidence()))
    if not reply or not GRANTS[visit.lang].search(reply[0].norm):
        return
    words = reply[0].norm
    dose, schedule = strength(use, visit.lang, words), find_schedule(words, visit.lang)
    if dose or schedule.sig:
        yield replace(
            drug_fact(
                use,
                visit.lang,
                (use.sentence.evidence(), reply[0].evidence()),
                dose,
                schedule,
                status="prescribed",
                asserted_by="doctor",
            )
        )
