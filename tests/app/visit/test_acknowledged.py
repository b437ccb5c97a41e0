"""kill -9 of the real web process at random moments under traffic: what it acknowledged is there, whole and once."""

import asyncio
import contextlib
import hmac
import random
import re
from dataclasses import dataclass, field
from datetime import date, time, timedelta

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlmodel import select

from app import audit, consent
from app.access.accounts import Account, StaffSession, session_hash
from app.access.links import Link, PatientSession
from app.actor import Actor, Role
from app.application import open_database, trail_of
from app.audit import Verdict
from app.clock import utc_now
from app.encounters import Encounter
from app.jobs import Job
from app.migrations import migrate
from app.notifications.messages import Message
from app.people import Patient, PatientIdentity
from app.record import compositions
from app.scheduling.tables import Appointment, AvailabilityRule, Motif
from app.web.planner import start_value
from tests.app.record.conftest import content
from tests.app.visit import conftest
from tests.app.visit.test_web_killed import Web, new_settings

KILLS, SEED = 4, 20261126
NONCE = "0" * 16
SECTION = "51848-0"


@dataclass
class Said:
    """What the web process acknowledged to its clients."""

    booked: dict[str, str] = field(default_factory=dict)  # start -> appointment id
    consents: list[tuple[bool, bool]] = field(default_factory=list)  # (asked for, acknowledged), in order
    sentences: list[str] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)


def prepare(tx, now):
    """Sessions for a scheduler, the doctor and a patient; a draft of a finished visit; days to book."""
    visits, patients, doctors = conftest._seed(tx)
    finished = visits[2]
    tx.session.flush()
    tx.session.add(Encounter(id=finished, patient_id=patients[2], practitioner_id=doctors[0], language="fr",
                             status="finished", arrived_at=now, started_at=now, media_started_at=now, finished_at=now))
    tx.session.get(Appointment, finished).status = "fulfilled"
    tx.session.add_all(AvailabilityRule(practitioner_id=doctors[0], weekday=day, start=time(6), end=time(20),
                                        valid_from=date(2026, 1, 1)) for day in range(7))
    for n, patient in enumerate(patients):
        row = tx.session.get(Patient, patient)
        tx.seal(row, PatientIdentity(family=f"Family{n}", given="Ada", birth_date=date(1972, 4, 3), email="a@b.example"))
    for name, role, doctor in (("scheduler", "scheduler", None), ("doctor", "doctor", doctors[0])):
        tx.session.add(Account(id=f"account-{name}", email=f"{name}@example.org", name=name, role=role,
                               practitioner_id=doctor, password_hash="-"))
        tx.session.flush()
        tx.session.add(StaffSession(id=session_hash(name), account_id=f"account-{name}", second_factor_at=now, created_at=now,
                                    expires_at=now + timedelta(hours=2), ip="", user_agent=""))
    link = Link(token_hash="hash", purpose="visit", appointment_id=visits[0], patient_id=patients[0], created_at=now,
                expires_at=now + timedelta(days=1))
    tx.session.add(link)
    tx.session.flush()
    tx.session.add(PatientSession(id=session_hash("patient"), link_id=link.id, appointment_id=visits[0], created_at=now,
                                  patient_id=patients[0], purpose="visit", expires_at=now + timedelta(hours=2)))
    motif = tx.session.exec(select(Motif.id)).one()
    return visits, patients, doctors, motif, tx.keyring.key(tx.session, "site:csrf")


