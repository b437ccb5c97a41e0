"""When to call, come back or go to hospital: the signs and where to turn to, in one sentence or in two."""

import re
from dataclasses import replace

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

IF = cues("orders.if")
ALARM = cues("orders.alarm")
WHEN_IT = cues("alarms.when")
STRONG = cues("alarms.strong")
WEAK = cues("alarms.weak")
OVER = cues("alarms.over")
POLITE = cues("alarms.polite")
BODY = cues("selection.body")
SIGNS_FIRST = re.compile(  # "une paupière qui gonfle, la nuque raide : ...", "un bras mort, là, ..."
    r":|(?<![a-z])(?:(?:la|ca),|dans ce cas|c est|direction|on n? ?(?:attend|appelle|file)|filez|foncez|vous (?:\w+ ){0,2}\w+ez)(?![a-z])"
)
THEN = re.compile(
    r"\W*(?:(?:et|alors|donc|ben|bon|voila|oui)\W+)*(?:la|ca|dans c(?:e|es) cas|a ce moment|c est|direction|on n? ?(?:attend|appelle|file)|filez|foncez|appelez|"
    r"vous (?:\w+ ){0,2}(?:\w+ez)|au moindre|un seul|tout ca)(?![a-z])"
)


def alarm(sentence: Sentence, visit: Visit, place: int) -> Fact | None:
    """The alarm that a sentence of the doctor gives, with the signs of the sentence before where it names none itself."""
    norm, lang = sentence.norm, visit.lang
    if PROMISES.search(norm):
        return None
    if IF[lang].search(norm) and ALARM[lang].search(norm) and not _only_polite(norm, lang):
        return _alert(sentence)
    turn_to = _destination(norm, lang) if lang == "fr" else None
    if turn_to is None and lang == "fr" and THE_SAME.match(norm) and conditional(norm, lang):
        return _one_more_case(sentence, visit, place)
    if turn_to is None or (SOFT.match(turn_to.group()) and not _names_signs(norm, lang)):
        return None
    before = norm[: turn_to.start()]
    if conditional(norm, lang) or (_names_signs(before, lang) and SIGNS_FIRST.search(before + turn_to.group())):
        return _alert(sentence)
    earlier = visit.sentences[place - 1] if place else None
    if earlier is None or earlier.turn != sentence.turn or earlier.asks or not THEN.match(norm):
        return None
    if conditional(earlier.norm, lang) or (_names_signs(earlier.norm, lang) and LISTED.search(earlier.norm)):
        return _alert(earlier, sentence) if _destination(earlier.norm, lang) is None else None
    return None


THE_SAME = re.compile(r"\W*(?:(?:et|exactement|oui|voila|ou)\W+)*(?:c est )?(?:pareil|idem|la meme chose|meme chose)(?:,? (?:si|s|quand|en cas)|[ ,:])")


def _one_more_case(sentence: Sentence, visit: Visit, place: int) -> Fact | None:
    """ "... vous appelez le 15. Pareil si deux crises se suivent.": the case with where the alarm before sends to."""
    near = [s for s in visit.sentences[:place] if s.speaker == "doctor" and sentence.turn - s.turn <= TURNS_APART]
    for at, earlier in reversed(list(enumerate(visit.sentences[:place]))):
        if earlier in near and not THE_SAME.match(earlier.norm) and alarm(earlier, visit, at):
            turn_to, case = _destination(earlier.norm, visit.lang), CASE.search(sentence.norm)
            if turn_to and case:
                start, end = earlier.start + turn_to.start(), earlier.start + turn_to.end()
                return _alert(replace(sentence, start=sentence.start + case.start()), replace(earlier, start=start, end=end))
    return None


CASE = re.compile(r"(?<![a-z])(?:si|s ils?|quand|en cas)(?![a-z])")


TURNS_APART = 2  # the other side says yes in between
SOFT = re.compile(
    r"(?:vous|dites|signalez) (?:(?:me|nous|le) )*(?:la )?(?:dites|signalez|prevenez|moi)"
)  # "vous me le dites": of a sign only
PROMISES = re.compile(
    r"(?<![a-z])je (?:vous |te )?(?:l|le|la|les|en) (?:ferai|fais|mettrai|donnerai|signerai|enverrai)(?![a-z])"
)  # "je vous la ferai le jour même"
LISTED = re.compile(r",|(?<![a-z])ou(?![a-z])")


GOES = re.compile(
    r"(?<![a-z])(?:je (?:vous|le|la|l|les) (?:adresse|envoie|oriente|dirige|transfere)|(?<!pas )(?:allez|aller|alliez|ailles?|partir|partez|filez|foncez|emmenez|amenez|conduisez)|on (?:appelle|y va|part|(?:vous |le |la |l )(?:envoie|emmene|transfere))|(?:fais |fait |vous |te |le |la |l |les )hospitalis\w+|hospitalisation|(?:ambulance|samu|pompiers) (?:arrive|vient|va venir)|j appelle|direction|(?:^\W*(?:alors|donc|bon)? ?(?:c est )?(?:les|aux) urgences)|"
    r"maintenant|tout de suite|ce soir|aujourd hui|sans attendre)(?![a-z])"
)


def sent_at_once(sentence: Sentence, lang: Language) -> Fact | None:
    """ "Je vous adresse aux urgences, je les appelle.": where the patient is sent now, under no condition."""
    norm = sentence.norm
    strong = STRONG[lang].search(norm) if lang == "fr" else None
    if strong is None or OVER[lang].search(norm) or conditional(norm, lang) or not GOES.search(norm):
        return None
    return replace(_alert(sentence), type="plan", label="orientation", certainty="certain", status="sent")


def _destination(norm: str, lang: Language) -> re.Match[str] | None:
    """Where a sentence sends the patient; not where they have been."""
    strong = STRONG[lang].search(norm)
    if strong and not OVER[lang].search(norm):
        return strong
    return WEAK[lang].search(norm)


def conditional(norm: str, lang: Language) -> bool:
    """Whether folded words name a case that may come, and not only politeness."""
    return bool(IF[lang].search(norm) or WHEN_IT[lang].search(norm)) and not _only_polite(norm, lang)


def _only_polite(norm: str, lang: Language) -> bool:
    """ "Si vous voulez, appelez le secrétariat": a condition that is no sign of illness."""
    rest = POLITE[lang].sub(" ", norm) if lang == "fr" else norm
    return not (IF[lang].search(rest) or WHEN_IT[lang].search(rest))


def _names_signs(norm: str, lang: Language) -> bool:
    named = any(m.concept.kind in ("symptom", "problem") for m in find_concepts(norm, lang))
    return named or bool(BODY[lang].search(norm))


def _alert(*sentences: Sentence) -> Fact:
    words = " : ".join(s.shown.strip(" .…:") for s in sentences)
    proofs: tuple[Evidence, ...] = tuple(s.evidence() for s in sentences)
    return Fact(
        "advice",
        words,
        "alerte",
        proofs,
        certainty="conditional",
        temporality="future",
        asserted_by="doctor",
        critical=True,
        status="alert",
        sentence=words if len(sentences) > 1 else sentences[0].shown,
        extra=(words, ""),
    )
