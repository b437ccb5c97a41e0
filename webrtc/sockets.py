"""All UDP sockets of a process behind one epoll object, which is one reader of the event loop (docs/adr/0006).

A datagram transport of asyncio or uvloop makes bytes, an address and a callback of each datagram, and costs more than
opening it does. Here a socket has a function that is called when something waits; it reads into memory of its own.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)
Address = tuple[str, int]
Send = Callable[[bytes], object]
AT_ONCE = 256  # sockets looked after before the loop's timers have their turn
LARGEST_DATAGRAM_BYTES = 65_536


class Poller:
    """The epoll object of one event loop; it is there while there are sockets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._unsent: list[tuple[Send, bytes]] = []
        self.dropped = 0
        loop.add_reader(self._epoll.fileno(), self._ready)

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

    def forget(self, descriptor: int) -> None:
        """Call nobody any more; with the last one the epoll object goes too."""
        if self._readers.pop(descriptor, None) is None:
            return
        self._epoll.unregister(descriptor)
        if not self._readers:
            del _pollers[self._loop]
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def post(self, send: Send, datagram: bytes) -> None:
        """Send it at the end of this round, with all the others; outside of a round call flush()."""
        self._unsent.append((send, datagram))

    def flush(self) -> None:
        """Send what was posted, one after the other: a receiver on this machine is woken once, not for each."""
        unsent, self._unsent = self._unsent, []
        for send, datagram in unsent:
            try:
                send(datagram)
            except OSError:  # the kernel is behind, the peer's port is closed, or the socket is
                self.dropped += 1

    def _ready(self) -> None:
        readers = self._readers
        for descriptor, _ in self._epoll.poll(0, AT_ONCE):
            read = readers.get(descriptor)  # not there: an earlier one of this round closed it
            try:
                if read is not None:
                    read()
            except OSError:
                continue  # nothing there after all, or the peer's port is closed; ICE notices by itself
            except Exception as error:  # whatever one participant's datagram does, the others have theirs
                log.exception("datagram failed", error=type(error).__name__)
        self.flush()


def flush() -> None:
    """Send what was posted outside of a round (a clock's tick, say)."""
    poller = _pollers.get(asyncio.get_running_loop())
    if poller is not None:
        poller.flush()


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

    def read_with(self, read: Callable[[], None]) -> None:
        """Call this when something waits, in place of handing it to the protocol."""
        self._poller.watch(self.socket.fileno(), read)

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
