"""What a browser may say over the socket of a visit (docs/protocol.md); anything else closes the socket."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from transcription.protocol import Language

MESSAGE_LIMIT_BYTES = 64 * 1024  # an answer of a call of four with a screen stays under 20 kB
SDP_LIMIT, CANDIDATE_LIMIT = 48 * 1024, 1024


class BadSignal(ValueError):
    """Not a message of the protocol."""


class _Signal(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Join(_Signal):
    """I want to be in the call; said again after any trouble, for a fresh offer."""

    type: Literal["join"]


class Answer(_Signal):
    """My answer to the offer of this epoch."""

    type: Literal["answer"]
    epoch: Annotated[int, Field(ge=0, lt=2**53)]
    sdp: Annotated[str, Field(max_length=SDP_LIMIT)]


class Candidate(_Signal):
    """A trickled ICE candidate; the node copes without."""

    type: Literal["candidate"]
    epoch: Annotated[int, Field(ge=0, lt=2**53)]
    candidate: Annotated[str, Field(max_length=CANDIDATE_LIMIT)]


class State(_Signal):
    """Whether my microphone and camera are on, whether I share my screen, and whether I want sound alone."""

    type: Literal["state"]
    audio: bool
    video: bool
    screen: bool = False
    saving: bool = False  # no video either way, to spare a poor connection


class Leave(_Signal):
    """I leave the call on purpose; the place stays mine."""

    type: Literal["leave"]


class Consent(_Signal):
    """The patient changes their mind about transcription."""

    type: Literal["consent"]
    transcription: bool


class TakeOver(_Signal):
    """This screen of the visit's doctor wants to conduct it instead of the other."""

    type: Literal["take_over"]


class Quality(_Signal):
    """How well the call reaches me, told to the other side."""

    type: Literal["quality"]
    level: Literal["good", "weak", "lost"]
    relayed: bool = False  # through TURN


class Speaks(_Signal):
    """The doctor says which language somebody speaks from now on."""

    type: Literal["speaks"]
    role: Literal["doctor", "patient"]
    language: Language


class Shares(_Signal):
    """The doctor says whether two people speak at somebody's microphone."""

    type: Literal["shares"]
    role: Literal["doctor", "patient"]
    shared: bool


Signal = Annotated[
    Join | Answer | Candidate | State | Leave | Consent | TakeOver | Quality | Speaks | Shares,
    Field(discriminator="type"),
]
_FORGETFUL = ConfigDict(cache_strings="none")  # no word outlives its message
_signals: TypeAdapter[Signal] = TypeAdapter(Signal, config=_FORGETFUL)


def parse(text: str) -> Signal:
    """A browser's message. Raises BadSignal, without repeating what was sent."""
    try:
        return _signals.validate_json(text)
    except (ValidationError, RecursionError):
        raise BadSignal from None
