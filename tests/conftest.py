"""Fixtures for every test: a migrated database on a temporary SQLite file, with a clock that can be set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database
from app.migrations import TABLES

assert TABLES  # importing the modules fills the metadata

KEK = bytes(range(32))


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


@pytest.fixture
def db(tmp_path: Path, clock: FakeClock, trail: Trail) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'colloque.db'}", Keyring(KEK), trail, clock)
    SQLModel.metadata.create_all(database.engine)
    yield database
    database.close()
