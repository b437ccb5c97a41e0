"""Jobs that write and send messages: message.invitation, .moved, .cancelled, .delayed, .summary, .deliver, .staff."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog
from prometheus_client import Counter

from app import tasks
from app.actor import system
from app.db import Database, Tx
from app.jobs import Handler
from app.notifications import delays, invitations, notices, ready, reminders
from app.notifications.channels import NOBODYS, Channel, DeliveryFailed, channels_of, sms_possible
from app.notifications.invitations import Site
from app.notifications.messages import Message, MessageContent
from app.settings import Settings

ACTOR = system("messages")
MAX_ATTEMPTS = 6  # with the jobs' backoff about four minutes; then the scheduler sees that it failed

log = structlog.get_logger(__name__)
DELIVERED = Counter("colloque_messages_total", "Messages to patients by channel and outcome", ["channel", "outcome"])


class Postman:
    """Delivers queued messages, one by one, and keeps their state."""

    def __init__(self, db: Database, channels: Mapping[str, Channel], *, keep: bool) -> None:
        self._db, self._channels, self._keep = db, channels, keep

    async def deliver(self, payload: Mapping[str, str]) -> None:
        """Send one message; raises DeliveryFailed so that the job is tried again."""
        message_id = payload["message_id"]
        waiting = await self._db.write(ACTOR, _begin, message_id)
        if waiting is None:
            return
        channel, content = waiting
        try:
            if not content.to:
                raise DeliveryFailed("no address", final=True)  # the staff tells them
            await self._channels[channel].send(content)
        except DeliveryFailed as failure:
            again = await self._db.write(ACTOR, _note_failure, message_id, content.carries, str(failure),
                                         final=failure.final, anybodys=not content.to.endswith(NOBODYS))
            DELIVERED.labels(channel, "retried" if again else "failed").inc()
            if again:
                raise
            log.warning("message failed for good", message=message_id, channel=channel, error=str(failure))
        else:
            await self._db.write(ACTOR, _note_sent, message_id, content.carries, keep=self._keep)
            DELIVERED.labels(channel, "sent").inc()


def handlers(db: Database, settings: Settings) -> dict[str, Handler]:
    """What the jobs runner calls for kinds message.*."""
    site = site_of(settings)
    channels = channels_of(settings)
    postman = Postman(db, channels, keep=settings.mode == "demo")
    letters: dict[str, Handler] = {
        "message.invitation": partial(_write, db, reminders.invite, site),
        "message.moved": partial(_write, db, reminders.tell_moved, site),
        "message.cancelled": partial(_write, db, invitations.tell_cancelled, site),
        "message.by-phone": partial(_write, db, invitations.tell_by_phone, site),
        "message.offer": partial(_write, db, invitations.tell_offer, site),
        "message.delayed": partial(_write_delayed, db, site),
        "message.summary": partial(_write, db, invitations.send_summary, site),
        "message.deliver": postman.deliver,
        "message.staff": partial(notices.deliver, db, channels["email"]),
    }
    return letters | reminders.handlers(db, site) | ready.handlers(db, site)


def site_of(settings: Settings) -> Site:
    """This installation as messages name it."""
    return Site(settings.base_url, settings.mail_from, sms_possible(settings), settings.reminder_hours,
                settings.unconfirmed_hours)


async def _write(db: Database, write: Callable[[Tx, str, Site], None], site: Site, payload: Mapping[str, str]) -> None:
    await db.write(ACTOR, write, payload["appointment_id"], site)


async def _write_delayed(db: Database, site: Site, payload: Mapping[str, str]) -> None:
    expected_at = datetime.fromisoformat(payload["expected_at"])
    await db.write(ACTOR, delays.write, payload["appointment_id"], expected_at, site)


def _begin(tx: Tx, message_id: str) -> tuple[str, MessageContent] | None:
    message = tx.session.get(Message, message_id)
    if message is None or message.state != "queued":
        return None
    message.attempts += 1
    tx.session.add(message)
    return message.channel, tx.open(message, MessageContent)


def _note_sent(tx: Tx, message_id: str, carried: Sequence[str], *, keep: bool) -> None:
    for each in (message_id, *carried):
        message = tx.session.get_one(Message, each)
        message.state, message.sent_at, message.error = "sent", tx.now, ""
        if each == message_id and not keep:
            message.sealed = b""
        tx.session.add(message)


def _note_failure(tx: Tx, message_id: str, carried: Sequence[str], error: str, *, final: bool, anybodys: bool) -> bool:
    message = tx.session.get_one(Message, message_id)
    message.error = error
    if final or message.attempts >= MAX_ATTEMPTS:
        message.state = "failed"
    tx.session.add(message)
    for each in carried:
        also = tx.session.get_one(Message, each)
        also.state, also.error = message.state, error
        tx.session.add(also)
    # Who waits for a code sees on their page that none comes; everything else is for the staff to tell by phone.
    if message.state == "failed" and message.kind != "code" and anybodys and message.appointment_id:
        tasks.ask(tx, "delivery-failed", message.appointment_id, f"{message.kind}:{message.channel}")
    return message.state == "queued"
