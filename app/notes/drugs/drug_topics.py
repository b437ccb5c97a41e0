"""What is said of a drug after it was named, without its name: "J'en prends deux", "Continuez, un le soir", "Toujours à jeun ?"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.drugs.dose_changes import OF_STRENGTH
from app.notes.drugs.dosing import COUNT, DOSE
from app.notes.drugs.drug_answers import QUIT, REFUSED, drug_of_class, is_given_up
from app.notes.drugs.drug_uses import CLASSES, IF_CLAUSE, Use, drug_fact, strength, uses_in
from app.notes.drugs.schedules import Schedule, find_schedule, told_often
from app.notes.drugs.stopping import KEPT
from app.notes.facts import Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.people.people import relation_near

ASKS_MORE = cues("drug_topics.asks_more")
ORDERS_IT = cues("drug_topics.orders_it")
STATES = cues("drug_topics.states")
ABOUT_ELSE = cues("drug_topics.about_else")
ASKED_TURNS = 4  # between a drug and a question that still means it
ORDERED_TURNS = 2
STATED_TURNS = 3


def spoken_of_it(visit: Visit, known: tuple[str, ...]) -> Iterator[Fact]:
    """Facts about the drug named last, from questions, orders and statements that do not name it."""
    if visit.lang != "fr":
        return
    asked = {e.questions[-1]: e for e in visit.exchanges}
    answers = {s for e in visit.exchanges for s in e.answer}
    topic: Use | None = None
    named: tuple[int, set[str]] | None = None
    for place, sentence in enumerate(visit.sentences):
        uses = [drug_of_class(use, visit) for use in uses_in(visit, place, known)]
        if uses:
            uses = [use for use in uses if use.drug.inn not in CLASSES] or uses  # "mon bêtabloquant, le Sectral": one drug
            named = named if named and named[0] == sentence.turn else (sentence.turn, set[str]())
            named[1].update(use.drug.inn for use in uses)
            topic = uses[-1] if len({use.drug.inn for use in uses}) == 1 else None
        elif _about_else(sentence):
            topic = None if sentence.asks or sentence.speaker == "doctor" else topic
        elif topic is not None:
            exchange = asked.get(sentence)
            if exchange is not None and ASKS_MORE["fr"].search(sentence.norm):
                yield from _answered(topic, exchange, visit)
            elif sentence.speaker == "doctor" and not sentence.asks and named and len(named[1]) == 1:
                yield from _ordered(topic, sentence, visit)
            elif sentence.speaker != "doctor" and not sentence.asks:
                yield from _stated(topic, sentence, visit, answers_it=sentence in answers)


def _about_else(sentence: Sentence) -> bool:
    norm = sentence.norm
    if AMOUNT_FIRST.match(norm):
        return False
    other = sentence.asks and OTHER_NOUN.match(norm)
    return bool(find_concepts(norm, "fr")) or ABOUT_ELSE["fr"].search(norm) is not None or bool(other)


AMOUNT_FIRST = re.compile(rf"\W*(?:(?:bon|alors|donc|et)\W+)*(?:{COUNT.pattern}|{DOSE.pattern})")  # "Une ampoule de cent mille tous les trois mois"
OTHER_NOUN = re.compile(  # "L'hypnose, vous l'avez essayée ?" asks about something of its own
    r"\W*(?:(?:bien|bon|et|alors|d accord|ok|tres bien|donc|parfait)\W+)*(?:les?|la|l|votre|vos|ton|ta|tes|du|des|une?) (?!(?:matin|soir|midi|jour|meme|comprime|gelule|cachet|seule?|par|le|boite)s?(?![a-z])|\d)[a-z]+"
)


def _it(topic: Use, sentence: Sentence, words: str) -> Use:
    return replace(topic, sentence=sentence, start=0, end=0, before="", words=words, through=(sentence,))


def _answered(topic: Use, exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Du Doliprane." - "Combien par jour ?" - "Trois.": what the doctor asks further, and the answer."""
    question, first = exchange.questions[-1], exchange.answer[0]
    text = " ".join(s.norm for s in exchange.answer if s.turn == first.turn and not TRIED.match(s.norm))
    if not text or SINCE_THEN.search(question.norm) or question.turn - topic.sentence.turn > ASKED_TURNS or find_drugs(text) or relation_near(text, len(text), "fr"):
        return
    evidence = (topic.sentence.evidence(), question.evidence(), *(s.evidence() for s in exchange.answer[:3] if s.turn == first.turn))
    use = _it(topic, first, text)
    if RESUMED.search(question.norm) and exchange.verdict != "no" and not REFUSED["fr"].search(text):
        yield drug_fact(use, "fr", evidence, strength(use, "fr"), find_schedule(text, "fr"), status="current")
        return
    gone = is_given_up(text, "fr")
    none_left = re.search(r"(?<![\d.])0 (?:bouffee|comprime|gelule|cachet|goutte|prise)", text)
    if gone or none_left or (QUIT["fr"].search(question.norm) and exchange.verdict == "yes"):
        yield drug_fact(use, "fr", evidence, None, Schedule(), polarity="absent", status="stopped")
        return
    between = [x.norm for x in visit.sentences if topic.sentence.turn <= x.turn <= question.turn]
    if SINCE_WHEN.search(question.norm) or (any(MISSES.search(norm) for norm in between) and not ASKS_DOSE.search(question.norm)):
        return
    often = told_often(question.norm, text)
    if often.sig:
        yield drug_fact(use, "fr", evidence, strength(topic, "fr"), often, status="current")
        return
    dose, own, asked = strength(use, "fr"), find_schedule(text, "fr"), find_schedule(question.norm, "fr")
    if exchange.verdict == "no" and not dose and not own.sig:
        if GAVE.search(question.norm):
            yield drug_fact(use, "fr", evidence, None, Schedule(), polarity="absent", status="not taken")
        return
    wanted = strength(_it(topic, question, question.norm), "fr")
    schedule = own if own.sig else asked
    if dose or own.sig or (exchange.verdict == "yes" and (wanted or asked.sig)):
        yield drug_fact(use, "fr", evidence, dose or wanted or strength(topic, "fr"), schedule, status="current")


