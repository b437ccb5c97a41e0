"""Writing to patients: each function renders one message about an appointment and queues its delivery.

A link's token exists only here, when the message is written: message and link commit together.
"""

from dataclasses import dataclass
from typing import Literal

from sqlmodel import col, select

from app import jobs, people
from app.access import links
from app.db import Tx
from app.errors import NotFound
from app.notifications import calendar, letters
from app.notifications.letters import Letter
from app.notifications.messages import Message, MessageContent, post
from app.people import Organization, PatientIdentity, Practitioner
from app.scheduling import replies
from app.scheduling.tables import Appointment, Motif

DEAD = ("cancelled", "noshow")


@dataclass(frozen=True, slots=True)
class Site:
    """What messages need to know of this installation."""

    base_url: str
    sender: str
    sms: bool
    reminder_hours: tuple[int, ...] = ()
    unconfirmed_hours: int = 0

    def link(self, token: str) -> str:
        """The address in an invitation."""
        return f"{self.base_url}/l/{token}"


@dataclass(frozen=True, slots=True)
class Subject:
    """An appointment as a message sees it."""

    appointment: Appointment
    patient: PatientIdentity
    visit: letters.Visit


def invite(tx: Tx, appointment_id: str, site: Site) -> list[str]:
    """The invitation, with a link; nothing when the appointment is gone or an invitation waits to be sent.

    One e-mail tells of all visits of a series that nobody was invited to yet. Returns the ids of those it is about,
    this one at least.
    """
    together = _not_invited(tx, appointment_id)
    about = standing(tx, appointment_id, "invitation")
    if about and about.patient.email and len(together) > 1:
        _send_series(tx, [_subject(tx, row) for row in together], site)
        for other in {row.id for row in together} - {appointment_id}:
            jobs.forget(tx, "message.invitation", appointment_id=other)
        return [row.id for row in together]
    if about:
        _send_visit(tx, "invitation", about, site)
    return [appointment_id]


def _not_invited(tx: Tx, appointment_id: str) -> list[Appointment]:
    """The booked visits of an appointment's series that are still to be announced, this one among them, in order."""
    series_id = tx.session.exec(select(Appointment.series_id).where(Appointment.id == appointment_id)).one_or_none()
    if series_id is None:
        return []
    query = select(Appointment).where(Appointment.series_id == series_id, Appointment.status == "booked")
    # Their jobs may run at once: the second finds what the first wrote.
    rows = tx.session.exec(query.order_by(col(Appointment.start_at)).with_for_update()).all()
    told = select(Message.appointment_id).where(col(Message.appointment_id).in_([row.id for row in rows]),
                                                Message.kind == "invitation")
    invited = set(tx.session.exec(told).all())
    waiting = [row for row in rows if row.id not in invited]
    return waiting if any(row.id == appointment_id for row in waiting) else []


def _send_series(tx: Tx, visits: list[Subject], site: Site) -> None:
    """One e-mail for several visits, each with its link and its calendar entry."""
    told = [(about, site.link(links.issue(tx, about.appointment.id, links.VISIT))) for about in visits]
    letter = letters.invitation_to_series([(about.visit, link) for about, link in told])
    first, *others = (about.appointment for about in visits)
    content = MessageContent(
        to=visits[0].patient.email, subject=letter.subject, text=letter.text, html=letter.html, ics_method="PUBLISH",
        ics=calendar.render([_entry(about, site, link) for about, link in told], "PUBLISH", tx.now))
    post(tx, kind="invitation", channel="email", patient_id=first.patient_id, appointment_id=first.id, content=content,
         also_about=[row.id for row in others])


def tell_moved(tx: Tx, appointment_id: str, site: Site) -> None:
    """The new time, with a link; links sent before stay good."""
    links.follow_move(tx, appointment_id)
    about = standing(tx, appointment_id, "moved")
    if about:
        _send_visit(tx, "moved", about, site)


def tell_offer(tx: Tx, appointment_id: str, site: Site) -> None:
    """An earlier time is held for somebody on the waiting list, until they answer behind this link."""
    about = standing(tx, appointment_id, "offer")
    if about and about.appointment.status == "pending" and about.appointment.held_until:
        link = site.link(links.issue(tx, appointment_id, links.VISIT))
        send_quickly(tx, "offer", about, site, letters.offer(about.visit, about.appointment.held_until, link))


