"""What the patient asks to take, and the doctor's answer: granted with a dose, refused, or told to have been taken before."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.drug_uses import Use, drug_fact, strength
from app.notes.drugs.schedules import Schedule, find_schedule
from app.notes.drugs.stopping import stop_fact
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

GRANTS = cues("medications.grants")
ASKS_MAY = cues("medications.asks_may")
REFUSES = cues("medications.refuses")


TAKES_SOME = re.compile(r"(?<![a-z])(?:j en (?:prends|mets)|je (?:le |la |l )(?:prends|mets)|i (?:take|use) (?:it|some|that))(?![a-z])")
BARE_ASK = re.compile(  # "Et le Spasfon ?", "Donc l'antibiotique…"
    r"\W*(?:(?:et|and) (?:le |la |l |les |du |de la |de l |des |the |my )?[^?,]{2,30},? ?(?:docteur|doctor)? ?\?|"
    r"(?:donc|alors|et) (?:pas )?(?:le |la |l |les |du |de la |de l |des |d |de )?[a-z]+ ?(?:…|\.{3}|\?))\W*"
)
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
    yield from _replied(use, visit, place)


def asks(use: Use) -> bool:
    """Whether somebody who is no doctor asks for a drug, with a question or with a wish."""
    sentence = use.sentence
    wishes = WISHES.search(sentence.norm) or BARE_ASK.fullmatch(sentence.norm)
    return sentence.speaker != "doctor" and bool(sentence.asks or wishes)


def _replied(use: Use, visit: Visit, place: int) -> Iterator[Fact]:
    lang, asked = visit.lang, use.sentence
    reply = [s for s in visit.sentences[place + 1 : place + 5] if s.speaker == "doctor"]
    if not reply:
        return
    first = reply[0]
    may = ASKS_MAY[lang].search(asked.norm) or BARE_ASK.fullmatch(asked.norm) or WISHES.search(asked.norm)
    if lang == "fr" and (found := _goes_on_or_stops(use, first)):
        yield found
        return
    if may and _refuses(use, first, lang):
        yield stop_fact(use, lang, (asked.evidence(), first.evidence()))
        return
    if not GRANTS[lang].search(first.norm):
        return
    told = [first, *(s for s in reply[1:2] if may and s.turn == first.turn and not s.asks and not find_drugs(s.norm))]
    words = " ".join(s.norm for s in told)
    dose, schedule = strength(use, lang, words), find_schedule(words, lang)
    if dose or schedule.sig:
        evidence = (asked.evidence(), *(s.evidence() for s in told))
        yield drug_fact(use, lang, evidence, dose, schedule, status="prescribed", asserted_by="doctor")


def _refuses(use: Use, reply: Sentence, lang: Language) -> bool:
    """ "Du Lexomil ?" - "Du Lexomil, je préfère pas."; "Je garde l'Advil ?" - "Vous passez au naproxène, à la place." """
    norm, drugs = reply.norm, find_drugs(reply.norm)
    again = next((m for m in drugs if m.drug.inn == use.drug.inn), None)
    after = norm[again.end :] if again and LEADS.fullmatch(norm[: again.start]) else norm
    instead = again is None and bool(drugs) and INSTEAD.search(norm) is not None
    return instead or REFUSES[lang].match(after) is not None or NONE_OF_IT.search(norm) is not None


def _goes_on_or_stops(use: Use, reply: Sentence) -> Fact | None:
    """ "Le bisoprolol, je le touche pas ?" - "On ne change rien."; "L'Eliquis, je l'arrête ?" - "Oui.": what becomes of a treatment."""
    asked, norm, proofs = use.sentence, reply.norm, (use.sentence.evidence(), reply.evidence())
    if find_drugs(norm) or (not (of_stop := ENDS.search(asked.norm)) and not GOES_ON.search(asked.norm)):
        return None
    if of_stop and YES.match(norm):
        return stop_fact(replace(use, sentence=asked), "fr", proofs)
    if UNCHANGED.match(norm):
        return drug_fact(use, "fr", proofs, strength(use, "fr", norm), find_schedule(norm, "fr"), status="prescribed", asserted_by="doctor")
    return None


ENDS = re.compile(r"(?<![a-z])(?:je |on |faut |dois )(?:(?:l |le |la |les )?(?:arreter?|stopper?|suspend(?:s|re)?))(?![a-z])(?! pas)")
YES = re.compile(r"\W*(?:(?:ah|oh|bah|ben|alors|euh)\W+)*(?:oui|bien sur|tout a fait|absolument|exactement)(?![a-z])")
GOES_ON = re.compile(  # "le bisoprolol, je le touche pas ?", "et la metformine, elle reste ?"
    r"(?<![a-z])(?:je |on |j )?(?:ne )?(?:le |la |les |l |y )?(?:touch\w+ (?:pas|a rien)|chang\w+ (?:pas|rien)|gard\w+|continu\w+|laisse|arrete|stoppe)(?![a-z])|(?:il |elle |ca )(?:reste|bouge pas|change pas)|(?<![a-z])(?:pareil|comme (?:avant|d habitude)|la meme dose)(?![a-z])"
)
UNCHANGED = re.compile(
    r"\W*(?:(?:ah|oh|non|oui|bien|sur|surtout|alors|voila|exactement|le|la|les|celui|celle|l?a|ca|c(?:oe|œ)ur|tension|reste),?\W+)*(?:(?:on |je |vous )?(?:ne |n )?(?:y |le |la |les |l )*(?:touche\w*|change\w*|modifie\w*|bouge\w*) (?:surtout )?(?:pas|rien|a rien)|(?:on |je |vous )(?:le |la |les |l )*(?:gard|continu|laiss)\w+|pareil|comme (?:avant|d habitude)|(?:la )?meme dose|(?:gardez|continuez|laissez)(?: le| la| les)?|inchange\w*|sans changement)(?![a-z])"
)
LEADS = re.compile(r"\W*(?:(?:ah|oh|alors|non|la|et|pour|une?|du|de|des|le|l|les|d)\W+)*")
INSTEAD = re.compile(r"(?<![a-z])(?:a la place|instead|(?:vous|on) (?:le |la |l |les )?(?:passe\w*|remplace\w*) (?:au|a|par|sur))(?![a-z])")
NONE_OF_IT = re.compile(r"(?<![a-z])je (?:ne )?(?:vous |lui )?(?:n )?en (?:donne|prescri[st]|mets) pas(?![a-z])")
WISHES = re.compile(r"(?<![a-z])(?:je voulais (?:vous )?(?:en )?demander|(?:il me|m en|me) faudrait|j aurais (?:bien )?(?:aime|voulu|pris)|je (?:voudrais|veux bien))(?![a-z])")
