"""Examinations that were done before, as the patient tells them: "la mammographie, en mai, normale"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Evidence, Fact
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.timing import DAY_OF, MONTH_FR, date_phrase
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.transcript import Language

LOOKED_AT = re.compile(  # examinations of the body; what is measured in blood is a result of its own
    r"IRM|scanner|TEP|radio|échographie|doppler|ECG|EEG|holter|épreuve d'effort|exploration|fond d'œil|scopie|mammographie|frottis|biopsie|"
    r"scintigraphie|coronarographie|audiogramme|champ visuel|panoramique|densitométrie|polygraphie|électromyogramme|tests allergologiques|test du sommeil"
)
FRONTED = re.compile(
    r"\W*(?:(?:et|oui|alors|ben|euh|bah|pour|j ai (?:fait|eu|passe)|on m a fait|(?:la|le|ma|mon) derni(?:er|ere)|(?:moi |et )?(?:on|ils) (?:m |me )?(?:a|ont|avait|avaient) (?:fait|passe|refait)|j avais (?:fait|eu|passe)|la|le|l|les|une?|ma|mon|mes) ?,?)*$"
)
ONLY_NAMED = re.compile(
    r"\W*(?:(?:et|alors|bon|donc|ok|d accord|ah|au niveau d[eu]s?|(?:les|vos|le|la) [a-zœ]+,|cote [a-z]+,) )*(?:(?:la|le|l|les|votre|vos|ton|ta|son|sa)(?: derni(?:er|ere)s?)? )$"
)
WHEN = re.compile(
    rf"(?<![a-z])(?:en|debut|fin|mi) {MONTH_FR}(?: (?:dernier|\d{{4}}))?|(?<![a-z])(?:l an dernier|l annee derniere|cet (?:ete|hiver|automne)|ce printemps|a la rentree)(?![a-z])"
)
SHOWED = re.compile(
    r"(?<![a-z])(?:normale?s?|rassurante?s?|nickel|(?:il|elle|ils|elles) (?:etait|etaient|est|sont) (?:tres |tout a fait )?(?:bon|bonne|bons|bonnes)(?![a-z])|impeccable|rien (?:de special|a signaler|d anormal|de grave|du tout|trouve|vu)|rien(?=\W*(?:$|[.,]))|c etait bon|tout (?:va bien|est bon|etait bon|bon)|"
    r"sans (?:particularite|anomalie)|ras(?![a-z])|pas de [a-z]+)(?![a-z])"
)
NOT_DONE = re.compile(
    r"(?<![a-z])(?:jamais|pas (?:encore|fait|eu|faite)|prevue?|programmee?|rendez vous|rdv|vais|va (?:faire|passer|avoir)|voudrait|propos\w+|on verra|faut|refaire|dans \d+|prochaine?|pas depuis|j attends|demain|demande|devrais|dois)(?![a-z])"
)


def told_exams(visit: Visit) -> Iterator[Fact]:
    """Examinations with a date or what they showed, told at once or in answer to their name alone; French only."""
    if visit.lang != "fr":
        return
    for sentence in visit.sentences:
        if sentence.asks:
            continue
        if sentence.speaker != "doctor":
            yield from _stated(sentence, visit.lang)
        else:
            yield from _read_by_doctor(sentence, visit.lang)
    for exchange in visit.exchanges:
        question, said = exchange.questions[-1], exchange.answer[0]
        named = [m for m in find_concepts(question.norm, visit.lang) if m.concept.kind in ("exam", "vaccine") and m.concept.fr != "vaccin"]
        if len(named) == 1 and _names_only(question.norm, named[0]) and _was_done(exchange, visit.lang):
            yield from _answered(named[0], question, said, visit.lang)


def _names_only(norm: str, mention: Mention) -> bool:
    return bool(ONLY_NAMED.match(norm[: mention.start]) and LAST_WORDS.fullmatch(norm[mention.end :]))


LAST_WORDS = re.compile(r"[a-z]*(?: [a-z]+){0,3}[ ,?!.…]*")


def _was_done(exchange: Exchange, lang: Language) -> bool:
    told = exchange.answer_text
    theirs = relation_near(exchange.answer[0].norm, 0, lang) is not None or exchange.answer[0].speaker == "doctor"
    done = exchange.verdict != "no" or SHOWED.search(told) is not None  # "en mai, rien de spécial" is no no
    return not theirs and done and NOT_DONE.search(told) is None


def _answered(exam: Mention, question: Sentence, said: Sentence, lang: Language) -> Iterator[Fact]:
    known = find_concepts(said.norm, lang)
    found = [m.concept.name(lang) for m in known if m.concept.kind == "problem" and not SHOWED.search(said.norm)]
    told = _when(said) or SHOWED.search(said.norm) or DONE.search(said.norm) or found
    if told and not any(m.concept.fr == exam.concept.fr for m in known):
        yield _fact(exam, said, (question.evidence(), said.evidence()), lang, "".join(found[:1]))


DONE = re.compile(r"(?<![a-z])(?:faite?s?|la derniere|(?:une|deux|trois|\d) (?:injections?|doses?|rappels?|piqures?)|la premiere)(?![a-z])")


def _is_seen(mention: Mention) -> bool:
    return mention.concept.kind == "exam" and LOOKED_AT.search(mention.concept.fr) is not None


def _stated(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    norm = sentence.norm
    for mention in find_concepts(norm, lang):
        told = _is_seen(mention) and FRONTED.match(norm[: mention.start]) and not NOT_DONE.search(norm)
        if (
            told
            and relation_near(norm, mention.start, lang) is None
            and (_when(sentence) or SHOWED.search(norm, mention.end))
        ):
            yield _fact(mention, sentence, (sentence.evidence(),), lang, "")


OF_DATE = re.compile(rf"\w*(?: [a-zœ]+)? (?:de|d|du mois d[e ]?) ?(?:(?:{MONTH_FR} )?(?:19|20)\d\d|{MONTH_FR}|l an dernier)(?![\d.])")
READ = re.compile(r"(?<![a-z])(?:montr\w+|parl(?:e|ait)|retrouv\w+|disait|dit|etait|y (?:en )?avait|trouv\w+)(?![a-z])")


def _read_by_doctor(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "L'IRM de 2022 parlait d'un nodule.": an old examination that the doctor reads out."""
    for mention in find_concepts(sentence.norm, lang):
        dated = OF_DATE.match(sentence.norm, mention.end) if _is_seen(mention) else None
        if dated and READ.search(sentence.norm, dated.end()):
            yield replace(_fact(mention, sentence, (sentence.evidence(),), lang, ""), asserted_by="doctor")


