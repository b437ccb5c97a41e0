"""Racing histories with kills, and the check of what was acknowledged.

    python -m bench histories [--engine sqlite|postgresql] [--operations 10000] [--processes 3] [--json]

Processes book, hold, confirm, move, cancel and bring back, shift a day, book series, and change what visits need, all with
the same few doctors, interpreters and rooms; each is killed with -9 at random, again and again, and started anew. Before an
operation is asked for, and once it was acknowledged, its process writes a line to a file of its own (a line outlives its
process). At the end those files are replayed over what the database holds:

- doubles: pairs of active rows that have the same doctor, interpreter or room at once, and visits without all they need;
- lost: acknowledged operations whose effect is neither there nor undone by a later one (one that was asked for and never
  answered may have been done or not: both are allowed);
- the audit chain is verified, and each appointment has its entry.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from app.actor import Actor, PurposeOfUse, Role
from app.audit import AuditEvent, Trail
from app.db import Database, Tx, new_id
from app.errors import ColloqueError
from app.scheduling import booking, resources, series
from app.scheduling.intervals import Interval
from app.scheduling.occupancy import Occupancy, occupied
from app.scheduling.resources import ResourceForm
from app.scheduling.tables import ACTIVE, Appointment
from bench.booking import ACTOR, Clinic, database, open_database, seed

HOT, SLOTS, CALLERS = 4, 60, 8  # doctors and times that all go for; calls at once in each process
HELD, EXPIRED = timedelta(minutes=10), timedelta(milliseconds=1)
CLERK = Actor(Role.SCHEDULER, "clerk", "Clerk", purpose=PurposeOfUse.OPERATIONS)
KINDS = {"book": 30, "hold": 10, "expire": 6, "move": 18, "cancel": 14, "back": 6, "shift": 4, "series": 6, "equip": 6}


def furnish(tx: Tx) -> list[str]:
    """Two interpreters and two rooms."""
    forms = [ResourceForm(kind="interpreter", name=f"I{n}", languages=["ar"]) for n in range(2)]
    forms += [ResourceForm(kind="room", name=f"R{n}") for n in range(2)]
    return [resources.add(tx, form).id for form in forms]


class Racer:
    """One process's operations; what it knows of are its own appointments and those of processes before it."""

    def __init__(self, db: Database, clinic: Clinic, also: list[str], diary: Path, chance: random.Random) -> None:
        self._db, self._clinic, self._also, self._chance = db, clinic, also, chance
        self._mine = [effect["id"] for line in read(diary) for effect in line.get("effects", ())]
        self._diary = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def run(self) -> None:
        """Operations until killed."""
        await asyncio.gather(*(self._one_after_the_other() for _ in range(CALLERS)))

    async def _one_after_the_other(self) -> None:
        while True:
            kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
            operation, begun = new_id(), time.perf_counter()
            call, told = self._call(kind)
            self._write(kind, operation, "asked", told)
            try:
                done = await self._db.write(CLERK if kind != "hold" else ACTOR, call)
            except ColloqueError as refusal:
                self._write(kind, operation, "refused", {"why": refusal.code})
            else:
                took_ms = (time.perf_counter() - begun) * 1000
                self._write(kind, operation, "done", {"effects": done, "ms": round(took_ms, 2)})
                self._mine += [effect["id"] for effect in done]

    def _write(self, kind: str, operation: str, what: str, more: dict[str, Any]) -> None:
        line = json.dumps({"kind": kind, "operation": operation, "what": what, "at": time.monotonic(), **more})
        os.write(self._diary, (line + "\n").encode())

    def _call(self, kind: str) -> tuple[Any, dict[str, Any]]:
        chance, clinic = self._chance, self._clinic
        doctor, slot = clinic.doctors[chance.randrange(HOT)], chance.randrange(SLOTS)
        at = clinic.first + timedelta(minutes=15 * slot)
        also = chance.sample(self._also, chance.choice((0, 0, 1, 2)))
        known = chance.choice(self._mine) if self._mine else ""
        place = {"practitioner_id": doctor, "motif_id": clinic.motif, "language": "fr", "resource_ids": also,
                 "patient_id": chance.choice(clinic.patients)}
        if kind == "book" or kind in ("hold", "expire"):
            until = {"book": None, "hold": HELD, "expire": EXPIRED}[kind]
            return lambda tx: [_effect(tx, booking.book(
                tx, start_at=at, held_until=until and tx.now + until, **place))], {}
        if kind == "series":
            return lambda tx: [_effect(tx, one) for one in series.book(
                tx, at, series.Repeat(count=3), all_or_none=chance.random() < 0.5, **place).appointments], {}
        if kind == "shift":
            return lambda tx: _shift(tx, doctor, at), {"doctor": doctor}
        calls = {"move": lambda tx: booking.move(tx, known, at, doctor), "cancel": lambda tx: booking.cancel(tx, known),
                 "back": lambda tx: booking.undo_cancel(tx, known), "equip": lambda tx: booking.equip(tx, known, also)}
        return lambda tx: [_effect(tx, calls[kind](tx))], {"id": known}


