"""Answers that only make sense with their question: a quality of the part that was named, a side, what was and is no more."""

import re
from collections.abc import Iterator
from itertools import product

from app.notes.facts import Fact, Polarity, Temporality
from app.notes.language.cues import cues
from app.notes.language.lexicon import Concept, body_part, find_concepts, part_names
from app.notes.language.polarity import is_denied
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.signs.mentions import mention_fact, named_side
from app.notes.transcript import Language

OPENING = re.compile(  # before an answer says anything
    r"\W*(?:(?:ben|bah|alors|euh|heu|ah|oh|oui|ouais|si|eh|enfin|um|uh|well|yes|yeah|so)(?![a-z])\W*)*"
)
BACK_THEN = r"(?:en (?:6e|5e|4e|3e|2nde|\w+ieme|seconde|premiere|terminale|cp|primaire|maternelle)|au (?:college|lycee|service|debut|tout debut)|a la (?:fac|naissance|creche)|l an(?:nee)? (?:dernier|derniere|passe|passee)|(?:le mois|la semaine|l ete|l hiver) derniere?|petite?|enfant|quand j etais \w+)"
THEN_YES = {
    "fr": re.compile(
        rf"\W*(?:(?:euh|ah|ben|alors|oui|si)\W+)*{BACK_THEN}[.,!…]+ (?:mais )?(?=(?:la|maintenant|aujourd hui|depuis),? (?:non|rien|plus)(?![a-z]))|"
        r"\W*(?:(?:euh|ah|ben|alors|oui|si|un peu|juste|surtout)\W+)*(?:(?:les|la) (?:\d+ |tout )?premi(?:er|ere)s? (?:jours?|semaines?|nuits?|temps)(?![a-z])|(?:(?:quand j|pendant (?:le|la|ma|mon|l)|apres (?:le|la|ma|mon|l)) ?[a-z0-9 ]{2,40}(?=, (?:oui|si)(?![a-z]))|en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)|au (?:tout )?debut|avant|cet (?:ete|hiver)|l an(?:nee)? derniere?|le mois dernier|il y a \w+ \w+|y a \w+ \w+|pendant),? ?(?:[a-z0-9 ]{0,20},? )?(?:oui|si|j en ai eu|j y pensais|ca m est arrive|j en avais|un peu)(?![a-z]))"
    ),
    "en": re.compile(r"\W*(?:(?:um|uh|well|yes)\W+)*(?:in (?:january|february|march|april|may|june|july|august|september|october|november|december)|at first|before|last month|a (?:month|few weeks) ago),? (?:yes|i did|i had)(?![a-z])"),
}  # fmt: skip
NOT_NOW = {
    "fr": re.compile(r"(?<![a-z])(?:(?:la|maintenant|aujourd hui|depuis|mais),? (?:non|plus|c est fini|rien|plus du tout)|(?:maintenant|la|aujourd hui),? (?:[a-z]+ ){0,3}ca va(?! mal| pas)|(?:apres|ensuite|depuis),? (?:nickel|impec\w*|tranquille|plus rien|rien|ca (?:va|allait)(?! (?:mal|pas))|ca (?:s est|est) passe)|plus (?:depuis|maintenant|du tout)|c est (?:parti|fini|passe))(?![a-z])"),
    "en": re.compile(r"(?<![a-z])(?:(?:now|today),? no|not (?:now|any ?more)|gone now|no longer)(?![a-z])"),
}  # fmt: skip


