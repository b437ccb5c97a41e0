"""What the database cannot do right now, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import OperationalError

from app.errors import Unavailable

DISK_FULL = ("SQLITE_FULL", "53100")  # SQLite's name, PostgreSQL's SQLSTATE
LOCKED, CIRCLES = "55P03", ("40P01", "40001")  # waited too long for a lock, or in a circle

log = structlog.get_logger(__name__)


def sqlstate(failure: OperationalError) -> str:
    """PostgreSQL's code of a failure; empty for SQLite's."""
    return getattr(failure.orig, "sqlstate", "") or ""


@contextmanager
def troubles_told() -> Iterator[None]:
    """What the database itself cannot do right now is Unavailable: nothing was changed, nothing disclosed."""
    try:
        yield
    except OperationalError as failure:
        reason = getattr(failure.orig, "sqlite_errorname", "") or sqlstate(failure)
        log.error("database trouble", reason=reason, kind=type(failure.orig).__name__)
        if reason in DISK_FULL:
            raise Unavailable("The server's disk is full: nothing was changed. Please tell the clinic.") from failure
        raise Unavailable("The database does not answer: nothing was changed. Please try again in a moment."
                          ) from failure
