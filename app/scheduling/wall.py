"""The clinic's wall clock and the real instants behind it, on days when clocks change too. Pure.

Clocks go forward: the skipped hour has no instants (hours of availability inside it vanish; a typed
time inside it is refused). Clocks go back: a repeated time means its first pass.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SEARCH_STEP = timedelta(seconds=1)


class SkippedTime(ValueError):
    """The clock jumps over this wall time: it does not exist on this day."""


def exact(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall time; the first one of a repeated time. Raises SkippedTime."""
    local = datetime.combine(on, at.replace(fold=0), zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise SkippedTime(f"{on} {at}")
    return instant


def boundary(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The same for an edge of opening hours: a skipped time stands for the instant of the jump."""
    try:
        return exact(on, at, zone)
    except SkippedTime:
        return _jump(datetime.combine(on, at, zone), zone)


def day_bounds(on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of a day and of the next, in UTC: 23, 24 or 25 hours apart (or what the zone does)."""
    return boundary(on, time(), zone), boundary(on + timedelta(days=1), time(), zone)


def is_repeated(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this instant's time twice that night: say the UTC offset beside it."""
    local = instant.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _jump(skipped: datetime, zone: ZoneInfo) -> datetime:
    # A skipped time read with the offset after the jump lies before it, and the other way round.
    low = skipped.replace(fold=1).astimezone(UTC)
    high = skipped.replace(fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > SEARCH_STEP:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
