"""Results with a name of their own kind: the level of a drug in the blood, the density of a bone below zero. French only."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.lexicon import find_drugs
from app.notes.measured.readings import Measure, Said, measured

LEVEL = re.compile(r"\W*(?:\w+ )?(?:(?:est|etait|sort|dosee?|revient|ressort) )*a (\d+(?:\.\d+)?) ?(milligrammes?|mg|microgrammes?|nanogrammes?) (?:par litre|par l|par millilitre)(?![a-z])")
UNITS = {"mil": "mg/L", "mg": "mg/L", "mic": "ug/L", "nan": "ng/mL"}


def drug_levels(said: Said) -> Iterator[Fact]:
    """ "Lamotrigine à 4,1 milligrammes par litre": how much of a drug is in the blood."""
    norm = said.sentence.norm
    for mention in find_drugs(norm) if said.lang == "fr" else ():
        told = LEVEL.match(norm[mention.end :])
        if told:
            name = f"dosage {mention.drug.inn}"
            unit = UNITS[told.group(2)[:3].strip()]
            level = Measure("lab", name, name, unit, 0, 1000, re.escape(norm[mention.start : mention.end]), "")
            yield measured(said, level, float(told.group(1)), mention.end + told.start(1))


BELOW = re.compile(r"(?<![a-z])moins (\d)(?:\.(\d)| (\d))?(?!\d|\.\d| ?(?:kilos?|kg|de |fois|jours|ans|mois|points?))")
SITE = re.compile(r"(?<![a-z])(colonne|lombaires?|rachis|vertebres|col du femur|femur|femoral|hanche|t ?score)(?![a-z])")
SITES = {"col": "lombaire", "lom": "lombaire", "rac": "lombaire", "ver": "lombaire", "fem": "fémoral", "han": "fémoral"}


def bone_scores(said: Said) -> Iterator[Fact]:
    """ "À la colonne, moins trois virgule un": a T-score of the densitometry, with where it was measured."""
    norm = said.sentence.norm
    for told in BELOW.finditer(norm) if said.lang == "fr" else ():
        near = [m.group(1) for m in SITE.finditer(norm[max(0, told.start() - REACH) : told.end() + REACH])]
        if near:
            tenth = told.group(2) or told.group(3) or "0"
            site = "fémoral" if "femur" in near[0] else SITES.get(near[0][:3], "")
            name = f"T-score {site}".strip()
            yield measured(said, Measure("lab", name, name, "", -6, 0, SITE.pattern, ""), -float(f"{told.group(1)}.{tenth}"), told.start())


REACH = 32  # characters
