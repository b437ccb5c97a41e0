"""The letter to the patient's own doctor: made from the signed note, edited, released.

Until somebody edits it, it is made anew from the note each time it is read; from then on it is the doctor's. What was
released stays as it was.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_date
from rapidfuzz import fuzz, process

from app import audit, encounters, i18n
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid
from app.notes.transcript import Language
from app.notes.writing.letter import Told, opening
from app.notes.writing.letter import letter as written
from app.people import PatientIdentity
from app.record import pdf, summaries
from app.record.compositions import PRELIMINARY, Note
from app.record.tables import Letter, LetterContent, LetterParagraph, LetterVersion

RECIPIENT_CHARS = 300
SAME_PERCENT = 55.0  # of the letters: below it a paragraph is no longer the one that was drafted
SIGN_FIRST = "Sign the note first: the letter is made from what you signed."
CHANGED = "The letter changed meanwhile, perhaps on another screen. Reload the page: your last words are not in it yet."


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as its page shows it. `version` is 0 until somebody edited it.

    outdated: the note was added to since.
    """

    encounter_id: str
    language: str
    version: int
    recipient: str
    paragraphs: list[LetterParagraph]
    released_at: datetime | None
    signed: bool
    outdated: bool
    mine: bool

    @property
    def text(self) -> str:
        """The paragraphs with an empty line between, as a text field shows them."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Page:
    """A letter with the note it was made from, and whom it is about."""

    letter: Draft
    note: Note
    patient: PatientIdentity


@dataclass(frozen=True, slots=True)
class Printed:
    """All that the document says."""

    sheet: pdf.Sheet
    letter: Draft
    sha256: str

    @property
    def filename(self) -> str:
        """A name without a person or a clinical word."""
        return self.sheet.filename.replace("colloque-", "colloque-letter-")


def read(tx: Tx, encounter_id: str) -> Page:
    """The letter as its doctor edits it. Raises AccessDenied, NotFound while there is no note."""
    encounters.find(tx, encounter_id, Action.LETTER_READ)
    sheet = pdf.sheet(tx, encounter_id, quiet=True)
    return Page(_draft(tx, sheet), sheet.note, sheet.patient)


def edit(tx: Tx, encounter_id: str, version: int, recipient: str, text: str) -> None:
    """Keep the doctor's words. Raises AccessDenied, Conflict before the signature or once released, Invalid."""
    row, content = _writable(tx, encounter_id, version, "edit")
    if row.released_at is not None:
        raise Conflict("This letter was released. Release it again to change it.")
    _save(tx, row, _changed(content, recipient, text))


def release(tx: Tx, encounter_id: str, version: int, recipient: str, text: str) -> None:
    """Let the letter leave: final in this version. Raises as `edit`, and Invalid without words or a recipient."""
    row, content = _writable(tx, encounter_id, version, "release")
    content = _changed(content, recipient, text)
    missing = {name for name, given in (("recipient", content.recipient), ("text", content.paragraphs)) if not given}
    if missing:
        raise Invalid(fields=dict.fromkeys(missing, "Please fill in this field."))
    row.released_at = tx.now
    _save(tx, row, content)
    kept = LetterVersion(patient_id=row.patient_id, letter_id=row.id, version=row.version, released_at=tx.now)
    tx.seal(kept, content)
    tx.session.add(kept)
    audit.record(tx, "letter:released", entity="Composition", entity_id=row.id, patient_id=row.patient_id,
                 version=str(row.version), sha256=fingerprint(content.recipient, content.paragraphs))


def printed(tx: Tx, encounter_id: str) -> Printed:
    """What the document needs. Raises AccessDenied, Conflict before the signature, NotFound."""
    encounters.find(tx, encounter_id, Action.LETTER_READ, step="pdf")
    sheet = pdf.sheet(tx, encounter_id, quiet=True)
    if sheet.note.status == PRELIMINARY:
        raise Conflict(SIGN_FIRST)
    draft = _draft(tx, sheet)
    return Printed(sheet, draft, fingerprint(draft.recipient, draft.paragraphs))


def render(document: Printed) -> bytes:
    """The PDF, some hundred milliseconds of one core; call it in a thread."""
    return pdf.typeset("letter.typ", _words(document))


def fingerprint(recipient: str, paragraphs: Sequence[LetterParagraph]) -> str:
    """SHA-256 of what the letter says, as the trail and the document name it."""
    return hashlib.sha256("\n\n".join([recipient, *(p.text for p in paragraphs)]).encode()).hexdigest()


