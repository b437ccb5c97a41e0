"""What the node relies on inside aiortc, aioice and pylibsrtp. When one of these changes, this says which."""

import asyncio
import importlib.metadata
import inspect
import time

import aioice
import pylibsrtp
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCDtlsTransport
from aiortc.rtp import RtcpPacket, RtcpSenderInfo
from pylibsrtp import _binding

from tests.webrtc.wire import KEY, Wire, session
from webrtc import lane, sockets
from webrtc.desk import Aside, desk
from webrtc.forwarding import Egress, Ingress
from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer
from webrtc.srtp import session_address
from webrtc.transport import MediaTransport, fingerprint, node_certificate


def test_the_versions_are_the_pinned_ones() -> None:
    assert importlib.metadata.version("aiortc") == "1.16.0"
    assert importlib.metadata.version("aioice") == "0.13.0"


async def test_the_private_members_we_touch_exist() -> None:
    connection = aioice.Connection(ice_controlling=True)
    for name in ("_local_candidates", "_local_candidates_start", "_local_candidates_end", "_protocols", "_nominated",
                 "_queue", "_closing"):
        assert hasattr(connection, name), f"aioice.Connection.{name}"
    assert isinstance(connection._nominated, dict)
    assert isinstance(connection._queue, asyncio.Queue)
    await connection.close()
    assert list(inspect.signature(StunProtocol.datagram_received).parameters) == ["self", "data", "addr"]
    assert "receiver" in vars(StunProtocol(connection))
    assert isinstance(inspect.getattr_static(CandidatePair, "remote_addr"), property)

    class Path:
        role = "controlling"

        async def _recv(self) -> bytes:
            raise ConnectionError

        async def _send(self, data: bytes) -> None:
            raise ConnectionError

    dtls = RTCDtlsTransport(Path(), [node_certificate()])  # type: ignore[arg-type]
    dtls._set_role("server")
    assert dtls._role == "server"
    assert dtls.state == "new"
    assert (dtls._rx_srtp, dtls._tx_srtp) == (None, None)


def test_reports_keep_their_field_names() -> None:
    assert list(inspect.signature(RtcpSenderInfo).parameters) == [
        "ntp_timestamp", "rtp_timestamp", "packet_count", "octet_count"]
    assert RtcpPacket.parse(b"") == []


async def test_two_transports_shake_hands_and_seal_with_aes_gcm() -> None:
    """Our transport against itself: what one seals, the other opens; a datagram sent twice is taken once."""
    got: list[bytes] = []
    control: list[bytes] = []
    states: list[tuple[str, str]] = []

    def make(name: str) -> MediaTransport:
        mic = Ingress("mic")
        mic.tap(lambda stream, number, timestamp, payload, now_s: got.append(payload))
        return MediaTransport(Reach(["127.0.0.1"]), {111: mic}, lambda packet, _: control.append(packet),
                              lambda state, reason: states.append((name, state)))

    left, right = make("left"), make("right")
    await left.open()
    await right.open()
    right.ice.ice_controlling = False

    def answer(of: MediaTransport, setup: str) -> Answer:
        return Answer(of.ice.local_username, of.ice.local_password, setup,
                      (("sha-256", fingerprint(of.certificate)),), frozenset())

    for candidate in left.ice.local_candidates:
        await right.ice.add_remote_candidate(candidate)
    left.start(answer(right, "active"))
    right.start(answer(left, "passive"))
    async with asyncio.timeout(5):
        while not (left.connected and right.connected):
            await asyncio.sleep(0.01)
    profile = left._dtls._ssl.get_selected_srtp_profile()
    assert profile == b"SRTP_AEAD_AES_256_GCM"
    egress, packet = Egress("mic", 3), b"\x80\x6f\x00\x01" + bytes(8) + b"payload"
    egress.attach(left.outgoing)

    def seal(packet: bytes, number: int) -> bytes:
        lane.pass_on(desk.address, egress.address, desk.put(packet), 1, number, 2, 0, 1.0)
        n = int(desk.row["unsent"]) - 1
        return desk.row["outbox"][n].tobytes()[: desk.row["octets"][n]]

    sealed = seal(packet, 1)
    assert b"payload" not in sealed
    assert sealed[1] == 0x6F
    assert sealed[4:12] == b"\x00\x00\x00\x02\x00\x00\x00\x03"
    desk.send_posted()
    left.ice._nominated[1].protocol.transport.socket.send(sealed)  # once more
    left.outgoing.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
    seal(b"\x80\x60" + bytes(1_600), 2)  # too long for any network
    left.outgoing.send_rtcp(bytes(1_600))
    assert left.outgoing.refused == 2
    desk.send_posted()
    await asyncio.sleep(0.2)
    assert got == [b"payload"]
    assert control == [b"\x80\xc9\x00\x01\x00\x00\x00\x01"]
    assert right.refused == 1
    assert time.monotonic() - right.heard_at_s < 1
    elsewhere = seal(packet, 3)  # came to another of the node's addresses
    desk.row["unsent"] = 0
    right.ice._protocols[0].datagram_received(elsewhere, ("192.0.2.1", 9))
    right.ice._protocols[0].datagram_received(b"\x80" + bytes(9_000), ("192.0.2.1", 9))
    assert len(got) == 2
    await left.close()
    await asyncio.sleep(0.1)
    assert ("right", "closed") in states
    await right.close()
    await asyncio.sleep(0)
    assert not sockets._pollers  # with the last socket goes the epoll object


