"""What was done to a patient before, told without the word of the operation: "on m'a enlevé les polypes", "dix séances de kiné"."""

import re
from collections.abc import Iterator

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts
from app.notes.language.timing import DAY_OF, date_phrase
from app.notes.language.units import Exchange, Sentence, Visit

BODY = cues("selection.body")
REMOVED = re.compile(
    r"(?<![a-z])(?:on|ils|il|elle|le chirurgien|la chirurgienne|le dentiste|le dermato\w*|la dermato\w*) (?:me |m |lui |nous )(?P<it>l |la |le |les |en )?"
    r"(?:a|ont|avait|avaient) (?:deja |tout )?(?:enlev|retir|arrach|ot|oper)ee?s?(?![a-z])"
)
OPERATED = re.compile(r"(?<![a-z])(?:j ai ete|je me suis fait|j avais ete|je suis) (?:re)?oper(?:e|ee|er)(?![a-z])")
OBJECT = re.compile(r" (?:d une?|de la|de l|des|du|de|d|une?|les|la|le|l|mes|mon|ma|\d+) (?P<what>[a-zœ][a-zœ0-9 ]{2,40}?)(?= (?:en|il|y|l an|a \d|a la|quand|dans le|dans la|sur|au|par|avec|et|il y a|cet|ce|pendant|par|sous|qui|mais)(?![a-z])|\W*[,.;:]|\W*$)")
FRONTED = re.compile(r"^\W*(?:(?:oui|ben|ah|alors|et|euh|si)\W+)*(?:l |le |la |les |mes |mon |ma )(?P<what>[a-zœ][a-zœ ]{2,30}?),? (?:on|ils|elles?|il) ")
NOT_A_PART = re.compile(r"(?:fils?|points?|agrafes?|platre|pansements?|sonde|drain|perfusion|permis|traitement|medicament|pilule|sterilet|implant|bouton|lunettes?|urgence|nouveau|temps|moment|tout|rien)(?![a-z])")
PARTS = re.compile(
    r"(?<![a-z])(?:polypes?|kystes?|grains? de|lipomes?|verrues?|nodules?|ganglions?|tumeurs?|calculs?|cailloux?|dents?|molaires?|ongles?|varices?|hernies?|vegetations?|amygdales?|vesicule|ovaires?|"
    r"trompes?|uterus|rate|prostate|thyroide|menisque|cataractes?|canal|appendi\w*|hemorroides?|fibromes?|boules?|morceau|bout d|lobes?|poumon|colon|intestin|testicule|col|peau|naevus|melanome|cartilage)(?![a-z])"
)


def _of_the_body(words: str) -> bool:
    """Whether what was taken away is of a body: "on m'a enlevé deux dossiers" is not."""
    return bool(PARTS.search(words) or BODY["fr"].search(words))


COURSES = re.compile(
    r"(?<![a-z])(?P<what>kine(?:sitherapie)?|osteo(?:pathie|path\w*)?|acupuncture|mesotherapie|infiltrations?|ponctions?|balneotherapie|reeducation|orthophonie|hypnose|sophrologie|emdr|tens|phototherapie|cryotherapie|cure thermale)(?![a-z])"
)
HAD = re.compile(
    r"(?<![a-z])(?:j ai (?:deja |bien |eu |fait |essaye |teste )*(?:fait|eu|essaye|teste|suivi)|j avais (?:deja )?(?:fait|eu|essaye|suivi)|(?:on|il|elle|ils) (?:m |me )(?:a|ont|avait|avaient) (?:deja )?(?:fait|refait|mis))(?![a-z])(?! pas)"
)
ASKS_HAD = re.compile(r"(?<![a-z])(?:avez|avais|aviez|as)(?: vous| tu)? (?:deja )?(?:fait|eu|essaye|suivi|tente|vu)(?![a-z])")
SESSIONS = re.compile(r"(?<![a-z\d])(?:(?:\d+|une|quelques|plusieurs|une dizaine de) (?:seances?|fois)|\d+ infiltrations)(?![a-z])")
NEVER = re.compile(r"\W*(?:(?:ah|oh|ben|bah|euh)\W+)*(?:non|jamais|pas (?:encore|du tout))(?![a-z])")
BIRTH = re.compile(r"(?<![a-z])(?:j ai (?:eu )?accouch\w*|(?:mon|l|un) accouchement|on m a declenchee?)(?![a-z])")
WAY = re.compile(r"(?<![a-z])(?:(?:par|avec) )?(?:les |des )?(?:voie basse|forceps|ventouses?|spatules|siege|cesarienne)(?![a-z])")
NAMED_OPERATIONS = {
    "vesicule": "cholécystectomie",
    "amygdales": "amygdalectomie",
    "vegetations": "ablation des végétations",
    "appendice": "appendicectomie",
    "uterus": "hystérectomie",
    "prostate": "opération de la prostate",
    "thyroide": "thyroïdectomie",
    "rate": "splénectomie",
    "menisque": "opération du ménisque",
    "cataracte": "opération de la cataracte",
    "canal carpien": "opération du canal carpien",
    "hallux": "opération de l'hallux valgus",
    "cloison": "opération de la cloison nasale",
    "hemorroides": "opération des hémorroïdes",
    "varices": "opération des varices",
    "ligaments croises": "ligamentoplastie du genou",
    "coiffe": "opération de la coiffe des rotateurs",
}


