"""Real workers, killed -9 at random instants over and over: what of the speech was lost, what was told twice."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.transcription.support import FakeWeb, Tap, worker
from transcription.protocol import Segment

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


async def kill_over_and_over(folder: Path, spoken: list[bytes], kills: int, seed: int) -> Outcome:
    """Speak once undisturbed, then again and again while workers are killed, until they were killed so often."""
    instants = random.Random(seed)
    random.seed(seed)
    outcome = Outcome()
    hub = SlowWeb(folder)
    key = hub.visit()
    async with hub.serving():
        reference = await _speak(hub, Tap(folder / "spool", key, "fr", stream_id="calm"), spoken, lambda: None)
        while outcome.kills < kills:
            def next_kill_s() -> float | None:
                return instants.uniform(0, LONGEST_LIFE_S) if outcome.kills < kills else None

            def killed() -> None:
                outcome.kills += 1

            tap = Tap(folder / "spool", key, "fr", stream_id=f"s{outcome.kills}")
            before = len(hub.announced)
            stored = await _speak(hub, tap, spoken, next_kill_s, killed)
            outcome.repeated += len(hub.announced) - before - len(stored)
            compare(outcome, reference, stored)
    return outcome


async def _speak(hub, tap, spoken, next_kill_s, killed=lambda: None) -> list[tuple[int, int, str]]:
    """One stream from its first frame to its end; returns (start, end, text) of what web stored, ms from its start."""
    tap.say(spoken)
    tap.writer.close("closed")
    stream_id = tap.writer.header.stream_id

    def done() -> bool:
        return any(end.stream_id == stream_id for end in hub.done)

    while not done():
        after_s = next_kill_s()
        async with worker(hub.socket_path, hub.socket_path.parent) as process:
            with suppress(TimeoutError):
                await hub.until(done, seconds=240 if after_s is None else after_s)
            if not done():
                killed()
            process.kill()
    return told(hub, tap)


def told(hub: FakeWeb, tap: Tap) -> list[tuple[int, int, str]]:
    """What web has of a stream: (start, end, text), ms from its start."""
    mine = [s for s in hub.segments.values() if s.stream_id == tap.writer.header.stream_id]
    return sorted((s.start_at_ms - tap.started_at_ms, s.end_at_ms - tap.started_at_ms, s.text) for s in mine)


def compare(outcome: Outcome, reference: list[tuple[int, int, str]], stored: list[tuple[int, int, str]]) -> None:
    """Add up what is missing and what is there twice, in steps of 10 ms."""
    wanted = {t for start, end, _ in reference for t in range((start + EDGE_MS) // 10, (end - EDGE_MS) // 10)}
    times = [t for start, end, _ in stored for t in range(start // 10, end // 10)]
    outcome.spoken_s += sum(end - start for start, end, _ in reference) / 1_000
    outcome.lost_s += len(wanted - set(times)) / 100
    outcome.doubled_s += (len(times) - len(set(times))) / 100
    outcome.texts.append((" ".join(t for *_, t in reference), " ".join(t for *_, t in stored)))
