"""The code that proves who opens a link: sent to the phone or e-mail on file, never to an address typed now."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from app import people
from app.access import links
from app.access.links import Channel
from app.db import Tx
from app.errors import NotFound
from app.notifications import letters
from app.notifications.invitations import Site, subject
from app.notifications.messages import MessageContent, post
from app.people import PatientIdentity
from app.scheduling.tables import Appointment

DOTS = "···"


@dataclass(frozen=True, slots=True)
class CodePage:
    """What the page that asks for the code shows; addresses are masked."""

    channel: Channel
    sent_to: str
    other_channel: Channel | None
    resend_in_s: int
    usable: bool
    locked: bool
    held_until: datetime | None = None  # the code confirms a time that is held until then


def send(tx: Tx, token: str, wanted: str, site: Site, language: str) -> None:
    """Send a fresh code by the wanted way, or by the best there is. Raises NotFound, LimitReached."""
    link = links.open_link(tx, token)
    about = subject(tx, link.appointment_id)
    ways = _ways(about.patient, site)
    channel = next((way for way in ways if way == wanted), ways[0])
    digits = links.new_code(tx, link, channel)
    if channel == "sms":
        host = urlsplit(site.base_url).hostname or ""
        content = MessageContent(to=about.patient.phone,
                                 text=letters.code_sms(language, about.visit.clinic, digits, host))
    else:
        letter = letters.code(about.visit.in_language(language), digits)
        content = MessageContent(to=about.patient.email, subject=letter.subject, text=letter.text, html=letter.html)
    post(tx, kind="code", channel=channel, patient_id=link.patient_id, appointment_id=link.appointment_id,
         content=content)


def page(tx: Tx, token: str, site: Site) -> CodePage | None:
    """Where the last code went; None when none was sent lately. Raises NotFound."""
    link = links.open_link(tx, token)
    state = links.code_state(tx, link)
    if state is None:
        return None
    patient = people.identity_of(tx, link.patient_id)
    others = [way for way in _ways(patient, site) if way != state.channel]
    sent_to = letters.masked_phone(patient.phone) if state.channel == "sms" else masked_email(patient.email)
    appointment = tx.session.get_one(Appointment, link.appointment_id)
    return CodePage(state.channel, sent_to, others[0] if others else None, state.resend_in_s,
                    state.usable, state.locked, appointment.held_until)


def masked_email(email: str) -> str:
    """Enough to know one's own address by: "c···@p···.example"."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}{DOTS}@{domain[:1]}{DOTS}.{domain.rpartition('.')[2]}"


def _ways(patient: PatientIdentity, site: Site) -> list[Channel]:
    # A text message first: the invitation went by e-mail, so the code proves a second thing.
    ways: list[Channel] = []
    if patient.phone and site.sms:
        ways.append("sms")
    if patient.email:
        ways.append("email")
    if not ways:
        raise NotFound
    return ways
