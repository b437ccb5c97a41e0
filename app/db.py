"""The database: transactions opened for an actor, column types, one writer.

`Database.write` and `Database.read` run a synchronous domain function `f(tx, ...)` in a thread.
Rows, audit entries and jobs of one call commit together or not at all. What a read discloses is
written to the trail before its result is returned. SQLite has one writer thread (WAL,
synchronous=FULL, BEGIN IMMEDIATE); PostgreSQL a pool.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from pydantic import BaseModel
from pydantic_core import CoreConfig, SchemaValidator
from sqlalchemy import DateTime, Dialect, Engine, LargeBinary, create_engine, event, insert, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from app.actor import Actor
from app.clock import Clock, utc_now
from app.confine import Swept
from app.crypto.envelope import seal, unseal
from app.crypto.keyring import Keyring
from app.errors import ColloqueError, Unavailable

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)

log = structlog.get_logger(__name__)

SQLITE_BUSY_MS, SCRUB_BUSY_MS = 10_000, 200
DISK_FULL = ("SQLITE_FULL", "53100")  # SQLite's name, PostgreSQL's SQLSTATE
READER_THREADS = 4
POSTGRES_POOL = 8


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
    """Appends to the trail inside a session (app.audit implements it)."""

    def append(self, tx: "Tx", disclosures: list[Disclosure]) -> None: ...


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
        key = self.keyring.key(self.session, self._key_id(row))
        content: M = _reader(model).validate_json(unseal(key, row.sealed, self._identity(row)))  # type: ignore[attr-defined]
        return content

    def insert(self, row: SQLModel) -> None:
        """Write a row at once, by a plain statement: a third of what the session's bookkeeping costs.

        For rows that nobody changes again in this transaction.
        """
        self.session.connection().execute(insert(type(row)), row.model_dump())

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
        self._writers = Swept(1 if self.is_sqlite else POSTGRES_POOL, "db-write")
        self._readers = Swept(READER_THREADS, "db-read")

    async def write(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                    *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(tx, ...)` and commit its rows and audit entries together."""
        call = partial(self.write_sync, actor, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._writers, call)

    async def read(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                   *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function(tx, ...)`; its result is returned once its disclosures are in the trail."""
        loop = asyncio.get_running_loop()
        call = partial(self._read_sync, actor, function, *args, **kwargs)
        result, disclosures, failure = await loop.run_in_executor(self._readers, call)
        if disclosures:
            await loop.run_in_executor(self._writers, self._record_sync, actor, disclosures)
        if failure is not None:
            raise failure
        return result  # type: ignore[no-any-return]

    def write_sync(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                   *args: P.args, **kwargs: P.kwargs) -> R:
        """The same as `write`, in the calling thread (CLI, tests)."""
        with _troubles_told():
            tx = self._transaction(actor, readonly=False)
            try:
                with tx.session:
                    result = function(tx, *args, **kwargs)
                    tx.session.flush()
                    self._journal.append(tx, tx.disclosures)
                    tx.session.commit()
            except ColloqueError:
                self._record_refusals(tx)
                raise
        for callback in tx.after_commit:
            callback()
        return result

    def read_sync(self, actor: Actor, function: Callable[Concatenate[Tx, P], R],
                  *args: P.args, **kwargs: P.kwargs) -> R:
        """The same as `read`, in the calling thread (CLI, tests)."""
        result, disclosures, failure = self._read_sync(actor, function, *args, **kwargs)
        if disclosures:
            self._record_sync(actor, disclosures)
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
        with _troubles_told():
            tx = self._transaction(actor, readonly=True)
            with tx.session:
                try:
                    return function(tx, *args, **kwargs), tx.disclosures, None
                except ColloqueError as failure:
                    return None, [d for d in tx.disclosures if d.outcome != "success"], failure

    def _record_sync(self, actor: Actor, disclosures: list[Disclosure]) -> None:
        with _troubles_told():
            tx = self._transaction(actor, readonly=False)
            with tx.session:
                self._journal.append(tx, disclosures)
                tx.session.commit()
        for callback in tx.after_commit:
            callback()

    def _record_refusals(self, tx: Tx) -> None:
        # The work was rolled back; that somebody tried must stay in the trail.
        refusals = [d for d in tx.disclosures if d.outcome != "success"]
        if refusals:
            self._record_sync(tx.actor, refusals)

    def _scrub_sync(self) -> None:
        with _troubles_told():
            if not self.is_sqlite:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM data_key")
                return
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute(f"PRAGMA busy_timeout = {SCRUB_BUSY_MS}")  # the writer's thread waits in here
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
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


@contextmanager
def _troubles_told() -> Iterator[None]:
    """What the database itself cannot do right now is Unavailable: nothing was changed, nothing disclosed."""
    try:
        yield
    except OperationalError as failure:
        reason = getattr(failure.orig, "sqlite_errorname", "") or getattr(failure.orig, "sqlstate", "")
        log.error("database trouble", reason=reason, kind=type(failure.orig).__name__)
        if reason in DISK_FULL:
            raise Unavailable("The server's disk is full: nothing was changed. Please tell the clinic.") from failure
        raise Unavailable("The database does not answer: nothing was changed. Please try again in a moment."
                          ) from failure


def open_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, FULL, foreign keys) or PostgreSQL (read committed)."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=POSTGRES_POOL + READER_THREADS, pool_pre_ping=True, hide_parameters=True)
    if database := make_url(url).database:
        _private_file(Path(database))
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_MS / 1000, "check_same_thread": False},
                           hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _private_file(path: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the database.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: IMMEDIATE for writers
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
