"""What a receiver's way can carry: transport-wide feedback read as its sender (the node) reads it.

The node cannot encode more coarsely; it can tell the one who encodes. From each receiver's feedback comes an estimate
when the way is congested, and none while it is not; senders get the smallest as a REMB. Without this a narrow downlink
drowns speech in video it cannot carry. Pure: times in monotonic seconds.
"""

import struct
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple, cast

from webrtc.feedback import TICKS_PER_S
from webrtc.rtp import extend

SENT_KEPT = 4_096
WINDOW_S = 1.0  # long enough that 5 % of random loss never looks like congestion
RECENT_S = 0.5
BASELINE_S = 10.0  # the shortest delay of the last 10 to 20 s is the way without a queue
CONGESTED_LOSS, CLEAR_LOSS = 0.12, 0.03
CONGESTED_QUEUE_S, CLEAR_QUEUE_S = 0.10, 0.04
LOWEST_BITS_PER_S = 60_000
LOSSY_BITS_PER_S = 250_000  # loss without a queue is a bad radio: slowing down further would not mend it
HIGHEST_BITS_PER_S = 2_500_000  # an estimate above this is no limit for a browser's camera
DECREASE, GROWTH = 0.85, 1.04
DECREASE_EVERY_S = 0.4
SPEECH_BITS_PER_S = 45_000  # what one voice takes, headers included
LEAST_VIDEO_BITS_PER_S = 50_000  # below it a browser's camera cannot go
NARROW_BITS_PER_S = 60_000  # a share of video that is worth nothing
PAUSE_AFTER_S = 2.0
RESUME_FIRST_S, RESUME_LAST_S = 6.0, 48.0  # video is tried again after so long, then after longer and longer
FORGIVEN_AFTER_S = 20.0
LEAST_REPORTED = 10  # packets; of fewer nothing can be said
WRAP_S = 0.064 * (1 << 24)  # of the receivers' times

MOST_NAMED = 1_024  # packets one control packet may speak of: a run of thousands fits into two bytes

_HEAD, _ARRIVALS = struct.Struct(">BBH"), struct.Struct(">HHI")
_PAIRS = [(bits >> 4, bits >> 2 & 3, bits & 3) for bits in range(64)]

Arrivals = tuple[int, list[float | None]]  # transport-wide number (16 bits) of the first, receiver's seconds or None


class Report(NamedTuple):
    """What one feedback message says of the packets it names."""

    at_s: float
    arrived: int
    lost: int
    octets: int  # of those that arrived
    delay_s: float  # the shortest; infinite when none arrived


