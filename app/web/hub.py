"""The hub of the control channel: media nodes and transcription workers connect here, over a Unix socket.

Whoever restarts says hello again: nodes report their rooms, workers ask for keys and repeat what was
not acknowledged. Keys leave web sealed to the public key of the node that asks, and never once destroyed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import structlog
from aiohttp import WSCloseCode, web
from prometheus_client import Gauge

from app import encounters
from app.actor import system
from app.db import Database, Tx
from app.errors import AccessDenied
from app.record import commands, corrections, expected, transcripts
from app.record.transcripts import Line
from app.web.black_box import BlackBox
from app.web.keys import SETTINGS
from app.web.rooms import Rooms
from app.web.seats import Seat
from transcription.client import WorkerLink
from transcription.protocol import MAX_MESSAGE_BYTES, Hello, Interim, Refused, Revision, Segment, StreamDone
from transcription.sealing import seal_key
from webrtc.control import MediaLink
from webrtc.quality import ALARM_LAG_MS
from webrtc.signaling import Event, Incident, LayoutEvent, Load, ParticipantEvent, TapEvent, VideoEvent

log = structlog.get_logger(__name__)
SPEECH = system("transcription worker")
LATE_S = 8.0  # captions this far behind are called late
HEARTBEAT_S = 5.0
RETURN_S = 0.25  # a node that only lost its connection is back by then
CARRIED_RETURN_S = 10.0  # and one on another machine when the way there broke, which may be a courier that starts

NODES = Gauge("colloque_media_nodes", "Media nodes connected to this web process.")
LOOP_LAG = Gauge("colloque_media_loop_lag_ms", "How late a media node's event loop runs.", ["node"])
WORKERS = Gauge("colloque_transcription_workers", "Transcription workers connected to this web process.")
BACKLOG = Gauge("colloque_caption_backlog_seconds", "Age of the oldest speech without a caption.")


class Hub:
    """Everything connected to the control channel of this web process."""

    def __init__(self, db: Database, rooms: Rooms, black_box: BlackBox) -> None:
        self._db, self._rooms, self._black_box = db, rooms, black_box
        self._links: set[WorkerLink] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        rooms.on_stream = self.nudge
        rooms.captions_are("paused")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        """GET /media: a media node's connection, while it lasts; `way=courier` when it is another machine's."""
        ws = await self._accept(request)
        link = MediaLink(ws, on_hello=self._node_up, on_event=self._node_says)
        NODES.inc()
        try:
            await link.run()
        finally:
            NODES.dec()
            with suppress(KeyError):
                LOOP_LAG.remove(link.node)
            broken = request.query.get("way") == "courier" and ws.close_code != WSCloseCode.GOING_AWAY
            self._rooms.node_down(link, out_of_sight=broken)
            self._black_box.server_is(link.node, late=False)
            self._give_up_later(link.node, CARRIED_RETURN_S if broken else RETURN_S)
            self._sockets.discard(ws)
        return ws

    def _give_up_later(self, node: str, wait_s: float) -> None:
        def due() -> None:
            if not self._rooms.give_up(node):
                self._give_up_later(node, CARRIED_RETURN_S)
        asyncio.get_running_loop().call_later(wait_s, due)

    async def worker(self, request: web.Request) -> web.WebSocketResponse:
        """GET /worker: a transcription worker's connection, for as long as it lasts."""
        ws = await self._accept(request)
        link = WorkerLink(ws, self)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            self._sockets.discard(ws)
            self._tell_captions()
        return ws

    async def nudge(self, visit_id: str, stream_id: str) -> None:
        """Tell the workers that a stream began; they would find it by themselves a little later."""
        for link in self._workers():
            with suppress(ConnectionResetError):
                await link.nudge(visit_id, stream_id)

    async def forget(self, visit_id: str) -> None:
        """A visit's audio key was destroyed: workers drop what they hold of it."""
        for link in self._workers():
            with suppress(ConnectionResetError):
                await link.forget(visit_id)

    async def close(self) -> None:
        """Close every connection, so that shutdown does not wait for them."""
        for ws in tuple(self._sockets):
            await ws.close()

    # --- what media nodes say -------------------------------------------------------------------------

    async def _node_up(self, link: MediaLink) -> None:
        rooms = link.hello.rooms if link.hello else []
        log.info("media node connected", node=link.node, rooms=len(rooms))
        await self._rooms.node_up(link, {
            room.room: {p.participant: Seat(p.participant, p.role, state=p.state, stream=p.tap or "")
                        for p in room.participants} for room in rooms})

    async def _node_says(self, link: MediaLink, event: Event) -> None:
        rooms = self._rooms
        match event:
            case ParticipantEvent():
                await rooms.participant_changed(event.room, event.participant, event.state, event.reason)
                await self._black_box.media_is(event.room, event.participant, event.role, event.state, event.reason)
            case LayoutEvent():
                rooms.layout(event.room, event.participant, [slot.model_dump() for slot in event.slots])
            case VideoEvent():
                rooms.tell(event.room, {"type": "video", "participant": event.participant, "paused": event.paused})
            case TapEvent(state="started"):
                await rooms.tap_started(event.visit_id, event.participant, event.stream_id)
            case TapEvent():
                await rooms.tap_ended(event.visit_id, event.participant, event.stream_id, event.reason)
            case Incident():
                log.warning("media node incident", node=link.node, code=event.code, value=event.value)
            case Load():
                LOOP_LAG.labels(link.node).set(event.loop_lag_ms)
                self._black_box.server_is(link.node, late=event.loop_lag_ms > ALARM_LAG_MS)

    # --- what workers say (transcription.client.WorkerEvents) -----------------------------------------

    async def on_hello(self, hello: Hello) -> None:
        """A worker is here."""
        log.info("transcription worker connected", node=hello.node, model=hello.model,
                 rtf=hello.self_measure_rtf, visits=hello.visits)
        self._tell_captions()

    async def key_for(self, visit_id: str, public_key: bytes) -> bytes | None:
        """The visit's key sealed to this worker; None when there is none any more."""
        try:
            key = await self._db.write(SPEECH, transcripts.audio_key, visit_id)
        except AccessDenied:
            return None
        return None if key is None else seal_key(public_key, key, visit_id=visit_id)

    async def stored_of(self, stream_id: str) -> int:
        """Where a worker that takes this stream over goes on."""
        return await self._db.read(SPEECH, transcripts.stored_of, stream_id)

    async def words_for(self, visit_id: str) -> list[str]:
        """What the motif, the record and common sense let expect, the likeliest last."""
        return await self._db.read(SPEECH, expected.words, visit_id)

    async def on_segment(self, segment: Segment) -> None:
        """Write it down, then show it; the link acknowledges once this returns."""
        spoken = transcripts.Segment.model_validate(segment.model_dump())
        try:
            written = await self._db.write(SPEECH, _append, spoken)
        except AccessDenied:  # the refusal is in the trail; asking again would not change it
            return
        if written is not None:
            line, patient_too, command = written
            self._rooms.caption(segment.visit_id, line, patient_too=patient_too)
            if command:
                self._rooms.commanded(segment.visit_id)

    async def on_revision(self, revision: Revision) -> None:
        """A line was understood better the second time."""
        spoken = transcripts.Segment.model_validate(revision.model_dump())
        with suppress(AccessDenied):  # the refusal is in the trail
            line = await self._db.write(SPEECH, corrections.revise, spoken)
            if line is not None:
                self._rooms.corrected(revision.visit_id, line)
                self._rooms.commanded(revision.visit_id)

    async def on_interim(self, interim: Interim) -> None:
        """What is being said: to the screens of those who speak, stored nowhere."""
        self._rooms.interim(interim.visit_id, interim.role, interim.start_at_ms, interim.text)

    async def on_stream_done(self, done: StreamDone) -> None:
        """Nothing more will come of this stream."""
        await self._db.write(SPEECH, transcripts.complete_stream, done.stream_id)

    async def on_backlog(self, seconds: float) -> None:
        """Captions are this late."""
        BACKLOG.set(seconds)
        self._tell_captions(late=seconds > LATE_S)

    async def on_refused(self, refused: Refused) -> None:
        """A sealed frame did not open: somebody touched the spool, or the disk failed."""
        log.warning("sealed speech refused", stream=refused.stream_id, sequence=refused.sequence, reason=refused.reason)
        await self._db.write(SPEECH, transcripts.note_refused_frame, refused.visit_id, refused.stream_id,
                             refused.sequence, refused.reason)

    def _workers(self) -> list[WorkerLink]:
        return [link for link in self._links if link.hello is not None]

    def _tell_captions(self, *, late: bool = False) -> None:
        workers = len(self._workers())
        WORKERS.set(workers)
        self._rooms.captions_are("paused" if workers == 0 else "late" if late else "live")

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=4 * MAX_MESSAGE_BYTES)
        await ws.prepare(request)
        self._sockets.add(ws)
        return ws


HUB = web.AppKey("hub", Hub)


def _append(tx: Tx, spoken: transcripts.Segment) -> tuple[Line, bool, bool] | None:
    # The line, whether the patient may see it, and whether the doctor said something to the assistant.
    row = transcripts.append_segment(tx, spoken)
    if row is None:
        return None
    encounter = encounters.status_of(tx, spoken.visit_id)
    line = transcripts.line(tx, encounter, row)
    return line, transcripts.may_show_patient(tx, encounter), commands.hear(tx, encounter, row)


async def control_channel(app: web.Application) -> AsyncIterator[None]:
    """Serve the control channel while the web application runs."""
    hub = app[HUB]
    path = app[SETTINGS].control_socket
    _private_directory(path.parent)
    site = web.Application()
    site.router.add_get("/media", hub.media)
    site.router.add_get("/worker", hub.worker)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await asyncio.to_thread(path.unlink, missing_ok=True)  # left behind by a killed process
        await web.UnixSite(runner, str(path)).start()
        yield
    finally:
        await hub.close()
        await runner.cleanup()


def _private_directory(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
