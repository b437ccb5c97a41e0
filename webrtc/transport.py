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

from webrtc import lane
from webrtc.compiled import Cell, Row
from webrtc.desk import Aside, Laid, desk
from webrtc.forwarding import Ingress
from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer
from webrtc.sockets import Poller
from webrtc.srtp import Outgoing, session_address

CONNECT_TIMEOUT_S = 20.0
CERTIFICATE_LIFE_S = 86_400.0
CONTROL_OCTETS_PER_S = 50_000  # of control packets that Python reads; a browser sends a tenth of it

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


class MediaTransport(Row):
    """ICE + DTLS-SRTP of one join. on_rtcp gets (plain bytes, arrival in monotonic seconds).

    sources: by payload type, who takes its packets; those of others are refused.
    on_state is told "connected", then once "closed" with a reason: remote, failed, timeout, consent or local.
    """

    layout = lane.PATH
    refused, _heard_at_s = Cell(int), Cell(float)  # refused: datagrams that did not authenticate

    def __init__(
        self, reach: Reach, sources: Mapping[int, Ingress], on_rtcp: Callable[[bytes, float], None],
        on_state: Callable[[str, str], None],
    ) -> None:
        super().__init__()
        self.ice = HostConnection(reach)
        self.certificate = node_certificate()
        self._dtls = RTCDtlsTransport(cast("RTCIceTransport", _IcePath(self.ice)), [self.certificate])
        self._on_rtcp, self._on_state = on_rtcp, on_state
        self.outgoing: Outgoing | None = None  # from the handshake to the end
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._sources = {ingress.address: ingress for ingress in sources.values()}
        for payload_type, ingress in sources.items():
            self.row["takers"][payload_type] = ingress.address
        self._heard_at_s = float("-inf")
        self._control_octets, self._control_s = float(CONTROL_OCTETS_PER_S), 0.0

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
            self._open_lane()
            self._dtls.on("statechange", self._dtls_changed)
            self._on_state("connected", "")

    def _open_lane(self) -> None:
        fd = self.ice.read_with(self._take_elsewhere)
        self.outgoing = Outgoing(self._dtls._tx_srtp, fd)
        self.row["downlink"] = self.outgoing.downlink.address
        self.row["srtp"] = session_address(self._dtls._rx_srtp)  # of a session that _dtls keeps
        Poller.of(asyncio.get_running_loop()).pass_quickly(fd, self, self._take)

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

    def _take(self, laid: Laid) -> None:
        """What came and does not go the quick way (see lane.Aside)."""
        if laid.kind == Aside.OTHER:
            self.ice.take(laid.data)
        elif laid.kind == Aside.CONTROL:
            self._take_control(laid)
        else:
            self._sources[laid.ingress].take(laid)

    def _take_control(self, laid: Laid) -> None:
        """Within a budget: reading one packet full of requests takes as long as forwarding hundreds."""
        refill = CONTROL_OCTETS_PER_S * (laid.now_s - self._control_s)
        self._control_octets, self._control_s = min(CONTROL_OCTETS_PER_S, self._control_octets + refill), laid.now_s
        if self._control_octets < len(laid.data):
            self.refused += 1
            return
        self._control_octets -= len(laid.data)
        self._on_rtcp(laid.data, laid.now_s)

    def _take_elsewhere(self, datagram: bytes) -> None:
        """Media came to another of our addresses than the settled one: browsers change their mind about the way."""
        if len(datagram) <= lane.ROOM_BYTES:
            lane.take(desk.address, self.address, 0, desk.put(datagram))
            for laid in desk.laid_aside():
                self._take(laid)

    def mute(self) -> None:
        """Nothing more comes from here, and nothing is sent; close() lets go of the rest."""
        self.row["srtp"], self.outgoing = 0, None

    async def close(self) -> None:
        """Say goodbye and let go of the sockets; quick, and safe to repeat."""
        self._closing("local")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._dtls.stop()
        await self.ice.close()
