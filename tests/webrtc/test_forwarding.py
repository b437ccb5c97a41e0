"""Forwarding on packets alone: continuity, padding, retransmissions, caches; then a whole call over a lossy path."""

import random
import struct
from itertools import pairwise

from aiortc.rtp import RtcpPacket, RtcpSrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from tests.webrtc.conftest import RunningNode, until
from tests.webrtc.house import House
from tests.webrtc.test_call import seated
from tests.webrtc.wire import Wire, divert, feed, send
from webrtc import rtp
from webrtc.forwarding import Egress, Ingress
from webrtc.lane import CACHE_PACKETS

VP8, VP8_RTX = 96, 97
KEY_FRAME = bytes([0x10, 0x00]) + b"frame"


def camera() -> tuple[Ingress, Egress, Wire]:
    ingress, egress, wire = Ingress("camera"), Egress("camera", 4_242), Wire()
    egress.attach(wire.outgoing)
    ingress.show(egress)
    return ingress, egress, wire


def packet(sequence: int, timestamp: int = 0, payload: bytes = KEY_FRAME, ssrc: int = 99, kind: int = VP8,
           padding: int = 0) -> bytes:
    made = RtpPacket(payload_type=kind, sequence_number=sequence & 0xFFFF, timestamp=timestamp, ssrc=ssrc,
                     payload=payload)
    made.padding_size = padding
    return made.serialize()


def steps(numbers: list[int]) -> list[int]:
    return [(b - a) & 0xFFFF for a, b in pairwise(numbers)]


def test_a_paused_stream_goes_on_without_a_hole() -> None:
    ingress, egress, wire = camera()
    for n in range(3):
        feed(ingress, packet(n, 3_000 * n), 1.0 + n / 30)
    egress.pause(paused=True)
    for n in range(3, 90):
        feed(ingress, packet(n, 3_000 * n), 1.0 + n / 30)
    assert len(wire.packets) == 3
    egress.pause(paused=False)
    for n in range(90, 93):
        feed(ingress, packet(n, 3_000 * n), 1.0 + n / 30)
    assert steps(wire.sequences) == [1] * 5
    assert 255_000 < (wire.timestamps[3] - wire.timestamps[2]) & 0xFFFFFFFF < 270_000, "the time that passed"


def test_only_the_header_changes() -> None:
    ingress, _, wire = camera()
    feed(ingress, packet(65_535, 7, b"\x10\x01one"))
    feed(ingress, packet(65_536, 3_007, b"\x10\x01two"))
    sent = [RtpPacket.parse(p) for p in wire.packets]
    assert [p.payload for p in sent] == [b"\x10\x01one", b"\x10\x01two"]
    assert {(p.ssrc, p.payload_type) for p in sent} == {(4_242, VP8)}
    assert steps(wire.sequences) == [1]
    assert (wire.timestamps[1] - wire.timestamps[0]) & 0xFFFFFFFF == 3_000


def with_extension(sequence: int, elements: bytes, payload: bytes = KEY_FRAME) -> bytes:
    words = len(elements) // 4
    return struct.pack(">BBHIIHH", 0x90, VP8, sequence, 7, 99, 0xBEDE, words) + elements + payload


def test_the_transport_wide_number_is_found_wherever_it_stands() -> None:
    """A sender's own number never passes for the receiver's: not as a second one, and not in an element of another size."""
    ingress, _, wire = camera()
    first, second = b"\x31\x01\x02\x00", b"\x22aaa\x31\x01\x02\x00"
    other = b"\x22\x31\x31\x31"
    for n, elements in enumerate((first, first, second, second, first, other, second)):
        feed(ingress, with_extension(n, elements))
    places = {0: 17, 1: 17, 2: 21, 3: 21, 4: 17, 6: 21}  # of packet 5 nothing is to be changed
    wide = [wire.packets[n][place : place + 2] for n, place in places.items()]
    assert wide == [n.to_bytes(2, "big") for n in range(6)], "the receiver's own numbers"
    assert wire.packets[5][16:] == other + KEY_FRAME
    assert ingress.arrivals._count == 6
    feed(ingress, with_extension(7, second, b""))  # nothing after the header
    feed(ingress, with_extension(8, second)[:20], refused=True)  # an extension that is longer than the packet
    for smuggled in (b"\x32\x31\x31\x31", b"\x31\x01\x02\x31\x01\x02\x00\x00", b"\x01\x31\x01\x02", b"\x31\x01\x02\x41"):
        feed(ingress, with_extension(8, smuggled), refused=True)
    two_byte = bytearray(with_extension(8, b"\x03\x02\x01\x02"))
    two_byte[12:14] = b"\x10\x00"
    feed(ingress, bytes(two_byte), refused=True)
    assert len(wire.packets) == 8


