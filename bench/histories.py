"""Racing histories with kills, and the check of what was acknowledged.

    python -m bench histories [--engine sqlite|postgresql] [--operations 10000] [--processes 3] [--seed 5] [--json]

Processes book, hold, move, cancel and bring back, shift a day, book series, change what visits need, and hold times at the
desk, all with the same few doctors, interpreters and rooms. At random, again and again, one of them is killed with -9, or all
at once, or PostgreSQL's server: one of its back ends, its first process, or all of them. Each is started anew; the server's
clients come back by themselves. Before an operation is asked for, and once it was acknowledged, its process writes a line to a file of its own (a line outlives its
process). At the end those files are replayed over what the database holds:

- doubles: pairs of active rows that have the same doctor, interpreter or room at once, and visits without all they need;
- lost: acknowledged operations whose effect is neither there nor undone by a later one (one that was asked for and never
  answered, or that was told to be uncertain, may have been done or not: both are allowed);
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from app import logs
from app.actor import Actor, PurposeOfUse, Role
from app.audit import AuditEvent, Trail
from app.db import Database, Tx, new_id
from app.errors import ColloqueError, Unavailable, Uncertain
from app.scheduling import booking, desk, resources, series
from app.scheduling.intervals import Interval
from app.scheduling.occupancy import Occupancy, occupied
from app.scheduling.resources import ResourceForm
from app.scheduling.tables import ACTIVE, Appointment, DeskHold
from bench.booking import ACTOR, Clinic, open_database, seed
from tests import postgres
from tests.postgres import Cluster

HOT, SLOTS, CALLERS = 4, 60, 8  # doctors and times that all go for; calls at once in each process
HELD, EXPIRED = timedelta(minutes=10), timedelta(milliseconds=1)
CLERK = Actor(Role.SCHEDULER, "clerk", "Clerk", purpose=PurposeOfUse.OPERATIONS)
KINDS = {"book": 30, "hold": 10, "expire": 6, "move": 18, "cancel": 14, "back": 6, "shift": 4, "series": 6, "equip": 6,
         "desk": 10, "leave": 4}
SERIES = 3
AWAY_S = 0.1  # asked again once the database did not answer


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
            except Uncertain:
                await asyncio.sleep(AWAY_S)
            except Unavailable:
                self._write(kind, operation, "away", {})
                await asyncio.sleep(AWAY_S)
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
        place: dict[str, Any] = {"practitioner_id": doctor, "motif_id": clinic.motif, "language": "fr", "resource_ids": also,
                                 "patient_id": chance.choice(clinic.patients)}
        if kind == "book" or kind in ("hold", "expire"):
            until = {"book": None, "hold": HELD, "expire": EXPIRED}[kind]
            return lambda tx: [_effect(tx, booking.book(
                tx, start_at=at, held_until=tx.now + until if until else None, **place))], {"patient": place["patient_id"]}
        if kind == "series":
            whole = chance.random() < 0.5
            return lambda tx: [_effect(tx, one) for one in series.book(
                tx, at, series.Repeat(count=SERIES), all_or_none=whole, **place).appointments], {
                    "patient": place["patient_id"]}
        if kind == "shift":
            return lambda tx: _shift(tx, doctor, at), {"doctor": doctor}
        if kind == "desk":
            return lambda tx: _held(tx, practitioner_id=doctor, start_at=at, motif_id=clinic.motif,
                                    resource_ids=also), {}
        if kind == "leave":
            return _left, {}
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


def _held(tx: Tx, **place: Any) -> list[dict[str, Any]]:
    """A hold of the desk: it is looked for among doubles alone, for it may end at any time."""
    desk.hold(tx, **place)
    return []


def _left(tx: Tx) -> list[dict[str, Any]]:
    """Whoever holds a time leaves the form."""
    one = tx.session.exec(select(DeskHold.id).limit(1)).first()
    if one:
        desk.let_go(tx, one)
    return []


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
    logs.configure()
    asyncio.run(Racer(open_database(url), clinic, also, diary, random.Random(chance_seed)).run())


def rally(url: str, server: Cluster | None, clinic: Clinic, also: list[str], folder: Path, operations: int,
          processes: int, chances: int) -> dict[str, int]:
    """Let processes race, and kill at random until enough operations were answered; how often what was killed."""
    context, chance, kills = multiprocessing.get_context("spawn"), random.Random(chances), Counter[str]()
    diaries = [folder / f"{n}.jsonl" for n in range(processes)]

    def started(n: int) -> Any:
        racer = context.Process(target=race, args=(url, clinic, also, diaries[n], chance.getrandbits(32)))
        racer.start()
        return racer

    racers = [started(n) for n in range(processes)]
    def killed(numbers: Sequence[int]) -> None:
        for n in numbers:
            os.kill(racers[n].pid, signal.SIGKILL)
        for n in numbers:
            racers[n].join()

    while sum(_answers(diary) for diary in diaries) < operations:
        time.sleep(chance.uniform(1.0, 4.0))
        what = chance.choices(("process", "all at once", "server"), (3, 1, 2 if server else 0))[0]
        if what == "server" and server:
            what = crash(server, chance)
        else:
            numbers = range(processes) if what == "all at once" else [chance.randrange(processes)]
            killed(numbers)
            for n in numbers:
                racers[n] = started(n)
        kills[what] += 1
    killed(range(processes))
    if server:
        server.wait()
    return {**kills, "all at once": kills["all at once"] + 1}


def crash(server: Cluster, chance: random.Random) -> str:
    """Kill some of the database server's processes, and have it there again; which."""
    first, *others = server.processes()
    what = chance.choice(("back end", "server", "server whole"))
    pids = {"back end": [chance.choice(others)], "server": [first], "server whole": [first, *others]}[what]
    server.kill(pids)
    if first in pids:
        server.start()
    return what


