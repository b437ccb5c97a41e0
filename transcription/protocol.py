"""What the media node, the web process and the worker say to each other about speech (docs/transcription-protocol.md).

Pure: frame layout, stream header and messages. No key, no file, no socket here.
"""

import hashlib
import struct
from typing import Annotated, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

T = TypeVar("T")

VERSION: Literal[1] = 1
SPOOL_SUFFIX = ".sealed"
MAX_OPUS_BYTES = 8_192  # RFC 6716 allows 1 275 a frame and 48 frames a packet; WebRTC sends one frame, under 1 500
MAX_MESSAGE_BYTES = 65_536

FRAME_PREFIX = struct.Struct(">BQQ")  # kind, sequence, at_ms: plain, and part of what the seal authenticates
RECORD_LENGTH = struct.Struct(">H")  # length of the sealed frame that follows
TAG_BYTES = 16
KIND_AUDIO = 0
KIND_END = 1

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Tested = Literal["fr", "en"]  # what our measures and our notes know
# Whisper's codes of the languages that it writes down.
Language = Literal[
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id",
    "is", "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml",
    "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si",
    "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur",
    "uz", "vi", "yi", "yo", "yue", "zh"
]
TESTED: tuple[str, ...] = get_args(Tested)
LANGUAGES: tuple[str, ...] = get_args(Language)
EndReason = Literal["closed", "withdrawn", "lost"]
Milliseconds = Annotated[int, Field(ge=0, lt=2**53)]
Sequence = Annotated[int, Field(ge=0, lt=2**53)]
Span = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class ProtocolError(ValueError):
    """Something that does not follow the protocol; `code` is stable, the text is for people.

    Neither ever repeats the content that was refused: it may be speech.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Strict(BaseModel):
    """A message of the control channel: exactly its fields, with exactly their types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class StreamHeader(Strict):
    """First line of a spool file: who speaks, in which visit and language. Plain, but sealed into every frame's AAD.

    started_at_ms is in Unix epoch milliseconds.
    """

    version: Literal[1] = VERSION
    visit_id: Identifier
    stream_id: Identifier
    participant_id: Identifier
    role: Identifier
    language: Language
    started_at_ms: Milliseconds

    def line(self) -> bytes:
        """The header exactly as it is written and digested: one line of JSON, newline included."""
        return self.model_dump_json().encode() + b"\n"

    def digest(self) -> bytes:
        """SHA-256 of line(), 32 bytes: the stream's identity in each frame's AAD."""
        return hashlib.sha256(self.line()).digest()

    @classmethod
    def parse(cls, line: bytes) -> "StreamHeader":
        """Read a header line; ProtocolError("bad-header") when it is not exactly one we could have written."""
        try:
            header = cls.model_validate_json(line)
        except ValidationError as error:
            raise ProtocolError("bad-header", "the stream header does not follow the protocol") from error
        if header.line() != line:  # the digest is over these bytes: two spellings of one header must not exist
            raise ProtocolError("bad-header", "the stream header is not in its canonical form")
        return header


class FramePrefix(NamedTuple):
    """The plain part of a sealed frame: kind, number within the stream, and capture time in epoch milliseconds."""

    kind: int
    sequence: int
    at_ms: int

    def pack(self) -> bytes:
        """17 bytes: kind u8, sequence u64, at_ms u64, big-endian."""
        return FRAME_PREFIX.pack(*self)


def frame_prefix(frame: bytes) -> FramePrefix:
    """Read the plain part of a sealed frame; ProtocolError("bad-frame") when it is too short."""
    if len(frame) < FRAME_PREFIX.size + TAG_BYTES:
        raise ProtocolError("bad-frame", "the sealed frame is too short")
    return FramePrefix(*FRAME_PREFIX.unpack_from(frame))


# --- messages on the control channel -------------------------------------------------------------------------------


class Hello(Strict):
    """Worker to web, first on each connection: who I am, the HPKE public key (base64) to seal visit keys to."""

    type: Literal["hello"] = "hello"
    role: Literal["worker"] = "worker"
    version: Literal[1] = VERSION
    node: Identifier
    public_key: Annotated[str, Field(max_length=64)]
    model: Annotated[str, Field(max_length=200)]
    self_measure_rtf: Annotated[float, Field(ge=0)]  # seconds of work for each second of speech
    visits: Annotated[int, Field(ge=1)] = 1  # how many it takes on before another worker's turn comes


class KeyWanted(Strict):
    """Worker to web: a stream's sealed speech waits here, and what is needed to go on with it is not known."""

    type: Literal["key_wanted"] = "key_wanted"
    visit_id: Identifier
    stream_id: Identifier


