"""A doctor's calendars: a read-only feed of their visits behind a secret link, and one of theirs that blocks time.

The feed names no patient and no motif. From the other calendar only busy times are asked for, and kept.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel, col, select

from app import caldav, jobs
from app.access import guard
from app.access.accounts import session_hash
from app.access.policy import Action
from app.actor import system
from app.caldav import CaldavFailed, Login
from app.db import Database, Sealed, SealedRow, Tx, UTCInstant, new_id
from app.errors import AccessDenied, Invalid, NotFound
from app.people import Organization, Practitioner
from app.scheduling import busy
from app.scheduling.intervals import Interval
from app.scheduling.tables import ACTIVE, Appointment
from app.settings import Settings

PAST, AHEAD = timedelta(days=30), timedelta(days=180)
REFRESH_S = 600.0
ACTOR = system("calendars")


class CalendarFeed(SQLModel, table=True):
    """A link to a doctor's visits; `token_hash` is the SHA-256 of the token in its address."""

    __tablename__ = "calendar_feed"
    id: str = Field(default_factory=new_id, primary_key=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UTCInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCInstant)


class CalendarLogin(BaseModel):
    """How a doctor's own calendar is read: sealed, for the password's sake."""

    url: str
    user: str
    password: str


class BusyCalendar(SealedRow, table=True):
    """A doctor's own calendar; the id is the practitioner's, `sealed` a CalendarLogin. fault: a code of app.caldav."""

    __tablename__ = "busy_calendar"
    key_kind: ClassVar[str] = "site"
    sealed_under: ClassVar[str] = "realm"
    id: str = Field(primary_key=True, foreign_key="practitioner.id")
    realm: str = "staff"
    read_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    fault: str = ""
    sealed: bytes = Field(default=b"", sa_type=Sealed)


@dataclass(frozen=True, slots=True)
class Event:
    """A visit as a feed shows it."""

    id: str
    sequence: int
    start_at: datetime
    end_at: datetime
    held: bool  # for somebody to confirm


@dataclass(frozen=True, slots=True)
class Feed:
    """What stands behind a feed's link."""

    clinic: str
    doctor: str
    language: str
    read_at: datetime
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Own:
    """The acting doctor's calendars; `url` and `user` empty when none blocks time."""

    feed_since: datetime | None
    url: str
    user: str
    read_at: datetime | None
    fault: str
    zone: str


def own(tx: Tx) -> Own:
    """What the acting doctor has set up. Raises AccessDenied."""
    doctor = _oneself(tx, "look")
    feed = tx.session.exec(select(CalendarFeed).where(
        CalendarFeed.practitioner_id == doctor.id, col(CalendarFeed.revoked_at).is_(None))).first()
    row = tx.session.get(BusyCalendar, doctor.id)
    login = tx.open(row, CalendarLogin) if row else CalendarLogin(url="", user="", password="")
    zone = tx.session.get_one(Organization, doctor.organization_id).zone
    return Own(feed.created_at if feed else None, login.url, login.user, row.read_at if row else None,
               row.fault if row else "", zone)


def share(tx: Tx) -> str:
    """A new feed for the acting doctor: its token, told once; the link before it ends."""
    doctor = _oneself(tx, "share")
    _end_feeds(tx, doctor.id)
    token = secrets.token_urlsafe(32)
    tx.session.add(CalendarFeed(practitioner_id=doctor.id, token_hash=session_hash(token), created_at=tx.now))
    return token


def revoke(tx: Tx) -> None:
    """The acting doctor's feed answers nobody any more."""
    _end_feeds(tx, _oneself(tx, "revoke").id)


def feed(tx: Tx, token: str) -> Feed:
    """What a feed's link shows: when, and nothing about whom or why. For our own process. Raises NotFound."""
    row = tx.session.exec(select(CalendarFeed).where(CalendarFeed.token_hash == session_hash(token))).first()
    if row is None or row.revoked_at is not None:
        raise NotFound
    guard.permit(tx, Action.SCHEDULE_READ, entity="CalendarFeed", entity_id=row.id, practitioners=row.practitioner_id)
    doctor = tx.session.get_one(Practitioner, row.practitioner_id)
    if not doctor.active:
        raise NotFound
    clinic = tx.session.get_one(Organization, doctor.organization_id)
    query = (
        select(Appointment).where(Appointment.practitioner_id == doctor.id, col(Appointment.status).in_(ACTIVE))
        .where(col(Appointment.held_until).is_(None) | (col(Appointment.held_until) > tx.now))
        .where(Appointment.start_at > tx.now - PAST, Appointment.start_at < tx.now + AHEAD)
        .order_by(col(Appointment.start_at))
    )
    rows = tx.session.exec(query).all()
    events = [Event(row.id, row.sequence, row.start_at, row.end_at, row.status == "pending") for row in rows]
    return Feed(clinic.name, doctor.name, clinic.language, tx.now, events)


