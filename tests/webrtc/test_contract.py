"""What the node relies on inside aiortc, aioice and pylibsrtp. When one of these changes, this says which."""

import asyncio
import importlib.metadata
import inspect
import time

import aioice
import pylibsrtp
import pytest
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCDtlsTransport
from aiortc.rtp import RtcpPacket, RtcpSenderInfo

from webrtc.ice import HostConnection, Reach
from webrtc.sdp import Answer
from webrtc.transport import MediaTransport, _Cipher, fingerprint, node_certificate


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
        return MediaTransport(Reach(["127.0.0.1"]), lambda p, _: rtp.append(p), lambda p, _: rtcp.append(p),
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
    sealed = left.send_rtp(packet)
    assert sealed is not None
    assert b"payload" not in sealed
    left.send_again(sealed)
    left.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
    await asyncio.sleep(0.2)
    assert got == [packet]
    assert control == [b"\x80\xc9\x00\x01\x00\x00\x00\x01"]
    assert right.refused == 1
    assert time.monotonic() - right.heard_at_s < 1
    assert left.send_rtp(b"\x80\x60" + bytes(1_600)) is None  # too long for any network
    await left.close()
    await asyncio.sleep(0.1)
    assert ("right", "closed") in states
    await right.close()


def test_a_session_of_pylibsrtp_keeps_its_parts() -> None:
    """_Cipher calls libsrtp itself, with the session's own buffer: the same bytes as through the session come out."""
    policy = pylibsrtp.Policy(key=bytes(44), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
                              srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    session = pylibsrtp.Session(policy)
    for name in ("_buffer", "_cdata", "_srtp"):
        assert hasattr(session, name), f"pylibsrtp.Session.{name}"
    packet = b"\x80\x60\x00\x01" + bytes(8) + b"payload"
    seal = _Cipher(session, pylibsrtp.lib.srtp_protect, pylibsrtp.SRTP_MAX_TRAILER_LEN)
    sealed = seal(bytearray(packet))
    assert sealed == pylibsrtp.Session(policy).protect(packet)
    policy.ssrc_type = pylibsrtp.Policy.SSRC_ANY_INBOUND
    opens = _Cipher(pylibsrtp.Session(policy), pylibsrtp.lib.srtp_unprotect)
    assert opens(sealed) == packet
    for wrong, error in ((sealed, pylibsrtp.Error), (b"\x80" + bytes(40), pylibsrtp.Error), (bytes(1_501), ValueError)):
        with pytest.raises(error):  # replayed, forged, too long
            opens(wrong)
    with pytest.raises(ValueError, match="too long"):
        seal(bytes(1_400))


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
    transport = HostConnection(Reach(["127.0.0.1"], None, (47_310, 47_312)), lambda data: None)
    await transport.gather_candidates()
    assert [(c.host, 47_310 <= c.port <= 47_312) for c in transport.local_candidates] == [("127.0.0.1", True)]
    await transport.close()
    assert Reach(["10.0.0.5"], "203.0.113.9").announced("10.0.0.5") == "203.0.113.9"
    assert Reach(["127.0.0.1"], "203.0.113.9").announced("127.0.0.1") == "127.0.0.1"
    assert "127.0.0.1" in Reach().hosts()