def test_after_a_jump_the_receiver_still_knows_which_round_of_numbers_it_is() -> None:
    """Two jumps with a loss between them would be taken for none: nothing would open any more, of whoever comes next."""
    ingress, _, wire = camera()
    for number in (10, 11, 12 + 0x7000, 13 + 0x7000, 14 + 0xE000, 15 + 0xE000):
        feed(ingress, packet(number))
    assert steps(wire.sequences) == [1] * 5
    assert ingress.keyframes.wanted


def test_a_flood_of_reports_or_of_requests_is_not_passed_on() -> None:
    ingress, egress, wire = camera()
    for number in range(600):
        feed(ingress, packet(number))
    first = wire.sequences[0]
    for n in range(40):
        ingress.sender_report(n, 7, 2.0 + n / 1_000)
    assert len(wire.control()) == 1
    egress.send_again([first + n & 0xFFFF for n in range(-60_000, 600)], 3.0)
    assert not wire.again(), "none of the first so many is there"
    egress.send_again([first + n & 0xFFFF for n in range(600)] * 20, 3.01)
    assert not wire.again(), "as many were asked for as can be"
    egress.send_again([first + n & 0xFFFF for n in range(590, 600)] * 20, 3.1)
    assert len(wire.again()) == 10


def test_padding_is_dropped_and_leaves_no_hole() -> None:
    ingress, _, wire = camera()
    for number in range(10):
        feed(ingress, packet(number, payload=b"" if number in (3, 4, 8) else KEY_FRAME,
                             padding=200 if number in (3, 4, 8) else 0))
    assert len(wire.packets) == 7
    assert steps(wire.sequences) == [1] * 6
    assert ingress.probes == 3


def test_a_late_packet_keeps_its_place_around_dropped_padding() -> None:
    ingress, _, wire = camera()
    feed(ingress, packet(10))
    feed(ingress, packet(12))
    feed(ingress, packet(13, payload=b"", padding=100))
    feed(ingress, packet(14))
    feed(ingress, packet(11))
    base = wire.sequences[0]
    assert [(s - base) & 0xFFFF for s in wire.sequences] == [0, 2, 3, 1]


def test_a_retransmission_becomes_the_packet_it_repeats_and_probes_become_nothing() -> None:
    ingress, _, wire = camera()
    feed(ingress, packet(100, 500))
    feed(ingress, packet(102, 500))
    repeated = struct.pack(">H", 101) + b"\x00\x01lost"
    feed(ingress, packet(7, 500, repeated, ssrc=1_234, kind=VP8_RTX))
    feed(ingress, packet(8, 500, struct.pack(">H", 100) + KEY_FRAME, ssrc=1_234, kind=VP8_RTX))  # arrived long ago
    feed(ingress, packet(9, 500, b"", ssrc=1_234, kind=VP8_RTX, padding=224))
    sent = [RtpPacket.parse(p) for p in wire.packets]
    base = sent[0].sequence_number
    assert [((p.sequence_number - base) & 0xFFFF, p.payload) for p in sent] == [
        (0, KEY_FRAME), (2, KEY_FRAME), (1, b"\x00\x01lost")]
    assert {(p.ssrc, p.payload_type) for p in sent} == {(4_242, VP8)}
    assert ingress.probes == 2


def test_a_sender_that_comes_back_goes_on_where_it_stopped() -> None:
    ingress, _, wire = camera()
    feed(ingress, packet(500, 1_000), 10.0)
    ingress.stop()
    feed(ingress, packet(40_000, 3_000_000_000, ssrc=7), 12.0)
    feed(ingress, packet(40_001, 3_000_003_000, ssrc=7), 12.03)
    assert steps(wire.sequences) == [1, 1]
    assert [(b - a) & 0xFFFFFFFF for a, b in pairwise(wire.timestamps)] == [180_000, 3_000]


def test_duplicates_and_packets_of_long_ago_are_dropped() -> None:
    ingress, _, wire = camera()
    for number in (10, 11, 11, 10, 9, 12):
        feed(ingress, packet(number))
    assert len(wire.packets) == 3


def test_what_was_sent_can_be_sent_again_until_it_is_too_old() -> None:
    ingress, egress, wire = camera()
    for number in range(600):
        feed(ingress, packet(number))
    egress.send_again([wire.sequences[-1], wire.sequences[-CACHE_PACKETS], wire.sequences[0], (wire.sequences[-1] + 1) % 65_536], 5.0)
    assert wire.again() == [wire.datagrams[-1], wire.datagrams[-CACHE_PACKETS]]
    egress.attach(wire.outgoing)  # another transport, other keys
    egress.send_again([wire.sequences[-1]], 6.0)
    assert wire.again() == []


