"""Durable jobs: enqueued in the transaction that wants them, claimed with a lease, retried with backoff."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import delete
from sqlmodel import Field, SQLModel, col, select

from app.actor import system
from app.db import Database, Tx, UTCInstant, new_id

LEASE_S = 120
MAX_ATTEMPTS = 8
IDLE_S = 0.5
AT_ONCE = 4  # a draft that waits for the last captions must not hold up a code on its way
FIRST_RETRY_S = 2

log = structlog.get_logger(__name__)
Handler = Callable[[Mapping[str, str]], Awaitable[None]]


class Job(SQLModel, table=True):
    """One piece of work; `payload` holds identifiers only. `key` makes a job unique while it waits."""

    __tablename__ = "job"
    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(index=True)
    payload: str
    key: str | None = Field(default=None, unique=True)
    run_at: datetime = Field(sa_type=UTCInstant, index=True)
    lease_until: datetime | None = Field(default=None, sa_type=UTCInstant)
    attempts: int = 0
    failed: bool = False
    last_error: str = ""


def enqueue(tx: Tx, kind: str, *, delay_s: float = 0, key: str | None = None, **payload: str) -> None:
    """Have `kind` done after this commits; a waiting job with the same key is not doubled."""
    if key and tx.session.exec(select(Job).where(Job.key == key)).first():
        return
    run_at = tx.now + timedelta(seconds=delay_s)
    tx.insert(Job, kind=kind, payload=json.dumps(payload), key=key, run_at=run_at)


def waits(tx: Tx, key_begins: str) -> bool:
    """Whether a job with such a key waits for its time and nobody is at it."""
    query = select(Job.id).where(col(Job.key).startswith(key_begins, autoescape=True), col(Job.lease_until).is_(None))
    return tx.session.exec(query.limit(1)).first() is not None


def give_up(tx: Tx, key_begins: str) -> None:
    """Forget jobs with such a key that wait for their time and that nobody is at."""
    tx.session.execute(delete(Job).where(col(Job.key).startswith(key_begins, autoescape=True),
                                         col(Job.lease_until).is_(None)))


def forget(tx: Tx, kind: str, **payload: str) -> None:
    """Forget jobs of exactly this: another did their work."""
    tx.session.execute(delete(Job).where(col(Job.kind) == kind, col(Job.payload) == json.dumps(payload)))


def claim(tx: Tx) -> Job | None:
    """Take the next due job under a lease."""
    due = (
        select(Job)
        .where(Job.run_at <= tx.now, col(Job.failed).is_(False))
        .where(col(Job.lease_until).is_(None) | (col(Job.lease_until) < tx.now))
        .order_by(col(Job.run_at)).limit(1).with_for_update(skip_locked=True)
    )
    job = tx.session.exec(due).first()
    if job:
        job.lease_until, job.attempts = tx.now + timedelta(seconds=LEASE_S), job.attempts + 1
        tx.session.add(job)
    return job


def finish(tx: Tx, job_id: str) -> None:
    """The work is done: forget it."""
    job = tx.session.get(Job, job_id)
    if job:
        tx.session.delete(job)


def retry(tx: Tx, job_id: str, error: str) -> None:
    """The work failed: try again later, or give up visibly after MAX_ATTEMPTS."""
    job = tx.session.get(Job, job_id)
    if job is None:
        return
    job.lease_until, job.last_error = None, error
    job.failed = job.attempts >= MAX_ATTEMPTS
    job.run_at = tx.now + timedelta(seconds=FIRST_RETRY_S * 2**job.attempts)
    tx.session.add(job)


class Runner:
    """Runs due jobs, a few at a time, until cancelled; `handlers` maps a kind to its coroutine."""

    def __init__(self, db: Database, handlers: Mapping[str, Handler]) -> None:
        self._db, self._handlers, self._actor = db, handlers, system("jobs")
        self._done = asyncio.Event()  # a job that ends may have asked for another: look at once

    async def run(self) -> None:
        """Work for ever; a job that waits or fails never holds up the others."""
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await places.acquire()
                self._done.clear()
                job = await self._claim()
                if job is None:
                    places.release()
                    await self._idle()
                    continue
                tasks.create_task(self._do(job)).add_done_callback(lambda _: self._ended(places))

    async def _idle(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._done.wait()

    def _ended(self, places: asyncio.Semaphore) -> None:
        places.release()
        self._done.set()

    async def step(self) -> bool:
        """Do one due job; False when none is due."""
        job = await self._db.write(self._actor, claim)
        if job is not None:
            await self._do(job)
        return job is not None

    async def _claim(self) -> Job | None:
        try:
            return await self._db.write(self._actor, claim)
        except Exception as failure:  # noqa: BLE001  disk full, database away: work goes on when it is back
            log.warning("jobs cannot be claimed", error=type(failure).__name__)
            return None

    async def _do(self, job: Job) -> None:
        settle: Callable[[Tx], None] = partial(finish, job_id=job.id)
        try:
            await self._handlers[job.kind](json.loads(job.payload))
        except Exception as failure:  # noqa: BLE001  any failure means: later, and say which kind
            log.warning("job failed", kind=job.kind, attempt=job.attempts, error=type(failure).__name__)
            settle = partial(retry, job_id=job.id, error=type(failure).__name__)
        try:
            await self._db.write(self._actor, settle)
        except Exception as failure:  # noqa: BLE001  the same: its lease ends, and it is claimed again
            log.warning("job cannot be settled", kind=job.kind, error=type(failure).__name__)
