"""The estimate of a receiver's way: a simulated narrow link is found and followed, and nothing else is taken for one."""

import random
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.webrtc.test_feedback import decoded
from webrtc import wide
from webrtc.congestion import Downlink, VideoPause
from webrtc.feedback import TransportFeedback
from webrtc.quality import LAG_SAMPLES, LoopLag

PACKET_OCTETS = 1_000


class Link:
    """A way with a rate, a queue, a delay that may grow once, random loss, and a receiver that is sometimes late to look."""

    def __init__(self, bits_per_s: float, *, loss: float = 0.0, stall_s: float = 0.0, queue_s: float = 0.3) -> None:
        self.bits_per_s, self.loss, self.stall_s, self.queue_s = bits_per_s, loss, stall_s, queue_s
        self.longer: tuple[float, float] = (float("inf"), 0.0)  # from when on, by how much
        self._awake_s = 0.0
        self._free_s = 0.0
        self._random = random.Random(2)
        self.dropped = 0

    def carry(self, sent_s: float, octets: int) -> float | None:
        """When the packet arrives, None when it does not."""
        free_s = max(self._free_s, sent_s)
        if free_s - sent_s > self.queue_s or self._random.random() < self.loss:
            self.dropped += 1
            return None
        self._free_s = free_s + 8 * octets / self.bits_per_s
        if self._random.random() < 0.02:  # the receiver looks away for a moment; what came meanwhile comes at once
            self._awake_s = max(self._awake_s, self._free_s + self._random.random() * self.stall_s)
        return max(self._free_s, self._awake_s) + 0.03 + (self.longer[1] if sent_s >= self.longer[0] else 0)


def hold_call(link: Link, seconds: float, *, follow: bool = True, wanted: float = 1_200_000) -> tuple[Downlink, list]:
    """Send video that follows the limit (or does not), with feedback each 100 ms; returns the estimates, 5 a second."""
    downlink, receiver, estimates = Downlink(), TransportFeedback(), []
    arriving: list[tuple[float, int]] = []
    now_s, due_s, step = 100.0, 100.0, 0
    while now_s < 100.0 + seconds:
        rate = min(wanted, (downlink.video_share(1, 1) or wanted) if follow else wanted)
        while due_s <= now_s:
            number = wide.stamp(downlink.address, PACKET_OCTETS, due_s)
            arrived_s = link.carry(due_s, PACKET_OCTETS)
            if arrived_s is not None:
                arriving.append((arrived_s, number))
            due_s += 8 * PACKET_OCTETS / rate
        if step % 10 == 0:
            for arrived_s, number in sorted(a for a in arriving if a[0] <= now_s):
                receiver.add(number, arrived_s)
            arriving = [a for a in arriving if a[0] > now_s]
            for message in receiver.take(1):
                downlink.reported(message, now_s)
        if step % 20 == 0:
            estimates.append(downlink.update(now_s))
        now_s, step = now_s + 0.01, step + 1
    return downlink, estimates


def looked(pause: VideoPause, share: int | None, from_s: float, for_s: float, *, congested: bool = True) -> list[bool]:
    return [pause.update(share, from_s + n / 5, congested=congested) for n in range(round(for_s * 5))]


def test_video_pauses_when_its_share_is_worth_nothing_and_is_tried_again_ever_later() -> None:
    pause = VideoPause()
    assert not any(looked(pause, None, 100, 30) + looked(pause, 400_000, 130, 30))
    assert not any(looked(pause, 50_000, 160, 1.8) + looked(pause, 90_000, 162, 1) + looked(pause, 50_000, 163, 1.8))
    assert not any(looked(pause, 50_000, 165, 5, congested=False)), "little is enough while speech is in time"
    assert not any(looked(pause, 50_000, 170, 1.8))
    assert looked(pause, 50_000, 171.8, 0.4)[-1]
    at_s, waits = 172.2, []
    for _ in range(5):
        began_s = at_s
        while pause.update(50_000, at_s, congested=True):
            at_s += 0.2
        waits.append(round(at_s - began_s))
        while not pause.update(50_000, at_s, congested=True):
            at_s += 0.2
    assert waits == [6, 12, 24, 48, 48]


def test_a_way_that_was_good_for_long_is_tried_soon_again() -> None:
    pause = VideoPause()
    assert looked(pause, 50_000, 100, 3)[-1]
    looked(pause, 50_000, 103, 6)
    assert not any(looked(pause, 300_000, 109, 40))
    assert looked(pause, 50_000, 149, 3)[-1]
    assert not looked(pause, 300_000, 152, 6.2)[-1], "after 6 s, not 12"


def test_a_wide_way_has_no_limit() -> None:
    _, estimates = hold_call(Link(50e6), 20)
    assert set(estimates) == {None}


def test_a_narrow_way_is_found_within_two_seconds_and_followed() -> None:
    link = Link(400_000)
    _, estimates = hold_call(link, 2)
    assert estimates[-1] is not None
    dropped = link.dropped
    _, estimates = hold_call(Link(400_000), 40)
    settled = [e for e in estimates[50:] if e is not None]
    assert len(settled) == len(estimates[50:])
    assert 200_000 < sum(settled) / len(settled) < 480_000
    narrow = Link(400_000)
    hold_call(narrow, 40)
    deaf = Link(400_000)
    hold_call(deaf, 40, follow=False)
    assert narrow.dropped < 3 * dropped + 60
    assert deaf.dropped > 20 * narrow.dropped


