"""A small web process for tests: the real MediaLink on a real Unix socket, and the browser's WebSocket relayed to it.

It speaks the documented protocol on both sides, but knows no visits, accounts or database.
"""

import asyncio
import json
from pathlib import Path

from aiohttp import WSMsgType, web

from webrtc.control import MediaError, MediaLink
from webrtc.signaling import LayoutEvent, ParticipantEvent, TapEvent

STATIC = Path(__file__).parents[2] / "static"
PAGE = """<!doctype html><meta charset="utf-8"><title>call</title><video id="v" autoplay playsinline></video>
<script type="module">
import { CallSession } from "/static/js/call/session.js";
window.CallSession = CallSession; window.ready = true;
</script>"""


class House:
    """One control socket, any number of browsers; `events` keeps everything the node said."""

    def __init__(self, control: Path) -> None:
        self.control = control
        self.link: MediaLink | None = None
        self.linked = asyncio.Event()
        self.events: list[object] = []
        self.browsers: dict[tuple[str, str], web.WebSocketResponse] = {}
        self.states: dict[tuple[str, str], dict] = {}
        self.url = ""
        self._runners: list[web.AppRunner] = []
        self._sockets: set[web.WebSocketResponse] = set()

    async def start(self) -> "House":
        control = web.Application()
        control.router.add_get("/media", self._media)
        pages = web.Application()
        pages.router.add_get("/", self._page)
        pages.router.add_get("/socket/{room}/{participant}/{role}", self._browser)
        pages.router.add_static("/static", STATIC)
        self.control.parent.mkdir(parents=True, exist_ok=True)
        for app, site in ((control, lambda r: web.UnixSite(r, str(self.control))),
                          (pages, lambda r: web.TCPSite(r, "127.0.0.1", 0))):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            await site(runner).start()
            self._runners.append(runner)
        self.url = f"http://localhost:{self._runners[1].addresses[0][1]}"
        return self

    async def stop(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
        for runner in self._runners:
            await runner.cleanup()
        self.control.unlink(missing_ok=True)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=5, max_msg_size=262_144)
        await socket.prepare(request)
        self._sockets.add(socket)
        link = MediaLink(socket, on_hello=self._hello, on_event=self._event)
        try:
            await link.run()
        finally:
            self._sockets.discard(socket)
            if self.link is link:
                self.link = None
                self.linked.clear()
        return socket

    async def _hello(self, link: MediaLink) -> None:
        self.events.append(link.hello)
        self.link = link
        self.linked.set()
        reported = {(r.room, p.participant) for r in link.hello.rooms for p in r.participants}
        for place, socket in list(self.browsers.items()):
            if place not in reported:
                await socket.send_json({"type": "rejoin"})

    async def _event(self, link: MediaLink, event: object) -> None:
        self.events.append(event)
        match event:
            case LayoutEvent():
                await self._tell(event.room, event.participant, {
                    "type": "layout", "slots": [slot.model_dump() for slot in event.slots]})
            case ParticipantEvent():
                body = {"type": "participant", "participant": event.participant, "role": event.role, "name": "",
                        "audio": True, "video": True, "state": event.state}
                self.states[event.room, event.participant] = body
                for room, participant in list(self.browsers):
                    if room == event.room:
                        await self._tell(room, participant, body)
                if event.state == "unheard" or event.reason == "heard":
                    heard = {"type": "heard", "heard": event.state == "connected"}
                    await self._tell(event.room, event.participant, heard)
            case TapEvent():
                pass

    async def _tell(self, room: str, participant: str, body: dict) -> None:
        socket = self.browsers.get((room, participant))
        if socket is not None and not socket.closed:
            await socket.send_json(body)

    async def _browser(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=131_072)
        await socket.prepare(request)
        self._sockets.add(socket)
        room, participant, role = (request.match_info[k] for k in ("room", "participant", "role"))
        self.browsers[room, participant] = socket
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._obey(socket, room, participant, role, json.loads(message.data))
        finally:
            self._sockets.discard(socket)
            if self.browsers.get((room, participant)) is socket:
                del self.browsers[room, participant]
        return socket

    async def _obey(self, socket: web.WebSocketResponse, room: str, participant: str, role: str, said: dict) -> None:
        try:
            if self.link is None:
                raise MediaError("no media node")
            match said["type"]:
                case "join":
                    offer = await self.link.join(room, participant, role, echo=room.startswith("probe-"))
                    await socket.send_json({"type": "offer", "epoch": offer.epoch, "sdp": offer.sdp, "ice_servers": []})
                case "answer":
                    await self.link.answer(room, participant, said["epoch"], said["sdp"])
                case "candidate":
                    await self.link.candidate(room, participant, said["epoch"], said["candidate"])
                case "leave":
                    await self.link.leave(room, participant)
                case "state":
                    body = {**self.states.get((room, participant), {}), "audio": said["audio"], "video": said["video"],
                            "screen": said["screen"]}
                    for other_room, other in list(self.browsers):
                        if other_room == room and other != participant:
                            await self._tell(room, other, body)
        except MediaError as error:
            code = getattr(error, "code", "unavailable")
            await socket.send_json({"type": "error", "code": code, "message": "no"})
