"""Floods of mutated packets by somebody who was let in, against a real node process: everybody else has their call."""

import asyncio
import os
import random
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pylibsrtp
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.rig import Peer, running_node
from tests.webrtc.test_malformed import _FakeJoin
from tests.webrtc.wire import Wire, feed
from webrtc import lane, rtp, wide
from webrtc.forwarding import Egress, Ingress
from webrtc.ice import DTLS_BACKLOG, HostConnection, Reach
from webrtc.participant import Participant

MARK, PTIME_S = struct.Struct(">4sI"), 0.02
EXTENSION = struct.Struct(">HHBHB")
FLOOD, SEED = 9_000, 20_261_128
FOREIGN = 12_000  # senders' numbers that one peer makes up
NODE_GROWS_BYTES = 6_000_000  # pages touched for the first time; a context for each made-up number would be 12 MB


class Talker:
    """A participant of a call: says numbered things each 20 ms, and notes what it is sent, by SSRC."""

    def __init__(self, mark: bytes) -> None:
        self.peer, self.mark, self.said = Peer(), mark, 0
        self.heard: dict[int, list[bytes]] = defaultdict(list)
        self.peer.on_rtp = self._hear

    def _hear(self, packet: bytes) -> None:
        parsed = rtp.parse(packet)
        assert parsed is not None, packet.hex()
        self.heard[parsed[4]].append(packet[parsed[5] : parsed[6]])

    def say(self, kind: int, octets: int) -> None:
        ssrc = int.from_bytes(self.mark, "big") + kind
        packet = (rtp.HEADER.pack(0x90, kind, self.said & 0xFFFF, self.said * 960, ssrc)
                  + EXTENSION.pack(rtp.ONE_BYTE_PROFILE, 1, rtp.NUMBER_HEAD, self.said & 0xFFFF, 0)
                  + MARK.pack(self.mark, self.said) + bytes(octets))
        self.send(self.peer.transport._dtls._tx_srtp.protect(packet))

    def send(self, datagram: bytes) -> None:
        with suppress(BlockingIOError):
            self.peer.transport.ice._nominated[1].protocol.transport.socket.send(datagram)

    async def talk(self) -> None:
        while True:
            for kind, octets in ((111, 80), (96, 900)):
                self.say(kind, octets)
            self.said += 1
            await asyncio.sleep(PTIME_S)

    def numbers_of(self, other: "Talker") -> list[list[int]]:
        """What came of the other, stream by stream; no stream may hold anything else beside it."""
        found = []
        for said in self.heard.values():
            marks = {payload[:4] == other.mark for payload in said}
            assert len(marks) == 1, "two participants in one stream"
            if marks == {True}:
                found.append([MARK.unpack_from(payload)[1] for payload in said])
        return found


def has_all(listener: Talker, other: Talker, since: int, until: int) -> None:
    streams = listener.numbers_of(other)
    assert len(streams) == 2
    for numbers in streams:
        assert [n for n in numbers if since <= n < until] == list(range(since, until))


def rtp_packets(chance: random.Random) -> Iterator[bytes]:
    """Legal enough to be sealed, and wrong in every way that is left."""
    ssrcs, number, timestamp = [0xBAD1, 0xBAD2, int.from_bytes(b"thir", "big") + 111], 0, 0
    while True:
        kind = chance.choice((111, 96, 97, 98, 99, 100, 101, 102, 103, 0, 72, 127))
        number = chance.choice((number + 1, number + 1, number, number - 5, number + 300, chance.randrange(65_536))) & 0xFFFF
        timestamp = chance.choice((timestamp + 960, 0, 0xFFFFFFFF, chance.getrandbits(32))) & 0xFFFFFFFF
        csrcs, extended, padded = chance.choice((0, 0, 1, 15)), chance.random() < 0.7, chance.random() < 0.2
        ssrc = chance.choice((*ssrcs, chance.getrandbits(32)))
        packet = rtp.HEADER.pack(0x80 | padded << 5 | extended << 4 | csrcs, kind | chance.getrandbits(1) << 7,
                                 number, timestamp, ssrc) + os.urandom(4 * csrcs)
        if extended:
            words = chance.choice((0, 1, 2, 3, 60))
            inside = chance.choice((os.urandom(4 * words), (b"\x31\x00\x01" * 90)[: 4 * words], b"\x3f" * 4 * words, bytes(4 * words)))
            packet += struct.pack(">HH", chance.choice((0xBEDE, 0xBEDE, 0x1000, 0x100F, 0)), words) + inside
        packet = (packet + os.urandom(chance.choice((0, 1, 2, 40, 1_000, 1_300))))[:1_350]
        yield packet + bytes([chance.randrange(256)]) if padded else packet