def test_what_takes_too_long_to_send_again_is_given_up_for_a_key_frame() -> None:
    """115 packets lost where a sudden narrow way leaves nine a second for them: twelve seconds without a picture."""
    ingress, egress, wire = camera()
    for number in range(200):
        feed(ingress, packet(number, payload=KEY_FRAME + bytes(1_000)))
    egress.limit_bits_per_s = 300_000
    numbers = wire.sequences
    assert not egress.send_again(numbers[-5:], 10.0), "a few are sent one after the other"
    assert len(wire.again()) == 5
    assert egress.send_again(numbers[50:165], 10.1)
    assert len(wire.again()) < 9
    assert not egress.send_again(numbers[50:165], 10.4), "a key frame is on its way"
    assert not wire.again(), "and what came before it takes no room from it"
    feed(ingress, packet(200))
    assert not egress.send_again(wire.sequences[-1:], 10.8)
    assert len(wire.again()) == 1
    assert egress.send_again(numbers[50:165], 11.3), "it was lost"
    for number in range(201, 40_000):
        feed(ingress, packet(number))
        if number % 100 == 99:
            wire.again()  # read, lest the socket be full
    newest = [int(egress.row["next"]) - n & 0xFFFF for n in (3, 2, 1)]
    assert not egress.send_again(newest, 20.0)
    assert len(wire.again()) == 3, "minutes later all is as it was"


def test_a_large_hole_asks_for_a_key_frame_instead() -> None:
    ingress, _, _ = camera()
    feed(ingress, packet(0))
    feed(ingress, packet(5))
    assert ingress.missing.due(1.0) == [0x10000 + n for n in range(1, 5)]
    feed(ingress, packet(2_000))
    assert ingress.missing.due(1.1) == []
    assert ingress.keyframes.due(1.1)


def test_sender_reports_are_carried_over_with_the_slots_own_numbers() -> None:
    ingress, egress, wire = camera()
    feed(ingress, packet(0, 1_000), 1.0)
    ingress.sender_report(0x0102030405060708, 4_000, 2.0)
    (report,) = RtcpPacket.parse(wire.control()[0])
    assert isinstance(report, RtcpSrPacket)
    assert (report.ssrc, report.sender_info.ntp_timestamp) == (4_242, 0x0102030405060708)
    assert (report.sender_info.rtp_timestamp - wire.timestamps[0]) & 0xFFFFFFFF == 3_000
    assert report.sender_info.packet_count == 1
    egress.reported(64, 3, 0x03040506, int(0.25 * 65_536), 2.30)
    assert egress.fraction_lost == 0.25
    assert egress.rtt_ms is not None
    assert abs(egress.rtt_ms - 50) < 1


@given(st.lists(st.sampled_from(["media", "padding", "lost", "back"]), max_size=300), st.integers(0, 65_535))
def test_whatever_comes_the_receiver_sees_one_stream(events: list[str], first: int) -> None:
    ingress, _, wire = camera()
    number, lost, ssrc, now_s = first, 0, 1, 1.0
    for event in events:
        now_s += 0.03
        if event == "back":
            ingress.stop()
            number, ssrc = number * 7 + 1, ssrc + 1
        elif event == "lost":
            lost += 1
            number += 1
        else:
            number += 1
            padded = {"payload": b"", "padding": 100} if event == "padding" else {}
            feed(ingress, packet(number, int(now_s * 90_000), ssrc=ssrc, **padded), now_s)
    assert len(set(wire.sequences)) == len(wire.sequences)
    ahead = steps(wire.sequences)
    assert all(0 < step < 0x8000 for step in ahead)
    assert sum(step - 1 for step in ahead) <= lost  # holes only where the network made them
    assert all((b - a) & 0xFFFFFFFF < 2**31 for a, b in pairwise(wire.timestamps))


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    parsed = rtp.parse(data)
    if parsed is not None:
        first, _, _, _, _, begin, end, place = parsed
        assert first >> 6 == 2
        assert 12 <= begin <= end <= len(data)
        assert place == 0 or 16 <= place <= begin - 2
        rtp.unwrap_rtx(data, parsed, 96, 1)


async def test_a_call_over_a_lossy_and_jittery_path(house: House, node: RunningNode, monkeypatch) -> None:
    """5 % of packets lost each way at the node's socket, some swapped: video is mended, sound goes on."""
    generator = random.Random(3)

    def lossy(posted: list[tuple[int, bytes]]) -> None:
        generator.shuffle(posted)
        for fd, datagram in posted:
            if generator.random() > 0.05:
                send(fd, datagram)

    divert(monkeypatch, lossy)
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient") as patient:
        await until(lambda: doctor._frames.get("video", 0) > 40 and patient._frames.get("video", 0) > 40
                    and doctor._frames.get("audio", 0) > 100, 15)
        figures = await house.link.stats("visit-1")
        assert sum(f["receives"][0]["video"]["resent"] for f in figures) > 0
        assert max(f["receives"][0]["audio"]["lost"] for f in figures) > 0
