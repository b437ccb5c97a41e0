"""Reading the trail: an administrator searches all of it, a patient sees who opened their own record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app import audit, encounters
from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.audit import AuditEvent, Trail, Verdict
from app.db import Tx

STAFF = (Role.DOCTOR.value, Role.SCHEDULER.value, Role.ADMINISTRATOR.value)
SCANNED = 2000  # the newest entries about one patient

# What each action means to the person it is about (English catalogue texts); the rest is not listed.
MEANINGS: dict[str, str] = {
    "patient:read": "Read your identity and contact",
    "patient:write": "Changed your identity or contact",
    "patient:search": "Found you in a search",
    "appointment:book": "Booked an appointment for you",
    "appointment:read": "Read your appointment",
    "appointment:move": "Moved your appointment",
    "appointment:cancel": "Cancelled your appointment",
    "record:read": "Opened your record",
    "record:write": "Changed your record",
    "consent:read": "Read your consent",
    "queue:tell": "Told you about a delay",
    "visit:join": "Joined your visit",
    "visit:conduct": "Conducted your visit",
    "communication:send": "Wrote or sent you something during your visit",
    "communication:read": "Read the messages of your visit",
    "document:read": "Opened a photo or document of your visit",
    "visit:receive": "Noted that you came in at the clinic, or not after all",
    "appointment:switch": "Switched your visit to the phone, or back",
    "attendance:mark": "Noted that you came late or not",
    "task:read": "Read your phone number to call you",
    "guest:admit": "Let somebody into your visit, or sent them away",
    "transcript:read": "Read or listened to what was said",
    "composition:read": "Read your consultation note",
    "composition:write": "Changed your consultation note",
    "composition:signed": "Signed your consultation note",
    "composition:amended": "Added to your consultation note",
    "summary:release": "Edited or released your summary",
    "letter:read": "Read the letter to your own doctor",
    "letter:release": "Wrote the letter to your own doctor",
    "letter:released": "Released the letter to your own doctor",
    "summary:read": "Read your summary",
    "audio:destroyed": "Destroyed the sound of your visit",
}


@dataclass(frozen=True, slots=True)
class Access:
    """One person doing one thing, `times` times between two instants of a day."""

    name: str
    role: str
    meaning: str
    purpose: str
    refused: bool
    first_at: datetime
    last_at: datetime
    times: int = 1


def own(tx: Tx) -> list[Access]:
    """Who opened the acting patient's record, newest first. Raises AccessDenied."""
    encounter = encounters.find(tx, tx.actor.appointment_id or "", Action.AUDIT_READ_OWN)
    return gather(audit.search(tx, patient_id=encounter.patient_id, limit=SCANNED))


def gather(events: Iterable[AuditEvent]) -> list[Access]:
    """Group entries of staff, newest first, by day, person and deed."""
    groups: dict[tuple[object, ...], Access] = {}
    for event in events:
        if event.role not in STAFF or event.action not in MEANINGS:
            continue
        key = (event.at.date(), event.actor_id, event.action, event.outcome)
        known = groups.get(key)
        first_of_day = event.at if known is None else min(known.first_at, event.at)
        last_of_day = event.at if known is None else known.last_at
        groups[key] = Access(event.actor_name, event.role, MEANINGS[event.action], event.purpose,
                             event.outcome != "success", first_of_day, last_of_day,
                             1 if known is None else known.times + 1)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """What an administrator looks for; empty fields match everything."""

    who: str = ""
    action: str = ""
    patient_id: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None
    limit: int = audit.PAGE


def search(tx: Tx, query: TrailQuery) -> list[AuditEvent]:
    """Entries of the trail, newest first; looking is itself an entry. Raises AccessDenied."""
    given = [name for name in ("who", "action", "patient_id", "outcome", "since", "until") if getattr(query, name)]
    # The words typed stay out of the trail: somebody may search for a patient's name.
    guard.permit(tx, Action.AUDIT_SEARCH, entity="AuditEvent", filters=" ".join(given))
    return audit.search(tx, actor=query.who, action=query.action, patient_id=query.patient_id, outcome=query.outcome,
                        since=query.since, until=query.until, before_seq=query.before_seq, limit=query.limit)


def verify(tx: Tx, trail: Trail) -> Verdict:
    """Walk the whole chain for an administrator. Raises AccessDenied."""
    guard.permit(tx, Action.AUDIT_SEARCH, entity="AuditEvent", step="verify")
    return trail.verify(tx)
