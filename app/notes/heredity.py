"""A family history in plain words: "mon père, le cœur, à quarante-neuf ans", "le diabète ? Maman et deux de mes frères", "non, personne"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import resources

from app.notes.facts import Evidence, Fact
from app.notes.generality import GENERAL
from app.notes.holders import PATIENT
from app.notes.lexicon import find_concepts
from app.notes.mentions import family_fact
from app.notes.people import BLOOD, PET
from app.notes.polarity import is_denied
from app.notes.readings import WHEN
from app.notes.timing import date_phrase
from app.notes.units import FAMILY_ASKED, Exchange, Sentence, Visit

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
    r"\W*$|\W*[,.;:!?…]| (?:a|vers|depuis|comme|aussi|et|mais|tous|toutes|jeune|tres|assez|qui|elle|il|d un coup|en)(?![a-z])"
)
CANCER = re.compile(r"(?<![a-z])(?:cancers?|tumeurs?|oncogenetique)(?![a-z])")
CANCER_TURNS = 10
DIED = re.compile(r"(?<![a-z])(?:mort|morte|decede|decedee|parti|partie|emporte|emportee)(?! (?:en|a la|au) (?:vacances|maison|travail))s?(?![a-z])")
AT_AGE = re.compile(r"(?<!y )(?:a|vers) (?:l age de |\w+ )?(\d{1,3}) ans")
NOBODY = re.compile(r"\W*(?:(?:euh|ah|oh|ben|bah|alors|la|mais)\W+)*(?:non|nan|personne|aucun|rien|pas (?:que je sache|a ma connaissance|chez nous|du tout|dans ma famille)|jamais|y en a pas)(?![a-z])")  # fmt: skip
NONE_OF_IT = re.compile(r"^\W*(?:,? ?(?:elle|lui|eux|par contre|non plus))*\W*(?:non|rien(?: du tout)?|pas du tout|jamais)(?![a-z])")
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
    if people in ((), (PATIENT,)) or PET in people or any(sentence in e.answer and _asked_of_family(sentence, visit) for e in visit.exchanges):
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
    if len(asked) != 1 or not any(FAMILY_ASKED.search(q.norm) for q in exchange.questions):
        return
    question, mention = asked[0]
    for sentence in exchange.answer:
        if sentence.speaker == "doctor" or _has_their_own(sentence, visit):
            continue
        for clause in re.finditer(r"[^,;.!?…]+(?:, (?:et |non|rien|lui|elle|oui|aussi)[^,;.!?…]*)*", sentence.norm):
            listed = WHO_ALSO.sub("", clause.group())
            people = visit.people(sentence, clause.start() + len(listed))
            if people in ((), (PATIENT,)) or PET in people or not ONLY_KIN.fullmatch(listed):
                continue
            denied = NOT_THEM.search(listed) is not None
            evidence = (question.evidence(mention.start, mention.end), sentence.evidence())
            for person in people:
                if denied and not NAMES_SOMEBODY.search(question.norm):
                    continue  # who of many has it not is no history
                fact = family_fact(mention, person, evidence, question.norm, "fr")
                yield replace(fact, polarity="absent" if denied else "present", asserted_by=sentence.speaker)


def _has_their_own(sentence: Sentence, visit: Visit) -> bool:
    """Whether an answer names illnesses: those of one relative in a list are theirs alone, "mon père, et ma sœur qui est en dialyse"."""
    named = find_concepts(sentence.norm, "fr")
    return any(not WHO_HAS.search(sentence.norm[: m.start]) for m in named)


WHO_HAS = re.compile(r"(?<![a-z])(?:m(?:on|a|es)|maman|papa)(?![a-z])[a-zœ ]* qui (?:est|sont|a|ont|fait|avait|etait) (?:[a-z]+ ){0,2}$")
WHO_ALSO = re.compile(r",?(?: et)? (?:mon|ma|mes) [a-zœ ]*? qui .*$")
NAMES_SOMEBODY = re.compile(r"(?<![a-z])(?:votre|vos|sa|son|ses) (?:mere|pere|maman|papa|s(?:oe|œ)urs?|freres?|fils|fille|grand)(?![a-z])")
NOT_THEM = re.compile(r"(?<![a-z])(?:non|rien|pas|jamais|aucun)(?![a-z])")
ONLY_KIN = re.compile(
    r"\W*(?:(?:oui|si|ah|ben|alors|euh|et|enfin|mais|juste|surtout|seulement|aussi|egalement|lui|elle|eux|par|contre|du|cote|de|le|la|les|l|un|une|deux|trois|\d+|"
    r"ma|mon|mes|ta|ton|sa|son|ses|notre|nos|mere|maman|pere|papa|s(?:oe|œ)urs?|freres?|demi|petite?s?|grande?s?|fils|fille|oncles?|tantes?|cousine?s?|germaine?|"
    r"mamie|papi|meres?|peres?|parents|maternelle?|paternelle?|tous|toutes|non|rien|pas|jamais|plus|moi|en|a|ont|l|eu|eue|fait|depuis|toujours|longtemps|\d+ ans|ans|aine|ainee|cadet|cadette)(?:\W+|$))+"
)


def _nobody(exchange: Exchange) -> Iterator[Fact]:
    """ "Des cancers du côlon dans la famille ?" - "Non, aucun."; "Mon père, des polypes. De cancer, non." """
    asked = [q for q in exchange.questions if HEREDITARY.search(q.norm) and not AILING.search(q.norm)]
    named = [m for q in asked[-1:] for m in find_concepts(q.norm, "fr") if m.concept.kind in ("problem", "surgery")]
    first = exchange.answer[0]
    if named and NOBODY.match(first.norm) and exchange.verdict == "no" and len(exchange.answer_text.split()) <= FEW_WORDS:
        yield _none_has([m.concept.fr for m in named], asked[-1], first)
        return
    for sentence in exchange.answer if named else ():
        for mention in find_concepts(sentence.norm, "fr") if sentence.speaker != "doctor" else ():
            alone = OF_IT.search(sentence.norm[: mention.start]) and NONE_HAS.match(sentence.norm[mention.end :])
            meant = [m.concept.fr for m in named if m.concept.fr == mention.concept.fr or m.concept.fr in GENERAL.get(mention.concept.fr, ())]
            if alone and meant:
                yield _none_has(meant[:1], asked[-1], sentence)


def _none_has(names: Sequence[str], asked: Sentence, answer: Sentence) -> Fact:
    text = ", ".join(dict.fromkeys(names))
    proof = (asked.evidence(), answer.evidence())
    return Fact("family", text, text, proof, polarity="absent", experiencer="family", asserted_by=answer.speaker, extra=(text, ""))


OF_IT = re.compile(r"(?:^|[,;.:!?…] ?)\W*(?:(?:mais|et|par contre|ni|alors|ensuite|apres|sinon|pour)\W+)*(?:un|une|des?|du|d|l|la|le|les)? ?$")
NONE_HAS = re.compile(r"s?,? (?:ca )?(?:non|personne|aucune?|jamais|pas (?:chez nous|que je sache|a ma connaissance|dans la famille))(?! plus)(?![a-z])")
FEW_WORDS = 12
