"""Who sits in a room, on which media node, and how they are spoken of to browsers."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from app.clock import epoch_ms
from app.encounters import SPEAKERS
from app.errors import ColloqueError, Unavailable
from app.record.transcripts import Line
from transcription.protocol import EndReason, Language
from webrtc.control import MediaError, MediaRefused, Offer

FAILURES = 2  # of the video, and somebody phones
FRUITLESS_S = 4.0  # a browser gives a connection five; who reloads is quicker
R = TypeVar("R")
Body = dict[str, Any]
CaptionState = Literal["live", "late", "paused"]
MediaState = Literal["connecting", "connected", "unheard", "lost", "left"]
THERE = ("connected", "unheard")  # as far as web can tell, and not given up


class CallRefused(ColloqueError):
    """The media node cannot use what the browser sent; `code` is the node's (docs/protocol.md)."""

    status = 409

    def __init__(self, code: str) -> None:
        super().__init__("The call could not be connected. It is tried again.")
        self.code = code


class MediaNode(Protocol):
    """What rooms ask of a connected media node (webrtc.control.MediaLink). Calls raise MediaError."""

    node: str
    public_key: bytes
    admitting: bool  # new rooms are welcome

    async def join(self, room: str, participant: str, role: str, *, echo: bool = False) -> Offer: ...
    async def answer(self, room: str, participant: str, epoch: int, sdp: str) -> None: ...
    async def candidate(self, room: str, participant: str, epoch: int, candidate: str) -> None: ...
    async def leave(self, room: str, participant: str) -> None: ...
    async def receive(self, room: str, participant: str, *, video: bool) -> None: ...
    async def close(self, room: str) -> None: ...
    async def tap(self, room: str, participant: str, *, on: bool, sealed_key: str = "", language: Language = "fr",
                  reason: EndReason = "closed") -> str | None: ...


@dataclass(slots=True)
class Seat:
    """One participant of a room. `connection` is the browser socket that sits here."""

    participant: str
    role: str
    name: str = ""  # of a guest, as they gave it
    connection: str = ""
    audio: bool = True
    video: bool = True
    screen: bool = False
    saving: bool = False  # wants sound alone
    state: MediaState = "connecting"
    stream: str = ""  # of the tap that runs
    language: str = ""  # that it is written down in
    joined_s: float | None = None  # when it last asked to join, by the loop's clock
    missed: bool = False  # lost, and the transcript says so

    def asks(self, now_s: float) -> bool:
        """It asks to join; whether the time before never brought a connection."""
        before, self.joined_s = self.joined_s, now_s
        return before is not None and self.state == "connecting" and now_s - before > FRUITLESS_S

    def body(self) -> Body:
        """What the others are told."""
        return {"type": "participant", "participant": self.participant, "role": self.role, "name": self.name,
                "audio": self.audio, "video": self.video, "screen": self.screen, "saving": self.saving,
                "state": self.state}


@dataclass(slots=True)
class Room:
    """One visit that is connected somewhere. `doctor` is the practitioner whose queue shows it."""

    id: str
    doctor: str
    language: str
    node: MediaNode | None = None
    left: str = ""  # the node before this one
    seats: dict[str, Seat] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    failures: int = 0  # of the patient's and the doctor's connections
    untapped: bool = False  # a tap failed: for want of disk, perhaps, and that may pass

    def fails(self, seat: Seat) -> bool:
        """A connection broke or never came about; True when that was the second in this room. Guests do not count."""
        self.failures += seat.role in SPEAKERS
        return self.is_visit and self.failures == FAILURES

    @property
    def is_visit(self) -> bool:
        """Whether this is a visit, not a device test."""
        return bool(self.doctor)


async def ask(command: Awaitable[R]) -> R:
    """A command to a media node for a browser: its failures become sentences. Raises Unavailable, CallRefused."""
    try:
        return await command
    except MediaRefused as refusal:
        raise CallRefused(refusal.code) from None
    except MediaError:
        raise Unavailable("The video service is starting again. Your place is kept; please wait a moment.") from None


def line_body(line: Line) -> Body:
    """A transcript line as the browser gets it."""
    return {"id": line.id, "kind": line.kind, "role": line.role, "text": line.text, "start": line.start,
            "end": line.end, "start_at_ms": epoch_ms(line.start_at),
            "end_at_ms": epoch_ms(line.end_at), "low_confidence": line.low_confidence,
            "doubts": line.doubts, "heard": line.heard, "language": line.language, "shared": line.shared,
            "meant": line.meant}