def test_a_way_that_widens_is_used_again() -> None:
    link = Link(300_000)
    downlink, _ = hold_call(link, 10)
    assert downlink.estimate_bits_per_s is not None
    assert hold_call(Link(50e6), 1)[0].estimate_bits_per_s is None
    receiver = TransportFeedback()
    for n in range(200):  # 40 s of clear feedback for as much as the limit allows
        now_s = 200.0 + n / 5
        for _ in range(30):
            octets = int((downlink.estimate_bits_per_s or 2_500_000) / 8 / 5 / 30)
            receiver.add(wide.stamp(downlink.address, octets, now_s), now_s + 0.03)
            for message in receiver.take(1):
                downlink.reported(message, now_s)
        downlink.update(now_s)
    assert downlink.estimate_bits_per_s is None
    assert downlink.video_share(1, 1) is None


def test_a_longer_way_is_soon_known_for_one() -> None:
    """Another network, 150 ms longer: no queue, so nothing stays limited, and video is not held back for long."""
    link = Link(50e6)
    link.longer = (110.0, 0.15)
    _, estimates = hold_call(link, 30)
    assert set(estimates[:49]) == {None}
    limited = [n for n, estimate in enumerate(estimates) if estimate is not None]
    assert limited, "at first nobody can tell"
    assert len(limited) < 5 * 3, "three seconds"
    assert estimates[-1] is None


def test_a_deep_queue_is_not_taken_for_a_longer_way() -> None:
    link = Link(400_000, queue_s=5.0)
    _, estimates = hold_call(link, 60)
    settled = [e for e in estimates[100:] if e is not None]
    assert len(settled) == len(estimates[100:])
    assert sum(settled) / len(settled) < 480_000
    assert link.dropped == 0


def test_some_loss_or_a_busy_receiver_is_no_narrow_way() -> None:
    assert set(hold_call(Link(50e6, loss=0.05), 20)[1]) == {None}
    assert set(hold_call(Link(50e6, stall_s=0.4), 20)[1]) == {None}


def test_a_bad_radio_keeps_a_small_picture() -> None:
    downlink, _ = hold_call(Link(50e6, loss=0.3), 30)
    assert downlink.estimate_bits_per_s is not None
    assert downlink.estimate_bits_per_s >= 250_000


def test_several_videos_share_what_is_left_by_speech() -> None:
    downlink = Downlink()
    assert downlink.video_share(3, 3) is None
    downlink.estimate_bits_per_s = 735_000
    assert downlink.video_share(3, 3) == 200_000
    downlink.estimate_bits_per_s = 60_000
    assert downlink.video_share(3, 3) == 50_000


def told(packet: bytes, sent: int) -> tuple[set[int], set[int]]:
    """Of so many packets sent, the numbers that a control packet tells to have arrived, and to be lost."""
    downlink = Downlink()
    for _ in range(sent):
        wide.stamp(downlink.address, 1, 0.0)
    downlink.reported(packet, 1.0)
    octets = downlink.row["octets"][:sent]
    return set(np.flatnonzero(octets == 0).tolist()), set(np.flatnonzero(octets < 0).tolist())


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 300)), min_size=1, max_size=100))
def test_feedback_is_read_as_it_was_written(steps: list[tuple[int, int]]) -> None:
    feedback, number, now_s = TransportFeedback(), -1, 3.0
    for skip, wait_ms in steps:
        number, now_s = number + skip, now_s + wait_ms / 1_000
        feedback.add(number, now_s)
    messages = feedback.take(9)
    meant = {n: at for message in messages for n, at in decoded(message).items()}
    arrived, lost = told(b"\x80\xc9\x00\x01" + bytes(4) + b"".join(messages), number + 1)
    assert arrived == {n for n, at in meant.items() if at is not None}
    assert lost == {n for n, at in meant.items() if at is None}


def test_every_kind_of_chunk_is_read() -> None:
    """A run of small steps; fourteen symbols of one bit; seven of two; a run of nothing; and one cut short."""
    chunks = [(1 << 13 | 3, [1] * 3), (0x8000 | 0b10_0000_0000_0001, [1] + [0] * 12 + [1]),
              (0xC000 | 0b01_10_00_11_01_10_00, [1, 2, 0, 0, 1, 2, 0]), (0, []), (0 << 13 | 2, [0, 0]), (2 << 13 | 9, [2] * 4)]
    symbols = [symbol for _, named in chunks for symbol in named]
    steps = b"".join({1: b"\x04", 2: b"\xff\xfc"}.get(symbol, b"") for symbol in symbols)
    body = struct.pack(">IIHHI", 1, 2, 0, len(symbols), 100 << 8) + b"".join(struct.pack(">H", c) for c, _ in chunks)
    body += steps + bytes(-len(body + steps) % 4)
    packet = struct.pack(">BBH", 0x8F, 205, len(body) // 4) + body
    arrived, lost = told(packet, len(symbols))
    assert arrived == {n for n, symbol in enumerate(symbols) if symbol}
    assert lost == {n for n, symbol in enumerate(symbols) if not symbol}
    for length in range(4, len(packet), 4):  # cut short anywhere, what is left is read and the rest ignored
        cut = struct.pack(">BBH", 0x8F, 205, length // 4 - 1) + packet[4:length]
        assert told(cut, len(symbols))[0] <= arrived


@given(st.binary(max_size=120))
def test_any_bytes_are_read(data: bytes) -> None:
    downlink = Downlink()
    wide.stamp(downlink.address, 100, 0.0)
    for packet in (data, b"\x8f\xcd" + data, b"\x8f\xcd\x00\x06" + data):
        downlink.reported(packet, 1.0)
    downlink.update(1.0)


def test_a_timer_that_fires_early_is_no_lag():
    lag = LoopLag()
    for _ in range(LAG_SAMPLES):
        lag.add(-0.15)
    assert lag.median_ms == 0
    assert not lag.alarming
    for _ in range(LAG_SAMPLES):
        lag.add(11.0)
    assert lag.median_ms == 11.0
    assert lag.alarming
    assert lag.admitting