def test_a_session_of_pylibsrtp_keeps_its_parts() -> None:
    """Our way through libsrtp itself seals and opens the same bytes as the sessions of pylibsrtp do."""
    policy = pylibsrtp.Policy(key=bytes(44), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
                              srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    assert hasattr(pylibsrtp.Session(policy), "_srtp"), "pylibsrtp.Session._srtp"
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        assert hasattr(_binding.lib, name), f"pylibsrtp._binding.lib.{name}"
    wire, egress, packet = Wire(), Egress("mic", 3), b"\x80\x6f\x00\x01" + bytes(7) + b"\x03payload"
    egress.attach(wire.outgoing)
    lane.pass_on(desk.address, egress.address, desk.put(packet), 1, 1, 0, 0, 1.0)
    sent = wire.packets[0]
    assert sent[12:] == b"payload"
    policy.key = KEY
    assert wire.datagrams == [pylibsrtp.Session(policy).protect(sent)]
    path, mic = MediaTransport(Reach(), {111: Ingress("mic")}, print, print), wire.datagrams[0]
    opener = session(pylibsrtp.Policy.SSRC_ANY_INBOUND)
    path.row["srtp"] = session_address(opener)

    def opened(datagram: bytes) -> bytes | None:
        lane.take(desk.address, path.address, 0, desk.put(datagram))
        return next((laid.data for laid in desk.laid_aside() if laid.kind == Aside.PACKET), None)

    assert opened(mic) == sent
    for wrong in (mic, b"\x80\x6f" + bytes(40), b"", b"\x80", b"\x80\x6f" + bytes(1_501)):
        assert opened(wrong) is None  # replayed, forged, nothing, too long


def test_srtp_refuses_what_was_altered() -> None:
    policy = pylibsrtp.Policy(key=bytes(44), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
                              srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    sealed = pylibsrtp.Session(policy).protect(b"\x80\x60\x00\x01" + bytes(8) + b"payload")
    policy.ssrc_type = pylibsrtp.Policy.SSRC_ANY_INBOUND
    try:
        pylibsrtp.Session(policy).unprotect(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    except pylibsrtp.Error:
        return
    raise AssertionError("it opened")


async def test_addresses_and_ports_are_ours_to_choose() -> None:
    transport = HostConnection(Reach(["127.0.0.1"], None, (47_310, 47_312)))
    await transport.gather_candidates()
    assert [(c.host, 47_310 <= c.port <= 47_312) for c in transport.local_candidates] == [("127.0.0.1", True)]
    await transport.close()
    assert Reach(["10.0.0.5"], "203.0.113.9").announced("10.0.0.5") == "203.0.113.9"
    assert Reach(["127.0.0.1"], "203.0.113.9").announced("127.0.0.1") == "127.0.0.1"
    assert "127.0.0.1" in Reach().hosts()
