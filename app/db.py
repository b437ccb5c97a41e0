"""The database: transactions opened for an actor, column types, one writer.

`Database.write` and `Database.read` run a synchronous domain function `f(tx, ...)` in a thread.
Rows, audit entries and jobs of one call commit together or not at all. What a read discloses is
written to the trail before its result is returned. Each process has one writer thread (SQLite: WAL,
synchronous=FULL, BEGIN IMMEDIATE); calls that wait for it are committed together, each behind a
savepoint of its own, so that one that is refused takes nothing of the others with it.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from pydantic import BaseModel
from pydantic_core import CoreConfig, SchemaValidator
from sqlalchemy import Connection, DateTime, Dialect, Engine, LargeBinary, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from app.actor import Actor
from app.clock import Clock, utc_now
from app.confine import Swept
from app.crypto.envelope import seal, unseal
from app.crypto.keyring import MADE, Keyring
from app.engines import BUSY_MS, READER_THREADS
from app.errors import ColloqueError, Unavailable
from app.prepared import Prepared, in_one_go, insertion
from app.together import Call, Savepoint, Together
from app.trouble import CIRCLES, LOCKED, commits_told, sqlstate, troubles_told

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)

log = structlog.get_logger(__name__)

SCRUB_BUSY_MS = 200
CLASH_TRIES = 4
TOGETHER_S = 0.03  # a batch takes in no more calls after that
KNOWN = "known"     # in the info of a batch's sessions: what its calls have read once
LOCK_WAIT_MS = 5   # whoever holds locks of a batch waits no longer for others: no two can wait for each other


@cache
def _reader(model: type[BaseModel]) -> SchemaValidator:
    """Reads JSON without pydantic's cache of short strings: it would keep patients' words for as long as we run."""
    return SchemaValidator(model.__pydantic_core_schema__, CoreConfig(cache_strings="none"))


def new_id() -> str:
    """A random identifier: 32 hexadecimal digits (UUID 4)."""
    return uuid.uuid4().hex


class UTCInstant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[bytes]):
    """Bytes made by Tx.seal: the only column type that may hold patient data (a guard test checks)."""

    impl = LargeBinary
    cache_ok = True


class SealedRow(SQLModel):
    """A row whose private part is one sealed JSON document.

    `sealed_under` names the column whose value is the patient (or other key owner) whose data key
    seals it; the row's table and id are the additional data, so swapped rows do not open.
    """

    key_kind: ClassVar[str] = "patient"
    sealed_under: ClassVar[str] = "patient_id"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What happened, for the audit trail; no clinical word, identifiers only (FHIR AuditEvent)."""

    action: str
    outcome: str = "success"
    entity: str = ""
    entity_id: str = ""
    patient_id: str | None = None
    detail: tuple[tuple[str, str], ...] = ()


class Journal(Protocol):
    """Appends to the trail what transactions that commit together noted, inside `tx` (app.audit implements it)."""

    def append(self, tx: "Tx", noted: "Sequence[tuple[Tx, Disclosure]]") -> None: ...


