"""What the patient answers: a question of the doctor about a symptom or an illness, and what the answer makes of it."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact, Polarity, Temporality
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import Mention, find_concepts
from app.notes.language.polarity import CONDITIONS, is_denied, stance
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.holders import PATIENT
from app.notes.people.people import RELATIONS, UNTOLD, relation_near, uncle_side
from app.notes.signs.asides import asks_of_another, is_aside
from app.notes.signs.context import in_context
from app.notes.signs.kin_answers import has_it_too, kin_had_one, same_illness
from app.notes.signs.mentions import detail_of, family_fact, mention_fact
from app.notes.signs.not_asked import is_not_asked
from app.notes.signs.part_answers import (
    OPENING,
    ellipsis,
    is_then_not_now,
    located,
    of_the_part_before,
    then_not_now,
    was_once,
    which_side,
)
from app.notes.signs.taken_up import (
    CLINICAL,
    affirms_another,
    another_after_all,
    denies_others_only,
    echoed,
    names_another,
    no_goes_with_names,
    taken_back,
    takes_up_another,
    tells_of_another,
)
from app.notes.transcript import Language

UNMARKED = "unmarked"  # status of what was denied though nothing marked a question: weaker than a statement
INVERSE = {
    "pleurs sans larmes",
    "trismus",
    "limitation de la rotation du cou",
    "aphagie",
}  # "can you open your mouth?" "yes" is no trismus
NORMALLY = cue("findings.normally")
FAMILY_QUESTION = cues("findings.family_question")
ABOUT_OTHER = re.compile(
    r"^\W*(?:(?:and|so|et|alors|ok|okay)\W+)*(?:(?:has|did|does|is|was|had) (?:he|she|they)|est ce qu(?:il|elle)s?|(?:ils?|elles?) (?:l |en )?(?:a|ont) (?:deja )?(?:eue?|fait))(?![a-z])"
)
ONLY_THERE = re.compile(
    r"(?<![a-z])(?:just|only|juste|seulement|uniquement|que) (?:(?:on|in|sur|dans|a|au) )?(?:the|my|la|le|les|l|mon|ma|mes)(?![a-z])"
)
PLACED = re.compile(r" ?(?:near|on|around|in|anywhere|elsewhere|sur|au niveau|dans|pres|ailleurs|autour)(?![a-z])")
CAUSE = cues("findings.cause")
SINCE_WHEN = cues("findings.since_when")


def answers(visit: Visit) -> Iterator[Fact]:
    """Facts about symptoms and illnesses that questions and their answers make together, in the order of speech."""
    for exchange in visit.exchanges:
        yield from _from_exchange(exchange, visit)
        yield from same_illness(exchange, visit.lang)
        yield from has_it_too(exchange, visit.lang)
        yield from which_side(exchange, visit.lang)
        yield from located(exchange, visit)
        yield from ellipsis(exchange, visit)
        yield from then_not_now(exchange, visit)
        yield from was_once(exchange, visit)
    yield from kin_had_one(visit)
    yield from of_the_part_before(visit)


def _from_exchange(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    lang = visit.lang
    answered = {
        in_context(m, s, visit).concept.fr
        for s in exchange.answer
        if not s.asks
        for m in find_concepts(s.norm, lang)
        if not relation_near(s.norm, m.start, lang) and not OTHERWISE[lang].match(s.norm[m.end :]) and not is_aside(m, s, visit)
    }
    about_family = any(FAMILY_QUESTION[lang].search(q.norm) for q in exchange.questions) or _goes_on_family(exchange, visit)
    for question in exchange.questions:
        named = (in_context(m, question, visit) for m in find_concepts(question.norm, lang))
        mentions = [m for m in named if m.concept.kind in CLINICAL and not LIKE.search(question.norm[: m.start + 4].rstrip())]
        about_disease = any(m.concept.kind == "problem" for m in mentions)
        for mention in mentions:
            if about_disease and mention.concept.kind == "symptom" and exchange.verdict != "no":
                continue
            if is_not_asked(mention, question.norm):
                continue
            another = visit.asked_about(question)
            if another:
                yield from _had_by(another, exchange, question, mention, lang)
            else:
                yield from _asked_of_patient(exchange, question, mention, visit, mention.concept.fr in answered, about_family)


LIKE = re.compile(r"(?<![a-z])comme (?:(?:si|dans|pour) )?(?:une?|des|du|la|le|l)(?: \w{1,3})?$| comme \w{0,3}$")  # "mal partout, comme une grippe ?": what it is like


def _asked_of_patient(
    exchange: Exchange, question: Sentence, mention: Mention, visit: Visit, answered: bool, about_family: bool
) -> Iterator[Fact]:
    """What an answer makes of one thing that was asked; `answered` when a sentence of the answer names it itself."""
    lang = visit.lang
    relative = None if answered else _relative_in_answer(exchange, visit)
    if relative:
        yield family_fact(mention, relative[0], (question.evidence(), relative[1].evidence()), relative[1].norm, lang)
    if answered or (mention.concept.fr == "grossesse" and TRYING.search(exchange.answer_text)):
        return
    if not visit.is_child and _is_of_another(question, mention, visit):
        yield from _others(exchange, question, mention, lang)
    elif about_family:
        yield from _not_the_patient(exchange, question, mention, lang)
    else:
        fact = _answered(exchange, question, mention, lang)
        yield from (fact,) if fact else ()


TRYING = re.compile(r"(?<![a-z])(?:on essaie|on essaye|en essais?|on y travaille|on voudrait|test[^.;]{0,30}negatif|pas encore)(?![a-z])")  # is not to be


def _had_by(who: str, exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Iterator[Fact]:
    """ "Un AVC ?", asked of what a relative was just said to have."""
    if exchange.verdict == "yes" and who not in UNTOLD and mention.concept.kind == "problem":
        evidence = (question.evidence(mention.start, mention.end), exchange.answer[0].evidence())
        yield family_fact(mention, who, evidence, question.norm, lang)


MOI_NON = re.compile(r"(?:^|[.,;!?…] ?)(?:(?:et|mais|alors)\W+)*moi,? (?:personnellement,? )?(?:non|jamais|pas|aucune?)\W*(?:$|[.,;!?…])")


def _not_the_patient(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Iterator[Fact]:
    """ "Une phlébite, quelqu'un en a fait, chez vous ?" - "Mon père. Moi jamais." """
    said = next((s for s in exchange.answer if s.speaker == "patient" and MOI_NON.search(s.norm)), None)
    if said and lang == "fr" and mention.concept.kind == "problem":
        evidence = (question.evidence(mention.start, mention.end), said.evidence())
        yield mention_fact(mention, lang, "absent", "certain", "current", said.speaker, evidence, "", "", question.norm)


AND_OF = re.compile(r"\W*(?:et |and )?(?:(?:des?|du|de la|de l|d|any|of|la|le|les|l) )?(?:[a-z]+ ?){1,5}\W*")
FAMILY_TURNS = 2
SOME_KIN = {
    "fr": re.compile(r"\W*(?:oui\W+)?(?:une?|des|deux) (?:cousine?s?|tantes?|oncles?|niece|neveu|demi (?:soeur|frere))(?![a-z])"),
    "en": re.compile(r"\W*(?:yes\W+)?(?:an?|two|some) (?:cousins?|aunts?|uncles?|niece|nephew)(?![a-z])"),
}


def _goes_on_family(exchange: Exchange, visit: Visit) -> bool:
    """ "Dans la famille, des AVC ?" - ... - "Et des cancers du sein ?": the second question is about the family too."""
    lang, first = visit.lang, exchange.questions[0]
    before = [e for e in visit.exchanges if e.questions[0].turn < first.turn]
    near = bool(before) and first.turn - before[-1].questions[-1].turn <= FAMILY_TURNS
    asked = near and any(FAMILY_QUESTION[lang].search(q.norm) for q in before[-1].questions)
    return bool(SOME_KIN[lang].match(exchange.answer_text)) or (asked and AND_OF.fullmatch(first.norm) is not None)


def _is_of_another(question: Sentence, mention: Mention, visit: Visit) -> bool:
    spoken_for = any(s.speaker == "relative" for s in visit.sentences)
    return bool(ABOUT_OTHER.search(question.norm[: mention.start])) or (not spoken_for and asks_of_another(mention, question))


def _others(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Iterator[Fact]:
    """ "Has he had chickenpox, your husband?": an adult patient is never "he"; nobody's unless the question names whose."""
    named = relation_near(question.norm, len(question.norm), lang) or relation_near(question.norm, 0, lang)
    if named and exchange.verdict == "yes":
        evidence = (question.evidence(), exchange.answer[0].evidence())
        yield family_fact(mention, named[0], evidence, question.norm, lang)


