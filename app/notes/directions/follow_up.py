"""When doctor and patient meet or speak again: said by the doctor, or answered when the patient asks."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

LATER = cues("orders.later")
MEETS = cues("orders.meets")
WHEN = cues("orders.when")
ALREADY = cues("orders.already")
ASKS_AGAIN = cues("follow_up.asks")
ABOUT_IT = re.compile(r"on (?:le|la|les) (?:fait|fera|verra|regardera)(?![a-z])")  # what was named before in the sentence
UNIT_CODES = {
    "jour": "d",
    "semaine": "wk",
    "mois": "mo",
    "an": "a",
    "heure": "h",
    "day": "d",
    "week": "wk",
    "month": "mo",
    "year": "a",
}


def appointed(sentence: Sentence, lang: Language, *, beside_orders: bool) -> Fact | None:
    """The meeting that a sentence of the doctor sets; beside orders only one that is told with a verb and its date."""
    norm = sentence.norm
    again = MEETS[lang].search(norm)
    if beside_orders:
        dated = again and WHEN[lang].search(norm[again.start() :])
        start = again.start() if again and not ABOUT_IT.match(norm, again.start()) else 0
        return follow_up(replace(sentence, start=sentence.start + start), lang) if again and dated else None
    meant = norm.replace("d ici", "") if lang == "fr" else norm  # a date by which is no meeting yet
    if not WHEN[lang].search(norm) or not LATER[lang].search(meant):
        return None
    return None if lang == "fr" and not again and ALREADY[lang].search(norm) else follow_up(sentence, lang)


def follow_up(sentence: Sentence, lang: Language, *asked: Evidence) -> Fact:
    """The plan to meet again at the time that a sentence tells."""
    match = WHEN[lang].search(sentence.norm)
    shown = sentence.line.shown[sentence.start + match.start() : sentence.start + match.end()] if match else ""
    value, unit = span(shown, lang)
    return Fact(
        "plan",
        sentence.shown,
        "suivi",
        (*asked, sentence.evidence()),
        value=value,
        unit=unit,
        temporality="future",
        asserted_by="doctor",
        critical=True,
        detail=shown,
        status="follow-up",
        sentence=sentence.shown,
        extra=(shown, ""),
    )


def asked_when(visit: Visit) -> Iterator[tuple[Sentence, Fact]]:
    """ "Et on se revoit quand ?" - "Dans dix jours, en vidéo.": the sentence that answers, and the meeting it sets."""
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker == "doctor" or not sentence.asks or not ASKS_AGAIN[visit.lang].search(sentence.norm):
            continue
        for reply in visit.reply_to(place)[:2]:
            if WHEN[visit.lang].search(reply.norm) and not reply.asks:
                fact = follow_up(reply, visit.lang, sentence.evidence())
                yield reply, fact if MEETS[visit.lang].search(reply.norm) else _seen_again(fact, visit.lang)
                break


def _seen_again(fact: Fact, lang: Language) -> Fact:
    words = ("revoir : " if lang == "fr" else "follow-up: ") + fact.sentence[:1].lower() + fact.sentence[1:]
    return replace(fact, text=words, sentence=words)


def span(shown: str, lang: Language) -> tuple[float | None, str | None]:
    """The number and UCUM unit of a time to come: "dans trois mois" -> 3, "mo"."""
    match = re.search(r"(\d+|une?|a|one) (jour|semaine|mois|an|heure|day|week|month|year)", shown.lower())
    if not match:
        return None, None
    return (float(match.group(1)) if match.group(1).isdigit() else 1.0), UNIT_CODES[match.group(2)]
