"""What media nodes do beside others on the machine's cores.

Two nodes, each with a core of its own, against one: what a call costs then, and how many more the same cores carry.
And one node beside recognisers that keep every core busy, as in production (with the priority it takes for itself), and
without: packets then wait for Whisper.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.media import Load, loaded, other_core, ours
from bench.rig import HERE

RECOGNISE = """
import time
import numpy as np
from transcription.recognizer import Context, Recognizer
from transcription.weights import checkpoint
recogniser = Recognizer(checkpoint())
noise = np.random.default_rng(7).normal(0, 0.1, 5 * 16_000).astype(np.float32)
print("ready", flush=True)
while True:
    recogniser.recognise(noise, "fr", Context())
"""
KEPT = ("us_per_packet", "core_share", "generator_share", "added_p50_ms", "added_p95_ms", "added_p99_ms", "generator_late_p99_ms", "loss")


@contextmanager
def recognisers(count: int) -> Iterator[None]:
    """So many recognisers at work, each in one thread, wherever the kernel puts them."""
    running = [subprocess.Popen([sys.executable, "-c", RECOGNISE], cwd=HERE, stdout=subprocess.PIPE,
                                env=os.environ | {"OMP_NUM_THREADS": "1"}) for _ in range(count)]
    try:
        for process in running:
            assert process.stdout is not None
            process.stdout.readline()
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in KEPT}


async def two_nodes(load: Load) -> dict[str, Any]:
    """One node with the load, then two with as much each, at the same time: each one's generator on the other's core."""
    last = max(os.sched_getaffinity(0))
    one = await ours(load, tapped=False, core=last)
    both = await asyncio.gather(*(ours(load, tapped=False, core=core) for core in (last, other_core(last))))
    each = sum(found["us_per_packet"] for found in both) / 2
    return {"one_node": _kept(one), "two_nodes": [_kept(found) for found in both],
            "calls_carried_two_to_one": round(2 * one["us_per_packet"] / each, 2)}


async def beside_whisper(load: Load) -> dict[str, Any]:
    """The node's delay while every core is full of recognition."""
    with recognisers(len(os.sched_getaffinity(0))):
        own = await ours(load, tapped=False, first=False, priority="its-own")
        none = await ours(load, tapped=False, first=False)
    return {"beside_whisper": _kept(own), "beside_whisper_without_priority": _kept(none),
            "p99_added_beside_whisper_ms": own["added_p99_ms"]}


def run(argv: list[str]) -> dict[str, Any]:
    """Measure both."""
    parser = argparse.ArgumentParser(prog="bench cores")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args(argv)
    with loaded(options.calls, options.seconds) as load:
        return asyncio.run(two_nodes(load)) | asyncio.run(beside_whisper(load))
