"""A small clinic: two doctors, one morning of appointments, patients who consented or not."""

import asyncio
import base64
import hmac
import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from app.access import guard
from app.access.accounts import Account, StaffSession, session_hash
from app.access.links import Link, PatientSession
from app.actor import Actor, PurposeOfUse, Role, system
from app.application import build
from app.consent import TRANSCRIPTION, VISIT, Consent
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.scheduling.tables import Appointment, BookingNote, Motif
from app.settings import Settings
from app.web.keys import CSRF_SECRET, ROOMS
from transcription.sealing import new_node_keypair, open_key
from webrtc.control import MediaRefused, MediaUnavailable, Offer

PRIVATE, PUBLIC = new_node_keypair()

SYSTEM = system("test")
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine o'clock in Paris


@dataclass
class Clinic:
    """Identifiers of what was seeded, and actors for everybody."""

    db: object
    visits: list[str]
    patients: list[str]
    doctor: Actor
    other_doctor: Actor

    def patient(self, n: int = 0) -> Actor:
        return Actor(Role.PATIENT, self.patients[n], patient_id=self.patients[n], appointment_id=self.visits[n],
                     session_id=f"session-{n}", purpose=PurposeOfUse.PATIENT_REQUEST)

    def consent(self, n: int = 0, *purposes: str) -> None:
        self.db.write_sync(SYSTEM, _consent, self.visits[n], self.patients[n], purposes or (VISIT, TRANSCRIPTION))

    def withdraw(self, n: int = 0, purpose: str = TRANSCRIPTION) -> None:
        self.db.write_sync(SYSTEM, _withdraw, self.visits[n], purpose)


def _consent(tx, visit_id, patient_id, purposes):
    for purpose in purposes:
        tx.session.add(Consent(encounter_id=visit_id, patient_id=patient_id, purpose=purpose, language="fr",
                               granted_at=tx.now))


def _withdraw(tx, visit_id, purpose):
    for grant in tx.session.exec(select(Consent).where(Consent.encounter_id == visit_id)).all():
        if grant.purpose == purpose:
            grant.withdrawn_at = tx.now
            tx.session.add(grant)


def _seed(tx):
    organization = Organization(name="Clinique", zone="Europe/Paris", phone="+33100000000", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    doctors = [Practitioner(organization_id=organization.id, prefix="Dr", given=given, family=family,
                            speciality="General practice", rpps=f"1000000000{n}")
               for n, (given, family) in enumerate((("Nadia", "Benali"), ("Paul", "Renard")))]
    motif = Motif(organization_id=organization.id, label_fr="Consultation", label_en="Consultation", duration_min=15)
    tx.session.add_all([*doctors, motif])
    tx.session.flush()
    visits, patients = [], []
    for n, name in enumerate(("Claire Lefèvre", "Hugo Martin", "Ahmed Ziani")):
        given, family = name.split()
        patient = Patient(created_at=tx.now)
        tx.seal(patient, PatientIdentity(family=family, given=given, birth_date=date(1972, 4, 3)))
        tx.session.add(patient)
        tx.session.flush()
        start_at = NINE + timedelta(minutes=15 * n)
        visit = Appointment(practitioner_id=doctors[0].id, patient_id=patient.id, motif_id=motif.id, language="fr",
                            start_at=start_at, end_at=start_at + timedelta(minutes=15), created_at=tx.now)
        tx.seal(visit, BookingNote(reason=f"reason {n}"))
        tx.session.add(visit)
        guard.begin_care(tx, doctors[0].id, patient.id, f"appointment:{visit.id}")
        visits.append(visit.id)
        patients.append(patient.id)
    return visits, patients, [d.id for d in doctors]


@pytest.fixture
def clinic(db) -> Clinic:
    visits, patients, doctors = db.write_sync(SYSTEM, _seed)
    actors = [Actor(Role.DOCTOR, f"account-{n}", f"Dr {n}", practitioner_id=id_, session_id=f"staff-{n}")
              for n, id_ in enumerate(doctors)]
    return Clinic(db, visits, patients, actors[0], actors[1])


class FakeNode:
    """A media node that agrees to everything and remembers what it was asked."""

    def __init__(self, node="node-1"):
        self.node, self.public_key = node, PUBLIC
        self.calls: list[tuple] = []
        self.epochs = itertools.count(1)
        self.streams: dict[str, int] = {}  # how many of each participant
        self.languages: dict[str, str] = {}
        self.silent = self.tapless = False
        self.admitting = True
        self.refuses = ""

    def _note(self, *call):
        if self.silent:
            raise MediaUnavailable("the media node does not answer")
        self.calls.append(call)

    async def join(self, room, participant, role, *, echo=False):
        self._note("join", room, participant)
        if self.refuses:
            raise MediaRefused(self.refuses, "no")
        return Offer("v=0 offer", next(self.epochs))

    async def answer(self, room, participant, epoch, sdp):
        self._note("answer", room, participant, epoch, sdp)

    async def candidate(self, room, participant, epoch, candidate):
        self._note("candidate", room, participant, epoch, candidate)

    async def leave(self, room, participant):
        self._note("leave", room, participant)

    async def receive(self, room, participant, *, video):
        self._note("receive", participant, video)

    async def close(self, room):
        self._note("close", room)

    async def tap(self, room, participant, *, on, sealed_key="", language="fr", reason="closed"):
        self._note("tap", participant, on, "" if on else reason)
        if on and self.tapless:
            raise MediaRefused("disk-full", "no space is left for sealed speech")
        if on:
            assert open_key(PRIVATE, base64.b64decode(sealed_key), visit_id=room)
            self.languages[participant] = language
            self.streams[participant] = self.streams.get(participant, 0) + 1
            return f"{participant}-{self.streams[participant]}"
        return None

    def asked(self, name):
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, base_url="http://localhost:8080", _env_file=None)


