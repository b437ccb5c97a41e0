"""Whose it is: the patient's, or that of a relative or somebody else who is spoken about."""

import re

from app.notes.language.cues import cues
from app.notes.transcript import Language

PET = "pet"
SOMEBODY = "somebody"  # who is called by a first name, and nobody told whose
UNTOLD = frozenset({PET, SOMEBODY})  # whose illness belongs in no note
RELATIONS = {
    "fr": {
        "mother": r"mere|maman",
        "father": r"pere|papa",
        "sister": r"(?:demi )?s(?:oe|œ)urs?|frangines?|jumelle",
        "brother": r"(?:demi )?freres?|frangins?|jumeau",
        "wife": r"femme|epouse",
        "husband": r"mari|epoux",
        "partner": r"copain|copine|compagnon|compagne|conjointe?|partenaire",
        "daughter": r"filles?",
        "son": r"fils|fiston|garcons?",
        "grandmother": r"(?:arriere )?grands? meres?|mamie|mamy",
        "grandfather": r"(?:arriere )?grands? peres?|papi|papy|pepe",
        "uncle": r"oncles?|tonton",
        "aunt": r"tantes?|tata|tatie",
        "cousin": r"cousine?s?(?: germaine?s?)?",
        "nephew": r"neveux?|(?:fils|garcon) de (?:ma s(?:oe|œ)ur|mon frere)",
        "niece": r"nieces?|fille de (?:ma s(?:oe|œ)ur|mon frere)",
        "roommate": r"coloc(?:ataire)?s?",
        "colleague": r"collegues?|patron|cheffe?",
        "friend": r"amie?s?|potes?|copains|copines",
        "neighbour": r"voisine?s?",
        "sister-in-law": r"belle s(?:oe|œ)ur",
        "brother-in-law": r"beau frere",
        "mother-in-law": r"belle mere",
        "father-in-law": r"beau pere",
        "parents": r"parents",
        "children": r"enfants|gosses|gamins",
        "grandchildren": r"petits enfants",
        "granddaughter": r"petites? filles?(?= |,|\.)",
        "grandson": r"petits? fils",
        "daughter-in-law": r"belle fille|bru",
        "son-in-law": r"gendre|beau fils",
        PET: r"(?:(?<=mon )|(?<=ma )|(?<=notre )|(?<=nos ))(?:chien|chienne|chat|chatte|chiot|lapin|cheval)s?",
    },
    "en": {
        "mother": r"mother|mom|mum|mam",
        "father": r"father|dad",
        "sister": r"sisters?",
        "brother": r"brothers?",
        "wife": r"wife",
        "husband": r"husband",
        "partner": r"partner|boyfriend|girlfriend|friends?|fiance",
        "daughter": r"daughters?",
        "son": r"sons?",
        "grandmother": r"grandmother|grandma|gran|nan",
        "grandfather": r"grandfather|grandpa|granddad",
        "uncle": r"uncles?",
        "aunt": r"aunts?",
        "cousin": r"cousins?",
        "nephew": r"nephews?|(?:sister|brother) s (?:\w+ )?(?:son|boy)s?",
        "niece": r"nieces?|(?:sister|brother) s (?:\w+ )?(?:daughter|girl)s?",
        "roommate": r"roommate|flatmate|housemate",
        "colleague": r"colleagues?|coworkers?|boss",
        "neighbour": r"neighbou?rs?",
        "parents": r"parents",
        "children": r"kids?|children",
        PET: r"(?:(?<=my )|(?<=our ))(?:dog|cat|puppy|kitten|horse|rabbit)s?",
    },
}
OWN = {"fr": r"(?:ma|mon|mes|son|sa|ses|notre|nos|la|le|du|votre|vos|leur)", "en": r"(?:my|his|her|our|their|your|the)"}
HAVING = {  # "I have two little kids", "j'ai trois enfants"
    "fr": re.compile(r"(?<![a-z])(?:j ai|on a|nous avons) (?:\w+ ){1,2}$|(?:^|[.,;] )\W*(?:(?:non|ah|oui|mais|ca)\W+)*(?:c est|c etait|ce sont) (?:plutot |surtout |juste )?$"),
    "en": re.compile(r"(?<![a-z])(?:i|we) (?:do |also )?(?:have|ve got|got) (?:\w+ ){0,3}$"),
}
BLOOD = frozenset(
    {
        "mother",
        "father",
        "sister",
        "brother",
        "daughter",
        "son",
        "grandmother",
        "grandfather",
        "uncle",
        "aunt",
        "cousin",
        "nephew",
        "niece",
        "parents",
        "children",
        "granddaughter",
        "grandson",
    }
)
NAMES_FR = {
    "mother": "Mère",
    "father": "Père",
    "sister": "Sœur",
    "brother": "Frère",
    "wife": "Épouse",
    "husband": "Conjoint",
    "partner": "Entourage proche",
    "daughter": "Fille",
    "son": "Fils",
    "grandmother": "Grand-mère",
    "grandfather": "Grand-père",
    "uncle": "Oncle",
    "aunt": "Tante",
    "cousin": "Cousin(e)",
    "nephew": "Neveu",
    "niece": "Nièce",
    "roommate": "Colocataire",
    "colleague": "Collègue",
    "neighbour": "Voisinage",
    "friend": "Entourage",
    "sister-in-law": "Belle-sœur",
    "brother-in-law": "Beau-frère",
    "mother-in-law": "Belle-mère",
    "father-in-law": "Beau-père",
    "parents": "Parents",
    "children": "Enfants",
    "granddaughter": "Petite-fille",
    "grandson": "Petit-fils",
    "grandchildren": "Petits-enfants",
    "daughter-in-law": "Belle-fille",
    "son-in-law": "Gendre",
    "maternal uncle": "Oncle maternel",
    "paternal uncle": "Oncle paternel",
    "family": "Famille",
    "other": "Une autre personne",
}
APPOSITION = {  # "ma tante, la sœur de mon père, a eu": the aunt
    "fr": re.compile(r"(?<=,) (?:la|le|l) ?(?:s(?:oe|œ)ur|frere|mere|pere|fille|fils|femme|mari|tante|oncle) de (?:ma|mon|ses|son|sa) \w+(?=,)"),
    "en": re.compile(r"(?<=,) (?:my|his|her) (?:mother|father|mom|dad|wife|husband|brother|sister) s (?:sister|brother|mother|father|son|daughter)(?=,)"),
}  # fmt: skip
TELLS = cues("people.tells")
NEAR = cues("people.near")
SELF = cues("people.self")


