"""Staff accounts: password (Argon2id) and TOTP (RFC 6238), sessions, lock-out.

Signing in takes two steps. Every answer to a wrong one is the same, whether the e-mail is unknown,
the account locked or disabled, the password or the code wrong; the trail knows which. Guessing locks
an account for strangers; a browser that its owner signed in with before goes on, under limits of its own.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Field, SQLModel, col, select

from app import audit, jobs
from app.access import factors, guard
from app.access.factors import AccountSecret
from app.access.passwords import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, TOO_SHORT
from app.access.policy import Action
from app.actor import Actor, Role
from app.db import Sealed, SealedRow, Tx, UTCInstant, new_id
from app.errors import AccessDenied, Conflict, Invalid, NotFound

STAFF_ROLES = (Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR)
FAILURES_BEFORE_LOCK = 5
LOCK_S, LONGEST_LOCK_S = 60, 15 * 60  # doubles with each failure: slows guessing, shuts nobody out for long
SECOND_FACTOR_S = 5 * 60
LONGEST_SESSION = timedelta(hours=12)
USE_OWN_PAGE = "Please use the page of your own account for this."

# OWASP Password Storage Cheat Sheet (2025), Argon2id with m=46 MiB, t=1, p=1 or stronger.
_hasher = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)


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
    password_given: bool = False  # by an administrator: to be changed before anything else
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


@dataclass(frozen=True, slots=True)
class Device:
    """The browser somebody signs in with; `known_to` names the account that signed in with it before."""

    ip: str
    user_agent: str
    known_to: str = ""


def session_hash(secret: str) -> str:
    """How a cookie's secret is stored: SHA-256, hexadecimal (the secret has 256 random bits)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_of_session(tx: Tx, secret: str) -> Actor | None:
    """The member of staff whose cookie this is, once both factors were given; None when ended."""
    session = tx.session.get(StaffSession, session_hash(secret))
    if session is None or not stands(tx, session.id):
        return None
    account = tx.session.get(Account, session.account_id)
    if account is None or account.disabled:
        return None
    return Actor(Role(account.role), account.id, account.name, account.practitioner_id, session_id=session.id,
                 owes_password=account.password_given)


# --- signing in -------------------------------------------------------------------------------------------


def stored_hash(tx: Tx, email: str) -> str:
    """The password hash to check against; for an unknown e-mail one that takes as long and never fits."""
    account, nobody = _by_email(tx, email), _nobody_hash()
    return account.password_hash if account else nobody


def password_fits(stored: str, password: str) -> bool:
    """Argon2id; takes about 0.1 s of one core, so it is called outside transactions, in a thread."""
    try:
        return _hasher.verify(stored, password[:MAX_PASSWORD_CHARS])
    except (VerificationError, InvalidHashError):
        return False


def first_factor(tx: Tx, email: str, device: Device, *, fits: bool) -> str | None:
    """Note the outcome of a password; the secret of a session that waits for the code, or None."""
    account = _by_email(tx, email)
    known = account is not None and device.known_to == account.id
    if account is None or account.disabled or (locked(tx, account) and not known):
        why = "unknown" if account is None else "disabled" if account.disabled else "locked"
        _note(tx, account, "refused", step="password", why=why)
        return None
    if not fits:
        count_failure(tx, account, "password", known=known)
        return None
    return _new_session(tx, account, device, timedelta(seconds=SECOND_FACTOR_S))


def second_factor(tx: Tx, secret: str, code: str, session_minutes: int, known_to: str = "") -> str | None:
    """Check the TOTP or recovery code of a session that waits for it; a new session's secret, or None.

    `known_to` is Device's. The secret from before the code is of no use afterwards. A code is accepted once.
    """
    session = tx.session.get(StaffSession, session_hash(secret))
    # Locked: of two requests with the same code at once, one gets in.
    account = tx.session.get(Account, session.account_id, with_for_update=True) if session else None
    if session is None or account is None or session.second_factor_at or session.expires_at <= tx.now:
        return None
    known = known_to == account.id
    if account.disabled or (locked(tx, account) and not known):
        _note(tx, account, "refused", step="code", why="disabled" if account.disabled else "locked")
        return None
    if not (by := _use_code(tx, account, code)):
        count_failure(tx, account, "code", known=known)
        return None
    device = Device(session.ip, session.user_agent)
    tx.session.delete(session)
    fresh = _new_session(tx, account, device, timedelta(minutes=session_minutes), proved_at=tx.now)
    account.failures, account.locked_until = 0, None
    tx.session.add(account)
    _note(tx, account, "success", by=by)
    if by == "recovery":
        tell(tx, account, "recovery-used")
    return fresh


