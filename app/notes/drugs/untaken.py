"""Drugs that somebody names without saying that they take them: a box at home, somebody else's, one that was recommended."""

import re

from app.notes.drugs.drug_uses import Use

NOT_MINE = re.compile(  # what a chemist nearly handed out, what is somebody else's, what was taken at another age
    r"(?<![a-z])(?:j ai failli|(?:delivr|prescri|vend|prepar|donn)\w* (?:\w+ ){1,5}a (?:une?|des|la|le|mes) (?:dame|client|patient|monsieur|mamie|voisin)\w*|(?:c est|c etait) pour (?:elle|lui|eux)(?! que)|(?:dit|dire|trouve|conseille|recommande|pense)\w* (?:que|qu) (?:je|il|elle) (?:devrai[st]|doi[st]|pourrai[st]|ferai[st] bien)|j avais \d{1,2} ans,? (?:et )?(?:j etais )?sous)(?![a-z])|je (?:le |la )?connais (?:bien )?(?:le|la|l)(?![a-z])"
)
CAME_DOWN = re.compile(r"(?<![a-z])(?:on|je|elle|il) (?:me |m )?(?:descendait|diminuait|baissait|arretait|reduisait|enlevait|descendais|diminuais|arretais) (?:le |la |l |les |mon |ma )?$")
INSIDE = re.compile(r"[^.,;]{0,12}(?<![a-z])dedans(?![a-z])")  # "y a un bêtabloquant dedans"
HAS = re.compile(r"(?<![a-z])(?:j (?:ai|avais)|on (?:a|avait)|(?:il )?y (?:a|avait)|il (?:me |nous )?reste|i (?:have|had|ve got)) (?:encore |aussi |toujours |some )?(?:(?:de l|du|de la|des|un|une|any|a) )?$")
AT_HOME = re.compile(
    r"(?<![a-z])(?:(?:de|a) (?:son|sa|ses|mon|ma|mes) (?:frere|s(?:oe|œ)ur|mari|femme|mere|pere|fils|fille|copain|copine|grand mere|voisine?)(?![a-z])|au frigo|(?:dans|au fond de) (?:le|la|ma|mon|notre) (?:placard|pharmacie|armoire|tiroir|frigo|sac)|a la maison|chez moi|de cote|sous la main|de reste|"
    r"mais j ai (?:prefere|pas (?:ose|voulu|donne|pris))|j ai (?:hesite|(?:prefere|voulu) (?:vous )?(?:demander|attendre))|je voulais (?:vous |d abord )*(?:demander|attendre)|in the (?:cupboard|fridge|house)|at home|left over)(?![a-z])"
)
SINCE_IT = re.compile(r"(?<![a-z])(?:depuis|since) (?:(?:que j ai|que je prends|i got|i ve had) )?(?:(?:le|la|l|les|mon|ma|mes|the|my) )?$")
ADVISED_BY = re.compile(  # "ma voisine me dit de prendre de l'arnica"
    r"(?<![a-z])(?:me|m (?:a|ont|avait|avaient)) (?:dit|dis|conseill|recommand|propos|parl)\w*(?: (?:de|d) (?:prendre|mettre|essayer|faire|acheter))? (?:(?:de la|de l|du|des|le|la|l|un|une|de|d) ?)?$"
)
TRIED_IT = re.compile(
    r"(?<![a-z])(?:j (?:en )?ai (?:\w+ )?(?:pris|mis|essaye|achete|commence|fait)|j en (?:prends|mets)|je (?:le|la|l|les) (?:prends|mets)|je prends|depuis|ca (?:marche|aide|soulage|a (?:rien|marche|aide)))(?![a-z])"
)


def is_untaken(use: Use, tail: str) -> bool:
    """The time since a drug, a box in the cupboard, somebody else's drug: nobody says that it is taken."""
    kept = HAS.search(use.before) and AT_HOME.search(tail)
    if CAME_DOWN.search(use.before) or INSIDE.match(use.words):
        return True
    if ADVISED_BY.search(use.before) and not TRIED_IT.search(tail):
        return True
    return bool(SINCE_IT.search(use.before) or kept or NOT_MINE.search(use.sentence.norm))
