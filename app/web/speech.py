"""What the rooms ask of a visit before they tap anybody: consents, key and languages, in one read."""

from dataclasses import dataclass
from typing import cast

from app import consent, encounters, guests
from app.db import Tx
from app.record import transcripts
from app.record.transcripts import Line, Marker
from transcription.protocol import EndReason, Language


@dataclass(frozen=True, slots=True)
class Speech:
    """Whether speech of a visit may be tapped, under which key."""

    running: bool
    consented: bool
    withdrawn: bool  # given once and taken back
    key: bytes | None
    spoken: dict[str, Language]  # by role
    language: Language  # of the visit: what guests are taken to speak
    guests: set[str]  # whose words may be written down too

    def may_hear(self, role: str, participant: str) -> bool:
        """Whether this participant's words may be written down: a guest's only with their own yes too."""
        agreed = role in encounters.SPEAKERS or participant in self.guests
        return self.running and self.consented and self.key is not None and agreed

    def why_not(self, role: str, participant: str) -> EndReason:
        """Why a tap ends that is not wanted any more."""
        agreed = self.consented and (role in encounters.SPEAKERS or participant in self.guests)
        return "withdrawn" if self.running and not agreed else "closed"

    def language_of(self, role: str) -> Language:
        """What somebody speaks."""
        return self.spoken.get(role, self.language)


def read(tx: Tx, visit_id: str) -> Speech:
    """How things stand for the taps of a visit. System only."""
    encounter = encounters.status_of(tx, visit_id)
    running = encounter.status == "in-progress"
    consented = consent.permits(tx, visit_id, consent.TRANSCRIPTION)
    withdrawn = not consented and consent.state(tx, visit_id, consent.TRANSCRIPTION) is not None
    key = transcripts.audio_key(tx, visit_id) if running and consented else None
    spoken = cast("dict[str, Language]", encounters.spoken(encounter, encounters.facts_of(tx, encounter)))
    return Speech(running, consented, withdrawn, key, spoken, cast("Language", encounter.language),
                  guests.heard(tx, visit_id))


def mark(tx: Tx, visit_id: str, kind: Marker, role: str) -> Line | None:
    """Note an incident in the transcript; None when it stands there already."""
    row = transcripts.mark(tx, visit_id, kind, role)
    return None if row is None else transcripts.line(tx, encounters.status_of(tx, visit_id), row)
