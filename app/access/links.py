"""Patient links: a secret URL for one visit, opened with a code sent to the phone or e-mail on file.

A GET changes nothing (mail scanners prefetch). Only hashes of tokens and codes are stored. A link that
is expired, revoked, of a cancelled appointment or guessed is the same to whoever asks: not valid.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Row, String, column, table
from sqlalchemy import select as select_columns
from sqlmodel import Field, SQLModel, col, select

from app import audit
from app.access.accounts import session_hash
from app.actor import Actor, PurposeOfUse, Role
from app.db import Tx, UTCInstant, new_id
from app.errors import LimitReached, NotFound

BY_LINK_ALONE = "by link alone"  # who answered a message before any code, as the trail names them
VISIT, SUMMARY = "visit", "summary"
Channel = Literal["sms", "email"]

VISIT_GRACE = timedelta(hours=12)    # after the booked end: visits run late, and calls drop
SUMMARY_LIFE = timedelta(days=30)
SESSION_LIFE = timedelta(hours=12)
CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
WRONG_CODES = 5                      # for one code; then a new one has to be sent
RESEND_WAIT = timedelta(seconds=30)
CODES_AN_HOUR = 6                    # 30 guesses of a million an hour at most, for who holds the link

# Access lies below scheduling: all it knows of an appointment is whose it is, when, and whether it stands.
_APPOINTMENT = table("appointment", column("id", String), column("patient_id", String), column("status", String),
                     column("end_at", UTCInstant))


class Link(SQLModel, table=True):
    """An invitation link; `token_hash` is the SHA-256 of the token in the URL."""

    __tablename__ = "link"
    id: str = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True)
    purpose: str
    appointment_id: str = Field(foreign_key="appointment.id", index=True)
    patient_id: str = Field(foreign_key="patient.id")
    created_at: datetime = Field(sa_type=UTCInstant)
    expires_at: datetime = Field(sa_type=UTCInstant)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCInstant)


class LinkCode(SQLModel, table=True):
    """A six-digit code on its way to the patient; only its keyed hash is stored."""

    __tablename__ = "link_code"
    id: str = Field(default_factory=new_id, primary_key=True)
    link_id: str = Field(foreign_key="link.id", index=True)
    code_hash: str
    channel: str
    sent_at: datetime = Field(sa_type=UTCInstant)
    expires_at: datetime = Field(sa_type=UTCInstant)
    failures: int = 0
    used_at: datetime | None = Field(default=None, sa_type=UTCInstant)


class PatientSession(SQLModel, table=True):
    """A patient's browser that proved itself for one link; the id is the SHA-256 of the cookie's secret."""

    __tablename__ = "patient_session"
    id: str = Field(primary_key=True)
    link_id: str = Field(foreign_key="link.id", index=True)
    appointment_id: str
    patient_id: str
    purpose: str
    created_at: datetime = Field(sa_type=UTCInstant)
    expires_at: datetime = Field(sa_type=UTCInstant)


@dataclass(frozen=True, slots=True)
class CodeState:
    """What the code page may say: where the last code went, and how long until another can be sent."""

    channel: Channel
    resend_in_s: int
    usable: bool
    locked: bool  # too many wrong tries


@dataclass(frozen=True, slots=True)
class Proof:
    """A session for the browser that gave the right code, and what its link is for."""

    secret: str
    purpose: str
    life: timedelta


def actor_of_session(tx: Tx, secret: str) -> Actor | None:
    """The patient whose cookie this is; None when the session ended or its link was revoked."""
    session = tx.session.get(PatientSession, session_hash(secret))
    if session is None or not stands(tx, session.id):
        return None
    return Actor(Role.PATIENT, session.patient_id, patient_id=session.patient_id, session_id=session.id,
                 appointment_id=session.appointment_id, purpose=PurposeOfUse.PATIENT_REQUEST)


# --- links ------------------------------------------------------------------------------------------------


def issue(tx: Tx, appointment_id: str, purpose: str) -> str:
    """A new link for a visit or its summary; the token is returned once and stored only hashed.

    Raises NotFound without such an appointment.
    """
    appointment = _appointment(tx, appointment_id)
    if appointment is None:
        raise NotFound
    expires_at = appointment.end_at + VISIT_GRACE if purpose == VISIT else tx.now + SUMMARY_LIFE
    token = secrets.token_urlsafe(24)
    link = Link(token_hash=session_hash(token), purpose=purpose, appointment_id=appointment_id,
                patient_id=appointment.patient_id, created_at=tx.now, expires_at=expires_at)
    tx.session.add(link)
    audit.record(tx, "link:issue", entity="Link", entity_id=link.id, patient_id=link.patient_id, scope=purpose)
    return token


def follow_move(tx: Tx, appointment_id: str) -> None:
    """The appointment has a new time: links that were sent for it stay good until after that."""
    appointment = _appointment(tx, appointment_id)
    if appointment is None:
        return
    query = select(Link).where(Link.appointment_id == appointment_id, Link.purpose == VISIT)
    for link in tx.session.exec(query).all():
        link.expires_at = appointment.end_at + VISIT_GRACE
        tx.session.add(link)


def revoke(tx: Tx, appointment_id: str, purpose: str) -> None:
    """End all links of an appointment for this purpose, and the sessions they opened."""
    query = select(Link).where(Link.appointment_id == appointment_id, Link.purpose == purpose)
    for link in tx.session.exec(query.where(col(Link.revoked_at).is_(None))).all():
        link.revoked_at = tx.now
        tx.session.add(link)
        audit.record(tx, "link:revoke", entity="Link", entity_id=link.id, patient_id=link.patient_id)


def open_link(tx: Tx, token: str) -> Link:
    """The link of a token. Raises NotFound, the same for expired, revoked, cancelled and guessed ones."""
    wanted = session_hash(token) if re.fullmatch(r"[A-Za-z0-9_-]{32}", token) else ""
    link = tx.session.exec(select(Link).where(Link.token_hash == wanted)).first()
    if link is None or link.revoked_at is not None or link.expires_at <= tx.now:
        raise NotFound
    appointment = _appointment(tx, link.appointment_id)
    if appointment is None or (link.purpose == VISIT and appointment.status in ("cancelled", "noshow")):
        raise NotFound
    return link


def bearer(tx: Tx, token: str) -> Actor:
    """Who holds this link, without a code: enough to say that they come or not, never to read anything.

    Raises NotFound as open_link does.
    """
    link = open_link(tx, token)
    if link.purpose != VISIT:
        raise NotFound
    return Actor(Role.PATIENT, link.patient_id, name=BY_LINK_ALONE, patient_id=link.patient_id,
                 appointment_id=link.appointment_id, purpose=PurposeOfUse.PATIENT_REQUEST)


# --- codes ------------------------------------------------------------------------------------------------


def new_code(tx: Tx, link: Link, channel: Channel) -> str:
    """A fresh code for this link; it ends the one before. Raises LimitReached when asked too often."""
    tx.session.get(Link, link.id, with_for_update=True)  # two requests at once make one code
    recent = _recent_codes(tx, link)
    if recent and (wait := recent[0].sent_at + RESEND_WAIT - tx.now) > timedelta(0):
        raise LimitReached("A code is on its way. You can ask for another in %(seconds)s seconds.", seconds=_up(wait))
    if len(recent) >= CODES_AN_HOUR:
        wait = recent[-1].sent_at + timedelta(hours=1) - tx.now
        raise LimitReached("Too many codes were sent. Please call the clinic, or try again later.", seconds=_up(wait))
    for earlier in recent:
        earlier.expires_at = min(earlier.expires_at, tx.now)
        tx.session.add(earlier)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    row = LinkCode(link_id=link.id, code_hash="", channel=channel, sent_at=tx.now, expires_at=tx.now + CODE_LIFE)
    row.code_hash = _keyed_hash(tx, row.id, code)
    tx.session.add(row)
    audit.record(tx, "code:send", entity="Link", entity_id=link.id, patient_id=link.patient_id, channel=channel)
    return code


def code_state(tx: Tx, link: Link) -> CodeState | None:
    """Where the last code of this link went; None when none was sent within the hour."""
    recent = _recent_codes(tx, link)
    if not recent:
        return None
    last = recent[0]
    channel: Channel = "sms" if last.channel == "sms" else "email"
    wait = max(0, _up(last.sent_at + RESEND_WAIT - tx.now))
    return CodeState(channel, wait, _usable(tx, last), last.failures >= WRONG_CODES)


def prove(tx: Tx, token: str, code: str) -> Proof | None:
    """Check the code of a link: a session when it is right, None when it is wrong, expired or used up.

    A wrong code is counted and in the trail; a right one is good once. Raises NotFound as open_link does.
    """
    link = open_link(tx, token)
    recent = _recent_codes(tx, link)
    last = recent[0] if recent else None
    if last is None or not _usable(tx, last):
        _note(tx, link, "refused", why="none")
        return None
    typed = "".join(code.split())
    if not hmac.compare_digest(_keyed_hash(tx, last.id, typed), last.code_hash):
        last.failures += 1
        tx.session.add(last)
        _note(tx, link, "refused", why="wrong")
        return None
    last.used_at = tx.now
    tx.session.add(last)
    _note(tx, link, "success")
    return _new_session(tx, link)


def is_proved(tx: Tx, token: str, secret: str) -> bool:
    """Whether this cookie's session was opened by this very link and still stands. Raises NotFound."""
    link = open_link(tx, token)
    session = tx.session.get(PatientSession, session_hash(secret))
    return session is not None and session.link_id == link.id and session.expires_at > tx.now


