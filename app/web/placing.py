"""On which media node a room lives: the one with the fewest rooms, unless it lives on another already."""

from collections.abc import Collection, Iterable
from typing import Protocol

from app.errors import Unavailable
from app.web.seats import MediaNode, Room


class Placement(Protocol):
    """What web processes agree on about where rooms live."""

    def away(self) -> bool:
        """Whether what joins the machines is, or was a moment ago: their nodes are out of sight then, not dead."""

    async def settle(self, room: str, node: str, *, connected: Collection[str], instead_of: str = "") -> str:
        """On which node a room lives: on this one, unless on another that lives. instead_of: left, or known dead."""

    async def forget(self, room: str) -> None:
        """The room has ended."""


class Alone:
    """The agreement of a web process that is the only one, over nodes that are back at it at once."""

    def away(self) -> bool:
        """There is nothing to be away."""
        return False

    async def settle(self, room: str, node: str, *, connected: Collection[str], instead_of: str = "") -> str:
        """As it is wished."""
        return node

    async def forget(self, room: str) -> None:
        """Nothing was noted."""


class Nodes:
    """The media nodes that rooms of this web process can live on."""

    def __init__(self, agreed: Placement) -> None:
        self._agreed = agreed
        self._here: dict[str, MediaNode] = {}
        self._out_of_sight: set[str] = set()  # whose calls go on, though nobody here reaches them

    def __len__(self) -> int:
        return len(self._here)

    def up(self, node: MediaNode) -> None:
        """It connected, perhaps again."""
        self._here[node.node] = node
        self._out_of_sight.discard(node.node)

    def down(self, node: MediaNode, rooms: Iterable[Room], *, out_of_sight: bool) -> None:
        """Its connection is gone. out_of_sight: it is the way there that broke, and its calls do run."""
        if self._here.get(node.node) is node:
            del self._here[node.node]
            (self._out_of_sight.add if out_of_sight else self._out_of_sight.discard)(node.node)
        for room in rooms:
            if room.node is node:
                room.node, room.left = None, node.node

    def give_up(self, name: str) -> bool:
        """It did not come back. False while what joins the machines is away: then it is to be waited for."""
        if self.hides(name) and self._agreed.away():
            return False
        self._out_of_sight.discard(name)
        return True

    def hides(self, name: str) -> bool:
        """Whether calls go on there, though nobody here reaches it."""
        return name in self._out_of_sight

    def homeless(self, rooms: Iterable[Room]) -> list[Room]:
        """Rooms that live on no node and may have one."""
        return [room for room in rooms if self._here and room.node is None and not self.hides(room.left)]

    def least_loaded(self, rooms: Iterable[Room]) -> MediaNode:
        """The node with the fewest rooms, of those that take new ones where there are any. Raises Unavailable."""
        if not self._here:
            raise Unavailable("The video service is starting again. Your place is kept; please wait a moment.")
        lives = [room.node for room in rooms]
        return min([node for node in self._here.values() if node.admitting] or self._here.values(),
                   key=lambda node: sum(other is node for other in lives))

    async def house(self, room: Room, rooms: Iterable[Room]) -> None:
        """Give a room without a node the one that it lives on. Raises Unavailable while that one is not back here."""
        name = await self._agreed.settle(
            room.id, self.least_loaded(rooms).node, connected=self._here, instead_of=room.left)
        if name not in self._here:
            raise Unavailable("The call is being connected again.")
        if room.node is None:
            move(room, self._here[name])

    async def belongs(self, room: Room, node: MediaNode) -> bool:
        """Whether a room that runs on this node lives there, and did not move while the node was away."""
        if room.node is None:
            return await self._agreed.settle(room.id, node.node, connected=self._here) == node.node
        return room.node.node == node.node


def move(room: Room, node: MediaNode | None) -> None:
    """The room is on this node from now on, or on none."""
    room.left = room.node.node if room.node is not None else room.left
    room.node = node
    for seat in room.seats.values():
        seat.stream = ""  # a tap lives on its node
