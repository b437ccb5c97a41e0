"""Founding a clinic in production: the organisation and its first administrator, who then adds everybody else."""

import secrets
from dataclasses import dataclass

import pyotp
from sqlmodel import select

from app.access import accounts
from app.actor import Role
from app.db import Tx
from app.people import Organization


class AlreadyFounded(Exception):
    """There is a clinic: its administrator adds everybody else."""


@dataclass(frozen=True, slots=True)
class Founded:
    """What the first administrator needs; shown once and stored nowhere in clear."""

    email: str
    password: str
    totp_secret: str
    totp_uri: str


def found(tx: Tx, clinic: Organization, *, email: str, name: str) -> Founded:
    """Make the clinic and its first administrator. Raises AlreadyFounded when there is a clinic already."""
    if tx.session.exec(select(Organization)).first() is not None:
        raise AlreadyFounded
    tx.session.add(Organization(**clinic.model_dump()))  # a row of this transaction: a second try makes its own
    tx.session.flush()
    password, secret = secrets.token_urlsafe(15), pyotp.random_base32()
    accounts.create(tx, email=email, name=name, role=Role.ADMINISTRATOR, password=password, totp_secret=secret,
                    given=True)
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=clinic.name)
    return Founded(email, password, secret, uri)
