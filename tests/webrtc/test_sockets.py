"""The one epoll object: everybody's datagrams are read, whatever one of them does."""

import asyncio
import socket

from tests.webrtc.conftest import until
from webrtc import sockets
from webrtc.sockets import Endpoint, Poller


class Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: list[tuple[bytes, tuple]] = []
        self.errors: list[Exception] = []
        self.lost = False

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if data == b"poison":
            raise ZeroDivisionError
        self.got.append((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def bound(protocol: Inbox) -> Endpoint:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return Endpoint(made, protocol)


async def test_what_one_datagram_breaks_leaves_the_others_theirs() -> None:
    inboxes = [Inbox() for _ in range(3)]
    endpoints = [bound(inbox) for inbox in inboxes]
    first, second, third = (endpoint.get_extra_info("sockname") for endpoint in endpoints)
    endpoints[0].sendto(b"poison", second)
    endpoints[0].sendto(b"good", second)
    endpoints[1].sendto(b"good", third)
    await until(lambda: inboxes[1].got and inboxes[2].got)
    assert inboxes[1].got == [(b"good", first)]
    assert inboxes[2].got == [(b"good", second)]
    endpoints[0].sendto(b"x" * 70_000, second)  # the kernel refuses it
    assert len(inboxes[0].errors) == 1

    endpoints[2].settle(first)
    closing = endpoints[1].socket.fileno()
    Poller.of(asyncio.get_running_loop()).watch(closing, endpoints[1].close)  # closed in the middle of a round
    endpoints[0].sendto(b"now", second)
    endpoints[1].sendto(b"stranger", third)
    endpoints[0].sendto(b"peer", third)
    await until(lambda: endpoints[1].is_closing() and len(inboxes[2].got) > 1)
    assert inboxes[2].got[1:] == [(b"peer", first)]
    assert endpoints[1].get_extra_info("sockname") is None
    await until(lambda: inboxes[1].lost)
    for endpoint in endpoints:
        endpoint.close()
        endpoint.abort()
    assert not sockets._pollers


async def test_what_is_posted_leaves_with_the_round_and_a_dead_socket_holds_up_nothing() -> None:
    inbox, other = Inbox(), Inbox()
    endpoint, receiver = bound(inbox), bound(other)
    poller = Poller.of(asyncio.get_running_loop())
    dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dead.close()
    endpoint.settle(receiver.get_extra_info("sockname"))
    poller.post(dead.send, b"nobody")
    poller.post(endpoint.socket.send, b"posted")
    await asyncio.sleep(0.05)
    assert other.got == []
    sockets.flush()
    await until(lambda: other.got)
    assert poller.dropped == 1
    endpoint.close()
    receiver.close()
    await asyncio.sleep(0)
    sockets.flush()
