"""An earlier value told without its name: "8,1" - "la dernière fois c'était ?" - "sept quatre, en mars"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.facts import Fact
from app.notes.readings import MEASURES, PRESSURE, TEMPERATURE, Said, when_said

TOPIC_TURNS = 3
LEAST, MOST = 0.6, 1.7  # an earlier value is near the last one; anything else counts something else
LEAST_OF_LAB, MOST_OF_LAB = 0.2, 5.0
EARLIER = re.compile(
    r"(?<![a-z])(?:la (?:derniere|fois d avant) ?fois|avant|le mois dernier|l an dernier|l annee derniere|(?:il )?y a (?:\d+|une?|quelques) (?:jours|semaines?|mois|ans?)|"
    r"en (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)|d habitude|precedent\w*|"
    r"last (?:time|month|year|week)|before|previous\w*|\d+ (?:days|weeks|months|years) ago|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|usual\w*)(?![a-z])"
)
VALUE = re.compile(  # and nothing counted after it
    r"(?<![\d./])(\d{1,3})(?:\.(\d{1,2})| (\d{1,2}|un(?=[,.;!?]|$)))?(?![\d/]|\.\d)"
    r"(?=\W*$|[,.;!?]| ?(?:kilos?|kg|%|grammes?|en|chez|(?:il )?y a|avant|l an|le mois|la derniere|d habitude|before|last|in|at|pounds)(?![a-z]))"
)


def earlier_value(said: Said, last: Fact | None) -> Iterator[Fact]:
    """The value of before of the measure that was told last, when the sentence names no measure of its own."""
    norm, turn = said.sentence.norm, said.sentence.turn
    if last is None or not isinstance(last.value, float) or turn - last.evidence[-1].turn > TOPIC_TURNS:
        return
    asked = said.questions[-1].norm if said.questions else ""
    if not EARLIER.search(norm) and not EARLIER.search(asked):
        return
    if " ".join(said.sentence.norm.split()[:1]) in ("si", "if"):
        return
    if any(re.search(m.cue(said.lang), norm + " " + asked) for m in (TEMPERATURE, PRESSURE, *MEASURES) if m.fr != last.label):
        return
    for match in VALUE.finditer(norm):
        part = match.group(2) or (match.group(3) or "").replace("un", "1")
        value = float(f"{match.group(1)}.{part}") if part else float(match.group(1))
        least, most = (LEAST, MOST) if last.type == "vital" else (LEAST_OF_LAB, MOST_OF_LAB)
        if least * last.value <= value <= most * last.value and value != last.value:
            when = when_said(said, match.start())
            yield replace(
                last,
                text=" ".join(filter(None, (last.extra[0], when))),
                evidence=(last.evidence[-1], *said.evidence()),
                value=value,
                temporality="past",
                asserted_by=said.sentence.speaker,
                critical=False,
                detail=when,
                sentence=said.sentence.shown,
                extra=(last.extra[0], when),
            )
            return
