"""Malformed SDP, JSON, STUN, DTLS, RTP and RTCP: a clear code or silence, and every call goes on."""

import asyncio
import json
import os
import random
import socket

import aiohttp
import pytest
from aiortc.rtp import RtcpByePacket
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webrtc.conftest import RunningNode, until
from tests.webrtc.house import House
from tests.webrtc.test_call import seated
from tests.webrtc.wire import feed
from transcription.protocol import ProtocolError
from webrtc import lane
from webrtc.congestion import Downlink
from webrtc.control import MediaRefused
from webrtc.desk import desk
from webrtc.participant import Participant, _layout
from webrtc.sdp import Candidate, Path, SdpRefused, check_candidate, offer, parse_answer
from webrtc.signaling import parse_command, parse_from_node
from webrtc.synthetic import SyntheticParticipant
from webrtc.transport import MediaTransport

PATH = Path("ufra", "p" * 22, ":".join(["AB"] * 32), [Candidate("f", 1, "127.0.0.1", 9)])


async def good_answer() -> tuple[str, list]:
    _, lines = _layout()
    peer = SyntheticParticipant()
    try:
        return await peer.answer(offer(1, lines, PATH)), lines
    finally:
        await peer.close()


async def test_answers_are_taken_or_refused_with_a_code() -> None:
    answer, lines = await good_answer()
    taken = parse_answer(answer, lines)
    assert taken.setup == "active"
    assert taken.sending == {"0", "1"}
    cases = {
        "": "sdp-mismatch",
        "hello": "sdp-mismatch",
        "v=x\r\nm=\r\n": "bad-sdp",
        answer.replace("m=audio", "m=application", 1): "sdp-mismatch",
        answer.replace("a=mid:3", "a=mid:9"): "sdp-mismatch",
        answer.replace("a=setup:active", "a=setup:actpass"): "bad-sdp",
        answer.replace("a=setup:active", "a=setup:maybe"): "bad-sdp",
        answer.replace("a=ice-pwd:", "a=ice-pwd:é"): "bad-sdp",
        answer.replace("a=fingerprint:", "a=finger:"): "no-dtls",
        answer.replace("a=fingerprint:sha-256", "a=fingerprint:sha-1").replace("sha-384", "md5").replace(
            "sha-512", "md2"): "no-dtls",
        answer[: answer.index("m=", len(answer) // 2)]: "sdp-mismatch",  # whole lines: a cut one would be bad-sdp
        "a" * 70_000: "sdp-too-big",
    }
    for text, code in cases.items():
        with pytest.raises(SdpRefused) as refused:
            parse_answer(text, lines)
        assert refused.value.code == code, text[:60]


async def test_a_mangled_answer_never_raises_anything_else() -> None:
    answer, lines = await good_answer()
    generator = random.Random(5)
    rows = answer.split("\r\n")
    for _ in range(1_500):
        mangled = list(rows)
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(mangled))
            action = generator.randrange(4)
            if action == 0:
                del mangled[place]
            elif action == 1:
                mangled.insert(place, generator.choice(rows))
            elif action == 2:
                cut = generator.randrange(len(mangled[place]) + 1)
                mangled[place] = mangled[place][:cut]
            else:
                mangled[place] = "".join(generator.choice("a=:m1 /é\x00") for _ in range(9))
        try:
            parse_answer("\r\n".join(mangled), lines)
        except SdpRefused as refused:
            assert refused.code in ("bad-sdp", "sdp-mismatch", "no-dtls")


@given(st.text(max_size=300))
def test_candidates_are_taken_or_refused(text: str) -> None:
    try:
        check_candidate(text)
    except SdpRefused as refused:
        assert refused.code == "bad-candidate"


def test_browsers_candidates_are_taken() -> None:
    check_candidate("candidate:1 1 udp 2113937151 0a1b2c3d-aaaa.local 51234 typ host generation 0 ufrag abcd")
    check_candidate("candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active")
    check_candidate("")


@settings(max_examples=300)
@given(st.one_of(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["join", "tap", "hello"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "request", "room", "sdp", "x"]), inner),
).map(json.dumps)))
def test_messages_are_taken_or_refused(text: str) -> None:
    for parse in (parse_command, parse_from_node):
        try:
            parse(text)
        except ProtocolError as refused:
            assert refused.code in ("bad-message", "message-too-big")


async def test_refusals_reach_web_with_their_code(house: House, node: RunningNode) -> None:
    link = house.link
    for attempt, code in (
        (lambda: link.answer("none", "p", 1, ""), "no-participant"),
        (lambda: link.candidate("none", "p", 1, ""), "no-participant"),
        (lambda: link.stats("none"), "no-participant"),
        (lambda: link.tap("none", "p", on=True), "no-participant"),
        (lambda: link.join("room with spaces", "p", "patient"), "bad-message"),
    ):
        with pytest.raises((MediaRefused, ValueError)) as refused:
            await attempt()
        if isinstance(refused.value, MediaRefused):
            assert refused.value.code == code
    offered = await link.join("r", "p", "patient")
    for sdp, code in (("nonsense", "sdp-mismatch"), ("x" * 70_000, "sdp-too-big")):
        with pytest.raises(MediaRefused) as refused:
            await link.answer("r", "p", offered.epoch, sdp)
        assert refused.value.code == code
    with pytest.raises(MediaRefused, match="parse"):
        await link.candidate("r", "p", offered.epoch, "candidate:x")
    await link.leave("r", "p")
    await link.leave("r", "p")  # leaving twice is leaving
    await link.close("r")