def _draft(tx: Tx, sheet: pdf.Sheet) -> Draft:
    note, row = sheet.note, tx.session.get(Letter, sheet.note.id)
    signed = note.status != PRELIMINARY
    content = tx.open(row, LetterContent) if row else _made(sheet) if signed else LetterContent()
    outdated = row is not None and any(each.written_at > row.saved_at for each in note.addenda)
    return Draft(note.encounter_id, note.language, row.version if row else 0, content.recipient, content.paragraphs,
                 row.released_at if row else None, signed, outdated, note.mine)


def _made(sheet: pdf.Sheet) -> LetterContent:
    """The letter as it is made from the note: word for word, each paragraph with the sentences it repeats."""
    note, say = sheet.note, i18n.translator(sheet.note.language).gettext
    lang: Language = "en" if note.language == "en" else "fr"
    told = [Told(s.id, section.code, section.title, s.text) for section in note.content.sections
            for s in section.sentences]
    born = format_date(sheet.patient.birth_date, "long", locale="fr_FR" if lang == "fr" else "en_GB")
    seen = pdf.day(sheet.encounter.started_at or note.created_at, sheet)
    *body, farewell = written(told, opening(sheet.patient.name, sheet.patient.sex, born, seen, lang), lang)
    made = [LetterParagraph(text=p.text, sentence_ids=list(p.sources)) for p in body]
    made += [LetterParagraph(text=f"{say('Added on %(day)s:') % {'day': pdf.day(each.written_at, sheet)}} {each.text}")
             for each in note.addenda]
    made.append(LetterParagraph(text=farewell.text))
    return LetterContent(paragraphs=made, drafted=made, note_sha256=note.fingerprint)


def _writable(tx: Tx, encounter_id: str, version: int, step: str) -> tuple[Letter, LetterContent]:
    encounters.find(tx, encounter_id, Action.LETTER_RELEASE, step=step)
    sheet = pdf.sheet(tx, encounter_id, quiet=True)
    note = sheet.note
    if note.status == PRELIMINARY:
        raise Conflict(SIGN_FIRST)
    row = tx.session.get(Letter, note.id, with_for_update=True)
    if version != (row.version if row else 0):
        raise Conflict(CHANGED)
    if row is not None:
        return row, tx.open(row, LetterContent)
    row = Letter(id=note.id, patient_id=note.patient_id, encounter_id=encounter_id, language=note.language,
                 saved_at=tx.now)
    return row, _made(sheet)


def _changed(content: LetterContent, recipient: str, text: str) -> LetterContent:
    """The letter with the doctor's words; what is left of each drafted paragraph keeps its sources."""
    recipient = "\n".join(line.strip() for line in recipient.splitlines() if line.strip())
    if len(recipient) > RECIPIENT_CHARS:
        raise Invalid(fields={"recipient": "This is too long."})
    left = list(content.drafted)
    paragraphs = [_told(block, left) for block in summaries.split(text)]
    return content.model_copy(update={"recipient": recipient, "paragraphs": paragraphs})


def _told(text: str, left: list[LetterParagraph]) -> LetterParagraph:
    found = process.extractOne(text, [p.text for p in left], scorer=fuzz.ratio, score_cutoff=SAME_PERCENT)
    if found is None:
        return LetterParagraph(text=text, origin="typed")
    source = left.pop(found[2])
    return LetterParagraph(text=text, origin="drafted" if text == source.text else "edited",
                           sentence_ids=source.sentence_ids)


def _save(tx: Tx, row: Letter, content: LetterContent) -> None:
    row.version += 1
    row.saved_at = tx.now
    tx.seal(row, content)
    tx.session.add(row)
    tx.session.flush()


def _words(document: Printed) -> dict[str, Any]:
    sheet, letter = document.sheet, document.letter
    say, note = i18n.translator(letter.language).gettext, document.sheet.note
    signed = pdf.moment(note.signed_at or note.created_at, sheet)
    released = say("Released by %(name)s on %(when)s.") % {
        "name": sheet.practitioner.name, "when": pdf.moment(letter.released_at, sheet)} if letter.released_at else ""
    return pdf.letterhead(sheet) | {
        "title": say("Letter to the patient's doctor"), "watermark": "" if letter.released_at else say("DRAFT"),
        "place": pdf.day(letter.released_at or note.signed_at or note.created_at, sheet),
        "recipient": letter.recipient.splitlines(), "paragraphs": [p.text for p in letter.paragraphs],
        "signature": released or say("Draft, not released. Not valid as a medical document."),
        "source": say("Made from the consultation note signed on %(when)s.") % {"when": signed},
        "fingerprint": say("Content, SHA-256: %(sha)s") % {"sha": document.sha256} if released else "",
    }
