"""The one place where the time of day is read."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware instant."""
    return round(at.timestamp() * 1000)


def from_epoch_ms(value_ms: int) -> datetime:
    """The instant of a number of milliseconds since 1970."""
    return datetime.fromtimestamp(value_ms / 1000, UTC)
