"""Forwarding cost: CPU seconds of the media node for each call-minute, and the delay it adds.

Each call has two participants with video of 1 Mbit/s (110 packets a second) and Opus (50), over real DTLS-SRTP. The
limit is measured in the same run: a process that only receives and sends as many datagrams, without any of the work.
"""

import argparse
import asyncio
import random
import socket
import statistics
import struct
import time

from bench.rig import Peer, Process, running_node

VIDEO = (96, 1_100, 110, 90_000 // 110)  # payload type, bytes, packets a second, timestamp step
AUDIO = (111, 80, 50, 960)

RAW = """
import asyncio, sys
import uvloop
class Forward(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, address): self.transport.sendto(data, target)
target = ("127.0.0.1", int(sys.argv[2]))
async def main():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Forward, local_addr=("127.0.0.1", int(sys.argv[1])))
    await asyncio.Event().wait()
uvloop.run(main())
"""


class Source:
    """One stream of RTP packets, each with the time it left."""

    def __init__(self, kind: tuple[int, int, int, int]) -> None:
        self.type, self.size, self.rate, self.step = kind
        self.ssrc = random.getrandbits(31)
        self.sequence = random.getrandbits(15)
        self.timestamp = random.getrandbits(31)
        self.due_s = time.monotonic() + random.random() / self.rate

    def packet(self) -> bytes:
        """The next one."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + self.step) & 0xFFFFFFFF
        head = struct.pack(">BBHIIQ", 0x80, self.type, self.sequence, self.timestamp, self.ssrc, time.monotonic_ns())
        return head + bytes(self.size - len(head))


async def pump(senders: list, seconds: float) -> int:
    """Send every source's packets when due, from one loop; returns how many."""
    end_s, count = time.monotonic() + seconds, 0
    while (now_s := time.monotonic()) < end_s:
        for send, source in senders:
            while source.due_s <= now_s:
                source.due_s += 1 / source.rate
                send(source.packet())
                count += 1
        await asyncio.sleep(0.001)
    return count


async def measure_node(calls: int, seconds: float) -> dict:
    async with running_node() as (link, node):
        peers = [Peer() for _ in range(2 * calls)]
        for index, peer in enumerate(peers):
            await peer.join(link, f"room-{index // 2}", f"p{index}")
        delays: list[int] = []
        for peer in peers:
            peer.on_rtp = lambda packet: delays.append(time.monotonic_ns() - struct.unpack_from(">Q", packet, 12)[0])
        senders = [(peer.transport.send_rtp, Source(kind)) for peer in peers for kind in (VIDEO, AUDIO)]
        for _, source in senders:
            source.due_s = time.monotonic()
        await pump(senders, 1.0)
        delays.clear()
        before_s = node.cpu_s()
        sent = await pump(senders, seconds)
        await asyncio.sleep(0.2)
        cpu_s = node.cpu_s() - before_s
        for peer in peers:
            await peer.transport.close()
        cuts = statistics.quantiles(delays, n=100)
        return {
            "cpu_s_per_call_minute": round(cpu_s / (calls * seconds / 60), 3),
            "us_per_packet": round(1e6 * cpu_s / sent, 1), "packets": sent, "lost": sent - len(delays),
            "delay_p50_ms": round(cuts[49] / 1e6, 3), "delay_p99_ms": round(cuts[98] / 1e6, 3)}


async def measure_limit(calls: int, seconds: float) -> dict:
    sink, out = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    sink.bind(("127.0.0.1", 0))
    sink.setblocking(False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    raw = Process(RAW, str(port), str(sink.getsockname()[1]))
    await asyncio.sleep(1)
    try:
        got = 0

        def drain() -> None:
            nonlocal got
            sink.recv(2_048)
            got += 1

        asyncio.get_running_loop().add_reader(sink, drain)
        senders = [(lambda data: out.sendto(data, ("127.0.0.1", port)), Source(kind))
                   for _ in range(2 * calls) for kind in (VIDEO, AUDIO)]
        before_s = raw.cpu_s()
        sent = await pump(senders, seconds)
        await asyncio.sleep(0.2)
        cpu_s = raw.cpu_s() - before_s
        asyncio.get_running_loop().remove_reader(sink)
        return {"cpu_s_per_call_minute": round(cpu_s / (calls * seconds / 60), 3),
                "us_per_packet": round(1e6 * cpu_s / sent, 1), "packets": sent, "lost": sent - got}
    finally:
        raw.stop()
        sink.close()
        out.close()


def run(argv: list[str]) -> dict:
    """Measure the node and the limit, one after the other."""
    parser = argparse.ArgumentParser(prog="bench forwarding")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args(argv)
    node = asyncio.run(measure_node(options.calls, options.seconds))
    limit = asyncio.run(measure_limit(options.calls, options.seconds))
    return {"calls": options.calls, "seconds": options.seconds, "node": node, "limit": limit,
            "times_the_limit": round(node["us_per_packet"] / limit["us_per_packet"], 2)}
