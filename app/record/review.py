"""What the doctor reads to review a note: the note, the transcript it comes from, and how far the draft is."""

from dataclasses import dataclass
from datetime import datetime

from app import encounters
from app.access.policy import Action
from app.db import Tx
from app.encounters import Encounter
from app.errors import NotFound
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.record import compositions, drafts, playback, transcripts
from app.record.compositions import Note
from app.record.drafts import Progress
from app.record.tables import Sentence
from app.record.transcripts import INCIDENTS, SPEECH, Line


@dataclass(frozen=True, slots=True)
class Review:
    """One visit's note page; `note` is None until the draft is there. incidents: of its technique, not of speech."""

    encounter: Encounter
    patient: PatientIdentity
    practitioner: Practitioner
    zone: str
    progress: Progress
    note: Note | None
    lines: list[Line]
    audible: bool
    incidents: tuple[Line, ...] = ()

    @property
    def began_at(self) -> datetime:
        """When the visit began, as far as that is known."""
        known = self.encounter.media_started_at or self.encounter.started_at or self.encounter.arrived_at
        if known is None:
            raise NotFound
        return known

    @property
    def minutes(self) -> int:
        """How long the visit lasted; 0 while it runs."""
        end = self.encounter.finished_at
        return max(1, round((end - self.began_at).total_seconds() / 60)) if end else 0

    @property
    def sentences(self) -> list[Sentence]:
        """Every sentence of the note in reading order."""
        return [s for section in self.note.content.sections for s in section.sentences] if self.note else []

    @property
    def proven(self) -> int:
        """How many sentences have evidence in the transcript."""
        return sum(bool(s.evidence) for s in self.sentences)

    def around(self, sentence: Sentence) -> list[tuple[Line, bool]]:
        """The lines a sentence comes from (True), after the line before the first of them (False)."""
        proofs = {proof.segment_id for proof in sentence.evidence}
        places = [n for n, line in enumerate(self.lines) if line.id in proofs]
        before = [(self.lines[n - 1], False) for n in places[:1] if n > 0]
        return before + [(self.lines[n], True) for n in places]

    def speaker(self, role: str) -> str:
        """The name behind a role of the transcript; another participant keeps the role's name."""
        names = {"doctor": self.practitioner.name, "patient": self.patient.name}
        return names.get(role, role)


def review(tx: Tx, encounter_id: str) -> Review:
    """Everything the note page shows. Raises AccessDenied, NotFound before the visit began."""
    encounter = encounters.find(tx, encounter_id, Action.COMPOSITION_READ)
    patient = tx.session.get(Patient, encounter.patient_id)
    practitioner = tx.session.get(Practitioner, encounter.practitioner_id)
    clinic = tx.session.get(Organization, practitioner.organization_id) if practitioner else None
    if patient is None or practitioner is None or clinic is None or encounter.arrived_at is None:
        raise NotFound
    progress = drafts.progress(tx, encounter_id)
    told = transcripts.read(tx, encounter_id)
    lines, incidents = ([line for line in told if line.kind in kinds] for kinds in ((SPEECH,), INCIDENTS))
    note = compositions.read(tx, encounter_id, quiet=True) if progress.state == "ready" else None
    return Review(encounter, tx.open(patient, PatientIdentity), practitioner, clinic.zone, progress, note, lines,
                  playback.audible(tx, encounter_id), tuple(incidents))