def _shift(tx: Tx, doctor: str, from_at: Any) -> list[dict[str, Any]]:
    """Everything of a doctor from an instant on a quarter of an hour later, the last first: all or nothing."""
    later = tx.session.exec(select(Appointment.id).where(
        Appointment.practitioner_id == doctor, Appointment.status == "booked", Appointment.start_at >= from_at,
        Appointment.start_at < from_at + timedelta(hours=3)).order_by(Appointment.start_at.desc())).all()  # type: ignore[attr-defined]
    rows = [tx.session.get_one(Appointment, one) for one in later]
    return [_effect(tx, booking.move(tx, row.id, row.start_at + timedelta(minutes=15))) for row in rows]


def _effect(tx: Tx, row: Appointment) -> dict[str, Any]:
    """What an operation says it did to an appointment: which of its states that was, and what it holds."""
    tx.session.flush()
    return {"id": row.id, "sequence": row.sequence, "status": row.status, "doctor": row.practitioner_id,
            "start": row.start_at.isoformat(), "held": row.held_until is not None}


def read(diary: Path) -> Iterator[dict[str, Any]]:
    """The lines of a diary; the last one of a process that was killed may be cut."""
    if diary.exists():
        for line in diary.read_text().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def race(url: str, clinic: Clinic, also: list[str], diary: Path, chance_seed: int) -> None:
    """One process."""
    asyncio.run(Racer(open_database(url), clinic, also, diary, random.Random(chance_seed)).run())


def rally(url: str, clinic: Clinic, also: list[str], folder: Path, operations: int, processes: int) -> int:
    """Let processes race and kill them at random until enough operations were answered; how often one was killed."""
    context, chance, kills = multiprocessing.get_context("spawn"), random.Random(5), 0
    diaries = [folder / f"{n}.jsonl" for n in range(processes)]

    def started(n: int) -> Any:
        racer = context.Process(target=race, args=(url, clinic, also, diaries[n], chance.getrandbits(32)))
        racer.start()
        return racer

    racers = [started(n) for n in range(processes)]
    while sum(_answers(diary) for diary in diaries) < operations:
        time.sleep(chance.uniform(2.0, 5.0))
        n = chance.randrange(processes)
        os.kill(racers[n].pid, signal.SIGKILL)
        racers[n].join()
        racers[n], kills = started(n), kills + 1
    for racer in racers:
        os.kill(racer.pid, signal.SIGKILL)
        racer.join()
    return kills + processes


def _answers(diary: Path) -> int:
    content = diary.read_bytes() if diary.exists() else b""
    return content.count(b'"done"') + content.count(b'"refused"')


def doubles(tx: Tx) -> int:
    """Pairs that have the same doctor, interpreter or room at once, and visits without all they need."""
    rows = tx.session.exec(select(Occupancy).where(Occupancy.active)).all()
    visits = {row.id: row for row in tx.session.exec(select(Appointment)).all()}
    wrong = 0
    by_resource: dict[str, list[Occupancy]] = {}
    for row in rows:
        by_resource.setdefault(row.resource_id, []).append(row)
        visit = visits[row.appointment_id]
        wrong += visit.status not in ACTIVE or Interval(row.start_at, row.end_at) != occupied(visit)
    for taken in by_resource.values():
        taken.sort(key=lambda row: row.start_at)
        wrong += sum(one.end_at > other.start_at for one, other in pairwise(taken))
    with_doctor = {row.appointment_id for row in rows if row.resource_id == visits[row.appointment_id].practitioner_id}
    return wrong + sum(visit.status in ACTIVE and visit.id not in with_doctor for visit in visits.values())


