"""A tap that speaks recorded Opus, and a web process reduced to its memory: real sockets, real seals, real files."""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import av
from aiohttp import web

from transcription.client import WorkerLink
from transcription.protocol import Hello, Interim, Refused, Segment, StreamDone, StreamHeader
from transcription.sealing import FrameSealer, new_visit_key, seal_key
from transcription.spool import SpoolWriter

SPEECH = Path(__file__).parent.parent / "data" / "speech"
PACKET_MS = 20


def packets(name: str) -> list[bytes]:
    """The Opus packets of a recording, 20 ms each."""
    with av.open(str(SPEECH / f"{name}.opus")) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def truth(name: str) -> dict:
    return json.loads((SPEECH / f"{name}.json").read_text())


class Tap:
    """Writes one stream into the spool as the media node does."""

    def __init__(self, root: Path, visit_key: bytes, language: str, visit_id: str = "v1", stream_id: str = "s1",
                 started_at_ms: int | None = None):
        started_at_ms = started_at_ms or time.time_ns() // 1_000_000
        header = StreamHeader(visit_id=visit_id, stream_id=stream_id, participant_id="p1", role="patient",
                              language=language, started_at_ms=started_at_ms)
        self.writer = SpoolWriter(root, header, FrameSealer(visit_key, header))
        self.at_ms = self.started_at_ms = started_at_ms

    def say(self, opus: list[bytes]) -> None:
        for packet in opus:
            self.writer.append(self.at_ms, packet)
            self.at_ms += PACKET_MS
        self.writer.flush()

    async def say_live(self, opus: list[bytes]) -> None:
        start_s = time.monotonic()
        for n, packet in enumerate(opus):
            self.writer.append(self.at_ms, packet)
            self.at_ms += PACKET_MS
            await asyncio.sleep(max(0, start_s + n * PACKET_MS / 1_000 - time.monotonic()))
        self.writer.flush()


class FakeWeb:
    """Serves the control channel on a Unix socket; keeps what a database would."""

    def __init__(self, folder: Path):
        self.socket_path = folder / "control.sock"
        self.keys: dict[str, bytes] = {}
        self.words: list[str] = []  # expected in every visit
        self.segments: dict[tuple[str, int], Segment] = {}
        self.announced: list[Segment] = []  # every announcement, repeated ones too
        self.interims: list[Interim] = []
        self.done: list[StreamDone] = []
        self.refused: list[Refused] = []
        self.hellos: list[Hello] = []
        self.backlogs: list[float] = []
        self.links: list[WorkerLink] = []
        self.heard_ms: dict[tuple[str, int], int] = {}
        self._changed = asyncio.Condition()

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition, seconds: float = 240) -> None:
        """Wait until the condition holds; TimeoutError when it does not come to."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    def visit(self, visit_id: str = "v1") -> bytes:
        self.keys[visit_id] = new_visit_key()
        return self.keys[visit_id]

    def text(self, stream_id: str = "s1") -> str:
        mine = sorted((s for s in self.segments.values() if s.stream_id == stream_id), key=lambda s: s.first_seq)
        return " ".join(segment.text for segment in mine)

    async def on_hello(self, hello: Hello) -> None:
        self.hellos.append(hello)
        await self._note()

    async def key_for(self, visit_id: str, public_key: bytes) -> bytes | None:
        key = self.keys.get(visit_id)
        return key and seal_key(public_key, key, visit_id=visit_id)

    async def words_for(self, visit_id: str) -> list[str]:
        return self.words

    async def on_segment(self, segment: Segment) -> None:
        self.announced.append(segment)
        self.segments.setdefault((segment.stream_id, segment.first_seq), segment)
        self.heard_ms.setdefault((segment.stream_id, segment.first_seq), time.time_ns() // 1_000_000)
        await self._note()

    async def on_interim(self, interim: Interim) -> None:
        self.interims.append(interim)
        await self._note()

    async def on_stream_done(self, done: StreamDone) -> None:
        self.done.append(done)
        await self._note()

    async def on_backlog(self, seconds: float) -> None:
        self.backlogs.append(seconds)
        await self._note()

    async def on_refused(self, refused: Refused) -> None:
        self.refused.append(refused)
        await self._note()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        link = WorkerLink(socket, self)
        self.links.append(link)
        await link.run()
        return socket

    @asynccontextmanager
    async def serving(self):
        app = web.Application()
        app.router.add_get("/worker", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, self.socket_path).start()
        try:
            yield self
        finally:
            await runner.cleanup()
            self.socket_path.unlink(missing_ok=True)


WORKER = """
import asyncio, sys
from pathlib import Path
from transcription.worker import run
asyncio.run(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), None))
"""


@asynccontextmanager
async def worker(web_socket: Path, folder: Path):
    """A real worker process; yields it, ends it with SIGTERM when it still lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", WORKER,
        str(web_socket), str(folder / "spool"), str(folder / "keys"),
        cwd=Path(__file__).parent.parent.parent, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
