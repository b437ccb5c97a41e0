"""A deterministic demo clinic: people, hours, a day of appointments, and a visit that can be joined now."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pyotp
from sqlmodel import col, select

from app import people
from app.access import accounts, links
from app.access.accounts import Account
from app.actor import Role, system
from app.db import Database, Tx
from app.errors import ColloqueError, Conflict
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.record import entries
from app.scheduling import booking, french_days
from app.scheduling.tables import Appointment, AvailabilityException, AvailabilityRule, Motif
from app.settings import Settings, UnsafeSettings

ACTOR = system("seed")
PASSWORD = "colloque-demo-2026"  # noqa: S105  a demo account's; production refuses demo accounts
JOINABLE = timedelta(minutes=20)
CLINIC = "Centre de santé du Marché"


@dataclass(frozen=True, slots=True)
class Persona:
    """A demo account."""

    key: str
    role: Role
    name: str
    email: str
    doctor: int | None = None  # index into DOCTORS


DOCTORS = [
    ("Dr", "Nadia", "Benali", "General practice", "10101234567"),
    ("Dr", "Paul", "Girard", "Paediatrics", "10102345678"),
    ("Dr", "Ada", "Okonkwo", "Diabetology", "10103456789"),
]
PERSONAS = [
    Persona("doctor", Role.DOCTOR, "Dr Nadia Benali", "nadia.benali@demo.colloque.example", 0),
    Persona("doctor2", Role.DOCTOR, "Dr Paul Girard", "paul.girard@demo.colloque.example", 1),
    Persona("scheduler", Role.SCHEDULER, "Sophie Perrin", "sophie.perrin@demo.colloque.example"),
    Persona("administrator", Role.ADMINISTRATOR, "Alain Roche", "alain.roche@demo.colloque.example"),
]
MOTIFS = [
    ("Consultation de suivi", "Follow-up visit", 15),
    ("Première consultation", "First visit", 30),
    ("Renouvellement d'ordonnance", "Prescription renewal", 15),
    ("Résultats d'examens", "Test results", 15),
]
PUBLIC_MOTIFS = ("Consultation de suivi", "Renouvellement d'ordonnance")  # what patients book themselves
# family, given, birth date, sex, phone, allergies, treatments, problems
PATIENTS: list[tuple[str, str, str, str, str, list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]] = [
    ("Lefèvre", "Claire", "1972-04-03", "female", "+33639980101", [("Pénicilline", "urticaire, 2011")],
     [("Amlodipine 5 mg", "1 le matin"), ("Metformine 1 000 mg", "matin et soir")],
     [("Hypertension artérielle", "2019"), ("Diabète de type 2", "2021")]),
    ("Martin", "Hugo", "2020-06-14", "male", "+33639980102", [], [], [("Bronchiolite", "2021")]),
    ("Ziani", "Ahmed", "1958-11-30", "male", "+33639980103", [], [("Périndopril 5 mg", "1 le matin")],
     [("Hypertension artérielle", "2012")]),
    ("Roux", "Jeanne", "1949-02-17", "female", "+33639980104", [("Iode", "malaise, 2003")],
     [("Insuline glargine", "18 UI le soir")], [("Diabète de type 2", "1998")]),
    ("Moreau", "Pierre", "1985-09-09", "male", "+33639980105", [], [], []),
    ("Chauvet", "Nina", "1994-12-01", "female", "+33639980106", [], [], []),
    ("O'Brien", "Sinéad", "1979-07-21", "female", "+33639980107", [], [], [("Migraine", "2005")]),
    ("Diallo", "Samba", "1990-03-12", "male", "+33639980108", [], [], [("Asthme", "1998")]),
    ("Garnier", "Odile", "1951-10-08", "female", "+33639980109", [], [("Lévothyroxine 75 µg", "1 le matin")],
     [("Hypothyroïdie", "2006")]),
    ("Kaci", "Bilal", "2019-01-25", "male", "+33639980110", [], [], []),
    ("Collet", "Inès", "1988-05-30", "female", "+33639980111", [("Latex", "")], [], []),
    ("Weber", "Karl", "1966-08-17", "male", "+33639980112", [], [("Atorvastatine 20 mg", "1 le soir")], []),
    ("Costa", "Isabel", "1975-02-02", "female", "+33639980113", [], [], []),
    ("Petit", "Louis", "2016-12-19", "male", "+33639980114", [], [], []),
    ("Noël", "Rose", "1983-11-11", "female", "+33639980115", [], [], [("Migraine", "2010")]),
    ("Blanc", "Georges", "1947-06-06", "male", "+33639980116", [], [], [("Diabète de type 2", "2009")]),
]
WEEKDAY_HOURS = [(time(8, 30), time(12, 30)), (time(13, 30), time(18, 0))]
WEEKS = 2  # this one and the next
# For each day from Monday: doctor, patient, motif, wall-clock time
BOOKINGS: list[list[tuple[int, int, int, tuple[int, int]]]] = [
    [(0, 4, 0, (13, 30)), (0, 5, 0, (13, 45)), (0, 7, 0, (14, 0)), (0, 10, 1, (14, 30)), (0, 3, 3, (15, 15)),
     (1, 9, 0, (13, 45)), (1, 13, 0, (14, 30)), (2, 15, 0, (15, 0))],
    [(0, 2, 3, (9, 0)), (0, 6, 1, (10, 0)), (0, 12, 0, (13, 45)), (0, 14, 0, (14, 0)), (0, 11, 2, (14, 45)),
     (1, 1, 0, (9, 30)), (2, 8, 3, (10, 15))],
    [(0, 5, 3, (8, 45)), (0, 8, 2, (9, 15)), (0, 7, 2, (14, 15)), (0, 15, 0, (15, 0)), (2, 3, 0, (11, 0))],
    [(0, 10, 0, (8, 30)), (0, 14, 3, (9, 45)), (0, 13, 0, (13, 30)), (0, 0, 0, (14, 15)), (0, 4, 3, (14, 45)),
     (1, 1, 0, (15, 0))],
    [(0, 5, 2, (8, 45)), (0, 11, 0, (9, 30)), (0, 9, 1, (14, 0)), (0, 12, 3, (15, 30)), (2, 15, 0, (9, 0))],
]

def seed_when_empty(db: Database, settings: Settings) -> bool:
    """Make the demo clinic unless there is a clinic already; True when made."""
    return db.write_sync(ACTOR, _seed, settings.clinic_zone)


def _seed(tx: Tx, zone: str) -> bool:
    if tx.session.exec(select(Organization)).first():
        return False
    clinic = Organization(name=CLINIC, zone=zone, phone="+33 1 99 00 12 34", address="3 place du Marché, 26000 Valence",
                          language="fr", holiday_place=french_days.usual_place(zone), school_zone="A")
    tx.session.add(clinic)
    tx.session.flush()
    doctors = [_doctor(tx, clinic.id, *row) for row in DOCTORS]
    motifs = [Motif(organization_id=clinic.id, label_fr=fr, label_en=en, duration_min=m, public=fr in PUBLIC_MOTIFS)
              for fr, en, m in MOTIFS]
    tx.session.add_all(motifs)
    tx.session.flush()
    for persona in PERSONAS:
        _account(tx, persona, doctors)
    patients = [_patient(tx, row) for row in PATIENTS]
    _appointments(tx, zone, doctors, patients, motifs)
    return True


def _doctor(tx: Tx, clinic_id: str, prefix: str, given: str, family: str, speciality: str, rpps: str) -> Practitioner:
    doctor = Practitioner(organization_id=clinic_id, prefix=prefix, given=given, family=family,
                          speciality=speciality, rpps=rpps)
    tx.session.add(doctor)
    tx.session.flush()
    today = tx.now.date()
    for weekday in range(5):
        for start, end in WEEKDAY_HOURS:
            tx.session.add(AvailabilityRule(practitioner_id=doctor.id, weekday=weekday, start=start, end=end,
                                            valid_from=today - timedelta(days=7)))
    return doctor


def totp_secret(key: str) -> str:
    """A demo account's TOTP secret: the same on every demo machine, so it may be printed."""
    return base64.b32encode(hashlib.sha256(f"colloque demo {key}".encode()).digest()[:20]).decode()


