"""A doctor who runs late tells the patients who are still to come; those in the waiting room see it there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from app import jobs, waiting
from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.notifications import invitations, letters
from app.notifications.invitations import Site
from app.notifications.messages import Message
from app.scheduling.tables import Appointment
from app.waiting import NO_SHOW_MIN, QueueEntry

WORTH_TELLING_MIN = 5
AGAIN_MIN = 15  # who was told so lately is not told again
BEFORE = ("arrived", "in-progress")
KIND = "delayed"


def concerned(tx: Tx, entries: Sequence[QueueEntry]) -> list[QueueEntry]:
    """Whom of the acting doctor's queue to tell: still to come, held up by others, not told lately."""
    held_up = [e for n, e in enumerate(entries) if _is_held_up(e, entries[:n], tx.now)]
    known = told(tx, held_up)
    return [e for e in held_up if e.id not in known]


def told(tx: Tx, entries: Sequence[QueueEntry]) -> set[str]:
    """The ids of those of the acting doctor's queue who were told lately, or are being told."""
    ids = [e.id for e in entries]
    return _told_lately(tx, ids) | _about_to_be_told(tx, ids)


def tell(tx: Tx) -> int:
    """Send each of them the time now expected; returns how many. Raises AccessDenied."""
    entries = concerned(tx, waiting.queue(tx))
    for entry in entries:
        appointment = tx.session.get_one(Appointment, entry.id)
        guard.permit(tx, Action.QUEUE_TELL, entity="Appointment", entity_id=entry.id,
                     patient_id=appointment.patient_id, practitioner_id=appointment.practitioner_id)
        jobs.enqueue(tx, f"message.{KIND}", key=_key(entry.id), appointment_id=entry.id,
                     expected_at=entry.expected_at.isoformat())
    return len(entries)


def write(tx: Tx, appointment_id: str, expected_at: datetime, site: Site) -> None:
    """The message itself; nothing when the appointment is gone or was told meanwhile."""
    about = invitations.standing(tx, appointment_id, KIND)
    if about and not _told_lately(tx, [appointment_id]):
        invitations.send(tx, KIND, about, site, letters.delayed(about.visit, expected_at))


def _is_held_up(entry: QueueEntry, before: Sequence[QueueEntry], now: datetime) -> bool:
    here = entry.status != "planned" and (entry.status != "arrived" or entry.present)
    missing = entry.status == "planned" and now > entry.start_at + timedelta(minutes=NO_SHOW_MIN)  # late themselves
    late = entry.expected_at - entry.start_at >= timedelta(minutes=WORTH_TELLING_MIN)
    return late and not here and not missing and any(e.status in BEFORE for e in before)


def _told_lately(tx: Tx, appointment_ids: Sequence[str]) -> set[str]:
    since = tx.now - timedelta(minutes=AGAIN_MIN)
    query = select(Message.appointment_id).where(
        Message.kind == KIND, col(Message.appointment_id).in_(appointment_ids), col(Message.created_at) > since)
    return {each for each in tx.session.exec(query).all() if each}


def _about_to_be_told(tx: Tx, appointment_ids: Sequence[str]) -> set[str]:
    by_key = {_key(each): each for each in appointment_ids}
    query = select(jobs.Job.key).where(col(jobs.Job.key).in_(by_key), col(jobs.Job.failed).is_(False))
    return {by_key[key] for key in tx.session.exec(query).all() if key}


def _key(appointment_id: str) -> str:
    return f"message.{KIND}:{appointment_id}"
