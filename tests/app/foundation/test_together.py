"""Calls that wait for the writer are committed together, and each is still as if it were alone; on both engines."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable
from functools import partial

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from app import audit, jobs
from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database, new_id
from app.engines import open_engine
from app.errors import AccessDenied, Conflict, Unavailable
from app.jobs import Job
from app.people import Patient, PatientIdentity
from tests.app.foundation.test_database import ACTOR, counts, register
from tests.conftest import KEK

PEOPLE = """import asyncio, sys
from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database
from app.engines import open_engine
from app.migrations import TABLES
from tests.app.foundation.test_database import ACTOR, register
from tests.conftest import KEK

assert TABLES


async def one(db):
    while True:
        patient = await db.write(ACTOR, register)
        print(patient, flush=True)


async def main():
    db = Database(open_engine(sys.argv[1]), Keyring(KEK), Trail(None))
    await asyncio.gather(*(one(db) for _ in range(12)))

asyncio.run(main())
"""


async def in_one_batch(db: Database, *calls) -> list:
    """Results or failures of calls that are committed together: they gather while the writer is held."""
    held, go_on = threading.Event(), threading.Event()

    def hold(tx):
        tx.session.connection()
        held.set()
        assert go_on.wait(20)

    first = asyncio.create_task(db.write(ACTOR, hold))
    await asyncio.to_thread(held.wait, 20)
    waiting = [asyncio.create_task(_asked(db, call)) for call in calls]
    await asyncio.sleep(0)
    go_on.set()
    async with asyncio.timeout(30):
        await first
        return await asyncio.gather(*waiting, return_exceptions=True)


def _asked(db: Database, call) -> Awaitable:
    return db.write(ACTOR, call)


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch):
    """However slow the machine is, what waits goes into one batch."""
    monkeypatch.setattr("app.db.TOGETHER_S", 10)


@pytest.fixture
def commits(db: Database):
    """One entry a commit."""
    counted: list[int] = []

    def count(_connection) -> None:
        counted.append(1)

    event.listen(db.engine, "commit", count)
    yield counted
    event.remove(db.engine, "commit", count)


async def test_calls_that_wait_are_committed_together(db, trail, commits):
    ids = await in_one_batch(db, *(partial(register, family=f"F{n}") for n in range(20)))
    assert len(set(ids)) == 20
    assert len(commits) == 2  # the one that held the writer, and all the others
    assert db.read_sync(ACTOR, counts) == [20, 20, 20]
    assert db.read_sync(ACTOR, trail.verify).fault == ""


async def test_one_that_is_refused_leaves_the_others_and_its_own_entry(db, trail, commits):
    called_back = []

    def refused(tx):
        register(tx)
        audit.record(tx, "record:read", outcome="refused", entity="Patient")
        tx.after_commit.append(lambda: called_back.append(1))
        raise AccessDenied

    first, refusal, second = await in_one_batch(db, register, refused, register)
    assert isinstance(refusal, AccessDenied)
    assert len(commits) == 2
    assert db.read_sync(ACTOR, lambda tx: sorted(p.id for p in tx.session.exec(select(Patient)))) == sorted([first, second])
    assert [e.outcome for e in reversed(db.read_sync(ACTOR, audit.search))] == ["success", "refused", "success"]
    assert called_back == []
    assert db.read_sync(ACTOR, trail.verify).fault == ""


async def test_one_that_breaks_takes_nothing_of_the_others_with_it(db, trail):
    def broken(tx):
        register(tx)
        raise ZeroDivisionError

    def unheard_of(tx):  # PostgreSQL ends the transaction of all of them
        tx.session.execute(text("SELECT * FROM nowhere"))

    def nobodys(tx):  # found out when all are committed
        tx.session.execute(text("INSERT INTO nobodys VALUES ('f')"))

    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE nobodys (patient_id VARCHAR REFERENCES patient (id) "
                                "DEFERRABLE INITIALLY DEFERRED)"))
    results = await in_one_batch(db, register, broken, register, unheard_of, nobodys, register)
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE nobodys"))
    assert [isinstance(one, str) for one in results] == [True, False, True, False, False, True]
    assert isinstance(results[1], ZeroDivisionError)
    assert db.read_sync(ACTOR, counts) == [3, 3, 3]
    assert db.read_sync(ACTOR, trail.verify).fault == ""


async def test_what_follows_a_commit_finds_it_and_may_fail_without_harm(db):
    seen = []

    def announced(tx):
        patient_id = register(tx)
        tx.after_commit.append(lambda: seen.append(db.read_sync(ACTOR, lambda t: t.session.get(Patient, patient_id))))

    def clumsy(tx):
        register(tx)
        tx.after_commit.append(lambda: 1 // 0)

    _, failure, other = await in_one_batch(db, announced, clumsy, register)
    assert seen[0] is not None
    assert isinstance(failure, ZeroDivisionError)
    assert isinstance(other, str)
    assert db.read_sync(ACTOR, counts)[0] == 3  # none was done again


async def test_a_patients_key_that_was_never_committed_is_not_used(db):
    row_id = new_id()

    def refused(tx):
        row = Patient(id=row_id, created_at=tx.now)
        tx.seal(row, PatientIdentity(family="Un", given="A", birth_date="1972-04-03"))
        raise Conflict("no")

    def kept(tx):
        row = Patient(id=row_id, created_at=tx.now)
        tx.seal(row, PatientIdentity(family="Deux", given="A", birth_date="1972-04-03"))
        tx.session.add(row)

    await in_one_batch(db, refused, kept)
    other = Database(db.engine, Keyring(KEK), db._journal, db._clock)
    assert other.read_sync(ACTOR, lambda tx: tx.open(tx.session.get(Patient, row_id), PatientIdentity).family) == "Deux"


async def test_what_is_known_once_is_asked_again_after_a_change(db):
    def how_many(tx):
        return tx.once("patients", lambda: len(tx.session.exec(select(Patient)).all()))

    def of_two_minds(tx):
        tx.session.add(Patient(created_at=tx.now, sealed=b""))
        tx.session.flush()
        counted = how_many(tx)
        raise Conflict(str(counted))

    before, _, one, again, refusal, after = await in_one_batch(
        db, how_many, register, how_many, how_many, of_two_minds, how_many)
    assert (before, one, again, str(refusal), after) == (0, 1, 1, "2", 1)


async def test_nobody_waits_for_ever(db, trail):
    class FullDisk:
        def append(self, tx, noted):
            if noted:
                raise RuntimeError

    db._journal = FullDisk()
    assert {type(one) for one in await in_one_batch(db, register, register)} == {RuntimeError}
    db._journal = trail
    gone = asyncio.create_task(db.write(ACTOR, register))
    await asyncio.sleep(0)
    gone.cancel()
    assert await in_one_batch(db, register)
    assert db.read_sync(ACTOR, counts)[0] == 2  # who no longer waits is served all the same
    last = asyncio.create_task(db.write(ACTOR, register))
    await asyncio.sleep(0)
    db.close()
    assert await last
    with pytest.raises(RuntimeError, match="shutdown"):
        await db.write(ACTOR, register)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_cannot_have_the_writers_place_hears_it_at_once_for_all(db, monkeypatch):
    monkeypatch.setattr("app.engines.BUSY_MS", 200)
    other = open_engine(str(db.engine.url))
    with other.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
        connection.begin()
        began = asyncio.get_running_loop().time()
        results = await asyncio.gather(*(db.write(ACTOR, register) for _ in range(30)), return_exceptions=True)
        assert {type(one) for one in results} == {Unavailable}
        assert asyncio.get_running_loop().time() - began < 5  # once for the first, once for all others
    other.dispose()
    assert await db.write(ACTOR, register)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_that_lock_in_opposite_orders_both_go_on(db, trail, database_url):
    other = Database(open_engine(database_url), Keyring(KEK), trail, db._clock)
    ids = [db.write_sync(ACTOR, register) for _ in range(4)]

    def touch(tx, patient_id):
        tx.session.exec(select(Patient).where(Patient.id == patient_id).with_for_update()).one()
        audit.record(tx, "patient:write", entity="Patient", entity_id=patient_id)

    async with asyncio.timeout(60):
        for _ in range(10):
            await asyncio.gather(
                *(db.write(ACTOR, touch, one) for one in ids * 5), *(other.write(ACTOR, touch, one) for one in ids[::-1] * 5))
    other.close()
    assert db.read_sync(ACTOR, audit.count) == 4 + 10 * 40
    assert db.read_sync(ACTOR, trail.verify).fault == ""


async def test_killed_in_the_middle_no_acknowledged_call_is_lost(db, database_url):
    """Three times, a process is killed with -9 while it commits batch after batch."""
    acknowledged: list[str] = []
    for _ in range(3):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PEOPLE, database_url, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."})
        async with asyncio.timeout(60):
            acknowledged += [(await worker.stdout.readline()).decode().strip() for _ in range(60)]
            worker.send_signal(signal.SIGKILL)
            acknowledged += [line.decode().strip() for line in (await worker.stdout.read()).splitlines()]
            await worker.wait()
    there = db.read_sync(ACTOR, lambda tx: {patient.id: patient for patient in tx.session.exec(select(Patient))})
    whole = [one for one in acknowledged if len(one) == 32]  # the last line may be half written
    assert len(whole) >= 180
    assert set(whole) <= set(there)
    queued = db.read_sync(ACTOR, lambda tx: [json.loads(job.payload)["patient_id"] for job in tx.session.exec(select(Job))])
    assert sorted(queued) == sorted(there)  # each whole: its row, its job and its entry
    assert db.read_sync(ACTOR, audit.count) == len(there)
    assert db.read_sync(ACTOR, Trail(None).verify).fault == ""
    assert await db.write(ACTOR, jobs.enqueue, "after") is None