def tell_cancelled(tx: Tx, appointment_id: str, site: Site) -> None:
    """The appointment is off; nothing when it was taken back meanwhile."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.status != "cancelled" or _waits(tx, appointment_id, "cancelled"):
        return
    about = _subject(tx, appointment)
    send(tx, "cancelled", about, site, letters.cancelled(about.visit), "CANCEL")


def tell_by_phone(tx: Tx, appointment_id: str, site: Site) -> None:
    """The visit takes place by phone; nothing when it was switched back meanwhile."""
    about = standing(tx, appointment_id, "by-phone")
    if about and replies.by_phone(tx, appointment_id):
        send_quickly(tx, "by-phone", about, site, letters.by_phone(about.visit))


def send_summary(tx: Tx, appointment_id: str, site: Site) -> None:
    """The link to the summary the doctor released; links to it that were sent before end."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or _waits(tx, appointment_id, "summary"):
        return
    about = _subject(tx, appointment)
    links.revoke(tx, appointment_id, links.SUMMARY)
    link = site.link(links.issue(tx, appointment_id, links.SUMMARY))
    send(tx, "summary", about, site, letters.summary(about.visit, link))


def subject(tx: Tx, appointment_id: str) -> Subject:
    """An appointment, its patient and its doctor. Raises NotFound, AccessDenied."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None:
        raise NotFound
    return _subject(tx, appointment)


def _send_visit(tx: Tx, kind: Literal["invitation", "moved"], about: Subject, site: Site) -> None:
    link = site.link(links.issue(tx, about.appointment.id, links.VISIT))
    write = letters.invitation if kind == "invitation" else letters.moved
    send(tx, kind, about, site, write(about.visit, link), "REQUEST", link)


def send(tx: Tx, kind: str, about: Subject, site: Site, letter: Letter,
         method: Literal["REQUEST", "CANCEL", ""] = "", link: str = "") -> None:
    """Queue a letter by e-mail, with the visit as a calendar entry when a `method` says so; else as a text message."""
    if about.patient.email:
        ics = calendar.render([_entry(about, site, link)], method, tx.now) if method else ""
        channel, content = "email", MessageContent(to=about.patient.email, subject=letter.subject, text=letter.text,
                                                   html=letter.html, ics=ics, ics_method=method)
    else:
        channel, content = "sms", MessageContent(to=about.patient.phone, text=letters.sms(letter))
    post(tx, kind=kind, channel=channel, patient_id=about.appointment.patient_id,
         appointment_id=about.appointment.id, content=content)


def send_quickly(tx: Tx, kind: str, about: Subject, site: Site, letter: Letter) -> None:
    """Queue a letter as a text message to who has a phone: it is read sooner there; else by e-mail."""
    if not (about.patient.phone and site.sms):
        return send(tx, kind, about, site, letter)
    content = MessageContent(to=about.patient.phone, text=letters.sms(letter))
    post(tx, kind=kind, channel="sms", patient_id=about.appointment.patient_id, appointment_id=about.appointment.id,
         content=content)
    return None


def _entry(about: Subject, site: Site, link: str) -> calendar.Entry:
    visit, appointment = about.visit, about.appointment
    return calendar.Entry(
        uid=appointment.id, sequence=appointment.sequence, start_at=appointment.start_at, end_at=appointment.end_at,
        title=letters.event_title(visit), text=letters.event_text(visit), link=link, organizer=site.sender,
        clinic=visit.clinic, attendee=about.patient.email,
    )


def standing(tx: Tx, appointment_id: str, kind: str) -> Subject | None:
    """What a message is about; None when the appointment is gone or such a message waits to be sent."""
    appointment = tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.status in DEAD or _waits(tx, appointment_id, kind):
        return None
    return _subject(tx, appointment)


def _waits(tx: Tx, appointment_id: str, kind: str) -> bool:
    # The job was done but not forgotten when the process died: its message is on its way already.
    query = select(Message.id).where(Message.appointment_id == appointment_id, Message.kind == kind,
                                     col(Message.state) == "queued")
    return tx.session.exec(query.limit(1)).first() is not None


def _subject(tx: Tx, appointment: Appointment) -> Subject:
    practitioner = tx.session.get_one(Practitioner, appointment.practitioner_id)
    clinic = tx.session.get_one(Organization, practitioner.organization_id)
    patient = people.identity_of(tx, appointment.patient_id)
    motif = tx.session.get_one(Motif, appointment.motif_id)
    visit = letters.Visit(
        practitioner.name, appointment.start_at, clinic.name, clinic.phone, clinic.zone, appointment.language,
        address=clinic.address or clinic.name if appointment.on_site else "",
        number=letters.masked_phone(patient.phone) if replies.by_phone(tx, appointment.id) else "",
        documents=bool(motif.documents_fr))
    return Subject(appointment, patient, visit)
