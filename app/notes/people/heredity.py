"""A family history in plain words: "mon père, le cœur, à quarante-neuf ans", "le diabète ? Maman et deux de mes frères", "non, personne"."""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from app.notes.facts import Evidence, Fact
from app.notes.language.lexicon import find_concepts
from app.notes.language.polarity import is_denied
from app.notes.language.text import fold
from app.notes.language.timing import date_phrase
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.measured.readings import WHEN
from app.notes.people.holders import FAMILY_ASKED, PATIENT
from app.notes.people.people import BLOOD, UNTOLD
from app.notes.signs.mentions import family_fact

WORDS = tuple(
    (re.compile(rf"(?<![a-zœ])(?:{pattern})(?![a-zœ])"), illness, cancer)
    for pattern, illness, cancer in (
        line.split("\t")
        for line in (resources.files("app.notes") / "data" / "family_words.tsv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
)
STANDS_ALONE = re.compile(  # the words right before make it what somebody has
    r"(?:^|[,.;:!…] ?|(?<![a-z])(?:et|a|ont|avait|avaient|eu|c est|c etait|plutot|surtout|juste|seulement|aussi|pour|de|toujours|maintenant) )\W*"
    r"(?:(?:plutot|surtout|juste|seulement|aussi|encore|deja|eu|fait|un cancer|toujours|maintenant) )*$"
)
GOES_ON = re.compile(  # and nothing after it makes it something else
    r"\W*$|\W*[,.;:!?…]| (?:a|vers|depuis|comme|aussi|et|mais|tous|toutes|jeune|tres|assez|qui|elle|il|d un coup|en|maintenant|aujourd hui|sous)(?![a-z])"
)
CANCER = re.compile(r"(?<![a-z])(?:cancers?|tumeurs?|oncogenetique)(?![a-z])")
CANCER_TURNS = 10
DIED = re.compile(r"(?<![a-z])(?:mort|morte|decede|decedee|parti|partie|emporte|emportee)(?! (?:en|a la|au) (?:vacances|maison|travail))s?(?![a-z])")
AT_AGE = re.compile(r"(?<!y )(?:a|vers) (?:l age de |\w+ )?(\d{1,3}) ans")
NOBODY = re.compile(r"\W*(?:(?:euh|ah|oh|ben|bah|alors|la|mais)\W+)*(?:non|nan|personne|aucun|rien|pas (?:que je sache|a ma connaissance|chez nous|du tout|dans ma famille)|jamais|y en a pas)(?![a-z])")  # fmt: skip
HEREDITARY = re.compile(r"(?:dans|de) (?:la|votre|sa|ta) famille|proches|antecedents? familia|parents|chez vous,? (?:des|du|de la|quelqu)|(?:des?|du|de la|de l|une?) [a-z ]+ chez vous|hereditaire|(?:freres|s(?:oe|œ)urs)")
AILING = re.compile(r"malade|en ce moment|a la maison|autour")


def heredity(visit: Visit) -> Iterator[Fact]:
    """What French relatives have, told by a part of the body or by a mere name, and what nobody in the family has."""
    if visit.lang != "fr":
        return
    for sentence in visit.sentences:
        if sentence.speaker != "doctor" and not sentence.asks:
            yield from _by_part(sentence, visit)
            yield from _had_it_too(sentence, visit)
    for exchange in visit.exchanges:
        yield from _named_only(exchange, visit)
        yield from _nobody(exchange)


def _by_part(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    norm = sentence.norm
    named = [(m.start, m.end) for m in find_concepts(norm, "fr")]
    for pattern, illness, cancer in WORDS:
        for match in pattern.finditer(norm):
            if any(a < match.end() and match.start() < b for a, b in named):
                continue
            name = cancer if cancer and _cancers_talked_of(sentence, visit) else illness
            alone = STANDS_ALONE.search(norm[: match.start()]) and GOES_ON.match(norm[match.end() :])
            people = visit.people(sentence, match.start()) if name and alone else ()
            if people in ((), (PATIENT,)) or is_denied(norm, match.start(), match.end(), "fr"):
                continue
            for person in people:
                if person in BLOOD or "uncle" in person or _asked_of_family(sentence, visit):
                    yield _fact(name, person, sentence, match.start(), visit)


def _had_it_too(sentence: Sentence, visit: Visit) -> Iterator[Fact]:
    """ "Mon mari conduira. Lui aussi, il a eu ça, l'an dernier.": what the patient complains of, unasked."""
    had = THE_SAME.search(sentence.norm)
    people = visit.people(sentence, had.end()) if had else ()
    if people in ((), (PATIENT,)) or UNTOLD & set(people) or any(sentence in e.answer and _asked_of_family(sentence, visit) for e in visit.exchanges):
        return
    told = WHEN["fr"].search(sentence.shown)
    when = told.group() if told else date_phrase(sentence.norm, "fr")
    text = " ".join(filter(None, ("mêmes symptômes", when)))
    for person in people:
        evidence = (sentence.evidence(),)
        yield Fact("family", text, "mêmes symptômes", evidence, experiencer=person, temporality="past" if when else "current", asserted_by=sentence.speaker, extra=(text, ""))


THE_SAME = re.compile(r"(?<![a-z])(?:aussi,? (?:il|elle)s? (?:l )?(?:a|ont) (?:eu|fait|attrape)(?: (?:ca|pareil))?|(?:a|ont) (?:eu|fait|attrape) (?:exactement |tout )?(?:ca|la meme chose|le meme truc|pareil))(?![a-z])")


def _cancers_talked_of(sentence: Sentence, visit: Visit) -> bool:
    near = (s for s in visit.sentences if sentence.turn - CANCER_TURNS <= s.turn <= sentence.turn)
    return any(CANCER.search(s.norm) for s in near)


def _asked_of_family(sentence: Sentence, visit: Visit) -> bool:
    return FAMILY_ASKED.search(visit.question_of(sentence)) is not None


def _fact(name: str, person: str, sentence: Sentence, at: int, visit: Visit) -> Fact:
    turn = [s for s in visit.sentences if s.turn == sentence.turn]
    evidence = tuple(s.evidence() for s in turn if s is sentence or (DIED.search(s.norm) and person in visit.people(s, len(s.norm))))
    when = date_phrase(sentence.norm[at:], "fr")
    died = [s for s in turn if (m := DIED.search(s.norm)) and person in visit.people(s, m.start())]
    age = next((m.group(1) for s in died if (m := AT_AGE.search(s.norm))), "")
    detail = (f"décès à {age} ans" if age else "décès") if died else when
    text = f"{name}, {detail}" if died else " ".join(filter(None, (name, detail)))
    return Fact(
        "family",
        text,
        name,
        (*_asked(sentence, visit), *evidence),
        experiencer=person,
        temporality="past" if died or when else "current",
        asserted_by=sentence.speaker,
        critical=person in BLOOD,
        sentence=sentence.norm,
        extra=(text, ""),
    )


def _asked(sentence: Sentence, visit: Visit) -> tuple[Evidence, ...]:
    exchange = next((e for e in visit.exchanges if sentence in e.answer), None)
    asks = exchange is not None and any(FAMILY_ASKED.search(q.norm) for q in exchange.questions)
    return (exchange.questions[-1].evidence(),) if exchange and asks else ()


def _named_only(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Du diabète chez vous ?" - "Maman, et deux de mes frères. Papa, non." """
    asked = [(q, m) for q in exchange.questions for m in find_concepts(q.norm, "fr") if m.concept.kind in ("problem", "surgery")]
    family = any(FAMILY_ASKED.search(q.norm) for q in exchange.questions) or NOT_ME.match(exchange.answer_text)
    if len(asked) != 1 or not family:
        return
    question, mention = asked[0]
    for sentence in exchange.answer:
        if sentence.speaker == "doctor":
            continue
        clauses = list(re.finditer(r"[^,;.!?…]+", sentence.norm))
        for place, clause in enumerate(clauses):
            after = clauses[place + 1].group() if place + 1 < len(clauses) else ""
            if find_concepts(after, "fr") and not re.search(KIN_WORD, after) and not CIRCUMSTANCE.match(after):
                continue  # "mon père, un cancer": told of him, and not what was asked
            if not ONLY_KIN.fullmatch(clause.group()) or not re.search(KIN_WORD, clause.group()):
                continue
            people = visit.people(sentence, clause.end())
            denied = NOT_THEM.search(clause.group()) is not None or JUST_NO.fullmatch(after) is not None
            if PATIENT in people or UNTOLD & set(people) or (denied and not NAMES_SOMEBODY.search(question.norm)):
                continue  # who of many has it not is no history
            evidence = (question.evidence(mention.start, mention.end), sentence.evidence())
            for person in people:
                fact = family_fact(mention, person, evidence, question.norm, "fr")
                yield replace(fact, polarity="absent" if denied else "present", asserted_by=sentence.speaker)


CIRCUMSTANCE = re.compile(r"\W*(?:apres|avant|pendant|a cause d[eu]?|lors d[eu]?|suite a) ")
NOT_ME = re.compile(r"\W*(?:(?:ah|ben|euh|oh)\W+)*(?:moi|elle|lui|il),? (?:non|jamais|rien|pas)(?![a-z])")
JUST_NO = re.compile(r"\W*(?:(?:elle|lui|eux|par contre) ?)*(?:non|rien|jamais|pas)\W*")
KIN_WORD = r"(?<![a-z])(?:mere|maman|pere|papa|s(?:oe|œ)urs?|freres?|fils|filles?|oncles?|tantes?|cousine?s?|mamie|papi|meres?|peres?|parents|femme|mari|copain|copine|conjointe?)(?![a-z])"
NAMES_SOMEBODY = re.compile(r"(?<![a-z])(?:votre|vos|sa|son|ses|chez) (?:lui|elle|mere|pere|maman|papa|s(?:oe|œ)urs?|freres?|fils|fille|grand)(?![a-z])")
NOT_THEM = re.compile(r"(?<![a-z])(?:non|rien|pas|jamais|aucun)(?![a-z])")
ONLY_KIN = re.compile(
    r"\W*(?:(?:oui|si|ah|ben|alors|euh|et|enfin|mais|juste|surtout|seulement|aussi|egalement|lui|elle|eux|par|contre|du|cote|de|le|la|les|l|un|une|deux|trois|\d+|"
    r"femme|mari|copain|copine|conjointe?|belle|beau|apres|naissance|ma|mon|mes|ta|ton|sa|son|ses|notre|nos|mere|maman|pere|papa|s(?:oe|œ)urs?|freres?|demi|petite?s?|grande?s?|fils|fille|oncles?|tantes?|cousine?s?|germaine?|"
    r"mamie|papi|meres?|peres?|parents|maternelle?|paternelle?|tous|toutes|non|rien|pas|jamais|plus|moi|en|a|ont|l|eu|eue|fait|depuis|toujours|longtemps|\d+ ans|ans|aine|ainee|cadet|cadette)(?:\W+|$))+"
)


def _nobody(exchange: Exchange) -> Iterator[Fact]:
    """ "Des cancers du côlon dans la famille ?" - "Non, aucun.", "Des polypes, papa. De cancer, non, personne." """
    asked = [q for q in exchange.questions if HEREDITARY.search(q.norm) and not AILING.search(q.norm)]
    named = [m.concept.fr for m in find_concepts(asked[-1].norm, "fr") if m.concept.kind in ("problem", "surgery")] if asked else []
    for sentence in exchange.answer if named else ():
        if sentence.speaker == "doctor" or re.search(KIN_WORD, sentence.norm):
            continue
        whole = sentence is exchange.answer[0] and NOBODY.match(sentence.norm) and exchange.verdict == "no"
        short = len(exchange.answer_text.split()) <= FEW_WORDS
        names = named if whole and short else [n for n in named if _denies_it(n, sentence.norm)]
        if names:
            text = ", ".join(dict.fromkeys(names))
            evidence = (asked[-1].evidence(), sentence.evidence())
            yield Fact("family", text, text, evidence, polarity="absent", experiencer="family", asserted_by=sentence.speaker, extra=(text, ""))


def _denies_it(name: str, norm: str) -> bool:
    """ "De cancer, non", "Du côlon, non": whether a sentence denies what was asked by its first or its last word."""
    words = [w[:5] for w in re.findall(r"[a-z]{4,}", fold(name))]
    said = re.match(r"\W*(?:(?:et|mais|par contre)\W+)*(?:des?|du|de la|un|une|le|la|les|l|d) ?([a-z]{4,})(?: [a-z ]{2,20})?, (?:non|personne|aucun|jamais|rien)(?![a-z])", norm)
    return said is not None and said.group(1)[:5] in words


FEW_WORDS = 12
