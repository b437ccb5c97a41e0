"""Rate limits: how often one address may try something costly or guessable, in a sliding window."""

import time
from collections import deque
from ipaddress import IPv6Address, ip_address, ip_network

from app.errors import LimitReached

MAX_KEYS = 50_000  # memory bound; the oldest keys are forgotten first


def household(address: str) -> str:
    """What limits count an address as: an IPv6 customer has a whole /64 to come from (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


class RateLimit:
    """At most `times` calls of one key within `window_s` seconds, in this process."""

    def __init__(self, times: int, window_s: float) -> None:
        self.times, self.window_s = times, window_s
        self._seen: dict[str, deque[float]] = {}

    def hit(self, key: str) -> None:
        """Count one try. Raises LimitReached with the seconds to wait."""
        now = time.monotonic()
        tries = self._seen.setdefault(key, deque())
        while tries and tries[0] <= now - self.window_s:
            tries.popleft()
        if len(tries) >= self.times:
            raise LimitReached(seconds=max(1, round(tries[0] + self.window_s - now)))
        tries.append(now)
        if len(self._seen) > MAX_KEYS:
            self._seen.pop(next(iter(self._seen)))

    def forget(self) -> None:
        """Start afresh for everybody."""
        self._seen.clear()


class Every:
    """Says yes once in `period_s` for each key, in this process: for work that may be done rarely."""

    def __init__(self, period_s: float) -> None:
        self._limit = RateLimit(1, period_s)

    def due(self, key: str) -> bool:
        """Whether it is time again for this key."""
        try:
            self._limit.hit(key)
        except LimitReached:
            return False
        return True

    def forget(self) -> None:
        """Start afresh for every key."""
        self._limit.forget()