class Client:
    """One of those who keep asking while the web process dies and comes back."""

    def __init__(self, settings, cookie, secret, csrf_key):
        mac = hmac.new(csrf_key, f"browser:{NONCE}".encode(), "sha256").hexdigest()[:32]
        self.base = settings.base_url
        self.headers = {"Cookie": f"colloque-{cookie}={secret}; colloque-csrf=browser; colloque-lang=en",
                        "X-CSRF-Token": NONCE + mac}

    async def post(self, path, **fields):
        """(status, Location), or None when the answer never came: not acknowledged."""
        with contextlib.suppress(ClientError, OSError, TimeoutError):
            async with ClientSession(timeout=ClientTimeout(20)) as session, session.post(
                    self.base + path, data=fields, headers=self.headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.status, answer.headers.get("Location", "")
        await asyncio.sleep(0.05)
        return None


async def book(client, said, doctor, motif, patient, first):
    for n in range(10_000):
        start = start_value(first + timedelta(days=n // 36, minutes=15 * (n % 36)))
        said.tried.add(start)
        answer = await client.post("/planner/booking", practitioner=doctor, motif=motif, patient=patient, start=start)
        if answer is not None:
            assert answer[0] == 303, answer
            said.booked[start] = re.search(r"appointment=([0-9a-f]{32})", answer[1])[1]


async def agree(client, said):
    for n in range(10_000):
        wanted = n % 2 == 0
        place = len(said.consents)
        said.consents.append((wanted, False))
        answer = await client.post("/visit/consent", visit="yes", transcription="yes" if wanted else "")
        if answer is not None:
            assert answer[0] == 303, answer
            said.consents[place] = (wanted, True)


async def write(client, said, db, doctor, visit):
    for n in range(10_000):
        version = await db.read(doctor, lambda tx: compositions.row_of(tx, visit).version)
        text = f"Phrase numéro {n}."
        said.tried.add(text)
        answer = await client.post(f"/visits/{visit}/note/sentences", version=str(version), section=SECTION, text=text)
        if answer is not None:
            assert answer[0] == 303, answer
            said.sentences.append(text)


@pytest.fixture
def installation(tmp_path, monkeypatch):
    settings, now = new_settings(tmp_path), utc_now().replace(second=0, microsecond=0)
    monkeypatch.setattr(conftest, "NINE", now)
    db = open_database(settings)
    migrate(db.engine)
    yield settings, db, db.write_sync(conftest.SYSTEM, prepare, now)
    db.close()


async def test_nothing_acknowledged_is_lost(installation):
    settings, db, (visits, patients, doctors, motif, csrf_key) = installation
    doctor = Actor(Role.DOCTOR, "account-doctor", "doctor", practitioner_id=doctors[0])
    db.write_sync(conftest.SYSTEM, compositions.draft_for, visits[2], content())
    first = utc_now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)
    said, dice, web = Said(), random.Random(SEED), Web(settings)
    clients = [Client(settings, cookie, name, csrf_key) for cookie, name in
               (("staff", "scheduler"), ("visit", "patient"), ("staff", "doctor"))]
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(book(clients[0], said, doctors[0], motif, patients[1], first)),
                tasks.create_task(agree(clients[1], said)),
                tasks.create_task(write(clients[2], said, db, doctor, visits[2]))]
        for _ in range(KILLS):
            await web.start()
            before = len(said.booked), len(said.sentences), sum(done for _, done in said.consents)
            async with asyncio.timeout(60):
                while not all(now > then for now, then in zip(
                        (len(said.booked), len(said.sentences), sum(done for _, done in said.consents)), before, strict=True)):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(dice.uniform(0.0, 0.6))
            await web.kill()
        for task in work:
            task.cancel()
    check_bookings(db, said, patients[1])
    check_consent(db, said, visits[0])
    check_note(db, said, doctor, visits[2])
    trail = trail_of(settings)
    verdict = db.read_sync(conftest.SYSTEM, trail.verify)
    assert verdict == Verdict(verdict.entries), "the chain and its anchor survived every kill"


def check_bookings(db, said, patient):
    def rows(tx):
        booked = tx.session.exec(select(Appointment).where(Appointment.patient_id == patient)).all()
        told = {m.appointment_id for m in tx.session.exec(select(Message)).all()}
        told |= {m for job in tx.session.exec(select(Job)).all() for m in re.findall(r"[0-9a-f]{32}", job.payload)}
        entries = {e.entity_id for e in audit.search(tx, action="appointment:book", limit=10_000)}
        return {start_value(a.start_at): a.id for a in booked if start_value(a.start_at) in said.tried}, told, entries

    booked, told, entries = db.read_sync(conftest.SYSTEM, rows)
    assert len(said.booked) > KILLS
    assert said.booked.items() <= booked.items(), "acknowledged, but not there"
    for id_ in booked.values():  # also those whose answer was lost: all of it or nothing
        assert id_ in told, "booked, but nobody is invited"
        assert id_ in entries, "booked, but not in the trail"


def check_consent(db, said, visit):
    permits = db.read_sync(conftest.SYSTEM, consent.permits, visit, consent.TRANSCRIPTION)
    last = max(n for n, (_, acknowledged) in enumerate(said.consents) if acknowledged)
    assert permits in {wanted for wanted, _ in said.consents[last:]}, "an answer that was given counts, or a later one"


def check_note(db, said, doctor, visit):
    note = db.read_sync(doctor, compositions.read, visit)
    texts = [s.text for section in note.content.sections for s in section.sentences if s.text in said.tried]
    assert len(texts) == len(set(texts)), "a sentence is there once"
    assert set(said.sentences) <= set(texts), "acknowledged, but not in the note"
    assert [text for text in texts if text in said.sentences] == said.sentences, "in the order they were written"
    assert note.version == 1 + len(texts)
