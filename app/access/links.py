"""Patient links: a secret URL for one visit, opened with a code sent to the phone or e-mail on file.

A GET changes nothing (mail scanners prefetch). Only hashes of tokens and codes are stored.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.access.accounts import session_hash
from app.actor import Actor, PurposeOfUse, Role
from app.db import Tx, UTCInstant, new_id

VISIT, SUMMARY = "visit", "summary"


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


def actor_of_session(tx: Tx, secret: str) -> Actor | None:
    """The patient whose cookie this is; None when the session ended or its link was revoked."""
    session = tx.session.get(PatientSession, session_hash(secret))
    if session is None or session.expires_at <= tx.now:
        return None
    link = tx.session.get(Link, session.link_id)
    if link is None or link.revoked_at is not None:
        return None
    return Actor(Role.PATIENT, session.patient_id, patient_id=session.patient_id, session_id=session.id,
                 appointment_id=session.appointment_id, purpose=PurposeOfUse.PATIENT_REQUEST)