def _account(tx: Tx, persona: Persona, doctors: list[Practitioner]) -> None:
    accounts.create(
        tx, email=persona.email, name=persona.name, role=persona.role, password=PASSWORD,
        totp_secret=totp_secret(persona.key), demo=True,
        practitioner_id=None if persona.doctor is None else doctors[persona.doctor].id,
    )


def _patient(tx: Tx, row: tuple[Any, ...]) -> Patient:
    family, given, born, sex, phone, *record = row
    email = f"{people.normalise(given)}.{people.normalise(family).replace(' ', '')}@patients.colloque.example"
    patient = people.register(tx, PatientIdentity(family=family, given=given, birth_date=date.fromisoformat(born),
                                                  sex=sex, phone=phone, email=email, language="fr"))
    for kind, lines in zip(("allergy", "treatment", "problem"), record, strict=True):
        for text, detail in lines:
            entries.add(tx, patient.id, entries.NewEntry.model_validate({"kind": kind, "text": text, "detail": detail}))
    return patient


def _appointments(tx: Tx, zone: str, doctors: list[Practitioner], patients: list[Patient], motifs: list[Motif]) -> None:
    today = tx.now.astimezone(ZoneInfo(zone)).date()
    weekday = today.weekday()
    monday = today - timedelta(days=weekday) if weekday < 5 else today + timedelta(days=7 - weekday)
    for week, (offset, day) in product(range(WEEKS), enumerate(BOOKINGS)):
        on = monday + timedelta(days=7 * week + offset)
        if french_days.public(french_days.usual_place(zone), on, on):
            continue
        for doctor, patient, motif, (hour, minute) in day:
            start = datetime.combine(on, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)
            if start <= tx.now + timedelta(minutes=30):
                continue
            who = patients[(patient + 5 * week) % len(patients)]
            booking.book(tx, practitioner_id=doctors[doctor].id, motif_id=motifs[motif].id, start_at=start,
                         patient_id=who.id, language="fr")


