"""A media node in this process, on loopback, linked to a small web process over a real Unix socket."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.webrtc.house import House
from transcription.sealing import new_node_keypair
from webrtc.desk import desk
from webrtc.ice import Reach
from webrtc.node import Node
from webrtc.rooms import Rooms
from webrtc.sockets import Poller
from webrtc.transport import MediaTransport


class RunningNode:
    """A node, its keys, and the means to stop it."""

    def __init__(self, control: Path, spool: Path, reach: Reach) -> None:
        self.private, self.public = new_node_keypair()
        self.rooms = Rooms(reach, spool, self.private)
        self.node = Node(self.rooms, self.public, str(control))
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self.node.run(self._stop))

    async def stop(self) -> None:
        self._stop.set()
        await self._task


@pytest.fixture
def short_dir() -> AsyncIterator[Path]:
    """A directory whose path is short enough for a Unix socket (108 bytes)."""
    with tempfile.TemporaryDirectory(prefix="colloque-") as name:
        yield Path(name)


@pytest_asyncio.fixture
async def house(short_dir: Path) -> AsyncIterator[House]:
    running = await House(short_dir / "run" / "control.sock").start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def node(house: House, short_dir: Path) -> AsyncIterator[RunningNode]:
    running = RunningNode(house.control, short_dir / "spool", Reach(addresses=["127.0.0.1"]))
    async with asyncio.timeout(5):
        await house.linked.wait()
    yield running
    await running.stop()


async def until(true: Callable[[], object], timeout_s: float = 8.0) -> None:
    """Wait until something is true; fails with the state it saw last."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not true():
                await asyncio.sleep(0.02)
    assert true()


@contextlib.asynccontextmanager
async def deafened(path: MediaTransport) -> AsyncIterator[None]:
    """Nothing that comes this way is read, while what goes out goes out: such is a router that lets nothing out."""
    own = path.ice._nominated[1].protocol.transport.socket
    Poller.of(asyncio.get_running_loop()).watch(own.fileno(), lambda: own.recv(2_048))  # what arrives is thrown away
    desk.assign(own.fileno(), 0)
    yield
    desk.assign(own.fileno(), path.address)
