"""A urine dipstick as it is read out: "sang trois croix, nitrites négatifs", "protéines, une croix. Sucre, zéro."."""

import re
from collections.abc import Iterator, Sequence

from app.notes.facts import Fact
from app.notes.language.units import Sentence, Visit

FIELDS = {
    "leucocytes": r"leucos?|leucocytes?|globules blancs",
    "nitrites": r"nitrites?",
    "sang": r"(?:du )?sang|hematies",
    "protéines": r"proteines?|albumine|proteinurie",
    "glucose": r"sucre|glucose",
    "corps cétoniques": r"corps cetoniques|cetones?|acetone",
}
MARKS = {  # what was read, as it is written
    "+++": r"(?:3|trois) (?:croix|plus)|(?:plus ){2}plus|\+\+\+",
    "++": r"(?:2|deux) (?:croix|plus)|plus plus(?! plus)|\+\+",
    "+": r"(?:une|1|un) (?:croix|plus)|plus(?! (?:que|de|tard|haut|bas))|\+|positi(?:f|ve)s?|present\w*",
    "traces": r"(?:des )?traces?",
    "négatif": r"negati(?:f|ve)s?|zero|0|rien|absents?|moins|pas",
}
NAMED = re.compile(r"bandelette|nitrites?|leuco")
READ = re.compile(
    rf"(?<![a-z])(?P<field>{'|'.join(FIELDS.values())})[ ,:]+(?:(?:est|sont|c est|a|les?|la|il y a|y a|en|etaient|etait|revien\w+) )*(?P<mark>{'|'.join(MARKS.values())})(?![a-z])"
)
CROSSES = re.compile(rf"(?<![a-z])(?P<mark>une|1|2|3|deux|trois) croix (?:de |d )(?P<field>{'|'.join(FIELDS.values())})(?![a-z])")
TURNS = 2  # between the naming of the dipstick and what was read


def dipsticks(visit: Visit) -> Iterator[Fact]:
    """One result for each turn in which a dipstick is read; a condition or another person's is none."""
    if visit.lang != "fr":
        return
    named = -TURNS - 1
    by_turn: dict[int, list[Sentence]] = {}
    for sentence in visit.sentences:
        named = sentence.turn if "bandelette" in sentence.norm else named
        near = sentence.turn - named <= TURNS or len(NAMED.findall(sentence.norm)) > 1
        if near and not sentence.asks and _readings(sentence.norm) and not re.search(r"(?:^|\W)si (?!si)", sentence.norm):
            by_turn.setdefault(sentence.turn, []).append(sentence)
    for sentences in by_turn.values():
        yield _result(sentences)


def _readings(norm: str) -> list[tuple[str, str]]:
    found = [(m.start(), m) for pattern in (READ, CROSSES) for m in pattern.finditer(norm)]
    return [(_key(FIELDS, m["field"]), _mark(m["mark"])) for _, m in sorted(found, key=lambda one: one[0])]


def _key(table: dict[str, str], said: str) -> str:
    return next(name for name, words in table.items() if re.fullmatch(words, said))


def _mark(said: str) -> str:
    return {"une": "+", "1": "+", "2": "++", "deux": "++", "3": "+++", "trois": "+++"}.get(said) or _key(MARKS, said)


def _result(sentences: Sequence[Sentence]) -> Fact:
    read = dict(pair for sentence in sentences for pair in _readings(sentence.norm))
    words = ", ".join(f"{field} {mark}" for field, mark in read.items())
    first = sentences[0]
    return Fact(
        "lab",
        f"bandelette urinaire : {words}",
        "bandelette urinaire",
        tuple(s.evidence() for s in sentences),
        asserted_by=first.speaker,
        critical=any(mark != "négatif" for mark in read.values()),
        status="result",
        sentence=" ".join(s.shown for s in sentences),
        extra=("bandelette urinaire", words),
    )
