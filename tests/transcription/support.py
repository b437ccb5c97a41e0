"""A tap that speaks recorded Opus, and a web process reduced to its memory: real sockets, real seals, real files."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import IO

import av
from aiohttp import web

from transcription.client import WorkerLink
from transcription.protocol import Hello, Interim, Refused, Revision, Segment, StreamDone, StreamHeader
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
        self.revisions: list[Revision] = []
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
        """What the record reads in the end: second hearings in place of the first."""
        read = {key: segment.text for key, segment in self.segments.items() if segment.stream_id == stream_id}
        read |= {key: r.text for r in self.revisions if (key := (r.stream_id, r.first_seq)) in read}
        return " ".join(text for _, text in sorted(read.items()))

    async def on_hello(self, hello: Hello) -> None:
        self.hellos.append(hello)
        await self._note()

    async def key_for(self, visit_id: str, public_key: bytes) -> bytes | None:
        key = self.keys.get(visit_id)
        return key and seal_key(public_key, key, visit_id=visit_id)

    async def stored_of(self, stream_id: str) -> int:
        return max((s.last_seq for s in self.segments.values() if s.stream_id == stream_id), default=-1)

    async def words_for(self, visit_id: str) -> list[str]:
        return self.words

    async def on_segment(self, segment: Segment) -> None:
        self.announced.append(segment)
        if segment.first_seq > await self.stored_of(segment.stream_id):  # as app.record.transcripts has it
            self.segments[segment.stream_id, segment.first_seq] = segment
        self.heard_ms.setdefault((segment.stream_id, segment.first_seq), time.time_ns() // 1_000_000)
        await self._note()

    async def on_revision(self, revision: Revision) -> None:
        self.revisions.append(revision)
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


NURSERY = """
import asyncio, os, sys
from pathlib import Path
from transcription import worker
from transcription.recognizer import Recognizer
from transcription.weights import checkpoint

loaded = Recognizer(checkpoint())
worker.Recognizer = lambda _: loaded
for line in sys.stdin:
    control, folder = line.rstrip().split(chr(9))
    child = os.fork()
    if child == 0:
        asyncio.run(worker.run(control, Path(folder, "spool"), Path(folder, "keys")))
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class WorkerProcess:
    """A worker on its own; used like asyncio's Process."""

    def __init__(self, pid: int, ended: IO[str]) -> None:
        self.pid, self.returncode, self._ended = pid, None, ended

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As the kernel's memory killer does it."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit status once it ended."""
        if self.returncode is None:
            self.returncode = int(await asyncio.to_thread(self._ended.readline))
        return self.returncode


@cache
def _nursery() -> subprocess.Popen[str]:
    """A process that loads the model once and forks workers, one at a time, since each would load it for seconds.

    Each is a process of its own with its own files and sockets, killed for real. The nursery ends with its standard input.
    """
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", NURSERY], cwd=Path(__file__).parents[2], text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


@asynccontextmanager
async def worker(web_socket: Path, folder: Path) -> AsyncIterator[WorkerProcess]:
    """A real worker process; yields it, ends it with SIGTERM when it still lives."""
    nursery = _nursery()
    nursery.stdin.write(f"{web_socket}\t{folder}\n")
    process = WorkerProcess(int(await asyncio.to_thread(nursery.stdout.readline)), nursery.stdout)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
