"""Staff accounts: password (Argon2id) and TOTP (RFC 6238), sessions, lock-out."""

import hashlib
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from app.actor import Actor, Role
from app.db import Sealed, SealedRow, Tx, UTCInstant, new_id


class AccountSecret(BaseModel):
    """The TOTP secret (base32), sealed under the site's staff key."""

    totp_secret: str
    last_totp_step: int = 0  # a code is accepted once


class Account(SealedRow, table=True):
    """A member of staff who may sign in."""

    __tablename__ = "account"
    key_kind: ClassVar[str] = "site"
    sealed_under: ClassVar[str] = "realm"
    id: str = Field(default_factory=new_id, primary_key=True)
    realm: str = "staff"
    email: str = Field(unique=True)
    name: str
    role: str
    practitioner_id: str | None = Field(default=None, foreign_key="practitioner.id")
    language: str = "fr"
    password_hash: str
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UTCInstant)
    disabled: bool = False
    demo: bool = False
    sealed: bytes = Field(default=b"", sa_type=Sealed)


class StaffSession(SQLModel, table=True):
    """A signed-in browser; the id is the SHA-256 of the cookie's secret."""

    __tablename__ = "staff_session"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    second_factor_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    created_at: datetime = Field(sa_type=UTCInstant)
    expires_at: datetime = Field(sa_type=UTCInstant)
    ip: str
    user_agent: str


def session_hash(secret: str) -> str:
    """How a cookie's secret is stored: SHA-256, hexadecimal (the secret has 256 random bits)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_of_session(tx: Tx, secret: str) -> Actor | None:
    """The member of staff whose cookie this is, once both factors were given; None when ended."""
    session = tx.session.get(StaffSession, session_hash(secret))
    if session is None or session.second_factor_at is None or session.expires_at <= tx.now:
        return None
    account = tx.session.get(Account, session.account_id)
    if account is None or account.disabled:
        return None
    return Actor(Role(account.role), account.id, account.name, account.practitioner_id, session_id=session.id)
