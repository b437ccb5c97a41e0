"""Hiring: an account, and for a doctor the entry of the public register that goes with it."""

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, field_validator
from pydantic import Field as Part
from sqlmodel import col, select

from app.access import accounts, guard
from app.access.accounts import Account
from app.access.policy import Action
from app.actor import Role
from app.db import Tx
from app.errors import Invalid
from app.people import Organization, Practitioner
from app.people.identity import PLAUSIBLE_EMAIL

# Catalogue keys; the list is the French one of first recourse and the most frequent specialities by video.
SPECIALITIES = ("General practice", "Paediatrics", "Diabetology", "Cardiology", "Dermatology", "Gynaecology",
                "Psychiatry", "Pulmonology", "Rheumatology", "Midwifery")
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  none that look alike; 16 of them have 79 bits
PASSWORD_GROUPS, GROUP = 4, 4


class StaffForm(BaseModel):
    """Who gets an account. A doctor is one of the register's (`practitioner`) or new (`rpps`, `speciality`)."""

    name: str = Part(max_length=80)
    email: str = Part(max_length=254)
    role: Literal["doctor", "scheduler", "administrator"]
    practitioner: str = ""
    speciality: str = ""
    rpps: str = ""

    @field_validator("email")
    @classmethod
    def plausible(cls, value: str) -> str:
        """Something@somewhere.tld."""
        if not re.fullmatch(PLAUSIBLE_EMAIL, value):
            raise ValueError("Please give an e-mail address such as claire@example.org.")
        return value

    @field_validator("rpps")
    @classmethod
    def eleven_digits(cls, value: str) -> str:
        """The number of the Répertoire partagé des professionnels de santé."""
        digits = re.sub(r"\s", "", value)
        if digits and not re.fullmatch(r"\d{11}", digits):
            raise ValueError("An RPPS number has eleven digits.")
        return digits

    @field_validator("speciality")
    @classmethod
    def one_of_ours(cls, value: str) -> str:
        """A key of SPECIALITIES."""
        if value and value not in SPECIALITIES:
            raise ValueError("This is not valid.")
        return value


@dataclass(frozen=True, slots=True)
class Hired:
    """What a colleague is handed, once: first password and key of the authenticator app, or the one made anew."""

    account: Account
    password: str
    otpauth: str


def hire(tx: Tx, form: StaffForm) -> Hired:
    """Make an account, and a doctor's entry where there is none. Raises Invalid, Conflict, AccessDenied."""
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", quiet=True)
    practitioner_id = _practitioner(tx, form) if form.role == "doctor" else None
    password = first_password()
    account = accounts.create(tx, email=form.email, name=form.name, role=Role(form.role), password=password,
                              practitioner_id=practitioner_id, given=True)
    return Hired(account, password, accounts.enrolment(tx, account.id))


def new_password(tx: Tx, account_id: str) -> Hired:
    """A new first password for a colleague who lost theirs. Raises NotFound, Conflict, AccessDenied."""
    password = first_password()
    return Hired(accounts.reset_password(tx, account_id, password), password, "")


def new_key(tx: Tx, account_id: str) -> Hired:
    """A new key for the authenticator app of a colleague. Raises NotFound, Conflict, AccessDenied."""
    return Hired(accounts.reset_authenticator(tx, account_id), "", accounts.enrolment(tx, account_id))


def without_account(tx: Tx) -> list[Practitioner]:
    """Doctors of the register who cannot sign in yet. Raises AccessDenied."""
    guard.permit(tx, Action.ACCOUNT_MANAGE, entity="Account", quiet=True)
    taken = select(Account.practitioner_id).where(col(Account.practitioner_id).is_not(None))
    query = select(Practitioner).where(col(Practitioner.id).not_in(taken)).order_by(col(Practitioner.family))
    return list(tx.session.exec(query).all())


def first_password() -> str:
    """A password that can be read aloud: "k7q2-m9xd-3hfp-w8rt"."""
    letters = [secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_GROUPS * GROUP)]
    return "-".join("".join(letters[n : n + GROUP]) for n in range(0, len(letters), GROUP))


def _practitioner(tx: Tx, form: StaffForm) -> str:
    if form.practitioner:
        if form.practitioner not in {each.id for each in without_account(tx)}:
            raise Invalid(fields={"practitioner": "This is not valid."})
        return form.practitioner
    if not form.rpps or not form.speciality:
        missing = "Please fill in this field."
        raise Invalid(fields={key: missing for key in ("rpps", "speciality") if not getattr(form, key)})
    if tx.session.exec(select(Practitioner.id).where(Practitioner.rpps == form.rpps)).first():
        raise Invalid(fields={"rpps": "There is already a doctor with this number."})
    given, _, family = form.name.removeprefix("Dr ").partition(" ")
    doctor = Practitioner(organization_id=_clinic(tx), prefix="Dr", given=given, family=family,
                          speciality=form.speciality, rpps=form.rpps)
    tx.session.add(doctor)
    tx.session.flush()
    return doctor.id


def _clinic(tx: Tx) -> str:
    clinic = tx.session.exec(select(Organization.id).limit(1)).first()
    if clinic is None:
        raise Invalid("This installation has no clinic yet.")
    return clinic
