"""Loss: word errors through the whole way when packets get lost: Opus as browsers send it, the tap, the seal, a worker.

    python -m bench loss [--visit FOLDER]... [--loss 0,2,5] [--seed 1] [--workers 2] [--plain] [--json]

FOLDER as for bench captions; without one the recordings of tests/data/speech. The speech is encoded anew as a browser
does it: 32 kbit/s, in-band FEC for the loss that receivers report (none at 0 %), or without it (--plain). Packets are
lost one by one (independent) and in bursts of three on average (Gilbert and Elliott's channel, everything lost in its
bad state), and arrive up to 60 ms late and out of order. The tap is webrtc/tap.py's own, given the times of arrival;
the worker hears as fast as it can. Word error rates in percent by language; refused must be 0.
"""

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.codec import CodecContext

from bench.captions import Voice, error_rates, recordings, visit, worker
from tests.transcription.support import FakeWeb
from transcription.protocol import StreamHeader
from transcription.sealing import load_node_keypair, seal_key
from webrtc.tap import Tap

BIT_RATE = 32_000  # what Chromium spends on one voice
FRAME_SAMPLES = 960
BURST_PACKETS = 3
LATE_S = 0.06
BATCH = 50  # packets between two looks of the writing thread


class Way(NamedTuple):
    """One condition: share of packets lost, in percent, and whether they are lost in bursts."""

    percent: float
    bursts: bool

    @property
    def name(self) -> str:
        return f"{self.percent:g} %" + ("" if not self.percent else ", bursts" if self.bursts else ", independent")


def run(argv: list[str]) -> dict[str, Any]:
    """Lose and hear; returns error rates by condition and language, and what was really lost."""
    parser = argparse.ArgumentParser(prog="bench loss")
    parser.add_argument("--visit", type=Path, action="append", default=[])
    parser.add_argument("--loss", default="0,2,5")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args(argv)
    voices = [voice for folder in options.visit for voice in visit(folder)] or recordings()
    ways = [Way(float(p), bursts) for p in options.loss.split(",") for bursts in (False, True) if float(p) or not bursts]
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_measure(Path(name), voices, ways, options))


async def _measure(folder: Path, voices: list[Voice], ways: list[Way], options: argparse.Namespace) -> dict[str, Any]:
    hub, chance = FakeWeb(folder), random.Random(options.seed)
    visit_key = hub.visit()
    private, public = load_node_keypair(folder / "node.key")
    sealed_key = seal_key(public, visit_key, visit_id="v1")
    encoded = {way.percent: [_as_browsers_send(v.packets, 0 if options.plain else way.percent) for v in voices] for way in ways}
    lost: dict[str, float] = {}
    async with hub.serving(), contextlib.AsyncExitStack() as running:
        for _ in range(options.workers):
            await running.enter_async_context(worker(hub.socket_path, folder, []))
        await hub.until(lambda: len(hub.hellos) == options.workers, seconds=120)  # all of them share the streams
        executor = running.enter_context(ThreadPoolExecutor(1))
        for w, way in enumerate(ways):
            gone = 0
            for n, voice in enumerate(voices):
                header = StreamHeader(visit_id="v1", stream_id=f"w{w}s{n}", participant_id="p1", role="patient",
                                      language=voice.language, started_at_ms=time.time_ns() // 1_000_000)  # fmt: skip
                tap = Tap(header, executor, _failed)
                await tap.open(private, sealed_key, folder / "spool")
                gone += await _send(tap, encoded[way.percent][n], _survivors(way, len(encoded[way.percent][n]), chance), chance)
            lost[way.name] = round(100 * gone / sum(map(len, encoded[way.percent])), 2)
        await hub.until(lambda: len(hub.done) == len(ways) * len(voices), seconds=3_600)
    rates = {way.name: error_rates(hub, voices, f"w{w}s") for w, way in enumerate(ways)}
    return {"speech_s": round(sum(len(v.packets) for v in voices) / 50), "forward_error_correction": not options.plain,
            "really_lost_percent": lost, "word_error_percent": rates, "refused": len(hub.refused)}  # fmt: skip


def _failed(tap: Tap, failure: str) -> None:
    raise RuntimeError(f"the tap gave up: {failure}")


def _as_browsers_send(opus: list[bytes], loss_percent: float) -> list[bytes]:
    """The same speech in packets of 20 ms as a browser would encode it when so much is reported lost."""
    encoder = CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.bit_rate, encoder.time_base = BIT_RATE, Fraction(1, 48_000)
    encoder.options = {"application": "voip", "frame_duration": "20", "vbr": "on", "compression_level": "9",
                       "fec": str(int(loss_percent > 0)), "packet_loss": str(round(loss_percent))}  # fmt: skip
    decoder = CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48_000, "mono"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000, frame_size=FRAME_SAMPLES)
    pieces = [p for packet in opus for frame in decoder.decode(av.Packet(packet)) for p in resampler.resample(frame)]
    return [bytes(packet) for frame in [*pieces, None] for packet in encoder.encode(frame)]


def _survivors(way: Way, count: int, chance: random.Random) -> Iterator[bool]:
    """For each packet, whether it arrives."""
    share = way.percent / 100
    to_good = 1 / BURST_PACKETS
    to_bad = to_good * share / (1 - share)  # so that the bad state holds `share` of the packets
    bad = False
    for _ in range(count):
        bad = chance.random() < (1 - to_good if bad else to_bad) if way.bursts else chance.random() < share
        yield not bad


async def _send(tap: Tap, opus: list[bytes], survivors: Iterator[bool], chance: random.Random) -> int:
    """Give the tap what arrives, when it arrives; returns how many packets do not."""
    begin_s = time.monotonic()
    arrivals = [(begin_s + n * 0.02 + chance.random() * LATE_S, n, packet)
                for n, (packet, arrives) in enumerate(zip(opus, survivors, strict=True)) if arrives]  # fmt: skip
    for count, (at_s, n, packet) in enumerate(sorted(arrivals), 1):
        tap.take(1, n, n * FRAME_SAMPLES % 2**32, packet, at_s)
        if count % BATCH == 0 and tap.seal():
            tap.hand_over()
            tap.written(tap.write())
    await tap.stop("closed")
    return len(opus) - len(arrivals)