def control_packets(chance: random.Random) -> Iterator[bytes]:
    """Compound packets of true kinds with absurd contents, some cut anywhere."""
    while True:
        parts = b"".join(_control(chance) for _ in range(chance.choice((1, 1, 2, 9))))[:1_300]
        yield parts[: chance.randrange(8, len(parts) + 1)] if chance.random() < 0.3 else parts


def _control(chance: random.Random) -> bytes:
    kind, count = chance.choice(((200, 0), (200, 31), (201, 1), (202, 1), (203, 31), (204, 3), (205, 1), (205, 15), (205, 15),
                                 (206, 1), (206, 4), (206, 15), (207, 0), (255, 31)))
    body = os.urandom(4 * chance.choice((1, 2, 4, 6, 12, 40, 250)))
    if (kind, count) == (205, 15):  # transport-wide feedback: base, count, chunks
        chunks = chance.choice((b"\x3f\xff", b"\x00\x00", b"\xff\xff", b"\x5f\xff", b"\xbf\xff")) * chance.choice((1, 30, 300))
        body = struct.pack(">IIHHI", 1, 2, chance.getrandbits(16), chance.choice((0, 7, 512, 65_535)), chance.getrandbits(32)) + chunks
        body += bytes(-len(body) % 4)
    words = len(body) // 4 if chance.random() < 0.8 else chance.randrange(65_536)
    return struct.pack(">BBH", 0x80 | (chance.random() < 0.1) << 5 | count, kind, words) + body


