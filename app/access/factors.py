"""The second factor: TOTP codes (RFC 6238) and recovery codes for a lost phone. Pure.

Recovery codes have 50 random bits each, so that a plain hash keeps them; each is good once.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from pydantic import BaseModel

TOTP_STEP_S = 30
TOTP_DRIFT_STEPS = 1  # phones' clocks are not exact: the code before and after count too
RECOVERY_CODES, RECOVERY_GROUP = 8, 5
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


class AccountSecret(BaseModel):
    """What the second factor is checked against, sealed under the site's staff key."""

    totp_secret: str  # base32
    last_totp_step: int = 0  # a code is accepted once
    given: bool = False  # an administrator has seen the key
    recovery: list[str] = []  # hashes of the codes that are left
    pending_secret: str = ""  # a new authenticator that has not shown a code yet
    pending_until: datetime | None = None

    def use_code(self, code: str, now: datetime) -> bool:
        """Whether this is a TOTP code of now that was not used before; from now on it was."""
        step = matching_step(self.totp_secret, code, now)
        if step <= self.last_totp_step:
            return False
        self.last_totp_step = step
        return True

    def use_recovery(self, code: str) -> bool:
        """Whether this is a recovery code that is left; from now on it is not."""
        typed = recovery_hash(code)
        left = [kept for kept in self.recovery if not hmac.compare_digest(kept, typed)]
        used, self.recovery = len(left) < len(self.recovery), left
        return used

    def renew_recovery(self) -> list[str]:
        """Fresh recovery codes in place of all earlier ones; they are readable here and never again."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        self.recovery = [recovery_hash(code) for code in codes]
        return codes


def new_secret() -> str:
    """A random TOTP secret (base32, 160 bits)."""
    return pyotp.random_base32()


def otpauth(email: str, secret: str) -> str:
    """The otpauth:// address that an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Colloque")


def matching_step(secret: str, code: str, now: datetime) -> int:
    """The time step whose TOTP code this is, -1 when it is none of those that count now."""
    totp, now_step, typed = pyotp.TOTP(secret), int(now.timestamp()) // TOTP_STEP_S, "".join(code.split()).encode()
    steps = range(now_step - TOTP_DRIFT_STEPS, now_step + TOTP_DRIFT_STEPS + 1)
    return max((step for step in steps if hmac.compare_digest(totp.at(step * TOTP_STEP_S).encode(), typed)), default=-1)


def recovery_hash(code: str) -> str:
    """How a recovery code is kept, however it was typed: SHA-256, hexadecimal."""
    return hashlib.sha256("".join(c for c in code.casefold() if c.isalnum()).encode()).hexdigest()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(2 * RECOVERY_GROUP))
    return f"{letters[:RECOVERY_GROUP]}-{letters[RECOVERY_GROUP:]}"
