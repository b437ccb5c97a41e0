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
BIRTH = re.compile(r"(?<![a-z])(?:j ai (?:eu )?accouch\w*|(?:mon|l|un) accouchement)(?![a-z])")
WAY = re.compile(r"(?<![a-z])(?:par )?(?:voie basse|forceps|ventouse|siege|cesarienne)(?![a-z])")
NAMED_OPERATIONS = {
    "vesicule": "cholécystectomie",
    "amygdales": "amygdalectomie",
    "vegetations": "ablation des végétations",
    "appendice": "appendicectomie",
    "uterus": "hystérectomie",
    "prostate": "opération de la prostate",
    "thyroide": "thyroïdectomie",
    "rate": "splénectomie",
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
    for mention in find_concepts(said.norm, "fr"):
        if mention.concept.kind == "problem":
            shown = said.line.shown[said.start + mention.start : said.start + mention.end]
            yield _fact(f"opération : {shown.lower()}", said, question.evidence())


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


def _fact(name: str, said: Sentence, *asked: Evidence) -> Fact:
    text = f"{name} {_when(said)}".strip()
    return Fact(
        "procedure",
        text,
        name,
        (*asked, said.evidence()),
        temporality="past",
        asserted_by=said.speaker,
        sentence=said.shown,
        extra=(name, _when(said)),
    )
