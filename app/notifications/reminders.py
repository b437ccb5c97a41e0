"""Reminders: a week, a day and an hour before, as the clinic says; none for what was moved, cancelled or begun."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import select

from app import jobs, tasks
from app.access import links
from app.actor import system
from app.db import Database, Tx
from app.notifications import invitations, letters
from app.notifications.invitations import Site
from app.notifications.messages import Message
from app.people import Organization
from app.scheduling import motifs, replies
from app.scheduling.tables import Appointment, Motif

KIND = "reminder"
ASKS_FROM_H = 2       # nearer to the visit there is nothing left to change
BOOKED_LATELY = timedelta(hours=48)  # who booked so short before need not say again that they come
SMS_WITHIN_H = 24  # who has a phone reads it sooner there


def invite(tx: Tx, appointment_id: str, site: Site) -> None:
    """The invitation, and later its reminders."""
    for each in invitations.invite(tx, appointment_id, site):
        schedule(tx, each, site)


def tell_moved(tx: Tx, appointment_id: str, site: Site) -> None:
    """The new time, and later its reminders; those of the old time find nothing to say."""
    invitations.tell_moved(tx, appointment_id, site)
    tasks.resolve(tx, appointment_id, "unconfirmed")
    schedule(tx, appointment_id, site)


def tell_settled(tx: Tx, appointment_id: str, was_with: str, was_at: datetime, site: Site) -> None:
    """The same once nobody takes the move back any more; nothing when it is where the patient knows it to be."""
    row = tx.session.get(Appointment, appointment_id, with_for_update=True)  # after whoever moves it right now
    if row is not None and (row.practitioner_id, row.start_at) != (was_with, was_at):
        tell_moved(tx, appointment_id, site)


def schedule(tx: Tx, appointment_id: str, site: Site) -> None:
    """Have each reminder that is still ahead written when its time comes; asking twice changes nothing."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.status != "booked":
        return
    start = appointment.start_at.isoformat()
    motif = tx.session.get_one(Motif, appointment.motif_id)
    usual = motifs.usual_hours(tx.session.get_one(Organization, motif.organization_id), site.reminder_hours)
    for hours in motifs.reminder_hours(motif, usual):
        wait = appointment.start_at - timedelta(hours=hours) - tx.now
        if wait > timedelta(0):
            key = f"{KIND}:{appointment_id}:{start}:{hours}"
            jobs.enqueue(tx, f"message.{KIND}", delay_s=wait.total_seconds(), key=key, appointment_id=appointment_id,
                         start_at=start, hours=str(hours))
    wait = appointment.start_at - timedelta(hours=site.unconfirmed_hours) - tx.now
    if site.unconfirmed_hours and wait > timedelta(0) and appointment.start_at - tx.now > BOOKED_LATELY:
        jobs.enqueue(tx, "message.unconfirmed", delay_s=wait.total_seconds(), appointment_id=appointment_id,
                     key=f"unconfirmed:{appointment_id}:{start}", start_at=start)


def write(tx: Tx, appointment_id: str, start_at: datetime, hours: int, site: Site) -> bool:
    """One reminder with a link of its own, or that the doctor calls; False when that time is not booked any more."""
    about = invitations.standing(tx, appointment_id, KIND)
    if about is None or about.appointment.status != "booked" or about.appointment.start_at != start_at:
        return False
    if start_at <= tx.now:  # the house was down when it was due
        return False
    if replies.by_phone(tx, appointment_id):
        letter = letters.by_phone(about.visit)
    else:
        asks = hours >= ASKS_FROM_H and replies.confirmed_at(tx, about.appointment) is None
        letter = letters.reminder(about.visit, site.link(links.issue(tx, appointment_id, links.VISIT)), asks=asks)
    send = invitations.send_quickly if hours <= SMS_WITHIN_H else invitations.send
    send(tx, KIND, about, site, letter)
    return True


def miss(tx: Tx, appointment_id: str, start_at: datetime) -> bool:
    """Nobody said that they come, though they were asked: staff should call. True when that is so."""
    row = tx.session.get(Appointment, appointment_id)
    if row is None or row.status != "booked" or row.start_at != start_at or replies.confirmed_at(tx, row):
        return False
    asked = select(Message.id).where(Message.appointment_id == appointment_id, Message.kind == KIND)
    return tx.session.exec(asked).first() is not None and tasks.ask(tx, "unconfirmed", appointment_id)


def handlers(db: Database, site: Site) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kinds message.reminder, message.unconfirmed and message.settled."""

    async def remind(payload: Mapping[str, str]) -> None:
        await db.write(system("messages"), write, payload["appointment_id"],
                       datetime.fromisoformat(payload["start_at"]), int(payload["hours"]), site)

    async def settled(payload: Mapping[str, str]) -> None:
        await db.write(system("messages"), tell_settled, payload["appointment_id"], payload["was_with"],
                       datetime.fromisoformat(payload["was_at"]), site)

    async def unconfirmed(payload: Mapping[str, str]) -> None:
        await db.write(system("messages"), miss, payload["appointment_id"], datetime.fromisoformat(payload["start_at"]))

    return {f"message.{KIND}": remind, "message.unconfirmed": unconfirmed, "message.settled": settled}
