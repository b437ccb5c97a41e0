"""An illness that the patient asks about and the doctor rules out: "Ça peut pas être un AVC ?" - "Non, aucun signe de ça." """

import re
from collections.abc import Iterator
from itertools import pairwise

from app.notes.facts import Fact
from app.notes.language.lexicon import find_concepts
from app.notes.language.units import Sentence, Visit
from app.notes.people.people import relation_near
from app.notes.signs.mentions import mention_fact

ASKS_IF = {
    "fr": re.compile(
        r"(?<![a-z])(?:c est(?! quoi| grave)|ca (?:peut|pourrait)|est ce que c|je (?:fais|suis|ai)|j ai|en train de faire|vous (?:pensez|croyez)|ce serait|et si c)(?![a-z])"
    ),
    "en": re.compile(
        r"(?<![a-z])(?:is it|could it be|can it be|is this|am i having|do i have|it s not|could this be)(?![a-z])"
    ),
}
IF = re.compile(r"(?<![a-z])(?:si|s il|if)(?![a-z])")
RULES_OUT = {
    "fr": re.compile(
        r"\W*(?:(?:ah|oh|mais|alors|ecoutez|rassurez vous|bien sur que)\W+)*(?:non(?! plus)|pas du tout|absolument pas|aucun signe|rien (?:a voir|de tout ca)|certainement pas|surtout pas)(?![a-z])(?!.*(?:exclu|possible|sais pas|verifi|peut etre|on va voir))"
    ),
    "en": re.compile(r"\W*(?:(?:oh|well|but)\W+)*(?:no|not at all|absolutely not|nothing like that)(?![a-z])(?!.*(?:rule|possible|don t know|check|maybe))"),
}  # fmt: skip


def ruled_out(visit: Visit) -> Iterator[Fact]:
    """Illnesses that the doctor's answer excludes, with the question and the answer as evidence."""
    lang = visit.lang
    for asked, answer in pairwise(visit.sentences):
        if not _is_answer(asked, answer, visit) or not ASKS_IF[lang].search(asked.norm):
            continue
        named = [m for m in find_concepts(asked.norm, lang) if m.concept.kind == "problem"]
        if len(named) == 1 and not IF.search(asked.norm) and relation_near(asked.norm, named[0].start, lang) is None:
            evidence = (asked.evidence(), answer.evidence())
            yield mention_fact(
                named[0], lang, "absent", "certain", "current", "doctor", evidence, "", answer.shown, asked.norm
            )


def _is_answer(asked: Sentence, answer: Sentence, visit: Visit) -> bool:
    """Whether a question of the other side is answered at once by the doctor with a plain no."""
    sides = asked.speaker != "doctor" and answer.speaker == "doctor"
    return sides and asked.asks and RULES_OUT[visit.lang].match(answer.norm) is not None
