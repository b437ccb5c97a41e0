"""What the painful part is like, asked without naming it: "C'est rouge, c'est chaud ?" - "Chaud, oui. Rouge, je trouve pas."

The part is the last that either side named; each quality has the answer that takes it up, else the answer to all. French only.
"""

import re
from collections.abc import Iterator, Sequence

from app.notes.facts import Fact, Polarity
from app.notes.language.lexicon import body_part, find_concepts
from app.notes.language.units import Exchange, Sentence, Visit
from app.notes.signs.mentions import mention_fact

OF_IT = r"(?:c est|ca (?:a )?|il est|elle est|ils sont|elles sont|c etait|vous (?:le|la|les) trouvez)"
QUALITY = r"(?:rouges?|gonflee?s?|gonfle|enflee?s?|chaude?s?|durs?|dures?|douloureu(?:x|ses?)|sensibles?|raides?|bloquee?s?|bleue?s?|engourdie?s?)"
ASKED = re.compile(
    rf"\W*(?:(?:et|alors|sinon|bon|maintenant|la|dessous|derriere|autour|ca)\W+)*(?:{OF_IT} )?(?:(?:un peu|plutot|bien|tres|encore|aussi|toujours) )?{QUALITY}"
    rf"(?:,? (?:ou |et )?(?:{OF_IT} )?{QUALITY})*(?: (?:dessous|autour|la|aussi|au toucher|a cet endroit))?\W*"
)
WORDS = re.compile(rf"(?<![a-z]){QUALITY}(?![a-z])")
YES = r"oui|ouais|si|un peu|tres|vachement|pas mal|legerement"
NO = r"non(?: plus)?|je (?:ne )?(?:trouve|crois|dirais|vois) pas|pas (?:du tout|trop|vraiment|specialement|tellement)|du tout|rien"
REACH_TURNS = 5


def qualities(visit: Visit) -> Iterator[Fact]:
    """What an unnamed part is like, by questions and their answers, in the order of speech."""
    for exchange in visit.exchanges if visit.lang == "fr" else ():
        first = exchange.answer[0]
        if first.speaker == "doctor" or visit.other_person(first, len(first.norm)):
            continue
        for asked in exchange.questions:
            part = _part_before(asked, visit) if ASKED.fullmatch(asked.norm) and not find_concepts(asked.norm, "fr") else ""
            for word in WORDS.findall(asked.norm) if part else ():
                yield from _quality(part, word, asked, exchange)


def _part_before(asked: Sentence, visit: Visit) -> str:
    before = [s for s in visit.sentences if (s.turn, s.start) < (asked.turn, asked.start) and s.turn >= asked.turn - REACH_TURNS]
    for said in reversed(before):
        named = body_part().findall(said.norm)
        if named:
            return str(named[-1])
    return ""


def _quality(part: str, word: str, asked: Sentence, exchange: Exchange) -> Iterator[Fact]:
    polarity = _verdict(word, exchange)
    both = f"{part} est {word}"
    mention = next((m for m in find_concepts(both, "fr") if m.concept.kind == "symptom" and m.start < len(part) < m.end), None)
    if mention and polarity:
        first = exchange.answer[0]
        evidence = (asked.evidence(), first.evidence())
        yield mention_fact(mention, "fr", polarity, "certain", "current", first.speaker, evidence, "", first.shown, both)


def _verdict(word: str, exchange: Exchange) -> Polarity | None:
    """What the answer says of this quality; of all of them when it takes up none."""
    text = exchange.answer_text
    own = re.search(rf"(?<![a-z]){word[:4]}[a-z]*,? (?:(?:ca|la|alors),? )?(?:({YES})|({NO}))(?![a-z])", text)
    if own:
        return "present" if own.group(1) else "absent"
    if _takes_one_up(exchange.questions, text):
        return None
    return {"yes": "present", "no": "absent"}.get(exchange.verdict)  # type: ignore[return-value]


def _takes_one_up(questions: Sequence[Sentence], text: str) -> bool:
    asked = {word[:4] for q in questions for word in WORDS.findall(q.norm)}
    return any(word[:4] in asked for word in WORDS.findall(text))
