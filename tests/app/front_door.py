"""A clinic with one booked visit, and a visitor who reads pages and fills in forms like a browser without script."""

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from sqlmodel import select

from app import people, tasks
from app.access import accounts
from app.access.accounts import Account
from app.actor import Actor, Role, system
from app.jobs import Job, Runner
from app.notifications import mailbox
from app.notifications.delivery import handlers
from app.people import Organization, PatientIdentity, Practitioner
from app.scheduling import booking, selfservice, waitlist
from app.scheduling.tables import AvailabilityRule, Motif
from app.settings import Settings

SYSTEM = system("test")
START_AT = datetime(2026, 11, 23, 7, 15, tzinfo=UTC)  # a quarter past eight in Paris
PASSWORD = "correct horse battery"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE, EMAIL = "+33639980142", "claire.lefevre@patients.example"
FAMILY = "Lefèvre-Quatrebarbes"


@dataclass
class Front:
    """What was seeded."""

    db: object
    clock: object
    settings: Settings
    visit_id: str
    patient_id: str
    doctor_id: str
    motif_id: str
    accounts: dict[str, str]

    async def work(self) -> int:
        """Do every job that is due."""
        runner, done = Runner(self.db, handlers(self.db, self.settings) | selfservice.handlers(self.db)
                              | waitlist.handlers(self.db) | tasks.handlers(self.db)), 0
        while await runner.step():
            done += 1
        return done

    def mails(self, kind: str = "") -> list[mailbox.Mail]:
        return [m for m in self.db.read_sync(SYSTEM, mailbox.recent) if not kind or m.kind == kind]

    def jobs(self) -> list[str]:
        return self.db.read_sync(SYSTEM, lambda tx: sorted(job.kind for job in tx.session.exec(select(Job))))

    def totp(self) -> str:
        return pyotp.TOTP(TOTP_SECRET).at(self.clock())

    def patient(self) -> Actor:
        return Actor(Role.PATIENT, self.patient_id, patient_id=self.patient_id, appointment_id=self.visit_id)


@lru_cache
def known_hash() -> str:
    """A cheap hash of PASSWORD: Argon2 takes its time on purpose, and verifying costs what the hash was made with."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def open_clinic(db, clock, settings: Settings, *, phone: str = PHONE, email: str = EMAIL) -> Front:
    """Seed and book."""
    visit_id, patient_id, doctor_id, motif_id, ids = db.write_sync(SYSTEM, _seed, phone, email)
    return Front(db, clock, settings, visit_id, patient_id, doctor_id, motif_id, ids)


def _seed(tx, phone, email):
    clinic = Organization(name="Clinique des Tilleuls", zone="Europe/Paris", phone="+33199001234", address="",
                          language="fr")
    tx.session.add(clinic)
    tx.session.flush()
    doctor = Practitioner(organization_id=clinic.id, prefix="Dr", given="Nadia", family="Benali",
                          speciality="Diabetology", rpps="10101234567")
    motif = Motif(organization_id=clinic.id, label_fr="Suivi du diabète", label_en="Diabetes follow-up",
                  duration_min=15)
    tx.session.add_all([doctor, motif])
    tx.session.flush()
    tx.session.add_all(AvailabilityRule(practitioner_id=doctor.id, weekday=day, start=time(8), end=time(18),
                                        valid_from=date(2026, 1, 1)) for day in range(7))
    patient = people.register(tx, PatientIdentity(family=FAMILY, given="Claire", birth_date=date(1972, 4, 3),
                                                  phone=phone, email=email, language="fr"))
    tx.session.flush()
    visit = booking.book(tx, practitioner_id=doctor.id, motif_id=motif.id, start_at=START_AT, patient_id=patient.id,
                         reason="ma glycémie", language="fr")
    ids = {}
    for role in accounts.STAFF_ROLES:
        account = Account(email=f"{role.value}@clinic.example", name=f"Some {role.value}", role=role.value,
                          password_hash=known_hash(), practitioner_id=doctor.id if role is Role.DOCTOR else None)
        tx.seal(account, accounts.AccountSecret(totp_secret=TOTP_SECRET))
        tx.session.add(account)
        ids[role.value] = account.id
    return visit.id, patient.id, doctor.id, motif.id, ids


def account(front: Front, role: str = "doctor") -> Account:
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Account, front.accounts[role]))


class Visitor:
    """A browser: cookies, redirects on demand, forms posted with the token of the page they are on."""

    def __init__(self, client) -> None:
        self.client, self.page, self.status, self.path, self.headers, self.token = client, "", 0, "", {}, ""

    async def get(self, path: str, **headers: str) -> str:
        return await self._asked(await self.client.get(path, allow_redirects=False, headers=headers))

    async def post(self, path: str, **fields: str) -> str:
        fields = {"csrf_token": self.token} | fields
        return await self._asked(await self.client.post(path, data=fields, allow_redirects=False))

    async def follow(self) -> str:
        """GET where the last answer led, until a page."""
        while 300 <= self.status < 400:
            await self.get(self.headers["Location"])
        return self.page

    async def _asked(self, answer) -> str:
        self.status, self.headers, self.path = answer.status, answer.headers, answer.url.path
        self.page = await answer.text() or self.page
        if token := re.search(r'name="csrf_token" value="([^"]+)"', self.page):
            self.token = token.group(1)
        self.text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.page)).split())
        return self.page

    def actions(self) -> list[str]:
        return re.findall(r'<form[^>]*action="([^"]+)"', self.page)

    async def json(self, path: str):
        answer = await self.client.get(path, headers={"Accept": "application/json"})
        return json.loads(await answer.text())


def later(front: Front, **delta: float) -> None:
    front.clock.at = front.clock.at + timedelta(**delta)
