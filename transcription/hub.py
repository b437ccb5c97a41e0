"""The worker's connection to the web process: made again whenever it breaks, for as long as the worker lives."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp
from pydantic import BaseModel

from transcription.protocol import ProtocolError, ToWorker, parse_to_worker

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.2
LAST_BACKOFF_S = 1.0
HEARTBEAT_S = 10.0


class Hub:
    """A WebSocket to web's control channel. `greet` runs on each new connection, `take` on each message."""

    def __init__(self, greet: Callable[[], Awaitable[None]], take: Callable[[ToWorker], Awaitable[None]]) -> None:
        self._greet = greet
        self._take = take
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    @property
    def connected(self) -> bool:
        """Whether a message sent now has someone to reach."""
        return self._socket is not None and not self._socket.closed

    async def send(self, message: BaseModel) -> None:
        """Send, or drop when there is no connection: what matters is said again by `greet`."""
        if self._socket is None or self._socket.closed:
            return
        try:
            await self._socket.send_str(message.model_dump_json())
        except (ConnectionError, aiohttp.ClientError):
            log.info("a message met a closing connection")

    async def run(self, control: str) -> None:
        """Connect, serve, connect again. control: a Unix socket's path, or a ws:// or wss:// base URL."""
        backoff_s = FIRST_BACKOFF_S
        while True:
            try:
                await self._converse(control)
                backoff_s = FIRST_BACKOFF_S
            except (OSError, aiohttp.ClientError):
                backoff_s = min(LAST_BACKOFF_S, backoff_s * 1.5)
            await asyncio.sleep(backoff_s)

    async def _converse(self, control: str) -> None:
        remote = control.startswith(("ws://", "wss://"))
        connector = aiohttp.TCPConnector() if remote else aiohttp.UnixConnector(control)
        url = f"{control.rstrip('/')}/worker" if remote else "http://control/worker"
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, heartbeat=HEARTBEAT_S) as socket,
        ):
            self._socket = socket
            try:
                await self._greet()
                await self._listen(socket)
            finally:
                self._socket = None

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                try:
                    parsed = parse_to_worker(message.data)
                except ProtocolError as error:
                    log.warning("web sent something else: %s", error.code)
                    continue
                await self._take(parsed)
