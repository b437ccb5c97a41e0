"""The consultation note: preliminary -> final -> amended (FHIR Composition).

Every text the note ever had is kept as a version, the machine's first draft as version 1. An edit
names the version it saw, so two screens never overwrite each other. A signed note cannot change,
neither here nor by the database's own rule; what comes later is an addendum. Signing destroys the
key of the visit's audio.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from app import audit, encounters, jobs
from app.access import guard
from app.access.policy import Action
from app.crypto.envelope import Tampered
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Practitioner
from app.record import editing, entries, playback, revisions
from app.record.entries import NewEntry
from app.record.tables import Addendum, Composition, CompositionVersion, NoteContent, Speech

PRELIMINARY, FINAL, AMENDED = "preliminary", "final", "amended"
ADDENDUM_CHARS = 4000
MACHINE = "Colloque"  # the author of what the machine wrote

Change = Callable[[NoteContent], None]


@dataclass(frozen=True, slots=True)
class Addition:
    """An addendum as it is read."""

    author: str
    written_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note as its readers see it; `blockers` are English catalogue texts, `mine` lets edit and sign."""

    id: str
    encounter_id: str
    patient_id: str
    practitioner: Practitioner
    status: str
    language: str
    version: int
    touched: bool
    created_at: datetime
    signed_at: datetime | None
    content: NoteContent
    addenda: list[Addition]
    blockers: list[str]
    mine: bool
    fingerprint: str = ""  # SHA-256 of the signed content as it is stored, also in the trail


@dataclass(frozen=True, slots=True)
class NoteVersion:
    """One earlier text of a note, without the text."""

    version: int
    author: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class PastNote:
    """A signed note in the list of a record."""

    encounter_id: str
    status: str
    signed_at: datetime
    practitioner_name: str
    title: str
    first_line: str


def draft_for(tx: Tx, encounter_id: str, content: NoteContent) -> bool:
    """Store a machine's draft; False when the doctor already worked on the note or signed it."""
    encounter = encounters.find(tx, encounter_id, Action.COMPOSITION_WRITE, step="draft")
    row = row_of(tx, encounter_id)
    if row is None:
        row = Composition(patient_id=encounter.patient_id, encounter_id=encounter.id, language=encounter.language,
                          practitioner_id=encounter.practitioner_id, created_at=tx.now, version=0)
    elif row.touched or row.status != PRELIMINARY:
        return False
    _save(tx, row, content, MACHINE)
    return True


def read(tx: Tx, encounter_id: str, *, quiet: bool = False) -> Note:
    """The note of a visit. Raises AccessDenied, NotFound while there is none, Tampered when a signed one changed."""
    encounters.find(tx, encounter_id, Action.COMPOSITION_READ, quiet=quiet)
    row = _present(tx, encounter_id)
    if row.status != PRELIMINARY and _hash(row) != row.content_hash:
        raise Tampered(f"composition:{row.id}")
    content = tx.open(row, NoteContent)
    practitioner = tx.session.get(Practitioner, row.practitioner_id)
    if practitioner is None:
        raise NotFound
    return Note(
        id=row.id, encounter_id=encounter_id, patient_id=row.patient_id, practitioner=practitioner,
        status=row.status, language=row.language, version=row.version, touched=row.touched,
        created_at=row.created_at, signed_at=row.signed_at, content=content, addenda=_addenda(tx, row.id),
        blockers=editing.blockers(content) if row.status == PRELIMINARY else [],
        mine=tx.actor.practitioner_id == row.practitioner_id, fingerprint=row.content_hash.hex(),
    )


def edit(tx: Tx, encounter_id: str, version: int, change: Change, *, step: str = "edit") -> int:
    """Apply a change of app.record.editing to the version the doctor saw; returns the new version.

    Raises AccessDenied, Conflict when the note was signed or changed elsewhere, Invalid, NotFound.
    """
    row = _editable(tx, encounter_id, version, step)
    content = tx.open(row, NoteContent)
    before = content.model_dump_json()
    change(content)
    if content.model_dump_json() == before:
        return row.version
    row.touched = True
    _save(tx, row, content, tx.actor.name)
    return row.version


