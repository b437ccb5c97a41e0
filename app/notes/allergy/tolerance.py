"""Whether what somebody names in a talk about allergies harms them: the words around it, in French."""

import re
from typing import Literal

Bearing = Literal["harms", "doubtful", "tolerated", "outgrown", "cleared", "intolerance", "unknown", "named"]

HARMS = re.compile(
    r"plaques?(?!tte)|crises? d asthme|urticaire|boutons?(?![a-z])|(?:oe|œ)deme|gonfl\w+|enfl\w+|malaise|(?<![a-z])choc(?![a-z])|vomi\w*|nause\w*|diarrhee\w*|demange\w*|cloques?|"
    r"rouge(?:urs?|s)?(?![a-z])|eczema|etouff\w*|(?:mal au|maux de) ventre|mal a respirer|respirer|anaphyla\w*|quincke|(?:gorge|nez|langue|yeux|bouche|levres?|palais) qui (?:me |lui |m )?(?:se ferme\w*|gratte\w*|pique\w*|coule\w*)|"
    r"se (?:ferm|serr)\w+|gorge (?:qui )?serr\w*|gratt\w+|picot\w*|pique(?:nt)?(?![a-z])|irrit\w+|suint\w+|brul\w+|tourne de l (?:oe|œ)il|perdu connaissance|tombe\w* dans les pommes|evanoui\w*|tripl\w+|doubl\w+|eternu\w*|"
    r"supporte\w* (?:pas|mal)|toler\w* (?:pas|mal)|allergi\w*|eruption|hallucin\w*|vaseu\w*|sifflements?|(?:^|, ?)(?:dans |sur )?(?:le palais|la langue|les levres|la gorge|la bouche)(?= ?[.,;]|$)|tension (?:qui )?(?:a |avait )?(?:chut|bais)\w*|vertiges?|(?:fini|envoye|garde\w*|emmene\w*) (?:a|aux) (?:l hopital|urgences)|hospitalise\w*|les pompiers|adrenaline"
)
TOLERATED = re.compile(
    r"(?<![a-z])en (?:ai |a |as |avez |avais )?(?:re)?(?:mange|bois|boit|bu|prends?|pris|prend|eu|utilise|mets|porte|donne|mangeait|mangeais)(?! (?:pas|plus|jamais|rarement|autrefois))(?![a-z])|"
    r"(?:aucun|pas (?:de|eu de)|sans|zero|jamais (?:de|eu de)) (?:probleme|souci|reaction|gene|effet|ennui)|(?:, |est |tout |etait )nickel|tranquille|impec\w*|sans histoire|comme une lettre|"
    r"(?:je|il|elle|on|j ai|l a|les) (?:(?:les|la|le|l|en) )?(?:bien )?(?:(?:support|toler)(?:e|ais|ait))(?! (?:pas|mal|plus|moins))(?: (?:bien|tous|toutes|tout|tres bien))?(?![a-z])|"
    r"(?:tous|toutes|tout|ca|elle|il|ils|elles) (?:me |lui )?pass(?:e|ent|ait|aient|e bien)(?! (?:pas|mal|plus))(?![a-z])|bien passee?s?|(?:la |l |le |les )?adore|rien (?:fait|eu|du tout)|"
    r"(?:ca|ca lui|ca me|elle|il) (?:va|vont)(?! pas)(?![a-z])|(?<![a-z])ok(?![a-z])|bien (?:toleree?|supportee?)|(?:j |je l |je les )(?:y touche|mange|prends) (?:tous les jours|sans)|moi (?:j ?ai rien|non)(?![a-z])"
)
OUTGROWN = re.compile(
    r"(?:quand (?:j etais|il etait|elle etait) (?:bebe|petite?|gosse|gamine?|enfant)|tout petite?|dans l enfance)[^;]{0,40}(?<![a-z])en (?:re)?(?:mange|bois|boit|prends?)(?! (?:pas|plus|jamais))(?![a-z])|c est (?:fini|passe|du passe|regle|parti)|gueri\w*|reintrodui\w*|redonne\w*|plus allergique|histoire ancienne|(?:l est|est) passee?(?![a-z])|"
    r"(?:maintenant|aujourd hui|depuis|desormais) (?:elle|il|j|je|on) (?:en )?(?:re)?(?:mange|bois|boit|prends?|supporte|tolere)(?! (?:pas|plus|jamais|mal))(?![a-z])|en (?:re)?mange (?:maintenant|depuis|a nouveau)|en (?:re)?(?:mange|bois|prends?) (?:[a-z]+ ){0,4}depuis (?:mes|l age|que)(?![a-z])|"
    r"(?:a|ai) (?:re)?mange (?:une|un|du|de la|des|de l) [a-z]+ (?:hier|avant hier|ce matin|la semaine|dimanche|lundi)|il boit du lait|l a (?:plus|perdue)"
)
CLEARED = re.compile(
    r"finalement (?:c etait |c est |y avait )?(?:rien|non|pas)|c etait (?:finalement )?(?:rien|pas (?:ca|une allergie))|(?:tests?|bilan) (?:\w+ ){0,3}negatif|negatif (?:au|a la|aux|pour)|"
    r"(?:on|il|elle) (?:l |m |nous )?a (?:re)?teste\w*,? (?:et )?(?:c est|c etait|finalement)|innocente\w*|ecartee?(?![a-z])|pas (?:lui|elle) finalement|"
    r"(?:il|elle|je|j) (?:(?:ne |n |l |les |la )+)?aime (?:juste |simplement |vraiment )?pas"
)
NOT_AN_ALLERGY = re.compile(r"pas (?:vraiment |une vraie |vraiment une |forcement )?(?:une )?(?:vraie )?allergie|pas allergique|intoleran|mal (?:supporte|toler)|juste (?:vaseu|mal)")
UNKNOWN = re.compile(
    r"jamais (?:ete )?(?:pique|essaye|goute|mange|pris|teste|eu l occasion)\w*|aucune idee|(?:je |j en |en )?(?:ne |n )?sais (?:pas|rien|plus)|saurais? pas|pas (?:essaye|goute)|"
    r"(?:il|elle|je|j) (?:(?:ne |n |l |les |la )+)?aime (?:juste |simplement |vraiment )?pas|prefere pas|c est (?:juste |surtout )?(?:qu elle|qu il|que (?:j|elle|il))|c est vagal|la vue de l|en (?:prends|prend|mange|bois|utilise|mets) (?:jamais|plus|pas)(?![a-z])|(?:j|l|les) evite|a cause de ca"
)
DOUBTFUL = re.compile(
    r"je crois|peut etre|un doute|pas (?:sure?|certaine?)(?![a-z])|toujours dit|(?:ma|sa) mere (?:dit|disait|me dit|qui)|maman (?:dit|disait|qui)|(?:me )?rappelle (?:pas|plus)|souviens? (?:pas|plus)|"
    r"(?:il )?parait|soi disant|bizarres?|(?:il |me )semble|on m a dit|a verifier|d apres (?:ma|maman)|possible|pas confirme"
)  # fmt: skip
DENIES = re.compile(  # right after the name: "la pénicilline, non", "les chats, on m'a dit non"
    r"^(?:[a-z0-9œ]+ ?){1,4},? (?:on m a (?:toujours )?dit (?:que )?)?(?:(?:ca|lui|elle|moi|eux|par contre),? )*(?:non|nan|pas du tout|jamais|rien)(?![a-z])(?! (?:plus|trop|seulement))"
)
NEGATED = re.compile(r"(?<![a-z])(?:pas|aucune?|sans|jamais|ni|rien)(?: \w+){0,3} $")


def bearing(said: str, after: str = "") -> Bearing:
    """What the words around the name of a thing say of it; `after` are those from the name on. "named" when they say nothing."""
    if any(not NEGATED.search(said[: m.start()]) for m in OUTGROWN.finditer(said)):  # "jamais redonné" cures nothing
        return "outgrown"
    if CLEARED.search(said):
        return "cleared"
    if UNKNOWN.search(said):
        return "unknown"
    harm = any(not NEGATED.search(said[: m.start()]) for m in HARMS.finditer(said))
    if harm and NOT_AN_ALLERGY.search(said):
        return "intolerance"
    if not harm and (TOLERATED.search(said) or DENIES.search(after)):
        return "tolerated"
    if DOUBTFUL.search(said):
        return "doubtful"
    return "harms" if harm else "named"
