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

from webrtc import sockets
from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer
from webrtc.srtp import INBOX, Opener, Outgoing
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

    def make(rtp, rtcp, name: str) -> MediaTransport:
        return MediaTransport(Reach(["127.0.0.1"]), {96: lambda p, _: rtp.append(p)}, lambda p, _: rtcp.append(p),
                              lambda state, reason: states.append((name, state)))

    left, right = make([], [], "left"), make(got, control, "right")
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
    packet = b"\x80\x60\x00\x01" + bytes(8) + b"payload"
    sealed = left.outgoing.send_rtp(packet, 1, 2, 3)
    assert sealed is not None
    assert b"payload" not in sealed
    assert sealed[:12] == b"\x80\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03"
    left.outgoing.send_again(sealed)
    left.outgoing.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
    assert left.outgoing.send_rtp(b"\x80\x60" + bytes(1_600), 2, 2, 3) is None  # too long for any network
    left.outgoing.send_rtcp(bytes(1_600))
    assert left.outgoing.refused == 2
    sockets.flush()
    await asyncio.sleep(0.2)
    assert got == [sealed[:12] + b"payload"]
    assert control == [b"\x80\xc9\x00\x01\x00\x00\x00\x01"]
    assert right.refused == 1
    assert time.monotonic() - right.heard_at_s < 1
    elsewhere = left.outgoing.send_rtp(packet, 9, 2, 3)  # came to another of the node's addresses
    sockets._pollers[asyncio.get_running_loop()]._unsent.clear()
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
    session = pylibsrtp.Session(policy)
    assert hasattr(session, "_srtp"), "pylibsrtp.Session._srtp"
    for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"):
        assert hasattr(_binding.lib, name), f"pylibsrtp._binding.lib.{name}"
    packet = b"\x80\x60\x00\x01" + bytes(7) + b"\x03payload"
    posted: list[bytes] = []
    outgoing = Outgoing(session, posted.append, lambda send, data: send(data))
    sealed = outgoing.send_rtp(packet, 1, 0, 3)
    assert sealed == pylibsrtp.Session(policy).protect(packet)
    assert posted == [sealed]
    policy.ssrc_type = pylibsrtp.Policy.SSRC_ANY_INBOUND
    opener = Opener(pylibsrtp.Session(policy))

    def opened(datagram: bytes) -> bytes | None:
        INBOX[: len(datagram)] = datagram
        return opener.rtp(len(datagram))

    assert opened(sealed) == packet
    for wrong in (sealed, b"\x80" + bytes(40), b"", b"\x80", bytes(1_501)):  # replayed, forged, nothing, too long
        assert opened(wrong) is None


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