@dataclass(slots=True)
class Tx:
    """One transaction: session, actor, instant, keyring; first argument of every domain function."""

    session: Session
    actor: Actor
    now: datetime
    keyring: Keyring
    readonly: bool
    disclosures: list[Disclosure] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def seal(self, row: SealedRow, content: BaseModel) -> None:
        """Seal `content` into row.sealed; the row must have its id and key owner."""
        key = self.keyring.key(self.session, self._key_id(row))
        row.sealed = seal(key, content.model_dump_json().encode(), self._identity(row))

    def open(self, row: SealedRow, model: type[M]) -> M:
        """Open row.sealed as `model`. Raises Tampered or KeyDestroyed."""
        return self.open_value(type(row), row.id, getattr(row, row.sealed_under), row.sealed, model)  # type: ignore[attr-defined]

    def open_value(self, kind: type[SealedRow], row_id: str, owner: str, sealed: bytes, model: type[M]) -> M:
        """The same for a row of which only its id, key owner and sealed part were read: a page shows a thousand."""
        key = self.keyring.key(self.session, f"{kind.key_kind}:{owner}")
        content: M = _reader(model).validate_json(unseal(key, sealed, f"{kind.__tablename__}:{row_id}"))
        return content

    def insert(self, kind: type[SQLModel], /, **values: Any) -> None:
        """Write a row at once, by a plain statement: a tenth of what an object and the session's bookkeeping cost.

        For rows that nobody changes again in this transaction.
        """
        self.session.flush()
        insertion(kind).run(self.session.connection(), values)

    def run(self, statement: Prepared, /, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a prepared statement, after what the session still has to write."""
        self.session.flush()
        return statement.run(self.session.connection(), values)

    def in_one_go(self) -> AbstractContextManager[None]:
        """Rows inserted inside, with nothing read, go to the server in one piece."""
        return in_one_go(self.session.connection())

    def once(self, key: Hashable, read: Callable[[], R]) -> R:
        """What `read` gives, asked once for all calls that commit together; nobody changes what it gives.

        They were all made before their transaction began: none gets to see what is older than itself. A call that
        writes through its session reads for itself from then on, and the next calls ask again.
        """
        known = self.session.info.get(KNOWN)
        if known is None:
            return read()
        if key not in known:
            known[key] = read()
        return known[key]  # type: ignore[no-any-return]

    @staticmethod
    def _key_id(row: SealedRow) -> str:
        return f"{row.key_kind}:{getattr(row, row.sealed_under)}"

    @staticmethod
    def _identity(row: SealedRow) -> str:
        return f"{row.__tablename__}:{row.id}"  # type: ignore[attr-defined]


class Database:
    """Opens transactions for actors. `journal` writes the trail, `clock` tells the time."""

    def __init__(self, engine: Engine, keyring: Keyring, journal: Journal, clock: Clock = utc_now) -> None:
        self.engine = engine
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._keyring, self._journal, self._clock = keyring, journal, clock
        self._writers = Swept(1, "db-write")
        self._readers = Swept(READER_THREADS, "db-read")
        self._together = Together(self._writers, self._settle)

    async def write(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                    *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(tx, ...)` and commit its rows and audit entries together.

        It may be run again, where it clashed with another process: it acts on `tx` alone.
        """
        return await self._together.call(lambda tx: function(tx, *args, **kwargs), actor)  # type: ignore[no-any-return]

    async def read(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                   *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(tx, ...)`; its result is returned once its disclosures are in the trail."""
        loop = asyncio.get_running_loop()
        call = partial(self._read_sync, actor, function, *args, **kwargs)
        result, disclosures, failure = await loop.run_in_executor(self._readers, call)
        if disclosures:
            await self._together.call(partial(_note, disclosures=disclosures), actor)
        if failure is not None:
            raise failure
        return result  # type: ignore[no-any-return]

    def write_sync(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                   *args: P.args, **kwargs: P.kwargs) -> R:
        """The same as `write`, in the calling thread and by itself (CLI, tests)."""
        with troubles_told():
            for _ in range(CLASH_TRIES - 1):
                try:
                    return self._write_alone(actor, function, *args, **kwargs)
                except OperationalError as failure:
                    if sqlstate(failure) not in CIRCLES:
                        raise
            return self._write_alone(actor, function, *args, **kwargs)

    def read_sync(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                  *args: P.args, **kwargs: P.kwargs) -> R:
        """The same as `read`, in the calling thread (CLI, tests)."""
        result, disclosures, failure = self._read_sync(actor, function, *args, **kwargs)
        if disclosures:
            self.write_sync(actor, _note, disclosures)
        if failure is not None:
            raise failure
        return result  # type: ignore[no-any-return]

    async def scrub(self) -> None:
        """Have what was overwritten leave the database's files: destroyed keys stay in no log and no dead row.

        Raises Unavailable while somebody still reads from before.
        """
        await asyncio.get_running_loop().run_in_executor(self._writers, self._scrub_sync)

    def close(self) -> None:
        """Wait for running work, then close the connections."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _read_sync(self, actor: Actor, function: Callable[..., Any], *args: Any, **kwargs: Any
                   ) -> tuple[Any, list[Disclosure], ColloqueError | None]:
        with troubles_told():
            tx = self._transaction(actor, readonly=True)
            with tx.session:
                try:
                    return function(tx, *args, **kwargs), tx.disclosures, None
                except ColloqueError as failure:
                    return None, _refusals(tx), failure

    def _write_alone(self, actor: Actor, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        tx = self._transaction(actor, readonly=False)
        try:
            with tx.session:
                result = function(tx, *args, **kwargs)
                tx.session.flush()
                self._journal.append(tx, [(tx, noted) for noted in tx.disclosures])
                with commits_told():
                    tx.session.commit()
        except ColloqueError:
            if refusals := _refusals(tx):  # the work was rolled back; that somebody tried stays in the trail
                self.write_sync(actor, _note, refusals)
            raise
        for callback in tx.after_commit:
            callback()
        return result

    def _settle(self, calls: Sequence[Call]) -> int:
        """Do calls for good: several in one transaction, or each by itself. Returns how many, from the first."""
        if len(calls) > 1:
            try:
                return self._commit_together(calls)
            except Unavailable as failure:  # for all of them: none is tried again, for who knows what stands
                for call in calls:
                    call.failure = failure
                return len(calls)
            except Exception as failure:  # noqa: BLE001  nothing of it stays: by themselves only those fail that must
                log.info("a batch is done one by one", calls=len(calls), error=type(failure).__name__)
        for call in calls:
            try:
                call.result, call.failure = self.write_sync(call.actor, call.work), None
            except Exception as failure:  # noqa: BLE001  whoever asked hears of it
                call.failure = failure
        return len(calls)

    def _commit_together(self, calls: Sequence[Call]) -> int:
        """Raises Unavailable where the database is away or full; anything else before a commit: nothing was done."""
        with self.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection:
            with troubles_told():
                connection.begin()
            done = self._do_until_late(connection, calls)
            last = self._joined(connection, calls[0].actor, done[0].session.info)
            with last.session:
                self._journal.append(last, [(tx, noted) for tx in done for noted in tx.disclosures])
            with troubles_told(), commits_told():
                connection.commit()
        for call, tx in zip(calls, done, strict=False):
            call.call_back(tx.after_commit)
        calls[0].call_back(last.after_commit)
        return len(done)

    def _do_until_late(self, connection: Connection, calls: Sequence[Call]) -> list[Tx]:
        """Do the first calls of a batch, and of the others as many as there is time for and nobody is waited for."""
        began, done = time.perf_counter(), list[Tx]()
        shared: dict[str, Any] = {MADE: set[str](), KNOWN: {}}
        savepoint = Savepoint(connection)
        for call in calls:
            if done and time.perf_counter() - began > TOGETHER_S:
                break
            tx = self._joined(connection, call.actor, shared)
            try:
                _do(call, tx, savepoint)
            except OperationalError as failure:
                if not done or sqlstate(failure) not in (LOCKED, *CIRCLES):
                    raise
                savepoint.back()
                break  # what is done is committed first, and lets go of what others wait for
            done.append(tx)
            if len(done) == 1 and not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")
        if not self.is_sqlite:
            connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
        return done

    def _scrub_sync(self) -> None:
        with troubles_told():
            if not self.is_sqlite:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM data_key")
                return
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute(f"PRAGMA busy_timeout = {SCRUB_BUSY_MS}")  # the writer's thread waits in here
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            finally:
                raw.close()
        if busy:
            raise Unavailable

    def _transaction(self, actor: Actor, *, readonly: bool) -> Tx:
        session = Session(self.engine, expire_on_commit=False, autoflush=not readonly)
        if self.is_sqlite:
            session.info["begin"] = "BEGIN" if readonly else "BEGIN IMMEDIATE"
            session.connection(execution_options={"begin": session.info["begin"]})
        return Tx(session, actor, self._clock(), self._keyring, readonly)

    def _joined(self, connection: Connection, actor: Actor, shared: dict[str, Any]) -> Tx:
        """The transaction of one call inside that of its batch."""
        session = Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only", info=shared)
        return Tx(session, actor, self._clock(), self._keyring, readonly=False)


def _do(call: Call, tx: Tx, savepoint: Savepoint) -> None:
    """One call of a batch: its result, or its refusal and nothing else."""
    try:
        with tx.session:
            call.result, call.failure = call.work(tx), None
            tx.session.flush()
    except ColloqueError as failure:
        savepoint.back()
        call.failure, tx.disclosures, tx.after_commit = failure, _refusals(tx), []
    else:
        savepoint.on()


@event.listens_for(Session, "after_flush")
def _forget_what_is_known(session: Session, _flush: object = None) -> None:
    session.info.pop(KNOWN, {}).clear()  # this call's, and that of all


@event.listens_for(Session, "do_orm_execute")
def _forget_unless_reading(statement: ORMExecuteState) -> None:
    if not statement.is_select:
        _forget_what_is_known(statement.session)


def _note(tx: Tx, disclosures: list[Disclosure]) -> None:
    tx.disclosures.extend(disclosures)


def _refusals(tx: Tx) -> list[Disclosure]:
    return [noted for noted in tx.disclosures if noted.outcome != "success"]
