"""Where rooms live, and which media nodes of other machines live, in two buckets of NATS's key-value store.

`COLLOQUE_ROOMS` says of each room on which node it is. An entry is made, or changed, only where nobody else did so
meanwhile (compare and set), so that two web processes never place a room on two nodes. `COLLOQUE_NODES` says how each
node of another machine does; its machine says so again and again, for an entry is forgotten soon. Web asks both for
rooms it knows nothing of, as after a restart: a node that lives has the room, though it is not back at web yet. Values
are sealed with the machines' key under their names: who has no key places nothing.
"""

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import BadRequestError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from app.crypto.envelope import Tampered, seal, unseal
from app.machines import server
from app.machines.control import Overhear
from app.machines.sealing import derived
from transcription.protocol import ProtocolError
from webrtc.signaling import Hello, Load, parse_from_node

log = logging.getLogger(__name__)

ROOMS, NODES = "COLLOQUE_ROOMS", "COLLOQUE_NODES"
ROOM_LIVES_S = 86_400.0  # no visit is longer
NODE_LIVES_S = 12.0  # a node says every 5 s how it does
ASK_S = 1.0
AGAIN_S = 1.0
RETURN_S = 5.0  # so long other machines may take to find the server again, and their nodes web


class Bucket:
    """One bucket of sealed values."""

    def __init__(self, kept: KeyValue, name: str, key: bytes) -> None:
        self._kept, self._name, self._key = kept, name, derived(key, b"", "placement")

    @classmethod
    async def opened(cls, client: Client, name: str, key: bytes) -> "Bucket":
        """The bucket, made where it is missing."""
        jetstream: JetStreamContext = client.jetstream(timeout=ASK_S)
        try:
            kept = await jetstream.create_key_value(bucket=name, ttl=NODE_LIVES_S if name == NODES else ROOM_LIVES_S)
        except BadRequestError:  # it exists, and somebody gave it another limit
            kept = await jetstream.key_value(name)
        return cls(kept, name, key)

    async def get(self, name: str) -> tuple[str, int]:
        """What is said of it, "" for nothing that we said, and the revision to change it by, 0 when there is none."""
        try:
            entry = await self._kept.get(name)
        except KeyNotFoundError:
            return "", 0
        try:
            return unseal(self._key, entry.value or b"", f"{self._name}.{name}").decode(), entry.revision or 0
        except Tampered:
            log.warning("somebody without the machines' key wrote to the key-value store")
            return "", entry.revision or 0

    async def change(self, name: str, said: str, revision: int) -> bool:
        """Say it, if nobody said anything since that revision; whether that was so."""
        try:
            if revision:
                await self._kept.update(name, self._sealed(name, said), last=revision)
            else:
                await self._kept.create(name, self._sealed(name, said))
        except KeyWrongLastSequenceError:
            return False
        return True

    async def put(self, name: str, said: str) -> None:
        """Say it, whatever was said before."""
        await self._kept.put(name, self._sealed(name, said))

    async def forget(self, name: str) -> None:
        """Say nothing of it any more."""
        await self._kept.delete(name)

    def _sealed(self, name: str, said: str) -> bytes:
        return seal(self._key, said.encode(), f"{self._name}.{name}")


class Placement:
    """On the clinic's machine, for web. While the server is away web places by itself, and tells it afterwards."""

    def __init__(self, url: str, key: bytes) -> None:
        self._url, self._key = url, key
        self._client: Client | None = None
        self._back_s = 0.0  # since when the server is there
        self._untold: dict[str, str] = {}  # room -> node, "" when it ended

    async def connected(self) -> AsyncIterator[None]:
        """Connect, as soon as the server lets us, for as long as the application runs."""
        keeping = asyncio.create_task(self._keep(), name="placement")
        yield
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            with suppress(nats.errors.Error, OSError):
                async with server.connected(self._url, "colloque placement", self._returned) as client:
                    self._rooms = await Bucket.opened(client, ROOMS, self._key)
                    self._nodes = await Bucket.opened(client, NODES, self._key)
                    self._client = client
                    self._returned()
                    while True:
                        await asyncio.sleep(AGAIN_S)
                        await self._tell()
            self._client = None
            await asyncio.sleep(AGAIN_S)

    def away(self) -> bool:
        """Whether the server is, or was a moment ago: nodes of other machines are out of sight then, not dead."""
        return not self._reaches() or time.monotonic() - self._back_s < RETURN_S

    def _reaches(self) -> bool:
        return self._client is not None and self._client.is_connected

    def _returned(self) -> None:
        self._back_s = time.monotonic()

    async def settle(self, room: str, node: str, *, connected: Collection[str], instead_of: str = "") -> str:
        """On which node the room lives: on this one, unless it lives on another already.

        instead_of: left, or known to be dead. connected: nodes that live.
        """
        if not self._reaches():
            self._untold[room] = node
            return node
        try:
            await self._tell()
            return await self._settle(room, node, connected, instead_of)
        except (nats.errors.Error, OSError):
            self._untold[room] = node
            return node

    async def _settle(self, room: str, node: str, connected: Collection[str], instead_of: str) -> str:
        while True:
            lives_on, revision = await self._rooms.get(room)
            if lives_on == node:
                return node
            if lives_on and lives_on != instead_of and (lives_on in connected or (await self._nodes.get(lives_on))[0]):
                return lives_on
            if await self._rooms.change(room, node, revision):
                return node

    async def forget(self, room: str) -> None:
        """The room has ended."""
        self._untold[room] = ""
        if self._reaches():
            with suppress(nats.errors.Error, OSError):
                await self._tell()

    async def _tell(self) -> None:
        while self._untold and self._reaches():
            room, node = next(iter(self._untold.items()))
            await (self._rooms.put(room, node) if node else self._rooms.forget(room))
            if self._untold.get(room) == node:
                del self._untold[room]


class Presence:
    """On another machine: what its media nodes say of themselves, said on to whoever places rooms."""

    def __init__(self, client: Client, key: bytes) -> None:
        self._client, self._key = client, key
        self._unsaid: dict[str, str] = {}
        self._news = asyncio.Event()

    def overhear(self) -> Overhear:
        """For one connection of a node. Without web it connects again and again, and is heard all the same."""
        node = ""

        def hear(text: str) -> None:
            nonlocal node
            with suppress(ProtocolError):
                match parse_from_node(text):
                    case Hello(node=name, rooms=rooms, admitting=admitting):
                        node = name
                        self._say(node, sum(len(room.participants) for room in rooms), admitting=admitting)
                    case Load(participants=participants, admitting=admitting) if node:
                        self._say(node, participants, admitting=admitting)
        return hear

    def _say(self, node: str, participants: int, *, admitting: bool) -> None:
        self._unsaid[node] = json.dumps(
            {"machine": socket.gethostname(), "participants": participants, "admitting": admitting})
        self._news.set()

    async def run(self) -> None:
        """Say it on until cancelled. What the server does not take is said again soon: a node is never silent."""
        while True:
            with suppress(nats.errors.Error, OSError):
                bucket = await Bucket.opened(self._client, NODES, self._key)
                while True:
                    await self._news.wait()
                    self._news.clear()
                    while self._unsaid:
                        await bucket.put(*self._unsaid.popitem())
            await asyncio.sleep(AGAIN_S)
