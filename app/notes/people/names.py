"""Who is called by a first name in French talk: "ma sœur Odette", "Julien, il vapote", "c'est Kamil qui fume"."""

import re
from collections.abc import Iterator

from app.notes.language.lexicon import find_drugs
from app.notes.language.text import fold
from app.notes.people.people import RELATIONS, SOMEBODY
from app.notes.transcript import Transcript

NAME = r"(?!(?:Mme|Mlle|Oui|Non|Ouais|Ben|Bah|Alors|Euh|Elles?|Lui|Eux|Mais|Sinon|Hier|Maintenant|Donc|Enfin|Bon|Après|Avant|Parfois|Souvent|Apparemment|Pour|Depuis|Normalement|Moi|Toi|Merci|Voilà|Tiens|Attendez|Docteur|Bonjour|Maman|Papa|Mamie|Papi|Quand|Comme|Là|Noël)\b)[A-ZÉÈÎÏ][a-zéèêëîïôüç]{2,}(?:-[A-ZÉ][a-zéèêëîïôç]+)?"
WITH_RELATION = re.compile(rf"\b([MmSs]a|[MmSs]on) (?:(?:petite?|grande?|aînée?) )?([a-zœéè-]+),? ({NAME})\b(?! (?:de|du)\b)")
RELATION_AFTER = re.compile(rf"\b({NAME}), (?:c'est )?([ms]a|[ms]on) ([a-zœéè-]+)\b")
SUBJECT = re.compile(
    rf"(?<![\w'’])({NAME})(?:, (?:il|elle|lui)\b|,? (?:il|elle) (?:a|est|en|prend|fume|vapote|boit|dit|fait|avait|était|dort|rentre|va)\b|"
    r" (?:a (?!un\b|une\b|de\b)|est|prend|fume|vapote|boit|avait|était|en a|dort|rentre|ne )\b)"
)
ACTS = re.compile(rf"(?<![\w'’])({NAME}), (?:il|elle) (?:vapote|fume|boit|dort|rentre|travaille|dit|va|prend|a eu|est (?:malade|cuisin|venue?|partie?|au|en))")  # people do
IT_IS = re.compile(rf"\b[Cc]['’](?:est|était) ({NAME})\b")
NOT_BEFORE = re.compile(  # a title, an article, a place
    r"(?:\b(?:[Dd]octeur|[Dd]r|[Pp]rofesseur|[Mm]adame|[Mm]onsieur|Mme|Mlle|M\.|le|la|les|du|de|des|au|aux|à|en|chez|sur|une?|mes|vos|ce|cette|hôpital|rue) |\b[dlDL]['’])$"
)

ADULT_YEARS = 16
GREETING_TURNS = 10


def first_names(transcript: Transcript) -> tuple[tuple[str, str, str], ...]:
    """Folded first names of others than the patient, each with the relation (or SOMEBODY) and the words that told it."""
    if transcript.lang != "fr":
        return ()
    adult = (transcript.patient.age or 0) >= ADULT_YEARS
    greeted = transcript.turns[:GREETING_TURNS] if adult else transcript.turns  # who joins later is no grown-up patient
    called = " ".join(t.text for t in greeted if t.speaker == "doctor")
    found: dict[str, tuple[str, str]] = {}
    for turn in transcript.turns:
        if turn.speaker != "doctor":
            for name, who, words in _named(turn.text):
                if found.get(name, (SOMEBODY, ""))[0] == SOMEBODY:
                    found[name] = who, words
    said = " ".join(t.text for t in transcript.turns)
    small = set(re.findall(r"[a-z]+", _plain(said)))
    proper = {fold(m.group(1)) for m in ACTS.finditer(said)} | {fold(m.group()) for m in WITHIN.finditer(said)} - small
    return tuple(
        (name, who, words)
        for name, (who, words) in found.items()
        if name in proper and not find_drugs(name) and (who != SOMEBODY or not _is_addressed(name, called))
    )


WITHIN = re.compile(rf"(?<=[a-zéèà,’'] ){NAME}\b")  # a capital within a sentence


def _plain(said: str) -> str:
    """The words that are written small, folded."""
    return fold(re.sub(NAME, " ", said))


def _named(text: str) -> Iterator[tuple[str, str, str]]:
    for match in WITH_RELATION.finditer(text):
        yield from _related(match.group(3), match.group(1), match.group(2))
    for match in RELATION_AFTER.finditer(text):
        if NOT_BEFORE.search(text[: match.start(1)]):
            continue
        yield from _related(match.group(1), match.group(2), match.group(3))
    for match in (*SUBJECT.finditer(text), *IT_IS.finditer(text)):
        if not NOT_BEFORE.search(text[: match.start(1)]):
            yield fold(match.group(1)), SOMEBODY, ""


def _related(name: str, owner: str, relation: str) -> Iterator[tuple[str, str, str]]:
    words = fold(relation)
    who = (who for who, pattern in RELATIONS["fr"].items() if re.fullmatch(pattern, words))
    yield from ((fold(name), one, f"{owner.lower()} {words}") for one in who)


def _is_addressed(name: str, called: str) -> bool:
    """Whether the doctor speaks to somebody of that name: "Noé, tu me vois ?", "Bonjour Florent"."""
    return any(
        name in re.findall(r"[a-z]+", fold(sentence))[:1] + re.findall(r"[a-z]+", fold(sentence))[-1:] + _after_greeting(sentence)
        and re.search(r"(?<![a-z])(?:vous|tu|t|te|bonjour|salut|merci|revoir)(?![a-z])", fold(sentence)) is not None
        for sentence in re.split(r"(?<=[.?!…])\s", called)
    )


def _after_greeting(sentence: str) -> list[str]:
    return re.findall(r"(?:bonjour|merci|revoir|et)(?: madame| monsieur)? ([a-z]+)", fold(sentence)) + re.findall(r", ([a-z]+)(?=[,.?! ])", fold(sentence))
