"""Beside the note: what differs from the record, what was said and is not in the note, what the record could take in."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.notes.allergy.allergens import allergens
from app.notes.drugs.dosing import find_dose
from app.notes.facts import Evidence, Fact
from app.notes.language.lexicon import find_concepts, find_drugs
from app.notes.language.meaning import recorded_allergy
from app.notes.language.stretches import Stretches
from app.notes.language.text import fold, normalise
from app.notes.language.units import Visit
from app.notes.sections import ALLERGIES, place
from app.notes.transcript import Language, Patient, Transcript
from app.notes.writing.sentences import Voice, Written, shown_value

MISSED = ("medication", "allergy", "vital", "lab", "plan", "advice", "problem", "symptom")
MAX_OMISSIONS = 12


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a note: made from a visit's facts, with evidence in the segments as they were recognised."""

    visit: Visit
    stretches: Stretches
    voice: Voice

    @property
    def _patient(self) -> Patient:
        return self.visit.transcript.patient

    def _evidence(self, fact: Fact) -> list[dict[str, Any]]:
        return evidence_json(self.stretches.all_traced(fact.evidence), self.stretches.segments)

    def conflicts(self, facts: Sequence[Fact]) -> Iterator[dict[str, Any]]:
        """Where what was said differs from the record: a dose, a stopped drug, an allergy."""
        for fact in (f for f in facts if f.is_patients):
            for text, said, recorded in self._conflicts_of(fact):
                evidence = self._evidence(fact)
                about = {"about": fact.extra[0], "said": said, "recorded": recorded, "type": fact.type}
                yield {"text": text, **about, "evidence": evidence}

    def _conflicts_of(self, fact: Fact) -> Iterator[tuple[str, str, str]]:
        differs = {"medication": _drug_conflict, "allergy": _allergy_conflict}.get(fact.type, _problem_conflict)
        found = differs(fact, self._patient, self.voice)
        if found:
            yield found
        if fact.type == "medication" and fact.polarity == "present":
            line = recorded_allergy(fact.label, fact.code, self.visit)
            if line:
                name = fact.extra[0]
                french = f"{name}, alors que le dossier a une allergie : {line}"
                yield self.voice.say(french, f"{name}, while an allergy is on file: {line}"), name, line

    def omissions(
        self, facts: Sequence[Fact], doubtful: Sequence[Fact], written: Sequence[Written]
    ) -> list[dict[str, Any]]:
        """What was said and no sentence of the note tells, for the doctor to judge and add; what is in doubt first."""
        told = {id(fact) for sentence in written for fact in sentence.facts}
        covered = {e.turn for sentence in written for e in sentence.evidence}
        missing = [
            f for f in facts if id(f) not in told and f.type in MISSED and f.is_patients and not set(f.turns) <= covered
        ]
        return [self._omission(f) for f in (*doubtful, *missing)[:MAX_OMISSIONS]]

    def _omission(self, fact: Fact) -> dict[str, Any]:
        section = ALLERGIES if fact.doubt == "allergy" else place(fact)
        text = _told(fact, self.voice) + (f" ({DOUBTS[fact.doubt][self.voice.lang]})" if fact.doubt else "")
        return {"text": text, "type": fact.type, "code": section.code, "evidence": self._evidence(fact)}

    def proposals(self, facts: Sequence[Fact]) -> Iterator[dict[str, Any]]:
        """New allergies, treatments and problems that the record could take in; nothing enters by itself."""
        known = fold(" ".join((*self._patient.allergies, *self._patient.treatments, *self._patient.problems)))
        for fact in facts:
            if fact.polarity == "absent" or not fact.is_patients or fact.type not in KINDS or not _lasting(fact):
                continue
            if fact.type == "medication" and _better_told(fact, facts):
                continue
            if not _is_known(fact, known, self.voice.lang) or fact.status == "prescribed":
                amount = fact.extra[1] if fact.type == "medication" else ""
                detail = " ".join(filter(None, (amount, fact.detail))).strip(" ,")
                evidence = self._evidence(fact)
                yield {"kind": KINDS[fact.type], "text": fact.extra[0], "detail": detail, "evidence": evidence}


def _better_told(drug: Fact, facts: Sequence[Fact]) -> bool:
    """Whether another line for the record says of the same drug what is valid from now on, or the same and more."""
    others = [
        f for f in facts if f is not drug and f.type == drug.type and f.label == drug.label and f.polarity == "present"
    ]
    others = [f for f in others if f.is_patients and _lasting(f) and (f.extra[1] or f.detail)]
    bare = not (drug.extra[1] or drug.detail)
    if bare or drug.status == "prescribed":
        return bare and bool(others)
    return any(f.status == "prescribed" and f.turns > drug.turns for f in others)


DOUBTS = {
    "heard": {"fr": "mal entendu : à vérifier", "en": "badly heard: please check"},
    "unmeant": {
        "fr": "nommé, sans savoir s'il est pris : à vérifier",
        "en": "named, unclear whether taken: please check",
    },
    "allergy": {"fr": "traitement ou allergie ? à vérifier", "en": "treatment or allergy? please check"},
}


def evidence_json(evidence: Iterable[Evidence], transcript: Transcript) -> list[dict[str, Any]]:
    """Evidence as {segment, start, end} with the seconds of the turn, once for each turn."""
    turns = dict.fromkeys(e.turn for e in sorted(evidence))
    return [{"segment": i, "start": transcript.turns[i].start, "end": transcript.turns[i].end} for i in turns]