class Downlink:
    """The way to one receiver."""

    def __init__(self) -> None:
        self.estimate_bits_per_s: float | None = None
        self.congested = False
        self._next = 0
        # Rings: when a packet left; its octets, negative when it was reported lost, 0 when it arrived.
        self._sent_s, self._octets = [0.0] * SENT_KEPT, [0] * SENT_KEPT
        self._window: deque[Report] = deque()
        self._baseline = (float("inf"), float("inf"))
        self._baseline_s = 0.0
        self._decreased_s = float("-inf")

    def stamp(self, octets: int, now_s: float) -> int:
        """A packet of so many octets leaves; returns its transport-wide number (16 bits)."""
        number = self._next
        self._next = number + 1
        place = number % SENT_KEPT
        self._sent_s[place], self._octets[place] = now_s, octets
        return number & 0xFFFF

    def reported(self, messages: Iterable[Arrivals], now_s: float) -> None:
        """The receiver's feedback came. Numbers that were never sent are ignored."""
        for first, times in messages:
            report = self._report(extend(first, self._next), times, now_s)
            self._window.append(report)
            self._baseline = (min(self._baseline[0], report.delay_s), self._baseline[1])

    def _report(self, number: int, times: list[float | None], now_s: float) -> Report:
        """Settle the fate of the packets from this number (not wrapped) on."""
        count, place = len(times), number % SENT_KEPT
        octets = self._octets[place : place + count]
        if (None not in times and self._next - SENT_KEPT <= number <= self._next - count
                and len(octets) == count and min(octets, default=0) > 0):  # all arrived, for the first time
            self._octets[place : place + count] = [0] * count
            delays = map(sub, cast("list[float]", times), self._sent_s[place : place + count])
            return Report(now_s, count, 0, sum(octets), min(delays) % WRAP_S)
        return self._report_each(number, times, now_s)

    def _report_each(self, number: int, times: list[float | None], now_s: float) -> Report:
        arrived = lost = octets = 0
        shortest_s = float("inf")
        oldest = max(0, self._next - SENT_KEPT)
        for arrived_s in times:
            place = number % SENT_KEPT
            size = self._octets[place]
            number += 1
            if not size or not oldest < number <= self._next:
                continue
            if arrived_s is None:
                if size > 0:
                    self._octets[place] = -size
                    lost += 1
                continue
            if size < 0:  # it was only late
                lost -= 1
            self._octets[place] = 0
            arrived += 1
            octets += abs(size)
            delay_s = (arrived_s - self._sent_s[place]) % WRAP_S  # only differences between delays matter
            if delay_s < shortest_s:
                shortest_s = delay_s
        return Report(now_s, arrived, lost, octets, shortest_s)

    def update(self, now_s: float) -> float | None:
        """The estimate in bits per second, None while there is no limit; call it a few times a second."""
        window = self._window
        while window and now_s - window[0].at_s > WINDOW_S:
            window.popleft()
        if not window:
            return self.estimate_bits_per_s
        times, arrivals, losses, octets, delays = zip(*window, strict=True)
        arrived, lost = sum(arrivals), max(0, sum(losses))
        if arrived + lost < LEAST_REPORTED:
            return self.estimate_bits_per_s
        loss, recent = lost / (arrived + lost), bisect_left(times, now_s - RECENT_S)
        carried = 8 * sum(octets[recent:]) / min(RECENT_S, max(0.2, now_s - self._decreased_s))
        queue_s = self._queue_s(min(delays[recent:], default=float("inf")), now_s)
        self.congested = loss > CONGESTED_LOSS or queue_s > CONGESTED_QUEUE_S
        if self.congested:
            self._decrease(carried, queue_s, now_s)
        elif loss < CLEAR_LOSS and queue_s < CLEAR_QUEUE_S and self.estimate_bits_per_s is not None:
            self._increase(carried)
        return self.estimate_bits_per_s

    def _queue_s(self, delay_s: float, now_s: float) -> float:
        if now_s - self._baseline_s > BASELINE_S:
            self._baseline, self._baseline_s = (float("inf"), self._baseline[0]), now_s
        # A queue delays every packet; a busy receiver only some. So the shortest delay of the window tells them apart.
        return delay_s - min(self._baseline) if delay_s < float("inf") else 0.0

    def _decrease(self, carried: float, queue_s: float, now_s: float) -> None:
        if now_s - self._decreased_s < DECREASE_EVERY_S:
            return
        self._decreased_s = now_s
        self._window.clear()  # what was seen at the old rate is no reason to slow down twice
        floor = LOWEST_BITS_PER_S if queue_s > CLEAR_QUEUE_S else LOSSY_BITS_PER_S
        before = self.estimate_bits_per_s or float("inf")
        self.estimate_bits_per_s = max(floor, min(before, DECREASE * carried))

    def _increase(self, carried: float) -> None:
        # A limit that nobody uses says nothing about the way: grow only as far as the traffic has shown.
        grown = (self.estimate_bits_per_s or 0) * GROWTH
        self.estimate_bits_per_s = min(grown, max(self.estimate_bits_per_s or 0, 1.5 * carried + 50_000))
        if self.estimate_bits_per_s > HIGHEST_BITS_PER_S:
            self.estimate_bits_per_s = None

    def video_share(self, videos: int, voices: int) -> int | None:
        """What each of so many videos may take once each voice has its part."""
        if self.estimate_bits_per_s is None or not videos:
            return None
        return int(max(LEAST_VIDEO_BITS_PER_S, (self.estimate_bits_per_s - voices * SPEECH_BITS_PER_S) / videos))