def stands(tx: Tx, session_id: str) -> bool:
    """Whether a patient's session may still act: not signed out or expired, its link not revoked."""
    session = tx.session.get(PatientSession, session_id)
    link = tx.session.get(Link, session.link_id) if session else None
    return session is not None and session.expires_at > tx.now and link is not None and link.revoked_at is None


def sign_out(tx: Tx, secret: str) -> None:
    """End a patient's session; a secret that means nothing is no error."""
    session = tx.session.get(PatientSession, session_hash(secret))
    if session:
        tx.session.delete(session)
        audit.record(tx, "session:end", entity="Link", entity_id=session.link_id, patient_id=session.patient_id)


def _new_session(tx: Tx, link: Link) -> Proof:
    secret = secrets.token_urlsafe(32)
    life = min(link.expires_at - tx.now, SESSION_LIFE)
    tx.session.add(PatientSession(
        id=session_hash(secret), link_id=link.id, appointment_id=link.appointment_id, patient_id=link.patient_id,
        purpose=link.purpose, created_at=tx.now, expires_at=tx.now + life,
    ))
    return Proof(secret, link.purpose, life)


def _recent_codes(tx: Tx, link: Link) -> list[LinkCode]:
    query = select(LinkCode).where(LinkCode.link_id == link.id, LinkCode.sent_at > tx.now - timedelta(hours=1))
    query = query.order_by(col(LinkCode.sent_at).desc())
    return list(tx.session.exec(query if tx.readonly else query.with_for_update()).all())


def _usable(tx: Tx, code: LinkCode) -> bool:
    return code.used_at is None and code.failures < WRONG_CODES and code.expires_at > tx.now


def _keyed_hash(tx: Tx, code_id: str, code: str) -> str:
    # A million codes are soon tried against a plain hash; the key is not in the database in the clear.
    key = tx.keyring.key(tx.session, "site:codes")
    return hmac.new(key, f"{code_id}:{code}".encode(), "sha256").hexdigest()


def _appointment(tx: Tx, appointment_id: str) -> Row[str, str, datetime] | None:
    query = select_columns(_APPOINTMENT.c.patient_id, _APPOINTMENT.c.status, _APPOINTMENT.c.end_at)
    return tx.session.connection().execute(query.where(_APPOINTMENT.c.id == appointment_id)).first()


def _up(wait: timedelta) -> int:
    return -(-int(wait.total_seconds() * 1000) // 1000)


def _note(tx: Tx, link: Link, outcome: str, **detail: str) -> None:
    audit.record(tx, "code:check", entity="Link", entity_id=link.id, patient_id=link.patient_id, outcome=outcome,
                 **detail)