class Key(Strict):
    """Web to worker: the visit's audio key, HPKE-sealed to the public key of the hello, base64.

    words: a list of words that the visit is likely to hold, the likeliest last, sealed and written likewise.
    stored: up to which frame the stream's segments are stored for good, -1 for none. A worker may have died elsewhere.
    """

    type: Literal["key"] = "key"
    visit_id: Identifier
    stream_id: Identifier
    stored: Annotated[int, Field(ge=-1)] = -1
    sealed: Annotated[str, Field(max_length=1_024)]
    words: Annotated[str, Field(max_length=16_384)] = ""


class KeyGone(Strict):
    """Web to worker: that key does not exist any more (or never did): forget the visit."""

    type: Literal["key_gone"] = "key_gone"
    visit_id: Identifier


class StreamNudge(Strict):
    """Web to worker: a stream has begun; saves the worker its next scan."""

    type: Literal["stream"] = "stream"
    visit_id: Identifier
    stream_id: Identifier


class _Utterance(Strict):
    """What was said. Times in epoch ms; sequences name the sealed frames that hold it.

    doubts: [start, end) of each word of `text`, in code points, that was heard badly.
    """

    visit_id: Identifier
    stream_id: Identifier
    participant_id: Identifier
    role: Identifier
    first_seq: Sequence
    last_seq: Sequence
    start_at_ms: Milliseconds
    end_at_ms: Milliseconds
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
    language: Language
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    low_confidence: bool
    doubts: Annotated[list[Span], Field(max_length=500)] = []


class Segment(_Utterance):
    """Worker to web: an utterance recognised. Said again until it is acknowledged."""

    type: Literal["segment"] = "segment"


class Revision(_Utterance):
    """Worker to web: a segment that was told, heard again with more care and better understood. Lost is lost."""

    type: Literal["revision"] = "revision"


class Interim(Strict):
    """Worker to web: what an utterance that is still open says so far. For a screen, never for the record."""

    type: Literal["interim"] = "interim"
    visit_id: Identifier
    stream_id: Identifier
    role: Identifier
    start_at_ms: Milliseconds
    text: Annotated[str, Field(min_length=1, max_length=4_000)]


class Ack(Strict):
    """Web to worker: the segment that ends with this frame is stored for good."""

    type: Literal["ack"] = "ack"
    stream_id: Identifier
    last_seq: Sequence


class StreamDone(Strict):
    """Worker to web: nothing more will come of this stream. `reason` is that of its end record."""

    type: Literal["stream_done"] = "stream_done"
    visit_id: Identifier
    stream_id: Identifier
    reason: EndReason = "closed"


class StreamDoneAck(Strict):
    """Web to worker: the end of the stream is stored."""

    type: Literal["stream_done_ack"] = "stream_done_ack"
    stream_id: Identifier


class Backlog(Strict):
    """Worker to web, on change: how many seconds ago the oldest speech without a caption was said."""

    type: Literal["backlog"] = "backlog"
    seconds: Annotated[float, Field(ge=0)]


class Refused(Strict):
    """Worker to web, for the audit trail: a frame that was altered, replayed, malformed or is missing."""

    type: Literal["refused"] = "refused"
    visit_id: Identifier
    stream_id: Identifier
    sequence: Sequence
    reason: Literal["altered", "replayed", "malformed", "missing", "undecodable"]


class Forget(Strict):
    """Web to worker: drop this visit's key and everything held of it."""

    type: Literal["forget"] = "forget"
    visit_id: Identifier


FromWorker = Hello | KeyWanted | Segment | Revision | Interim | StreamDone | Backlog | Refused
ToWorker = Key | KeyGone | StreamNudge | Ack | StreamDoneAck | Forget

_FORGETFUL = ConfigDict(cache_strings="none")  # pydantic would keep what was said, to meet it again
_BY_TYPE = Field(discriminator="type")
_from_worker: TypeAdapter[FromWorker] = TypeAdapter(Annotated[FromWorker, _BY_TYPE], config=_FORGETFUL)
_to_worker: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, _BY_TYPE], config=_FORGETFUL)


def parse_from_worker(text: str | bytes) -> FromWorker:
    """A worker's message; ProtocolError(message-too-big, bad-message) when it is not one."""
    return parse_message(_from_worker, text, MAX_MESSAGE_BYTES)


def parse_to_worker(text: str | bytes) -> ToWorker:
    """A message to a worker; ProtocolError(message-too-big, bad-message) when it is not one."""
    return parse_message(_to_worker, text, MAX_MESSAGE_BYTES)


def parse_message(adapter: TypeAdapter[T], text: str | bytes, limit_bytes: int) -> T:
    """One message of the control channel; ProtocolError(message-too-big, bad-message) when it is none."""
    if len(text) > limit_bytes:
        raise ProtocolError("message-too-big", f"a message may hold {limit_bytes} bytes")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        faults = ", ".join(sorted({f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors()})[:5])
        raise ProtocolError("bad-message", f"the message does not follow the protocol ({faults})") from None
