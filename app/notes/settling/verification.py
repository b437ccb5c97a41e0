"""The independent check: what a sentence says must be in its evidence. It reads words only and knows no facts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from app.notes.drugs.dosing import BARE, in_dosing_syntax
from app.notes.drugs.lay_names import lay_mentions, recorded
from app.notes.language.corrections import mask_corrections
from app.notes.language.cues import cue, cues
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.meaning import recorded_allergy
from app.notes.language.polarity import is_denied
from app.notes.language.text import fold, normalise
from app.notes.language.units import ASKS, Visit
from app.notes.language.verdicts import NO
from app.notes.people.people import relation_near
from app.notes.sections import ADVICE, ALLERGIES, EXAMINATION, FAMILY, PLAN, REASON
from app.notes.settling.generality import CLASS_CODES
from app.notes.transcript import Language, Transcript
from app.notes.writing.sentences import Written

NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[.,]\d+)?|(?<=/)\d+(?:[.,]\d+)?|(?<=\d-)\d+")
SIDES = {
    "fr": (("gauche", r"gauche"), ("droit", r"droite?(?![a-z])")),
    "en": (
        ("left", r"(?<![a-z])left(?![a-z])"),
        ("right", r"(?<![a-z])right(?: (?:side|arm|leg|knee|ear|eye|shoulder|hand|foot|hip|upper|lower))(?![a-z])"),
    ),
}
DENIAL = cues("verification.denial")
UNITS = re.compile(r"\d ?(mg|µg|g|mL|UI)(?![\w/])")
UNIT_WORDS = {
    "mg": r"milligr?|mg|milli",
    "µg": r"microgr|mcg|µg|ug|gamma",
    "g": r"(?<!milli)(?<!micro)(?<!kilo)gram|(?<![a-z])g(?![a-z])",
    "mL": r"millilit|ml|cc",
    "UI": r"unit|ui|iu",
}
MISHEARD = 80.0
ARTICLES = cue("verification.articles")
TWO = re.compile(r"(?<![a-z])(?:deux|twice|bid|both|second|couple|matin et soir|quinzaine)(?![a-z])")
THREE = re.compile(r"(?<![a-z])(?:tid|three|third)(?![a-z])")


def verified(written: Sequence[Written], visit: Visit) -> list[Written]:
    """What the check lets through, flagged where a doctor must look. The motif comes from the booking and needs no proof."""
    kept = []
    for sentence in written:
        booked = sentence.section is REASON and sentence.text.rstrip(".").lower() == visit.motif.lower()
        if booked or not failures(sentence, visit):
            flag = _flag(sentence, visit)
            kept.append(replace(sentence, flag=FLAGS[flag][visit.lang]) if flag and not booked else sentence)
    return kept


FLAGS = {
    "unit": {"fr": "L'unité n'a pas été dite : à vérifier.", "en": "The unit was not said: please check."},
    "heard": {
        "fr": "La reconnaissance vocale n'était pas sûre de ces mots : à vérifier.",
        "en": "Speech recognition was not sure of these words: please check.",
    },
    "guessed": {
        "fr": "Le nom du médicament a été deviné d'après ce qui a été entendu : à vérifier.",
        "en": "The name of the drug was guessed from what was heard: please check.",
    },
    "allergy": {
        "fr": "Allergie à ce médicament au dossier : à vérifier.",
        "en": "The record has an allergy to this drug: please check.",
    },
}


def _flag(sentence: Written, visit: Visit) -> str:
    drugs = [f for f in sentence.facts if f.type == "medication" and f.polarity == "present" and f.is_patients]
    if any(recorded_allergy(f.label, f.code, visit) for f in drugs):
        return "allergy"
    if _badly_heard(sentence, visit):
        return "heard"
    if _guessed(sentence, visit):
        return "guessed"
    return "unit" if unit_unsaid(sentence, visit) else ""


def _badly_heard(sentence: Written, visit: Visit) -> bool:
    """Whether figures, drugs or allergies of the sentence stand in words that the recogniser was not sure of."""
    told = NUMBER.search(sentence.text) or find_drugs(fold(sentence.text)) or sentence.section is ALLERGIES
    doubted = " ".join(visit.transcript.turns[e.turn].doubted(e.start, e.end) for e in sentence.evidence)
    norm = normalise(doubted, visit.lang).norm.strip()
    return bool(told and (re.search(r"\d", norm) or find_drugs(norm) or (norm and sentence.section is ALLERGIES)))


def _guessed(sentence: Written, visit: Visit) -> bool:
    """Whether a drug of the sentence was not said by its name."""
    heard = " ".join(fold(visit.transcript.turns[e.turn].text) for e in sentence.evidence)
    said = {mention.drug.inn for mention in find_drugs(heard)}
    return any(mention.drug.inn not in said for mention in find_drugs(fold(sentence.text)))


def unsaid(sentence: Written, transcript: Transcript) -> list[str]:
    """The numbers, drugs and sides of a sentence that its evidence in `transcript` does not hold."""
    lang, turns = transcript.lang, sorted({e.turn for e in sentence.evidence})
    words = " . ".join(mask_corrections(normalise(transcript.turns[i].text, lang), lang).norm for i in turns)
    return [
        *_numbers(sentence.text, words),
        *_doses(sentence.text, words, transcript),
        *_drugs(sentence.text, words, transcript),
        *_sides(sentence.text, words, lang),
    ]


def failures(sentence: Written, visit: Visit) -> list[str]:
    """What `sentence` says without evidence: "number 75", "drug X", "side", "negation", "person"; empty when it holds."""
    transcript, lang = visit.transcript, visit.lang
    if not sentence.evidence:
        return ["evidence"]
    found = unsaid(sentence, transcript)
    if sentence.section not in (PLAN, ADVICE, EXAMINATION):
        found += _denials(sentence, transcript)
        found += _asked_only(sentence, transcript, lang)
    if sentence.section is not FAMILY:
        found += _persons(sentence, visit)
    return found


def unit_unsaid(sentence: Written, visit: Visit) -> bool:
    """Whether a dose carries a unit that nobody said."""
    heard = " ".join(fold(visit.transcript.turns[e.turn].text) for e in sentence.evidence)
    recorded = fold(" ".join(visit.transcript.patient.treatments))
    return any(
        not re.search(UNIT_WORDS[unit], heard) and not (unit in recorded and _same_drug(sentence.text, recorded))
        for unit in UNITS.findall(sentence.text)
    )


def _same_drug(text: str, recorded: str) -> bool:
    return bool({m.drug.inn for m in find_drugs(fold(text))} & {m.drug.inn for m in find_drugs(recorded)})


def _numbers(text: str, words: str) -> list[str]:
    allowed = set(_said_numbers(words))
    return [
        f"number {m.group()}"
        for m in NUMBER.finditer(text)
        if round(float(m.group().replace(",", ".")), 4) not in allowed
    ]


AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?) ?(mg|µg|g|mL|UI)(?![\w/])")


def _doses(text: str, words: str, transcript: Transcript) -> list[str]:
    """Amounts whose number was not said with that unit, nor where a dose is said without one.

    "Ventoline … appelez le quinze" holds the drug and the number, and no dose of 15 mg.
    """
    recorded = fold(" ".join(transcript.patient.treatments)).replace(",", ".")
    wrong = []
    for match in AMOUNT.finditer(text):
        amount, unit = match.group(1).replace(",", "."), UNIT_WORDS[match.group(2)]
        heard = re.escape(amount) if float(amount) != 1 else r"(?:1|une?|one|an?|le)"
        if re.search(rf"(?<![\d.])(?:{heard}) ?(?:{unit})|(?<![\d.]){heard} ?(?:{unit})", words + " . " + recorded):
            continue
        if float(amount) % 1 == HALF and re.search(rf"(?:{unit})\w* (?:et demie?|and a half)", words):
            continue
        if not _said_bare(amount, words):
            wrong.append(f"dose {match.group()}")
    return wrong


HALF = 0.5


def _said_bare(amount: str, words: str) -> bool:
    """Whether a number stands right after a drug's name, at the start of an answer, or after words that tell a dose."""
    words = words.replace(amount.replace(".", " "), amount)  # "un vingt-cinq" for 1.25
    names = [mention.end for mention in find_drugs(words)]
    turns = [0, *(match.end() for match in re.finditer(r" \. ", words))]
    for start in (place.start(1) for place in BARE.finditer(words) if place.group(1) == amount):
        from_here = max((at for at in (*names, *turns) if at <= start), default=0)
        if in_dosing_syntax(words[from_here:], start - from_here, amount):
            return True
    return False


