"""Guests of a visit: an interpreter, a relative or a nurse, invited by a link and let in by the doctor.

A guest opens no record. The link is good for one visit, expires and can be revoked; who opens it says who they are,
knocks and waits. Only hashes of tokens and sessions are stored; what a guest said of themselves is sealed.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, StringConstraints
from sqlmodel import Field, SQLModel, col, select

from app import audit, encounters
from app.access.accounts import session_hash
from app.access.policy import Action
from app.actor import Actor, PurposeOfUse, Role
from app.db import Sealed, SealedRow, Tx, UTCInstant, new_id
from app.encounters import Encounter
from app.errors import AccessDenied, Conflict, NotFound
from app.people import Practitioner
from app.scheduling.tables import Appointment

Relation = Literal["interpreter", "relative", "nurse", "other"]
LINK_GRACE = timedelta(hours=2)  # after the booked end, or after now: a doctor runs late
SEATS = 2  # beside the patient and the doctor; a room has four
LINKS_OF_A_VISIT, KNOCKS_OF_A_LINK = 10, 10


class GuestLink(SQLModel, table=True):
    """An invitation to one visit; `token_hash` is the SHA-256 of the token in the URL."""

    __tablename__ = "guest_link"
    id: str = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True)
    encounter_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id")
    created_at: datetime = Field(sa_type=UTCInstant)
    expires_at: datetime = Field(sa_type=UTCInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCInstant)


class Introduction(BaseModel):
    """Who a guest says they are."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    relation: Relation
    transcription: bool = False  # they agree that their words are written down too


class Guest(SealedRow, table=True):
    """Somebody who knocked at a visit; `session_hash` is the SHA-256 of their cookie's secret."""

    __tablename__ = "guest"
    sealed_under: ClassVar[str] = "patient_id"
    id: str = Field(default_factory=new_id, primary_key=True)
    link_id: str = Field(foreign_key="guest_link.id")
    encounter_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id")
    session_hash: str = Field(unique=True)
    role: str  # a Relation
    knocked_at: datetime = Field(sa_type=UTCInstant)
    admitted_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    agreed_at: datetime | None = Field(default=None, sa_type=UTCInstant)  # to the transcription of their words
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)  # refused, sent away, or their link revoked
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # Introduction


@dataclass(frozen=True, slots=True)
class Standing:
    """A guest as their own page and the doctor's show them."""

    id: str
    encounter_id: str
    name: str
    relation: str
    admitted_at: datetime | None
    agreed: bool
    running: bool = True  # the visit is in progress


@dataclass(frozen=True, slots=True)
class Door:
    """What stands at the door of a visit: its live links, who is in or waits, and whether it is locked."""

    links: list[GuestLink]
    guests: list[Standing]
    locked: bool


# --- links ------------------------------------------------------------------------------------------------------------


def invite(tx: Tx, encounter_id: str) -> str:
    """A new link to the visit; the token is returned once. Raises AccessDenied, Conflict when it is over."""
    encounter = encounters.find(tx, encounter_id, Action.GUEST_INVITE, step="link")
    appointment = tx.session.get(Appointment, encounter_id)
    if encounter.status == "finished" or appointment is None:
        raise Conflict("This visit is over.")
    if len(_live_links(tx, encounter_id)) >= LINKS_OF_A_VISIT:
        raise Conflict("This visit has many links already. Please revoke those that nobody needs.")
    token = secrets.token_urlsafe(24)
    tx.session.add(GuestLink(
        token_hash=session_hash(token), encounter_id=encounter_id, patient_id=encounter.patient_id, created_at=tx.now,
        expires_at=max(appointment.end_at, tx.now) + LINK_GRACE))
    return token


def revoke(tx: Tx, encounter_id: str, link_id: str) -> list[str]:
    """End a link and send away who came by it; returns their ids. Revoking twice is one end."""
    encounters.find(tx, encounter_id, Action.GUEST_INVITE, step="revoke", link=link_id)
    link = tx.session.get(GuestLink, link_id)
    if link is None or link.encounter_id != encounter_id:
        raise NotFound
    link.revoked_at = link.revoked_at or tx.now
    tx.session.add(link)
    gone = [guest for guest in _guests(tx, encounter_id) if guest.link_id == link_id]
    for guest in gone:
        guest.ended_at = tx.now
        tx.session.add(guest)
    return [guest.id for guest in gone]


