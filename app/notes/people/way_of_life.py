"""How a French patient lives, as it is asked and answered: work, home, children, sport; the smoke around a child."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Exchange, Visit
from app.notes.people.background import WORK
from app.notes.people.holders import PATIENT

ASKED = (  # what is asked, under which name it is told
    ("profession", "", re.compile(r"(?<![a-z])(?:(?:votre|le|comme|son) (?:metier|travail|boulot|profession)(?:,| ?\?|,? c est| vous )|quel metier|vous (?:etiez|etes|travailliez|bossiez|travaillez|bossez) (?:dans|a|sur) quoi|vous (?:faites quoi|faisiez quoi) (?:dans la vie|comme)|dans la vie)")),
    ("mode de vie", "Foyer : ", re.compile(r"(?<![a-z])(?:(?:vous (?:vivez|habitez)|(?:il|elle) (?:vit|habite)) (?:ou|avec|seule?|comment|chez)|qui (?:est|vit|habite) avec (?:vous|lui|elle))")),
    ("mode de vie", "Enfants : ", re.compile(r"(?<![a-z])(?:combien d enfants|vous avez (?:des |combien d )enfants|des enfants ?\?)")),
    ("mode de vie", "Activité physique : ", re.compile(r"(?<![a-z])(?:(?:du|le|un) sport ?\?|faites du sport|activite physique|vous (?:bougez|marchez)(?! (?:bien|normal|depuis|avec|droit|comment))(?: un peu| beaucoup| encore)? ?\?)")),
)  # fmt: skip
FILLER = re.compile(r"^\W*(?:(?:oui|non|ben|bah|alors|euh|ah|oh|eh bien|toujours|si|d accord|en fait)(?![a-z])\W*)+")
SMOKE = re.compile(r"(?<![a-z])(?:fume\w*|tabac|cigarettes?)(?![a-z])")
NO_JOB = re.compile(r"(?:j (?:ai|y)|je (?:peux|tiens|vais|arrive|reprends|dois|voudrais))(?![a-z])")  # how it goes, not what it is
MOST_WORDS, LEAST_LETTERS = 16, 4
OVER = re.compile(r"(?<![a-z])(?:lache|arrete|laisse tomber|plus depuis|a la retraite|j etais|je faisais|avant)(?![a-z])")
OPEN_END = re.compile(r"[…?]$|(?<![a-z])(?:sais pas|ca va|comme d habitude|comme tout le monde|rien de special)(?![a-z])")


def way_of_life(visit: Visit) -> Iterator[Fact]:
    """Facts about work, home, children and sport that an answer tells in its own words."""
    if visit.lang != "fr":
        return
    for exchange in visit.exchanges:
        yield from _smoke_around(exchange, visit)
        question = exchange.questions[-1]
        for label, heading, asked in ASKED:
            if asked.search(question.norm) and not SMOKE.search(question.norm) and not find_concepts(question.norm, "fr"):
                yield from _answer(exchange, label, heading, visit)
                break


def _answer(exchange: Exchange, label: str, heading: str, visit: Visit) -> Iterator[Fact]:
    told = exchange.answer[0]
    filler = FILLER.match(told.norm)
    words = told.line.shown[told.start + (filler.end() if filler else 0) : told.end].strip(" .!")
    plain = len(words) >= LEAST_LETTERS and len(words.split()) <= MOST_WORDS and not OPEN_END.search(told.norm.strip(" ."))
    if label == "profession" and (WORK["fr"].search(told.norm) or NO_JOB.match(told.norm[filler.end() if filler else 0 :])):
        return
    own = visit.people(told, len(told.norm)) in ((), (PATIENT,)) or label == "mode de vie"
    if told.speaker == "doctor" or told.asks or not plain or not own or find_drugs(told.norm):
        return
    said = f"{heading}« {words} »" if re.match(r"(?:j|je|on|nous)\W", words.lower()) else f"{heading}{words[:1].lower()}{words[1:]}"
    yield Fact(
        "social",
        said,
        label,
        (exchange.questions[-1].evidence(), told.evidence()),
        temporality="past" if OVER.search(told.norm) else "current",
        asserted_by=told.speaker,
        sentence=told.shown,
        extra=(said, ""),
    )


AROUND = re.compile(
    r"(?<![a-z])(?:quelqu un|qui|on|ca|les parents|le papa|la maman|l entourage) (?:\w+ )?fume(?:nt)?(?![a-z])|fumeurs? (?:a la maison|chez vous|autour|dans l entourage)"
)


def _smoke_around(exchange: Exchange, visit: Visit) -> Iterator[Fact]:
    """ "Vous fumez ?" - "Sur le balcon.", asked of a child's parent; "Ça fume, chez vous ?" - "Ma mère.": the smoke around."""
    told = next((s for s in exchange.answer if s.speaker == "relative"), None) if visit.is_child else exchange.answer[0]
    asked = SMOKE if visit.is_child else AROUND
    if told is None or told.speaker == "doctor" or not any(asked.search(q.norm) for q in exchange.questions):
        return
    denied = exchange.verdict == "no"
    if not visit.is_child and (denied or visit.other_person(told, len(told.norm)) is None):
        return
    name = "tabac dans l'entourage"
    words = told.shown.strip(" .!")
    text = name if denied or len(words.split()) > MOST_WORDS else f"{name} : « {words} »"
    evidence = (exchange.questions[-1].evidence(), told.evidence())
    yield Fact(
        "social",
        text,
        "tabac",
        evidence,
        polarity="absent" if denied else "present",
        asserted_by=told.speaker,
        detail="" if text == name else f"« {words} »",
        sentence=told.shown,
        extra=(name, ""),
    )