def browser_mark(tx: Tx, secret: str) -> str:
    """What the browser of this session keeps, so that others cannot lock its owner out by guessing.

    It opens nothing and ends with the password (OWASP, device cookies). Empty without a session.
    """
    session = tx.session.get(StaffSession, session_hash(secret))
    account = tx.session.get(Account, session.account_id) if session else None
    return f"{account.id}.{_browser_mac(tx, account)}" if account else ""


def known_to(tx: Tx, mark: str) -> str:
    """The account that signed in with the browser that holds this mark; empty when there is none."""
    account_id, _, mac = mark.partition(".")
    account = tx.session.get(Account, account_id)
    fits = account is not None and hmac.compare_digest(_browser_mac(tx, account).encode(), mac.encode())
    return account_id if fits else ""


def _browser_mac(tx: Tx, account: Account) -> str:
    key = tx.keyring.key(tx.session, "site:csrf")
    return hmac.new(key, f"browser {account.id} {account.password_hash}".encode(), "sha256").hexdigest()


def waits_for_code(tx: Tx, secret: str) -> bool:
    """Whether this cookie gave its password and still owes the code."""
    session = tx.session.get(StaffSession, session_hash(secret))
    return session is not None and session.second_factor_at is None and session.expires_at > tx.now


def renew(tx: Tx, session_id: str, session_minutes: int) -> bool:
    """The session was used: it ends `session_minutes` from now, and LONGEST_SESSION after the sign-in.

    False when there is nothing to prolong: signed out, expired, or its account disabled.
    """
    session = tx.session.get(StaffSession, session_id)
    if session is None or session.second_factor_at is None or not stands(tx, session_id):
        return False
    longest = session.second_factor_at + LONGEST_SESSION
    session.expires_at = min(tx.now + timedelta(minutes=session_minutes), longest)
    tx.session.add(session)
    return True


def stands(tx: Tx, session_id: str) -> bool:
    """Whether this session may still act: not signed out (as a disabled account is), not expired."""
    session = tx.session.get(StaffSession, session_id)
    return session is not None and session.second_factor_at is not None and session.expires_at > tx.now


def sign_out(tx: Tx, secret: str) -> None:
    """End this session; a secret that means nothing is no error."""
    session = tx.session.get(StaffSession, session_hash(secret))
    if session:
        tx.session.delete(session)
        audit.record(tx, "session:end", entity="Account", entity_id=session.account_id)


# --- accounts ---------------------------------------------------------------------------------------------


def create(tx: Tx, *, email: str, name: str, role: Role, password: str, totp_secret: str = "",
           practitioner_id: str | None = None, language: str = "fr", demo: bool = False,
           given: bool = False) -> Account:
    """A new account; without a TOTP secret one is made (see `enrolment`). Raises Invalid, Conflict, AccessDenied.

    `given`: whoever makes the account knows its password, so that the first sign-in must change it.
    """
    account = Account(email=_address(email), name=name, role=role.value, practitioner_id=practitioner_id,
                      language=language, password_hash="", password_given=given, demo=demo)
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", entity_id=account.id, step="create", role=role.value)
    if role not in STAFF_ROLES or (role is Role.DOCTOR) != (practitioner_id is not None):
        raise Invalid(fields={"role": "This is not valid."})
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise Invalid(fields={"password": TOO_SHORT})
    if _by_email(tx, account.email):
        raise Conflict("There is already an account with this e-mail address.")
    account.password_hash = hashed(password)
    tx.seal(account, AccountSecret(totp_secret=totp_secret or factors.new_secret(), given=given))
    tx.session.add(account)
    tx.session.flush()
    return account


def all_accounts(tx: Tx) -> list[Account]:
    """Every account, by name. Raises AccessDenied."""
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", step="list")
    return list(tx.session.exec(select(Account).order_by(col(Account.disabled), col(Account.name))).all())


def set_disabled(tx: Tx, account_id: str, *, disabled: bool) -> None:
    """Close an account and end its sessions at once, or open it again. Raises Conflict for one's own."""
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", entity_id=account_id,
                 step="disable" if disabled else "enable")
    account = _of_somebody_else(tx, account_id, "You cannot disable your own account.")
    account.disabled = disabled
    tx.session.add(account)
    end_sessions(tx, account_id)


