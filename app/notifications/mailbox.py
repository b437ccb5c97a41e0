"""The demo's mailbox: every message of the demo clinic, links and codes included. Never in production."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from app import audit
from app.actor import Role
from app.db import Tx
from app.errors import AccessDenied
from app.notifications.messages import Message, MessageContent

SHOWN = 60


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as the mailbox page shows it."""

    id: str
    kind: str
    channel: str
    state: str
    error: str
    at: datetime
    to: str
    subject: str
    text: str
    link: str
    code: str
    has_ics: bool


def recent(tx: Tx) -> list[Mail]:
    """The newest messages that still hold their content. For our own demo process alone."""
    if tx.actor.role is not Role.SYSTEM:
        raise AccessDenied
    audit.record(tx, "mailbox:read", entity="Message")
    rows = tx.session.exec(select(Message).order_by(col(Message.created_at).desc()).limit(SHOWN)).all()
    return [_mail(row, tx.open(row, MessageContent)) for row in rows if row.sealed]


def _mail(row: Message, content: MessageContent) -> Mail:
    link = re.search(r"https?://\S+/l/[\w-]+", content.text)
    code = re.search(r"\b\d{6}\b", content.text) if row.kind == "code" else None
    return Mail(row.id, row.kind, row.channel, row.state, row.error, row.created_at, content.to, content.subject,
                content.text, link.group() if link else "", code.group() if code else "", bool(content.ics))
