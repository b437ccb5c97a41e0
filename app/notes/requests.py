"""What the patient comes to ask for: a renewal is a reason to write a note even when no drug is named."""

import re
from collections.abc import Iterator

from app.notes.cues import cues
from app.notes.facts import Fact
from app.notes.units import Visit

RENEWS = cues("requests.renews")
NAMES = {"fr": "demande de renouvellement de traitement", "en": "asks for a prescription renewal"}


def requests(visit: Visit) -> Iterator[Fact]:
    """Renewals asked for, in the order of speech."""
    for sentence in visit.sentences:
        asked = RENEWS[visit.lang].search(sentence.norm)
        if (
            asked
            and sentence.speaker != "doctor"
            and not re.search(r"(?<![a-z])(?:pas|not|no) $", sentence.norm[: asked.start()])
        ):
            name = NAMES[visit.lang]
            yield Fact(
                "plan",
                name,
                "renouvellement",
                (sentence.evidence(),),
                asserted_by=sentence.speaker,
                status="request",
                sentence=sentence.shown,
                extra=(name, ""),
            )
