"""What the doctor decides: examinations, referrals, follow-up, certificates, advice and when to call."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.cues import cues
from app.notes.facts import Certainty, Fact, FactType, Temporality
from app.notes.leave import WORK_STOP, certificate_of, no_leave
from app.notes.lexicon import Mention, find_concepts, find_drugs
from app.notes.people import relation_near
from app.notes.results import past_exams, result, stated_vaccines
from app.notes.spoken_en import is_chatter
from app.notes.text import fold
from app.notes.transcript import Language
from app.notes.units import Sentence, Visit

ORDERED = ("exam", "referral", "vaccine")
IF = cues("orders.if")
ALARM = cues("orders.alarm")
LATER = cues("orders.later")
MEETS = cues("orders.meets")
WHEN = cues("orders.when")
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
ORDERS = cues("orders.orders")
NOT_NOW = cues("orders.not_now")
ALREADY = cues("orders.already")
ADVISES = cues("orders.advises")
EMPTY = cues("orders.empty")
SMALL_TALK = cues("orders.small_talk")
CANNOT = cues("orders.cannot")
EXAMINED = cues("orders.examined")
SEES = cues("orders.sees")


def orders(visit: Visit) -> Iterator[Fact]:
    """Plans, advice, certificates, things seen and things that could not be examined, in the order of speech."""
    for exchange in visit.exchanges:
        yield from past_exams(exchange, visit.lang)
        yield from no_leave(exchange, visit.lang)
    yield from _wished(visit)
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker != "doctor" and not sentence.asks:
            yield from stated_vaccines(sentence, visit.lang)
        if sentence.speaker != "doctor" or sentence.asks:
            continue
        alarms = IF[visit.lang].search(sentence.norm) and ALARM[visit.lang].search(sentence.norm)
        if alarms or _shown_on_demand(sentence, visit) or not SMALL_TALK[visit.lang].search(sentence.norm):
            yield from _of_sentence(sentence, visit, place)


def _of_sentence(sentence: Sentence, visit: Visit, place: int) -> Iterator[Fact]:
    norm, lang = sentence.norm, visit.lang
    if CANNOT[lang].search(norm) and EXAMINED[lang].search(norm):
        yield _plain("procedure", sentence, "non réalisable", polarity="absent", status="not examined")
        return
    if IF[lang].search(norm) and ALARM[lang].search(norm):
        yield _plain(
            "advice", sentence, "alerte", certainty="conditional", temporality="future", status="alert", critical=True
        )
        return
    certificate = WORK_STOP[lang].search(norm)
    if certificate:
        yield from certificate_of(sentence, lang)
        return
    spoken = lang == "en" and is_chatter(norm, doctor=True)
    if not spoken and (SEES[lang].search(norm) or _shown_on_demand(sentence, visit)) and not LATER[lang].search(norm) and not IF[lang].search(norm):
        yield _plain("procedure", sentence, "examen", status="seen")
        return
    if PRONOUN_ORDER.search(norm):
        yield from _pronoun_order(sentence, visit)
    results = list(result(sentence, lang))
    yield from results
    ordered = [] if results and not ORDERS[lang].search(norm) else list(_ordered(sentence, lang))
    if not ordered and not results and _goes_on(visit, place):
        ordered = list(_ordered(sentence, lang, goes_on=True))
    yield from ordered
    again = MEETS[lang].search(norm)
    if ordered and again and WHEN[lang].search(norm[again.start() :]):
        yield _follow_up(replace(sentence, start=sentence.start + again.start()), lang)
    elif LATER[lang].search(norm) and WHEN[lang].search(norm) and not ordered:
        yield _follow_up(sentence, lang)
    elif not ordered and not spoken and _advises(sentence, lang, visit, place):
        condition = bool(IF[lang].search(norm))
        yield _plain(
            "advice",
            sentence,
            "conseil",
            certainty="conditional" if condition else "certain",
            temporality="future" if condition else "current",
            status="advice",
        )


LOOKS = re.compile(
    r"(?<![a-z])(?:rouges?|gonfle\w*|plaques?|vesicules?|croutes?|squames?|luisante?s?|boutons?|oedeme\w*|pales?|roses?|cerne\w*|tirage|bleus?|suint\w*|pus|taches?|lesions?|cicatrice|"
    r"deforme\w*|enfle\w*|irrite\w*|seche?s?|ulcer\w*)(?![a-z])"
)
SHOW_ME = re.compile(r"(?<![a-z])(?:montrez|approchez|penchez|tournez|camera|mettez (?:la|le|votre)|ouvrez|soulevez|je vous vois|levez|baissez)(?![a-z])")


def _shown_on_demand(sentence: Sentence, visit: Visit) -> bool:
    """ "Montrez-le. Oui, la base de l'orteil est rouge et gonflée.": what the doctor describes after asking to be shown it."""
    if visit.lang != "fr" or not LOOKS.search(sentence.norm) or find_drugs(sentence.norm):
        return False
    turn = [s for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start]
    return any(SHOW_ME.search(s.norm) for s in turn) or bool(DESCRIBED.match(sentence.norm))


DESCRIBED = re.compile(r"\W*(?:alors\W+)?(?:montrez|approchez|penchez|tournez|je vous vois)[^.]{0,40}(?:…|\.\.\.|, )")


def _wished(visit: Visit) -> Iterator[Fact]:
    """ "Et l'IRM, il en faut pas une ?" - "Pas maintenant. Si ça dure au-delà de six semaines, là oui." """
    lang = visit.lang
    for place, sentence in enumerate(visit.sentences):
        if sentence.speaker == "doctor" or not sentence.asks:
            continue
        wanted = [m for m in find_concepts(sentence.norm, lang) if m.concept.kind in ORDERED]
        reply = [s for s in visit.sentences[place + 1 : place + 5] if s.speaker == "doctor"]
        if not wanted or not reply or reply[0] is not visit.sentences[place + 1]:
            continue
        name, label = wanted[0].concept.name(lang), wanted[0].concept.fr
        if NOT_NOW[lang].search(reply[0].norm) or re.match(r"\W*(?:non|no)(?![a-z])", reply[0].norm):
            later = next((s for s in reply if IF[lang].search(s.norm)), None)
            yield Fact(
                "plan",
                name,
                label,
                (sentence.evidence(), (later or reply[0]).evidence()),
                polarity="present" if later else "absent",
                certainty="conditional" if later else "certain",
                temporality="future" if later else "current",
                asserted_by="doctor",
                status="order",
                sentence=f"{name} : {later.shown}" if later else reply[0].shown,
                extra=(name,),
            )


PRONOUN_ORDER = re.compile(
    r"il faut (?:le|la|les) (?:faire|refaire|controler)|je (?:vous )?l ajoute|(?:on|vous) (?:le|la|les) (?:fait|faites|ferez|fera)(?! pas)(?![a-z])"
)


def _pronoun_order(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "L'ophtalmo, le fond d'œil ?" - "Deux ans et demi." - "Il faut le faire." """
    for earlier in reversed(
        [s for s in visit.sentences if sentence.turn - 4 <= s.turn < sentence.turn and s.speaker == "doctor"]
    ):
        exams = [m for m in find_concepts(earlier.norm, visit.lang) if m.concept.kind in ("exam", "vaccine")]
        if exams:
            name = exams[-1].concept.name(visit.lang)
            yield Fact(
                "plan",
                name,
                exams[-1].concept.fr,
                (earlier.evidence(), sentence.evidence()),
                temporality="future",
                asserted_by="doctor",
                critical=True,
                status="order",
                sentence=sentence.shown,
                extra=(name,),
            )
            return


