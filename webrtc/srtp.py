"""SRTP through libsrtp itself, in two pieces of memory that all participants share: one packet is under way at a time.

The methods of a pylibsrtp Session check, allocate and copy for each packet; that costs more than the cipher does.
Private parts used (test_contract): pylibsrtp._binding, and the pointer inside a Session.
"""

import struct
from collections.abc import Callable
from typing import Any

from pylibsrtp._binding import ffi, lib

from webrtc.congestion import Downlink
from webrtc.rtp import NUMBER
from webrtc.sockets import Send

ROOM_BYTES = 2_048
LARGEST_BYTES = 1_400  # of a packet in the clear; sealed it still fits any network
_CHANGED = struct.Struct(">HII")  # what differs from receiver to receiver: sequence, timestamp, SSRC
_CHANGED_AT = 2

_inbox, _outbox = ffi.new("char[]", ROOM_BYTES), ffi.new("char[]", ROOM_BYTES)
_opened, _outgoing = ffi.buffer(_inbox), ffi.buffer(_outbox)
_length = ffi.new("int *")
_protect, _unprotect = lib.srtp_protect, lib.srtp_unprotect
INBOX = memoryview(_opened)  # a datagram is received here, and opened where it lies


class Opener:
    """Opens what one peer sealed. session: of pylibsrtp."""

    def __init__(self, session: Any) -> None:
        self._session = session  # it frees what the pointer names
        self._srtp = session._srtp[0]

    def rtp(self, length: int) -> bytes | None:
        """The packet whose datagram of this length lies in the inbox; None when it is forged, repeated or broken."""
        _length[0] = length
        return None if _unprotect(self._srtp, _inbox, _length) else _opened[0 : _length[0]]

    def rtcp(self, length: int) -> bytes | None:
        """The same for a control packet."""
        _length[0] = length
        return None if lib.srtp_unprotect_rtcp(self._srtp, _inbox, _length) else _opened[0 : _length[0]]


class Outgoing:
    """Seals for one peer and posts. session: of pylibsrtp; send: of the peer's socket."""

    def __init__(self, session: Any, send: Send, post: Callable[[Send, bytes], None]) -> None:
        self._session = session
        self._srtp = session._srtp[0]
        self.send = send
        self._post = post
        self.downlink = Downlink()
        self.refused = 0

    def send_rtp(
        self, packet: bytes, sequence: int, timestamp: int, ssrc: int, place: int = 0, now_s: float = 0.0,
    ) -> bytes | None:
        """Send a packet under another header: these fields and, at `place`, a transport-wide number of this way.

        Returns the datagram; None when the packet is too long, or its index one that the replay window refuses.
        """
        length = len(packet)
        if length > LARGEST_BYTES:
            self.refused += 1
            return None
        _outgoing[0:length] = packet
        _CHANGED.pack_into(_outgoing, _CHANGED_AT, sequence, timestamp, ssrc)
        if place:
            NUMBER.pack_into(_outgoing, place, self.downlink.stamp(length, now_s))
        _length[0] = length
        if _protect(self._srtp, _outbox, _length):
            self.refused += 1
            return None
        sealed: bytes = _outgoing[0 : _length[0]]
        self._post(self.send, sealed)
        return sealed

    def send_again(self, sealed: bytes) -> None:
        """Send a datagram once more, byte for byte: the same nonce never seals anything else."""
        self._post(self.send, sealed)

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and send one control packet (compound or reduced-size)."""
        length = len(packet)
        if length > LARGEST_BYTES:
            self.refused += 1
            return
        _outgoing[0:length] = packet
        _length[0] = length
        if lib.srtp_protect_rtcp(self._srtp, _outbox, _length):
            self.refused += 1
        else:
            self._post(self.send, _outgoing[0 : _length[0]])
