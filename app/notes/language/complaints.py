"""Complaints that a part of the body and what is wrong with it make together: "la paupière qui tremble", "mal au coude".

French only: English names the two in a fixed order, which the patterns of concepts.tsv hold.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

PLACED = (
    "(?:a|au|aux|dans|sur|sous|de|du|des|d|derriere|autour|entre|vers|le long|au niveau|au dessus|en dessous|cote|pres|"
    "tout autour|a l interieur|en haut|en bas)"
)
OF_WHICH = (
    "(?:la|le|les|l|mon|ma|mes|ton|ta|tes|son|sa|ses|un|une|votre|vos|toute?s?|tous|2|bas|haut|milieu|creux|plis?|bout|"
    "du|de|des|articulations?)"
)
BETWEEN = (
    "(?:n|ne|qui|que|il|elle|ils|elles|on|ca|c|est|sont|etai(?:t|ent)|a|ont|ai|j|me|m|te|se|s|lui|vous|en|tout|toute|toutes|"
    "tous|tres|un|peu|bien|super|trop|hyper|assez|plutot|encore|toujours|aussi|vraiment|souvent|parfois|des fois|"
    "devien\\w+|reste\\w*|deven\\w+|droite?s?|gauches?|le soir|le matin|la nuit|carrement|completement|fait|font)"
)
GOES_ON = "(?: |, (?=(?:elles?|ils?|c|ca|j|je|y|qui) ))"


class Trouble(NamedTuple):
    """What can be wrong with a part: its names, the nouns that stand before the part, the verbs and qualities after it."""

    french: str
    english: str
    noun: str
    verb: str


TROUBLES = {
    "D": Trouble(
        "douleur {}",
        "{} pain",
        "mal|douleurs?|elancements?|tiraillements?|coups? de poignard",
        r"(?:fai\w+|font) (?:\w+ ){0,2}?(?:mal(?! a l aise)|souffrir)(?![a-z])|douloureu\w+|lance(?:nt)?(?![a-z])|tire(?:nt)?(?![a-z])|en compote|me tue(?:nt)?",
    ),
    "G": Trouble("gonflement {}", "{} swelling", "gonflements?|oedemes?", r"(?:re|de)?gonfl\w+|enfl\w+|boudin\w+|bouffi\w*|double de volume"),
    "R": Trouble("rougeur {}", "{} redness", "rougeurs?", r"rouges?(?! de (?:honte|colere|confusion|plaisir))(?![a-z])|ecarlates?"),
    "H": Trouble("chaleur {}", "{} warmth", "chaleur", r"chaud(?:e|s|es)?(?![a-z])|brulante?s?"),
    "I": Trouble("raideur {}", "{} stiffness", "raideurs?", r"raides?(?![a-z])|bloqu\w+|coinc\w+|ankylos\w+|rouill\w+"),
    "F": Trouble("fourmillements {}", "tingling of the {}", "fourmi\\w*|picotements?|decharges?", r"fourmill\w+|picot\w+"),
    "N": Trouble("engourdissement {}", "numbness of the {}", "engourdissements?", r"endor[mt]\w*|engourdi\w*|insensible\w*|mort(?:e|s|es)?(?![a-z])"),
    "T": Trouble("tremblements {}", "{} tremor", "tremblements?", r"trembl\w+|sautill\w+"),
    "S": Trouble("sécheresse {}", "dry {}", "secheresse", r"sec(?:s|he|hes)?(?![a-z])|gerce\w*|crevass\w*"),
    "P": Trouble("démangeaisons {}", "itching of the {}", "demangeaisons?|prurit", r"gratt\w+|demang\w+"),
    "L": Trouble("brûlure {}", "burning of the {}", "brulures?|le feu", r"brul\w+|en feu|chauff\w+"),
    "B": Trouble("boule {}", "lump of the {}", "boules?|grosseurs?|bosses?|masses?|nodules?", r"(?!)"),
    "U": Trouble(
        "éruption cutanée {}", "rash of the {}", "boutons?|plaques?|taches?|rougeurs?|croutes?|cloques?|vesicules?|eruptions?", r"(?:plein\w* de|couvert\w* de) (?:bouton|plaque|tache|croute)s?"
    ),
    "C": Trouble("crampes {}", "{} cramps", "crampes?", r"(?!)"),
    "W": Trouble(
        "faiblesse {}",
        "{} weakness",
        "faiblesse|(?:plus|moins|pas|manque|perte|perdu)(?: beaucoup)? (?:de |la )?force",
        r"lach\w+|flageol\w+|se derob\w+|derob\w+|faibles?(?![a-z])|en coton|cotonneu\w+|flanch\w+|repond\w* (?:plus|pas)|paralys\w+|(?:plus|pas) de force",
    ),
    "K": Trouble("craquements {}", "{} cracking", "craquements?", r"craqu\w+|croqu\w+|claqu\w+|grinc\w+"),
    "O": Trouble("écoulement {}", "{} discharge", "ecoulements?|pus", r"coul\w+|suint\w+|purulent\w*"),
    "X": Trouble("saignement {}", "{} bleeding", "saignements?|sang", r"saign\w+"),
    "Y": Trouble("changement de couleur {}", "{} changing colour", "(?!)", r"blanc(?:s|he|hes)?(?![a-z])|blanchi\w+|bleus?(?:es?)?(?![a-z])|bleui\w*|violet\w*|violac\w*"),
    "E": Trouble("décollement {}", "loose {}", "decollement", r"decoll\w+|qui tombe(?:nt)?"),
}  # fmt: skip


def parts(rows: Iterable[list[str]]) -> str:
    """The pattern of every part of the body, from the rows of parts.tsv."""
    return "|".join(part for _, _, part, _ in rows)


def complaints(rows: Iterable[list[str]]) -> Iterator[tuple[str, str, str]]:
    """French name, English name and French pattern of every complaint, from the rows of parts.tsv."""
    for of_part, english, part, letters in rows:
        for letter, _, name in (one.partition("=") for one in _split(letters)):
            trouble = TROUBLES[letter]
            noun = rf"(?:{trouble.noun}) (?:{PLACED} )+(?:{OF_WHICH} )*(?:{part})"
            verb = rf"(?:{part})s?(?:{GOES_ON}{BETWEEN}){{0,4}}{GOES_ON}(?:{trouble.verb})"
            placed = rf"(?:{trouble.verb}) (?:{PLACED} )+(?:{OF_WHICH} )*(?:{part})"
            yield name or trouble.french.format(of_part), trouble.english.format(english), rf"{noun}|{verb}|{placed}"


def _split(letters: str) -> list[str]:
    """ "D G=œdème des chevilles R": a name may hold spaces, a letter stands alone."""
    found: list[str] = []
    for word in letters.split(" "):
        if word[:1] in TROUBLES and (len(word) == 1 or word[1:2] == "="):
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found