RESUMED = re.compile(r"(?<![a-z])(?:(?:avez|as|a) (?:bien )?(?:tout )?(?:repris|recommence)|(?:reprenez|reprends|remettez))(?![a-z])")  # "vous l'avez repris ?"
SINCE_WHEN = re.compile(r"(?<![a-z])(?:depuis|combien de temps|pendant combien)(?![a-z])")
ASKS_DOSE = re.compile(r"(?<![a-z])(?:toujours|encore|bien|etes|est) a \d")  # "vous êtes toujours à vingt ?"
MISSES = re.compile(
    r"(?<![a-z])(?:oubli\w*|saut(?:e|es|er|ez|ee?s?))(?![a-z])"
)  # how often it was missed is not how often it is taken
TRIED = re.compile(r"\W*(?:(?:et|mais|bon|une fois)\W+)*j (?:ai|avais) (?:deja |bien )?(?:essaye|tente)(?![a-z])")  # a dose that was tried is not the one taken
SINCE_THEN = re.compile(r"(?<![a-z])depuis que (?:vous|tu|il|elle|on)(?![a-z])")  # asks what became of the complaint
GAVE = re.compile(
    r"(?<![a-z])(?:avez|as|a) (?:pris|donne|mis|utilise|essaye|commence)|(?:en|lui en) avez (?:donne|pris|mis)|(?:l|les) (?:avez|as) (?:pris|donne|mis|utilise)e?s?"
)


