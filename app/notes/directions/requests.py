"""Renewals where no drug is named: what the patient comes to ask for, and what the doctor grants."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

RENEWS = cues("requests.renews")
NAMES = {"fr": "demande de renouvellement de traitement", "en": "asks for a prescription renewal"}


GRANTED = cues("requests.granted")
GRANTED_NAMES = {"fr": "renouvellement du traitement", "en": "prescription renewed"}


def _granted(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Je vous renouvelle les deux pour trois mois." """
    match = None if sentence.asks else GRANTED[lang].search(sentence.norm)
    if match and ("tout" in match.group() + sentence.norm[match.end() :][:NEXT_WORD] or not find_drugs(sentence.norm)):
        lasts = DURATION.search(sentence.norm, match.end())
        words = sentence.line.shown[sentence.start + lasts.start(1) : sentence.start + lasts.end(1)] if lasts else ""
        name = " ".join(filter(None, (GRANTED_NAMES[lang], words)))
        yield Fact(
            "plan",
            name,
            "renouvellement accordé",
            (sentence.evidence(),),
            asserted_by="doctor",
            critical=True,
            status="order",
            detail="",
            sentence=sentence.shown,
            extra=(name,),
        )


NEXT_WORD = 5  # characters: "je te renouvelle tout"
DURATION = re.compile(r"(?<![a-z\d])((?:\d+|un|une|a|one) (?:mois|semaines?|ans?|months?|weeks?|years?))")


def requests(visit: Visit) -> Iterator[Fact]:
    """Renewals asked for and granted, in the order of speech."""
    for sentence in visit.sentences:
        if sentence.speaker == "doctor":
            yield from _granted(sentence, visit.lang)
        asked = RENEWS[visit.lang].search(sentence.norm)
        if (
            asked
            and sentence.speaker != "doctor"
            and not re.search(r"(?<![a-z])(?:pas|not|no) $", sentence.norm[: asked.start()])
        ):
            name = NAMES[visit.lang]
            yield Fact(
                "plan",
                name,
                "renouvellement",
                (sentence.evidence(),),
                asserted_by=sentence.speaker,
                status="request",
                sentence=sentence.shown,
                extra=(name, ""),
            )