def _relative_in_answer(exchange: Exchange, visit: Visit) -> tuple[str, Sentence] | None:
    """ "Moi non. Ma mère en a eu": who in the answer has what was asked about."""
    lang = visit.lang
    several = sum(m.concept.kind in CLINICAL for q in exchange.questions for m in find_concepts(q.norm, lang)) > 1
    for sentence in exchange.answer:
        if sentence.speaker == "doctor" or sentence.asks or find_concepts(sentence.norm, lang):
            continue
        if several and HAS_ONE.match(sentence.norm):
            continue
        near = relation_near(sentence.norm, 0, lang) or relation_near(sentence.norm, len(sentence.norm), lang)
        it_is = IT_IS.match(sentence.norm) if lang == "fr" and not near else None  # "C'est maman qui en a fait deux"
        people = visit.people(sentence, len(sentence.norm)) if near or it_is else ()
        near = (people[0], it_is.end()) if it_is and people and people[0] not in (PATIENT, *UNTOLD) else near
        near = (people[0], near[1]) if near and people and people[0] != PATIENT else near
        if near and near[0] not in BY_MARRIAGE and _runs_in_family(exchange, sentence, lang):
            return uncle_side(sentence.norm, near[0]), sentence
        if near is None and SOME_KIN[lang].match(sentence.norm):
            return _kin(sentence.norm, lang), sentence
        if near and re.search(
            r"^[a-zœ ]+, (?:si|une|deux|trois|plusieurs)(?= ?[,.;!…]| (?:apres|quand|il y a|en|a)(?![a-z])|$)|(?<![a-z])(?:en a(?! pas| jamais)|(?<!je )l a(?! pas)|oui|aussi)(?![a-z])|yes|(?:had|has|have|got) (?:it|them|that|one)|does|did", sentence.norm[near[1] :]
        ):
            return uncle_side(sentence.norm, near[0]), sentence
    return None