def asking(egress_ssrcs: list[int], kind: int, count: int, fci: bytes) -> Iterator[bytes]:
    """The same request for each slot, over and over."""
    while True:
        for ssrc in egress_ssrcs:
            yield struct.pack(">BBHII", 0x80 | count, kind, 2 + len(fci) // 4, 1, ssrc) + fci


def raw(chance: random.Random) -> Iterator[bytes]:
    """Not sealed at all, or not any more."""
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    while True:
        begin = chance.choice((stun, stun[:2] + b"\xff\xff" + stun[4:], b"\x16\xfe\xfd\x00\x01", b"\x15\xfe\xfd", b"\x17\xfe\xfd",
                               b"\x80\x6f", b"\x9f\x60", b"\x80\xc8", b"\x02", b"\xff", b""))
        yield begin + os.urandom(chance.choice((0, 1, 9, 60, 1_400)))


async def flooded(hostile: Talker, listeners_ssrcs: list[int]) -> None:
    """All of it, mixed, in bursts; now and then a datagram twice, or with a bit changed."""
    chance, session = random.Random(SEED), hostile.peer.transport._dtls._tx_srtp
    every_number = b"".join(struct.pack(">HH", n * 17 & 0xFFFF, 0xFFFF) for n in range(320))
    ways: list[tuple[Callable[[bytes], bytes], Iterator[bytes]]] = [
        (session.protect, rtp_packets(chance)), (session.protect, rtp_packets(chance)),
        (session.protect_rtcp, control_packets(chance)), (bytes, raw(chance)),
        (session.protect_rtcp, asking(listeners_ssrcs, 205, 1, every_number)),
        (session.protect_rtcp, asking(listeners_ssrcs, 206, 1, b"")),
        (session.protect_rtcp, asking(listeners_ssrcs, 206, 4, os.urandom(1_200))),
        (session.protect_rtcp, asking([0xBAD1, 0xBAD2], 200, 0, os.urandom(20)))]
    for n in range(FLOOD):
        seal, packets = chance.choice(ways)
        with suppress(pylibsrtp.Error):  # our own end refuses to seal what is no packet, or number it twice
            datagram = seal(next(packets))
            if chance.random() < 0.1:
                changed = chance.randrange(len(datagram))
                datagram = datagram[:changed] + bytes([datagram[changed] ^ 1 << chance.randrange(8)]) + datagram[changed + 1 :]
            for _ in range(chance.choice((1, 1, 1, 2))):
                hostile.send(datagram)
        if n % 12 == 0:
            await asyncio.sleep(0.004)


async def foreign(hostile: Talker) -> None:
    """As many senders as there are packets, each sealed as it must be."""
    for n in range(FOREIGN):
        hostile.send(hostile.peer.transport._dtls._tx_srtp.protect(rtp.HEADER.pack(0x80, 111, n & 0xFFFF, 0, 0x10000 + n)))
        if n % 40 == 0:
            await asyncio.sleep(0.005)


async def test_a_flood_of_one_who_was_let_in_harms_nobody_else() -> None:
    async with running_node(first=False) as (link, node), asyncio.TaskGroup() as work:
        talkers = {mark: Talker(mark) for mark in (b"anna", b"bert", b"thir", b"vict", b"wild")}
        anna, bert, third, victim, hostile = talkers.values()
        for room, mark in (("calm", b"anna"), ("calm", b"bert"), ("wild", b"thir"), ("wild", b"vict"), ("wild", b"wild")):
            await talkers[mark].peer.join(link, room, mark.decode())
        talking = [work.create_task(talker.talk()) for talker in (anna, bert, third)]
        hostile.say(111, 40)
        hostile.said = 1
        await asyncio.sleep(1)
        began, before = third.said, node.rss_bytes()
        await flooded(hostile, [0xBAD1, *hostile.heard])
        await foreign(hostile)
        ended = third.said
        await asyncio.sleep(1)
        grew = node.rss_bytes() - before
        for task in talking:
            task.cancel()
        await asyncio.sleep(0.5)

        assert node.process.poll() is None
        assert ended - began > 50, "the flood was over before it began"
        has_all(bert, anna, 25, ended)
        has_all(anna, bert, 25, ended)
        has_all(victim, third, 25, ended)
        figures = {figure["participant"]: figure for figure in await link.stats("wild")}
        refused = figures["wild"]["refused"]
        assert min(refused.values()) > 20, refused
        assert figures["thir"]["refused"] == {"rtp": 0, "rtcp": 0, "srtp": 0}
        assert figures["thir"]["sends"]["mic"]["lost"] == 0
        assert refused["srtp"] > FOREIGN / 2
        assert grew < NODE_GROWS_BYTES, grew
        for talker in talkers.values():
            await talker.peer.transport.close()


# --- the same, thought out by hypothesis, in this process --------------------------------------------------------------

WORDS = st.integers(0, 8).flatmap(lambda words: st.lists(
    st.sampled_from([b"\x31\x00\x01", b"\x22abc", b"\x10\x7f", b"\x00", b"\x01", b"\x32\x31\x31\x31", b"\x3f", b"\xf0", b"\x41"]),
    max_size=12).map(lambda elements: (b"".join(elements) + bytes(4 * words))[: 4 * words]))
HEADERS = st.tuples(
    st.sampled_from([0x90, 0x80, 0xB0, 0xA0, 0x9F, 0x91, 0x50]), st.sampled_from([96, 96, 224, 98, 97]),
    st.one_of(st.integers(0, 12), st.integers(0, 0xFFFF)), st.integers(0, 0xFFFFFFFF), st.sampled_from([7, 7, 7, 8]),
    st.sampled_from([0xBEDE, 0xBEDE, 0xBEDE, 0x1000, 0]), st.integers(-2, 300), WORDS, st.binary(max_size=40))


def packet_of(header: tuple) -> bytes:
    *fields, profile, words, inside, payload = header
    words = len(inside) // 4 if words < 250 else words  # or so many that the packet is not so long
    return rtp.HEADER.pack(*fields) + struct.pack(">HH", profile, words) + inside + payload


@settings(max_examples=300, deadline=None)  # the first one compiles
@given(WORDS, st.binary(max_size=8))
def test_compiled_code_and_python_find_the_same_number(inside: bytes, payload: bytes) -> None:
    packet = rtp.EXTENDED.pack(0x90, 96, 1, 2, 3, rtp.ONE_BYTE_PROFILE, len(inside) // 4) + inside + payload
    parsed, begin = rtp.parse(packet), 16 + len(inside)
    assert lane.number_place(np.frombuffer(packet, np.uint8), 16, begin) == (parsed[7] if parsed else 0)


@settings(max_examples=200)
@given(st.lists(HEADERS, max_size=25))
def test_whatever_comes_leaves_under_the_slots_own_names(headers: list[tuple]) -> None:
    ingress, egress, wire = Ingress("camera"), Egress("camera", 4_242), Wire()
    egress.attach(wire.outgoing)
    ingress.show(egress)
    came = [packet_of(header) for header in headers]
    for n, packet in enumerate(came):
        feed(ingress, packet, 1.0 + n / 100)
    left = wire.packets
    parsed = [rtp.parse(packet) for packet in left]
    assert None not in parsed, "what we send can be read in one way"
    assert {fields[4] for fields in parsed} <= {4_242}
    assert {fields[1] & 0x7F for fields in parsed} <= {96, 98}
    numbers = [rtp.NUMBER.unpack_from(packet, fields[7])[0] for packet, fields in zip(left, parsed, strict=True) if fields[7]]
    assert numbers == list(range(len(numbers))), "the transport-wide numbers of this way, each once"
    assert len(left) <= len(came)
    assert wire.outgoing.refused == 0


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]), st.integers(0, 63),
                          st.integers(0, 40), st.binary(max_size=60)), min_size=1, max_size=8), st.integers(0, 3))
