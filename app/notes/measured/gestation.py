"""How far a pregnancy is, in weeks without periods: told at once, or asked for and answered with a number."""

import re
from collections.abc import Iterator

from app.notes.facts import Evidence, Fact
from app.notes.language.cues import cues
from app.notes.language.units import Sentence, Visit
from app.notes.transcript import Language

TOLD = cues("findings.gestation")
PREGNANT = re.compile(
    r"(?<![a-z])(?:enceinte|grossesse|sage femme|accouche\w*|bebe|maternite|echo de datation|pregnan\w+|midwife)(?![a-z])"
)
ASKED = {
    "fr": re.compile(
        r"(?<![a-z])(?:(?:a |de )?combien de semaines(?! (?:vous |tu |elle )?(?:avez|prenez|durait|ca))|quel terme|(?:en )?(?:etes|es|est)(?: vous| tu| elle)? (?:en )?a (\d{1,2}) semaines|"
        r"combien (?:d |de )?(?:amenorrhee|sa))(?![a-z])"
    ),
    "en": re.compile(r"how (?:far along|many weeks)|(?:you are|you re) (\d{1,2}) weeks"),
}
HOW_LONG = re.compile(r"depuis|ca (?:fait|dure)|dans combien|pendant|since|for how")
WEEKS = re.compile(
    r"\W*(?:(?:euh|ben|alors|oui|bientot|presque|je suis a|j en suis a|la|a|um|about|i m) )*(\d{1,2})(?: (?:semaines?|sa|weeks))?(?:,? (?:et|plus|and) (?:(\d) (?:jours?|days?)|demie?|quelques jours))?(?=\W*$|[,.;!?…]| d | de | depuis| hier| apres| selon)"
)
FIRST_WEEK, LAST_WEEK = 3, 43


def weeks_told(sentence: Sentence, lang: Language) -> Iterator[Fact]:
    """ "Vingt-six semaines d'aménorrhée": the pregnancy and how far it is."""
    match = TOLD[lang].search(sentence.norm)
    if match:
        yield _pregnancy(int(match.group(1)), "", (sentence.evidence(),), sentence, lang)


def weeks_asked(visit: Visit) -> Iterator[Fact]:
    """ "Vous êtes à combien de semaines ?" - "Trente et une et quatre jours.", where a pregnancy is spoken of."""
    for exchange in visit.exchanges:
        question, said = exchange.questions[-1], exchange.answer[0]
        asked = ASKED[visit.lang].search(question.norm)
        if not asked or HOW_LONG.search(question.norm) or TOLD[visit.lang].search(said.norm):
            continue
        match = WEEKS.match(said.norm)
        agreed = asked.group(1) if asked.group(1) and exchange.verdict == "yes" else ""
        weeks = int(match.group(1) if match else agreed or 0)
        if FIRST_WEEK <= weeks <= LAST_WEEK and any(PREGNANT.search(s.norm) for s in visit.sentences):
            days = (match.group(2) or "") if match else ""
            yield _pregnancy(weeks, days, (question.evidence(), said.evidence()), said, visit.lang)


def _pregnancy(weeks: int, days: str, evidence: tuple[Evidence, ...], said: Sentence, lang: Language) -> Fact:
    more = f" + {days} {'jours' if lang == 'fr' else 'days'}" if days else ""
    name = f"grossesse de {weeks} SA{more}" if lang == "fr" else f"pregnancy, {weeks} weeks{more}"
    return Fact(
        "problem",
        name,
        "grossesse",
        evidence,
        value=float(weeks),
        unit="wk",
        asserted_by=said.speaker,
        critical=True,
        status="diagnosis",
        detail=str(weeks),
        sentence=said.shown,
        extra=(name, ""),
    )
