"""Fixtures of every test: a clock that stands still and a real database.

SQLite in a temporary directory by default; COLLOQUE_TEST_POSTGRES=postgresql+psycopg://... runs the same
tests on PostgreSQL, each in a schema of its own.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import app.audit
import app.consent
import app.encounters
import app.jobs
import app.notifications.messages
import app.people
import app.record.tables
import app.scheduling.tables  # noqa: F401  every table must be known before create_all
from app.audit import Trail
from app.crypto.keyring import Keyring
from app.db import Database

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
POSTGRES_URL = os.environ.get("COLLOQUE_TEST_POSTGRES", "")


class FakeClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "audit.anchor")


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    if not POSTGRES_URL:
        yield f"sqlite:///{tmp_path / 'colloque.db'}"
        return
    schema, admin = f"t_{secrets.token_hex(6)}", create_engine(POSTGRES_URL)
    with admin.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{POSTGRES_URL}?options=-csearch_path%3D{schema},public"
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def db(database_url: str, trail: Trail, clock: FakeClock) -> Iterator[Database]:
    """A database with all tables, a fixed KEK and a trail with its anchor."""
    database = Database(database_url, Keyring(b"k" * 32), trail, clock)
    SQLModel.metadata.create_all(database.engine)
    yield database
    database.close()
