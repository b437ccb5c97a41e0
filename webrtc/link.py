"""The node's end of the control channel: connects to web, reconnects for ever, answers each command in turn."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import structlog
from pydantic import BaseModel

from transcription.protocol import ProtocolError
from webrtc.ice import NoAddress
from webrtc.room import RoomRefused
from webrtc.rooms import Rooms
from webrtc.sdp import SdpRefused
from webrtc.signaling import MAX_MESSAGE_BYTES, Hello, Refusal, Reply, parse_command
from webrtc.tap import TapFailed

log = structlog.get_logger(__name__)
FIRST_PAUSE_S = 0.05  # shorter than web waits before it gives a node's rooms to another
LONGEST_PAUSE_S = 1.0
HEARTBEAT_S = 5.0
UNSENT_MESSAGES = 1_000  # beyond it the oldest are dropped: on reconnecting the report says what counts
PATH = "/media"


class ControlLink:
    """See the module. control: a Unix socket's path, or a ws:// or http:// URL of web's control channel."""

    def __init__(
        self, control: str, rooms: Rooms, node: str, public_key: bytes, admitting: Callable[[], bool] = lambda: True,
    ) -> None:
        self._control = control
        self._rooms = rooms
        self._node = node
        self._admitting = admitting
        self._public_key = base64.b64encode(public_key).decode()
        self._unsent: asyncio.Queue[str] = asyncio.Queue(UNSENT_MESSAGES)
        self.connected = False

    def emit(self, message: BaseModel) -> None:
        """Queue a message for web; never waits. Without a connection it is dropped, and the next report says it."""
        if not self.connected:
            return
        if self._unsent.full():
            self._unsent.get_nowait()
        self._unsent.put_nowait(message.model_dump_json())

    async def keep(self) -> None:
        """Connect, serve, and connect again, until cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with self._session() as session, session.ws_connect(
                        self._url(), heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES) as socket:
                    pause_s = FIRST_PAUSE_S
                    await self._serve(socket)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    def _remote(self) -> bool:
        return self._control.startswith(("ws://", "wss://", "http://", "https://"))

    def _url(self) -> str:
        return self._control.rstrip("/") + PATH if self._remote() else f"http://control{PATH}"

    def _session(self) -> aiohttp.ClientSession:
        connector = None if self._remote() else aiohttp.UnixConnector(self._control)
        return aiohttp.ClientSession(connector=connector)

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while not self._unsent.empty():
            self._unsent.get_nowait()
        hello = Hello(node=self._node, public_key=self._public_key, rooms=self._rooms.report(),
                      admitting=self._admitting())
        await socket.send_str(hello.model_dump_json())
        self.connected = True
        self._rooms.tell_layouts()
        sender = asyncio.create_task(self._send(socket), name="control sender")
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.emit(await self._answer(message.data))
        finally:
            self.connected = False
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await socket.send_str(await self._unsent.get())

    async def _answer(self, text: str) -> BaseModel:
        request = 0
        try:
            command = parse_command(text)
            request = command.request
            return Reply(request=request, result=await self._rooms.carry_out(command))
        except ProtocolError as error:
            return Refusal(request=_request_of(text), code=error.code, message=str(error))
        except (RoomRefused, SdpRefused) as error:
            return Refusal(request=request, code=error.code, message=str(error))
        except TapFailed as error:
            return Refusal(request=request, code=error.reason, message="the tap cannot start")
        except NoAddress as error:
            return Refusal(request=request, code="no-address", message=str(error))
        except Exception as error:
            log.exception("command failed", error=type(error).__name__)
            return Refusal(request=request, code="internal", message="the media node failed to do this")


def _request_of(text: str) -> int:
    """The request number of a command that is otherwise unusable, 0 when there is none."""
    found: dict[str, Any] = {}
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
    number = found.get("request") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else 0
