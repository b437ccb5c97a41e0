"""Where the doctor sends a patient when no list names it: "je vous adresse à la consultation ménopause du CHU"."""

import re

from app.notes.directions.follow_up import WHEN
from app.notes.directions.ordered import IF, OPEN
from app.notes.facts import Fact
from app.notes.language.units import Sentence

SENDS = re.compile(
    r"(?<![a-z])(?:(?:je|on) (?:(?:vais|peux|voudrais|veux|prefere|aimerais|propose de) )?(?:vous |te |t |le |la |l )?(?:adresse|oriente|dirige|inscris|adresser|orienter|inscrire)"
    r"|(?:je|on) (?:(?:vais|peux|voudrais|veux|prefere|aimerais) )?(?:vous |te |t )(?:envoie|envoyer))"
    r"(?: (?:donc|aussi|plutot|directement|en consultation))*,? (?:(?:a|au|aux|chez|vers|avec|dans)(?: (?:l|la|le|les|un|une|votre))? )"
)
OTHER_THAN_CARE = re.compile(r"(?:labo\w*|pharmac\w*|secretar\w*|domicile|dossier|employeur|mail|adresse|espace|ecole|maison(?! (?:medicale|des|de))|votre|vos|mon|ton|ma|ce|cette|medecin traitant|liste|date|\d)(?![a-z])")
ENDS = re.compile(r"[,;:.!?…]|(?<![a-z])(?:et (?:je|vous|on|la|le|elle|il)|qui|parce|car|mais|puisqu\w*|comme|pas pour)(?![a-z])")
MOST_WORDS = 9


def referred(sentence: Sentence) -> list[Fact]:
    """The referral that a French sentence of the doctor makes to a place or person outside the word lists."""
    norm = sentence.norm
    sends = SENDS.search(norm)
    if sends is None or OTHER_THAN_CARE.match(norm, sends.end()):
        return []
    ends = ENDS.search(norm, sends.end())
    start, end = sends.end(), ends.start() if ends else len(norm)
    where = sentence.line.shown[sentence.start + start : sentence.start + end].strip(" .,;:")
    if not where or len(where.split()) > MOST_WORDS:
        return []
    when = WHEN["fr"].search(norm)
    shown = sentence.line.shown[sentence.start + when.start() : sentence.start + when.end()] if when else ""
    conditional = bool(IF["fr"].search(norm) or OPEN.search(norm))
    told = " ".join(filter(None, (where, shown if shown not in where else "")))
    return [
        Fact(
            "plan",
            f"orientation : {told}",
            f"orientation {where.lower()}",
            (sentence.evidence(),),
            certainty="conditional" if conditional else "certain",
            temporality="future",
            asserted_by="doctor",
            critical=not conditional,
            status="order",
            sentence=sentence.shown,
            extra=(f"orientation : {told}",),
        )
    ]
