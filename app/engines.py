"""Engines: SQLite as we want it (WAL, each commit flushed, IMMEDIATE for writers), or PostgreSQL."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

BUSY_MS, LOOK_AGAIN_MS = 10_000, 1  # nobody waits longer for what another holds
READER_THREADS = 4
# All that we ask is answered by an index and soon: helpers take longer to start (15 ms), and a page costs the same
# wherever it lies, now that discs have no arms.
SHORT_WAYS = "-c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
POSTGRES_POOL = 8  # connections beside the readers': the writer's, and those of threads that write by themselves


def open_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, FULL, foreign keys) or PostgreSQL (read committed)."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=POSTGRES_POOL + READER_THREADS, pool_pre_ping=True, hide_parameters=True,
                             connect_args={"options": f"-c lock_timeout={BUSY_MS} {SHORT_WAYS}"})
    if database := make_url(url).database:
        _private_file(Path(database))
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
                           hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "reset", _end_sqlite)
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


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin == "BEGIN" or not _began(connection.connection.cursor(), begin):
        connection.exec_driver_sql(begin)


def _began(cursor: Any, begin: str) -> bool:
    """Wait for the one place of a writer: SQLite itself looks again after up to a tenth of a second, whoever waits."""
    until = time.monotonic() + BUSY_MS / 1000
    cursor.execute(f"PRAGMA busy_timeout = {LOOK_AGAIN_MS}")
    try:
        while time.monotonic() < until:
            try:
                cursor.execute(begin)
            except sqlite3.OperationalError as failure:
                if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
            else:
                return True
        return False
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def _end_sqlite(connection: Any, *_: object) -> None:
    connection.rollback()  # a commit that is refused leaves SQLite inside its transaction, and everybody else outside
