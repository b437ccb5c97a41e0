"""Sick leave and certificates: what the doctor writes, refuses or leaves open, and what the patient declines."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.transcript import Language

WORK_STOP = cues("orders.work_stop")
LEAVE = cues("leave.named")
DENIES = cues("leave.denies")
NO_NEED = cues("leave.no_need")
IF = cues("orders.if")
LABEL, LEAVE_LABEL = "arrêt ou certificat", "arrêt de travail"
IS_LEAVE = re.compile(r"(?<![a-z])(?:arret|prolong|en maladie|sick (?:note|leave)|off work|time off)")
NONE = {"fr": "pas d'arrêt de travail", "en": "no sick note"}
PAPERS = {  # the words of a request, and the paper that it means
    "fr": (
        ("arret", "arrêt de travail"),
        ("prolong", "prolongation d'arrêt"),
        ("attestation", "attestation"),
        ("dispense", "dispense"),
        ("mi temps", "mi-temps thérapeutique"),
        ("temps partiel", "temps partiel thérapeutique"),
        ("enfant", "certificat enfant malade"),
        ("conge", "congé"),
        ("transport", "bon de transport"),
        ("", "certificat"),
    ),
    "en": (("certificate", "certificate"), ("", "sick note")),
}
ASKS_LEAVE = re.compile(
    r"(?<![a-z])(?:voulez|souhaitez|faut)[^?]{0,12} que je (?:vous )?(?:arrete|mette en arret|prolonge)(?![a-z])|(?<![a-z])(?:besoin|voulez|faut|souhaitez)[^?]{0,20} (?:arret(?! de)|arret de travail)(?![a-z])|(?:need|want) (?:a (?:sick|fit) note|time off)"
)


def _label(norm: str) -> str:
    """Leave and other papers are told apart: a certificate is no answer to who wants no leave."""
    return LEAVE_LABEL if IS_LEAVE.search(norm) else LABEL


def no_leave(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Vous avez besoin d'un arrêt ?" - "Non, je suis en télétravail." """
    question, first = exchange.questions[-1], exchange.answer[0]
    if exchange.verdict == "no" and ASKS_LEAVE.search(question.norm) and first.speaker != "doctor":
        yield _none(NONE[lang], (question, first))


def declined_leave(visit: Visit) -> Iterator[Fact]:
    """ "L'arrêt, j'en ai pas besoin, je travaille de chez moi.": said without being asked."""
    for sentence in visit.sentences:
        if sentence.speaker != "doctor" and not sentence.asks and NO_NEED[visit.lang].search(sentence.norm):
            yield _none(NONE[visit.lang], (sentence,))


def _none(text: str, said: tuple[Sentence, ...]) -> Fact:
    return Fact(
        "work_stoppage",
        text,
        LEAVE_LABEL,
        tuple(s.evidence() for s in said),
        polarity="absent",
        asserted_by=said[-1].speaker,
        status="certificate",
        sentence=text,
        extra=(text, ""),
    )


def leave_fact(asked: Sentence, reply: Sentence, lang: Language, *, granted: bool) -> Fact:
    """The leave or paper that the patient asks for, granted or refused in an answer that does not name it."""
    named = LEAVE[lang].search(asked.norm)
    kinds = PAPERS[lang]
    what = next((name for stem, name in kinds if named and stem in named.group()), kinds[-1][1])
    words = f"{what[:1].upper()}{what[1:]} : " if lang == "fr" else f"{what[:1].upper()}{what[1:]}: "
    dated = granted and re.search(
        r"\d|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|friday|week", reply.norm
    )
    words += (
        reply.shown.strip(" .")
        if dated
        else {"fr": ("accordé à la demande", "demandé, non fait"), "en": ("given as asked", "asked for, not given")}[
            lang
        ][not granted]
    )
    return Fact(
        "work_stoppage",
        words,
        _label(asked.norm),
        (asked.evidence(), reply.evidence()),
        polarity="present" if granted else "absent",
        asserted_by="doctor",
        status="certificate",
        sentence=words,
        extra=(words, ""),
    )


def certificate_of(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """The leave or certificate that a sentence of the doctor grants, or says that there is none."""
    norm = sentence.norm
    days = re.search(r"(\d+|une?) (jours?|days?|semaines?|weeks?)", norm)
    denied = bool(DENIES[lang].search(norm)) and not re.search(r"certificat|en maladie", norm)
    number = 1.0 if days and days.group(1).startswith("un") else float(days.group(1)) if days else None
    yield Fact(
        "work_stoppage",
        sentence.shown,
        _label(norm),
        (sentence.evidence(),),
        value=number,
        unit=("wk" if days.group(2)[0] in "sw" else "d") if days else None,
        polarity="absent" if denied else "present",
        certainty="conditional" if lang == "fr" and IF[lang].search(norm) else "certain",
        asserted_by="doctor",
        critical=True,
        status="certificate",
        sentence=sentence.shown,
        extra=(sentence.shown, ""),
    )


ASKS_WORK = re.compile(r"(?<![a-z])(?:(?:je|on) (?:peux (?:quand meme )?)?(?:bosse|travaille|retourne|reprends|bosser|travailler|retourner|reprendre)|(?:et|pour) (?:le |mon )?(?:travail|boulot|taf))(?![a-z])[^?]*\?")
UNSURE = re.compile(r"(?<![a-z])(?:quand|combien|on verra|a peu pres|environ|peut etre|au moins|si)(?![a-z])")
DAYS_OFF = re.compile(r"\W*(?:(?:non|alors|donc|bon|la)\W+)*(\d+|une?) (jours?|semaines?)(?: (?:a la maison|d arret|de repos|chez (?:vous|toi)|pour commencer))?(?=\W*$|, )")


def days_off(visit: Visit) -> Iterator[Fact]:
    """ "Je bosse ce soir ?" - "En cuisine, non. Quatre jours, et c'est un accident du travail.": leave without its name."""
    if visit.lang != "fr":
        return
    for place, asked in enumerate(visit.sentences):
        if asked.speaker == "doctor" or not asked.asks or not ASKS_WORK.search(asked.norm) or UNSURE.search(asked.norm):
            continue
        for reply in visit.reply_to(place)[:3]:
            days = DAYS_OFF.match(reply.norm)
            if days and not reply.asks and not WORK_STOP["fr"].search(reply.norm[: days.end()]) and not UNSURE.search(reply.norm):
                number = 1.0 if days.group(1).startswith("un") else float(days.group(1))
                unit = "wk" if days.group(2).startswith("s") else "d"
                words = f"Arrêt de travail : {reply.shown.strip(' .').lower()}"
                proofs = (asked.evidence(), reply.evidence())
                yield Fact("work_stoppage", words, LEAVE_LABEL, proofs, value=number, unit=unit, asserted_by="doctor",
                           critical=True, status="certificate", sentence=words, extra=(words, ""))  # fmt: skip
                break
