"""When doctor and patient meet or speak again: said by the doctor, or answered when the patient asks."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts
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
            if (WHEN[visit.lang].search(reply.norm) or IN_ABOUT.match(reply.norm)) and not reply.asks:
                fact = follow_up(reply, visit.lang, sentence.evidence())
                yield reply, fact if MEETS[visit.lang].search(reply.norm) else _seen_again(fact, visit.lang)
                break


IN_ABOUT = re.compile(  # "Disons dix jours.", "Un mois, à peu près."
    r"\W*(?:(?:disons|plutot|oh|alors|bon|environ|a peu pres|je dirais|on dit|mettons)\W+)*(?:\d+|une?|quinze) (?:jours|semaines?|mois)(?=\W*$|,? (?:a peu pres|environ|au cabinet|en video|pas plus|c est))"
)
BOOKED = re.compile(  # "j'ai rendez-vous chez la cardiologue le 12", "je revois le chirurgien jeudi"
    r"(?<![a-z])(?:(?:j ai|on a|il a|elle a) (?:deja |aussi )?(?:pris |un |mon |son )*(?:rendez vous|rdv)(?! (?:annule|au (?:travail|bureau|garage)))|je (?:dois )?(?:re)?vo(?:is|ir) (?:le|la|mon|ma|un|une) (?=[a-z]))"
)
ASKS_BOOKED = re.compile(r"(?<![a-z])(?:rendez vous|rdv)(?![a-z])[^?]*(?<![a-z])(?:pris|fixe|quand|date|prevu|deja|avez|donne)(?![a-z])|(?<![a-z])(?:avez|as) (?:vous |tu )?(?:pris |deja |un )*(?:rendez vous|rdv)")
ON_THE = re.compile(r"(?<![a-z])le (?:\d{1,2}|premier)(?! (?:h|heures?|ans|jours?|mois|fois|kilos|comprimes?|mg)(?![a-z]))(?!\d|\.\d)")
OVER = re.compile(r"(?<![a-z])(?:j avais|annule|rate|manque|oublie|l an dernier|la semaine derniere|hier|avant hier|dernier)(?![a-z])")


def booked(visit: Visit) -> Iterator[Fact]:
    """Appointments that the patient has already: told, or answered when the doctor asks; French only."""
    if visit.lang != "fr":
        return
    for exchange in visit.exchanges:
        question, said = exchange.questions[-1], exchange.answer[0]
        if said.speaker != "doctor" and ASKS_BOOKED.search(question.norm) and exchange.verdict != "no" and _dated(said):
            colleague = _colleague(question)
            if colleague:
                yield _appointment(colleague, said, question.evidence())
    for sentence in visit.sentences:
        told = sentence.speaker != "doctor" and not sentence.asks and BOOKED.search(sentence.norm)
        if told and _dated(sentence) and not visit.other_person(sentence, told.start()):
            colleague = _colleague(sentence, told.end())
            if colleague:
                yield _appointment(colleague, sentence)


def _dated(said: Sentence) -> re.Match[str] | None:
    return None if OVER.search(said.norm) else WHEN["fr"].search(said.norm) or ON_THE.search(said.norm)


def _colleague(sentence: Sentence, start: int = 0) -> str:
    """Whom the appointment is with, where a sentence names a colleague or an examination."""
    kinds = ("referral", "exam", "act")
    return next((m.concept.fr for m in find_concepts(sentence.norm, "fr") if m.concept.kind in kinds and m.end > start), "")


def _appointment(colleague: str, said: Sentence, *asked: Evidence) -> Fact:
    when = _dated(said)
    end = min(said.end, said.start + len(said.norm.rstrip(" .!")))
    shown = said.line.shown[said.start + when.start() : end] if when else ""
    text = f"rendez-vous {colleague} {shown}".strip()
    return Fact(
        "plan",
        text,
        f"rendez-vous {colleague}",
        (*asked, said.evidence()),
        temporality="future",
        asserted_by=said.speaker,
        detail=shown,
        status="order",
        sentence=said.shown,
        extra=(text,),
    )


def _seen_again(fact: Fact, lang: Language) -> Fact:
    words = ("revoir : " if lang == "fr" else "follow-up: ") + fact.sentence[:1].lower() + fact.sentence[1:]
    return replace(fact, text=words, sentence=words)


def span(shown: str, lang: Language) -> tuple[float | None, str | None]:
    """The number and UCUM unit of a time to come: "dans trois mois" -> 3, "mo"."""
    match = re.search(r"(\d+|une?|a|one) (jour|semaine|mois|an|heure|day|week|month|year)", shown.lower())
    if not match:
        return None, None
    return (float(match.group(1)) if match.group(1).isdigit() else 1.0), UNIT_CODES[match.group(2)]
