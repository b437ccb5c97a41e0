"""How a message leaves the house: SMTP, an HTTP gateway for SMS, or, in the demo, a page that shows it."""

import re
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import make_msgid
from typing import Protocol

import aiosmtplib
from aiohttp import ClientError, ClientSession, ClientTimeout

from app.notifications.messages import MessageContent
from app.settings import Settings

TIMEOUT_S = 20
PERMANENT = 500  # SMTP replies from 500 on: trying again cannot help (RFC 5321)


NOBODYS = ".invalid"  # RFC 2606: belongs to nobody; rehearsals use it


class DeliveryFailed(Exception):
    """The message did not leave; `final` when trying again cannot help. The text holds no address."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Channel(Protocol):
    """Sends one message or raises DeliveryFailed."""

    async def send(self, content: MessageContent) -> None: ...


class SmtpChannel:
    """E-mail through the site's SMTP server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, content: MessageContent) -> None:
        """Hand the e-mail to the server; a refused recipient (5xx) is final."""
        site = self._settings
        if content.to.endswith(NOBODYS):
            raise DeliveryFailed("the address is under .invalid", final=True)
        try:
            email = compose(content, site.mail_from)
            await aiosmtplib.send(
                email, hostname=site.smtp_host, port=site.smtp_port, username=site.smtp_user or None,
                password=site.smtp_password.get_secret_value() or None, use_tls=site.smtp_tls == "tls",
                start_tls=site.smtp_tls == "starttls", timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as refusal:
            raise _refused(refusal) from None
        except (aiosmtplib.SMTPException, OSError) as failure:
            raise DeliveryFailed(type(failure).__name__) from None
        except (HeaderParseError, ValueError):
            raise DeliveryFailed("BadAddress", final=True) from None


class SmsGateway:
    """Text messages through an HTTP gateway: POST {to, text} with a bearer token."""

    def __init__(self, settings: Settings) -> None:
        self._url, self._token = settings.sms_gateway_url, settings.sms_gateway_token.get_secret_value()

    async def send(self, content: MessageContent) -> None:
        """Hand the message to the gateway; 4xx other than 408 and 429 is final."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as session,
                session.post(self._url, json={"to": content.to, "text": content.text}, headers=headers) as answer,
            ):
                status = answer.status
        except (ClientError, TimeoutError, OSError) as failure:
            raise DeliveryFailed(type(failure).__name__) from None
        if status >= 400:
            raise DeliveryFailed(f"HTTP {status}", final=status < 500 and status not in (408, 429))


class DemoMailbox:
    """No server is set: the message stays in the database and shows at /demo/mailbox."""

    async def send(self, content: MessageContent) -> None:
        """Nothing leaves the house."""


def sms_possible(settings: Settings) -> bool:
    """Whether text messages can be sent; the demo without servers shows them in its mailbox."""
    return bool(settings.sms_gateway_url) or (settings.mode == "demo" and not settings.smtp_host)


def channels_of(settings: Settings) -> dict[str, Channel]:
    """The channels of a site, by name. Production without SMTP does not start (see settings)."""
    mailbox = DemoMailbox()
    return {"email": SmtpChannel(settings) if settings.smtp_host else mailbox,
            "sms": SmsGateway(settings) if settings.sms_gateway_url else mailbox}


class _Subject(UnstructuredHeader, BaseHeader):
    """Python 3.11 drops the space between two encoded words where it folds ("3 décembreà 8 h"); Header keeps it."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        charset = "us-ascii" if self.isascii() else "utf-8"
        folded = Header(str(self), charset, header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {folded}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", _Subject)


def compose(content: MessageContent, sender: str) -> EmailMessage:
    """The e-mail: text, HTML and the calendar entry. Raises ValueError for an address that is none."""
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", content.to):
        raise ValueError("no address")
    email = EmailMessage(policy=EmailPolicy(header_factory=_HEADERS))
    email["From"] = sender
    email["To"] = Address(addr_spec=content.to)
    email["Subject"] = content.subject
    email["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip("> ") or "localhost")
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(content.text)
    if content.html:
        email.add_alternative(content.html, subtype="html")
    if content.ics:
        email.add_attachment(content.ics.encode(), maintype="text", subtype="calendar", filename="visit.ics",
                             params={"method": content.ics_method, "charset": "utf-8"})
    return email


def _refused(refusal: aiosmtplib.SMTPException) -> DeliveryFailed:
    # Only the recipient's or the content's refusal is final; a wrong password of ours can be put right.
    if isinstance(refusal, aiosmtplib.SMTPRecipientsRefused):
        codes = [each.code for each in refusal.recipients]
    elif isinstance(refusal, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        codes = [refusal.code]
    else:
        return DeliveryFailed(type(refusal).__name__)
    return DeliveryFailed("SMTP " + " ".join(map(str, codes)), final=bool(codes) and min(codes) >= PERMANENT)
