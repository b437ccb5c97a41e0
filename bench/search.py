"""The next free times of a large group: any of 1,000 doctors, or one, over 90 days; and the week of five doctors.

    python -m bench search [--doctors 1000] [--engine sqlite|postgresql] [--json]

The first days are nearly full (98 of 100 half-hours), later ones less and less; each search begins at a random instant.
Server time: policy and trail included, no page.
"""

import argparse
import asyncio
import gc
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import partial

from sqlalchemy import insert
from sqlmodel import SQLModel

from app import people
from app.actor import Actor, Role
from app.db import Database, Tx, new_id
from app.people import Organization, PatientIdentity, Practitioner
from app.scheduling import agenda
from app.scheduling.tables import Appointment, AvailabilityRule, Motif
from bench.booking import ACTOR, database, open_database

DAYS, SLOT_MIN, PATIENTS, OFFERED, SEARCHES, WEEKS = 90, 30, 200, 5, 300, 60
HOURS = ((wall_time(8, 30), wall_time(12, 30)), (wall_time(13, 30), wall_time(16, 30)))
CLERK = Actor(Role.SCHEDULER, "clerk")


def seed(tx: Tx, doctors: int) -> tuple[list[str], str, date]:
    """Doctors, motif and the first day."""
    chance = random.Random(11)
    organization = Organization(name="Bench", zone="UTC", phone="", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    motif = Motif(organization_id=organization.id, label_fr="Suivi", label_en="Follow-up", duration_min=SLOT_MIN)
    tx.session.add(motif)
    rows = [Practitioner(organization_id=organization.id, prefix="Dr", given="A", family=f"B{n:04}", rpps=str(n),
                         speciality="General practice") for n in range(doctors)]
    ids = [row.id for row in rows]
    tx.session.add_all(rows)
    tx.session.flush()
    connection, first = tx.session.connection(), tx.now.date() + timedelta(days=1)
    connection.execute(insert(AvailabilityRule), [
        AvailabilityRule(practitioner_id=doctor, weekday=weekday, start=start, end=end,
                         valid_from=date(2020, 1, 1)).model_dump()
        for doctor in ids for weekday in range(5) for start, end in HOURS])
    patients = [people.register(tx, PatientIdentity(family=f"Patient{n}", given="X", birth_date=date(1980, 1, 1))).id
                for n in range(PATIENTS)]
    tx.session.flush()
    for n in range(DAYS):
        on, full = first + timedelta(days=n), max(0.1, 0.98 * math.exp(-n / 30))
        if on.weekday() < 5:
            connection.execute(insert(Appointment), [
                _booked(doctor, chance.choice(patients), motif.id, start, tx.now)
                for doctor in ids for start in _halves(on) if chance.random() < full])
    return ids, motif.id, first


def _halves(on: date) -> list[datetime]:
    return [datetime.combine(on, start, UTC) + timedelta(minutes=SLOT_MIN * n)
            for start, end in HOURS for n in range((end.hour - start.hour) * 60 // SLOT_MIN)]


def _booked(doctor: str, patient: str, motif: str, start_at: datetime, now: datetime) -> dict[str, object]:
    return {"id": new_id(), "practitioner_id": doctor, "patient_id": patient, "motif_id": motif, "status": "booked",
            "start_at": start_at, "end_at": start_at + timedelta(minutes=SLOT_MIN), "language": "fr", "sealed": b"",
            "sequence": 0, "created_at": now, "before_min": 0, "after_min": 0}


def percentile(times: list[float], share: float) -> float:
    """The time within which this share of calls is done, ms."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))], 1)


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def measured(db: Database, doctors: int) -> dict[str, object]:
    """Seed, then search."""
    chance = random.Random(12)
    begun = time.perf_counter()
    ids, motif, first = db.write_sync(ACTOR, seed, doctors)
    if db.is_sqlite:  # otherwise the first reads go through a log of hundreds of megabytes
        asyncio.run(db.scrub())
    else:  # as autovacuum has done by the time that a clinic has so many appointments
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    seeded_s = round(time.perf_counter() - begun, 1)
    gc.collect()
    gc.freeze()  # as web does (app.confine): what is there from the start is not looked at again
    any_doctor: list[float] = []
    one_doctor: list[float] = []
    for n in range(SEARCHES):
        at = datetime.combine(first, wall_time(chance.randrange(7, 17), 10), UTC) + timedelta(days=chance.randrange(DAYS - 30))
        doctor = chance.choice(ids) if n % 2 else None
        search = partial(db.read_sync, CLERK, agenda.next_slots, doctor, timedelta(minutes=SLOT_MIN), at,
                         motif_id=motif, limit=OFFERED)
        (one_doctor if doctor else any_doctor).append(timed(search))
    weeks = []
    for _ in range(WEEKS):
        monday = first - timedelta(days=first.weekday()) + timedelta(weeks=chance.randrange(12))
        weeks.append(timed(partial(db.read_sync, CLERK, agenda.board, chance.sample(ids, 5), monday,
                                   monday + timedelta(days=6))))
    both = any_doctor + one_doctor
    return {"doctors": doctors, "days": DAYS, "seeded_s": seeded_s, "searches": len(both), "search_p99_ms": percentile(both, 0.99),
            "any_p50_ms": percentile(any_doctor, 0.5), "any_p99_ms": percentile(any_doctor, 0.99),
            "one_p50_ms": percentile(one_doctor, 0.5), "one_p99_ms": percentile(one_doctor, 0.99),
            "week_of_five_p50_ms": percentile(weeks, 0.5), "week_of_five_p95_ms": percentile(weeks, 0.95)}


def run(argv: list[str]) -> dict[str, object]:
    parser = argparse.ArgumentParser(prog="bench search", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--doctors", type=int, default=1_000)
    asked = parser.parse_args(argv)
    return on_engine(asked.engine, asked.doctors)


def on_engine(engine: str, doctors: int) -> dict[str, object]:
    """Seed and measure one engine."""
    with database(engine) as url:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        result = {"engine": engine, **measured(db, doctors)}
        db.close()
    return result
