"""The call's black box: each second of trouble, by whose link it was; for operators, and as a line of the visit.

Browsers say how their own connection does, from RTP, RTCP and their own statistics (static/js/call/quality.js); media
nodes say who fell silent, and whether they themselves are late. Nothing here names anybody.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter

from app.encounters import SPEAKERS

NOTED_AFTER_S = 10.0  # of a weak connection: then the visit's transcript has a line of it
TROUBLE_S = Counter("colloque_call_trouble_seconds", "Seconds of calls that went badly, by what was in the way.",
                    ["cause", "level"])

Level = Literal["good", "weak", "lost"]


@dataclass(slots=True)
class _Link:
    """What is known of one participant's connection. noted_s: how long it was weak, since it was good."""

    role: str
    level: Level = "good"
    since_s: float = 0.0
    relayed: bool = False
    noted_s: float = 0.0


class BlackBox:
    """See the module. note: called with visit and role when a connection that was weak for long is good again."""

    def __init__(
        self, note: Callable[[str, str], Awaitable[None]], clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note, self._clock_s = note, clock_s
        self._links: dict[tuple[str, str], _Link] = {}
        self._late: set[str] = set()

    def server_is(self, node: str, *, late: bool) -> None:
        """A media node says whether it keeps up; what goes badly meanwhile is not the participants' doing."""
        (self._late.add if late else self._late.discard)(node)

    async def hear(
        self, visit_id: str, participant: str, role: str, level: Level, *, relayed: bool | None = None,
    ) -> None:
        """From now on a participant's connection does so. relayed: through TURN, where that is known."""
        link = self._links.setdefault((visit_id, participant), _Link(role))
        link.relayed = link.relayed if relayed is None else relayed
        self._count(link)
        link.level = level
        if level == "good" and link.noted_s >= NOTED_AFTER_S and role in SPEAKERS:
            await self._note(visit_id, role)
        if level == "good":
            link.noted_s = 0.0

    async def media_is(self, visit_id: str, participant: str, role: str, state: str, reason: str) -> None:
        """A media node says how a participant's media is doing (webrtc.signaling.ParticipantEvent)."""
        link = self._links.get((visit_id, participant))
        if state == "left" and link is not None:
            self._count(self._links.pop((visit_id, participant)))
        elif state in ("unheard", "lost") and reason != "remote":  # a reload is no trouble
            await self.hear(visit_id, participant, role, "lost")
        elif state == "connected" and link is not None and link.level == "lost":
            await self.hear(visit_id, participant, role, "good")

    def _count(self, link: _Link) -> None:
        """Add what lasted until now, at its level."""
        now_s = self._clock_s()
        lasted_s, link.since_s = now_s - link.since_s, now_s
        if link.level == "good":
            return
        cause = "server" if self._late else "relay" if link.relayed else link.role
        TROUBLE_S.labels(cause, link.level).inc(lasted_s)
        if link.level == "weak":
            link.noted_s += lasted_s
