"""From a finished visit to its draft note: what the drafting reads, and what becomes of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func
from sqlmodel import select

from app import encounters, i18n
from app.access.policy import Action
from app.db import Tx
from app.encounters import Encounter
from app.errors import NotFound
from app.notes.commands import called_at
from app.notes.sections import ALLERGIES, PLAN, VITALS
from app.people import Patient, PatientIdentity
from app.record import commands, compositions, entries, summaries, templates, transcripts
from app.record.tables import (
    Command,
    Composition,
    Evidence,
    NoteContent,
    Omission,
    Proposal,
    RecordConflict,
    Section,
    Sentence,
    SpeechStream,
    TranscriptSegment,
    VoiceCommand,
)
from app.record.templates import Template
from app.record.transcripts import SPEECH, Line
from app.scheduling.tables import Appointment, Motif

SEX = {"female": "F", "male": "M"}


@dataclass(frozen=True, slots=True)
class Material:
    """What a draft is made from; `dialogue` has the shape that app.notes takes."""

    language: str
    dialogue: dict[str, Any]
    lines: list[Line]
    transcribed: bool
    commands: tuple[tuple[VoiceCommand, Command], ...] = ()
    template: Template = field(default_factory=Template)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the draft of a visit is, for the job that makes it and the doctor who waits for it."""

    state: Literal["in-progress", "listening", "drafting", "ready"]
    lines: int
    open_streams: int
    version: int
    since_end_s: float
    may_draft: bool  # no doctor's hand has touched the note


def progress(tx: Tx, encounter_id: str) -> Progress:
    """How far the draft is; leaves no entry of its own. Raises AccessDenied."""
    encounter = encounters.find(tx, encounter_id, Action.COMPOSITION_READ, quiet=True)
    waiting = len(transcripts.open_streams(tx, encounter_id))
    note = compositions.row_of(tx, encounter_id)
    return Progress(
        state=_state(encounter, waiting, note), lines=_count(tx, encounter_id), open_streams=waiting,
        version=note.version if note else 0,
        since_end_s=(tx.now - (encounter.finished_at or tx.now)).total_seconds(),
        may_draft=note is None or (not note.touched and note.status == compositions.PRELIMINARY),
    )


def _state(encounter: Encounter, waiting: int, note: Composition | None
           ) -> Literal["in-progress", "listening", "drafting", "ready"]:
    if note is not None:
        return "ready"
    if encounter.status != "finished":
        return "in-progress"
    return "listening" if waiting else "drafting"


def _count(tx: Tx, encounter_id: str) -> int:
    query = select(func.count()).select_from(TranscriptSegment).where(
        TranscriptSegment.encounter_id == encounter_id, TranscriptSegment.kind == SPEECH)
    return tx.session.exec(query).one()


def material(tx: Tx, encounter_id: str) -> Material:
    """Everything that the drafting of a visit reads. Raises AccessDenied."""
    encounter = encounters.find(tx, encounter_id, Action.COMPOSITION_WRITE, quiet=True)
    lines = [line for line in transcripts.read(tx, encounter_id) if line.kind == SPEECH]
    asked = commands.addressed(tx, encounter_id)
    spoken_to_it = {segment_id for _, command in asked for segment_id in command.segment_ids}
    streams = select(SpeechStream.id).where(SpeechStream.encounter_id == encounter_id).limit(1)
    return Material(
        language=encounter.language,
        dialogue={"lang": encounter.language, "motif": motif(tx, encounter), "patient": _patient(tx, encounter),
                  "dialogue": [_turn(line, to_assistant=line.id in spoken_to_it) for line in lines]},
        lines=lines,
        transcribed=tx.session.exec(streams).first() is not None,
        commands=tuple(asked),
        template=templates.of(tx, encounter.practitioner_id),
    )


def motif(tx: Tx, encounter: Encounter) -> str:
    """What the visit was booked for, in its language. Raises NotFound."""
    appointment = tx.session.get(Appointment, encounter.id)
    booked = tx.session.get(Motif, appointment.motif_id) if appointment else None
    if booked is None:
        raise NotFound
    return booked.label_fr if encounter.language == "fr" else booked.label_en


def _patient(tx: Tx, encounter: Encounter) -> dict[str, Any]:
    row = tx.session.get(Patient, encounter.patient_id)
    if row is None:
        raise NotFound
    identity, record = tx.open(row, PatientIdentity), entries.read(tx, encounter.patient_id)
    return {
        "age": identity.age(tx.now.date()), "sex": SEX.get(identity.sex),
        "record": {"allergies": [line.label for line in record.allergies],
                   "traitements": [line.label for line in record.treatments],
                   "antecedents": [line.label for line in record.problems]},
    }


def _turn(line: Line, *, to_assistant: bool) -> dict[str, Any]:
    speaker = line.role if line.role in ("doctor", "patient") else "relative"
    text = "" if line.language else line.text  # the drafting would read words of another language wrongly
    if to_assistant:
        text = text[: called_at(text) or 0]  # what is said to the assistant was not said to the patient
    return {"speaker": speaker, "start": line.start, "end": line.end, "text": text,
            "low_confidence": line.low_confidence}


