"""All UDP sockets of a process behind one epoll object, which is one reader of the event loop (docs/adr/0006).

A datagram transport of asyncio or uvloop makes bytes, an address and a callback of each datagram, and costs more than
opening it does. Here a round is one call of compiled code (`lane`), which knows the settled sockets' paths; what it
leaves, and what comes to other sockets, has functions that are called.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Any

import structlog

from webrtc import lane
from webrtc.compiled import Row
from webrtc.desk import Aside, Laid, desk

log = structlog.get_logger(__name__)
Address = tuple[str, int]
LARGEST_DATAGRAM_BYTES = 65_536


class Poller:
    """The epoll object of one event loop; it is there while there are sockets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._takers: dict[int, Callable[[Laid], None]] = {}
        self._fd = self._epoll.fileno()
        loop.add_reader(self._fd, self._ready)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Poller":
        """The one of this loop."""
        poller = _pollers.get(loop)
        if poller is None:
            poller = _pollers[loop] = cls(loop)
        return poller

    def watch(self, descriptor: int, read: Callable[[], None]) -> None:
        """Call `read` whenever a datagram waits there. It takes one, and may raise OSError."""
        if descriptor not in self._readers:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = read

    def pass_quickly(self, descriptor: int, path: Row, take: Callable[[Laid], None]) -> None:
        """From here on what comes there goes the way of `path` (lane.PATH); `take` is given what is left of it."""
        self._takers[descriptor] = take
        desk.assign(descriptor, path.address)

    def forget(self, descriptor: int) -> None:
        """Call nobody any more; with the last one the epoll object goes too."""
        if self._readers.pop(descriptor, None) is None:
            return
        if self._takers.pop(descriptor, None) is not None:
            desk.assign(descriptor, 0)
        desk.send_posted()  # before another socket is given this number
        self._epoll.unregister(descriptor)
        if not self._readers:
            del _pollers[self._loop]
            self._loop.remove_reader(self._fd)
            self._epoll.close()

    def _ready(self) -> None:
        if lane.turn(desk.address, self._fd):
            self._hand_over_all()

    def _hand_over_all(self) -> None:
        for laid in desk.laid_aside():
            try:
                self._hand_over(laid)
            except OSError:
                continue  # nothing there after all, or the peer's port is closed; ICE notices by itself
            except Exception as error:  # whatever one participant's datagram does, the others have theirs
                log.exception("datagram failed", error=type(error).__name__)
        desk.send_posted()

    def _hand_over(self, laid: Laid) -> None:
        if laid.kind == Aside.READABLE:
            if read := self._readers.get(laid.fd):  # not there: an earlier one of this round closed it
                read()
        elif take := self._takers.get(laid.fd):
            take(laid)


_pollers: dict[asyncio.AbstractEventLoop, Poller] = {}


class Endpoint(asyncio.DatagramTransport):
    """One bound UDP socket, as aioice expects a transport to be. Until it is `settled`, anybody may send to it."""

    def __init__(self, bound: socket.socket, protocol: asyncio.DatagramProtocol) -> None:
        super().__init__()
        self.socket = bound
        self._loop = asyncio.get_running_loop()
        self._poller = Poller.of(self._loop)
        self._protocol = protocol
        self._poller.watch(bound.fileno(), self._read)
        protocol.connection_made(self)

    def _read(self) -> None:
        data, address = self.socket.recvfrom(LARGEST_DATAGRAM_BYTES)
        self._protocol.datagram_received(data, address)

    def settle(self, address: Address) -> None:
        """From here on the socket is for that peer alone.

        The kernel then keeps strangers' datagrams away, and sends ours without looking up the way each time.
        """
        self.socket.connect(address)

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send one datagram, or drop it: the kernel is behind, or the address cannot be reached."""
        try:
            self.socket.sendto(data, addr)
        except OSError as error:
            self._protocol.error_received(error)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What aioice asks for: sockname or socket."""
        if name == "sockname" and not self.is_closing():
            return self.socket.getsockname()
        return self.socket if name == "socket" else default

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.socket.fileno() < 0

    def close(self) -> None:
        """Close the socket; safe to repeat."""
        if self.is_closing():
            return
        self._poller.forget(self.socket.fileno())
        self.socket.close()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close the socket."""
        self.close()