async def test_nonsense_from_web_is_answered_and_the_connection_stays(house: House, node: RunningNode) -> None:
    link = house.link
    for text in ("", "{", "[]", '{"type":"join"}', '{"type":"join","request":77,"room":1}', "[" * 5_000, '"\\ud800"'):
        await link._socket.send_str(text)
    await link._socket.send_bytes(b"\x00" * 100)
    assert await link.join("r", "p", "patient")
    assert house.link is link


async def test_a_node_that_breaks_the_protocol_is_sent_away(house: House) -> None:
    for first in ("nonsense", '{"type":"load","participants":1,"loop_lag_ms":0}', '{"type":"hello","role":"worker"}',
                  '{"type":"hello","role":"media","version":1,"node":"n","public_key":"AAAA","rooms":[]}'):
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(house.control))) as session, \
                session.ws_connect("http://control/media") as channel:
            await channel.send_str(first)
            assert (await channel.receive(5)).type is aiohttp.WSMsgType.CLOSE
            assert channel.close_code == 1008
    assert house.link is None


def as_if_sent_by_the_peer(path: MediaTransport, data: bytes) -> None:
    lane.take(desk.address, path.address, 0, desk.put(data))
    for laid in desk.laid_aside():
        path._take(laid)


async def test_garbage_on_the_sockets_changes_nothing(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient") as patient:
        await until(lambda: doctor._frames.get("video", 0) > 5)
        generator = random.Random(9)
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        paths = [p.join.transport for p in node.rooms._rooms["visit-1"].participants.values()]
        stun = bytes.fromhex("000100002112a442") + os.urandom(12)
        for n in range(3_000):
            data = generator.choice((
                b"", stun, stun + os.urandom(4), b"\x80\x60" + os.urandom(60), b"\x80\xc8" + os.urandom(30),
                bytes([generator.randrange(256)]) + os.urandom(generator.randrange(1_400)),
                b"\x16\xfe\xfd" + os.urandom(200), stun[:2] + b"\xff\xff" + stun[4:]))
            path = generator.choice(paths)
            stranger.sendto(data, ("127.0.0.1", path.ice.local_candidates[0].port))
            as_if_sent_by_the_peer(path, data)
            if n % 200 == 0:
                await asyncio.sleep(0.01)
        stranger.close()
        heard, seen = doctor._frames["audio"], patient._frames.get("video", 0)
        await until(lambda: doctor._frames["audio"] > heard + 50 and patient._frames.get("video", 0) > seen + 5)
        assert sum(f["refused"]["srtp"] for f in await house.link.stats("visit-1")) > 100


async def test_strangers_do_not_even_reach_a_path_that_is_settled(house: House, node: RunningNode) -> None:
    async with seated(house, "p1", "patient") as patient:
        await until(patient.connected.is_set)
        path = node.rooms._rooms["visit-1"].participants["p1"].join.transport
        await until(lambda: path.connected)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(200):
                stranger.sendto(b"\x80\x60" + os.urandom(60), ("127.0.0.1", path.ice.local_candidates[0].port))
        await asyncio.sleep(0.2)
        assert path.refused == 0


@given(st.binary(max_size=300))
def test_authentic_but_malformed_packets_are_counted(data: bytes) -> None:
    """A participant's own browser may be hostile: its packets authenticate."""
    participant = Participant("p", "patient", lambda *_: None)
    participant.join = _FakeJoin()
    for packet in (data, b"\x90\x60\x00\x01" + data, b"\x90\x60\x00\x02" + bytes(8) + b"\xbe\xde" + data):
        for ingress in participant._sources.values():
            feed(ingress, packet, 1.0)
    for ingress in participant.ingress.values():
        for message in ingress.arrivals.take(1):
            assert len(message) % 4 == 0
    participant._on_rtcp(1, data, 1.0)
    participant._on_rtcp(1, b"\x81\xc9" + data, 1.0)
    participant._on_rtcp(1, b"\x8f\xce\x00\x05" + data, 1.0)


class _FakeJoin:
    epoch = 1

    class transport:  # noqa: N801
        class outgoing:  # noqa: N801
            downlink = Downlink()


def test_goodbyes_are_not_passed_on() -> None:
    participant = Participant("p", "patient", lambda *_: None)
    participant.join = _FakeJoin()
    feed(participant._sources[111], b"\x80\x6f\x00\x01" + bytes(4) + b"\x00\x00\x00\x09" + b"opus", 1.0)
    assert participant.ingress["mic"].heard_at_s == 1.0
    participant._on_rtcp(1, bytes(RtcpByePacket(sources=[9])), 2.0)
    assert participant.ingress["mic"].heard_at_s == float("-inf")
