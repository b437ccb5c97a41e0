"""Commands to the assistant during a visit: heard from the doctor, shown as a proposal or a refusal, confirmed or not.

Hearing writes nothing into the record. Only the doctor's confirmation does, like any other line, and it can be undone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from app import encounters, i18n
from app.access.policy import Action
from app.db import Tx
from app.encounters import Encounter
from app.errors import Conflict, NotFound
from app.notes.commands import Proposal, Refusal, called_at, command, continued
from app.notes.facts import Fact
from app.notes.language.stretches import MAX_PAUSE_S
from app.notes.writing.sentences import shown_value
from app.people import Organization, Practitioner
from app.record import entries
from app.record.entries import NewEntry
from app.record.tables import Command, Speech, TranscriptSegment, VoiceCommand

KINDS: dict[str, entries.Kind] = {"allergy": "allergy", "reminder": "follow-up", "vital": "vital",
                                  "medication": "treatment"}
NOT_UNDERSTOOD = "Not all of it was understood, so nothing is proposed. Say it again, or write it yourself."
TWO_SPEAK = "Two people speak at your microphone: commands are not taken from it."
SHOWN = 6  # of what was confirmed, the newest


@dataclass(frozen=True, slots=True)
class Heard:
    """A command as the doctor's screen shows it; `why` is an English catalogue text."""

    id: str
    kind: str
    state: str
    said: str
    language: str
    text: str
    detail: str
    why: str
    unsure: bool
    stood_before: bool  # confirmed, and the record said so already

    @property
    def label(self) -> str:
        """Text and detail in one line."""
        return f"{self.text} ({self.detail})" if self.detail else self.text


def hear(tx: Tx, encounter: Encounter, segment: TranscriptSegment) -> bool:
    """Look for a command in a line that was just written down; whether there is anything new to show.

    For who was permitted to write the transcript. Only the doctor's lines can hold one.
    """
    speech = tx.open(segment, Speech)
    if segment.role != "doctor" or (speech.language or encounter.language) not in ("fr", "en"):
        return False
    start = called_at(speech.text)
    if start is not None:
        return _hear_new(tx, encounter, segment, speech, start)
    return _hear_more(tx, encounter, segment, speech)


def hear_again(tx: Tx, encounter: Encounter, segment: TranscriptSegment) -> bool:
    """A line says something else now: what it asked for is read anew, unless the doctor decided already."""
    for row in _rows(tx, encounter.id):
        asked = tx.open(row, Command)
        if segment.id in asked.segment_ids:
            if row.state not in ("open", "refused"):
                return False
            tx.session.delete(row)
            tx.session.flush()
            for each in asked.segment_ids:  # the rest of it may be what refused it: all of it is read anew
                again = tx.session.get(TranscriptSegment, each)
                if again is not None:
                    hear(tx, encounter, again)
            return True
    return hear(tx, encounter, segment)


def listed(tx: Tx, encounter_id: str, *, quiet: bool = False) -> list[Heard]:
    """What waits for the doctor and what they confirmed, the newest first. Raises AccessDenied."""
    encounters.find(tx, encounter_id, Action.VISIT_CONDUCT, quiet=quiet, step="commands")
    rows = [row for row in _rows(tx, encounter_id) if row.state != "dismissed"]
    waiting = [row for row in rows if row.state != "accepted"]
    return [_heard(tx, row) for row in [*waiting, *[row for row in rows if row.state == "accepted"][:SHOWN]]]


def accept(tx: Tx, encounter_id: str, command_id: str) -> None:
    """Write what was asked for into the record. Raises AccessDenied, NotFound, Conflict for a refusal."""
    row = _row(tx, encounter_id, command_id, "accept-command")
    if row.state == "accepted":
        return
    if not row.kind:
        raise Conflict(NOT_UNDERSTOOD)
    asked = tx.open(row, Command)
    entry = NewEntry(kind=cast("entries.Kind", row.kind), text=asked.text, detail=asked.detail, code=asked.code)
    if row.entry_id is not None:  # confirmed before, and undone
        entries.resume(tx, row.entry_id)
    else:
        stood = entries.standing(tx, row.patient_id, entry)
        written = entries.add(tx, row.patient_id, entry, encounter_id)
        tx.session.flush()
        row.entry_id = None if stood else written
    row.state = "accepted"
    tx.session.add(row)


def undo(tx: Tx, encounter_id: str, command_id: str) -> None:
    """Take a confirmation back: the line it wrote ends, and the proposal waits again. Raises AccessDenied, NotFound."""
    row = _row(tx, encounter_id, command_id, "undo-command")
    if row.state == "accepted" and row.entry_id is not None:
        entries.end(tx, row.entry_id)
    row.state = "open" if row.kind else "refused"
    tx.session.add(row)


def dismiss(tx: Tx, encounter_id: str, command_id: str) -> None:
    """Nothing comes of it. Raises AccessDenied, NotFound, Conflict once it was confirmed."""
    row = _row(tx, encounter_id, command_id, "dismiss-command")
    if row.state == "accepted":
        raise Conflict("This was confirmed already. Undo it first.")
    row.state = "dismissed"
    tx.session.add(row)


def addressed(tx: Tx, encounter_id: str) -> list[tuple[VoiceCommand, Command]]:
    """Every command of a visit in the order of speech, for who was permitted to its transcript."""
    return [(row, tx.open(row, Command)) for row in reversed(_rows(tx, encounter_id))]


