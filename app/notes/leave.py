"""Sick leave and certificates: what the doctor writes, and what the patient declines."""

import re
from collections.abc import Iterator

from app.notes.cues import cues
from app.notes.facts import Fact
from app.notes.transcript import Language
from app.notes.units import Exchange, Sentence

WORK_STOP = cues("orders.work_stop")
ASKS_LEAVE = re.compile(
    r"(?<![a-z])(?:besoin|voulez|faut|souhaitez)[^?]{0,20} (?:arret(?! de)|arret de travail)(?![a-z])|(?:need|want) (?:a (?:sick|fit) note|time off)"
)


def no_leave(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Vous avez besoin d'un arrêt ?" - "Non, je suis en télétravail." """
    question, first = exchange.questions[-1], exchange.answer[0]
    if exchange.verdict == "no" and ASKS_LEAVE.search(question.norm) and first.speaker != "doctor":
        text = "pas d'arrêt de travail" if lang == "fr" else "no sick note"
        yield Fact(
            "work_stoppage",
            text,
            "arrêt ou certificat",
            (question.evidence(), first.evidence()),
            polarity="absent",
            asserted_by=first.speaker,
            status="certificate",
            sentence=text,
            extra=(text, ""),
        )


def certificate_of(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """The leave or certificate that a sentence of the doctor grants, or says that there is none."""
    norm = sentence.norm
    days = re.search(r"(\d+) (?:jours?|days?)", norm)
    denied = bool(re.search(r"pas d arret|no sick|pas en accident", norm)) and not re.search(
        r"certificat|en maladie", norm
    )
    yield Fact(
        "work_stoppage",
        sentence.shown,
        "arrêt ou certificat",
        (sentence.evidence(),),
        value=float(days.group(1)) if days else None,
        unit="d" if days else None,
        polarity="absent" if denied else "present",
        asserted_by="doctor",
        critical=True,
        status="certificate",
        sentence=sentence.shown,
        extra=(sentence.shown, ""),
    )
