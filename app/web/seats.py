"""Who sits in a room, on which media node, and how they are spoken of to browsers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from app.clock import epoch_ms
from app.record.transcripts import Line

Body = dict[str, Any]
CaptionState = Literal["live", "late", "paused"]
MediaState = Literal["connecting", "connected", "lost", "left"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A media node's offer to one participant."""

    sdp: str
    epoch: int


class MediaNode(Protocol):
    """What rooms ask of a connected media node; every call raises Unavailable when it does not answer."""

    node: str
    public_key: bytes

    async def join(self, room: str, participant: str, role: str, *, echo: bool = False) -> Offer: ...
    async def answer(self, room: str, participant: str, epoch: int, sdp: str) -> None: ...
    async def candidate(self, room: str, participant: str, epoch: int, candidate: str) -> None: ...
    async def leave(self, room: str, participant: str) -> None: ...
    async def close(self, room: str) -> None: ...
    async def tap(self, room: str, participant: str, *, on: bool, sealed_key: str, language: str,
                  reason: str) -> None: ...


@dataclass(slots=True)
class Seat:
    """One participant of a room. `connection` is the browser socket that sits here."""

    participant: str
    role: str
    connection: str = ""
    audio: bool = True
    video: bool = True
    state: MediaState = "connecting"
    tapped: bool = False

    def body(self) -> Body:
        """What the others are told."""
        return {"type": "participant", "participant": self.participant, "role": self.role, "name": "",
                "audio": self.audio, "video": self.video, "state": self.state}


@dataclass(slots=True)
class Room:
    """One visit that is connected somewhere. `doctor` is the practitioner whose queue shows it."""

    id: str
    doctor: str
    language: str
    node: MediaNode | None = None
    seats: dict[str, Seat] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def line_body(line: Line) -> Body:
    """A transcript line as the browser gets it."""
    return {"id": line.id, "kind": line.kind, "role": line.role, "text": line.text, "start": line.start,
            "end": line.end, "start_at_ms": epoch_ms(line.start_at),
            "end_at_ms": epoch_ms(line.end_at), "low_confidence": line.low_confidence}
