"""What became of one appointment: who changed what, when, from where and why, read back from the audit trail."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import col, select

from app.access import guard, links
from app.access.policy import Action
from app.actor import Role
from app.audit import AuditEvent
from app.db import Tx
from app.errors import Invalid
from app.scheduling.tables import Appointment

CHANGES: Final = (
    Action.APPOINTMENT_BOOK, Action.APPOINTMENT_MOVE, Action.APPOINTMENT_CANCEL, Action.APPOINTMENT_CONFIRM,
    Action.APPOINTMENT_EQUIP, Action.APPOINTMENT_SWITCH, Action.ATTENDANCE_MARK, Action.VISIT_RECEIVE,
    "appointment:hold-end", "waitlist:offer",
)
# The clinic's own pages, the patient's pages behind a code, a message's link without one, the public page, the command
# line, and what our own processes do when its time comes.
PLACES: Final = ("desk", "link", "message", "public", "command", "itself")
STAFF: Final = (Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR)
COMMANDS: Final = ("seed", "demo", "clinic", "rehearsal", "start")
WHYS: Final = ("patient", "doctor", "technical", "mistake")  # whose matter; fixed: the trail holds no clinical word


@dataclass(frozen=True, slots=True)
class Change:
    """One change. role: whose hand, "system" for what happened by itself; times where it moved; why: one of WHYS.

    place: from where, one of PLACES.
    """

    at: datetime
    action: str
    role: str
    name: str
    why: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    place: str = "itself"


def given_why(why: str) -> dict[str, str]:
    """What the trail keeps of a reason given. Raises Invalid when it is none of WHYS; none is no fault."""
    if why and why not in WHYS:
        raise Invalid(fields={"why": "This is not valid."})
    return {"why": why} if why else {}


def of_appointment(tx: Tx, appointment_id: str) -> list[Change]:
    """All changes that came about, oldest first. Raises AccessDenied."""
    row = tx.session.get(Appointment, appointment_id)
    patient_id = row.patient_id if row else None
    guard.permit(tx, Action.APPOINTMENT_READ, entity="Appointment", entity_id=appointment_id, patient_id=patient_id,
                 quiet=True)  # whoever shows it read the appointment
    found = select(AuditEvent).where(
        AuditEvent.patient_id == patient_id, AuditEvent.entity_id == appointment_id, AuditEvent.outcome == "success",
        col(AuditEvent.action).in_(CHANGES)).order_by(col(AuditEvent.seq))
    changes = [_change(entry) for entry in tx.session.exec(found).all()]
    return [change for change in changes if change.from_at is None or change.from_at != change.to_at]


def _change(entry: AuditEvent) -> Change:
    detail = json.loads(entry.detail)
    from_at, to_at = (datetime.fromisoformat(detail[key]) if key in detail else None for key in ("was", "to"))
    return Change(entry.at, entry.action, entry.role, entry.actor_name, detail.get("why", ""), from_at, to_at,
                  place_of(entry.role, entry.actor_name, entry.ip))


def place_of(role: str, name: str, ip: str) -> str:
    """From where somebody acted whom the trail names so. Pure."""
    if role in STAFF:
        return "desk"
    if role == Role.PATIENT:
        return "message" if name == links.BY_LINK_ALONE else "link"
    if ip or role == Role.ANONYMOUS:  # our own process, for somebody at a browser who is not yet proved
        return "public"
    return "command" if name in COMMANDS else "itself"