HAS_ONE = re.compile(  # of several illnesses asked about, the one that is named: "Mon père, la tension."
    r"\W*(?:(?:oui|ouais|si|alors|ben|euh)\W+)*(?:c est )?(?:ma|mon|mes) [a-z]+(?: [a-z]+)?,? (?:c est |c etait |surtout |plutot |il a |elle a |pour )?(?:la|le|les|l|du|de la|de l|des) ?[a-z]{4,}"
)
IT_IS = re.compile(r"\W*(?:c est|c etait) (?=(?:plutot )?(?:ma|mon|mes|maman|papa)(?![a-z]))")
BY_MARRIAGE = ("husband", "wife", "partner")
IN_FAMILY = {"fr": re.compile(r"famill|chez vous|parents|proches|autour de (?:vous|lui|elle)|entourage"), "en": re.compile(r"family|relatives|your parents")}
NAMES_ONE = {  # and nothing against it
    "fr": re.compile(r"\W*(?:(?:oui|ouais|si|alors|euh|ben)\W+)*(?:ma|mon|mes) (?!.*(?:(?<![a-z])(?:non|pas|jamais|rien|sais)(?![a-z])))"),
    "en": re.compile(r"\W*(?:(?:yes|yeah|well|um|just)\W+)*my (?!.*(?:(?<![a-z])(?:not|no|never|n t|don t|know)(?![a-z])))"),
}  # fmt: skip


