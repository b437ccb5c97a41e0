"""Real workers, killed -9 at random instants over and over: what of the speech was lost, what was told twice.

A worker needs seconds to load its model. So one process, the nursery, loads it once and forks a worker for each life:
a process of its own with its own files and sockets, killed for real.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.transcription.support import FakeWeb, Tap
from transcription.protocol import Segment

NURSERY = """
import asyncio, os, sys
from pathlib import Path
from transcription.recognizer import Recognizer
from transcription.weights import checkpoint
from transcription.worker import Worker

control, folder = sys.argv[1], Path(sys.argv[2])
recognizer = Recognizer(checkpoint())
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        asyncio.run(Worker(folder / "spool", folder / "keys" / "worker.key", recognizer, "base").run(control))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""
LONGEST_LIFE_S = 2.5
SLOW_STORE_S = 0.05  # web takes its time, so that kills fall between storing and acknowledging too
EDGE_MS = 250  # a detector that begins anew at a cut may hear speech begin or end a little elsewhere


@dataclass
class Outcome:
    """Over all streams: how often a worker was killed, and seconds of speech nobody wrote down, or that came twice."""

    kills: int = 0
    spoken_s: float = 0.0
    lost_s: float = 0.0
    doubled_s: float = 0.0
    repeated: int = 0  # segments told again under their old numbers: allowed, web knows them
    texts: list[tuple[str, str]] = field(default_factory=list)  # undisturbed, killed


class SlowWeb(FakeWeb):
    """Stores after a moment, acknowledges after another."""

    async def on_segment(self, segment: Segment) -> None:
        await asyncio.sleep(random.uniform(0, SLOW_STORE_S))
        await super().on_segment(segment)
        await asyncio.sleep(random.uniform(0, SLOW_STORE_S))


class Nursery:
    """Bears one worker at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def _line(self) -> str:
        line = (await self._process.stdout.readline()).decode().strip()
        if not line:
            raise RuntimeError("the nursery died")
        return line

    async def bear(self) -> int:
        """A new worker's process id."""
        self._process.stdin.write(b"\n")
        return int(await self._line())

    async def kill(self, pid: int) -> None:
        """As the kernel's memory killer does it."""
        os.kill(pid, signal.SIGKILL)
        assert await self._line() == "dead"


@asynccontextmanager
async def nursery(web_socket: Path, folder: Path) -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NURSERY, str(web_socket), str(folder), cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        yield Nursery(process)
    finally:
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def kill_over_and_over(folder: Path, spoken: list[bytes], kills: int, seed: int) -> Outcome:
    """Speak once undisturbed, then again and again while workers are killed, until they were killed so often."""
    instants = random.Random(seed)
    random.seed(seed)
    outcome = Outcome()
    hub = SlowWeb(folder)
    key = hub.visit()
    async with hub.serving(), nursery(hub.socket_path, folder) as bed:
        reference = await _speak(hub, bed, Tap(folder / "spool", key, "fr", stream_id="calm"), spoken, lambda: None)
        while outcome.kills < kills:
            def next_kill_s() -> float | None:
                return instants.uniform(0, LONGEST_LIFE_S) if outcome.kills < kills else None

            def killed() -> None:
                outcome.kills += 1

            tap = Tap(folder / "spool", key, "fr", stream_id=f"s{outcome.kills}")
            before = len(hub.announced)
            told = await _speak(hub, bed, tap, spoken, next_kill_s, killed)
            outcome.repeated += len(hub.announced) - before - len(told)
            _compare(outcome, reference, told)
    return outcome


async def _speak(hub, bed, tap, spoken, next_kill_s, killed=lambda: None) -> list[tuple[int, int, str]]:
    """One stream from its first frame to its end; returns (start, end, text) of what web stored, ms from its start."""
    tap.say(spoken)
    tap.writer.close("closed")
    stream_id = tap.writer.header.stream_id

    def done() -> bool:
        return any(end.stream_id == stream_id for end in hub.done)

    while not done():
        pid = await bed.bear()
        after_s = next_kill_s()
        with suppress(TimeoutError):
            await hub.until(done, seconds=240 if after_s is None else after_s)
        if not done():
            killed()
        await bed.kill(pid)
    mine = [s for s in hub.segments.values() if s.stream_id == stream_id]
    return sorted((s.start_at_ms - tap.started_at_ms, s.end_at_ms - tap.started_at_ms, s.text) for s in mine)


def _compare(outcome: Outcome, reference: list[tuple[int, int, str]], told: list[tuple[int, int, str]]) -> None:
    """Add up what is missing and what is there twice, in steps of 10 ms."""
    wanted = {t for start, end, _ in reference for t in range((start + EDGE_MS) // 10, (end - EDGE_MS) // 10)}
    times = [t for start, end, _ in told for t in range(start // 10, end // 10)]
    outcome.spoken_s += sum(end - start for start, end, _ in reference) / 1_000
    outcome.lost_s += len(wanted - set(times)) / 100
    outcome.doubled_s += (len(times) - len(set(times))) / 100
    outcome.texts.append((" ".join(t for *_, t in reference), " ".join(t for *_, t in told)))