def joinable_link(tx: Tx, settings: Settings, language: str = "fr") -> tuple[str, str]:
    """A fresh link and the id of a visit with Dr Benali that can be joined now; booked when there is none."""
    appointment = _joinable(tx) or _book_now(tx, settings.clinic_zone, language)
    token = links.issue(tx, appointment.id, links.VISIT)
    return f"{settings.base_url}/l/{token}", appointment.id


def _joinable(tx: Tx) -> Appointment | None:
    doctor, patient = _demo_doctor(tx), _demo_patient(tx)
    query = select(Appointment).where(
        Appointment.practitioner_id == doctor.id, Appointment.patient_id == patient.id, Appointment.status == "booked",
        col(Appointment.start_at) > tx.now - JOINABLE, col(Appointment.start_at) < tx.now + JOINABLE,
    )
    return tx.session.exec(query).first()


def _demo_doctor(tx: Tx) -> Practitioner:
    return tx.session.exec(select(Practitioner).where(Practitioner.rpps == DOCTORS[0][4])).one()


def _demo_patient(tx: Tx) -> Patient:
    return tx.session.exec(select(Patient).order_by(col(Patient.created_at))).first() or _missing()


def _missing() -> Patient:
    raise ColloqueError("The demo clinic has no patient.")


def book_soon(tx: Tx, practitioner_id: str, patient_id: str, motif: Motif, zone: str, language: str) -> Appointment:
    """Open extra hours around now and book the first time that is free in them.

    Raises Conflict when the doctor is busy for the next hour.
    """
    local = tx.now.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    minutes = 5 - local.minute % 5
    for step in range(12):
        start = local + timedelta(minutes=minutes + 5 * step)
        end = start + timedelta(minutes=motif.duration_min)
        if end.date() != start.date():
            continue
        tx.session.add(AvailabilityException(practitioner_id=practitioner_id, on=start.date(), closed=False,
                                             start=start.time(), end=end.time()))
        tx.session.flush()
        try:
            with tx.session.begin_nested():
                return booking.book(tx, practitioner_id=practitioner_id, motif_id=motif.id,
                                    start_at=start.astimezone(UTC), patient_id=patient_id, language=language)
        except Conflict:
            continue
    raise Conflict("The doctor is busy for the next hour.")


