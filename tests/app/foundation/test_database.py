import asyncio
from datetime import datetime

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app import audit, jobs
from app.actor import Actor, Role, system
from app.audit import AuditEvent
from app.errors import AccessDenied, Conflict, Unavailable
from app.jobs import Job, Runner
from app.people import Patient, PatientIdentity

ACTOR = system("test")


def register(tx, family="Lefèvre"):
    patient = Patient(created_at=tx.now)
    tx.seal(patient, PatientIdentity(family=family, given="Claire", birth_date="1972-04-03"))
    tx.session.add(patient)
    audit.record(tx, "patient:write", entity="Patient", entity_id=patient.id, patient_id=patient.id)
    jobs.enqueue(tx, "noop", patient_id=patient.id)
    return patient.id


def counts(tx):
    return [len(tx.session.exec(select(table)).all()) for table in (Patient, AuditEvent, Job)]


def test_row_audit_and_job_commit_together(db):
    db.write_sync(ACTOR, register)
    assert db.read_sync(ACTOR, counts) == [1, 1, 1]


def test_a_failure_leaves_nothing_behind(db):
    def fail(tx):
        register(tx)
        raise Conflict("no")

    with pytest.raises(Conflict):
        db.write_sync(ACTOR, fail)
    assert db.read_sync(ACTOR, counts) == [0, 0, 0]


def test_a_refusal_stays_in_the_trail_when_the_work_is_rolled_back(db):
    def refused(tx):
        register(tx)
        audit.record(tx, "record:read", outcome="refused", entity="Patient", entity_id="p1")
        raise AccessDenied

    with pytest.raises(AccessDenied):
        db.write_sync(ACTOR, refused)
    events = db.read_sync(ACTOR, audit.search)
    assert [(e.action, e.outcome) for e in events] == [("record:read", "refused")]
    assert db.read_sync(ACTOR, counts)[0] == 0


async def test_a_read_is_in_the_trail_before_its_result_is_returned(db):
    patient_id = await db.write(ACTOR, register)

    def read(tx):
        audit.record(tx, "patient:read", entity="Patient", entity_id=patient_id, patient_id=patient_id)
        return tx.open(tx.session.get(Patient, patient_id), PatientIdentity).name

    doctor = Actor(Role.DOCTOR, "d1", "Dr Benali", ip="192.0.2.1", request_id="r1")
    assert await db.read(doctor, read) == "Claire Lefèvre"
    newest = (await db.read(ACTOR, audit.search))[0]
    assert (newest.action, newest.actor_name, newest.ip, newest.request_id) == (
        "patient:read", "Dr Benali", "192.0.2.1", "r1")


async def test_when_the_trail_cannot_be_written_nothing_is_disclosed(db):
    class FullDisk:
        def append(self, tx, disclosures):
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    patient_id = await db.write(ACTOR, register)
    db._journal = FullDisk()

    def read(tx):
        audit.record(tx, "patient:read")
        return tx.open(tx.session.get(Patient, patient_id), PatientIdentity).name

    with pytest.raises(Unavailable):
        await db.read(ACTOR, read)


def test_a_swapped_row_does_not_open(db):
    first, second = db.write_sync(ACTOR, register), db.write_sync(ACTOR, register, "Martin")

    def swap(tx):
        a, b = tx.session.get(Patient, first), tx.session.get(Patient, second)
        a.sealed, b.sealed = b.sealed, a.sealed
        return tx.open(a, PatientIdentity)

    with pytest.raises(Exception, match="patient:"):
        db.write_sync(ACTOR, swap)


def test_what_was_opened_is_kept_nowhere(db):
    """pydantic hands out the same short string again from a cache of its own: a patient's name would never leave memory."""
    db.write_sync(ACTOR, register)

    def family(tx):
        return tx.open(tx.session.exec(select(Patient)).one(), PatientIdentity).family

    one, other = db.read_sync(ACTOR, family), db.read_sync(ACTOR, family)
    assert one == other
    assert one is not other


def test_naive_instants_are_refused(db):
    def naive(tx):
        tx.session.add(Patient(created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
        tx.session.flush()

    with pytest.raises(Exception, match="naive"):
        db.write_sync(ACTOR, naive)


async def test_jobs_run_once_and_retry_with_growing_pauses(db, clock):
    calls = []

    async def flaky(payload):
        calls.append(payload["n"])
        if len(calls) < 3:
            raise RuntimeError

    runner = Runner(db, {"flaky": flaky})
    await db.write(ACTOR, jobs.enqueue, "flaky", key="one", n="7")
    await db.write(ACTOR, jobs.enqueue, "flaky", key="one", n="7")
    pauses = []
    for _ in range(3):
        while not await runner.step():
            clock.forward(seconds=1)
            pauses.append(1)
    assert calls == ["7", "7", "7"]
    assert len(pauses) >= 4 + 8 - 2
    assert not await runner.step()


async def test_a_job_that_always_fails_is_given_up_visibly(db, clock):
    async def broken(payload):
        raise ValueError

    runner = Runner(db, {"broken": broken})
    await db.write(ACTOR, jobs.enqueue, "broken")
    for _ in range(jobs.MAX_ATTEMPTS):
        assert await runner.step()
        clock.forward(hours=1)
    assert not await runner.step()
    job = await db.read(ACTOR, lambda tx: tx.session.exec(select(Job)).one())
    assert job.failed
    assert job.last_error == "ValueError"


async def test_a_lease_that_ran_out_is_claimed_by_another(db, clock):
    await db.write(ACTOR, jobs.enqueue, "lost")
    assert await db.write(ACTOR, jobs.claim)
    assert await db.write(ACTOR, jobs.claim) is None
    clock.forward(seconds=jobs.LEASE_S + 1)
    assert await db.write(ACTOR, jobs.claim)


async def test_concurrent_writers_keep_one_unbroken_chain(db, trail):
    await asyncio.gather(*(db.write(ACTOR, register) for _ in range(40)))
    verdict = await db.read(ACTOR, trail.verify)
    assert (verdict.entries, verdict.fault) == (40, "")