def reset_password(tx: Tx, account_id: str, password: str) -> Account:
    """Give a new first password to somebody who lost theirs: signed out everywhere, told, and to change it.

    Raises NotFound, AccessDenied, Conflict for one's own.
    """
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", entity_id=account_id, step="reset-password")
    account = _of_somebody_else(tx, account_id, USE_OWN_PAGE)
    account.password_hash, account.password_given = hashed(password), True
    account.failures, account.locked_until = 0, None
    tx.session.add(account)
    end_sessions(tx, account_id)
    tell(tx, account, "password-reset")
    return account


def reset_authenticator(tx: Tx, account_id: str) -> Account:
    """Give a new key to somebody who lost their phone: recovery codes end with the old one (see `enrolment`).

    Raises NotFound, AccessDenied, Conflict for one's own.
    """
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", entity_id=account_id, step="reset-authenticator")
    account = _of_somebody_else(tx, account_id, USE_OWN_PAGE)
    tx.seal(account, AccountSecret(totp_secret=factors.new_secret(), given=True))
    account.failures, account.locked_until = 0, None
    tx.session.add(account)
    end_sessions(tx, account_id)
    tell(tx, account, "authenticator-reset")
    return account


def enrolment(tx: Tx, account_id: str) -> str:
    """The otpauth:// address that an authenticator app scans; shown once, to who made the account."""
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", entity_id=account_id, step="enrol")
    account = tx.session.get(Account, account_id)
    if account is None:
        raise AccessDenied
    return factors.otpauth(account.email, tx.open(account, AccountSecret).totp_secret)


def hashed(password: str) -> str:
    """Argon2id, for `Account.password_hash`; as costly as `password_fits`."""
    return _hasher.hash(password)


def tell(tx: Tx, account: Account, what: str) -> None:
    """Have an e-mail say, without any secret, that something about the account changed."""
    jobs.enqueue(tx, "message.staff", account_id=account.id, what=what, at=tx.now.isoformat())


def end_sessions(tx: Tx, account_id: str, *, keep: str | None = None) -> int:
    """End every session of an account but `keep`; how many."""
    query = select(StaffSession).where(StaffSession.account_id == account_id, StaffSession.id != keep)
    ended = tx.session.exec(query).all()
    for session in ended:
        tx.session.delete(session)
    return len(ended)


def _of_somebody_else(tx: Tx, account_id: str, why: str) -> Account:
    account = tx.session.get(Account, account_id)
    if account is None:
        raise NotFound
    if account.id == tx.actor.id:
        raise Conflict(why)
    return account


def _by_email(tx: Tx, email: str) -> Account | None:
    query = select(Account).where(Account.email == _address(email))
    return tx.session.exec(query if tx.readonly else query.with_for_update()).first()


def _address(email: str) -> str:
    return email.strip().casefold()


def locked(tx: Tx, account: Account) -> bool:
    """Whether the account rests after wrong answers."""
    return account.locked_until is not None and account.locked_until > tx.now


def count_failure(tx: Tx, account: Account, step: str, *, known: bool = False) -> None:
    """One wrong answer more; after FAILURES_BEFORE_LOCK of them the account rests, but for browsers it knows."""
    if known:  # the web limits these; they lock nobody out
        _note(tx, account, "refused", step=step, why="wrong")
        return
    account.failures += 1
    over = account.failures - FAILURES_BEFORE_LOCK
    if over >= 0:
        account.locked_until = tx.now + timedelta(seconds=min(LOCK_S * 2**min(over, 10), LONGEST_LOCK_S))
    tx.session.add(account)
    _note(tx, account, "refused", step=step, why="wrong")


def _use_code(tx: Tx, account: Account, code: str) -> str:
    """By what the second factor was given: "totp" or "recovery"; empty when the code is wrong."""
    secret = tx.open(account, AccountSecret)
    by = "totp" if secret.use_code(code, tx.now) else "recovery" if secret.use_recovery(code) else ""
    if by:
        tx.seal(account, secret)
    return by


def _new_session(tx: Tx, account: Account, device: Device, life: timedelta, proved_at: datetime | None = None) -> str:
    secret = secrets.token_urlsafe(32)
    tx.session.add(StaffSession(
        id=session_hash(secret), account_id=account.id, second_factor_at=proved_at, created_at=tx.now,
        expires_at=tx.now + life, ip=device.ip, user_agent=device.user_agent[:200],
    ))
    return secret


def _note(tx: Tx, account: Account | None, outcome: str, **detail: str) -> None:
    # An unknown e-mail is not written down: people type their password there.
    account_id = account.id if account else ""
    audit.record(tx, "session:begin", entity="Account", entity_id=account_id, outcome=outcome, **detail)


@lru_cache(maxsize=1)
def _nobody_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
