"""What web and a media node say to each other on the control channel (docs/protocol.md). Pure: messages, no sockets.

Web commands, each with a request number; the node replies to each, and tells events of its own.
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from transcription.protocol import EndReason, Identifier, Language, ProtocolError, Strict, parse_message

VERSION: Literal[1] = 1
MAX_MESSAGE_BYTES = 262_144  # an offer has about 9 kB, a long answer 20
KEY_BYTES = 32

Request = Annotated[int, Field(ge=0, lt=2**53)]
Epoch = Annotated[int, Field(ge=0, lt=2**53)]
State = Literal["connecting", "connected", "unheard", "lost", "left"]
TapState = Literal["started", "stopped", "failed"]


# --- web to node -----------------------------------------------------------------------------------------------------


class Join(Strict):
    """Take or retake a place. Replied with epoch and sdp (an offer). echo: show people to themselves."""

    type: Literal["join"] = "join"
    request: Request
    room: Identifier
    participant: Identifier
    role: Identifier
    echo: bool = False


class Answer(Strict):
    """The client's answer to the offer of that epoch."""

    type: Literal["answer"] = "answer"
    request: Request
    room: Identifier
    participant: Identifier
    epoch: Epoch
    sdp: str


class Candidate(Strict):
    """A candidate of the client; empty means there are no more."""

    type: Literal["candidate"] = "candidate"
    request: Request
    room: Identifier
    participant: Identifier
    epoch: Epoch
    candidate: str


class Leave(Strict):
    """Give up a place."""

    type: Literal["leave"] = "leave"
    request: Request
    room: Identifier
    participant: Identifier


class Close(Strict):
    """End a room; its taps end with `closed`."""

    type: Literal["close"] = "close"
    request: Request
    room: Identifier


class Tap(Strict):
    """Start or stop copying a participant's speech, sealed, to the spool. sealed_key: base64, HPKE to this node."""

    type: Literal["tap"] = "tap"
    request: Request
    room: Identifier
    participant: Identifier
    on: bool
    visit_id: Identifier
    sealed_key: Annotated[str, Field(max_length=1_024)] = ""
    language: Language = "fr"
    reason: EndReason = "closed"


class Receive(Strict):
    """Send a participant the others' video too, or speech alone, because they asked to spare their connection."""

    type: Literal["receive"] = "receive"
    request: Request
    room: Identifier
    participant: Identifier
    video: bool


class Stats(Strict):
    """Ask for the figures of a room. Replied with participants."""

    type: Literal["stats"] = "stats"
    request: Request
    room: Identifier


Command = Join | Answer | Candidate | Leave | Close | Tap | Receive | Stats


# --- node to web -----------------------------------------------------------------------------------------------------


class Seated(Strict):
    """One participant as the node reports it. tap: the stream being written, if any."""

    participant: Identifier
    role: Identifier
    state: State
    tap: Identifier | None = None


class RoomReport(Strict):
    """One room that runs on the node."""

    room: Identifier
    participants: list[Seated]


class Hello(Strict):
    """First on each connection: who I am, the HPKE key (base64) to seal visit keys to, and the rooms I carry."""

    type: Literal["hello"] = "hello"
    role: Literal["media"] = "media"
    version: Literal[1] = VERSION
    node: Identifier
    public_key: Annotated[str, Field(max_length=64)]
    rooms: list[RoomReport]
    admitting: bool = True

    @property
    def key(self) -> bytes:
        """The 32-byte public key. ProtocolError("bad-message") when it is none."""
        try:
            key = base64.b64decode(self.public_key, validate=True)
        except binascii.Error as error:
            raise ProtocolError("bad-message", "the public key is no base64") from error
        if len(key) != KEY_BYTES:
            raise ProtocolError("bad-message", f"the public key has {KEY_BYTES} bytes")
        return key


class Reply(Strict):
    """A command was carried out."""

    type: Literal["reply"] = "reply"
    request: Request
    result: dict[str, Any]


class Refusal(Strict):
    """A command was not carried out; `code` is stable, `message` is for people."""

    type: Literal["error"] = "error"
    request: Request
    code: str
    message: str


class ParticipantEvent(Strict):
    """A participant's media path changed. reason: remote, failed, timeout, consent, silent, heard, or none."""

    type: Literal["participant"] = "participant"
    room: Identifier
    participant: Identifier
    role: Identifier
    state: State
    reason: str = ""


class SlotLine(Strict):
    """One m-line that shows a participant."""

    mid: str
    participant: Identifier
    role: Identifier
    kind: Literal["audio", "video", "screen"]


class LayoutEvent(Strict):
    """Whom a participant sees, on which m-lines of the latest offer."""

    type: Literal["layout"] = "layout"
    room: Identifier
    participant: Identifier
    slots: list[SlotLine]


class VideoEvent(Strict):
    """Video towards a participant paused, because their way carries speech alone, or came back."""

    type: Literal["video"] = "video"
    room: Identifier
    participant: Identifier
    paused: bool


class TapEvent(Strict):
    """A sealed stream began, ended, or could not go on (reason then: key-refused, disk-full, spool, behind)."""

    type: Literal["tap"] = "tap"
    room: Identifier
    participant: Identifier
    visit_id: Identifier
    stream_id: Identifier
    state: TapState
    reason: str = ""


class Incident(Strict):
    """Something technical that an operator should know (loop-lag)."""

    type: Literal["incident"] = "incident"
    code: str
    value: float = 0.0


class Load(Strict):
    """Once a few seconds: how busy the node is. admitting: new rooms are welcome; not when it is late or draining."""

    type: Literal["load"] = "load"
    admitting: bool = True
    participants: Annotated[int, Field(ge=0)]
    loop_lag_ms: Annotated[float, Field(ge=0)]


Event = ParticipantEvent | LayoutEvent | VideoEvent | TapEvent | Incident | Load
FromNode = Hello | Reply | Refusal | Event

_command: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])
_from_node: TypeAdapter[FromNode] = TypeAdapter(Annotated[FromNode, Field(discriminator="type")])


def parse_command(text: str | bytes) -> Command:
    """A command of web; ProtocolError(message-too-big, bad-message) when it is none."""
    return parse_message(_command, text, MAX_MESSAGE_BYTES)


def parse_from_node(text: str | bytes) -> FromNode:
    """A message of a node; ProtocolError(message-too-big, bad-message) when it is none."""
    return parse_message(_from_node, text, MAX_MESSAGE_BYTES)
