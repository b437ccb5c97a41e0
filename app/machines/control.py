"""Control messages between machines: a connection to this machine's own socket goes on to the clinic's, over NATS.

Each connection, of a media node or of a worker, is a session sealed with the key that the machines share: the server
between them reads nothing, and who has no key says nothing. What does not open is as good as not said. A message that
got lost (NATS promises no delivery) ends the session, and so does silence. Whoever is cut off connects anew and repeats
what counts. Web is told the two ends apart: a session that was LOST comes again by itself, and calls go on meanwhile;
one that is GONE does not, for its node or its machine died.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import nats.errors
from aiohttp import WSCloseCode, web
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from app.machines.sealing import Foreign, Missed, Way
from app.machines.server import CONTROL, answers
from webrtc.signaling import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

SALT_BYTES = 16
SOCKET_BEAT_S = 5.0
BEAT_S = 0.5
SILENT_S = 2.0  # then the other machine is gone, if the server answers: a call is to be back within five
LAST_LOOK_S = 0.1
ANSWER_S = 5.0

PATHS = {"worker": "/worker", "media": "/media?way=courier"}
QUESTION = re.compile(rf"({'|'.join(PATHS)})\.[0-9a-f]{{32}}")
GONE, LOST = b"gone", b"lost"  # how a session ends; no JSON, so no message

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
Overhear = Callable[[str], None]


class Session:
    """One WebSocket carried over NATS: what comes from it is published to `to`, what comes at `heard` is sent to it."""

    def __init__(self, client: Client, heard: Subscription, to: str, ways: tuple[Way, Way]) -> None:
        self._client, self._heard, self._to = client, heard, to
        self._out, self._in = ways

    async def proven(self) -> bool:
        """Whether somebody with the key is at the other end: they say something at once."""
        with suppress(TimeoutError, Missed):
            await self._next(ANSWER_S)
            return True
        return False

    async def run(self, socket: Socket, first: str = "", overhear: Overhear = lambda text: None) -> bytes:
        """Carry until either socket closes, the other machine is silent (GONE), or the way is broken (LOST).

        Then tells the other end the same.

        first: was read from the socket already. overhear: hears what comes from the socket.
        """
        end = LOST
        await self.say(first.encode())
        hearing = asyncio.create_task(self._hear(socket))
        speaking = asyncio.create_task(self._from_socket(socket, overhear))
        tasks = [hearing, speaking, asyncio.create_task(self._beat())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done() and not hearing.exception():
                end = hearing.result()
            elif speaking.done() and not speaking.exception():
                end = GONE
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(nats.errors.Error):
                await self.say(end)
                await self._heard.unsubscribe()
        return end

    async def say(self, text: bytes = b"") -> None:
        """The next message; an empty one says that we are here."""
        await self._client.publish(self._to, self._out.seal(text))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await self.say()

    async def _from_socket(self, socket: Socket, overhear: Overhear) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                overhear(message.data)
                await self.say(message.data.encode())

    async def _hear(self, socket: Socket) -> bytes:
        patience_s = SILENT_S
        while True:
            try:
                text = await self._next(patience_s)
            except Missed:
                return LOST
            except TimeoutError:
                if patience_s == LAST_LOOK_S or not await answers(self._client):
                    return GONE if patience_s == LAST_LOOK_S else LOST
                patience_s = LAST_LOOK_S
                continue
            patience_s = SILENT_S
            if text in (GONE, LOST):
                return text
            if text:
                with suppress(ConnectionError):  # its end is noticed by who reads it
                    await socket.send_str(text.decode())

    async def _next(self, within_s: float) -> bytes:
        """What the other end says next. Raises TimeoutError, however much others say, and Missed."""
        until_s = time.monotonic() + within_s
        while (left_s := until_s - time.monotonic()) > 0:
            with suppress(Foreign):
                return self._in.open((await self._heard.next_msg(left_s)).data)
        raise TimeoutError


@asynccontextmanager
async def near(
    client: Client, control_socket: Path, key: bytes, overhear: Callable[[], Overhear] = lambda: lambda text: None,
) -> AsyncIterator[None]:
    """On another machine: serve the control socket, and carry each connection to the clinic's machine.

    overhear: called for each connection of a media node; what it returns hears what the node says.
    """
    async def media(request: web.Request) -> web.WebSocketResponse:
        return await _take_over(request, client, "media", key, overhear())

    async def worker(request: web.Request) -> web.WebSocketResponse:
        return await _take_over(request, client, "worker", key, lambda text: None)

    await asyncio.to_thread(_free, control_socket)
    app = web.Application()
    app.add_routes([web.get("/media", media), web.get("/worker", worker)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(control_socket)).start()
        yield
    finally:
        await runner.cleanup()


async def _take_over(
    request: web.Request, client: Client, kind: str, key: bytes, overhear: Overhear,
) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(heartbeat=SOCKET_BEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    hello = await socket.receive()
    if hello.type is aiohttp.WSMsgType.TEXT:
        overhear(hello.data)  # also while no web process is there
        session = await _asked(client, f"{kind}.{secrets.token_hex(16)}", key)
        if session:
            await session.run(socket, hello.data, overhear)
    await socket.close()
    return socket


async def _asked(client: Client, name: str, key: bytes) -> Session | None:
    """A session with the clinic's machine; None when none is within reach: whoever wants one tries again."""
    if not client.is_connected:
        return None
    heard = await client.subscribe(f"{CONTROL}.{name}.down")
    try:
        salt = name.encode() + (await client.request(CONTROL, name.encode(), timeout=ANSWER_S)).data
        session = Session(client, heard, f"{CONTROL}.{name}.up", (Way(key, salt, "up"), Way(key, salt, "down")))
        await session.say()
    except (nats.errors.Error, TimeoutError):
        await heard.unsubscribe()
        return None
    return session


def _free(control_socket: Path) -> None:
    control_socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    control_socket.unlink(missing_ok=True)  # left behind by a killed process


async def far(client: Client, control_socket: Path, key: bytes) -> None:
    """On the clinic's machine: bring sessions to web's control socket, until cancelled."""
    asked = await client.subscribe(CONTROL, queue="clinic")
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(control_socket), limit=0)) as http, \
            asyncio.TaskGroup() as tasks:
        async for question in asked.messages:
            tasks.create_task(_answer(client, http, question, key))


async def _answer(client: Client, http: aiohttp.ClientSession, question: Msg, key: bytes) -> None:
    name = question.data.decode(errors="replace")
    if not QUESTION.fullmatch(name):
        return
    with suppress(nats.errors.Error):  # the server is gone: whoever asked asks again
        heard = await client.subscribe(f"{CONTROL}.{name}.up")
        fresh = secrets.token_bytes(SALT_BYTES)  # with it a session that was recorded cannot be said again
        salt = name.encode() + fresh
        session = Session(client, heard, f"{CONTROL}.{name}.down", (Way(key, salt, "down"), Way(key, salt, "up")))
        await question.respond(fresh)
        if await session.proven():  # web hears of nobody else
            await _bring(session, http, PATHS[name.partition(".")[0]])
        else:
            await heard.unsubscribe()


async def _bring(session: Session, http: aiohttp.ClientSession, path: str) -> None:
    try:
        async with http.ws_connect(f"http://control{path}", heartbeat=SOCKET_BEAT_S) as socket:
            if await session.run(socket) == GONE:
                await socket.close(code=WSCloseCode.GOING_AWAY)
    except (OSError, aiohttp.ClientError):
        log.info("a connection from another machine met no web process")
        await session.say(GONE)
