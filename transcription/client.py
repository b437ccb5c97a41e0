"""The web process's end of one worker's connection: messages checked, callbacks called, segments acknowledged.

The web process passes the WebSocket it accepted and an object with the callbacks; `run` returns when the worker goes.
A segment is acknowledged only after `on_segment` returned: what it stored is stored for good.
"""

import base64
import binascii
import logging
from typing import Protocol

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel

from transcription.protocol import (
    Ack,
    Backlog,
    Forget,
    FromWorker,
    Hello,
    Interim,
    Key,
    KeyGone,
    KeyWanted,
    ProtocolError,
    Refused,
    Revision,
    Segment,
    StreamDone,
    StreamDoneAck,
    StreamNudge,
    parse_from_worker,
)
from transcription.sealing import seal_words

log = logging.getLogger(__name__)
PUBLIC_KEY_BYTES = 32


class WorkerEvents(Protocol):
    """What the web process does when a worker speaks. An exception closes the connection; the worker says it again."""

    async def on_hello(self, hello: Hello) -> None:
        """A worker is here."""

    async def key_for(self, visit_id: str, public_key: bytes) -> bytes | None:
        """The visit's audio key, HPKE-sealed to the worker's 32-byte public key; None when it exists no more."""

    async def stored_of(self, stream_id: str) -> int:
        """Up to which frame the stream's segments are stored; -1 for none."""

    async def words_for(self, visit_id: str) -> list[str]:
        """Words that the visit is likely to hold, the likeliest last: they leave sealed to the worker."""

    async def on_segment(self, segment: Segment) -> None:
        """Store it, once for each (stream_id, first_seq): it may come again."""

    async def on_revision(self, revision: Revision) -> None:
        """A stored segment was understood better: write that instead, unless somebody corrected it."""

    async def on_interim(self, interim: Interim) -> None:
        """Show it, if the consent still stands; store nothing."""

    async def on_stream_done(self, done: StreamDone) -> None:
        """The stream's last segment is stored; may come again."""

    async def on_backlog(self, seconds: float) -> None:
        """How far behind captions are."""

    async def on_refused(self, refused: Refused) -> None:
        """A frame was refused: for the audit trail."""


class WorkerLink:
    """One connected worker, seen from the web process."""

    def __init__(self, socket: web.WebSocketResponse, events: WorkerEvents) -> None:
        self._socket = socket
        self._events = events
        self._public_key: bytes | None = None
        self.hello: Hello | None = None

    async def run(self) -> None:
        """Serve the connection until it closes; a message that breaks the protocol closes it with the reason."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(parse_from_worker(message.data))
                elif message.type is WSMsgType.BINARY:
                    raise ProtocolError("bad-message", "messages are text")
        except ProtocolError as error:
            log.warning("worker refused: %s: %s", error.code, error)
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=f"{error.code}: {error}".encode()[:120])

    async def nudge(self, visit_id: str, stream_id: str) -> None:
        """Tell the worker that a stream has begun."""
        await self._send(StreamNudge(visit_id=visit_id, stream_id=stream_id))

    async def forget(self, visit_id: str) -> None:
        """Make the worker drop the visit's key and everything it holds of it."""
        await self._send(Forget(visit_id=visit_id))

    async def _send(self, message: BaseModel) -> None:
        await self._socket.send_str(message.model_dump_json())

    async def _take(self, message: FromWorker) -> None:
        match message:
            case Hello():
                await self._greet(message)
            case _ if self._public_key is None:
                raise ProtocolError("no-hello", "the first message is hello")
            case KeyWanted():
                await self._answer_key(message, self._public_key)
            case Segment():
                await self._events.on_segment(message)
                await self._send(Ack(stream_id=message.stream_id, last_seq=message.last_seq))
            case Revision():
                await self._events.on_revision(message)
            case Interim():
                await self._events.on_interim(message)
            case StreamDone():
                await self._events.on_stream_done(message)
                await self._send(StreamDoneAck(stream_id=message.stream_id))
            case Backlog():
                await self._events.on_backlog(message.seconds)
            case Refused():
                await self._events.on_refused(message)

    async def _greet(self, hello: Hello) -> None:
        try:
            public_key = base64.b64decode(hello.public_key, validate=True)
        except binascii.Error as error:
            raise ProtocolError("bad-message", "the public key is no base64") from error
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise ProtocolError("bad-message", "the public key has 32 bytes")
        self._public_key, self.hello = public_key, hello
        await self._events.on_hello(hello)

    async def _answer_key(self, wanted: KeyWanted, public_key: bytes) -> None:
        visit_id, stream_id = wanted.visit_id, wanted.stream_id
        sealed = await self._events.key_for(visit_id, public_key)
        if sealed is None:
            await self._send(KeyGone(visit_id=visit_id))
        else:
            words = seal_words(public_key, await self._events.words_for(visit_id), visit_id=visit_id)
            await self._send(Key(visit_id=visit_id, stream_id=stream_id, sealed=_b64(sealed), words=_b64(words),
                                 stored=await self._events.stored_of(stream_id)))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
