"""A list of drugs that the doctor renews in one sentence, and for how long."""

import re
from dataclasses import replace

from app.notes.drugs.dosing import DOSE
from app.notes.drugs.drug_uses import Use
from app.notes.drugs.schedules import Schedule, find_schedule
from app.notes.language.cues import cues
from app.notes.language.lexicon import find_drugs
from app.notes.language.units import Visit
from app.notes.transcript import Language

RENEWS = re.compile(r"(?<![a-z])(?:je (?:vous |lui )?|on (?:vous )?)(?:renouvelle|represcris|reprends|refais)(?![a-z])|(?<![a-z])(?:refill|renew)(?:ing)?(?![a-z])")
FOR_MONTHS = re.compile(r"(?:pour|pendant|for) (\d+ (?:mois|months))")


def is_renewed(use: Use) -> bool:
    """ "Je vous renouvelle la metformine, le périndopril et l'ézétimibe": each of the list."""
    return RENEWS.search(use.sentence.norm[: use.start]) is not None


def with_duration(schedule: Schedule, norm: str, use: Use, lang: Language) -> Schedule:
    """ "je renouvelle trois mois : périndopril..." lasts for all that follows."""
    renewed = re.search(r"renouvel\w+ (?:pour )?(\d+ (?:mois|semaines))", norm[: use.start])
    renewed = renewed or (FOR_MONTHS.search(norm, use.end) if is_renewed(use) and "mois" not in (schedule.sig or "") else None)
    if not renewed:
        return schedule
    return replace(
        schedule, words=(*schedule.words, renewed.group(1)), sig=f"{schedule.sig}, {renewed.group(1)}".strip(", ")
    )


ALSO = re.compile(  # "Et du Doliprane si vous avez mal.": one drug more
    r"\W*(?:(?:et|puis|plus|ensuite|avec ca|en plus|egalement|aussi|sinon|enfin|pour (?:la |le |les |l )\w+)\W+)+(?:du|de la|de l|des|le|la|les|l|une?|votre) $"
)
GIVES = cues("medications.prescribes")


def goes_with_order(use: Use, visit: Visit) -> bool:
    """Whether a drug named without a verb follows, in the same turn, one that was just prescribed."""
    if visit.lang != "fr" or not ALSO.match(use.sentence.norm[: use.start]) or ONLY_TOLD.search(IN_CASE.split(use.sentence.norm)[0]):
        return False
    earlier = [s for s in visit.sentences if s.turn == use.sentence.turn and s.end <= use.sentence.start]
    return bool(earlier) and any(find_drugs(s.norm) and (GIVES["fr"].search(s.norm) or DOSE.search(s.norm) or find_schedule(s.norm, "fr").sig) for s in earlier[-2:] if not s.asks)


IN_CASE = re.compile(r"(?<![a-z])(?:si|s il|quand|en cas) ")
ONLY_TOLD = re.compile(r"(?<![a-z])(?:c est|etait|ca|fait|donne|risque|peut|quand|comme|marche|sert)(?![a-z])")
