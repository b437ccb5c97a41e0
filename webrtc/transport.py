"""One participant's encrypted path: ICE, DTLS and SRTP, giving raw RTP and RTCP bytes in the clear.

RTCDtlsTransport of aiortc does the handshake; its receiving and sending of media is passed by, because parsing and
rebuilding each packet costs more than twice as much as patching header bytes. Private parts used: _set_role,
_rx_srtp, _tx_srtp and the three members it asks of an ICE transport, and those of a pylibsrtp Session (test_contract).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, cast

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport
from pylibsrtp._binding import ffi, lib

from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer

CONNECT_TIMEOUT_S = 20.0
CERTIFICATE_LIFE_S = 86_400.0

_certificate: tuple[float, RTCCertificate] | None = None


def node_certificate() -> RTCCertificate:
    """The self-signed certificate in use, made anew once a day; one for all transports, so a join pays nothing."""
    global _certificate
    if _certificate is None or time.monotonic() - _certificate[0] > CERTIFICATE_LIFE_S:
        _certificate = (time.monotonic(), RTCCertificate.generateCertificate())
    return _certificate[1]


def fingerprint(certificate: RTCCertificate) -> str:
    """The SHA-256 fingerprint in SDP's spelling."""
    return next(f.value for f in certificate.getFingerprints() if f.algorithm == "sha-256")


class _Cipher:
    """One way of an SRTP session; its own methods check and allocate for each packet more than the cipher costs."""

    def __init__(self, session: Any, function: Any, room: int = 0) -> None:
        self._session, self._function = session, function
        self._buffer, self._data, self._srtp = session._buffer, session._cdata, session._srtp[0]
        self._most = len(session._cdata) - room
        self._length = ffi.new("int *")

    def __call__(self, packet: bytes | bytearray) -> bytes:
        """Open or seal one packet. Raises ValueError when it is too long, pylibsrtp.Error when it is refused."""
        length = len(packet)
        if length > self._most:
            raise ValueError("packet is too long")
        self._length[0] = length
        self._buffer[0:length] = packet
        if failure := self._function(self._srtp, self._data, self._length):
            raise pylibsrtp.Error(failure)
        sealed: bytes = self._buffer[0 : self._length[0]]
        return sealed


class _IcePath:
    """What RTCDtlsTransport asks of its ICE transport."""

    role = "controlling"

    def __init__(self, connection: HostConnection) -> None:
        self._recv = connection.recv
        self._send = connection.send


class MediaTransport:
    """ICE + DTLS-SRTP of one join. on_rtp and on_rtcp get (plain bytes, arrival in monotonic seconds).

    on_state is told "connected", then once "closed" with a reason: remote, failed, timeout, consent or local.
    """

    def __init__(
        self, reach: Reach, on_rtp: Callable[[bytes, float], None], on_rtcp: Callable[[bytes, float], None],
        on_state: Callable[[str, str], None],
    ) -> None:
        self.ice = HostConnection(reach, self._receive)
        self.certificate = node_certificate()
        self._dtls = RTCDtlsTransport(cast("RTCIceTransport", _IcePath(self.ice)), [self.certificate])
        self._on_rtp, self._on_rtcp, self._on_state = on_rtp, on_rtcp, on_state
        self._open: _Cipher | None = None  # once the handshake is done, and until the end
        self._seal: _Cipher | None = None
        self._open_rtcp: _Cipher
        self._seal_rtcp: _Cipher
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.refused = 0  # datagrams that did not authenticate
        self.packets_in = self.packets_out = 0

    async def open(self) -> None:
        """Open the sockets. Raises ice.NoAddress."""
        await self.ice.gather_candidates()

    def start(self, answer: Answer) -> None:
        """Check connectivity and shake hands, in a task this transport owns."""
        if self._task is None:
            self._task = asyncio.create_task(self._connect(answer), name="media transport")

    async def _connect(self, answer: Answer) -> None:
        reason = "failed"
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._negotiate(answer)
        except TimeoutError:
            reason = "timeout"
        except ConnectionError:
            reason = "failed"
        if self._dtls.state != "connected":
            self._closing(reason)

    async def _negotiate(self, answer: Answer) -> None:
        self.ice.remote_username, self.ice.remote_password = answer.ice_ufrag, answer.ice_pwd
        await self.ice.connect()
        self.ice.settle()
        self._dtls._set_role("client" if answer.setup == "passive" else "server")
        await self._dtls.start(RTCDtlsParameters(
            [RTCDtlsFingerprint(algorithm, value) for algorithm, value in answer.fingerprints]))
        if self._dtls.state == "connected":
            rx, tx = self._dtls._rx_srtp, self._dtls._tx_srtp
            self._open, self._open_rtcp = _Cipher(rx, lib.srtp_unprotect), _Cipher(rx, lib.srtp_unprotect_rtcp)
            self._seal = _Cipher(tx, lib.srtp_protect, pylibsrtp.SRTP_MAX_TRAILER_LEN)
            self._seal_rtcp = _Cipher(tx, lib.srtp_protect_rtcp, pylibsrtp.SRTP_MAX_SRTCP_TRAILER_LEN)
            self._dtls.on("statechange", self._dtls_changed)
            self._on_state("connected", "")

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            # aioice closes the sockets itself when consent expires (RFC 7675); otherwise the peer said goodbye.
            self._closing("consent" if self.ice._closing else "remote")

    def _closing(self, reason: str) -> None:
        if not self._closed:
            self._closed = True
            self._open = self._seal = None
            self._on_state("closed", reason)

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        return self._seal is not None

    @property
    def heard_at_s(self) -> float:
        """When anything last came from the peer, monotonic seconds."""
        return self.ice.heard_at_s

    def _receive(self, data: bytes) -> None:
        if self._open is None or len(data) < 12:
            return
        now_s = time.monotonic()
        rtcp = 191 < data[1] < 224  # RFC 5761
        try:
            plain = self._open_rtcp(data) if rtcp else self._open(data)
        except (pylibsrtp.Error, ValueError):
            self.refused += 1
            return
        self.ice.heard_at_s = now_s
        self.packets_in += 1
        (self._on_rtcp if rtcp else self._on_rtp)(plain, now_s)

    def mute(self) -> None:
        """Nothing more comes from here, and nothing is sent; close() lets go of the rest."""
        self._open = self._seal = None

    def send_rtp(self, packet: bytes | bytearray) -> bytes | None:
        """Seal and send one RTP packet; returns the sealed datagram, None when nothing could be sent."""
        if self._seal is None:
            return None
        try:
            sealed = self._seal(packet)
        except (pylibsrtp.Error, ValueError):  # too long, or an index the replay window refuses
            self.refused += 1
            return None
        self.packets_out += 1
        self.ice.transmit(sealed)
        return sealed

    def send_again(self, sealed: bytes) -> None:
        """Send a datagram once more, byte for byte: the same nonce never seals anything else."""
        if self._seal is not None:
            self.packets_out += 1
            self.ice.transmit(sealed)

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and send one RTCP packet (compound or reduced-size)."""
        if self._seal is not None:
            with contextlib.suppress(pylibsrtp.Error, ValueError):
                self.ice.transmit(self._seal_rtcp(packet))

    async def close(self) -> None:
        """Say goodbye and let go of the sockets; quick, and safe to repeat."""
        self._closing("local")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._dtls.stop()
        await self.ice.close()