def _hear_new(tx: Tx, encounter: Encounter, segment: TranscriptSegment, speech: Speech, start: int) -> bool:
    language = _language(encounter, speech)
    said = speech.text[start:].strip()
    found = command(said, language, "doctor") or Refusal("not understood", said)
    unsure = segment.low_confidence or any(end > start for _, end in speech.doubts)
    asked = Command(said=said, language=language, segment_ids=[segment.id], until=segment.end_at, unsure=unsure)
    row = VoiceCommand(patient_id=encounter.patient_id, encounter_id=encounter.id, state="refused",
                       created_at=segment.start_at)
    _settle(tx, encounter, row, asked, found, shared=speech.shared)
    return True


def _hear_more(tx: Tx, encounter: Encounter, segment: TranscriptSegment, speech: Speech) -> bool:
    """Words right after a command may be the rest of it."""
    row = next(iter(_rows(tx, encounter.id)), None)
    if row is None or row.state not in ("open", "refused"):
        return False
    before = tx.open(row, Command)
    if not timedelta(0) <= segment.start_at - before.until + timedelta(seconds=1) <= timedelta(seconds=MAX_PAUSE_S + 1):
        return False
    found = continued(before.said, speech.text, before.language)
    if found is None:
        return False
    asked = before.model_copy(update={
        "said": found.said, "segment_ids": [*before.segment_ids, segment.id], "until": segment.end_at,
        "unsure": before.unsure or segment.low_confidence or bool(speech.doubts)})
    _settle(tx, encounter, row, asked, found, shared=speech.shared or before.why == TWO_SPEAK)
    return True


def _settle(tx: Tx, encounter: Encounter, row: VoiceCommand, asked: Command, found: Proposal | Refusal, *,
            shared: bool) -> None:
    """Write down what is proposed, or why nothing is."""
    line = _line(tx, encounter, found) if isinstance(found, Proposal) and not shared else None
    row.kind, row.state = (line.kind, "open") if line else ("", "refused")
    tx.seal(row, asked.model_copy(update={
        "text": line.text if line else "", "detail": line.detail if line else "", "code": line.code if line else "",
        "why": "" if line else TWO_SPEAK if shared else NOT_UNDERSTOOD}))
    tx.session.add(row)
    tx.session.flush()


def _line(tx: Tx, encounter: Encounter, found: Proposal) -> NewEntry | None:
    """The line of the record that a proposal asks for, in the visit's language; None for one too long for it."""
    language = _written(encounter)
    say = i18n.translator(language).gettext
    names = {"pression artérielle": say("Blood pressure"), "température": say("Temperature"),
             "fréquence cardiaque": say("Heart rate"), "saturation en oxygène": say("Oxygen saturation"),
             "poids": say("Weight")}
    kind, code = KINDS[found.kind], found.code or ""
    if found.kind == "vital":
        return NewEntry(kind=kind, text=f"{names[found.label]} {_amount(found, language)}")
    if found.kind == "reminder":
        zone = _zone(tx, encounter)
        day = i18n.date_words(_due(encounter, zone, found), language, zone)
        return NewEntry(kind=kind, text=say("To be seen again"), detail=say("%(day)s at the latest") % {"day": day})
    text = found.label[:1].upper() + found.label[1:]
    detail = f"{_amount(found, language)}, {found.sig}" if found.kind == "medication" else ""
    return NewEntry(kind=kind, text=text, detail=detail, code=code) if len(detail) <= entries.DETAIL_CHARS else None


def _amount(found: Proposal, language: Literal["fr", "en"]) -> str:
    measured = Fact(type="vital", text="", label=found.label, evidence=(), value=found.value, unit=found.unit)
    return shown_value(measured, language)


def _due(encounter: Encounter, zone: str, found: Proposal) -> date:
    """The day a span after the visit began; a month after 31 January is the last of February."""
    began = encounter.started_at or encounter.arrived_at
    if began is None:
        raise NotFound
    start, many = began.astimezone(ZoneInfo(zone)).date(), int(float(found.value or 0))
    if found.unit in ("d", "wk"):
        return start + timedelta(days=many * (7 if found.unit == "wk" else 1))
    months = start.month - 1 + many * (12 if found.unit == "a" else 1)
    first = date(start.year + months // 12, months % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(first.replace(day=min(start.day, last.day)), last)


def _zone(tx: Tx, encounter: Encounter) -> str:
    doctor = tx.session.get(Practitioner, encounter.practitioner_id)
    clinic = tx.session.get(Organization, doctor.organization_id) if doctor else None
    return clinic.zone if clinic else "UTC"


def _language(encounter: Encounter, speech: Speech) -> Literal["fr", "en"]:
    return "en" if (speech.language or encounter.language) == "en" else "fr"


def _written(encounter: Encounter) -> Literal["fr", "en"]:
    return "en" if encounter.language == "en" else "fr"


def _heard(tx: Tx, row: VoiceCommand) -> Heard:
    asked = tx.open(row, Command)
    return Heard(row.id, row.kind, row.state, asked.said, asked.language, asked.text, asked.detail, asked.why,
                 asked.unsure, row.state == "accepted" and row.entry_id is None)


def _rows(tx: Tx, encounter_id: str) -> list[VoiceCommand]:
    query = select(VoiceCommand).where(VoiceCommand.encounter_id == encounter_id)
    return list(tx.session.exec(query.order_by(col(VoiceCommand.created_at).desc(), col(VoiceCommand.id))).all())


def _row(tx: Tx, encounter_id: str, command_id: str, step: str) -> VoiceCommand:
    encounters.find(tx, encounter_id, Action.VISIT_CONDUCT, step=step)
    row = tx.session.get(VoiceCommand, command_id, with_for_update=True)
    if row is None or row.encounter_id != encounter_id:
        raise NotFound
    return row