def _answers(diary: Path) -> int:
    content = diary.read_bytes() if diary.exists() else b""
    return content.count(b'"done"') + content.count(b'"refused"')


def doubles(tx: Tx) -> int:
    """Pairs that have the same doctor, interpreter or room at once, and visits without all they need."""
    rows = tx.session.exec(select(Occupancy).where(Occupancy.active)).all()
    visits = {row.id: row for row in tx.session.exec(select(Appointment)).all()}
    holds = {row.id: row for row in tx.session.exec(select(DeskHold)).all()}
    wrong = 0
    by_resource: dict[str, list[Occupancy]] = {}
    for row in rows:
        by_resource.setdefault(row.resource_id, []).append(row)
        if row.appointment_id in holds:
            wrong += row.held_until != holds[row.appointment_id].held_until
            continue
        visit = visits[row.appointment_id]
        wrong += visit.status not in ACTIVE or Interval(row.start_at, row.end_at) != occupied(visit)
    for taken in by_resource.values():
        taken.sort(key=lambda row: row.start_at)
        wrong += sum(one.end_at > other.start_at for one, other in pairwise(taken))
    taken_by = {(row.appointment_id, row.resource_id) for row in rows}
    whole = {visit.id: visit.practitioner_id for visit in visits.values() if visit.status in ACTIVE}
    whole |= {hold.id: hold.practitioner_id for hold in holds.values()}
    return wrong + sum(pair not in taken_by for pair in whole.items())


def lost(tx: Tx, lines: list[dict[str, Any]]) -> int:
    """Acknowledged effects that are neither there nor followed by a later one; later ones that nobody asked for."""
    answered = {line["operation"] for line in lines if line["what"] != "asked"}
    open_ids = {line.get("id") for line in lines if line["what"] == "asked" and line["operation"] not in answered}
    shifted = {line.get("doctor") for line in lines if line["kind"] == "shift" and line["operation"] not in answered}
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
            missing += one not in open_ids and row.practitioner_id not in shifted
    return missing


def unasked(tx: Tx, lines: list[dict[str, Any]]) -> int:
    """Appointments that nobody was told of, and that no call without an answer can have made."""
    answered = {line["operation"] for line in lines if line["what"] != "asked"}
    told = {effect["id"] for line in lines for effect in line.get("effects", ())}
    perhaps: Counter[str] = Counter()
    for line in lines:
        if line["what"] == "asked" and line["operation"] not in answered and "patient" in line:
            perhaps[line["patient"]] += SERIES if line["kind"] == "series" else 1
    rows = tx.session.exec(select(Appointment.id, Appointment.patient_id)).all()
    return sum((Counter(patient for one, patient in rows if one not in told) - perhaps).values())


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
            "away": sum(line["what"] == "away" for line in lines), "unasked": db.read_sync(ACTOR, unasked, lines),
            "untraced": db.read_sync(ACTOR, untraced), "chain": db.read_sync(ACTOR, Trail(None).verify).fault or "unbroken",
            "operations_per_s": round(len(done) / span_s, 1), "p50_ms": times[len(times) // 2],
            "p99_ms": times[int(len(times) * 0.99)]}


@contextmanager
def arena(engine: str) -> Iterator[tuple[str, Cluster | None]]:
    """A durable database of its own, and the server that may be killed."""
    if engine == "postgresql":
        with postgres.cluster(postgres.DURABLE) as server, server.database() as url:
            yield url, server
    else:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}", None


def on_engine(engine: str, operations: int, processes: int, chances: int = 5) -> dict[str, Any]:
    """All of it on one engine."""
    with arena(engine) as (url, server), tempfile.TemporaryDirectory() as folder:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        clinic = db.write_sync(ACTOR, seed)
        also = db.write_sync(CLERK, furnish)
        kills = rally(url, server, clinic, also, Path(folder), operations, processes, chances)
        result = {"engine": engine, "kills": kills, **checked(db, sorted(Path(folder).glob("*.jsonl")))}
        db.close()
    return result


def run(argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench histories", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args(argv)
    return on_engine(asked.engine, asked.operations, asked.processes, asked.seed)
