"""The rehearsal's own doctor and patient: made when first needed, the doctor's account open only while it runs."""

import re
import secrets
from dataclasses import dataclass
from datetime import date

import pyotp
from sqlmodel import col, select

from app import people
from app.access import accounts, links
from app.access.accounts import Account
from app.actor import Role, system
from app.db import Tx
from app.errors import ColloqueError
from app.notifications.messages import Message, MessageContent
from app.people import Organization, PatientIdentity, Practitioner
from app.rehearsal.browser import RehearsalFailed
from app.scheduling.tables import Motif
from app.seed import book_soon

ACTOR = system("rehearsal")
RPPS = "00000000000"  # no real RPPS number is all zeros: this finds our own doctor again
FAMILY = "Colloque-Répétition"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays, with what they need to come in."""

    visit_id: str
    patient_id: str
    account_id: str
    email: str
    password: str
    totp_secret: str
    link_path: str


def prepare(tx: Tx, language: str) -> Cast:
    """Book a visit now for the rehearsal's people and open the doctor's account. Raises RehearsalFailed."""
    clinic = tx.session.exec(select(Organization)).first()
    if clinic is None:
        raise RehearsalFailed("There is no clinic yet: start the installation first.")
    doctor = _doctor(tx, clinic)
    patient_id = _patient(tx, language)
    motif = _motif(tx, clinic)
    doctor.active = True
    try:
        appointment = book_soon(tx, doctor.id, patient_id, motif, clinic.zone, language)
    except ColloqueError as refusal:
        raise RehearsalFailed(f"No rehearsal visit could be booked: {refusal.message}") from refusal
    doctor.active = False  # nobody can book this doctor from the planner
    email, password = f"rehearsal-{secrets.token_hex(6)}@colloque.invalid", secrets.token_urlsafe(24)
    secret = pyotp.random_base32()
    account = accounts.create(tx, email=email, name=doctor.name, role=Role.DOCTOR, password=password,
                              totp_secret=secret, practitioner_id=doctor.id)
    token = links.issue(tx, appointment.id, links.VISIT)
    return Cast(appointment.id, patient_id, account.id, email, password, secret, f"/l/{token}")


def dismiss(tx: Tx, cast: Cast) -> None:
    """The rehearsal is over: its account is closed for good."""
    account = tx.session.get(Account, cast.account_id)
    if account is not None:
        account.disabled = True
        tx.session.add(account)


def newest_code(tx: Tx, cast: Cast) -> str | None:
    """The code that was sent to the rehearsal's patient, as their phone or mailbox would show it."""
    query = select(Message).where(Message.patient_id == cast.patient_id, Message.appointment_id == cast.visit_id,
                                  Message.kind == "code").order_by(col(Message.created_at).desc())
    message = tx.session.exec(query).first()
    if message is None:
        return None
    found = re.search(rf"\b\d{{{links.CODE_DIGITS}}}\b", tx.open(message, MessageContent).text)
    return found.group() if found else None


def _doctor(tx: Tx, clinic: Organization) -> Practitioner:
    doctor = tx.session.exec(select(Practitioner).where(Practitioner.rpps == RPPS)).first()
    if doctor is None:
        doctor = Practitioner(organization_id=clinic.id, prefix="Dr", given="Colloque", family="Répétition",
                              speciality="General practice", rpps=RPPS, active=False)
        tx.session.add(doctor)
        tx.session.flush()
    return doctor


def _patient(tx: Tx, language: str) -> str:
    identity = PatientIdentity(family=FAMILY, given="Claude", birth_date=date(1980, 1, 1), sex="unknown",
                               email="rehearsal@colloque.invalid", language="fr" if language == "fr" else "en")
    return people.register(tx, identity).id


def _motif(tx: Tx, clinic: Organization) -> Motif:
    offered = select(Motif).where(Motif.organization_id == clinic.id, col(Motif.active))
    motif = tx.session.exec(offered.order_by(col(Motif.duration_min))).first()
    if motif is None:
        motif = Motif(organization_id=clinic.id, label_fr="Consultation", label_en="Visit", duration_min=15)
        tx.session.add(motif)
        tx.session.flush()
    return motif
