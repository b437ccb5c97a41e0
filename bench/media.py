"""Media servers on the same generated load, one after the other, each pinned to one core.

Two-party calls, 640x480 at 30 pictures a second in VP8 at 1 Mbit/s plus Opus, over real DTLS-SRTP, with transport-wide
feedback from every receiver: our node; aiortc's MediaRelay; Debian's Janus with its video room, when `make bench-peers`
installed it; and the limit, a loop in C that only receives, opens, seals and sends. Then our node again, with the speech
of everybody tapped, and as many calls as one core carries.
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

import aiohttp
from aioice.ice import get_host_addresses

from bench.peers.clip import write_clip
from bench.peers.janus import VideoRoom, running_janus
from bench.peers.wire import Wire, connect, wire_of
from bench.rig import HERE, Peer, Process, cpu_s, pinned, running_node
from transcription.sealing import seal_key
from webrtc.control import MediaLink
from webrtc.sdp import MediaLine
from webrtc.sockets import Poller

LOOPBACK = "127.0.0.1"
MOST_P99_MS, MOST_LOSS = 5.0, 0.001
AT_ONCE = 8  # joins under way at the same time


@dataclass(frozen=True, slots=True)
class Load:
    """How much, how long, and the built generator."""

    calls: int
    seconds: float
    tool: Path
    clip: Path
    stamped: bool = True  # payloads that are decoded on the way stay intact


def build(into: Path) -> Path:
    """Compile bench/peers/rtp.c. Raises FileNotFoundError or CalledProcessError without compiler or libsrtp2."""
    tool = into / "rtp"
    subprocess.run(["gcc", "-O2", "-o", str(tool), str(HERE / "bench/peers/rtp.c"), "-lsrtp2"], check=True)
    return tool


def other_core(core: int) -> int:
    """A core that is not this one, where there is one."""
    return min(os.sched_getaffinity(0) - {core}, default=core)


async def measure(load: Load, wires: list[Wire], server: Process) -> dict[str, Any]:
    """Let the generator speak over these wires; figures of the server meanwhile."""
    poller = Poller.of(asyncio.get_running_loop())
    for wire in wires:
        poller.forget(wire.fd)  # the generator reads from here on
    generator = await asyncio.create_subprocess_exec(
        *pinned(other_core(server.core), str(load.tool), "load", str(load.seconds), str(load.clip),
                "stamped" if load.stamped else "intact"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=[wire.fd for wire in wires])
    assert generator.stdin is not None and generator.stdout is not None
    generator.stdin.write("".join(wire.line() for wire in wires).encode())
    generator.stdin.close()
    await generator.stdout.readline()
    before_s, its_before_s = server.cpu_s(), cpu_s(generator.pid)
    await generator.stdout.readline()
    took_s, its_s = server.cpu_s() - before_s, cpu_s(generator.pid) - its_before_s
    seen = json.loads(await generator.stdout.read())
    await generator.wait()
    return {
        "calls": load.calls, "cpu_s_per_call_minute": round(took_s / (load.calls * load.seconds / 60), 3),
        "us_per_packet": round(1e6 * took_s / seen["sent"], 1), "core_share": round(took_s / load.seconds, 2),
        "generator_share": round(its_s / load.seconds, 2),
        "added_p50_ms": seen["p50_ms"], "added_p95_ms": seen["p95_ms"], "added_p99_ms": seen["p99_ms"],
        "generator_late_p99_ms": seen["late_p99_ms"],  # figures of a generator that was late say little
        "packets": seen["sent"], "loss": round(max(0.0, 1 - seen["received"] / seen["sent"]), 5)}


async def _all(calls: int, join: Callable[[int, str], Any]) -> list[Any]:
    """Both participants of every call, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(call: int, name: str) -> Any:
        async with gate:
            return await join(call, name)

    return await asyncio.gather(*(one(call, name) for call in range(calls) for name in ("a", "b")))


async def ours(load: Load, *, tapped: bool, **where: Any) -> dict[str, Any]:
    """Our node, with congestion control and, as in a visit with consent, the tap. where: see running_node."""
    async with running_node(**where) as (link, node):
        peers = await _all(load.calls, lambda call, name: _visit(link, f"room-{call}", name, tapped=tapped))
        result = await measure(load, [wire_of(peer.transport) for peer in peers], node)
        for peer in peers:
            await peer.transport.close()
        return result


async def _visit(link: MediaLink, room: str, name: str, *, tapped: bool) -> Peer:
    peer = Peer()
    await peer.join(link, room, name)
    if not tapped:
        return peer
    sealed = seal_key(link.public_key, secrets.token_bytes(32), visit_id=room)
    await link.tap(room, name, on=True, sealed_key=base64.b64encode(sealed).decode())
    return peer


