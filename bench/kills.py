"""Kills: a worker killed -9 at random instants, over and over; seconds of speech lost, and told twice.

    python -m bench kills [--kills 200] [--seed 1] [--visit FOLDER] [--json]

Without FOLDER (as for bench captions; its patient speaks) the recordings of tests/data/speech are spoken.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench.captions import packets, recordings
from tests.transcription.killing import kill_over_and_over


def run(argv: list[str]) -> dict[str, Any]:
    """Kill so many workers; returns seconds lost and doubled, both 0 when all is well."""
    parser = argparse.ArgumentParser(prog="bench kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--visit", type=Path)
    options = parser.parse_args(argv)
    spoken = packets(options.visit / "patient.opus") if options.visit else [p for v in recordings() for p in v.packets]
    with tempfile.TemporaryDirectory() as name:
        outcome = asyncio.run(kill_over_and_over(Path(name), spoken, options.kills, options.seed))
    return {
        "kills": outcome.kills,
        "streams": len(outcome.texts),
        "spoken_s": round(outcome.spoken_s, 1),
        "lost_s": round(outcome.lost_s, 2),
        "doubled_s": round(outcome.doubled_s, 2),
        "told_again_under_the_same_numbers": outcome.repeated,
    }
