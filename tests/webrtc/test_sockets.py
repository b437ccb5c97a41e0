"""The one epoll object: everybody's datagrams are read, whatever one of them does."""

import asyncio
import socket

import pylibsrtp

from tests.webrtc.conftest import until
from tests.webrtc.wire import Wire, session
from webrtc import sockets
from webrtc.desk import desk
from webrtc.feedback import picture_loss
from webrtc.ice import Reach
from webrtc.sockets import Endpoint, Poller
from webrtc.srtp import Outgoing
from webrtc.transport import MediaTransport

PICTURE_LOSS = picture_loss(9)


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
    wire = Wire()
    wire.outgoing.send_rtcp(PICTURE_LOSS)
    desk.send_posted()
    assert wire.control() == [PICTURE_LOSS]
    dropped = desk.dropped
    dead = Wire()
    dead._near.close()
    dead.outgoing.send_rtcp(PICTURE_LOSS)
    wire.outgoing.send_rtcp(PICTURE_LOSS)
    assert wire.control() == [PICTURE_LOSS]
    assert desk.dropped == dropped + 1


async def test_a_socket_that_takes_a_closed_ones_number_is_sent_nothing_of_it() -> None:
    """What was posted leaves before its socket closes; and a path is forgotten with its socket."""
    inbox, other = Inbox(), Inbox()
    endpoint, receiver = bound(inbox), bound(other)
    endpoint.settle(receiver.get_extra_info("sockname"))
    fd = endpoint.socket.fileno()
    Poller.of(asyncio.get_running_loop()).pass_quickly(fd, MediaTransport(Reach(), {}, print, print), print)
    assert desk._paths[fd]
    outgoing = Outgoing(session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND), fd)
    outgoing.send_rtcp(PICTURE_LOSS)
    endpoint.close()
    assert not desk._paths[fd]
    assert not desk.row["unsent"]
    await until(lambda: other.got)
    receiver.close()
    await asyncio.sleep(0)
