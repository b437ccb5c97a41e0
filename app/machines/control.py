"""Control messages between machines: a connection to this machine's own socket goes on to the clinic's, over NATS.

Each connection is a session, sealed with the key that the machines share: the server between them reads nothing, and
who has no key says nothing. A message's number is its nonce: one that is missing (NATS promises no delivery), altered
or told again does not open and ends the session, as silence does. A worker connects anew and repeats what counts.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import nats.errors
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from app.machines.server import CONTROL
from transcription.protocol import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

NONCE_BYTES, SALT_BYTES = 12, 16
INFO = b"colloque machines v1 "
BEAT_S = 2.0
SILENT_S = 6.0
ANSWER_S = 5.0

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


class _Way:
    """One direction of a session: AES-256-GCM, each message under its number. Its key serves this session alone."""

    def __init__(self, key: bytes, salt: bytes, direction: str) -> None:
        derived = HKDF(hashes.SHA256(), len(key), salt, INFO + direction.encode()).derive(key)
        self._aead, self._number = AESGCM(derived), 0

    def _nonce(self) -> bytes:
        self._number += 1
        return self._number.to_bytes(NONCE_BYTES, "big")

    def seal(self, text: bytes) -> bytes:
        """The next message."""
        return self._aead.encrypt(self._nonce(), text, None)

    def open(self, sealed: bytes) -> bytes:
        """The next message; InvalidTag when this is another one, or nobody's with the key."""
        return self._aead.decrypt(self._nonce(), sealed, None)


class Session:
    """One WebSocket carried over NATS: what comes from it is published to `to`, what comes at `heard` is sent to it."""

    def __init__(self, client: Client, socket: Socket, heard: Subscription, to: str, ways: tuple[_Way, _Way]) -> None:
        self._client, self._socket, self._heard, self._to = client, socket, heard, to
        self._out, self._in = ways

    async def run(self) -> None:
        """Carry until either end is gone; then both are."""
        tasks = [asyncio.create_task(part()) for part in (self._from_socket, self._from_nats, self._beat)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(nats.errors.Error):
                await self._client.publish(self._to, b"")
                await self._heard.unsubscribe()
            await self._socket.close()

    async def _from_socket(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._publish(message.data.encode())

    async def _beat(self) -> None:
        while True:
            await self._publish(b"")
            await asyncio.sleep(BEAT_S)

    async def _publish(self, text: bytes) -> None:
        await self._client.publish(self._to, self._out.seal(text))

    async def _from_nats(self) -> None:
        """Until the other end closes (nothing at all), falls silent (TimeoutError) or a message does not open."""
        with suppress(InvalidTag, TimeoutError, ConnectionError):
            while sealed := (await self._heard.next_msg(SILENT_S)).data:
                if text := self._in.open(sealed):
                    await self._socket.send_str(text.decode())


@asynccontextmanager
async def near(client: Client, control_socket: Path, key: bytes) -> AsyncIterator[None]:
    """On a speech machine: serve the control socket, and carry each connection to the clinic's machine."""
    async def worker(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=BEAT_S, max_msg_size=4 * MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        session = secrets.token_hex(16)
        heard = await client.subscribe(f"{CONTROL}.{session}.down")
        try:
            salt = session.encode() + (await client.request(CONTROL, session.encode(), timeout=ANSWER_S)).data
        except (nats.errors.Error, TimeoutError):  # no clinic is there: the worker tries again
            await heard.unsubscribe()
            await socket.close()
        else:
            ways = _Way(key, salt, "up"), _Way(key, salt, "down")
            await Session(client, socket, heard, f"{CONTROL}.{session}.up", ways).run()
        return socket

    await asyncio.to_thread(_free, control_socket)
    app = web.Application()
    app.router.add_get("/worker", worker)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(control_socket)).start()
        yield
    finally:
        await runner.cleanup()


def _free(control_socket: Path) -> None:
    control_socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    control_socket.unlink(missing_ok=True)  # left behind by a killed process


async def far(client: Client, control_socket: Path, key: bytes) -> None:
    """On the clinic's machine: bring sessions to web's control socket, until cancelled."""
    asked = await client.subscribe(CONTROL, queue="clinic")
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(control_socket))) as http, \
            asyncio.TaskGroup() as tasks:
        async for question in asked.messages:
            tasks.create_task(_bring(client, http, question, key))


async def _bring(client: Client, http: aiohttp.ClientSession, question: Msg, key: bytes) -> None:
    session = question.data.decode(errors="replace")
    if not (session.isascii() and session.isalnum() and len(session) <= 64):
        return
    try:
        async with http.ws_connect("http://control/worker", heartbeat=BEAT_S) as socket:
            heard = await client.subscribe(f"{CONTROL}.{session}.up")
            fresh = secrets.token_bytes(SALT_BYTES)  # with it a session that was recorded cannot be said again
            await question.respond(fresh)
            salt = session.encode() + fresh
            ways = _Way(key, salt, "down"), _Way(key, salt, "up")
            await Session(client, socket, heard, f"{CONTROL}.{session}.down", ways).run()
    except (OSError, aiohttp.ClientError, nats.errors.Error):
        log.info("a connection from another machine met no web process")
