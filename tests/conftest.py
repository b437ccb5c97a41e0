"""Fixtures for every test: a real database, SQLite and PostgreSQL in turn, with a clock that can be set.

Every test that asks for `db` runs on both engines where PostgreSQL is installed, but for pages and sockets, which run
on one of them; where it is not installed, each run says so at its beginning and its end. COLLOQUE_TEST_POSTGRES=require
makes that an error instead.
"""

import functools
import os
import shutil
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright
from sqlalchemy import Engine, create_engine, text
from sqlmodel import SQLModel

from app import logs
from app.actor import Actor
from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database
from app.engines import open_engine
from app.migrations import TABLES
from app.together import Call
from tests import chromium, postgres

assert TABLES  # importing the modules fills the metadata
logs.configure()  # as every process of ours does: a trace without words, which is also written a hundred times faster

KEK = bytes(range(32))
NO_POSTGRES = postgres.binaries() is None and os.environ.get("COLLOQUE_TEST_POSTGRES") != "require"
ENGINES = ["sqlite"] if NO_POSTGRES else ["sqlite", "postgresql"]
ONE_ENGINE = "PostgreSQL is not installed: the domain is tested on SQLite ONLY (apt-get install postgresql)"


def pytest_report_header() -> str:
    return ONE_ENGINE if NO_POSTGRES else "databases: SQLite and PostgreSQL"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The domain runs on both engines; pages and sockets, which only ask it, on one: their name decides which."""
    names = {item.nodeid for item in items}
    spare = {item for item in items if isinstance(item, pytest.Function) and _runs_on_another(item, names)}
    config.hook.pytest_deselected(items=list(spare))
    items[:] = [item for item in items if item not in spare]
    place = _order({item.path for item in items})
    items.sort(key=lambda item: place[item.path])


def _order(files: set[Path]) -> dict[Path, float]:
    """Files that mostly wait (media, speech) spread among those that compute, none last: two processes keep busy."""
    waiting = sorted(file for file in files if file.parent.name in ("webrtc", "transcription"))
    computing = sorted(files - set(waiting))
    return {file: 0.8 * n / len(waiting) for n, file in enumerate(waiting)} | {
        file: n / len(computing) for n, file in enumerate(computing)}


def _runs_on_another(item: pytest.Function, names: set[str]) -> bool:
    engine = item.callspec.params.get("database_url") if hasattr(item, "callspec") else None
    if engine is None or "aiohttp_client" not in item.fixturenames:
        return False
    wanted = ENGINES[zlib.crc32(item.originalname.encode()) % len(ENGINES)]
    return engine != wanted and item.nodeid.replace(engine, wanted) in names


def pytest_terminal_summary(terminalreporter) -> None:
    if NO_POSTGRES:
        terminalreporter.write_line(ONE_ENGINE, yellow=True, bold=True)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@pytest.fixture
def clock() -> FakeClock:
    """Monday 23 November 2026, 08:00 in Paris."""
    return FakeClock(datetime(2026, 11, 23, 7, 0, tzinfo=UTC))


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "audit.anchor")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """A server for the whole run whose template database has our schema."""
    with postgres.cluster() as server:
        _make_schema(server.url("prepared"))
        yield server


@pytest.fixture(scope="session")
def sqlite_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that has our schema and no row."""
    path = tmp_path_factory.mktemp("sqlite") / "prepared.db"
    _make_schema(f"sqlite:///{path}")
    return path


def _make_schema(url: str) -> None:
    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture
def sqlite_url(sqlite_prepared: Path) -> str:
    """An empty SQLite database with our schema, always at the same place."""
    for old in sqlite_prepared.parent.glob("colloque.db*"):
        old.unlink()
    path = shutil.copyfile(sqlite_prepared, sqlite_prepared.with_name("colloque.db"))
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """A PostgreSQL database with our schema."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database with our schema, on each engine in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    else:
        yield (url := request.getfixturevalue("postgres_url"))
        with engine_of(url).begin() as connection:
            connection.execute(text(postgres.WIPE))


@functools.cache
def engine_of(url: str) -> Engine:
    """One engine a database for the whole run: what SQLAlchemy made of a statement once serves every test."""
    return open_engine(url)


@pytest.fixture(scope="session")
def chromium_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the Chromium of this process is told what to do."""
    with chromium.running(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest_asyncio.fixture
async def open_page(chromium_address: str) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Opens a page of a new browser context, `open_page(base_url, session)`, in English; none may fail in its script."""
    faults: list[str] = []

    async def opened(base_url: str, session: str = "") -> Page:
        context = await browser.new_context(base_url=base_url, locale="en-GB", viewport={"width": 1280, "height": 900})
        if session:
            await context.add_cookies([{"name": "colloque-staff", "value": session, "url": base_url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium_address)
        yield opened
        for context in browser.contexts:
            await context.close()
        assert faults == []


class Twice(Database):
    """Every function that writes runs twice, with a rollback between, as when a batch falls apart: it acts on `tx` alone."""

    def _write_alone(self, actor: Actor, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        rehearsal = self._transaction(actor, readonly=False)
        with rehearsal.session, suppress(Exception):  # what fails now fails again, and is told then
            function(rehearsal, *args, **kwargs)
            rehearsal.session.flush()
        return super()._write_alone(actor, function, *args, **kwargs)

    def _commit_together(self, calls: Sequence[Call]) -> int:
        with self.engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, suppress(Exception):
            connection.begin()
            self._do_until_late(connection, calls)
        return super()._commit_together(calls)


@pytest.fixture
def db(database_url: str, clock: FakeClock, trail: Trail) -> Iterator[Database]:
    """A database on each engine in turn; on SQLite it is done twice, what writes."""
    kind = Twice if database_url.startswith("sqlite") else Database
    database = kind(engine_of(database_url), Keyring(KEK), trail, clock)
    yield database
    database.close()