class VideoPause:
    """Whether a way is too narrow for any video: then speech has it alone, and video is tried again after a while."""

    def __init__(self) -> None:
        self.paused = False
        self._narrow_s: float | None = None  # since when
        self._resume_s = 0.0
        self._wait_s = RESUME_FIRST_S

    def update(self, share: int | None, now_s: float, *, congested: bool) -> bool:
        """Look again, a few times a second; returns whether video pauses.

        share: what a video may take, None for any. congested: speech is late or lost as it is.
        """
        if self.paused:
            if now_s >= self._resume_s:
                self.paused, self._narrow_s = False, None
        elif share is None or share > NARROW_BITS_PER_S or not congested:
            self._narrow_s = None
            if now_s - self._resume_s > FORGIVEN_AFTER_S:
                self._wait_s = RESUME_FIRST_S
        elif self._narrow_s is None:
            self._narrow_s = now_s
        elif now_s - self._narrow_s >= PAUSE_AFTER_S:
            self.paused, self._resume_s = True, now_s + self._wait_s
            self._wait_s = min(2 * self._wait_s, RESUME_LAST_S)
        return self.paused


def is_feedback_alone(packet: bytes) -> bool:
    """Whether an RTCP packet holds one transport-wide feedback message and nothing else."""
    return (len(packet) > 4 and packet[0] & 0x1F == 15 and packet[1] == 205
            and len(packet) == 4 * ((packet[2] << 8 | packet[3]) + 1))


def transport_feedback(packet: bytes) -> Iterator[Arrivals]:
    """The transport-wide feedback messages inside a (compound) RTCP packet; stops where it is broken."""
    at, left = 0, MOST_NAMED
    while at + 4 <= len(packet) and left > 0:
        first, kind, words = _HEAD.unpack_from(packet, at)
        end = at + 4 * (words + 1)
        if end > len(packet):
            return
        if kind == 205 and first & 0x1F == 15 and words >= 4:
            arrivals = _arrivals(packet[at:end], left)
            left -= len(arrivals[1])
            yield arrivals
        at = end


def _arrivals(message: bytes, most: int) -> Arrivals:
    base, count, reference = _ARRIVALS.unpack_from(message, 12)
    count = min(count, most)
    at, symbols = 20, list[int]()
    while len(symbols) < count and at + 2 <= len(message):
        symbols += _symbols(message[at] << 8 | message[at + 1], count - len(symbols))
        at += 2
    del symbols[count:]
    ticks = (reference >> 8) * 256
    if symbols.count(1) == count and at + count <= len(message):  # all arrived, in small steps
        return base, [tick / TICKS_PER_S for tick in accumulate(message[at : at + count], initial=ticks)][1:]
    if symbols.count(2) == count and at + 2 * count <= len(message):
        steps = struct.unpack_from(f">{count}h", message, at)
        return base, [tick / TICKS_PER_S for tick in accumulate(steps, initial=ticks)][1:]
    return base, _times(message, at, symbols, ticks)


def _times(message: bytes, at: int, symbols: Sequence[int], ticks: int) -> list[float | None]:
    times = list[float | None]()
    for symbol in symbols:
        if symbol == 1 and at < len(message):
            ticks += message[at]
        elif symbol == 2 and at + 1 < len(message):
            ticks += (message[at] << 8 | message[at + 1]) - (message[at] >> 7 << 16)
        else:
            times.append(None)
            continue
        at += symbol
        times.append(ticks / TICKS_PER_S)
    return times


def _symbols(chunk: int, wanted: int) -> Sequence[int]:
    if chunk < 0x8000:
        return [chunk >> 13] * min(chunk & 0x1FFF, wanted)
    if chunk < 0xC000:
        return [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return _PAIRS[chunk >> 8 & 0x3F] + _PAIRS[chunk >> 2 & 0x3F] + (chunk & 3,)