def undo(tx: Tx, encounter_id: str, version: int, earlier: int) -> int:
    """Go back to the text of an earlier version, as a new version."""
    row = _editable(tx, encounter_id, version, "restore")
    content = tx.open(row, NoteContent)
    editing.restore(content, tx.open(_version_row(tx, row.id, earlier), NoteContent))
    row.touched = True
    _save(tx, row, content, tx.actor.name)
    return row.version


def accept(tx: Tx, encounter_id: str, version: int, proposal_id: str) -> int:
    """Take one proposal into the patient's record; returns the note's new version."""
    def change(content: NoteContent) -> None:
        proposal = editing.proposal_of(content, proposal_id)
        patient_id = encounters.find(tx, encounter_id, Action.RECORD_WRITE, quiet=True).patient_id
        if proposal.state != "accepted":
            entry = NewEntry(kind=proposal.kind, text=proposal.text[: entries.TEXT_CHARS],
                             detail=proposal.detail[: entries.DETAIL_CHARS])
            entries.add(tx, patient_id, entry, encounter_id)
            proposal.state = "accepted"

    return edit(tx, encounter_id, version, change, step="accept")


def sign(tx: Tx, encounter_id: str, version: int) -> None:
    """Make the note final, keep its hash in the trail and destroy the visit's audio key.

    Raises AccessDenied, Conflict when something is undecided, the note changed or is signed.
    """
    row = _present(tx, encounter_id, Action.COMPOSITION_SIGN, step="sign")
    _refuse_stale(row, version)
    blocking = editing.blockers(tx.open(row, NoteContent))
    if blocking:
        raise Conflict(blocking[0])
    row.status, row.signed_at, row.signed_by = FINAL, tx.now, tx.actor.id
    row.content_hash = _hash(row)
    tx.session.add(row)
    audit.record(tx, "composition:signed", entity="Composition", entity_id=row.id, patient_id=row.patient_id,
                 version=str(row.version), sha256=row.content_hash.hex())
    revisions.measure(tx, row, tx.open(row, NoteContent), _first_draft(tx, row))
    playback.destroy(tx, encounter_id, row.patient_id, reason="signed")
    jobs.enqueue(tx, "audio.shred", encounter_id=encounter_id)


def amend(tx: Tx, encounter_id: str, text: str) -> None:
    """Add an addendum to a signed note. Raises AccessDenied, Conflict before the signature, Invalid."""
    row = _present(tx, encounter_id, Action.COMPOSITION_SIGN, step="amend")
    if row.status == PRELIMINARY:
        raise Conflict("Sign the note first; until then you can edit it.")
    text = text.strip()
    if not text or len(text) > ADDENDUM_CHARS:
        raise Invalid(fields={"text": "This is too long." if text else "Please fill in this field."})
    addendum = Addendum(patient_id=row.patient_id, composition_id=row.id, author_id=tx.actor.id,
                        author_name=tx.actor.name, written_at=tx.now)
    tx.seal(addendum, Speech(text=text))
    row.status = AMENDED
    tx.session.add(addendum)
    tx.session.add(row)
    audit.record(tx, "composition:amended", entity="Composition", entity_id=row.id, patient_id=row.patient_id)


def versions(tx: Tx, encounter_id: str) -> list[NoteVersion]:
    """Every version of the note, newest first."""
    row = _present(tx, encounter_id, Action.COMPOSITION_READ, step="versions")
    query = select(CompositionVersion).where(CompositionVersion.composition_id == row.id)
    rows = tx.session.exec(query.order_by(col(CompositionVersion.version).desc())).all()
    return [NoteVersion(v.version, v.author, v.saved_at) for v in rows]