@pytest.fixture
async def app(settings, db):
    return build(settings, db)


@pytest.fixture
def node():
    return FakeNode()


def _sessions(tx, clinic):
    for n, actor in enumerate((clinic.doctor, clinic.other_doctor)):
        tx.session.add(Account(id=actor.id, email=f"doctor{n}@example.org", name=f"Dr {n}", role="doctor",
                               practitioner_id=actor.practitioner_id, password_hash="-"))
        tx.session.flush()
        tx.session.add(StaffSession(id=session_hash(f"staff-{n}"), account_id=actor.id, second_factor_at=tx.now,
                                    created_at=tx.now, expires_at=tx.now + timedelta(hours=9), ip="", user_agent=""))
    for n, (visit, patient) in enumerate(zip(clinic.visits, clinic.patients, strict=True)):
        link = Link(token_hash=f"hash-{n}", purpose="visit", appointment_id=visit, patient_id=patient,
                    created_at=tx.now, expires_at=tx.now + timedelta(days=1))
        tx.session.add(link)
        tx.session.flush()
        tx.session.add(PatientSession(id=session_hash(f"visit-{n}"), link_id=link.id, appointment_id=visit,
                                      patient_id=patient, purpose="visit", created_at=tx.now,
                                      expires_at=tx.now + timedelta(hours=9)))


class Browser:
    """A browser with one session: pages, forms and the sockets of the house."""

    def __init__(self, client, cookie, secret, csrf):
        self.client = client
        self.headers = {"Cookie": f"colloque-{cookie}={secret}; colloque-csrf=browser; colloque-lang=en",
                        "Origin": f"http://{client.host}:{client.port}"}
        self.csrf = csrf

    async def get(self, path, **headers):
        return await self.client.get(path, headers=self.headers | headers, allow_redirects=False)

    async def post(self, path, *, script=False, **fields):
        headers = self.headers | {"X-CSRF-Token": self.csrf} | ({"Accept": "application/json"} if script else {})
        return await self.client.post(path, data=fields, headers=headers, allow_redirects=False)

    async def socket(self, path, **headers):
        ws = await self.client.ws_connect(path, headers=self.headers | headers)
        return Talk(ws)


class Talk:
    """One open socket."""

    def __init__(self, ws):
        self.ws = ws
        self.heard: list[dict] = []

    async def say(self, **message):
        await self.ws.send_json(message)

    async def hear(self, kind, within_s=3.0):
        """The next message of a type; what else comes before it is kept in `heard`."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.ws.receive_json()
                self.heard.append(message)
                if message["type"] == kind:
                    return message

    async def silence(self, kind, for_s=0.25):
        with pytest.raises(TimeoutError):
            await self.hear(kind, for_s)

    async def end(self, within_s=3.0):
        """Read until the server closes; returns the close code."""
        async with asyncio.timeout(within_s):
            async for frame in self.ws:
                self.heard.append(frame.json())
        return self.ws.close_code


@pytest.fixture
async def house(aiohttp_client, app, clinic, db, node):
    """The running web application: `doctor()`, `other_doctor()` and `patient(n)` are browsers."""
    db.write_sync(SYSTEM, _sessions, clinic)
    client = await aiohttp_client(app)
    await app[ROOMS].node_up(node, {})
    nonce = "0" * 16
    csrf = nonce + hmac.new(app[CSRF_SECRET], f"browser:{nonce}".encode(), "sha256").hexdigest()[:32]

    class House:
        rooms, client_, app_ = app[ROOMS], client, app

        def doctor(self):
            return Browser(client, "staff", "staff-0", csrf)

        def other_doctor(self):
            return Browser(client, "staff", "staff-1", csrf)

        def patient(self, n=0):
            return Browser(client, "visit", f"visit-{n}", csrf)

    return House()
