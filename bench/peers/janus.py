"""Debian's Janus with its video room, as far as two-party calls need it (its WebSocket API)."""

import asyncio
import itertools
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp
from aioice.ice import get_host_addresses

from bench.peers.wire import answer, connect
from bench.rig import Process, free_port
from webrtc.sdp import MediaLine
from webrtc.transport import MediaTransport

CONFIG = """general: {{ debug_level = 2; log_to_stdout = false; log_to_file = "{directory}/log" }}
nat: {{ ice_enforce_list = "{host}" }}
plugins: {{ disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }}
transports: {{ disable = "libjanus_http.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_mqtt.so,libjanus_nanomsg.so" }}
"""
WEBSOCKETS = 'general: {{ ws = true; ws_port = {port}; ws_ip = "127.0.0.1" }}\n'


def host() -> str:
    """An address of this machine that Janus offers: it leaves loopback out."""
    return get_host_addresses(use_ipv4=True, use_ipv6=False)[0]


@asynccontextmanager
async def running_janus() -> AsyncIterator[tuple[Process, str]]:
    """Janus in a process of its own and the URL of its API."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        (Path(directory) / "janus.jcfg").write_text(CONFIG.format(directory=directory, host=host()))
        (Path(directory) / "janus.transport.websockets.jcfg").write_text(WEBSOCKETS.format(port=port))
        (Path(directory) / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")
        server = Process("janus", f"--configs-folder={directory}", f"--config={directory}/janus.jcfg")
        try:
            yield server, f"ws://127.0.0.1:{port}"
        finally:
            server.stop()


class VideoRoom:
    """One session of the API: publishes and subscribes for everybody."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._names = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session: int | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """A session; Janus may still be starting."""
        async with aiohttp.ClientSession() as client:
            for _ in range(100):
                with suppress(aiohttp.ClientError):
                    socket = await client.ws_connect(url, protocols=["janus-protocol"], max_msg_size=0)
                    break
                await asyncio.sleep(0.1)
            rooms = cls(socket)
            reader = asyncio.create_task(rooms._read())
            try:
                rooms._session = (await rooms._ask(janus="create"))["data"]["id"]
                yield rooms
            finally:
                reader.cancel()
                await socket.close()

    async def _read(self) -> None:
        async for raw in self._socket:
            message = raw.json()
            future = self._waiting.get(message.get("transaction", ""))
            if message["janus"] != "ack" and future is not None and not future.done():
                future.set_result(message)

    async def _ask(self, **message: Any) -> dict[str, Any]:
        name = secrets.token_hex(6)
        future = self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._session is not None:
            message["session_id"] = self._session
        await self._socket.send_json(message | {"transaction": name})
        told = await asyncio.wait_for(future, 20)
        del self._waiting[name]
        problem = told.get("error") or told.get("plugindata", {}).get("data", {}).get("error")
        if problem:
            raise RuntimeError(problem)
        return told

    async def _attach(self) -> int:
        return int((await self._ask(janus="attach", plugin="janus.plugin.videoroom"))["data"]["id"])

    async def publish(self, call: int, name: str) -> MediaTransport:
        """Send into the call's room."""
        handle, room = await self._attach(), call + 1
        with suppress(RuntimeError):  # the other made it
            await self._ask(janus="message", handle_id=handle, body={
                "request": "create", "room": room, "publishers": 2, "audiocodec": "opus", "videocodec": "vp8"})
        lines = [MediaLine("0", "mic", 101, "call mic"), MediaLine("1", "camera", 102, "call camera")]

        async def ask(offer: str) -> str:
            body = {"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": _feed(call, name)}
            told = await self._ask(janus="message", handle_id=handle, body=body,
                                   jsep={"type": "offer", "sdp": offer})
            return str(told["jsep"]["sdp"])

        return await connect(host(), lines, ask)

    async def subscribe(self, call: int, name: str) -> MediaTransport:
        """Receive the other of the call."""
        handle = await self._attach()
        feed = _feed(call, "b" if name == "a" else "a")
        told = await self._ask(janus="message", handle_id=handle, body={
            "request": "join", "ptype": "subscriber", "room": call + 1, "streams": [{"feed": feed}]})

        async def tell(text: str) -> None:
            await self._ask(janus="message", handle_id=handle, body={"request": "start"},
                            jsep={"type": "answer", "sdp": text})

        return await answer(host(), told["jsep"]["sdp"], tell)


def _feed(call: int, name: str) -> int:
    return 2 * call + (1 if name == "a" else 2)