def block_with(tx: Tx, login: CalendarLogin, hosts: tuple[str, ...]) -> None:
    """From now on the acting doctor's own calendar blocks their time; an empty password keeps the one known.

    Raises Invalid for a server that the site does not name.
    """
    doctor = _oneself(tx, "block")
    if not caldav.is_allowed(login.url, hosts):
        raise Invalid(fields={
            "url": "Calendars of this server may not be read here. Ask whoever runs Colloque to name it."})
    row = tx.session.get(BusyCalendar, doctor.id)
    known = tx.open(row, CalendarLogin) if row else None
    if not login.password and known and (known.url, known.user) == (login.url, login.user):
        login = known
    row = row or BusyCalendar(id=doctor.id)
    row.fault = ""
    tx.seal(row, login)
    tx.session.add(row)
    jobs.enqueue(tx, "calendar.read", practitioner_id=doctor.id)


def unblock(tx: Tx) -> None:
    """The acting doctor's own calendar blocks nothing any more; how it was read is forgotten."""
    doctor = _oneself(tx, "unblock")
    if row := tx.session.get(BusyCalendar, doctor.id):
        tx.session.delete(row)
    busy.replace(tx, doctor.id, [])


def handlers(db: Database, settings: Settings) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kinds calendar.*."""

    async def read(payload: Mapping[str, str]) -> None:
        doctor = payload["practitioner_id"]
        found = await db.read(ACTOR, _login, doctor)
        if found is None:
            return
        login, now = found
        try:
            if not caldav.is_allowed(login.url, settings.calendar_hosts):
                raise CaldavFailed("host")
            periods = await caldav.free_busy(Login(login.url, login.user, login.password), now, now + AHEAD)
        except CaldavFailed as failure:
            await db.write(ACTOR, _note_fault, doctor, str(failure))
        else:
            await db.write(ACTOR, _note_busy, doctor, [Interval(*period) for period in periods])

    async def read_all(_payload: Mapping[str, str]) -> None:
        await db.write(ACTOR, _ask_all)

    return {"calendar.read": read, "calendar.read-all": read_all}


def schedule(tx: Tx) -> None:
    """Have every doctor's calendar read every few minutes. Call when the web process starts."""
    _again(tx, 0)


def _again(tx: Tx, delay_s: float) -> None:
    part = int((tx.now.timestamp() + delay_s) // REFRESH_S)
    jobs.enqueue(tx, "calendar.read-all", delay_s=delay_s, key=f"calendar.read-all:{part}")


def _ask_all(tx: Tx) -> None:
    for doctor in tx.session.exec(select(BusyCalendar.id)).all():
        jobs.enqueue(tx, "calendar.read", key=f"calendar.read:{doctor}", practitioner_id=doctor)
    _again(tx, REFRESH_S)


def _login(tx: Tx, practitioner_id: str) -> tuple[CalendarLogin, datetime] | None:
    guard.permit(tx, Action.SCHEDULE_READ, entity="BusyCalendar", entity_id=practitioner_id, quiet=True)
    row = tx.session.get(BusyCalendar, practitioner_id)
    return (tx.open(row, CalendarLogin), tx.now) if row else None


def _note_busy(tx: Tx, practitioner_id: str, intervals: list[Interval]) -> None:
    row = tx.session.get(BusyCalendar, practitioner_id)
    if row is None:  # unblocked meanwhile
        return
    row.read_at, row.fault = tx.now, ""
    tx.session.add(row)
    busy.replace(tx, practitioner_id, intervals)


def _note_fault(tx: Tx, practitioner_id: str, fault: str) -> None:
    row = tx.session.get(BusyCalendar, practitioner_id)
    if row is not None:  # what was known stays blocked
        row.fault = fault
        tx.session.add(row)


def _end_feeds(tx: Tx, practitioner_id: str) -> None:
    standing = select(CalendarFeed).where(CalendarFeed.practitioner_id == practitioner_id,
                                          col(CalendarFeed.revoked_at).is_(None))
    for row in tx.session.exec(standing).all():
        row.revoked_at = tx.now
        tx.session.add(row)


def _oneself(tx: Tx, step: str) -> Practitioner:
    doctor = tx.session.get(Practitioner, tx.actor.practitioner_id) if tx.actor.practitioner_id else None
    guard.permit(tx, Action.CALENDAR_OWN, entity="Practitioner", entity_id=tx.actor.practitioner_id or "", step=step,
                 practitioner_id=tx.actor.practitioner_id)
    if doctor is None:
        raise AccessDenied
    return doctor