def _when(sentence: Sentence) -> str:
    match = WHEN.search(sentence.norm) or DAY_OF["fr"].search(sentence.norm)
    dated = date_phrase(sentence.norm, "fr")
    return dated or (
        sentence.line.shown[sentence.start + match.start() : sentence.start + match.end()].lower() if match else ""
    )


PLAINLY = dict.fromkeys(
    ("il etait bon", "elle etait bonne", "ils etaient bons", "elles etaient bonnes", "il est bon", "elle est bonne", "nickel", "impeccable", "ras", "tout va bien", "tout est bon", "tout etait bon", "c etait bon"), "normal"
)


def _fact(mention: Mention, said: Sentence, evidence: tuple[Evidence, ...], lang: Language, more: str) -> Fact:
    showed = SHOWED.search(said.norm, mention.end if mention.concept.pattern.match(said.norm, mention.start) else 0)
    seen = (
        more
        or PLAINLY.get(showed.group() if showed else "", "")
        or (said.line.shown[said.start + showed.start() : said.start + showed.end()] if showed else "")
    )
    text = " ".join(filter(None, (mention.concept.name(lang), _when(said), f": {seen}" if seen else "")))
    return Fact(
        "procedure",
        text,
        mention.concept.fr,
        evidence,
        temporality="past",
        asserted_by=said.speaker,
        status="done",
        sentence=said.shown,
        extra=(text, ""),
    )
