"""Reminders: a week, a day and an hour before, as the site says; none for what was moved, cancelled or begun."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app import jobs
from app.access import links
from app.actor import system
from app.db import Database, Tx
from app.notifications import invitations, letters
from app.notifications.invitations import Site
from app.scheduling.tables import Appointment

KIND = "reminder"
SMS_WITHIN_H = 24  # who has a phone reads it sooner there


def invite(tx: Tx, appointment_id: str, site: Site) -> None:
    """The invitation, and later its reminders."""
    invitations.invite(tx, appointment_id, site)
    schedule(tx, appointment_id, site)


def tell_moved(tx: Tx, appointment_id: str, site: Site) -> None:
    """The new time, and later its reminders; those of the old time find nothing to say."""
    invitations.tell_moved(tx, appointment_id, site)
    schedule(tx, appointment_id, site)


def schedule(tx: Tx, appointment_id: str, site: Site) -> None:
    """Have each reminder that is still ahead written when its time comes; asking twice changes nothing."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.status != "booked":
        return
    start = appointment.start_at.isoformat()
    for hours in site.reminder_hours:
        wait = appointment.start_at - timedelta(hours=hours) - tx.now
        if wait > timedelta(0):
            key = f"{KIND}:{appointment_id}:{start}:{hours}"
            jobs.enqueue(tx, f"message.{KIND}", delay_s=wait.total_seconds(), key=key, appointment_id=appointment_id,
                         start_at=start, hours=str(hours))


def write(tx: Tx, appointment_id: str, start_at: datetime, hours: int, site: Site) -> bool:
    """One reminder with a link of its own; False when the appointment is not booked for that time any more."""
    about = invitations.standing(tx, appointment_id, KIND)
    if about is None or about.appointment.status != "booked" or about.appointment.start_at != start_at:
        return False
    if start_at <= tx.now:  # the house was down when it was due
        return False
    letter = letters.reminder(about.visit, site.link(links.issue(tx, appointment_id, links.VISIT)))
    send = invitations.send_quickly if hours <= SMS_WITHIN_H else invitations.send
    send(tx, KIND, about, site, letter)
    return True


def handlers(db: Database, site: Site) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kind message.reminder."""

    async def remind(payload: Mapping[str, str]) -> None:
        await db.write(system("messages"), write, payload["appointment_id"],
                       datetime.fromisoformat(payload["start_at"]), int(payload["hours"]), site)

    return {f"message.{KIND}": remind}
