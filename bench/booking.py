"""Booking throughput: many processes on one database, beside the bare commit rate of the same machine and minute.

    python -m bench booking [--engine sqlite|postgresql] [--processes 4] [--seconds 5] [--json]

Three rounds of the same length: `commit` writes one small row per transaction, the least a durable write can
cost; `apart` books slots that nobody else wants; `contended` has every process go for the same slots in the
same order, so that each slot is won once and refused to the others, who get the next free slots offered.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path

from sqlalchemy import text
from sqlmodel import SQLModel

from app import people
from app.actor import system
from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database, Tx
from app.engines import open_engine
from app.migrations import TABLES
from app.people import Organization, PatientIdentity, Practitioner
from app.scheduling import booking
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import AvailabilityRule, Motif
from tests import postgres

assert TABLES
KEK = bytes(32)
ACTOR = system("bench")
DOCTORS, PATIENTS, SLOT_MIN = 20, 50, 15
SLOTS_A_DAY = 24 * 60 // SLOT_MIN


@dataclass(frozen=True)
class Clinic:
    doctors: list[str]
    patients: list[str]
    motif: str
    first: datetime

    def slot(self, n: int) -> dict[str, object]:
        """The n-th slot: first over the doctors, then over time."""
        at = self.first + timedelta(minutes=SLOT_MIN * (n // DOCTORS))
        return {"practitioner_id": self.doctors[n % DOCTORS], "motif_id": self.motif, "start_at": at, "language": "fr",
                "patient_id": self.patients[n % PATIENTS]}


def open_database(url: str) -> Database:
    return Database(open_engine(url), Keyring(KEK), Trail(None))


def seed(tx: Tx) -> Clinic:
    organization = Organization(name="Bench", zone="UTC", phone="", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    doctors = [Practitioner(organization_id=organization.id, prefix="Dr", given="A", family=f"B{n}", rpps=str(n),
                            speciality="General practice") for n in range(DOCTORS)]
    motif = Motif(organization_id=organization.id, label_fr="Suivi", label_en="Follow-up", duration_min=SLOT_MIN)
    tx.session.add_all([*doctors, motif])
    tx.session.flush()
    tx.session.add_all(AvailabilityRule(practitioner_id=d.id, weekday=weekday, start=wall_time(), end=wall_time(),
                                        valid_from=date(2020, 1, 1)) for d in doctors for weekday in range(7))
    patients = [people.register(tx, PatientIdentity(family=f"Patient{n}", given="X", birth_date=date(1980, 1, 1)))
                for n in range(PATIENTS)]
    tomorrow = datetime.combine(tx.now.date() + timedelta(days=1), wall_time(), UTC)
    tx.session.execute(text("CREATE TABLE bench_commit (pid INTEGER, n INTEGER)"))
    return Clinic([d.id for d in doctors], [p.id for p in patients], motif.id, tomorrow)


def _commits(db: Database, clinic: Clinic, n: int, number: int, processes: int) -> bool:
    with db.engine.connect() as connection:
        if db.is_sqlite:
            connection = connection.execution_options(begin="BEGIN IMMEDIATE")
        connection.execute(text("INSERT INTO bench_commit VALUES (:pid, :n)"), {"pid": number, "n": n})
        connection.commit()
    return True


def _apart(db: Database, clinic: Clinic, n: int, number: int, processes: int) -> bool:
    db.write_sync(ACTOR, booking.book, **clinic.slot(n * processes + number))  # type: ignore[arg-type]
    return True


def _contended(db: Database, clinic: Clinic, n: int, number: int, processes: int) -> bool:
    # Far behind the slots of the round before.
    try:
        db.write_sync(ACTOR, booking.book, **clinic.slot(DOCTORS * SLOTS_A_DAY * 120 + n))  # type: ignore[arg-type]
    except SlotTaken:
        return False
    return True


ROUNDS = {"commit": _commits, "apart": _apart, "contended": _contended}


def work(url: str, clinic: Clinic, name: str, number: int, processes: int, seconds: float, ready: object,
         results: object) -> None:
    """One process of one round: as much as fits into the time; its tries go back as (won, milliseconds)."""
    db, once, tries = open_database(url), ROUNDS[name], []
    _warm(db)
    ready.wait()  # type: ignore[attr-defined]
    until = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        won = once(db, clinic, len(tries), number, processes)
        tries.append((won, (time.perf_counter() - begun) * 1000))
    db.close()
    results.put(tries)  # type: ignore[attr-defined]


def _warm(db: Database) -> None:
    db.read_sync(ACTOR, lambda tx: tx.session.execute(text("SELECT 1")))


def measure(url: str, clinic: Clinic, name: str, processes: int, seconds: float) -> dict[str, float]:
    """One round: tries, wins and refusals a second over all processes, and their times."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=work, args=(url, clinic, name, n, processes, seconds, ready, results))
               for n in range(processes)]
    for worker in workers:
        worker.start()
    tries = [one for _ in workers for one in results.get()]
    for worker in workers:
        worker.join()
    times = sorted(ms for _, ms in tries)
    return {
        "per_second": round(len(tries) / seconds, 1), "won_per_second": round(sum(w for w, _ in tries) / seconds, 1),
        "won": sum(w for w, _ in tries), "refused": sum(not w for w, _ in tries),
        "p50_ms": round(statistics.median(times), 1), "p95_ms": round(times[int(len(times) * 0.95)], 1),
    }


def check(db: Database) -> int:
    """How many appointments of one doctor overlap: must be none."""
    query = text("SELECT count(*) FROM appointment a JOIN appointment b ON a.practitioner_id = b.practitioner_id "
                 "AND a.id < b.id AND a.start_at < b.end_at AND b.start_at < a.end_at")
    with db.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


@contextmanager
def database(engine: str) -> Iterator[str]:
    """A durable database of its own, gone afterwards."""
    if engine == "postgresql":
        with postgres.cluster(postgres.DURABLE) as server, server.database() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"


def on_engine(engine: str, processes: int, seconds: float) -> dict[str, object]:
    """All rounds on one engine. Raises AssertionError when two appointments overlap afterwards."""
    with database(engine) as url:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        clinic = db.write_sync(ACTOR, seed)
        rounds = {name: measure(url, clinic, name, processes, seconds) for name in ROUNDS}
        overlaps = check(db)
        db.close()
    assert overlaps == 0, f"{overlaps} pairs of appointments overlap"
    bare = rounds["commit"]["per_second"]
    return {"engine": engine, "processes": processes, "seconds": seconds, **rounds, "overlaps": overlaps,
            "apart_over_commit": round(rounds["apart"]["per_second"] / bare, 3),
            "contended_over_commit": round(rounds["contended"]["per_second"] / bare, 3)}


def run(argv: list[str]) -> dict[str, object]:
    parser = argparse.ArgumentParser(prog="bench booking", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5)
    asked = parser.parse_args(argv)
    return on_engine(asked.engine, asked.processes, asked.seconds)
