"""Bookings on one hot doctor beside the database's own bare commits, in the same run; and all that must hold of booking.

    python -m bench booking [--engine sqlite|postgresql] [--operations 10000] [--rates-only] [--json]

`rates`: processes that each serve many callers at once, as web does, book free times of one doctor; in turn with rounds in
which as many processes write one small row a transaction, the least that a durable write can cost. Then the racing
histories with kills (`bench histories`) and the search for free times (`bench search`).
"""

import argparse
import asyncio
import itertools
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from typing import Any

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
from app.scheduling.tables import AvailabilityRule, Motif
from tests import postgres

assert TABLES
KEK = bytes(32)
ACTOR = system("bench")
DOCTORS, PATIENTS, SLOT_MIN = 20, 50, 15
ENGINES = ("sqlite", "postgresql")
ROUNDS, CALLERS = 4, 64
COMMIT = text("INSERT INTO bench_commit VALUES (:n)")


@dataclass(frozen=True)
class Clinic:
    doctors: list[str]
    patients: list[str]
    motif: str
    first: datetime


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
    tx.session.execute(text("CREATE TABLE bench_commit (n INTEGER)"))
    return Clinic([d.id for d in doctors], [p.id for p in patients], motif.id, tomorrow)


def hot_slot(clinic: Clinic, n: int) -> dict[str, Any]:
    """The n-th free time of one doctor."""
    return {"practitioner_id": clinic.doctors[0], "motif_id": clinic.motif, "language": "fr",
            "start_at": clinic.first + timedelta(minutes=SLOT_MIN * n), "patient_id": clinic.patients[n % PATIENTS]}


async def _committing(db: Database, _clinic: Clinic, _numbers: Iterator[int], until: float) -> list[float]:
    times: list[float] = []
    while (begun := time.perf_counter()) < until:
        with db.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
            connection.execute(COMMIT, {"n": len(times)})
            connection.commit()
        times.append((time.perf_counter() - begun) * 1000)
    return times


async def _booking(db: Database, clinic: Clinic, numbers: Iterator[int], until: float) -> list[float]:
    async def caller() -> list[float]:
        times = []
        while (begun := time.perf_counter()) < until:
            await db.write(ACTOR, booking.book, **hot_slot(clinic, next(numbers)))
            times.append((time.perf_counter() - begun) * 1000)
        return times

    return [ms for times in await asyncio.gather(*(caller() for _ in range(CALLERS))) for ms in times]


def work(url: str, clinic: Clinic, number: int, processes: int, seconds: float, ready: Any, results: Any) -> None:
    """One process: rounds of committing and of booking in turn; the milliseconds of each go back."""
    db, numbers = open_database(url), itertools.count(number, processes)
    db.read_sync(ACTOR, lambda tx: tx.session.execute(text("SELECT 1")))
    for _ in range(ROUNDS):
        for name, rounds in (("commit", _committing), ("book", _booking)):
            ready.wait()
            times = asyncio.run(rounds(db, clinic, numbers, time.perf_counter() + seconds / ROUNDS))
            results.put((name, times))
    db.close()


def rates(url: str, clinic: Clinic, processes: int, seconds: float) -> dict[str, Any]:
    """Bookings and bare commits a second over all processes, and how long a booking takes."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=work, args=(url, clinic, n, processes, seconds, ready, results))
               for n in range(processes)]
    for worker in workers:
        worker.start()
    times: dict[str, list[float]] = {"commit": [], "book": []}
    for _ in range(2 * ROUNDS * processes):
        name, some = results.get(timeout=60)
        times[name] += some
    for worker in workers:
        worker.join()
    booked = sorted(times["book"])
    return {"processes": processes, "callers": processes * CALLERS, "commits_per_s": round(len(times["commit"]) / seconds),
            "bookings_per_s": round(len(booked) / seconds),
            "ratio_to_commit_limit": round(len(booked) / len(times["commit"]), 2),
            "p50_ms": round(booked[len(booked) // 2], 1), "p99_ms": round(booked[int(len(booked) * 0.99)], 1)}


@contextmanager
def database(engine: str) -> Iterator[str]:
    """A durable database of its own, gone afterwards."""
    if engine == "postgresql":
        with postgres.cluster(postgres.DURABLE) as server, server.database() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"


def on_engine(engine: str, seconds: float) -> dict[str, Any]:
    """The rates of one process and of two."""
    found = []
    for processes in (1, 2):
        with database(engine) as url:
            db = open_database(url)
            SQLModel.metadata.create_all(db.engine)
            found.append(rates(url, db.write_sync(ACTOR, seed), processes, seconds))
            db.close()
    return {"rates": found, "ratio_to_commit_limit": min(each["ratio_to_commit_limit"] for each in found),
            "bookings_per_s": max(each["bookings_per_s"] for each in found)}


def run(argv: list[str]) -> dict[str, Any]:
    from bench import histories, search  # they take their clinic from here

    parser = argparse.ArgumentParser(prog="bench booking", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--rates-only", action="store_true")
    asked = parser.parse_args(argv)
    result: dict[str, Any] = {}
    for engine in asked.engine or ENGINES:
        result[engine] = on_engine(engine, asked.seconds)
        if not asked.rates_only:
            result[engine] |= {"histories": histories.on_engine(engine, asked.operations, 3),
                               "search": search.on_engine(engine, 1_000)}
    return result | worst([*result.values()])


def worst(engines: list[dict[str, Any]]) -> dict[str, Any]:
    """What the limits are about, of the engine that does worst."""
    rates = [each for engine in engines for each in engine["rates"]]
    raced = [engine["histories"] for engine in engines if "histories" in engine]
    searched = [engine["search"]["search_p99_ms"] for engine in engines if "search" in engine]
    kept = {"doubles": sum(each["doubles"] for each in raced), "lost_acks": sum(each["lost_acks"] for each in raced)}
    return {
        **(kept if raced else {}), "bookings_per_s": min(each["bookings_per_s"] for each in rates),
        "ratio_to_commit_limit": min(each["ratio_to_commit_limit"] for each in rates),
        "p50_ms": max(each["p50_ms"] for each in rates), "p99_ms": max(each["p99_ms"] for each in rates),
        **({"search_p99_ms": max(searched)} if searched else {}),
    }
