"""The node's end of ICE: one UDP socket for each host address, which becomes the peer's own when a pair is nominated.

Built on aioice's Connection. The node waits at known addresses and learns its peer from the peer's own checks
(peer-reflexive candidates), so nothing depends on what a browser reveals of its network, and nobody can make the node
send packets to addresses of their choice. Private parts of aioice used here are held by test_contract.
"""

import ipaddress
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import aioice
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses

from webrtc.sockets import Endpoint

LOOPBACK = "127.0.0.1"
SOCKET_BUFFER_BYTES = 1_048_576
DTLS_BACKLOG = 64  # datagrams waiting for the handshake; a flood beyond it is dropped

_MALFORMED = (ValueError, KeyError, IndexError, AttributeError, AssertionError, TypeError, struct.error)


class NoAddress(OSError):
    """No UDP socket could be opened: no address is left, or the port range is used up."""


@dataclass(frozen=True)
class Reach:
    """Where browsers can reach this node.

    addresses: local addresses to listen on; empty means all of the machine, loopback included.
    public_address: the address announced instead of the private ones (1:1 NAT); ports: first and last UDP port.
    """

    addresses: Sequence[str] = ()
    public_address: str | None = None
    ports: tuple[int, int] | None = None

    def hosts(self) -> list[str]:
        """The local addresses to open sockets on."""
        return list(self.addresses) or [*get_host_addresses(use_ipv4=True, use_ipv6=True), LOOPBACK]

    def announced(self, host: str) -> str:
        """What the offer names for a local address."""
        if self.public_address is None or ipaddress.ip_address(host).is_loopback:
            return host
        return self.public_address


class MediaProtocol(StunProtocol):
    """A socket's STUN and DTLS, for aioice."""

    receiver: "HostConnection"
    transport: Endpoint

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        """Sort by the first byte (RFC 7983). Whatever a stranger sends, nothing is raised."""
        if not isinstance(data, bytes) or not data:
            return
        first = data[0]
        if 127 < first < 192:
            self.receiver.on_media(data)
        elif first < 4 or 19 < first < 64:
            self.receiver.heard_at_s = time.monotonic()
            try:
                super().datagram_received(data, addr)
            except _MALFORMED:
                self.receiver.malformed += 1


class HostConnection(aioice.Connection):
    """An ICE connection on our own addresses and ports."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(ice_controlling=True)
        self.reach = reach
        self.on_media: Callable[[bytes], None] = lambda data: None
        self.malformed = 0
        self.heard_at_s = time.monotonic()

    async def gather_candidates(self) -> None:
        """Open the sockets; NoAddress when none opens."""
        self._local_candidates_start = True
        for host in self.reach.hosts():
            await self._listen(host)
        if not self._protocols:
            raise NoAddress("no UDP socket could be opened for media")
        self._local_candidates_end = True

    async def _listen(self, host: str) -> None:
        endpoint = next(_free_sockets(host, self.reach.ports), None)
        if endpoint is None:
            return
        protocol = MediaProtocol(self)
        port = Endpoint(endpoint, protocol).get_extra_info("sockname")[1]
        announced = self.reach.announced(host)
        preference = 1 if ipaddress.ip_address(host).is_loopback else 65_535
        protocol.local_candidate = aioice.Candidate(
            foundation=candidate_foundation("host", "udp", host), component=1, transport="udp",
            priority=candidate_priority(1, "host", preference), host=announced, port=port, type="host")
        self._protocols.append(protocol)
        self._local_candidates.append(protocol.local_candidate)

    def data_received(self, data: bytes, component: int) -> None:
        """What is no STUN: DTLS waits for the handshake while there is room, anything else is dropped."""
        if data[0] > 19 and self._queue.qsize() < DTLS_BACKLOG:
            super().data_received(data, component)
        else:
            self.malformed += 1

    def settle(self) -> None:
        """The pair is nominated, by us and for good: from here on its socket is for that peer alone."""
        pair = self._nominated[1]
        cast("MediaProtocol", pair.protocol).transport.settle(pair.remote_addr)

    def read_with(self, on_media: Callable[[bytes], None]) -> int:
        """Give away the settled socket, whose number is returned; `take` gets what is not media.

        on_media gets what comes to another socket of ours.
        """
        self.on_media = on_media
        return cast("MediaProtocol", self._nominated[1].protocol).transport.socket.fileno()

    def take(self, data: bytes) -> None:
        """A datagram of the peer that is no media: a check, or the handshake."""
        pair = self._nominated[1]
        cast("MediaProtocol", pair.protocol).datagram_received(data, pair.remote_addr)


def _free_sockets(host: str, ports: tuple[int, int] | None) -> Iterator[socket.socket]:
    """Bound sockets: none when the address is not ours or the range is used up."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in [0] if ports is None else range(ports[0], ports[1] + 1):
        endpoint = socket.socket(family, socket.SOCK_DGRAM)
        try:
            endpoint.bind((host, port))
        except OSError:
            endpoint.close()
            continue
        endpoint.setblocking(False)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        yield endpoint
