"""The note as a PDF to keep and to print: A4, tagged, PDF/A-2b, made by Typst; without evidence."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from babel.dates import format_date

from app import encounters, i18n
from app.access.policy import Action
from app.db import Tx
from app.encounters import Encounter, VisitFacts
from app.errors import NotFound
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.record import compositions
from app.record.compositions import PRELIMINARY, Note

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "pdf"
STANDARD = "a-2b"
MISSING_GLYPH = "\N{WHITE SQUARE}"  # stands for a character that no font of this machine can show
UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
GLYPH_TRIES = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the document says; opened under the reader's permission."""

    note: Note
    encounter: Encounter
    facts: VisitFacts
    patient: PatientIdentity
    practitioner: Practitioner
    clinic: Organization

    @property
    def filename(self) -> str:
        """A name without a person or a clinical word: the day and a part of the visit's id."""
        day = (self.encounter.started_at or self.note.created_at).astimezone(ZoneInfo(self.clinic.zone)).date()
        return f"colloque-{day.isoformat()}-{self.note.encounter_id[:8]}.pdf"


def sheet(tx: Tx, encounter_id: str, *, quiet: bool = False) -> Sheet:
    """What a document of the visit's note needs. Raises AccessDenied, NotFound.

    quiet: an entry of the caller's tells of it.
    """
    encounter = encounters.find(tx, encounter_id, Action.COMPOSITION_READ, step="pdf", quiet=quiet)
    note = compositions.read(tx, encounter_id, quiet=True)
    patient = tx.session.get(Patient, encounter.patient_id)
    clinic = tx.session.get(Organization, note.practitioner.organization_id)
    if patient is None or clinic is None:
        raise NotFound
    return Sheet(note, encounter, encounters.facts_of(tx, encounter), tx.open(patient, PatientIdentity),
                 note.practitioner, clinic)


def render(document: Sheet) -> bytes:
    """The PDF, some hundred milliseconds of one core; call it in a thread."""
    return typeset("note.typ", _words(document))


def typeset(template: str, words: dict[str, Any]) -> bytes:
    """A document of these words by a template of templates/pdf."""
    data = json.dumps(_printable(words), ensure_ascii=False)
    for _ in range(GLYPH_TRIES):
        try:
            return _compile(template, data, [STANDARD])
        except typst.TypstError as failure:
            unshown = UNSHOWN.search(str(failure))
            if unshown is None:
                raise
            # PDF/A forbids missing glyphs: an emoji in a name must not cost the patient the document.
            text = ESCAPED.sub(lambda m: chr(int(m[1], 16)), unshown[1])
            for character in set(text) - {" "}:
                data = data.replace(character, MISSING_GLYPH)
    return _compile(template, data, [])


def _printable(value: Any) -> Any:
    """The same words without control characters, for which no font has a glyph."""
    if isinstance(value, str):
        return CONTROLS.sub("", value)
    if isinstance(value, dict):
        return {key: _printable(part) for key, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list) else value


def _compile(template: str, data: str, standards: list[Any]) -> bytes:
    compiler = typst.Compiler(TEMPLATES / template)
    pdf = compiler.compile(format="pdf", pdf_standards=standards, sys_inputs={"sheet": data})
    if not isinstance(pdf, bytes):
        raise TypeError("one document expected")
    return pdf


def letterhead(document: Sheet) -> dict[str, Any]:
    """What every document of a visit carries: who wrote it, where, and about whom."""
    clinic, language = document.clinic, document.note.language
    say = i18n.translator(language).gettext
    return {
        "lang": language, "author": document.practitioner.name,
        "doctor": {"name": document.practitioner.name, "speciality": say(document.practitioner.speciality),
                   "rpps": f"RPPS {document.practitioner.rpps}"},
        "clinic": {"name": clinic.name, "address": clinic.address, "phone": clinic.phone},
        "patient": _patient(document),
        "footer": f"{clinic.name} · {document.filename.removesuffix('.pdf')}",
    }


def _words(document: Sheet) -> dict[str, Any]:
    note = document.note
    say = i18n.translator(note.language).gettext
    draft = note.status == PRELIMINARY
    return letterhead(document) | {
        "title": note.content.title, "watermark": say("DRAFT") if draft else "",
        "place": day(note.signed_at or note.created_at, document),
        "facts": _facts(document),
        "sections": [{"title": s.title, "sentences": [x.text for x in s.sentences]} for s in note.content.sections],
        "addenda_title": say("Addenda"),
        "addenda": [{"head": f"{a.author}, {moment(a.written_at, document)}", "text": a.text} for a in note.addenda],
        "signature": _signature(document),
        "fingerprint": "" if draft else say("Signed content, SHA-256: %(sha)s") % {"sha": note.fingerprint},
    }


def _patient(document: Sheet) -> dict[str, str]:
    say = i18n.translator(document.note.language).gettext
    born = format_date(document.patient.birth_date, "long", locale=_babel(document.note.language))
    pattern = {"female": say("Born (woman) on %(date)s"), "male": say("Born (man) on %(date)s")}
    sentence = pattern.get(document.patient.sex, say("Born on %(date)s"))
    return {"name": document.patient.name, "born": sentence % {"date": born}}


def _facts(document: Sheet) -> list[str]:
    say, encounter = i18n.translator(document.note.language).gettext, document.encounter
    began = encounter.started_at or document.note.created_at
    lines = [say("Video consultation of %(when)s.") % {"when": moment(began, document)}]
    if encounter.identity_seen_at:
        lines.append(say("The patient's identity was checked on camera."))
    if document.facts.location:
        lines.append(say("Where the patient was: %(place)s.") % {"place": document.facts.location})
    return lines


def _signature(document: Sheet) -> str:
    say, note = i18n.translator(document.note.language).gettext, document.note
    if note.signed_at is None:
        return say("Draft, not signed. Not valid as a medical document.")
    return say("Signed electronically by %(name)s on %(when)s.") % {
        "name": document.practitioner.name, "when": moment(note.signed_at, document)}


def day(at: datetime, document: Sheet) -> str:
    """A day in the note's language and the clinic's zone."""
    return i18n.day(at, document.note.language, document.clinic.zone)


def moment(at: datetime, document: Sheet) -> str:
    """A day and a time in the note's language and the clinic's zone."""
    return f"{day(at, document)}, {i18n.clock_time(at, document.note.language, document.clinic.zone)}"


def _babel(language: str) -> str:
    return "fr_FR" if language == "fr" else "en_GB"