def _runs_in_family(exchange: Exchange, sentence: Sentence, lang: Language) -> bool:
    """ "Du diabète dans la famille ?" - "Ma mère, depuis toujours.": who is named has it."""
    asked = any(IN_FAMILY[lang].search(q.norm) for q in exchange.questions)
    return asked and NAMES_ONE[lang].match(sentence.norm) is not None


QUALIFIED = re.compile(r"\w* (?:qui|which|that) (?:est|sont|a|ont|fait|font|coule\w*|devien\w*|se|is|are|has|have|looks?)(?![a-z])")
def _kin(norm: str, lang: Language) -> str:
    return next(
        (name for name in ("cousin", "aunt", "uncle", "niece", "nephew") if re.search(RELATIONS[lang][name], norm)), "family"
    )


NO_TO = re.compile(r"\W*(?:(?:ben|bah|euh|alors|oh)\W+)*(?:une?|des|du|de la|la|le|les|l|de|d) ([a-z]{4,})[a-z ]{0,20},? (?:(?:ca|la),? )?(?:non(?! plus)|jamais)\W*$")


def _no_to_another(exchange: Exchange, question: Sentence, mention: Mention) -> bool:
    """ "Une agression, un deuil ?" - "Une agression, non. Ma grand-mère en juin.": the no is to what it names."""
    first, *rest = exchange.answer
    to = NO_TO.match(first.norm)
    if to is None or not rest or not re.search(rf"(?<![a-z]){to.group(1)}", question.norm):
        return False
    return to.group(1) not in question.norm[mention.start : mention.end + 4] and not any(NONE.search(s.norm) for s in rest)


