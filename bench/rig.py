"""What the media benches share: a node in a process of its own, and peers that speak raw RTP over real DTLS-SRTP."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aioice
from aiohttp import web

from webrtc.control import MediaLink
from webrtc.desk import Laid
from webrtc.forwarding import Ingress
from webrtc.ice import Reach
from webrtc.sdp import Answer
from webrtc.transport import MediaTransport, fingerprint

NODE = """
import asyncio, pathlib, sys
import uvloop
from webrtc import node
control, spool, priority = sys.argv[1:4]
uvloop.run(node.run(control, pathlib.Path(spool), ["127.0.0.1"], priority=priority == "its-own"))
"""
HERE = Path(__file__).parents[1]


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(core: int, *command: str, first: bool = True) -> list[str]:
    """The command on one core; first: before everything else on it where we may ask for that, for others work here too."""
    first_of_all = ["chrt", "--fifo", "20"] if first and os.geteuid() == 0 else []
    return ["taskset", "--cpu-list", str(core), *first_of_all, *command]


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A child process, pinned to a core (the last one), whose CPU time can be read."""

    def __init__(
        self, *command: str, given: str = "", fds: Sequence[int] = (), core: int | None = None, first: bool = True,
    ) -> None:
        self.core = max(os.sched_getaffinity(0)) if core is None else core
        self.process = subprocess.Popen(pinned(self.core, *command, first=first), cwd=HERE, pass_fds=fds, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        if self.process.stdin is not None:
            self.process.stdin.write(given)
            self.process.stdin.close()

    def cpu_s(self) -> float:
        """User and system time so far."""
        return cpu_s(self.process.pid)

    def rss_bytes(self) -> int:
        """Memory in use."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def files(self) -> int:
        """Open files and sockets."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextlib.asynccontextmanager
async def running_node(*, core: int | None = None, first: bool = True, priority: str = "") -> AsyncIterator[
        tuple[MediaLink, Process]]:
    """A media node and the link to command it. first: see pinned; priority: "its-own" for what it takes in production."""
    found: asyncio.Future[MediaLink] = asyncio.get_running_loop().create_future()

    async def hello(link: MediaLink) -> None:
        found.set_result(link)

    async def event(link: MediaLink, message: object) -> None:
        del link, message

    async def media(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=262_144)
        await ws.prepare(request)
        with contextlib.suppress(asyncio.CancelledError):
            await MediaLink(ws, on_hello=hello, on_event=event).run()
        return ws

    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        app = web.Application()
        app.router.add_get("/media", media)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.UnixSite(runner, f"{directory}/control").start()
        node = Process(sys.executable, "-c", NODE, f"{directory}/control", f"{directory}/spool", priority,
                       core=core, first=first)
        try:
            yield await asyncio.wait_for(found, 20), node
        finally:
            node.stop()
            await runner.cleanup()


class _Ear(Ingress):
    """Hears every packet: it never takes to a stream, so nothing goes the quick way."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        super().__init__("camera")
        self._hear = hear

    def take(self, laid: Laid) -> None:
        self._hear(laid.data)


class Peer:
    """A client made of the node's own transport: it answers an offer and sends and takes raw RTP."""

    def __init__(self) -> None:
        self.received = 0
        self.latencies_ns: list[int] = []
        self.on_rtp = self._count
        self.connected = asyncio.Event()
        self.transport = MediaTransport(
            Reach(["127.0.0.1"]), dict.fromkeys(range(128), _Ear(lambda packet: self.on_rtp(packet))),
            lambda p, _: None, self._state)

    def _state(self, state: str, reason: str) -> None:
        if state == "connected":
            self.connected.set()

    def _count(self, packet: bytes) -> None:
        self.received += 1

    async def join(self, link: MediaLink, room: str, name: str) -> None:
        """Join a room; returns when media can flow."""
        offer = await link.join(room, name, "patient")
        await self.transport.open()
        self.transport.ice.ice_controlling = False
        for found in re.finditer(r"a=candidate:(\S+) 1 udp (\d+) (\S+) (\d+) typ host", offer.sdp.split("m=", 2)[1]):
            await self.transport.ice.add_remote_candidate(aioice.Candidate(
                found[1], 1, "udp", int(found[2]), found[3], int(found[4]), "host"))

        def one(name: str) -> str:
            said = re.search(rf"a={name}:(\S+)(?: (\S+))?", offer.sdp)
            assert said
            return said[2 if name == "fingerprint" else 1]

        self.transport.start(Answer(
            one("ice-ufrag"), one("ice-pwd"), "passive", (("sha-256", one("fingerprint")),), frozenset()))
        await link.answer(room, name, offer.epoch, self._answer(offer.sdp))
        await self.connected.wait()

    def _answer(self, offer: str) -> str:
        ice = self.transport.ice
        text = re.sub(r"a=(candidate|end-of-candidates|ssrc|msid)[^\r]*\r\n", "", offer)
        for name, value in (("ice-ufrag", ice.local_username), ("ice-pwd", ice.local_password), ("setup", "active"),
                            ("fingerprint", f"sha-256 {fingerprint(self.transport.certificate)}")):
            text = re.sub(rf"a={name}:[^\r]*", f"a={name}:{value}", text)
        return text.replace("a=sendonly", "a=x").replace("a=recvonly", "a=sendonly").replace("a=x", "a=recvonly")