def content(answer: Mapping[str, Any], told: Material) -> NoteContent:
    """The answer of the drafting as a note: evidence tied to transcript lines, decisions left to the doctor."""
    say = i18n.translator(told.language).gettext
    reason = str(answer.get("reason") or "")
    if not told.transcribed:
        reason = say("The visit was not transcribed, so there is no draft. You can write the note yourself.")
    sections = [_section(section, told.lines) for section in answer.get("sections", [])]
    note = NoteContent(
        title=say("Teleconsultation note"), language="en" if told.language == "en" else "fr",
        sections=[s for s in sections if s.sentences], reason=reason,
        omissions=[_omission(item, told.lines) for item in answer.get("omissions", [])]
        + _unread(told) + _shared(told) + _said_to_assistant(told),
        conflicts=[_conflict(item, told.lines, sections) for item in answer.get("conflicts", [])],
        proposals=[_proposal(item, told.lines) for item in answer.get("proposals", [])] + _unconfirmed(told),
    )
    return templates.applied(note, told.template)


def disclosed(tx: Tx, encounter_id: str) -> None:
    """What was said goes to the site's language model: for the trail. Raises AccessDenied."""
    encounters.find(tx, encounter_id, Action.TRANSCRIPT_READ, step="language-model")


def store(tx: Tx, encounter_id: str, note: NoteContent, paragraphs: list[str]) -> bool:
    """Keep the draft and its summary; False when the doctor was quicker."""
    stored = compositions.draft_for(tx, encounter_id, note)
    if stored:
        tx.session.flush()
        summaries.draft_for(tx, encounter_id, paragraphs)
    return stored


def _section(section: Mapping[str, Any], lines: Sequence[Line]) -> Section:
    sentences = [Sentence(text=str(s["text"]), evidence=_evidence(s, lines), flag=str(s.get("flag") or ""))
                 for s in section["sentences"]]
    return Section(code=str(section["code"]), title=str(section["title"]), sentences=sentences)


def _evidence(item: Mapping[str, Any], lines: Sequence[Line]) -> list[Evidence]:
    found = []
    for proof in item.get("evidence") or []:
        number = int(proof["segment"])
        if 0 <= number < len(lines):
            line = lines[number]
            found.append(Evidence(segment=number, segment_id=line.id, start=line.start, end=line.end))
    return found


def _omission(item: Mapping[str, Any], lines: Sequence[Line]) -> Omission:
    return Omission(text=str(item["text"]), kind=str(item.get("type") or ""), section=str(item.get("code") or ""),
                    evidence=_evidence(item, lines))


def _unread(told: Material) -> list[Omission]:
    """What the drafting could not read, by language: the doctor decides what of it belongs into the note."""
    say = i18n.translator(told.language).gettext
    proofs: dict[str, list[dict[str, int]]] = {}
    for number, line in enumerate(told.lines):
        if line.language:
            proofs.setdefault(line.language, []).append({"segment": number})
    what = say("Said in another language and not used for this draft: %(language)s")
    return [_omission({"text": what % {"language": i18n.language_name(code, told.language)}, "type": "language",
                       "evidence": found}, told.lines) for code, found in proofs.items()]


def _shared(told: Material) -> list[Omission]:
    """Where two people spoke at one microphone the label names only one: the doctor knows who said what."""
    proofs = [{"segment": number} for number, line in enumerate(told.lines) if line.shared]
    what = i18n.translator(told.language).gettext("Two people spoke at one microphone: check who said what.")
    return [_omission({"text": what, "type": "microphone", "evidence": proofs}, told.lines)] if proofs else []


def _said_to_assistant(told: Material) -> list[Omission]:
    """Commands are no part of the draft; what the doctor confirmed or nobody understood stands beside it."""
    say = i18n.translator(told.language).gettext
    found = []
    for row, command in told.commands:
        confirmed = row.state == "accepted"
        text = f"{command.text}{f' ({command.detail})' if command.detail else ''}."
        if confirmed or not row.kind:  # a refusal that was closed is not lost: it may have been no command at all
            shown = text if confirmed else say("Said to the assistant, not understood: %(words)s") % {
                "words": command.said}
            found.append(_omission({"text": shown, "type": "command", "code": SECTION_OF.get(row.kind, ""),
                                    "evidence": _proof(command, told.lines)}, told.lines))
    return found


SECTION_OF = {"allergy": ALLERGIES.code, "treatment": PLAN.code, "follow-up": PLAN.code, "vital": VITALS.code}


def _unconfirmed(told: Material) -> list[Proposal]:
    """Commands that still wait when the visit ends go on waiting beside the note."""
    return [_proposal({"kind": row.kind, "text": command.text, "detail": command.detail,
                       "evidence": _proof(command, told.lines)}, told.lines)
            for row, command in told.commands if row.state == "open"]


def _proof(command: Command, lines: Sequence[Line]) -> list[dict[str, int]]:
    return [{"segment": number} for number, line in enumerate(lines) if line.id in command.segment_ids]


def _conflict(item: Mapping[str, Any], lines: Sequence[Line], sections: Sequence[Section]) -> RecordConflict:
    evidence = _evidence(item, lines)
    proofs = {proof.segment for proof in evidence}
    said = str(item.get("said") or "")
    # An amount alone could be another drug's, said in the same breath: the sentence must name what it is about, too.
    words = [word.casefold() for word in (said, str(item.get("about") or "")) if word]
    about = [s.id for section in sections for s in section.sentences
             if said and all(word in s.text.casefold() for word in words)
             and proofs & {proof.segment for proof in s.evidence}]
    return RecordConflict(text=str(item["text"]), said=said, recorded=str(item.get("recorded") or ""),
                          sentence_ids=about, evidence=evidence)


def _proposal(item: Mapping[str, Any], lines: Sequence[Line]) -> Proposal:
    return Proposal(kind=item["kind"], text=str(item["text"]), detail=str(item.get("detail") or ""),
                    evidence=_evidence(item, lines))
