"""Asks a CalDAV server when its owner is busy (RFC 4791 7.10, free-busy-query): times alone, no title leaves it."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth
from icalendar import Calendar, vPeriod

TIMEOUT_S = 20
MOST_BYTES = 2_000_000
MOST_PERIODS = 5000
USUAL_PORT = 443  # of https; others are named with their host, so that nobody knocks at all of its ports
FREE = "FREE"  # RFC 5545 FBTYPE; the others are busy
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">
  <C:time-range start="{start}" end="{end}"/>
</C:free-busy-query>"""


class CaldavFailed(Exception):
    """The calendar could not be read. Its text is a code: host, sign-in, not-found, unanswered, unreadable."""


class Login(NamedTuple):
    """One calendar on a server and who may read it."""

    url: str
    user: str
    password: str


def is_allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether the site lets calendars of this server be read: https, but on this very machine, and a host it names."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return False
    here = host in ("127.0.0.1", "::1", "localhost")
    named = (port in (None, USUAL_PORT) and host in hosts) or f"{host}:{port}" in hosts
    return named and "@" not in parts.netloc and (parts.scheme == "https" or (here and parts.scheme == "http"))


async def free_busy(login: Login, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When the calendar's owner is busy between two instants. Raises CaldavFailed; follows no redirect."""
    query = QUERY.format(start=_utc(start), end=_utc(end))
    headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1",
               "Authorization": encode_basic_auth(login.user, login.password, "utf-8")}
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=TIMEOUT_S)) as web,
            web.request("REPORT", login.url, data=query.encode(), headers=headers, allow_redirects=False) as answer,
        ):
            body = await answer.content.read(MOST_BYTES + 1)
            while len(body) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                body += more
    except (ClientError, TimeoutError, OSError, ValueError):
        raise CaldavFailed("unanswered") from None
    if answer.status in (401, 403):
        raise CaldavFailed("sign-in")
    if answer.status != 200 or len(body) > MOST_BYTES:
        raise CaldavFailed("not-found" if answer.status in (301, 302, 307, 308, 404, 410) else "unreadable")
    return _periods(body)


def _periods(body: bytes) -> list[tuple[datetime, datetime]]:
    try:
        calendar = Calendar.from_ical(body)
        found = [period for component in calendar.walk("VFREEBUSY") for period in _listed(component.get("FREEBUSY"))]
        taken = [period for period in found if period.params.get("FBTYPE", "BUSY") != FREE]
        return sorted(map(_instants, taken))[:MOST_PERIODS]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise CaldavFailed("unreadable") from None


def _listed(value: object) -> list[vPeriod]:
    """What icalendar makes of a property that stands once, several times, or with several values."""
    if value is None:
        return []
    if isinstance(value, list):
        return [period for each in value for period in _listed(each)]
    return [value] if isinstance(value, vPeriod) else list(getattr(value, "dts", []))


def _instants(period: vPeriod) -> tuple[datetime, datetime]:
    start, end = period.start, period.end
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("free-busy periods are in UTC")
    return start.astimezone(UTC), end.astimezone(UTC)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