Conflict = tuple[str, str, str] | None


def _drug_conflict(fact: Fact, patient: Patient, voice: Voice) -> Conflict:
    line = next(
        (
            t
            for t in patient.treatments
            if any(m.drug.inn == fact.label for m in find_drugs(normalise(t, voice.lang).norm))
        ),
        None,
    )
    if line is None or fact.status not in ("current", "stopped", "not taken"):
        return None
    if fact.polarity == "absent":
        said = fact.extra[0] + (
            voice.say(" : arrêté", ": stopped") if fact.status == "stopped" else voice.say(" : non pris", ": not taken")
        )
        return (
            voice.say(f"{said}, alors que le dossier indique « {line} »", f'{said}, while the record has "{line}"'),
            fact.extra[0],
            line,
        )
    recorded = find_dose(normalise(line, voice.lang).norm)
    said = " ".join(filter(None, (*fact.extra[:2], fact.detail)))
    text = voice.say(f"Dit : {said} ; dossier : {line}", f"Said: {said}; record: {line}")
    if recorded and fact.value is not None and not _same_amount(recorded[0].value, recorded[0].unit, fact):
        return text, fact.extra[1], recorded[0].written(voice.lang)  # two amounts: a click exchanges them
    if _schedule_differs(line, fact, voice):
        return text, fact.extra[0], line
    return None


def _same_amount(recorded: float, unit: str, fact: Fact) -> bool:
    said = float(fact.value) if isinstance(fact.value, int | float) else recorded
    factor = {("g", "mg"): 1000.0, ("mg", "g"): 0.001}.get((fact.unit or "", unit), 1.0)
    return abs(said * factor - recorded) < 1e-6


def _schedule_differs(line: str, fact: Fact, voice: Voice) -> bool:
    folded = fold(line)
    alternate = re.search(r"sur deux|sur 2|every other", fact.detail or "")
    needed = re.search(r"si besoin|as needed", folded)
    return bool(alternate and not re.search(r"sur deux|sur 2|every other", folded)) or bool(
        needed and re.search(r"le soir|matin|/j|daily|at night", fact.detail or "")
    )


def _allergy_conflict(fact: Fact, patient: Patient, voice: Voice) -> Conflict:
    recorded = {
        label: line
        for line in patient.allergies
        for label, _, _ in allergens(normalise(line, voice.lang).norm, voice.lang)
    }
    line = recorded.get(fact.label)
    name = fact.extra[0]
    if line and (fact.temporality == "resolved" or fact.polarity == "absent"):
        return (
            voice.say(
                f"{name} : allergie guérie ou démentie, encore au dossier",
                f"{name}: allergy outgrown or denied, still on file",
            ),
            name,
            line,
        )
    if line and re.search(r"intol", fact.detail):
        return (
            voice.say(f"{name} : intolérance plutôt qu'allergie", f"{name}: intolerance rather than allergy"),
            name,
            line,
        )
    if fact.label == "allergie" and fact.polarity == "absent" and patient.allergies:
        return (
            voice.say(
                "Aucune allergie déclarée, alors que le dossier en contient",
                "No allergy reported, while the record has some",
            ),
            voice.say("Pas d'allergie", "No allergy"),
            ", ".join(patient.allergies),
        )
    if not line and fact.polarity == "present" and fact.temporality != "resolved" and fact.label != "allergie":
        return (
            voice.say(f"Allergie absente du dossier : {name}", f"Allergy missing from the record: {name}"),
            name,
            voice.say("non mentionnée", "not on file"),
        )
    return None


def _problem_conflict(fact: Fact, patient: Patient, voice: Voice) -> Conflict:
    if fact.type != "problem" or fact.polarity != "absent":
        return None
    line = next(
        (
            p
            for p in patient.problems
            if any(m.concept.fr == fact.label for m in find_concepts(normalise(p, voice.lang).norm, voice.lang))
        ),
        None,
    )
    if line is None:
        return None
    return (
        voice.say(
            f"{fact.extra[0]} : démenti, alors que le dossier indique « {line} »",
            f'{fact.extra[0]}: denied, while the record has "{line}"',
        ),
        fact.extra[0],
        line,
    )


def _told(fact: Fact, voice: Voice) -> str:
    if fact.type in ("vital", "lab"):
        return f"{fact.extra[0]}{voice.say(' :', ':')} {shown_value(fact, voice.lang)}"
    text = fact.text[:1].upper() + fact.text[1:]
    return voice.say(f"Absence de {fact.text}", f"No {fact.text}") if fact.polarity == "absent" else text


KINDS = {"allergy": "allergy", "medication": "treatment", "problem": "problem"}


def _is_known(fact: Fact, known: str, lang: Language) -> bool:
    return (
        fold(fact.label) in known
        or any(m.drug.inn == fact.label for m in find_drugs(known))
        or any(m.concept.fr == fact.label for m in find_concepts(known, lang))
    )


def _lasting(fact: Fact) -> bool:
    if fact.type == "medication":
        return fact.status in ("prescribed", "current") and fact.certainty == "certain"
    if fact.type == "problem":
        return fact.certainty == "certain"
    return fact.temporality != "resolved"