def _said_numbers(words: str) -> Iterable[float]:
    """Every number that was said, and what two said in one breath make: 38 9 is 38.9, 14 8 is 140 and 80, un metre 64 is 164."""
    tokens = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\d+(?:\.\d+)?", words)]
    for i, (token, start, end) in enumerate(tokens):
        number = float(token)
        yield round(number, 4)
        if 4 <= number <= 25:
            yield round(number * 10, 4)
        if re.search(r"metre $", words[:start]):
            yield 100 + number
        if re.match(r"\s?\w+ (?:et demie?|and a half)", words[end:]):
            yield number + 0.5
        if (
            i + 1 < len(tokens)
            and "." not in token
            and re.fullmatch(r"\s|\s?(?:gramme|kilos?|degres?|metre|virgule|point)\s", words[end : tokens[i + 1][1]])
        ):
            yield float(f"{token}.{tokens[i + 1][0].replace('.', '')}")
    yield from _spelled(words)


def _spelled(words: str) -> Iterable[float]:
    """Numbers that are words or parts of words: one, two, a half."""
    for match in re.finditer(r"(?<![\d.])(3[4-9]|4[0-2]) un(?![a-z])", words):
        yield float(f"{match.group(1)}.1")
    for match in re.finditer(r"(?<![\d.])(\d{1,3}) un(?=[,.;!?]|\s*$)", words):
        yield float(f"{match.group(1)}.1")
    for match in re.finditer(r"(?<![a-z])une? (?:gramme |kilo |metre )?(\d{2})(?!\d)", words):
        yield float(f"1.{match.group(1)}")
        yield 100 + float(match.group(1))
    if ARTICLES.search(words):
        yield from (1.0, 1.5, 0.5) if re.search(r"demi|half", words) else (1.0,)
    if TWO.search(words):
        yield 2.0
    if THREE.search(words):
        yield 3.0
    if re.search(r"demi|half|moitie", words):
        yield 0.5


