"""Notices to staff: something about their account changed. No secret in them, and nothing to click."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlmodel import select

from app import audit, i18n
from app.access.accounts import Account
from app.actor import system
from app.db import Database, Tx
from app.errors import NotFound
from app.notifications.channels import Channel, DeliveryFailed
from app.notifications.letters import Letter
from app.notifications.messages import MessageContent
from app.people import Organization

ACTOR = system("messages")
log = structlog.get_logger(__name__)


def mark(text: str) -> str:
    """A catalogue text that is translated when it is shown."""
    return text


WHAT = {
    "password-changed": mark("The password of your account was changed on %(moment)s."),
    "password-reset": mark("An administrator gave your account a new password on %(moment)s."),
    "authenticator-changed": mark("A new authenticator app was set up for your account on %(moment)s."),
    "authenticator-reset": mark("An administrator gave your account a new authenticator key on %(moment)s."),
    "recovery-used": mark("Somebody signed in to your account with a recovery code on %(moment)s."),
    "recovery-renewed": mark("New recovery codes were made for your account on %(moment)s."),
}


async def deliver(db: Database, channel: Channel, payload: Mapping[str, str]) -> None:
    """Write to one member of staff; raises DeliveryFailed so that the job is tried again."""
    content = await db.write(ACTOR, compose, **payload)
    try:
        await channel.send(content)
    except DeliveryFailed as failure:
        if not failure.final:
            raise
        log.warning("notice failed for good", account=payload["account_id"], error=str(failure))


def compose(tx: Tx, account_id: str, what: str, at: str) -> MessageContent:
    """The e-mail, in the account's language. Raises NotFound."""
    account, clinic = tx.session.get(Account, account_id), tx.session.exec(select(Organization).limit(1)).first()
    if account is None or clinic is None:
        raise NotFound
    audit.record(tx, "account:notice", entity="Account", entity_id=account_id, what=what)
    letter = account_changed(account.language, clinic, what, datetime.fromisoformat(at))
    return MessageContent(to=account.email, subject=letter.subject, text=letter.text, html=letter.html)


def account_changed(language: str, clinic: Organization, what: str, at: datetime) -> Letter:
    """What happened and when, and whom to call if it was somebody else."""
    _ = i18n.translator(language).gettext
    moment = i18n.moment(at, language, clinic.zone)
    call = _("Questions? Call %(phone)s") % {"phone": clinic.phone} if clinic.phone else ""
    return Letter(
        language, _("Your account at %(clinic)s was changed") % {"clinic": clinic.name}, clinic.name,
        [_("Hello,"), _(WHAT[what]) % {"moment": moment},
         _("If this was you, there is nothing to do. If not, tell an administrator of the clinic at once.")],
        footer=[call] if call else [],
    )