def lock(tx: Tx, encounter_id: str, *, locked: bool) -> None:
    """Nobody else may knock or come in, or they may again; who is in stays. Raises AccessDenied, Conflict."""
    encounter = encounters.find(tx, encounter_id, Action.GUEST_INVITE, step="lock" if locked else "unlock")
    if encounter.status != "in-progress":
        raise Conflict("This visit is over." if encounter.finished_at else "This visit has not begun.")
    encounter.locked_at = tx.now if locked else None
    tx.session.add(encounter)


def doctor_behind(tx: Tx, token: str) -> Practitioner:
    """Whose visit a link leads to. Raises NotFound, the same for expired, revoked, ended and guessed ones."""
    return _doctor(tx, _open_link(tx, token).encounter_id)


def host(tx: Tx) -> Practitioner:
    """Whose visit the acting guest was invited to. Raises AccessDenied."""
    return _doctor(tx, own(tx).encounter_id)


def _doctor(tx: Tx, encounter_id: str) -> Practitioner:
    appointment = tx.session.get(Appointment, encounter_id)
    doctor = tx.session.get(Practitioner, appointment.practitioner_id) if appointment else None
    if doctor is None:
        raise NotFound
    return doctor


def knock(tx: Tx, token: str, introduction: Introduction) -> tuple[str, Standing]:
    """Say who one is and wait at the door: a secret for the browser. Raises NotFound as above, Conflict."""
    link = _open_link(tx, token)
    tx.session.get(Appointment, link.encounter_id, with_for_update=True)
    if len(list(tx.session.exec(select(Guest.id).where(Guest.link_id == link.id)).all())) >= KNOCKS_OF_A_LINK:
        raise Conflict("This link was used too often. Please ask the doctor for another.")
    encounter = tx.session.get(Encounter, link.encounter_id)
    if encounter is not None and encounter.locked_at is not None:
        raise Conflict("The doctor has locked the room. Please call them, or try again later.")
    secret = secrets.token_urlsafe(32)
    guest = Guest(link_id=link.id, encounter_id=link.encounter_id, patient_id=link.patient_id, knocked_at=tx.now,
                  session_hash=session_hash(secret), role=introduction.relation,
                  agreed_at=tx.now if introduction.transcription else None)
    tx.seal(guest, introduction)
    tx.session.add(guest)
    audit.record(tx, "guest:knock", entity="Encounter", entity_id=link.encounter_id, patient_id=link.patient_id,
                 guest=guest.id, relation=introduction.relation)
    return secret, _standing(tx, guest)


# --- the doctor's side ------------------------------------------------------------------------------------------------


def door(tx: Tx, encounter_id: str) -> Door:
    """Links, guests and lock of a visit, for its doctor. Raises AccessDenied."""
    encounter = encounters.find(tx, encounter_id, Action.GUEST_ADMIT, quiet=True)
    return Door(_live_links(tx, encounter_id), [_standing(tx, guest) for guest in _guests(tx, encounter_id)],
                encounter.locked_at is not None)


def admit(tx: Tx, encounter_id: str, guest_id: str) -> Standing:
    """Let a waiting guest in. Raises AccessDenied, NotFound, Conflict when the room is full or not open."""
    encounter = encounters.find(tx, encounter_id, Action.GUEST_ADMIT, step="admit", guest=guest_id)
    guest = _known(tx, encounter_id, guest_id)
    if encounter.status != "in-progress":
        raise Conflict("This visit is over." if encounter.finished_at else "This visit has not begun.")
    if guest.admitted_at is None:
        if sum(each.admitted_at is not None for each in _guests(tx, encounter_id)) >= SEATS:
            raise Conflict("The room is full: the patient, you and two others. Send somebody away first.")
        guest.admitted_at = tx.now
        tx.session.add(guest)
    return _standing(tx, guest)


def dismiss(tx: Tx, encounter_id: str, guest_id: str) -> None:
    """Refuse who knocks, or send away who is in; twice is once. Raises AccessDenied, NotFound."""
    encounters.find(tx, encounter_id, Action.GUEST_ADMIT, step="dismiss", guest=guest_id)
    guest = tx.session.get(Guest, guest_id)
    if guest is None or guest.encounter_id != encounter_id:
        raise NotFound
    guest.ended_at = guest.ended_at or tx.now
    tx.session.add(guest)