def _ordered(topic: Use, sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "J'ai pris un Dafalgan." - "Continuez ça, un gramme trois fois par jour.": the doctor's order without the name."""
    norm = sentence.norm
    begins = ORDERS_IT["fr"].match(norm)
    if (
        begins is None
        or not 0 < sentence.turn - topic.sentence.turn <= ORDERED_TURNS
        or KEPT.search(norm)
        or _several(norm)
        or topic.drug.inn in CLASSES
        or BESIDE.search(topic.before)
        or any(OF_LIVING.search(s.norm) for s in visit.sentences if topic.sentence.turn < s.turn < sentence.turn)
    ):
        return
    use = _it(topic, sentence, norm[begins.end() :] if begins.end() else norm)
    dose, schedule = strength(use, "fr"), find_schedule(norm, "fr")
    if not dose and not schedule.sig:
        return
    condition = IF_CLAUSE["fr"].search(norm)
    before = " ".join(s.norm for s in visit.sentences if s.turn == sentence.turn - 1 and s.speaker != "doctor")
    repeats = not VERB.search(begins.group()) and any(
        n in re.findall(r"\d+(?:\.\d+)?", before) for n in re.findall(r"\d+(?:\.\d+)?", norm)
    )
    yield drug_fact(
        use,
        "fr",
        (topic.sentence.evidence(), sentence.evidence()),
        dose,
        schedule,
        status="current" if repeats else "prescribed",
        asserted_by="doctor",
        certainty="conditional" if condition else "certain",
        temporality="future" if condition else "current",
    )


OF_LIVING = re.compile(r"(?<![a-z])(?:je|j en|il|elle|on) (?:en )?(?:mange|bois|boit|fume|grignote|marche)(?![a-z])")  # "je mange des clémentines" - "deux par jour"


def _several(norm: str) -> bool:
    """ "Deux comprimés de 0,25" is read back elsewhere; "une ampoule de cent mille" is an order like others."""
    counted = OF_STRENGTH.search(norm)
    return counted is not None and counted.group(1) not in ("1", "un", "une")


BESIDE = re.compile(r"(?<![a-z])(?:j ai|je prends|il y a|y a) deja (?:(?:le|la|l|les|du|mon|ma) ?)?$")  # "le matin, j'ai déjà l'Euthyral": what else is taken
VERB = re.compile(r"(?<![a-z])(?:vous|tu|on|je|\w{4,}ez|continue|garde|prends)(?![a-z])")


def _stated(topic: Use, sentence: Sentence, visit: Visit, *, answers_it: bool) -> Iterator[Fact]:
    """ "Elle m'a mise à cinquante." - "Je suis à deux et demi, là.": the dose of the drug under discussion."""
    given = GAVE_UP.search(sentence.norm)
    if given and sentence.turn - topic.sentence.turn <= ORDERED_TURNS and not visit.other_person(sentence, given.start()):
        evidence = (topic.sentence.evidence(), sentence.evidence())
        yield drug_fact(_it(topic, sentence, sentence.norm), "fr", evidence, None, Schedule(), polarity="absent", status="stopped")
        return
    some = TOOK_SOME.search(sentence.norm)
    told = STATES["fr"].search(sentence.norm) or some
    far = sentence.turn - topic.sentence.turn > STATED_TURNS
    if told is None or far or visit.other_person(sentence, told.start()):
        return
    use = _it(topic, sentence, sentence.norm[told.start() :])
    dose, schedule = strength(use, "fr"), find_schedule(use.words, "fr")
    if dose or (some and schedule.sig):
        evidence = (topic.sentence.evidence(), sentence.evidence())
        yield drug_fact(use, "fr", evidence, dose or strength(topic, "fr"), schedule, status="current")


TOOK_SOME = re.compile(r"(?<![a-z])j en (?:ai pris|prends|ai mis|mets) (?=\d|une?(?![a-z])|tous|toutes|chaque)")  # "Ben là j'en ai pris onze jours le mois dernier."
GAVE_UP = re.compile(  # "J'ai laissé tomber au mois d'août.", "Je les ai arrêtés": the drug is the one under discussion
    r"(?:^|,)\W*(?:(?:eh|bien|ben|euh|alors|et|mais|oui|non|ah|puis|du coup|en fait|moi)\W+)*(?:je (?:l|les) ai (?:(?:(?:tout|vite|carrement) )*(?:arrete|jete|stoppe)|(?:jamais|pas) (?:pris|commence))e?s?(?=\W*$|,| (?:en|au|il y a|y a|depuis|a|sans|parce|tout))|"
    r"(?:j ai|on a) (?:tout |vite |carrement )?(?:arrete|laisse tomber|stoppe)(?=\W*$|,| (?:aussi|en|au|il y a|y a|depuis|sans|parce|tout|cet|cette|l)(?![a-z]))|je (?:le|la|les) (?:prends|mets) plus(?! (?:que|souvent)))"
)


def given_up(visit: Visit, use: Use) -> Iterator[Fact]:
    """ "Vous aviez de la Kardégic." - "On me l'a enlevée.": a drug that the doctor only names, and the reply that it is over."""
    reply = [
        s for s in visit.sentences if use.sentence.turn < s.turn <= use.sentence.turn + 1 and s.speaker != "doctor"
    ]
    text = " ".join(s.norm for s in reply)
    last = max((s.start for s in visit.sentences if s.turn == use.sentence.turn), default=0)
    others = [m.start for m in find_drugs(text)]
    text = text[: others[0]] if others else text
    if not reply or last != use.sentence.start or relation_near(text, len(text), visit.lang):
        return
    over = QUIT[visit.lang].search(text)
    if not KEPT.search(use.sentence.norm) and (
        (over and not over.group().startswith("plus d")) or REFUSED[visit.lang].search(text)
    ):
        evidence = (use.sentence.evidence(), *(s.evidence() for s in reply[:2]))
        yield drug_fact(use, visit.lang, evidence, None, Schedule(), polarity="absent", status="stopped")

