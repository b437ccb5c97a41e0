"""Drugs called by their class, colour or use ("la rapide", "le spray bleu", "le cachet de la tension"): which one is meant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from app.notes.language.lexicon import Drug, DrugMention, drugs, find_drugs
from app.notes.language.text import fold
from app.notes.transcript import Transcript

Pattern = tuple[re.Pattern[str], tuple[str, ...], str]


@cache
def _names() -> tuple[Pattern, ...]:
    text = (resources.files("app.notes") / "data" / "lay_drugs.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(
        (re.compile(rf"(?<![a-z])(?:{words})(?![a-z])"), tuple(codes.split(",")), usual) for words, codes, usual in rows
    )


ASKED_FOR = re.compile(  # "Et pour la thyroïde ?": what is taken for it
    r"\W*(?:(?:et|alors|bon|ok|d accord|sinon|puis)\W+)*(?:pour|contre) (?:la |le |l |les |votre |ton |ta )([a-z]+)\W*\?\s*"
)
USES = {
    "thyroide": ("H03AA",),
    "tension": ("C02", "C03", "C07", "C08", "C09"),
    "cholesterol": ("C10",),
    "estomac": ("A02",),
    "sommeil": ("N05C",),
    "diabete": ("A10",),
    "prostate": ("G04C",),
    "goutte": ("M04A",),
    "epilepsie": ("N03",),
    "moral": ("N06A",),
}


def recorded(codes: Sequence[str], transcript: Transcript) -> Drug | None:
    """The one drug of the record whose ATC code begins with one of `codes`; None when there is none or more than one."""
    found = {
        m.drug.inn: m.drug
        for line in transcript.patient.treatments
        for m in find_drugs(fold(line))
        if (m.drug.atc or "").startswith(tuple(codes))
    }
    return replace(next(iter(found.values())), brand="") if len(found) == 1 else None


def lay_mentions(norm: str, transcript: Transcript) -> Iterator[DrugMention]:
    """Drugs that a folded sentence calls by their use or look, where the record or custom tells which."""
    asked = ASKED_FOR.fullmatch(norm)
    drug = recorded(USES.get(asked.group(1), ("-",)), transcript) if asked else None
    if asked and drug:
        yield DrugMention(drug, asked.start(1), asked.end(1))
        return
    for pattern, codes, usual in _names():
        for match in pattern.finditer(norm):
            meant = recorded(codes, transcript) or (drugs().get(fold(usual)) if usual else None)
            if meant:
                yield DrugMention(meant, match.start(), match.end())