def past_acts(visit: Visit) -> Iterator[Fact]:
    """Removals, operations, courses of treatment and births that are over, in the order of speech; French only."""
    if visit.lang != "fr":
        return
    answers = {id(s): e for e in visit.exchanges for s in e.answer}
    for asked in visit.exchanges:
        yield from _listed(asked, visit)
    for sentence in visit.sentences:
        if sentence.speaker == "doctor" or sentence.asks or visit.other_person(sentence, 0):
            continue
        exchange = answers.get(id(sentence))
        yield from _removed(sentence, exchange)
        yield from _put_in(sentence, visit)
        yield from _course(sentence, exchange)
        yield from _birth(sentence)


ASKS_OPERATIONS = re.compile(r"(?<![a-z])(?:operations?|oper(?:e|ee)|chirurgies?|interventions?)(?![a-z])")
MORE_THAN_OPERATIONS = re.compile(r"(?<![a-z])(?:maladies?|antecedents?|problemes?|soucis|pathologies?|sante|allergies?)(?![a-z])")


def _listed(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Des opérations ?" - "Une hernie en 2019.": an illness that is named there was operated on."""
    question, said = exchange.questions[-1], exchange.answer[0]
    asked = ASKS_OPERATIONS.search(question.norm) and not MORE_THAN_OPERATIONS.search(question.norm)
    if not asked or said.speaker == "doctor" or NEVER.match(said.norm) or visit.other_person(said, 0):
        return
    yield from _parts_listed(exchange)
    for mention in find_concepts(said.norm, "fr"):
        if mention.concept.kind == "problem":
            shown = said.line.shown[said.start + mention.start : said.start + mention.end]
            yield _fact(f"opération : {shown.lower()}", said, question.evidence())


def _parts_listed(exchange: Exchange) -> Iterator[Fact]:
    """ "Opéré ?" - "Les végétations, à trois ans, et l'appendice.": a part of the body stands for its operation."""
    question = exchange.questions[-1]
    for sentence in exchange.answer:
        if sentence.speaker == "doctor" or sentence.asks or REMOVED.search(sentence.norm):
            continue
        known = [(m.start, m.end) for m in find_concepts(sentence.norm, "fr") if m.concept.kind in ("surgery", "problem")]
        for match in LISTED_PART.finditer(sentence.norm):
            if not any(a < match.end("part") and match.start("part") < b for a, b in known):
                part = match["part"] if match["part"] in NAMED_OPERATIONS else match["part"].rstrip("s")
                yield _fact(NAMED_OPERATIONS[part], sentence, question.evidence(), when=_when_of(match.end(), sentence))


def _when_of(at: int, sentence: Sentence) -> str:
    """When the part named before `at` was operated on: until the next one is named."""
    clause = re.split(r"[,;](?= (?:et|puis|la|le|les|l)(?! an (?:dernier|passe))(?![a-z]))| et ", sentence.norm[at:])[0]
    day = DAY_OF["fr"].search(clause)
    shown = sentence.line.shown[sentence.start + at :]
    return date_phrase(clause, "fr") or (shown[day.start() : day.end()].lower() if day else "")


LISTED_PART = re.compile(
    r"(?:^|[,:;.!] ?|(?<![a-z])(?:et|puis|sinon|juste|que) )(?:(?:oui|juste|que|sinon|puis|et|ben|euh|alors|seulement)\W+)*(?:de )?(?:la|le|les|l|mes|mon|ma|une|d une|du|des) "
    r"(?P<part>vesicule|amygdales|vegetations|appendice|uterus|prostate|thyroide|rate|menisque|cataracte|cataractes|canal carpien|hallux|cloison|hemorroides|varices|ligaments croises|coiffe)(?= ?(?:gauche|droite?)?\W*(?:$|[,.;:!]| (?:a|en|et|y a|il y a|quand|l an|cet|ce|au|petite?)(?![a-z])))"
)


def _removed(sentence: Sentence, exchange: Exchange | None) -> Iterator[Fact]:
    """ "On m'a enlevé deux polypes", "les amygdales, on me les a enlevées", "Des polypes ?" - "On m'en a retiré." """
    norm = sentence.norm
    told = REMOVED.search(norm) or OPERATED.search(norm)
    if told is None or any(m.concept.kind == "surgery" and m.concept.fr != "opération" for m in find_concepts(norm, "fr")):
        return
    by_pronoun = told.re is REMOVED and told["it"]
    found = FRONTED.match(norm) if by_pronoun else OBJECT.match(norm, told.end())
    where, question = (sentence, None)
    if found is None and by_pronoun and exchange is not None:
        asked = exchange.questions[-1]
        found = LAST_NAMED.search(asked.norm)
        where, question = asked, asked.evidence()
    if found is None or NOT_A_PART.match(found["what"]) or (told.re is REMOVED and not _of_the_body(found["what"])):
        return
    shown = where.line.shown[where.start + found.start("what") : where.start + found.end("what")].strip()
    name = NAMED_OPERATIONS.get(found["what"].split()[-1], f"opération : {shown}")
    yield _fact(name, sentence, *((question,) if question else ()))


PUT = re.compile(
    r"(?<![a-z])(?:on|ils|il|elle|le chirurgien|la chirurgienne|le cardio\w*|le professeur [a-z]+) (?:me |m |lui )(?:a|ont|avait|avaient) (?:deja |re)?"
    r"(?:mis|posee?s?|place|implante) (?P<what>(?:une?|des|deux|trois|2|3|la|le|les) (?:prothese|ressort|pile|valve|plaque|clou|vis|broche|drain|filet|anneau|defibrillateur|neurostimulateur|shunt)s?(?![a-z])"
    r"(?: (?:totale|complete|biologique|mecanique|gastrique))?(?: (?:a la|a l|au|aux|dans le|dans la|dans l|de|d|sur le) ?(?:[a-zœ]+)(?: (?:gauche|droite?))?)?)"
)
JOINT = re.compile(r"(?<![a-z])(?:hanche|genou|epaule|cheville|coude|poignet|dos|cheville|pied|jambe|bras|c(?:oe|œ)ur)(?: (?:gauche|droite?))?(?![a-z])")


def _put_in(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "La hanche, c'était en 2013. Ils m'ont mis une prothèse.": what a surgeon left in the body, with the joint named just before."""
    told = PUT.search(sentence.norm)
    if told is None or any(m.concept.kind == "surgery" and m.start < told.end() and told.start() < m.end for m in find_concepts(sentence.norm, "fr")):
        return
    turn = [s for s in visit.sentences if s.turn == sentence.turn and s.end <= sentence.start]
    where = next((s for s in (sentence, *reversed(turn)) if JOINT.search(s.norm)), None)
    joint = JOINT.search(where.norm) if where is not None and not JOINT.search(told["what"]) else None
    shown = sentence.line.shown[sentence.start + told.start("what") : sentence.start + told.end("what")].strip()
    place = f" ({where.line.shown[where.start + joint.start() : where.start + joint.end()].lower()})" if joint and where else ""
    yield _fact(shown + place, sentence, *(s.evidence() for s in turn if s is where))


LAST_NAMED = re.compile(r"(?:^|.*(?<![a-z]))(?:des|les|la|le|l|une?|vos|votre) (?P<what>[a-zœ]{4,}(?: du [a-z]+| de la [a-z]+)?)(?:, (?:vous|ils|on)[^?]*)?\W*\?")


def _course(sentence: Sentence, exchange: Exchange | None) -> Iterator[Fact]:
    """ "J'ai fait dix séances de kiné", "De l'ostéo, vous avez essayé ?" - "Trois séances." """
    named = COURSES.search(sentence.norm)
    had = HAD.search(sentence.norm)
    if named and had and not NEVER.match(sentence.norm) and abs(named.start() - had.end()) < NEXT_TO:
        yield _fact(_with_sessions(sentence, named, sentence), sentence)
        return
    if exchange is None or sentence is not exchange.answer[0] or NEVER.match(sentence.norm):
        return
    asked = exchange.questions[-1]
    subject = COURSES.search(asked.norm)
    if subject and ASKS_HAD.search(asked.norm) and (exchange.verdict == "yes" or SESSIONS.search(sentence.norm)):
        yield _fact(_with_sessions(asked, subject, sentence), sentence, asked.evidence())


NEXT_TO = 40  # characters


def _with_sessions(where: Sentence, named: re.Match[str], told: Sentence) -> str:
    shown = where.line.shown[where.start + named.start("what") : where.start + named.end("what")].lower()
    name = {"kine": "kinésithérapie", "kiné": "kinésithérapie", "osteo": "ostéopathie", "ostéo": "ostéopathie"}.get(shown, shown)
    often = SESSIONS.search(told.norm)
    return name + (f", {told.line.shown[told.start + often.start() : told.start + often.end()].lower()}" if often else "")


def _birth(sentence: Sentence) -> Iterator[Fact]:
    birth, way = BIRTH.search(sentence.norm), WAY.search(sentence.norm)
    if birth and (way or _when(sentence)):
        how = sentence.line.shown[sentence.start + way.start() : sentence.start + way.end()].lower() if way else ""
        how = how if how.startswith("par ") or not how else f"par {how}"
        yield _fact(f"accouchement {how}".strip(), sentence)


def _when(sentence: Sentence) -> str:
    dated = date_phrase(sentence.norm, "fr")
    day = DAY_OF["fr"].search(sentence.norm)
    return dated or (sentence.line.shown[sentence.start + day.start() : sentence.start + day.end()].lower() if day else "")


def _fact(name: str, said: Sentence, *asked: Evidence, when: str | None = None) -> Fact:
    told = _when(said) if when is None else when
    text = f"{name} {told}".strip()
    return Fact(
        "procedure",
        text,
        name,
        (*asked, said.evidence()),
        temporality="past",
        asserted_by=said.speaker,
        sentence=said.shown,
        extra=(name, told),
    )