def then_not_now(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Des idées noires ?" - "En septembre, oui. Là non, plus depuis un mois.": it was, and is denied of today."""
    lang = visit.lang
    if not is_then_not_now(exchange, lang) or exchange.answer[0].speaker == "doctor":
        return
    first, last = exchange.answer[0], next(s for s in exchange.answer if NOT_NOW[lang].search(s.norm) or s is exchange.answer[-1])
    for question in exchange.questions:
        for mention in find_concepts(question.norm, lang):
            if mention.concept.kind == "symptom":
                asked = question.evidence(mention.start, mention.end)
                both: tuple[tuple[Polarity, Temporality, Sentence], ...] = (
                    ("present", "resolved", first),
                    ("absent", "current", last),
                )
                for polarity, time, said in both:
                    evidence = (asked, said.evidence())
                    yield mention_fact(mention, lang, polarity, "certain", time, first.speaker, evidence, "", said.shown, question.norm)


THEN = re.compile(  # "en 2018, oui, un filet", "l'année dernière oui", after a no
    r"(?:^|(?<=[.,;] ))\W*(?:(?:enfin|sauf|mais|et|bon|apres)\W+)*(?:en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|(?:19|20)\d\d)|au (?:tout )?debut|avant|autrefois|l an(?:nee)? (?:derniere?|passee?)|"
    r"le mois dernier|la semaine derniere|cet (?:ete|hiver|automne)|(?:il )?y a (?:\d+|une?|quelques) \w+|a \d+ ans|petite?|enceinte|ado)(?: \w+)?,? (?:oui|si|un peu|j en ai (?:eu|fait)|ca m est arrive)(?![a-z])"
)


def was_once(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Du sang dans les crachats ?" - "Non. En 2018, oui, un filet.": denied of today, and told of then."""
    lang, first = visit.lang, exchange.answer[0]
    if lang != "fr" or exchange.verdict != "no" or first.speaker == "doctor" or is_then_not_now(exchange, lang):
        return
    said = next((s for s in exchange.answer if THEN.search(s.norm)), None)
    asked = {m.concept.fr: (q, m) for q in exchange.questions for m in find_concepts(q.norm, lang) if m.concept.kind in ("symptom", "problem")}
    if said is None or len(asked) != 1 or find_concepts(said.norm, lang) or visit.other_person(said, len(said.norm)):
        return
    question, mention = next(iter(asked.values()))
    proof = (question.evidence(mention.start, mention.end), said.evidence())
    yield mention_fact(mention, lang, "present", "certain", "resolved", first.speaker, proof, "", said.shown, question.norm)


def ellipsis(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Les chevilles ?" - "Gonflées.": the question names the part and the answer what it is like."""
    lang, first = visit.lang, exchange.answer[0]
    if first.speaker == "doctor" or first.asks or exchange.verdict == "no":
        return
    for question, said in product(exchange.questions, exchange.answer[:2]):
        asked = _topic(question.norm, lang)
        opening = OPENING.match(said.norm)
        answered = said.norm[opening.end() if opening else 0 :]
        if not asked or find_concepts(question.norm, lang):
            continue
        both, denied = f"{asked} {answered}", _denied_in(exchange, lang)
        for mention in find_concepts(both, lang):
            if mention.start < len(asked) < mention.end - 1 and mention.concept.kind == "symptom" and mention.concept.fr not in denied:
                evidence = (question.evidence(), said.evidence())
                polarity: Polarity = "absent" if is_denied(both, mention.start, mention.end, lang) else "present"
                yield mention_fact(
                    mention, lang, polarity, "certain", "current", first.speaker, evidence, "", said.shown, both
                )


def _denied_in(exchange: Exchange, lang: Language) -> set[str]:
    """What the answer denies by name: "les selles ?" - "Molles. Pas de diarrhée quand même." """
    said = ((s, m) for s in exchange.answer for m in find_concepts(s.norm, lang))
    return {m.concept.fr for s, m in said if is_denied(s.norm, m.start, m.end, lang)}


TOPIC = {  # what a question is about: "et le jet, comment il est ?", "les règles, elles en sont où ?", "du côté du sommeil ?"
    "fr": re.compile(
        r"\W*(?:(?:et|alors|bon|sinon|maintenant|parlons|parlez moi|dites moi|ok|d accord|du cote|cote|niveau|au niveau|pour)\W+)*(?:de |d |du |des )?"
        r"((?:(?:le|la|les|l|vos|votre|ses|son|sa|ton|ta|tes) )?[a-zœ]{3,}(?: (?:de|du|des|a)(?: la| l)? [a-zœ]{3,})?)"
        r"(?:,? (?:comment|ca|c est|elles?|ils?|est ce|qu|quel|va|vont|est|sont|en)(?![a-z])[^?]*)?[ ?.!…]*$"
    ),
    "en": re.compile(r"\W*((?:[a-z]+ ?){1,5})[ ?.!…]*$"),
}  # fmt: skip


def _topic(norm: str, lang: Language) -> str:
    """What a short question is about, without its asking; empty when it asks more."""
    match = TOPIC[lang].match(norm)
    return match.group(1).strip() if match else norm.rstrip(" ?.!…") if len(norm.split()) <= MOST_WORDS_OF_PART else ""


IT_IS = re.compile(r"\W*(?:(?:et|mais|la|en plus|apres|ben|bah|oh|ah|alors|oui|euh)\W+)*(?:(?:c est|ca|il est|elle est|ils sont|elles sont)(?![a-z])|(?:il|elle|ils|elles) (?:me |m )?(?=[a-z]))")


NONE_THERE = re.compile(r"\W*(?:[a-z]+ ){0,4}non,")  # "mal au ventre non, ça tire un peu"


def of_the_part_before(visit: Visit) -> Iterator[Fact]:
    """ "Le gros orteil, là. C'est rouge, c'est chaud.": what is said of "it" is of the part that was named just before."""
    if visit.lang != "fr":
        return
    for place, said in enumerate(visit.sentences):
        clauses = [clause for clause in said.norm.split(", ") if IT_IS.match(clause) and not NONE_THERE.match(said.norm)]
        before = [s for s in visit.sentences[max(0, place - 2) : place] if s.turn >= said.turn - 1]
        named = [(s, m) for s in before for m in body_part().finditer(s.norm)]
        if said.speaker == "doctor" or said.asks or not clauses or not named or visit.other_person(said, 0):
            continue
        where, part = named[-1]
        for clause in clauses:
            both = f"{part.group(1)} {IT_IS.sub('', clause, count=1).strip()}"
            for mention in find_concepts(both, visit.lang):
                spans = mention.start < len(part.group(1)) < mention.end - 1 and mention.concept.kind == "symptom"
                if spans and not is_denied(both, mention.start, mention.end, visit.lang):
                    evidence = (where.evidence(part.start(1), part.end(1)), said.evidence())
                    yield mention_fact(
                        mention, visit.lang, "present", "certain", "current", said.speaker, evidence, "", said.shown, both
                    )


MOST_WORDS_OF_PART = 5


def is_then_not_now(exchange: Exchange, lang: Language) -> bool:
    """Whether an answer tells that it was, and is no more."""
    return bool(THEN_YES[lang].match(exchange.answer_text) and NOT_NOW[lang].search(exchange.answer_text))


WHICH_SIDE = cues("findings.which_side")
FEMININE = ("jambe", "oreille", "main", "epaule", "hanche", "cheville")


def which_side(exchange: Exchange, lang: Language) -> Iterator[Fact]:
    """ "Quelle jambe ?" - "La droite." """
    for question in exchange.questions:
        asked = WHICH_SIDE[lang].search(question.norm)
        side = named_side(exchange.answer_text, lang)
        if not asked or not side:
            continue
        part = question.line.shown[question.start + asked.start(1) : question.start + asked.end(1)]
        if lang == "en":
            text = f"location: {side.removeprefix('on the ')} {part}"
        else:
            word = {"à gauche": "gauche", "à droite": "droite" if asked.group(1) in FEMININE else "droit"}[side]
            text = f"localisation : {part} {word}"
        yield Fact(
            "symptom",
            text,
            f"localisation {part}",
            (question.evidence(), *(s.evidence() for s in exchange.answer[:3])),
            asserted_by=exchange.answer[0].speaker,
            sentence=exchange.answer[0].shown,
            extra=(text, ""),
        )


WHERE = re.compile(
    r"\W*(?:(?:et|alors|bon|donc|d accord|ok|mais|c est)\W+)*(?:(?:ca (?:fait|vous fait|te fait) mal|ca (?:vous |te |le |la )?(?:gratte|brule|tire|lance|appuie|pique|demange|serre|commence)|vous avez mal|tu as mal|il a mal|elle a mal|c est|(?:il|elle)s? (?:est|sont)|la douleur|les \w+|ca),? (?:c est )?)?(?:precisement |exactement )?"
    r"(?:ou (?:ca|exactement|precisement|donc|surtout|c est|est ce)?|a quel endroit|de quel cote|dans quel coin|quels? (?:doigts?|cotes?|articulations?)|quelles? (?:zones?|articulations?|parties?))(?![a-z])[^?]{0,30}\?|"
    r".*(?:montre[zs]?|dites|dis)(?: \w+){0,3} (?:ou|l endroit|avec (?:un|le|votre|la|ta) (?:doigt|main))(?![a-z])[^?]{0,40}[?.]?\s*$"
)
LAST_TURNS = 6


def located(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Et où ?" - "Entre les doigts, les poignets.": where the last complaint is, in the words of the answer."""
    asked, said = exchange.questions[-1], exchange.answer[0]
    if visit.lang != "fr" or said.speaker == "doctor" or said.asks or not WHERE.match(asked.norm) or visit.other_person(said, len(said.norm)):
        return
    complaint = _complaint(asked, visit)
    if complaint is None or not part_names(said.norm) or len(said.norm.split()) > MOST_WORDS_PLACED:
        return
    words = re.sub(r"^\W*(?:(?:[Bb]en|[Bb]ah|[Ee]uh|[Aa]lors|[Oo]h|[Oo]ui|[Ll]à|[Ii]ci|[Aa]ttendez|[Cc]['’]est)\W+)+", "", said.shown).strip(" .,…!")
    name = complaint.name("fr")
    text = f"{name} : {words[:1].lower()}{words[1:]}"
    evidence = (asked.evidence(), said.evidence())
    yield Fact("symptom", text, f"localisation {complaint.fr}", evidence, asserted_by=said.speaker, sentence=said.shown, extra=(text, ""))


MOST_WORDS_PLACED = 18


def _complaint(asked: Sentence, visit: Visit) -> Concept | None:
    """The symptom that the question names, else the last one that the patient affirmed before it."""
    before = [s for s in visit.sentences if s.turn < asked.turn and s.turn >= asked.turn - LAST_TURNS and s.speaker != "doctor" and not s.asks]
    for s in (asked, *reversed(before)):
        for m in find_concepts(s.norm, visit.lang):
            if m.concept.kind == "symptom" and not is_denied(s.norm, m.start, m.end, visit.lang):
                return m.concept
    return None