def relation_near(norm: str, start: int, lang: Language) -> tuple[str, int] | None:
    """The person that norm[start:] is about when it is not the patient: (relation, where it is named), or None."""
    found: tuple[str, int, int] | None = None
    norm = APPOSITION[lang].sub(lambda m: " " * len(m.group()), norm)
    for relation, words in RELATIONS[lang].items():
        for match in re.finditer(rf"(?<![a-z])(?:{OWN[lang]} (?:\w+ )?)?(?:{words})(?![a-z])", norm):
            own = re.match(OWN[lang] + " ", match.group()) or HAVING[lang].search(norm[: match.start()])
            if not own and norm[: match.start()].strip(" ,."):
                continue
            if not own and CALLED.match(norm[match.end() :]):
                continue
            if NEAR[lang].search(norm[: match.start()]) and not _is_subject_after_all(norm, match):
                continue
            if TELLS[lang].search(norm[match.end() :]):
                continue
            outsider = OF_OUTSIDER.match(norm, match.end())
            if (
                found is None
                or abs(match.start() - start) < abs(found[1] - start)
                or (found[1] <= match.start() <= found[2])
            ):
                found = (OUTSIDERS.get(outsider.group(1)[:4], "friend") if outsider else relation, match.start(), match.end())
    if found is None:
        return None
    return (found[0], found[1]) if _belongs(norm, found, start, lang) else None


OF_OUTSIDER = re.compile(  # "le fils de ma collègue": no son of ours
    r" (?:de|d|a) (?:ma|mon|mes|une?|notre|la|le|l) ?(?:\w+ )?(collegue|voisine?|amie?|copine|copain|patronn?e?|chef\w*|nounou|prof\w*|gardienne|coiffeuse|boulangere)s?(?![a-z])"
)
OUTSIDERS = {"coll": "colleague", "vois": "neighbour"}
CALLED = re.compile(r" ?[!,](?! ?(?:elles?|ils?|lui|eux|oui|non|c est|mort|decede|une|si|deux|aussi|rien|jamais|she|he|yes|no)(?![a-z]))")  # "Mamie, ça gratte !": who is spoken to


def _is_subject_after_all(norm: str, match: re.Match[str]) -> bool:
    """ "c'est ma sœur qui est allergique", "c'était ma coloc", "pour mon mari, pour son diabète"."""
    theirs = re.match(r",? (?:pour (?:son|sa|ses|leur)|for (?:his|her|their)) ", norm[match.end() :])
    return bool(theirs or re.search(r"(?:c est|c etait|it s|it was|that s) $", norm[: match.start()]))


def _belongs(norm: str, found: tuple[str, int, int], start: int, lang: Language) -> bool:
    _, first, last = found
    if first <= start < last:
        return True
    if first < start:
        between = norm[last:start]
        return not SELF[lang].search(between) and not re.search(r"[.!?]", between)
    between = norm[start:first]
    if re.search(r"[.;!?]", between):
        return False
    return bool(re.search(r"(?:c est|c etait|a|chez|,|it s|it was|in|s) (?:\w+ )?$", between)) and not SELF[
        lang
    ].search(between)


def uncle_side(norm: str, relation: str) -> str:
    """ "mon oncle, le frère de ma mère" is a maternal uncle."""
    if relation in ("uncle", "brother") and re.search(r"oncle|uncle", norm):
        if re.search(r"frere de ma mere|maternel|mother s brother|mother s side", norm):
            return "maternal uncle"
        if re.search(r"frere de mon pere|paternel|father s brother|father s side", norm):
            return "paternal uncle"
        return "uncle"
    return relation


PRONOUN = cues("people.pronoun")


def spoken_of(before: str, norm: str, start: int, lang: Language) -> tuple[str, int] | None:
    """ "Ma mère, oui. Elle a fini à l'insuline": who a pronoun stands for when the sentence before named somebody."""
    if not before or not PRONOUN[lang].search(norm[:start]) or SELF[lang].search(norm[:start]):
        return None
    named = [
        (match.start(), relation)
        for relation, words in RELATIONS[lang].items()
        for match in re.finditer(rf"(?<![a-z]){OWN[lang]} (?:\w+ )?(?:{words})(?![a-z])", before)
    ]
    return (max(named)[1], 0) if named else None
