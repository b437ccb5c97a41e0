"""Feedback to senders: what the node reports is what arrived."""

import random
import struct

from aiortc.rtp import RtcpPacket
from hypothesis import given
from hypothesis import strategies as st

from webrtc.feedback import KeyframeRequests, Missing, Reception, TransportFeedback, nack, picture_loss


def decoded(message: bytes) -> dict[int, float | None]:
    """A transport-wide feedback message, read as the draft says: number -> arrival in ms, None when lost."""
    first, kind, words = struct.unpack_from(">BBH", message)
    assert (first & 0x1F, kind) == (15, 205)
    assert 4 * (words + 1) == len(message)
    base, count, reference = struct.unpack_from(">HHI", message, 12)
    at, symbols = 20, []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from(">H", message, at)
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        else:
            assert chunk >> 14 == 3
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    clock = (reference >> 8) * 64.0
    result: dict[int, float | None] = {}
    for place, symbol in enumerate(symbols[:count]):
        if symbol:
            (delta,) = struct.unpack_from(">B" if symbol == 1 else ">h", message, at)
            at += symbol
            clock += delta / 4
        result[(base + place) & 0xFFFF] = clock if symbol else None
    padding = message[-1] if first & 0x20 else 0
    assert at + padding == len(message)
    return result


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=400), st.integers(0, 65_535))
def test_every_arrival_is_reported_with_its_time(steps: list[tuple[int, int]], first: int) -> None:
    feedback = TransportFeedback()
    number, now_ms, sent = first, 5_000.0, {}
    for skip, wait_ms in steps:
        number += 1 + skip
        now_ms += wait_ms
        sent[number & 0xFFFF] = now_ms
        feedback.add(number & 0xFFFF, now_ms / 1_000)
    seen: dict[int, float | None] = {}
    for message in feedback.take(7):
        seen |= decoded(message)
    assert {n for n, at in seen.items() if at is not None} == set(sent)
    assert all(abs(seen[n] - at) <= 0.3 for n, at in sent.items())
    assert feedback.take(7) == []


def test_a_late_packet_is_reported_again_with_its_neighbours() -> None:
    feedback = TransportFeedback()
    for number in (65_534, 65_535, 1):
        feedback.add(number, 1.0)
    assert decoded(feedback.take(1)[0])[0] is None
    feedback.add(0, 1.05)
    seen = decoded(feedback.take(1)[0])
    assert seen.keys() == {0, 1}
    assert None not in seen.values()


def test_a_stream_that_goes_on_for_long_keeps_little() -> None:
    feedback = TransportFeedback()
    for number in range(200_000):
        feedback.add(number & 0xFFFF, number / 1_000)
        if number % 50 == 0:
            assert len(feedback.take(1)) == 1


def test_a_flood_is_reported_as_far_as_a_message_goes() -> None:
    feedback = TransportFeedback()
    for number in range(5_000):
        feedback.add(number, number / 100_000)
    (message,) = feedback.take(1)
    assert len(decoded(message)) == 512


def test_missing_packets_are_asked_for_a_few_times() -> None:
    missing = Missing()
    assert missing.noticed(range(10, 13), 0.0)
    assert missing.due(0.0) == [10, 11, 12]
    assert missing.due(0.03) == []
    missing.arrived(11)
    assert missing.due(0.07) == [10, 12]
    asked = [missing.due(0.07 + 0.06 * n) for n in range(1, 12)]
    assert sum(10 in numbers for numbers in asked) == 6
    assert not missing.asked
    assert not missing.noticed(range(1_000), 1.0)  # too much to mend


def test_loss_and_jitter_are_those_of_rfc_3550() -> None:
    reception = Reception(90_000)
    generator = random.Random(1)
    kept = [n for n in range(1_000) if generator.random() > 0.1 or n in (0, 999)]
    for n in kept:
        reception.add(65_536 + n, n * 3_000, n / 30)
    report = reception.report(5, 40.0)
    assert report.packets_lost == 1_000 - len(kept)
    assert report.fraction_lost == 256 * (1_000 - len(kept)) // 1_000
    assert report.highest_sequence == 65_536 + 999
    assert report.jitter == 0
    assert reception.report(5, 41.0).fraction_lost == 0


def test_key_frames_are_asked_for_once_each_half_second_and_never_forgotten() -> None:
    requests = KeyframeRequests()
    requests.ask()
    assert requests.due(0.0)
    requests.ask()
    assert not requests.due(0.3)
    assert requests.due(0.55)
    assert not requests.due(2.0)


def test_what_goes_out_parses() -> None:
    (lost,) = RtcpPacket.parse(nack(9, [65_535, 65_536, 65_550]))
    assert sorted(lost.lost) == [0, 14, 65_535]
    (picture,) = RtcpPacket.parse(picture_loss(9))
    assert (picture.fmt, picture.media_ssrc) == (1, 9)