def _drugs(text: str, words: str, transcript: Transcript) -> list[str]:
    lang, said = transcript.lang, {m.drug.inn for m in find_drugs(words)}
    for part in words.split(" . "):  # called by its use or class, and on record
        said |= {m.drug.inn for m in lay_mentions(part, transcript)}
    classes = [CLASS_CODES[inn] for inn in said if inn in CLASS_CODES]
    at_home = (recorded((code,) if isinstance(code, str) else code, transcript) for code in classes)
    said |= {drug.inn for drug in at_home if drug}
    wrong = []
    for mention in find_drugs(fold(text)):
        name = fold(mention.drug.inn)
        if mention.drug.inn not in said and fuzz.partial_ratio(name, words.replace(" ", "")) < MISHEARD:
            wrong.append(f"drug {mention.drug.name(lang)}")
    return wrong


def _sides(text: str, words: str, lang: Language) -> list[str]:
    folded = fold(text)
    return ["side" for name, pattern in SIDES[lang] if re.search(pattern, folded) and not re.search(name, words)]


def _denials(sentence: Written, transcript: Transcript) -> list[str]:
    folded, lang = fold(sentence.text), transcript.lang
    words = " . ".join(normalise(transcript.turns[i].text, lang).norm for i in {e.turn for e in sentence.evidence})
    denied = bool(re.match(r"pas |no |denies ", folded)) or ": non " in folded or ": not " in folded
    if denied and not (DENIAL[lang].search(words) or re.search(r"normale?ment|bien|oui|si si|yes|fine|ok", words)):
        return ["negation"]
    return []


def _asked_only(sentence: Written, transcript: Transcript, lang: Language) -> list[str]:
    """A finding that is told as present though its only mention is denied, or was a question answered with no."""
    folded, wrong = fold(sentence.text), []
    for mention in find_concepts(folded, lang):
        if mention.concept.kind not in ("symptom", "problem") or _told_as_absent(
            folded, mention.start, mention.end, lang
        ):
            continue
        verdicts = [
            _holds(transcript, e.turn, mention.concept.fr, [x.turn for x in sentence.evidence], lang)
            for e in sentence.evidence
        ]
        if verdicts and False in verdicts and True not in verdicts:
            wrong.append(f"negation of {mention.concept.name(lang)}")
    return wrong


def _told_as_absent(folded: str, start: int, end: int, lang: Language) -> bool:
    return is_denied(folded, start, end, lang) or bool(re.match(r"pas |denies |no ", folded)) or ": non" in folded


def _holds(transcript: Transcript, turn: int, label: str, turns: Sequence[int], lang: Language) -> bool | None:
    """Whether a turn affirms the concept; None when it does not name it."""
    norm = mask_corrections(normalise(transcript.turns[turn].text, lang), lang).norm
    mentions = [m for m in find_concepts(norm, lang) if m.concept.fr == label]
    if not mentions:
        return None
    asked = transcript.turns[turn].speaker == "doctor" and ("?" in norm or ASKS[lang].search(norm))
    if asked and turn + 1 < len(transcript.turns) and turn + 1 in turns:
        return not NO[lang].search(normalise(transcript.turns[turn + 1].text, lang).norm)
    return any(not is_denied(norm, m.start, m.end, lang) for m in mentions)


def _persons(sentence: Written, visit: Visit) -> list[str]:
    """A finding told of the patient whose every mention in the evidence is somebody else's."""
    transcript, lang = visit.transcript, visit.lang
    wrong = []
    for mention in find_concepts(fold(sentence.text), lang):
        if mention.concept.kind not in ("symptom", "problem"):
            continue
        owners = []
        for turn in {e.turn for e in sentence.evidence}:
            norm = normalise(transcript.turns[turn].text, lang).norm
            owners += [
                _somebody_elses(norm[: m.end + 60], m.start, visit)
                for m in find_concepts(norm, lang)
                if m.concept.fr == mention.concept.fr
            ]
        if owners and all(owners) and not any(f.experiencer != "patient" for f in sentence.facts):
            wrong.append(f"person of {mention.concept.name(lang)}")
    return wrong


def _somebody_elses(norm: str, start: int, visit: Visit) -> bool:
    near = relation_near(norm, start, visit.lang)
    return near is not None and not visit.is_the_patient(near[0])
