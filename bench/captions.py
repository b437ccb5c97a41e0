"""Captions: latency from the end of speech, word error rate and cost, N streams fed in real time to a real worker.

    python -m bench captions [--streams 2] [--visit FOLDER]... [--workers 1] [--json]

FOLDER holds doctor.opus, patient.opus and truth.json (turns with track, text or spoken); several are held at once.
Without one the recordings of tests/data/speech are spoken, in turn. Latency ends where the web process has the segment.
"""

import argparse
import asyncio
import contextlib
import json
import re
import resource
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import jiwer

from tests.transcription.support import SPEECH, FakeWeb, Tap
from transcription.protocol import Language


class Voice(NamedTuple):
    """One recording to speak: Opus packets of 20 ms, its language, what it says and in which visit."""

    packets: list[bytes]
    language: Language
    words: str
    visit: int = 0


def run(argv: list[str]) -> dict[str, Any]:
    """Measure and return figures; error rates in percent by language, times in ms."""
    parser = argparse.ArgumentParser(prog="bench captions")
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--visit", type=Path, action="append", default=[])
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(argv)
    voices = [voice._replace(visit=n) for n, folder in enumerate(options.visit) for voice in visit(folder)]
    if not voices:
        spoken = recordings()
        voices = [spoken[n % len(spoken)] for n in range(options.streams)]
    return asyncio.run(measure(voices, options.workers))


def recordings() -> list[Voice]:
    """What the tests speak."""
    found = []
    for path in sorted(SPEECH.glob("*.json")):
        truth = json.loads(path.read_text())
        spoken = " ".join(turn["text"] for turn in truth["turns"])
        found.append(Voice(packets(path.with_suffix(".opus")), truth["language"], spoken))
    return found


def visit(folder: Path) -> list[Voice]:
    """A whole consultation, a voice for each track."""
    truth = json.loads((folder / "truth.json").read_text())
    return [
        Voice(packets(folder / f"{track}.opus"), truth["lang"],
              " ".join(turn["spoken"] for turn in truth["turns"] if turn["track"] == track))
        for track in ("doctor", "patient")
    ]


def packets(path: Path) -> list[bytes]:
    """The Opus packets of an Ogg file."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


BETWEEN_S = 1.0  # two visits
WORKER = """
import asyncio, sys
from pathlib import Path
from transcription.worker import run
asyncio.run(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
"""


@contextlib.asynccontextmanager
async def worker(web_socket: Path, folder: Path, peaks_mb: list[int]) -> AsyncIterator[None]:
    """A worker that loads its own model: its memory and time are all its own. At the end its peak joins peaks_mb."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, str(web_socket), str(folder / "spool"), str(folder / "keys"), cwd=SPEECH.parents[2])
    try:
        yield
    finally:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peaks_mb += [int(kb) // 1_024 for kb in re.findall(r"VmHWM:\s+(\d+) kB", status)]
        process.terminate()
        await process.wait()


async def measure(voices: list[Voice], workers: int) -> dict[str, Any]:
    """Speak all voices, each a stream of its own; visits begin one after the other, as people come."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = FakeWeb(folder)
        keys = {voice.visit: hub.visit(f"v{voice.visit}") for voice in voices}
        peaks_mb: list[int] = []
        async with hub.serving(), contextlib.AsyncExitStack() as running:
            for _ in range(workers):
                await running.enter_async_context(worker(hub.socket_path, folder, peaks_mb))
            await hub.until(lambda: len(hub.hellos) == workers, seconds=120)

            async def speak(n: int, voice: Voice) -> None:
                await asyncio.sleep(voice.visit * BETWEEN_S)
                tap = Tap(folder / "spool", keys[voice.visit], voice.language, f"v{voice.visit}", f"s{n}")
                await tap.say_live(voice.packets)
                tap.writer.close("closed")

            await asyncio.gather(*(speak(n, voice) for n, voice in enumerate(voices)))
            await hub.until(lambda: len(hub.done) == len(voices), seconds=600)
        return figures(hub, voices) | {"workers_peak_mb": peaks_mb}


def figures(hub: FakeWeb, voices: list[Voice]) -> dict[str, Any]:
    """What came of it."""
    late = sorted(hub.heard_ms[key] - segment.end_at_ms for key, segment in hub.segments.items())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spoken_s = sum(len(voice.packets) for voice in voices) / 50
    return {
        "visits": len({voice.visit for voice in voices}),
        "streams": len(voices),
        "seconds_of_stream": round(spoken_s, 1),
        "segments": len(late),
        "latency_p50_ms": round(statistics.median(late)),
        "latency_p95_ms": late[int(0.95 * (len(late) - 1))],
        "latency_p99_ms": late[int(0.99 * (len(late) - 1))],
        "worker_cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "cores_per_stream": round((used.ru_utime + used.ru_stime) / spoken_s, 3),
        "backlog_max_s": max(hub.backlogs, default=0.0),
        "word_error_percent": error_rates(hub, voices),
    }


def error_rates(hub: FakeWeb, voices: list[Voice], streams: str = "s") -> dict[str, float]:
    """By language, numbers as Whisper wrote them: a digit for a word counts as wrong. Streams are `streams`0, 1, …"""
    rates: dict[str, float] = {}
    for language in sorted({voice.language for voice in voices}):
        mine = [n for n, voice in enumerate(voices) if voice.language == language]
        truth, heard = [plain(voices[n].words) for n in mine], [plain(hub.text(f"{streams}{n}")) for n in mine]
        rates[language] = round(100 * jiwer.wer(truth, heard), 1)
    return rates


def plain(text: str) -> str:
    """Lower case, words only."""
    return " ".join(re.findall(r"\w+", text.lower()))
