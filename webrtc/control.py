"""The web process's end of one media node's connection: commands with answers, events to a callback.

The web process passes the WebSocket it accepted; `run` returns when the node goes. Nothing here blocks for long: a
command that the node does not answer in time raises MediaUnavailable.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel

from transcription.protocol import EndReason, Language, ProtocolError
from webrtc import signaling
from webrtc.signaling import Event, Hello, Load, Refusal, Reply

log = structlog.get_logger(__name__)
ANSWER_TIMEOUT_S = 4.0


class MediaError(Exception):
    """A command of a media node failed."""


class MediaUnavailable(MediaError):
    """The node is gone or does not answer; the client should try again in a moment."""


class MediaRefused(MediaError):
    """The node said no; `code` is stable (docs/protocol.md)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Offer:
    """The node's offer for one join."""

    sdp: str
    epoch: int


class MediaLink:
    """One connected media node. on_hello and on_event are awaited in the order of the node's messages.

    An exception of theirs closes the connection; the node reconnects and reports its rooms again.
    """

    def __init__(
        self, socket: web.WebSocketResponse, *, on_hello: Callable[["MediaLink"], Awaitable[None]],
        on_event: Callable[["MediaLink", Event], Awaitable[None]], timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._socket = socket
        self._on_hello, self._on_event = on_hello, on_event
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: asyncio.Queue[Hello | Event] = asyncio.Queue()
        self.hello: Hello | None = None
        self.node = ""
        self.public_key = b""
        self.admitting = True  # new rooms are welcome there

    async def run(self) -> None:
        """Serve the connection until it closes; a message that breaks the protocol closes it with the reason."""
        try:
            async with asyncio.TaskGroup() as tasks:
                # Events may command (a tap after a connect), so they must not hold up the replies.
                teller = tasks.create_task(self._tell(), name="media events")
                await self._read()
                teller.cancel()
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(MediaUnavailable("the media node is gone"))
            self._waiting.clear()

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._take(signaling.parse_from_node(message.data))
                elif message.type is WSMsgType.BINARY:
                    raise ProtocolError("bad-message", "messages are text")
        except ProtocolError as error:
            log.warning("media node refused", code=error.code)
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=f"{error.code}: {error}".encode()[:120])

    def _take(self, message: signaling.FromNode) -> None:
        match message:
            case Hello():
                self.hello, self.node, self.public_key = message, message.node, message.key
                self.admitting = message.admitting
                self._events.put_nowait(message)
            case _ if self.hello is None:
                raise ProtocolError("no-hello", "the first message is hello")
            case Reply():
                self._settle(message.request, message.result)
            case Refusal():
                self._settle(message.request, MediaRefused(message.code, message.message))
            case _:
                if isinstance(message, Load):
                    self.admitting = message.admitting
                self._events.put_nowait(message)

    def _settle(self, request: int, outcome: dict[str, Any] | MediaError) -> None:
        future = self._waiting.pop(request, None)
        if future is None or future.done():
            return  # it came too late
        if isinstance(outcome, MediaError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    async def _tell(self) -> None:
        while True:
            message = await self._events.get()
            if isinstance(message, Hello):
                await self._on_hello(self)
            else:
                await self._on_event(self, message)

    # --- commands --------------------------------------------------------------------------------------------------

    async def join(self, room: str, participant: str, role: str, *, echo: bool = False) -> Offer:
        """Take or retake a place. Refused with room-full, overloaded, no-address."""
        result = await self._ask(signaling.Join(
            request=next(self._numbers), room=room, participant=participant, role=role, echo=echo))
        return Offer(sdp=str(result["sdp"]), epoch=int(result["epoch"]))

    async def answer(self, room: str, participant: str, epoch: int, sdp: str) -> None:
        """Pass on a client's answer. Refused with bad-sdp, sdp-mismatch, no-dtls, stale-epoch, no-participant."""
        await self._ask(signaling.Answer(
            request=next(self._numbers), room=room, participant=participant, epoch=epoch, sdp=sdp))

    async def candidate(self, room: str, participant: str, epoch: int, candidate: str) -> None:
        """Pass on a client's candidate. Refused with bad-candidate, stale-epoch, no-participant."""
        await self._ask(signaling.Candidate(
            request=next(self._numbers), room=room, participant=participant, epoch=epoch, candidate=candidate))

    async def leave(self, room: str, participant: str) -> None:
        """Give up a place; no error when there was none."""
        await self._ask(signaling.Leave(request=next(self._numbers), room=room, participant=participant))

    async def receive(self, room: str, participant: str, *, video: bool) -> None:
        """Send a participant the others' video too, or speech alone. Refused with no-participant."""
        await self._ask(signaling.Receive(
            request=next(self._numbers), room=room, participant=participant, video=video))

    async def close(self, room: str) -> None:
        """End a room; no error when there is none."""
        await self._ask(signaling.Close(request=next(self._numbers), room=room))

    async def tap(
        self, room: str, participant: str, *, on: bool, visit_id: str | None = None, sealed_key: str = "",
        language: Language = "fr", reason: EndReason = "closed",
    ) -> str | None:
        """Start or stop a tap; returns the stream's id while one is written. visit_id: the room's name by default.

        Off returns once no further packet is copied. Refused with key-refused, disk-full, spool, no-participant.
        """
        result = await self._ask(signaling.Tap(
            request=next(self._numbers), room=room, participant=participant, on=on, visit_id=visit_id or room,
            sealed_key=sealed_key, language=language, reason=reason))
        stream_id = result.get("stream_id")
        return None if stream_id is None else str(stream_id)

    async def stats(self, room: str) -> list[dict[str, Any]]:
        """The figures of each participant of a room."""
        result = await self._ask(signaling.Stats(request=next(self._numbers), room=room))
        return list(result["participants"])

    async def _ask(self, command: BaseModel) -> dict[str, Any]:
        number: int = command.request  # type: ignore[attr-defined]
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_str(command.model_dump_json())
            return await asyncio.wait_for(future, self._timeout_s)
        except TimeoutError:
            raise MediaUnavailable("the media node does not answer") from None
        except (ConnectionError, RuntimeError) as error:  # aiohttp: sending on a socket that is closed
            raise MediaUnavailable("the media node is gone") from error
        finally:
            self._waiting.pop(number, None)
