"""What a peer is sent: sealed by libsrtp itself, for the methods of a pylibsrtp Session cost more than the cipher.

Private parts used (test_contract): pylibsrtp._binding, and the pointer inside a Session.
"""

from typing import Any

from pylibsrtp._binding import ffi

from webrtc import lane
from webrtc.compiled import Address, Cell, Row
from webrtc.congestion import Downlink
from webrtc.desk import desk
from webrtc.lane import LARGEST_BYTES, OUTGOING


def session_address(session: Any) -> Address:
    """Where the session that pylibsrtp made lies; whoever keeps the address keeps the session."""
    return int(ffi.cast("uintptr_t", session._srtp[0]))


class Outgoing(Row):
    """Seals for one peer and posts to its socket. session: of pylibsrtp; fd: of a connected socket."""

    layout = OUTGOING
    refused = Cell(int)

    def __init__(self, session: Any, fd: int) -> None:
        super().__init__()
        self._session = session  # it frees what the address names
        self.downlink = Downlink()
        self.row["srtp"], self.row["fd"], self.row["downlink"] = session_address(session), fd, self.downlink.address

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and post one control packet (compound or reduced-size)."""
        if len(packet) > LARGEST_BYTES:
            self.refused += 1
        else:
            lane.seal_control(desk.address, self.address, desk.put(packet))