# --- the guest's side -------------------------------------------------------------------------------------------------


def actor_of_session(tx: Tx, secret: str) -> Actor | None:
    """The guest whose cookie this is; None when they were sent away or the link ended."""
    wanted = session_hash(secret)
    guest = tx.session.exec(select(Guest).where(Guest.session_hash == wanted)).first()
    if guest is None or not stands(tx, wanted):
        return None
    return Actor(Role.GUEST, guest.id, appointment_id=guest.encounter_id, session_id=wanted,
                 purpose=PurposeOfUse.TREATMENT)


def stands(tx: Tx, session_id: str) -> bool:
    """Whether a guest's session may still act."""
    guest = tx.session.exec(select(Guest).where(Guest.session_hash == session_id)).first()
    link = tx.session.get(GuestLink, guest.link_id) if guest else None
    return guest is not None and guest.ended_at is None and link is not None and _is_live(tx, link)


def own(tx: Tx, *, quiet: bool = True) -> Standing:
    """How the acting guest stands. Raises AccessDenied."""
    encounter = encounters.find(tx, tx.actor.appointment_id or "", Action.GUEST_JOIN, quiet=quiet)
    return _standing(tx, _known(tx, encounter.id, tx.actor.id), running=encounter.status == "in-progress")


def admitted(tx: Tx) -> Standing:
    """The acting guest, once the doctor let them in and while the visit runs. Raises AccessDenied, Conflict."""
    standing = own(tx)
    if standing.admitted_at is None or not standing.running:
        raise Conflict("The doctor has not let you in yet.")
    return standing


def agree(tx: Tx, *, given: bool) -> None:
    """The acting guest agrees that their words are written down, or no longer does."""
    guest = _known(tx, own(tx, quiet=False).encounter_id, tx.actor.id)
    guest.agreed_at = tx.now if given else None
    tx.session.add(guest)


def heard(tx: Tx, encounter_id: str) -> set[str]:
    """Guests of a visit whose words may be written down, as far as it is theirs to say. System only."""
    encounters.status_of(tx, encounter_id)
    return {guest.id for guest in _guests(tx, encounter_id) if guest.admitted_at and guest.agreed_at}


# --- inside -----------------------------------------------------------------------------------------------------------


def _open_link(tx: Tx, token: str) -> GuestLink:
    wanted = session_hash(token) if re.fullmatch(r"[A-Za-z0-9_-]{32}", token) else ""
    link = tx.session.exec(select(GuestLink).where(GuestLink.token_hash == wanted)).first()
    if link is None or not _is_live(tx, link):
        raise NotFound
    return link


def _is_live(tx: Tx, link: GuestLink) -> bool:
    encounter = tx.session.get(Encounter, link.encounter_id)
    appointment = tx.session.get(Appointment, link.encounter_id)
    over = encounter is not None and encounter.status == "finished"
    stands_ = appointment is not None and appointment.status not in ("cancelled", "noshow")
    return link.revoked_at is None and link.expires_at > tx.now and stands_ and not over


def _live_links(tx: Tx, encounter_id: str) -> list[GuestLink]:
    query = select(GuestLink).where(GuestLink.encounter_id == encounter_id).order_by(col(GuestLink.created_at))
    return [link for link in tx.session.exec(query).all() if _is_live(tx, link)]


def _guests(tx: Tx, encounter_id: str) -> list[Guest]:
    query = select(Guest).where(Guest.encounter_id == encounter_id, col(Guest.ended_at).is_(None))
    return list(tx.session.exec(query.order_by(col(Guest.knocked_at))).all())


def _known(tx: Tx, encounter_id: str, guest_id: str) -> Guest:
    guest = tx.session.get(Guest, guest_id)
    if guest is None or guest.encounter_id != encounter_id or guest.ended_at is not None:
        raise AccessDenied if tx.actor.role is Role.GUEST else NotFound
    return guest


def _standing(tx: Tx, guest: Guest, *, running: bool = True) -> Standing:
    said = tx.open(guest, Introduction)
    return Standing(guest.id, guest.encounter_id, said.name, guest.role, guest.admitted_at,
                    guest.agreed_at is not None, running)
