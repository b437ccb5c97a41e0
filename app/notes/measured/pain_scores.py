"""Pain on a scale of ten, with where or when it has this score: "7 quand je bouge, 2 allongé"."""

import re
from collections.abc import Iterator

from app.notes.facts import Fact
from app.notes.language.polarity import CONDITIONS
from app.notes.language.timing import DAY_EN, DAY_FR
from app.notes.measured.readings import LAST, Said

SCALE = re.compile(
    r"(?<![\d.])(?:0|1|zero|un) a (?:10|dix)|echelle|(?<!fois )sur 10|/10|\b0 to 10|1 to 10|out of 10|scale|\beva\b|si (?:dix|10) (?:c est|est)|10 (?:c est|etant|c etait) (?:le|la) (?:pire|plus|max)|"
    r"(?:douleur|mal|souffrance)\b.{0,40}(?:la note|la met (?:a|combien)|vous (?:la |lui )?(?:mettez|donnez|mettriez|donneriez|notez|noteriez|cotez|chiffrez)|a combien)|(?:notez|chiffrez|cotez|evaluez) (?:la |votre )?douleur|note de (?:la )?douleur"
)
SCORE = re.compile(
    r"(?<![\d.])(10|\d)(?:\.5)?(?: ?(?:/|sur|out of) ?10)?(?!\d|\.\d|/|(?: a| to)? 10|,? ?10 (?:etant|c est)| ?(?:jours|ans|heures?|fois|days|years|hours|weeks|mois|minutes|semaines|comprim|cachets?|mg|grammes?|nuits|h\b|sachets?))"
)
COUNTED = re.compile(  # "une personne sur dix", "neuf fois sur dix": how often, and no score
    r"(?:personnes?|patients?|patientes?|cas|malades?|enfants?|bebes?|femmes?|hommes?|gens|fois|chances?|grossesses?|jours?|nuits?|soirs?|matins?|people|patients|times) (?:sur|out of) 10(?!\d)"
)
PLACES = re.compile(
    r"(couch[eé]e?|allong[eé]e?|assise?|au repos|debout|quand je (?:me l[eè]ve|\w+)|(?:la|cette) nuit|at night|at rest|[àa] l['’]effort|"
    rf"en (?:marchant|bougeant|toussant|descendant|montant|me levant|forçant|respirant|mangeant|avalant|appuyant|pliant|tournant)|ce (?:matin|soir)|hier(?: soir)?|aujourd['’]hui|maintenant|{DAY_FR}|today|now|yesterday|on {DAY_EN}|when I(?:['’]m)? (?:go down the stairs|\w+)|lying down|sitting)",
    re.IGNORECASE,
)


def pain_scores(said: Said) -> Iterator[Fact]:
    """Each score of a sentence that a scale announces, in it or in the question."""
    norm = said.sentence.norm
    norm = COUNTED.sub(lambda counted: "¤" * len(counted.group()), norm)
    if not SCALE.search(norm + " " + said.context):
        return
    for match in SCORE.finditer(norm):
        score = float(match.group(1))
        if (score == 0 and "to 10" in norm + "a 10") or CONDITIONS[said.lang].search(norm[: match.start()]):
            continue
        shown = said.sentence.line.shown[said.sentence.start : said.sentence.end]
        where = _place(shown, match.start())
        name = "douleur (échelle numérique)" if said.lang == "fr" else "pain score"
        yield Fact(
            "symptom",
            " ".join(filter(None, (name, where))),
            "douleur",
            said.evidence(),
            value=score,
            unit="/10",
            temporality="past" if said.lang == "fr" and re.search(PAST, norm[: match.start()].split(",")[-1]) else "current",
            asserted_by=said.sentence.speaker,
            detail=where,
            sentence=said.sentence.shown,
            extra=(name, where),
        )


PAST = rf"{LAST}|(?<![a-z])(?:cette nuit|au debut|au pire|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)(?![a-z])"


def _place(shown: str, at: int) -> str:
    before, after = shown[:at], shown[at:]
    own = re.split(r"[,;.]", before)[-1] + re.split(r"[,;.]|\bet\b|\band\b", after)[0]
    since_the_last = re.split(r"\d", before)[-1][-30:]
    found = PLACES.search(own) or PLACES.search(since_the_last)
    words = found.group()[:1].lower() + found.group()[1:] if found else ""
    return {"quand je me lève": "au lever"}.get(words, words)
