"""One's own account: password, authenticator, recovery codes, sessions. Each act is in the trail and told by e-mail.

Checking a password costs a tenth of a second, so the page does it between two transactions: `stored_hash`,
then the act with `fits`. A wrong one counts towards the lock of the account like one at the door.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from app import audit
from app.access import factors, guard
from app.access.accounts import Account, StaffSession, count_failure, end_sessions, locked, tell
from app.access.factors import AccountSecret
from app.access.passwords import weakness
from app.access.policy import Action
from app.db import Tx
from app.errors import AccessDenied, Conflict, Invalid, LimitReached, NotFound

PENDING = timedelta(minutes=15)  # how long a new authenticator may take to show its first code
ALREADY = "This is the password you have already."
SESSION_REF_CHARS = 16  # how a page names a session; the whole hash stays inside


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page of one's own account shows."""

    account: Account
    sessions: list[StaffSession]
    recovery_left: int
    key_given: bool


def overview(tx: Tx) -> Overview:
    """The account of who acts and its sessions, newest first. Raises AccessDenied."""
    account = _own(tx, "read", quiet=True)
    secret = tx.open(account, AccountSecret)
    alive = select(StaffSession).where(StaffSession.account_id == account.id, StaffSession.expires_at > tx.now,
                                       col(StaffSession.second_factor_at).is_not(None))
    sessions = tx.session.exec(alive.order_by(col(StaffSession.created_at).desc())).all()
    return Overview(account, list(sessions), len(secret.recovery), secret.given)


def stored_hash(tx: Tx) -> str:
    """The hash that one's own password is checked against. Raises LimitReached while the account rests."""
    account = _own(tx, "check", quiet=True)
    if locked(tx, account) and account.locked_until:
        raise LimitReached(seconds=max(1, round((account.locked_until - tx.now).total_seconds())))
    return account.password_hash


def check_new_password(tx: Tx, old: str, new: str, clinic: str) -> None:
    """Raises Invalid unless `new` is hard to guess, also for who knows whose account this is."""
    account = _own(tx, "check", quiet=True)
    why = weakness(new, (account.name, account.email, clinic))
    if not why and new == old:
        why = ALREADY
    if why:
        raise Invalid(fields={"new": why})


def change_password(tx: Tx, fresh_hash: str, *, fits: bool) -> bool:
    """Change it; every other session ends. False for a wrong old one, which counts towards the lock."""
    account = _proved(tx, "password", fits=fits)
    if account is None:
        return False
    account.password_hash, account.password_given, account.failures = fresh_hash, False, 0
    tx.session.add(account)
    end_sessions(tx, account.id, keep=tx.actor.session_id)
    tell(tx, account, "password-changed")
    return True


def begin_authenticator(tx: Tx, *, fits: bool) -> str | None:
    """The otpauth:// address of a new authenticator; the old one holds until a code confirms this one.

    None for a wrong password, which counts towards the lock.
    """
    account = _proved(tx, "authenticator", fits=fits)
    if account is None:
        return None
    secret = tx.open(account, AccountSecret)
    secret.pending_secret, secret.pending_until = factors.new_secret(), tx.now + PENDING
    tx.seal(account, secret)
    tx.session.add(account)
    return factors.otpauth(account.email, secret.pending_secret)


def pending_authenticator(tx: Tx) -> str:
    """The address of the authenticator that waits for its first code. Raises Conflict when none does."""
    account = _own(tx, "pending", quiet=True)
    return factors.otpauth(account.email, _pending(tx, tx.open(account, AccountSecret)))


def confirm_authenticator(tx: Tx, code: str) -> list[str] | None:
    """The new authenticator shows the right code and takes over; fresh recovery codes, or None for a wrong code.

    Every other session ends. Raises Conflict when no new authenticator waits.
    """
    account = _own(tx, "authenticator-confirm", lock=True, quiet=True)
    secret = tx.open(account, AccountSecret)
    waiting = _pending(tx, secret)
    step = factors.matching_step(waiting, code, tx.now)
    if step < 0:
        audit.record(tx, Action.ACCOUNT_OWN, entity="Account", entity_id=account.id, outcome="refused",
                     step="authenticator-confirm")
        return None
    audit.record(tx, Action.ACCOUNT_OWN, entity="Account", entity_id=account.id, step="authenticator-confirm")
    secret = AccountSecret(totp_secret=waiting, last_totp_step=step)
    codes = secret.renew_recovery()
    _keep(tx, account, secret)
    end_sessions(tx, account.id, keep=tx.actor.session_id)
    tell(tx, account, "authenticator-changed")
    return codes


def renew_recovery_codes(tx: Tx, *, fits: bool) -> list[str] | None:
    """Fresh recovery codes in place of all earlier ones; None for a wrong password."""
    account = _proved(tx, "recovery-codes", fits=fits)
    if account is None:
        return None
    secret = tx.open(account, AccountSecret)
    codes = secret.renew_recovery()
    _keep(tx, account, secret)
    tell(tx, account, "recovery-renewed")
    return codes


def end_session(tx: Tx, ref: str) -> None:
    """End one of one's own sessions, named by the beginning of its hash. Raises NotFound."""
    account = _own(tx, "session-end")
    mine = tx.session.exec(select(StaffSession).where(StaffSession.account_id == account.id)).all()
    session = next((s for s in mine if s.id[:SESSION_REF_CHARS] == ref), None)
    if session is None:
        raise NotFound
    tx.session.delete(session)


def end_other_sessions(tx: Tx) -> int:
    """End every session but this one; how many."""
    return end_sessions(tx, _own(tx, "sessions-end").id, keep=tx.actor.session_id)


def _own(tx: Tx, step: str, *, lock: bool = False, quiet: bool = False) -> Account:
    guard.permit(tx, Action.ACCOUNT_OWN, entity="Account", entity_id=tx.actor.id, quiet=quiet, step=step)
    account = tx.session.get(Account, tx.actor.id, with_for_update=lock)
    if account is None or account.disabled:
        raise AccessDenied
    return account


def _proved(tx: Tx, step: str, *, fits: bool) -> Account | None:
    account = _own(tx, step, lock=True, quiet=True)
    if locked(tx, account):
        return None
    if not fits:
        count_failure(tx, account, f"own-{step}")
        return None
    audit.record(tx, Action.ACCOUNT_OWN, entity="Account", entity_id=account.id, step=step)
    return account


def _pending(tx: Tx, secret: AccountSecret) -> str:
    if not secret.pending_secret or secret.pending_until is None or secret.pending_until <= tx.now:
        raise Conflict("Setting up the authenticator took too long. Please start again.")
    return secret.pending_secret


def _keep(tx: Tx, account: Account, secret: AccountSecret) -> None:
    tx.seal(account, secret)
    tx.session.add(account)
