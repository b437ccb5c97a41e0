"""What people are allergic to, where a text names it; drugs that are given against a reaction are none."""

import re
from importlib import resources

from app.notes.language.lexicon import DrugMention, find_drugs
from app.notes.language.text import fold
from app.notes.transcript import Language

ALLERGENS = tuple(
    tuple(line.split("\t"))
    for line in (resources.files("app.notes") / "data" / "allergens.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
STRONG = re.compile(  # what only an allergy does
    r"urticaire|plaques?(?!tte)|(?:oe|œ)deme|gonfl\w+|choc(?! )|anaphyla\w+|eternu\w+|cloques?|hives|swell\w*|swollen"
)
BROAD = ("médicaments", "antibiotiques", "animaux", "aliments", "anti-inflammatoire", "insectes", "piqûres d'insectes")
ADRENALINE = "C01CA24"  # ATC
RESCUE = re.compile(r"R06|H02|R03|R01A|D07")  # ATC: what is given against a reaction, or taken for an allergy
USED = {
    "fr": re.compile(r"(?<![a-z])(?:j ai|on a|a|ai|prends?|prenait|pris|donne\w*|mis|sous|utilise\w*|garde|porte) (?:\w+ ){0,5}$"),
    "en": re.compile(
        r"(?<![a-z])(?:have|has|had|got|carry|carries|keep|keeps|tak(?:e|es|ing)|took|us(?:e|es|ed|ing)|g[ai]ve|given|on|try|tried|need(?:s|ed)?) (?:\w+ ){0,5}$"
    ),
}  # fmt: skip
TO_IT = {  # right before a name that is the allergen
    "fr": re.compile(r"(?:allergi\w*|intoleran\w*|reagi\w*) (?:a |aux? |de )?(?:la |l |les )?$"),
    "en": re.compile(r"(?:allerg\w*|intoleran\w*|react\w*|reaction) (?:to |with |of |from )?(?:the |an? )?$"),
}


def allergens(norm: str, lang: Language) -> list[tuple[str, str, int]]:
    """Allergens named in a folded text: (French name, name in `lang`, place). A drug against reactions is none."""
    found = [
        (m.drug.inn, m.drug.name(lang) + (f" ({m.drug.brand})" if m.drug.brand and fold(m.drug.brand) != fold(m.drug.name(lang)) else ""), m.start)
        for m in find_drugs(norm)
        if m.drug.inn != "antibiotique" and not _against_reactions(m, norm, lang)
    ]
    for fr, en, pattern_fr, pattern_en in ALLERGENS:
        found_at = re.finditer(rf"(?<![a-z])(?:{pattern_fr if lang == 'fr' else pattern_en})", norm)
        match = next((m for m in found_at if not LIKE.search(norm[: m.start()])), None)
        if match and not any(name == fr for name, _, _ in found):
            found.append((fr, _as_said(fr, norm, match) if lang == "fr" else en, match.start()))
    labels = {label for label, _, _ in found}
    return [item for item in found if PART_OF.get(item[0]) not in labels]


PART_OF = {"caoutchouc": "latex", "bijoux fantaisie": "nickel", "venin d'hyménoptères": "abeilles", "piqûres d'insectes": "moustiques"}  # told with it


def _as_said(name: str, norm: str, match: re.Match[str]) -> str:
    """The name of an allergen with the word that was used, where it is another: "coquillages (moules)"."""
    said = re.sub(r"^(?:les?|la|l|des?|du|aux?|vos|ses|d) ", "", match.group())
    known = said[:5] in {word[:5] for word in re.findall(r"[a-zœ]{3,}", fold(name))}
    return name if known or " " in said or len(said) < LEAST_SAID else f"{name} ({ACCENTED.get(said, said)})"


LIKE = re.compile(r"(?<![a-z])(?:comme (?:une?|des|du|de la|l)|dans (?:le|la|les|du)) $")  # "le visage comme une pastèque", "dans le caoutchouc"
LEAST_SAID = 4  # letters
ACCENTED = {"huitres": "huîtres", "huitre": "huître", "peches": "pêches", "peche": "pêche", "cypres": "cyprès"}


def _against_reactions(mention: DrugMention, norm: str, lang: Language) -> bool:
    """ "We have an EpiPen", "Zyrtec for my allergies": unless somebody is said to be allergic to it."""
    before = norm[: mention.start]
    if TO_IT[lang].search(before):
        return False
    if (mention.drug.atc or "") == ADRENALINE:
        return True
    calms = mention.drug.inn == "antihistaminique" or RESCUE.match(mention.drug.atc or "") is not None
    return calms and USED[lang].search(re.split(r"[.;:!?]", before)[-1]) is not None
