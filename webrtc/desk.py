"""The one desk of a process: memory through which packets pass between compiled code and Python (see lane)."""

from typing import NamedTuple

import numpy as np

from webrtc import lane
from webrtc.compiled import Address, Cell, Row, compile_now
from webrtc.lane import DESK, ROOM_BYTES, Aside

_HEAD = ["kind", "fd", "ingress", "stream", "number", "timestamp", "now_s", "length"]


class Laid(NamedTuple):
    """What compiled code left to Python; what does not apply is 0."""

    kind: int
    fd: int
    ingress: Address
    stream: int
    number: int
    timestamp: int
    now_s: float
    data: bytes


class Desk(Row):
    """See the module. dropped: datagrams that the kernel did not take."""

    layout = DESK
    dropped = Cell(int)

    def __init__(self) -> None:
        super().__init__()
        self._paths = np.zeros(0, np.int64)
        self.inbox: Address = self.row["inbox"].ctypes.data
        self._inbox = memoryview(self.row["inbox"])
        self._heads = self.row["aside"][_HEAD]
        self._data = [memoryview(data) for data in self.row["aside"]["data"]]
        self.assign(0, 0)

    def assign(self, fd: int, path: Address) -> None:
        """What comes by this socket goes the quick way of this path; 0: of none any more."""
        if fd >= len(self._paths):
            self._paths = np.concatenate([self._paths, np.zeros(fd + 256, np.int64)])
            self.row["paths"], self.row["sockets"] = self._paths.ctypes.data, len(self._paths)
        self._paths[fd] = path

    def put(self, packet: bytes) -> int:
        """Lay a packet into the inbox, cut to its room; returns its length."""
        length = min(len(packet), ROOM_BYTES)
        self._inbox[:length] = packet[:length]
        return length

    def lies(self, length: int) -> bytes:
        """What lies in the inbox."""
        return self._inbox[:length].tobytes()

    def laid_aside(self) -> list[Laid]:
        """What was left to Python since the last turn."""
        heads = self._heads[: int(self.row["asides"])].tolist()
        self.row["asides"] = 0
        return [Laid._make((*head, self._data[n][:length].tobytes())) for n, (*head, length) in enumerate(heads)]

    def send_posted(self) -> None:
        """Send what was sealed since the last time."""
        lane.send_posted(self.address)


compile_now()
desk = Desk()

__all__ = ["Aside", "Laid", "desk"]
