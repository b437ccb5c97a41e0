"""What the database cannot do right now, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import OperationalError

from app.errors import Unavailable, Uncertain

DISK_FULL = ("SQLITE_FULL", "53100")  # SQLite's name, PostgreSQL's SQLSTATE
FAREWELLS = ("57P", "08")  # PostgreSQL's classes: the server ends, the connection broke
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


def _answered(failure: OperationalError) -> bool:
    """Whether the database itself refused: a server that goes down says farewell to a commit that it may have done."""
    reason = getattr(failure.orig, "sqlite_errorname", "") or sqlstate(failure)
    return bool(reason) and not reason.startswith(FAREWELLS) and not failure.connection_invalidated


@contextmanager
def commits_told() -> Iterator[None]:
    """Around a commit: when the connection broke, the server may have done it all the same. Raises Uncertain."""
    try:
        yield
    except OperationalError as failure:
        if _answered(failure):
            raise
        log.error("a commit without an answer", kind=type(failure.orig).__name__)
        raise Uncertain("The database went away while this was being saved. Please look whether it was done before "
                        "you do it again.") from failure