def version(tx: Tx, encounter_id: str, number: int) -> NoteContent:
    """What the note said at one version. Raises NotFound."""
    row = _present(tx, encounter_id, Action.COMPOSITION_READ, step=f"version {number}")
    return tx.open(_version_row(tx, row.id, number), NoteContent)


def past(tx: Tx, patient_id: str, limit: int = 20) -> list[PastNote]:
    """The patient's signed notes, newest first."""
    guard.permit(tx, Action.COMPOSITION_READ, entity="Patient", entity_id=patient_id, patient_id=patient_id)
    query = (
        select(Composition, Practitioner).join(Practitioner, col(Practitioner.id) == Composition.practitioner_id)
        .where(Composition.patient_id == patient_id, Composition.status != PRELIMINARY)
        .order_by(col(Composition.signed_at).desc()).limit(limit)
    )
    return [_past_note(tx, row, practitioner) for row, practitioner in tx.session.exec(query).all()]


def _past_note(tx: Tx, row: Composition, practitioner: Practitioner) -> PastNote:
    content = tx.open(row, NoteContent)
    sentences = [s.text for code in ("51848-0", "10154-3") for section in content.sections if section.code == code
                 for s in section.sentences] or [s.text for section in content.sections for s in section.sentences]
    return PastNote(row.encounter_id, row.status, row.signed_at or row.created_at, practitioner.name,
                    content.title, sentences[0] if sentences else "")


def _addenda(tx: Tx, composition_id: str) -> list[Addition]:
    query = select(Addendum).where(Addendum.composition_id == composition_id).order_by(col(Addendum.written_at))
    return [Addition(a.author_name, a.written_at, tx.open(a, Speech).text) for a in tx.session.exec(query).all()]


def row_of(tx: Tx, encounter_id: str) -> Composition | None:
    """The note's row, if there is one; the caller was permitted to the visit."""
    query = select(Composition).where(Composition.encounter_id == encounter_id)
    return tx.session.exec(query if tx.readonly else query.with_for_update()).first()


def _present(tx: Tx, encounter_id: str, action: Action | None = None, step: str = "") -> Composition:
    if action is not None:
        encounters.find(tx, encounter_id, action, step=step)
    row = row_of(tx, encounter_id)
    if row is None:
        raise NotFound
    return row


def _editable(tx: Tx, encounter_id: str, version: int, step: str) -> Composition:
    row = _present(tx, encounter_id, Action.COMPOSITION_WRITE, step=step)
    _refuse_stale(row, version)
    return row


def _refuse_stale(row: Composition, version: int) -> None:
    if row.status != PRELIMINARY:
        raise Conflict("This note is signed: it cannot change any more. Add an addendum instead.")
    if row.version != version:
        raise Conflict("The note changed meanwhile, perhaps on another screen. "
                       "Reload the page: your last words are not in it yet.")


def _save(tx: Tx, row: Composition, content: NoteContent, author: str) -> None:
    row.version += 1
    tx.seal(row, content)
    tx.session.add(row)
    kept = CompositionVersion(patient_id=row.patient_id, composition_id=row.id, version=row.version,
                              author=author, saved_at=tx.now)
    tx.seal(kept, content)
    tx.session.add(kept)


def _first_draft(tx: Tx, row: Composition) -> NoteContent:
    """What the machine wrote last before the doctor took over."""
    query = select(CompositionVersion).where(
        CompositionVersion.composition_id == row.id, CompositionVersion.author == MACHINE)
    found = tx.session.exec(query.order_by(col(CompositionVersion.version).desc()).limit(1)).first()
    return tx.open(found, NoteContent) if found else NoteContent(title="")


def _version_row(tx: Tx, composition_id: str, number: int) -> CompositionVersion:
    query = select(CompositionVersion).where(
        CompositionVersion.composition_id == composition_id, CompositionVersion.version == number)
    found = tx.session.exec(query).first()
    if found is None:
        raise NotFound
    return found


def _hash(row: Composition) -> bytes:
    return hashlib.sha256(row.sealed).digest()