def _advises(sentence: Sentence, lang: Language, visit: Visit, place: int) -> bool:
    norm = sentence.norm
    words = norm.split()
    if not 3 <= len(words) <= 60 or EMPTY[lang].search(norm) or not ADVISES[lang].search(norm):
        return False
    nothing = re.match(r"\W*(?:pas de|no) ", norm)
    if nothing and (find_drugs(norm) or any(m.start - nothing.end() < NEXT_WORD for m in find_concepts(norm, lang))):
        return False  # a drug is told as stopped; "pas de fièvre" is no advice
    if re.search(r"(?<![a-z])vous (?:avez |faites )(?:bien|raison)(?! de)", norm):
        return False
    mentions_drug_dose = any(re.search(r"\d", norm[m.end : m.end + 30]) for m in find_drugs(norm))
    return not mentions_drug_dose and not re.search(
        r"(?<![a-z])(?:je me suis|j imagine|c est frequent|ca va pas|je crois pas|probablement)(?![a-z])", norm
    )


NEXT_WORD = 4  # characters


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


AND_A = {
    "fr": re.compile(r"\W*(?:(?:et|plus|puis|ainsi que|avec|egalement|aussi)\W+)+(?:aussi )?(?:une?|des|la|le|les|l|du|de la)(?![a-z])"),
    "en": re.compile(r"\W*(?:(?:and|plus|also|as well as)\W+)+(?:an?|the|some|your)(?![a-z])"),
}  # fmt: skip


