"""What a bare complaint means where it is said: "ça brûle" after talk of the stomach is no burning of the urine.

The nearest part or function that either side has named decides, from the same sentence back over a few turns. French only.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.notes.language.lexicon import Concept, Mention, concepts
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

REACH_TURNS = 6
BARE = re.compile(
    r"(?:ca|c) (?:me |vous |lui |t )?(?:a )?(?:brul|coul|gratt|piqu|siffl|serr)\w*|les? brulures?|pas de brulure|aucune brulure|brulures?|(?:des |de )?glaires?|crache(?:r|z)?|ca coule|"
    r"(?:il )?y a du sang|sifflements?|(?:(?:avez|as|a) vu )?(?:des |du |de |un )?(?:saignements?|sang)(?: dedans)?|(?:(?:je|vous|tu|ai|as|avez|a) )*saign\w*"
)
TALK_OF = {
    "eye": r"(?:oe|œ)il|yeux|paupiere|lentilles? (?!corail)|ophtalmo|conjonctiv",
    "ear": r"oreille|tympan|otite",
    "nose": r"(?<![a-z])nez|narine|rhume",
    "throat": r"gorge|avale|angine|amygdal",
    "urine": r"urin|pipi|piss|miction|vessie|cystite|prostate|ecbu|bandelette|besoin d uriner|(?<![a-z])jet(?![a-z])",
    "vulva": r"vagin|vulve|pertes|mycose|intime|rapports",
    "womb": r"regles|enceinte|grossesse|ventre,? (?:et |ou )?des saignements|saignements? en bas|gyneco|uterus|sterilet|frottis|menopause",
    "stomach": r"estomac|reflux|(?:oe|œ)sophag|acid|omeprazole|inexium|gaviscon|remonte",
    "vomit": r"vomi|marc de cafe",
    "belly": r"ventre|nombril|bide",
    "gut": r"selles?|transit|diarrhee|constip|caca|anus|toilettes|gastro(?!sco)|c est (?:comme |que )?de l eau",
    "skin": r"peau|plaque|bouton|eczema|cloque|crout|zona|coup de soleil|creme|psoriasis|omoplate|tache",
    "chest": r"toux|touss|bronch|poumon|crach|respir",
    "head": r"(?<![a-z])tete|crane|front(?![a-z])|tempes?|migraine",
    "gums": r"gencive|dents?(?![a-z])|brosse",
    "heart": r"poitrine|thora|c(?:oe|œ)ur(?!ant)",
}
NOWHERE = ""  # nothing was named from which the meaning could come, or something that gives it none
BLEEDING = {
    "urine": "hématurie", "gut": "sang dans les selles", "nose": "épistaxis", "chest": "hémoptysie", "vomit": "hématémèse",
    "womb": "saignement vaginal", "gums": "saignement des gencives",
}  # fmt: skip
MEANS = {  # bare complaint: what it is where the talk is of something
    "brûlures mictionnelles": {
        "eye": "yeux irrités", "throat": "odynophagie", "stomach": "pyrosis ou reflux", "skin": "brûlure", "vulva": "brûlure de la vulve",
        "urine": "brûlures mictionnelles", NOWHERE: "brûlure",
    },
    "brûlure": {"urine": "brûlures mictionnelles", "stomach": "pyrosis ou reflux", "eye": "yeux irrités"},
    "suintement": {"eye": "larmoiement", "nose": "rhinorrhée", "ear": "otorrhée"},
    "expectorations": {"gut": "glaires dans les selles", "vomit": "vomissements"},
    "saignement": BLEEDING,
    "sang dans les selles": {system: label for system, label in BLEEDING.items() if system != "vomit"},
    "hématurie": BLEEDING,
    "sifflements": {"ear": "acouphènes"},
    "oppression thoracique": {
        "belly": "douleur abdominale", "head": "céphalées", "heart": "oppression thoracique", "chest": "oppression thoracique",
        NOWHERE: "sensation de serrement",
    },
    "prurit (démangeaisons)": {"eye": "yeux irrités"},
}  # fmt: skip


def in_context(mention: Mention, sentence: Sentence, visit: Visit) -> Mention:
    """The mention, with the concept that its words stand for where they are said."""
    meanings = MEANS.get(mention.concept.fr) if visit.lang == "fr" else None
    if not meanings or not BARE.fullmatch(_words(sentence.norm, mention)):
        return mention
    for said in _before(sentence, mention, visit):
        near = [(m.end(), system) for system, words in TALK_OF.items() for m in re.finditer(words, said)]
        if near:
            label = meanings.get(max(near)[1], meanings.get(NOWHERE))
            return replace(mention, concept=_named(label, visit.lang) or mention.concept) if label else mention
    label = meanings.get(NOWHERE)
    return replace(mention, concept=_named(label, visit.lang) or mention.concept) if label else mention


def as_operation(mention: Mention, asked: str, lang: Language) -> Mention:
    """ "Des opérations ?" - "Une appendicite, à douze ans.": the illness that was operated on stands for the operation."""
    label = OPERATED.get(mention.concept.fr) if lang == "fr" and ASKS_OPERATIONS.search(asked) else None
    return replace(mention, concept=_named(label, lang) or mention.concept) if label else mention


ASKS_OPERATIONS = re.compile(
    r"(?<![a-z])(?:oper\w*|chirurg\w*|interventions?)(?![a-z])(?!.*(?:maladie|famille|parents))"
)
OPERATED = {
    "appendicite": "appendicectomie",
    "calculs vésiculaires": "cholécystectomie",
    "lésion du ménisque": "opération du ménisque",
    "cataracte": "opération de la cataracte",
    "hernie inguinale": "opération de hernie",
    "varices": "opération des varices",
    "canal carpien": "opération du canal carpien",
}


def _words(norm: str, mention: Mention) -> str:
    rest = re.match(r"[a-zœ]*", norm[mention.end :])
    return norm[mention.start : mention.end] + (rest.group() if rest else "")


def _before(sentence: Sentence, mention: Mention, visit: Visit) -> Iterator[str]:
    """What stands around the mention, the nearest first: before it, then the reason of the visit, then after it."""
    yield f"{sentence.norm[: mention.start]} {sentence.norm[mention.end :]}"
    earlier = [s for s in visit.sentences if (s.turn, s.start) < (sentence.turn, sentence.start)]
    for s in reversed(earlier):
        if s.turn < sentence.turn - REACH_TURNS:
            break
        yield s.norm
    yield visit.motif.lower()
    yield from (s.norm for s in visit.sentences if sentence.turn < s.turn <= sentence.turn + REACH_TURNS)


def _named(label: str, lang: Language) -> Concept | None:
    return next((c for c in concepts(lang) if c.fr == label), None)
