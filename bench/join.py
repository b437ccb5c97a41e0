"""Join time: from `join` to media that can flow, for a stock aiortc client, through the control channel.

And what the node keeps of all those joins: memory and files after the first tenth, the half and all of them.
"""

import argparse
import asyncio
import statistics
import time

from bench.rig import running_node
from webrtc.synthetic import SyntheticParticipant


async def measure(times: int) -> dict:
    joins, answers, firsts = [], [], []
    held: list[tuple[int, int]] = []
    async with running_node() as (link, node):
        other = SyntheticParticipant()
        offer = await link.join("room", "other", "doctor")
        await link.answer("room", "other", offer.epoch, await other.answer(offer.sdp))
        await other.connected.wait()
        for n in range(times):
            peer = SyntheticParticipant()
            began_s = time.monotonic()
            offer = await link.join("room", "me", "patient")
            answers.append(time.monotonic() - began_s)
            await link.answer("room", "me", offer.epoch, await peer.answer(offer.sdp))
            await peer.connected.wait()
            joins.append(time.monotonic() - began_s)
            await peer.hearing.wait()
            firsts.append(time.monotonic() - began_s)
            await peer.close()
            await link.leave("room", "me")
            if n in (times // 10, times // 2, times - 1):
                await asyncio.sleep(0.5)
                held.append((node.rss_bytes(), node.files()))
        await other.close()

    def spread(values: list[float]) -> dict:
        return {"p50": round(statistics.median(values) * 1_000, 1), "max": round(max(values) * 1_000, 1)}

    return {"joins": times, "offer_ms": spread(answers), "connected_ms": spread(joins),
            "first_media_ms": spread(firsts), "rss_mb": [round(rss / 1e6, 1) for rss, _ in held],
            "files": [files for _, files in held]}


def run(argv: list[str]) -> dict:
    """Join over and over while another participant talks."""
    parser = argparse.ArgumentParser(prog="bench join")
    parser.add_argument("--times", type=int, default=20)
    return asyncio.run(measure(parser.parse_args(argv).times))