NEXT_WORD_TURNS = 2  # the other side says yes in between


def _goes_on(visit: Visit, place: int) -> bool:
    """ "Je veux une radio du bassin. Et un ECBU, avant tout antibiotique.": one more thing ordered, without a verb."""
    sentence = visit.sentences[place]
    before = next((s for s in reversed(visit.sentences[:place]) if s.speaker == "doctor"), None)
    near = before is not None and sentence.turn - before.turn <= NEXT_WORD_TURNS and not before.asks
    if before is None or not near or not AND_A[visit.lang].match(sentence.norm):
        return False
    return ORDERS[visit.lang].search(before.norm) is not None and any(True for _ in _ordered(before, visit.lang))


FOR_A_VISIT = re.compile(r"\w*,? (?:hein,? )?si vous y (?:allez|retournez|passez)(?![a-z])")  # one that may come of itself
HAS_FIGURE = re.compile(r"\w*,? (?:est |etait |was |is )?(?:a |at )?\d")  # a result is read out
WILL = re.compile(r"(?<![a-z])(?:prescri\w*|refai\w*|refera|redemande|controle\w*|je demande|il faut|il faudra|vous fer\w*|vous allez|on (?:va|fera)|repeat|recheck|order)(?![a-z])")
EXPLAINS = re.compile(r"(?<![a-z])(?:fait|font|peut faire|peuvent faire) (?:monter|baisser|augmenter|descendre|varier)")


def _ordered(sentence: Sentence, lang: Language, *, goes_on: bool = False) -> Iterator[Fact]:
    norm = sentence.norm
    wanted = [
        m
        for m in find_concepts(norm, lang)
        if m.concept.kind in ORDERED and not FOR_A_VISIT.match(norm, m.end) and not relation_near(norm, m.start, lang) and not WILL_DECIDE.match(norm, m.end)
    ]
    read = any(HAS_FIGURE.match(norm[m.end :]) for m in wanted) and not WILL.search(norm)
    if not wanted or read or EXPLAINS.search(norm):
        return
    already = ALREADY[lang].search(norm) and not WHEN[lang].search(norm)
    if already and not ORDERS[lang].search(norm):
        return
    if NOT_NOW[lang].search(norm):
        for mention in wanted[:1]:
            yield _order(mention, sentence, lang, "absent", "certain", "current")
        return
    if not (goes_on or ORDERS[lang].search(norm) or LATER[lang].search(norm) or IF[lang].search(norm)):
        return
    condition = bool(IF[lang].search(norm)) or bool(
        re.search(
            r"(?<![a-z])(?:pourra|pourrait|c est lui qui verra|que dans ce cas|seulement si|uniquement|on decide|peut etre|maybe|consider|might)",
            norm,
        )
    )
    yield _orders(wanted, sentence, lang, condition)