def lost(tx: Tx, lines: list[dict[str, Any]]) -> int:
    """Acknowledged effects that are neither there nor followed by a later one; later ones that nobody asked for."""
    answered = {line["operation"] for line in lines if line["what"] != "asked"}
    open_ids = {line.get("id") for line in lines if line["what"] == "asked" and line["operation"] not in answered}
    open_shift = any(line["kind"] == "shift" and line["operation"] not in answered for line in lines)
    told: dict[tuple[str, int], set[tuple[str, str, str]]] = {}
    for line in lines:
        for effect in line.get("effects", ()):
            state = (effect["status"], effect["doctor"], effect["start"])
            told.setdefault((effect["id"], effect["sequence"]), set()).add(state)
    for states in told.values():
        if {status for status, *_ in states} == {"pending", "cancelled"}:  # a hold ran out, and somebody looked
            states -= {state for state in states if state[0] == "pending"}
    rows = {row.id: row for row in tx.session.exec(select(Appointment)).all()}
    missing = 0
    for (one, sequence), states in told.items():
        row = rows.get(one)
        if row is None or row.sequence < sequence or len(states) > 1:
            missing += 1
            continue
        state = (row.status, row.practitioner_id, row.start_at.isoformat())
        ended = state[0] == "cancelled" and {kept[0] for kept in states} == {"pending"}  # a hold that ran out
        if row.sequence == sequence:
            missing += state not in states and not ended
        elif (one, row.sequence) not in told:
            missing += one not in open_ids and not open_shift
    return missing


def untraced(tx: Tx) -> int:
    """Appointments without their entry in the trail, and entries without theirs."""
    booked = tx.session.exec(select(AuditEvent.entity_id).where(
        AuditEvent.action == "appointment:book", AuditEvent.outcome == "success")).all()
    return len(set(booked) ^ set(tx.session.exec(select(Appointment.id)).all()))


def checked(db: Database, diaries: list[Path]) -> dict[str, Any]:
    """The replay."""
    lines = [line for diary in diaries for line in read(diary)]
    done = [line for line in lines if line["what"] == "done"]
    times = sorted(line["ms"] for line in done)
    span_s = max(line["at"] for line in lines) - min(line["at"] for line in lines)
    return {"operations": len(done) + sum(line["what"] == "refused" for line in lines), "acknowledged": len(done),
            "kinds": dict(Counter(line["kind"] for line in done)),
            "unanswered": len({line["operation"] for line in lines if line["what"] == "asked"}) - len(
                {line["operation"] for line in lines if line["what"] != "asked"}),
            "doubles": db.read_sync(ACTOR, doubles), "lost_acks": db.read_sync(ACTOR, lost, lines),
            "untraced": db.read_sync(ACTOR, untraced), "chain": db.read_sync(ACTOR, Trail(None).verify).fault or "unbroken",
            "operations_per_s": round(len(done) / span_s, 1), "p50_ms": times[len(times) // 2],
            "p99_ms": times[int(len(times) * 0.99)]}


def on_engine(engine: str, operations: int, processes: int) -> dict[str, Any]:
    """All of it on one engine."""
    with database(engine) as url, tempfile.TemporaryDirectory() as folder:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        clinic = db.write_sync(ACTOR, seed)
        also = db.write_sync(CLERK, furnish)
        kills = rally(url, clinic, also, Path(folder), operations, processes)
        result = {"engine": engine, "kills": kills, **checked(db, sorted(Path(folder).glob("*.jsonl")))}
        db.close()
    return result


def run(argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench histories", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=3)
    asked = parser.parse_args(argv)
    return on_engine(asked.engine, asked.operations, asked.processes)
