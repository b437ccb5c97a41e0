"""Drugs that the doctor stops, pauses or forbids, and those named only as the reason."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.dosing import find_dose
from app.notes.drugs.drug_uses import Use, drug_fact, drug_name
from app.notes.drugs.schedules import Schedule
from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.units import Visit
from app.notes.transcript import Language

STOPS = cues("medications.stops")
KEPT = re.compile(  # "je ne vous arrête pas l'Eliquis", "vous ne l'arrêtez surtout pas"
    r"(?<![a-z])(?:(?:arret|stop|interromp|chang|modifi)\w*|diminue\w*) (?:surtout |jamais |rien |toujours )?(?:pas|jamais)(?! de)(?![a-z])|"
    r"(?<![a-z])(?:don t|do not|never|not) (?:\w+ )?(?:stop|discontinue|change)(?![a-z])"
)
BECAUSE_OF = re.compile(
    r"(?<![a-z])(?:avec|sous|vu|a cause d[eu]|comme vous (?:prenez|avez)|puisque vous (?:prenez|avez)|tant que vous (?:avez|prenez|etes sous|gardez)|with|because of|while on|as you (?:take|are on)) "
    r"(?:(?:le|la|l|les|du|de la|votre|vos|un|une|the|your|an?) )?$"
)


def is_stopped(use: Use, lang: Language) -> bool:
    """Whether the words around a drug stop or forbid it."""
    before, after = use.sentence.norm[max(0, use.start - 40) : use.start], use.sentence.norm[use.end : use.end + 45]
    if find_drugs(after):
        after = re.split(r"(?:,| et) (?:je|j|on|vous) ", after)[0]  # "et je remplace le Flixotide" is told of that one
    near = re.split(r"[.;:!?]", before)[-1]
    if KEPT.search(near) or KEPT.search(after):
        return False
    if BECAUSE_OF.search(near):
        return False  # "surtout pas, avec votre anticoagulant": the other drug is meant
    if lang == "en" and re.search(r"(?<![a-z])no $", near):
        return True
    listed = len(use.before) < use.start  # another drug is named before this one
    if listed and SOME_INSTEAD.search(near):
        return False
    governed = use.before if listed and not JOINED.fullmatch(use.before) else near
    if STOPS[lang].search(governed) and not re.search(r"au lieu|instead", governed):
        return True
    cut = re.split(r"[.;!?]|, (?!on|stop|(?:en |une )?pause|termine|fini|vous en etes|ca fait|par contre|en revanche|j (?:n )?en|je (?:ne )?(?:vous |lui )?(?:n )?en |(?:je|vous) (?:vous )?(?:l|le|la|les) |c est (?:non|fini|termine))", after)[0]
    if lang == "fr" and EXCLUDED.match(cut):
        return True
    if lang == "fr" and LATER_STOP.search(use.sentence.norm, use.end) and not find_drugs(use.sentence.norm[use.end :]):
        return True
    return bool(STOPS[lang].search(cut)) and not (find_dose(cut) or re.search(r"sans arret", cut))


SOME_INSTEAD = re.compile(r"(?<![a-z])(?:pas|plus|jamais) (?:de|d) [^.;]*,\W*(?:(?:mais|plutot|prenez|mettez|donnez|prends|seulement|uniquement)\W+)*(?:du|des|de la|de l) ?$")  # "pas d'aspirine, du paracétamol"
LATER_STOP = re.compile(r",[^.;]*(?:,|(?<![a-z])(?:et|donc|alors)) ?(?:je|on) (?:vous )?(?:l|la|le|les) (?:supprime|arrete|enleve|retire|stoppe)(?! (?:pas|que|seulement))(?![a-z])")
JOINED = re.compile(  # "plus de Brilique, Kardégic, Crestor 20": what is only set beside it is not stopped with it
    r"\W*(?:(?:et|ou|ni|or|and)\W+(?:(?:de l|de la|du|des|de|d|le|la|les|l|pas de|plus de) ?)?|,\W*(?:ni |pas |plus )?(?:de l|de la|du|des|de|d|le|la|les|l) ?)"
)
EXCLUDED = re.compile(r",? ?(?:(?:(?:c )?est|sont|reste) (?:donc )?(?:exclu|proscrit|interdit|contre indiqu)\w*|(?:(?:une? |en |on fait une? )?pause|stop|suspendue?s?|a (?:stopper|suspendre|arreter))(?![a-z])|(?:vous (?:en )?etes a|ca fait) \d+ (?:jours|semaines|mois),? (?:c est )?(?:bon|termine|fini|ca suffit|assez|stop)(?![a-z]))")


def stop_fact(use: Use, lang: Language, evidence: tuple[Evidence, ...]) -> Fact:
    """The fact that the doctor stops or forbids a drug."""
    name = drug_name(use, lang)
    says_pause = re.search(r"arret|supprim|enlev|retir|stop|suspen|pause|interromp|discontinu|plus de|come off|hold|renouvel|au lieu", use.sentence.norm)
    name = ABBREVIATED[lang].get(use.drug.inn, name)
    depends = DEPENDS.match(use.sentence.norm)
    text = (
        (f"arrêt de {name}" if says_pause else f"pas de {name}")
        if lang == "fr"
        else (f"stop {name}" if says_pause else f"no {name}")
    )
    for_how_long = PAUSED.search(use.sentence.norm, max(0, use.start - PAUSE_REACH)) if lang == "fr" else None
    if for_how_long:
        text += f" {use.sentence.shown[for_how_long.start(1) : for_how_long.end(1)]}"
    if lang == "fr":
        text = re.sub(r"\bde (?=[aeiouhéèêœ])", "d'", text)
    if depends:
        found = use.sentence.shown[depends.start(1) : depends.end(1)].lower()
        text = f"si {found} : {text}" if lang == "fr" else f"if {found}: {text}"
    return Fact(
        "plan" if says_pause else "advice",
        text,
        use.drug.inn,
        evidence,
        asserted_by="doctor",
        critical=True,
        code=use.drug.atc,
        status="stop",
        sentence=use.sentence.shown,
        extra=(name, ""),
        certainty="conditional" if depends else "certain",
    )


PAUSED = re.compile(  # "on le suspend trois jours avant l'extraction"
    r"(?<![a-z])(?:suspen|paus|arret|interromp|stop)\w*[^.;,\d]{0,40}?((?:pendant )?\d+(?: a \d+)? (?:jours?|heures?|semaines?|mois)(?: (?:avant|apres) [^.,;]{3,40})?|la veille[^.,;]{0,30})"
)
PAUSE_REACH = 25  # characters: "vous arrêtez la metformine deux jours avant"
CONDITION = re.compile(r"(?<![a-z])(?:si (?!besoin)|s ils? |en cas d|if |should you )[^.;:]*$")
ONLY_IF = re.compile(r"^[^.;]{0,40}(?<![a-z])(?:si (?:vous|tu|il|elle|ca|c)|en cas d)(?![a-z])")  # "la statine, vous l'arrêtez si vous avez des douleurs"
ALARM = cues("orders.alarm")


def stopped(use: Use, visit: Visit) -> Iterator[Fact]:
    """The fact of a stop: with its steps, or under its condition; one that an alarm tells is told there only."""
    norm, lang = use.sentence.norm, visit.lang
    condition = CONDITION.search(norm[: use.start]) or ONLY_IF.search(norm[use.end :])
    if condition is None:
        yield tapered(use, visit) or stop_fact(use, lang, (use.sentence.evidence(),))
    elif not ALARM[lang].search(norm):
        yield replace(
            stop_fact(use, lang, (use.sentence.evidence(),)), type="advice", certainty="conditional", temporality="future"
        )


TAPERS = re.compile(r"(?<![a-z])(?:puis|ensuite|apres|then)(?![a-z])[^.;]{0,40}(?:plus rien|rien|stop|arret\w*|nothing|off)(?![a-z])")


def tapered(use: Use, visit: Visit) -> Fact | None:
    """ "Le Stilnox, on l'arrête doucement. Un demi-comprimé le soir deux semaines, puis plus rien.": told with its steps."""
    after = [s for s in visit.sentences if s.turn == use.sentence.turn and s.start > use.sentence.start][:2]
    steps = next((s for s in after if TAPERS.search(s.norm)), None)
    if steps is None or use.sentence.speaker != "doctor":
        return None
    shown = steps.shown.strip(" .")
    words = f": {shown[:1].lower()}{shown[1:]}"
    evidence = (use.sentence.evidence(), steps.evidence())
    schedule = Schedule((words,), shown)
    return drug_fact(use, visit.lang, evidence, None, schedule, status="prescribed", asserted_by="doctor")


DEPENDS = re.compile(
    r"\W*(?:(?:si (?:c est |il est )?|if (?:it s |it is )?|et |and )*)((?:negati|positi)(?:f|ve))(?=[ ,:])"
)
ABBREVIATED = {"fr": {"anti-inflammatoire": "anti-inflammatoires (AINS)"}, "en": {"anti-inflammatoire": "NSAIDs"}}


def what_became_of_it(use: Use, visit: Visit) -> str:
    """The sentence after a drug that tells without its name that it is over: "J'ai jeté la boîte." """
    if any(m.start >= use.end and m.drug.inn != use.drug.inn for m in find_drugs(use.sentence.norm)):
        return ""  # it is told of the drug named last
    after = (s for s in visit.sentences if s.turn == use.sentence.turn and s.start > use.sentence.start)
    return next((f" {s.norm}" for s in after if OVER.search(s.norm) and not find_drugs(s.norm)), "")


OVER = re.compile(r"(?<![a-z])(?:(?:j ai|on a|je l ai|on l a) (?:tout )?(?:jete|arrete)|(?:j ai )?(?:tout )?jete la boite|i (?:threw|stopped) (?:it|them))(?![a-z])")
