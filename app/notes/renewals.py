"""A list of drugs that the doctor renews in one sentence, and for how long."""

import re
from dataclasses import replace

from app.notes.drug_uses import Use
from app.notes.schedules import Schedule
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
