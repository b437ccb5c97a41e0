"""A receiver's end on this machine: what an Egress sealed and sent, opened again; and packets fed to an Ingress."""

import contextlib
import ctypes
import os
import socket
import struct
from collections.abc import Callable

import pylibsrtp
import pytest

from webrtc import lane
from webrtc.desk import Aside, Desk, Laid, desk
from webrtc.forwarding import Ingress
from webrtc.srtp import Outgoing

KEY = bytes(range(44))


def session(direction: int) -> pylibsrtp.Session:
    """A session of the key that both ends know; what was sealed once opens as often as it comes."""
    return pylibsrtp.Session(pylibsrtp.Policy(
        key=KEY, ssrc_type=direction, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM))


class Wire:
    """Two connected sockets, with an Outgoing at one end."""

    def __init__(self) -> None:
        desk.send_posted()  # for the sockets of those before
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._far.bind(("127.0.0.1", 0))
        self._far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_048_576)
        self._near.connect(self._far.getsockname())
        for end in (self._near, self._far):
            end.setblocking(False)
        self.outgoing = Outgoing(session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND), self._near.fileno())
        self._opener = session(pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self.datagrams: list[bytes] = []
        self._opened: list[bytes] = []

    def __del__(self) -> None:
        self._near.close()
        self._far.close()

    def _arrived(self) -> list[bytes]:
        desk.send_posted()
        came = []
        while True:
            try:
                came.append(self._far.recv(4_096))
            except BlockingIOError:
                return came

    @property
    def packets(self) -> list[bytes]:
        """Every RTP packet so far, opened."""
        for datagram in self._arrived():
            self.datagrams.append(datagram)
            self._opened.append(self._opener.unprotect(datagram))
        return self._opened

    def again(self) -> list[bytes]:
        """Datagrams that came since; they were sent before, so they do not open."""
        return self._arrived()

    def control(self) -> list[bytes]:
        """Control packets that came since, opened; RTP among them is kept."""
        control = []
        for datagram in self._arrived():
            if 191 < datagram[1] < 224:
                control.append(self._opener.unprotect_rtcp(datagram))
            else:
                self.datagrams.append(datagram)
                self._opened.append(self._opener.unprotect(datagram))
        return control

    @property
    def sequences(self) -> list[int]:
        return [struct.unpack_from(">H", packet, 2)[0] for packet in self.packets]

    @property
    def timestamps(self) -> list[int]:
        return [struct.unpack_from(">I", packet, 4)[0] for packet in self.packets]


def feed(ingress: Ingress, packet: bytes, now_s: float = 1.0, *, refused: bool | None = None) -> None:
    """An opened packet comes: by the quick lane where that takes it, and else the way round."""
    before = ingress.refused
    if not lane.deliver(desk.address, ingress.address, desk.put(packet), now_s, 0):
        ingress.take(Laid(Aside.PACKET, 0, ingress.address, 0, 0, 0, now_s, packet))
    for laid in desk.laid_aside():
        ingress.take(laid)
    desk.send_posted()
    assert refused is None or (ingress.refused > before) == refused


def divert(patch: pytest.MonkeyPatch, way: Callable[[list[tuple[int, bytes]]], None]) -> None:
    """From now on hand what would be sent, as (socket, datagram), to `way` in place of the network."""

    def diverted(self: Desk) -> None:
        names = ("fd", "at", "octets")
        posted = list(zip(*(self.row[name][: self.row["unsent"]].tolist() for name in names), strict=True))
        self.row["unsent"] = 0
        way([(fd, ctypes.string_at(at, octets)) for fd, at, octets in posted])

    def turn(desk_at: int, epoll: int) -> int:
        lane.look(desk_at, epoll, 0)
        desk.send_posted()
        return int(desk.row["asides"])

    patch.setattr(Desk, "send_posted", diverted)
    patch.setattr(lane, "turn", turn)


def send(fd: int, datagram: bytes) -> None:
    """Send as the desk does: what the kernel does not take is gone."""
    with contextlib.suppress(OSError):
        os.write(fd, datagram)