def test_control_packets_are_read_or_counted(parts: list[tuple], cut: int) -> None:
    participant = Participant("p", "patient", lambda *_: None)
    participant.join = _FakeJoin()
    packet = b"".join(struct.pack(">BBH", 0x80 | first, kind, words if words < 20 else len(body) // 4) + body
                      for kind, first, words, body in parts)
    participant._on_rtcp(1, packet[: len(packet) - cut], 1.0)


async def test_what_is_neither_a_check_nor_a_handshake_is_not_kept() -> None:
    connection = HostConnection(Reach(["127.0.0.1"]))
    await connection.gather_candidates()
    protocol = connection._protocols[0]
    for first in (0, 1, 3, 20, 22, 63, 64, 127, 192, 255):
        for n in range(200):
            protocol.datagram_received(bytes([first]) + n.to_bytes(40, "big"), ("127.0.0.1", 9))
    assert connection._queue.qsize() == DTLS_BACKLOG
    assert connection.malformed == 3 * 200 + 3 * 200 - DTLS_BACKLOG
    await connection.close()


def test_what_is_copied_always_fits() -> None:
    """Compiled code checks indices, not what it copies: the longest of each fits where it goes."""
    tag = 16  # of AES-GCM; the others' are shorter
    assert lane.LARGEST_BYTES + tag <= lane.SEALED_BYTES <= lane.ROOM_BYTES, "_seal, into the ring and the outbox"
    assert lane.LARGEST_BYTES + tag + 4 <= lane.ROOM_BYTES, "seal_control: SRTCP's index too"
    assert 22 + wide.MOST_REPORTED + 3 <= lane.ROOM_BYTES, "write_whole, into the inbox"
    assert lane.LAID_ASIDE.names[-1] == "data", "_lay_aside goes by its size"
    assert lane.LAID_ASIDE["data"].shape == (lane.ROOM_BYTES,)
    assert lane.DESK["aside"].shape == (lane.AT_ONCE,), "a socket gives one datagram a round, and that one aside"
    assert lane.DESK["events"].shape[0] >= 16 * lane.AT_ONCE, "epoll_wait"
    assert lane.DESK["clock"].shape == (2,), "clock_gettime"
    assert 65_536 % lane.CACHE_PACKETS == 0
