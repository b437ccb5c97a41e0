"""What the doctor decides: examinations, referrals, follow-up, certificates, advice and when to call."""

import re
from collections.abc import Iterator

from app.notes.directions.advising import FRONTED, advice
from app.notes.directions.alarms import alarm, sent_at_once
from app.notes.directions.declined import settled_with_patient
from app.notes.directions.follow_up import appointed, asked_when, booked
from app.notes.directions.leave import WORK_STOP, certificate_of, days_off, declined_leave, no_leave
from app.notes.directions.ordered import decided_if, goes_on, meant_by_pronoun, ordered
from app.notes.directions.referrals import referred
from app.notes.directions.replies import replies
from app.notes.facts import Certainty, Fact, FactType, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.spoken_en import is_chatter
from app.notes.language.units import Sentence, Visit
from app.notes.measured.past_acts import past_acts
from app.notes.measured.past_exams import told_exams
from app.notes.measured.results import past_exams, result, stated_vaccines, told_result
from app.notes.signs.inspection import described, seen
from app.notes.transcript import Language

ORDERS = cues("orders.orders")
SMALL_TALK = cues("orders.small_talk")
CANNOT = cues("orders.cannot")
EXAMINED = cues("orders.examined")


def orders(visit: Visit) -> Iterator[Fact]:
    """Plans, advice, certificates, things seen and not examined, in the order of speech; what was refused stands as such."""
    yield from settled_with_patient(_orders(visit), visit)


def _orders(visit: Visit) -> Iterator[Fact]:
    yield from told_exams(visit)
    yield from past_acts(visit)
    yield from booked(visit)
    for exchange in visit.exchanges:
        yield from past_exams(exchange, visit.lang)
        yield from no_leave(exchange, visit.lang)
    yield from declined_leave(visit)
    yield from days_off(visit)
    alarms = {place: told for place, s in enumerate(visit.sentences) if (told := _alarm(s, visit, place))}
    answered = [*((fact, said) for said, fact in asked_when(visit)), *replies(visit)]
    yield from (fact for fact, _ in answered)
    read = {(said.turn, said.start) for _, said in answered}
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker != "doctor" and not sentence.asks:
            yield from stated_vaccines(sentence, visit.lang)
            yield from told_result(sentence, visit)
        if place in alarms:
            yield alarms[place]
        elif sentence.speaker != "doctor" or sentence.asks or (sentence.turn, sentence.start) in read:
            continue
        elif _tells(sentence, visit):
            yield from _of_sentence(sentence, visit, place)


def _tells(sentence: Sentence, visit: Visit) -> bool:
    """Whether a statement of the doctor is more than small talk and words about the screen."""
    talk = SMALL_TALK[visit.lang].search(sentence.norm)
    if not talk or described(sentence, visit) is not None or sent_at_once(sentence, visit.lang) is not None:
        return True
    met = visit.lang == "fr" and appointed(sentence, "fr", beside_orders=True) is not None
    return met or (visit.lang == "fr" and _not_examined(sentence, "fr"))


def _alarm(sentence: Sentence, visit: Visit, place: int) -> Fact | None:
    if sentence.speaker != "doctor" or sentence.asks or _not_examined(sentence, visit.lang):
        return None
    return alarm(sentence, visit, place)


def _not_examined(sentence: Sentence, lang: Language) -> bool:
    return bool(CANNOT[lang].search(sentence.norm) and EXAMINED[lang].search(sentence.norm))


def _of_sentence(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    norm, lang = sentence.norm, visit.lang
    if _not_examined(sentence, lang):
        yield _plain("procedure", sentence, "non réalisable", polarity="absent", status="not examined")
        meeting = appointed(sentence, lang, beside_orders=True) if lang == "fr" else None
        if meeting:
            yield meeting
        return
    if WORK_STOP[lang].search(norm):
        yield from certificate_of(sentence, lang)
        return
    spoken = lang == "en" and is_chatter(norm, doctor=True)
    look = None if spoken else seen(sentence, visit)
    if look:
        yield _plain("procedure", look, "examen", status="seen")
        return
    yield from _directed(sentence, visit, place, spoken=spoken)


def _directed(sentence: Sentence, visit: Visit, place: int, *, spoken: bool) -> Iterator[Fact]:
    """Results, orders, meetings and advice of one sentence."""
    norm, lang = sentence.norm, visit.lang
    whole = sent_at_once(sentence, lang) or meant_by_pronoun(sentence, visit)
    if whole:
        yield whole
        return
    results = list(result(sentence, lang))
    yield from results
    planned = [] if results and not ORDERS[lang].search(norm) else ordered(sentence, lang)
    if not planned and not results and goes_on(visit, place):
        planned = ordered(sentence, lang, more=True)
    planned = planned or (referred(sentence) if lang == "fr" else [])
    planned = [fact for fact in planned if fact.label not in {told.label for told in results}]
    yield from planned
    meeting = appointed(sentence, lang, beside_orders=bool(planned))
    if meeting:
        yield meeting
    elif not planned:
        told = decided_if(sentence, lang) if lang == "fr" and not find_drugs(norm) else None
        if told:
            yield told
        elif not spoken and not _manoeuvre(visit, place):
            yield from advice(sentence, lang)


def _manoeuvre(visit: Visit, place: int) -> bool:
    """ "Ça fait mal où ? Mettez la main.", "Poussez contre le mur. Ça tient ?": what is asked for to examine is no advice."""
    norm = visit.sentences[place].norm
    if visit.lang != "fr" or len(norm.split()) > SHORT or FRONTED.search(norm):
        return False
    around = visit.sentences[max(0, place - 1) : place] + visit.sentences[place + 1 : place + 2]
    return any(
        s.turn == visit.sentences[place].turn and s.norm.rstrip().endswith("?") and not AGREED.search(s.norm)
        for s in around
    )


SHORT = 12  # words
AGREED = re.compile(
    r"(?<![a-z])(?:d accord|ok|compris|ca (?:va|vous va|marche|ira)|c est (?:note|clair|bon|possible)|vous (?:y arriverez|pensez y arriver)|entendu|hein|autre chose|(?:d autres )?questions?|allergi\w*)(?![a-z])"
)


def _plain(
    kind: FactType,
    sentence: Sentence,
    label: str,
    *,
    polarity: str = "present",
    certainty: Certainty = "certain",
    temporality: Temporality = "current",
    status: str,
    critical: bool = False,
) -> Fact:
    return Fact(
        kind,
        sentence.shown,
        label,
        (sentence.evidence(),),
        polarity="absent" if polarity == "absent" else "present",
        certainty=certainty,
        temporality=temporality,
        asserted_by="doctor",
        critical=critical,
        status=status,
        sentence=sentence.shown,
        extra=(sentence.shown, ""),
    )