def _book_now(tx: Tx, zone: str, language: str) -> Appointment:
    motif = tx.session.exec(select(Motif).where(Motif.duration_min == 15)).first()
    if motif is None:
        raise ColloqueError("The demo clinic has no motif.")
    return book_soon(tx, _demo_doctor(tx).id, _demo_patient(tx).id, motif, zone, language)


def demo_facts(db: Database, settings: Settings) -> dict[str, Any]:
    """What `colloque demo --json` prints."""
    patient_link, visit_id = db.write_sync(ACTOR, joinable_link, settings)
    base = settings.base_url
    return {
        "base_url": base,
        "clinic": CLINIC,
        "addresses": {"home": f"{base}/", "sign_in": f"{base}/sign-in", "queue": f"{base}/queue",
                      "planner": f"{base}/planner", "audit": f"{base}/audit", "design": f"{base}/design",
                      "mailbox": f"{base}/demo/mailbox"},
        "accounts": [
            {"role": p.role.value, "name": p.name, "email": p.email, "password": PASSWORD,
             "totp_secret": totp_secret(p.key), "totp_now": pyotp.TOTP(totp_secret(p.key)).now()}
            for p in PERSONAS
        ],
        "patient_link": patient_link,
        "visit_id": visit_id,
        "patient": {"name": "Claire Lefèvre", "email": "claire.lefevre@patients.colloque.example"},
        "codes": "Codes and e-mails of the demo clinic show in the mailbox address.",
    }


def describe(facts: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{facts['clinic']} at {facts['base_url']}", ""]
    for account in facts["accounts"]:
        lines.append(f"{account['role']:<14} {account['email']}  {account['password']}  code now {account['totp_now']}")
        lines.append(f"{'':<14} TOTP secret {account['totp_secret']}")
    lines += ["", f"patient        {facts['patient_link']}", f"mailbox        {facts['addresses']['mailbox']}"]
    return "\n".join(lines)


def welcome(db: Database, settings: Settings) -> str:
    """The box that `make run` ends with."""
    if settings.mode == "production":
        return f"Colloque is starting at {settings.base_url}. Ctrl-C stops it."
    text = describe(demo_facts(db, settings)).splitlines()
    text += ["", "A code now changes every 30 s: `colloque demo` prints fresh ones.", "Ctrl-C stops everything."]
    width = max(len(line) for line in text)
    rule = "─" * (width + 2)
    return "\n".join([f"╭{rule}╮", *(f"│ {line:<{width}} │" for line in text), f"╰{rule}╯"])


def refuse_demo_accounts(db: Database) -> None:
    """Production does not start over a demo database. Raises UnsafeSettings."""
    def any_demo(tx: Tx) -> bool:
        return tx.session.exec(select(Account).where(Account.demo == True)).first() is not None  # noqa: E712  SQL

    if db.read_sync(ACTOR, any_demo):
        raise UnsafeSettings("This database holds demo accounts with published passwords: production needs a new\n"
                             "database (set COLLOQUE_DATABASE_URL or another COLLOQUE_DATA_DIR).")
