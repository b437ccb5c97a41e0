"""One participant's encrypted path: ICE, DTLS and SRTP, giving raw RTP and RTCP bytes in the clear.

RTCDtlsTransport of aiortc does the handshake; its receiving and sending of media is passed by, because parsing and
rebuilding each packet costs more than twice as much as patching header bytes. Private parts used: _set_role,
_rx_srtp, _tx_srtp and the three members it asks of an ICE transport (test_contract).
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport

from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer
from webrtc.sockets import Poller
from webrtc.srtp import INBOX, Opener, Outgoing

CONNECT_TIMEOUT_S = 20.0
LEAST_MEDIA_BYTES = 12  # an RTP header
CERTIFICATE_LIFE_S = 86_400.0

Taker = Callable[[bytes, float], None]

_certificate: tuple[float, RTCCertificate] | None = None


def node_certificate() -> RTCCertificate:
    """The self-signed certificate in use, made anew once a day; one for all transports, so a join pays nothing."""
    global _certificate
    if _certificate is None or monotonic() - _certificate[0] > CERTIFICATE_LIFE_S:
        _certificate = (monotonic(), RTCCertificate.generateCertificate())
    return _certificate[1]


def fingerprint(certificate: RTCCertificate) -> str:
    """The SHA-256 fingerprint in SDP's spelling."""
    return next(f.value for f in certificate.getFingerprints() if f.algorithm == "sha-256")


class _IcePath:
    """What RTCDtlsTransport asks of its ICE transport."""

    role = "controlling"

    def __init__(self, connection: HostConnection) -> None:
        self._recv = connection.recv
        self._send = connection.send


class MediaTransport:
    """ICE + DTLS-SRTP of one join. on_rtp and on_rtcp get (plain bytes, arrival in monotonic seconds).

    on_rtp: by payload type; packets of others are refused.
    on_state is told "connected", then once "closed" with a reason: remote, failed, timeout, consent or local.
    """

    def __init__(
        self, reach: Reach, on_rtp: Mapping[int, Taker], on_rtcp: Taker,
        on_state: Callable[[str, str], None],
    ) -> None:
        self.ice = HostConnection(reach)
        self.certificate = node_certificate()
        self._dtls = RTCDtlsTransport(cast("RTCIceTransport", _IcePath(self.ice)), [self.certificate])
        self._on_rtp, self._on_rtcp, self._on_state = on_rtp, on_rtcp, on_state
        self._opener: Opener | None = None  # both once the handshake is done, and until the end
        self.outgoing: Outgoing | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._receive_into: Callable[[memoryview], int]  # the settled socket's
        self._heard_at_s = float("-inf")
        self.refused = 0  # datagrams that did not authenticate

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
            own = self.ice.read_with(self._read, self._read_elsewhere)
            self._receive_into = own.recv_into
            post = Poller.of(asyncio.get_running_loop()).post
            self._opener, self.outgoing = Opener(self._dtls._rx_srtp), Outgoing(self._dtls._tx_srtp, own.send, post)
            self._dtls.on("statechange", self._dtls_changed)
            self._on_state("connected", "")

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            # aioice closes the sockets itself when consent expires (RFC 7675); otherwise the peer said goodbye.
            self._closing("consent" if self.ice._closing else "remote")

    def _closing(self, reason: str) -> None:
        if not self._closed:
            self._closed = True
            self.mute()
            self._on_state("closed", reason)

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        return self.outgoing is not None

    @property
    def heard_at_s(self) -> float:
        """When anything last came from the peer, monotonic seconds."""
        return max(self._heard_at_s, self.ice.heard_at_s)

    def _read(self) -> None:
        self._take(self._receive_into(INBOX))

    def _read_elsewhere(self, datagram: bytes) -> None:
        """Media came to another of our addresses than the settled one: browsers change their mind about the way."""
        if len(datagram) <= len(INBOX):
            INBOX[: len(datagram)] = datagram
            self._take(len(datagram))

    def _take(self, length: int) -> None:
        """Open the datagram in the inbox.

        The second byte alone tells media from all else a peer may send (RFC 5761, RFC 7983): what is not sealed as
        media does not open.
        """
        opener, receive = self._opener, self._on_rtp.get(INBOX[1] & 0x7F)
        if receive is None or opener is None:
            self._take_other(length)
            return
        packet = opener.rtp(length)
        if packet is None:
            self.refused += 1
            return
        self._heard_at_s = now_s = monotonic()
        receive(packet, now_s)

    def _take_other(self, length: int) -> None:
        if not 127 < INBOX[0] < 192:
            self.ice.take(bytes(INBOX[:length]))
            return
        opener, control = self._opener, length >= LEAST_MEDIA_BYTES and 191 < INBOX[1] < 224
        packet = opener.rtcp(length) if opener is not None and control else None
        if packet is None:
            self.refused += 1
            return
        self._heard_at_s = now_s = monotonic()
        self._on_rtcp(packet, now_s)

    def mute(self) -> None:
        """Nothing more comes from here, and nothing is sent; close() lets go of the rest."""
        self._opener = self.outgoing = None

    async def close(self) -> None:
        """Say goodbye and let go of the sockets; quick, and safe to repeat."""
        self._closing("local")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._dtls.stop()
        await self.ice.close()