async def relay(load: Load) -> dict[str, Any]:
    """aiortc's MediaRelay; what it makes anew has lost the generator's marks, so there is no delay to tell."""
    host = get_host_addresses(use_ipv4=True, use_ipv6=False)[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        path = f"{directory}/relay"
        server = Process(sys.executable, "-m", "bench.peers.relay", path)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session:
                await _listening(path)

                async def join(call: int, name: str) -> Any:
                    lines = [MediaLine("0", "mic", 101), MediaLine("1", "camera", 102), MediaLine("2", "mic"),
                             MediaLine("3", "camera")]

                    async def ask(offer: str) -> str:
                        async with session.post(f"http://relay/{call}/{name}", data=offer) as answer:
                            return await answer.text()

                    return await connect(host, lines, ask)

                transports = await _all(load.calls, join)
                result = await measure(replace(load, stamped=False), [wire_of(transport) for transport in transports], server)
        finally:
            server.stop()
    return result | dict.fromkeys(("added_p50_ms", "added_p95_ms", "added_p99_ms", "loss"))


async def _listening(path: str) -> None:
    for _ in range(200):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(path)


async def janus(load: Load) -> dict[str, Any]:
    """Debian's Janus: everybody publishes in a video room and subscribes to the other."""
    async with running_janus() as (server, url), VideoRoom.open(url) as rooms:
        published = await _all(load.calls, rooms.publish)
        watched = await _all(load.calls, rooms.subscribe)
        wires = [wire_of(transport) for transport in published]
        wires += [replace(wire_of(transport), sends=False) for transport in watched]
        return await measure(load, wires, server)


@asynccontextmanager
async def _looping(tool: Path, pairs: list[tuple[socket.socket, socket.socket, bytes, bytes]]) -> AsyncIterator[Process]:
    """The loop in C between sockets whose keys were made here."""
    server = Process(str(tool), "loop", given="".join(
        Wire(inner.fileno(), outer.getsockname(), "gcm256", tx=rx, rx=tx, partner=index ^ 1).line()
        for index, (outer, inner, tx, rx) in enumerate(pairs)), fds=[inner.fileno() for _, inner, _, _ in pairs])
    try:
        await asyncio.sleep(0.5)
        yield server
    finally:
        server.stop()


async def limit(load: Load) -> dict[str, Any]:
    """The loop in C."""
    pairs = []
    for _ in range(2 * load.calls):
        outer, inner = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for end in (outer, inner):
            end.bind((LOOPBACK, 0))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_048_576)
        pairs.append((outer, inner, secrets.token_bytes(44), secrets.token_bytes(44)))
    async with _looping(load.tool, pairs) as server:
        wires = [Wire(outer.fileno(), inner.getsockname(), "gcm256", tx, rx) for outer, inner, tx, rx in pairs]
        return await measure(load, wires, server)


async def compare(load: Load, most: list[int], relayed: int) -> dict[str, Any]:
    """All servers, then our node with more and more calls."""
    found: dict[str, Any] = {"limit": await limit(load), "ours": await ours(load, tapped=False)}
    found["relay"] = await relay(replace(load, calls=relayed)) if relayed else None
    found["janus"] = await janus(load) if shutil.which("janus") else None
    carried = 0
    for calls in most:
        tried = found[f"ours_{calls}_tapped"] = await ours(replace(load, calls=calls), tapped=True)
        if tried["added_p99_ms"] > MOST_P99_MS or tried["loss"] >= MOST_LOSS:
            break
        carried = calls
    return found | _ratios(found) | {"calls_per_core": carried, "p99_added_ms": found["ours"]["added_p99_ms"]}


def _ratios(found: dict[str, Any]) -> dict[str, Any]:
    def cpu(name: str) -> float:
        return float(found[name]["cpu_s_per_call_minute"]) if found[name] else nan

    mine = cpu("ours")
    return {"ratio_to_c_limit": round(mine / cpu("limit"), 2),
            "ratio_to_janus": round(mine / cpu("janus"), 2) if found["janus"] else None,
            "relay_to_ours": round(cpu("relay") / mine, 1) if found["relay"] else None}


@contextmanager
def loaded(calls: int, seconds: float) -> Iterator[Load]:
    """The generator built, its clip written."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        tool, clip = build(Path(directory)), Path(directory) / "clip"
        write_clip(clip)
        yield Load(calls, seconds, tool, clip)


def run(argv: list[str]) -> dict[str, Any]:
    """Build the generator and measure."""
    parser = argparse.ArgumentParser(prog="bench media")
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--relayed", type=int, default=1, help="calls through MediaRelay; one fills half a core")
    parser.add_argument("--most", default="70,100", help="calls to try on one core, in this order; empty for none")
    options = parser.parse_args(argv)
    most = [int(calls) for calls in options.most.split(",") if calls]
    with loaded(options.calls, options.seconds) as load:
        return asyncio.run(compare(load, most, options.relayed))
