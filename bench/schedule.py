"""Reading a busy clinic: the week of ten doctors, one doctor's week as a page reads it, and search among patients.

    python -m bench schedule [--patients 10000] [--json]
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import partial
from gc import collect, freeze
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import SQLModel

from app import people
from app.access.accounts import Account, StaffSession, session_hash
from app.actor import Actor, Role
from app.application import build
from app.db import Database, Tx
from app.people import Organization, PatientIdentity, Practitioner, directory
from app.scheduling import agenda
from app.scheduling.tables import Appointment, AvailabilityRule, Motif
from app.settings import Settings
from bench.booking import ACTOR, database, open_database

DOCTORS, DAYS, ROUNDS = 10, 5, 15
SHOWN, PAGE_ROUNDS = 5, 60
CLERK = Actor(Role.SCHEDULER, "clerk")
GIVEN = ("Claire", "Hugo", "Ahmed", "Jeanne", "Pierre", "Nina", "Samba", "Marie", "Luc", "Fatou", "Inès", "Paul")
BEGINNINGS = ("Le", "Du", "Mar", "Ber", "Mo", "Ro", "Gir", "Fau", "Che", "Per", "Bou", "Va", "Sar", "Lam", "Ga", "Dela")
ENDINGS = ("fèvre", "rand", "tin", "nard", "reau", "ssel", "ard", "rier", "vallier", "rot", "chet", "lois", "kozy",
           "bert", "gnon", "croix")
SEARCHES = ("lefevre", "mar", "marie mar", "de", "durand 12/05/1972", "claire le", "0612000042", "zzzz", "lefevrre")


def seed(tx: Tx, patients: int, monday: date) -> list[str]:
    """A week booked full, and a register of patients."""
    organization = Organization(name="Bench", zone="Europe/Paris", phone="", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    doctors = [Practitioner(organization_id=organization.id, prefix="Dr", given="A", family=f"B{n}", rpps=str(n),
                            speciality="General practice") for n in range(DOCTORS)]
    motif = Motif(organization_id=organization.id, label_fr="Suivi", label_en="Follow-up", duration_min=15)
    tx.session.add_all([*doctors, motif])
    tx.session.flush()
    tx.session.add_all(AvailabilityRule(practitioner_id=d.id, weekday=day, start=wall_time(8), end=wall_time(18),
                                        valid_from=date(2020, 1, 1)) for d in doctors for day in range(DAYS))
    chance = random.Random(7)
    ids = [people.register(tx, _someone(chance, n)).id for n in range(patients)]
    for n, doctor in enumerate(doctors):
        for day in range(DAYS):
            for slot in range(32):
                start_at = datetime(monday.year, monday.month, monday.day, 8, tzinfo=UTC) + timedelta(
                    days=day, minutes=15 * slot)
                patient_id = ids[(n * 200 + day * 32 + slot) % patients]
                tx.session.add(Appointment(practitioner_id=doctor.id, patient_id=patient_id, motif_id=motif.id,
                                           start_at=start_at, end_at=start_at + timedelta(minutes=15),
                                           created_at=tx.now))
    return [d.id for d in doctors]


def _someone(chance: random.Random, n: int) -> PatientIdentity:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000))
    return PatientIdentity(family=chance.choice(BEGINNINGS) + chance.choice(ENDINGS), given=chance.choice(GIVEN),
                           birth_date=born, phone=f"+336120{n:05d}", email=f"p{n}@example.org")


def timed(call: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """First, median and worst milliseconds of a call."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(times)
    return {"first_ms": round(times[0], 1), "p50_ms": round(median, 1), "max_ms": round(max(times), 1)}


def measured(db: Database, patients: int) -> dict[str, object]:
    """Seed and read."""
    monday = date.today() + timedelta(days=7 - date.today().weekday())  # noqa: DTZ011  any week ahead will do
    doctors = db.write_sync(ACTOR, seed, patients, monday)
    last = monday + timedelta(days=6)
    shown = len(db.read_sync(CLERK, agenda.board, None, monday, last).entries)
    result: dict[str, object] = {
        "patients": patients, "appointments_in_the_week": shown,
        "week_of_ten_doctors": timed(lambda: db.read_sync(CLERK, agenda.board, None, monday, last)),
        "week_of_one_doctor": timed(lambda: db.read_sync(CLERK, agenda.board, [doctors[0]], monday, last)),
    }
    with redirect_stdout(sys.stderr):  # each request's line
        result |= asyncio.run(pages(db, doctors[:SHOWN], monday))
    for text in SEARCHES:
        search = partial(db.read_sync, CLERK, directory.search, text)
        result[f"search {text!r}"] = {"hits": len(search())} | timed(search)  # type: ignore[call-arg]
    return result


async def pages(db: Database, doctors: list[str], monday: date) -> dict[str, object]:
    """Whole pages as a scheduler's browser asks for them, one after the other: the server's time for each."""
    db.write_sync(ACTOR, _sign_in, "bench")
    shown = ",".join(doctors)
    with TemporaryDirectory() as directory:
        settings = Settings(_env_file=None, data_dir=Path(directory), base_url="http://bench.test")
        collect()
        freeze()  # as `serve` does: what is there from the start is not looked at again
        async with TestClient(TestServer(build(settings, db)), cookies={"colloque-staff": "bench"}) as browser:
            return {name: await _page(browser, path) for name, path in (
                ("page_week_of_five_doctors", f"/planner?view=team&on={monday}&doctors={shown}"),
                ("page_week_of_one_doctor", f"/planner?on={monday}"),
                ("page_month", f"/planner?view=month&on={monday}"))}


def _sign_in(tx: Tx, secret: str) -> None:
    tx.session.add(Account(id=secret, email="clerk@bench.test", name="Clerk", role="scheduler", password_hash="-"))
    tx.session.flush()
    tx.session.add(StaffSession(id=session_hash(secret), account_id=secret, second_factor_at=tx.now, created_at=tx.now,
                                expires_at=tx.now + timedelta(hours=1), ip="", user_agent=""))


async def _page(browser: TestClient, path: str) -> dict[str, float]:
    times = []
    for _ in range(PAGE_ROUNDS):
        begun = time.perf_counter()
        async with browser.get(path) as answer:
            body = await answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200 or str(answer.url.path) != "/planner":
            raise RuntimeError(f"{path}: {answer.status}")
    times.sort()
    return {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(times[int(len(times) * 0.95)], 1),
            "bytes": len(body)}


def run(argv: list[str]) -> dict[str, object]:
    parser = argparse.ArgumentParser(prog="bench schedule", description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args(argv)
    with database(asked.engine) as url:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        result = measured(db, asked.patients)
        db.close()
    return result
