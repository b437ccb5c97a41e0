"""What a French doctor sees on the screen: described after asking to be shown it, or said to be seen."""

import re
from dataclasses import replace

from app.notes.language.cues import cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.units import Sentence, Visit

SEES = cues("orders.sees")
LATER = cues("orders.later")
IF = cues("orders.if")
READS = cues("inspection.reads")  # "je vois marqué": on paper, not on the patient
SHOWS = cues("inspection.shows")["fr"]
LOOKS = cues("inspection.looks")["fr"]
DESCRIBES = cues("inspection.describes")["fr"]
BODY = cues("selection.body")
PAUSE = re.compile(r"…|\.\.\.")
OPENS = re.compile(r"\W*(?:alors\W+)?(?:montrez|approchez|penchez|tournez|soulevez|levez|baissez|ouvrez|fermez|filmez|je vous vois)[^.,]{0,50}, ")
TURNS_BEFORE = 2  # in which the doctor asked to be shown what is described
NAMES_ILLNESS = re.compile(r"(?<![a-z])(?:c est|ce sont|il s agit|je pense|ca (?:ressemble|evoque)|evoque)(?![a-z])")


def seen(sentence: Sentence, visit: Visit) -> Sentence | None:
    """The part of a statement of the doctor that tells what is seen, or None."""
    if LATER[visit.lang].search(sentence.norm) or IF[visit.lang].search(sentence.norm):
        return None
    shown = described(sentence, visit)
    if shown is not None:
        return shown
    sees = SEES[visit.lang].search(sentence.norm)
    if sees is None or READS[visit.lang].search(sentence.norm):
        return None
    return sentence if visit.lang == "en" or not sees.group().startswith("je vois") or _of_body(sentence.norm) else None


def _of_body(norm: str) -> bool:
    """Whether "je vois ..." is of the patient: "je vois les cartons" is of the room."""
    return bool(LOOKS.search(norm) or BODY["fr"].search(norm) or find_concepts(norm, "fr"))


def described(sentence: Sentence, visit: Visit) -> Sentence | None:
    """ "Montrez-le. Oui, la base de l'orteil est rouge.", "Soulevez le tee-shirt… pas de boutons.": after being shown it."""
    if visit.lang != "fr" or sentence.asks:
        return None
    part = _after_pause(sentence)
    asked = part is not sentence and SHOWS.search(sentence.norm[: part.start - sentence.start])
    if not (asked or _asked_before(sentence, visit)) or not _describes(part.norm):
        return None
    return part


def _after_pause(sentence: Sentence) -> Sentence:
    pauses = [m.end() for m in PAUSE.finditer(sentence.norm.rstrip(" .…"))]
    opened = OPENS.match(sentence.norm)
    start = pauses[-1] if pauses else opened.end() if opened else 0
    return replace(sentence, start=sentence.start + start) if start else sentence


def _asked_before(sentence: Sentence, visit: Visit) -> bool:
    first = (sentence.turn, sentence.start)
    return any(
        s.speaker == "doctor" and (s.turn, s.start) < first and SHOWS.search(s.norm)
        for s in visit.sentences
        if sentence.turn - TURNS_BEFORE <= s.turn <= sentence.turn
    )


def _describes(norm: str) -> bool:
    looks = LOOKS.search(norm)
    if not looks or not DESCRIBES.match(norm) or find_drugs(norm) or SHOWS.search(norm):
        return False
    illness = NAMES_ILLNESS.search(norm)
    return not (illness and any(m.concept.kind == "problem" for m in find_concepts(norm, "fr")))