NONE = re.compile(r"(?<![a-z])(?:non|rien|ni|aucune?|jamais|pas)(?![a-z])")
ASKS_BEFORE = cues("findings.asks_before")
def _answered(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Fact | None:
    another = takes_up_another(exchange, question, mention) or names_another(exchange, mention, lang) or _no_to_another(exchange, question, mention)
    if another or (mention.concept.kind == "symptom" and is_then_not_now(exchange, lang)):
        return None
    polarity = echoed(exchange, question, mention, lang) or _asked_polarity(exchange, question, mention, lang)
    if polarity == "absent" and taken_back(exchange.answer):
        polarity = "present"
    if mention.concept.fr == "fièvre" and TEMPERATURE.search(exchange.answer_text):
        polarity = _feverish(exchange.answer_text)  # where the figure is understood it tells more, and covers this
    if polarity == "absent" and ONLY_THERE.search(exchange.answer_text) and PLACED.match(question.norm[mention.end :]):
        return None  # "any rash near your eye?" - "no, just the back": it is there, elsewhere
    if polarity == "absent" and QUALIFIED.match(question.norm[mention.end :]):
        return None  # "un bouton qui est très rouge autour ?" - "non": there are others
    if polarity is None or (polarity == "absent" and CAUSE[lang].search(question.norm[: mention.start])):
        return None
    first = exchange.answer[0]
    detail, sentence = "", ""
    if polarity == "present":
        detail = detail_of(first, lang, mention)
        sentence = first.shown
    past = stance(question.norm, mention.start, mention.end, lang).temporality if polarity == "present" else "current"
    temporality: Temporality = (
        "past"
        if past != "current"
        or (polarity == "present" and ASKS_BEFORE[lang].search(question.norm))
        or (mention.concept.kind != "symptom" and polarity == "present" and re.search(r"deja|ever", question.norm))
        else "current"
    )
    opening = OPENING.match(first.norm)
    at = opening.end() if opening else 0
    if polarity == "present" and stance(first.norm, at, at, lang).temporality != "current" and not TODAY.search(first.norm):
        temporality = stance(first.norm, at, at, lang).temporality
    return mention_fact(
        mention,
        lang,
        polarity,
        "certain",
        temporality,
        first.speaker,
        (question.evidence(mention.start, mention.end), first.evidence()),
        detail,
        sentence,
        question.norm,
        status=UNMARKED if polarity == "absent" and not question.asks else "",
    )


TODAY = re.compile(r"(?<![a-z])(?:ce (?:matin|midi|soir)|cette nuit|aujourd hui|tout a l heure|this morning|tonight|today)(?![a-z])")


def _feverish(text: str) -> Polarity | None:
    """Fever by the figures of an answer, in degrees Celsius or Fahrenheit; None when none is one."""
    told = [float(m.group().strip().replace(" ", ".")) for m in TEMPERATURE.finditer(text)]
    return "present" if any(FEVER_C <= t < BOILING or t >= FEVER_F for t in told) else None


FEVER_C, BOILING, FEVER_F = 38.0, 45.0, 100.4
def _asked_polarity(exchange: Exchange, question: Sentence, mention: Mention, lang: Language) -> Polarity | None:
    verdict, text = exchange.verdict, exchange.answer_text
    if SINCE_WHEN[lang].search(question.norm) and verdict != "no":
        return "present"
    inverse = mention.concept.fr in INVERSE or bool(
        NORMALLY.search(question.norm) and mention.concept.fr in ("trouble urinaire",)
    )
    if verdict == "":
        return None
    if inverse:
        return "absent" if verdict == "yes" or NORMALLY.search(text) or re.match(r"si si", text) else None
    denied_in_question = is_denied(question.norm, mention.start, mention.end, lang)
    if verdict == "no" or (verdict == "yes" and another_after_all(exchange, mention, lang)):
        return None if denies_others_only(exchange, mention, lang) or no_goes_with_names(exchange, mention, lang) else "absent"
    if verdict == "yes" and affirms_another(exchange, question, mention, lang):
        return None
    if denied_in_question:
        return "present" if re.match(r"\W*(?:ah )?si\b", text) else None
    if verdict == "open" and (len(exchange.questions) > 1 and exchange.questions[-1] is not question):
        return None
    if verdict == "open" and (tells_of_another(exchange, lang) or (lang == "fr" and ANOTHER_THING.match(text) and not COUNTS.search(text))):
        return None
    several = sum(m.concept.kind in CLINICAL for q in exchange.questions for m in find_concepts(q.norm, lang))
    if verdict == "open" and (several > 1 or LISTS.search(question.norm)):
        return None
    return "present" if several <= 2 and not CONDITIONS[lang].search(question.norm[: mention.start]) else None


ANOTHER_THING = re.compile(r"\W*(?:(?:ben|bah|euh|oh|alors|juste|plutot)\W+)*une? (?!(?:en|a|au|par|petite?s?|grosse?s?|bonne?|seule?|fois|peu|le|la|l|sur|chaque|filet|tache|trace|coup)(?![a-z]))[a-z]{4,}")  # "Vous toussez ?" - "Un raclement."
COUNTS = re.compile(r"\d|(?<![a-z])(?:depuis|fois|tous|toutes|souvent|hier)(?![a-z])")
LISTS = re.compile(r"(?:^|[ ,])(?:ca|vous|tu|il|elle) [^,]+, (?:ca|vous|tu|il|elle) [^,]+, (?:ca|vous|tu|il|elle) ")  # more is asked than is understood


TEMPERATURE = re.compile(r"(?<!\d)(?:3[5-9]|4[01])(?:\.\d| \d)?(?!\d)|(?<!\d)(?:9[5-9]|10[0-5])\.\d")
OTHERWISE = cues("findings.otherwise")