WILL_DECIDE = re.compile(  # "le diabétologue proposera l'insuline": what another doctor may do is no referral
    r"\w*,? (?:lui |elle )?(?:vous )?(?:propos|decid|verr|dir|juger|choisir|prescrir|mettr)\w*(?:a|ait)(?![a-z])"
    r"|\w*,? (?:will|would|may|might) (?:decide|suggest|offer|see|start|tell|choose)(?![a-z])"
)


def _as_said(mention: Mention, sentence: Sentence, lang: Language) -> str:
    """An examination with the word that was used for it: "exploration fonctionnelle respiratoire (spirométrie)"."""
    name, said = mention.concept.name(lang), sentence.norm[mention.start : mention.end]
    alike = {w[:4] for w in re.findall(r"[a-z]{4,}", fold(name))} & {w[:4] for w in re.findall(r"[a-z]{4,}", said)}
    initials = len(said) <= MOST_INITIALS or said.replace(" ", "") in fold(name).replace(" ", "")
    if alike or initials or lang == "en" or len(said.split()) > 1:
        return name
    shown = sentence.line.shown[sentence.start + mention.start : sentence.start + mention.end]
    rest = re.match(r"\w*", sentence.line.shown[sentence.start + mention.end :])
    return f"{name} ({(shown + (rest.group() if rest else '')).lower()})"


MOST_INITIALS = 4


def _orders(wanted: list[Mention], sentence: Sentence, lang: Language, condition: bool) -> Fact:
    names = list(dict.fromkeys(_as_said(m, sentence, lang) for m in wanted))
    names = [n for n in names if not any(other != n and other.startswith(n + " ") for other in names)]
    when = WHEN[lang].search(sentence.norm)
    shown = sentence.line.shown[sentence.start + when.start() : sentence.start + when.end()] if when else ""
    text = " ".join(filter(None, (", ".join(names), shown)))
    value, unit = _span(shown, lang)
    return Fact(
        "plan",
        text,
        wanted[0].concept.fr,
        (sentence.evidence(),),
        value=value,
        unit=unit,
        certainty="conditional" if condition else "certain",
        temporality="future",
        asserted_by="doctor",
        critical=not condition,
        detail=shown,
        status="order",
        sentence=sentence.shown,
        extra=tuple(names),
    )


def _order(
    mention: Mention, sentence: Sentence, lang: Language, polarity: str, certainty: Certainty, temporality: Temporality
) -> Fact:
    return Fact(
        "plan",
        mention.concept.name(lang),
        mention.concept.fr,
        (sentence.evidence(),),
        polarity="absent" if polarity == "absent" else "present",
        certainty=certainty,
        temporality=temporality,
        asserted_by="doctor",
        status="order",
        sentence=sentence.shown,
        extra=(mention.concept.name(lang),),
    )


def _follow_up(sentence: Sentence, lang: Language) -> Fact:
    match = WHEN[lang].search(sentence.norm)
    shown = sentence.line.shown[sentence.start + match.start() : sentence.start + match.end()] if match else ""
    value, unit = _span(shown, lang)
    return Fact(
        "plan",
        sentence.shown,
        "suivi",
        (sentence.evidence(),),
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


def _span(shown: str, lang: Language) -> tuple[float | None, str | None]:
    match = re.search(r"(\d+|une?|a|one) (jour|semaine|mois|an|heure|day|week|month|year)", shown.lower())
    if not match:
        return None, None
    return (float(match.group(1)) if match.group(1).isdigit() else 1.0), UNIT_CODES[match.group(2)]
