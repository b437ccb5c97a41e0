"""What a receiver's way can carry: transport-wide feedback read as its sender (the node) reads it.

The node cannot encode more coarsely; it can tell the one who encodes. From each receiver's feedback comes an estimate
when the way is congested, and none while it is not; senders get the smallest as a REMB. Without this a narrow downlink
drowns speech in video it cannot carry. Pure: times in monotonic seconds.
"""

import struct
from collections import deque
from collections.abc import Iterator

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

Arrival = tuple[int, float | None]  # transport-wide number (16 bits), arrival in the receiver's seconds or None


class Downlink:
    """The way to one receiver."""

    def __init__(self) -> None:
        self.estimate_bits_per_s: float | None = None
        self.congested = False
        self._next = 0
        self._sent: list[tuple[int, float, int] | None] = [None] * SENT_KEPT  # number, when, octets; a ring
        self._window: deque[tuple[float, int, float | None]] = deque()  # reported at, octets, delay or None if lost
        self._baseline = (float("inf"), float("inf"))
        self._baseline_s = 0.0
        self._decreased_s = float("-inf")

    def stamp(self, octets: int, now_s: float) -> int:
        """A packet of so many octets leaves; returns its transport-wide number (16 bits)."""
        number = self._next
        self._next += 1
        self._sent[number % SENT_KEPT] = (number, now_s, octets)
        return number & 0xFFFF

    def reported(self, arrivals: Iterator[Arrival], now_s: float) -> None:
        """The receiver's feedback came. Numbers that were never sent are ignored."""
        for number, arrival_s in arrivals:
            extended = extend(number, self._next)
            sent = self._sent[extended % SENT_KEPT]
            if sent is None or sent[0] != extended:
                continue
            self._sent[extended % SENT_KEPT] = None
            delay_s = None if arrival_s is None else _unwrapped(arrival_s - sent[1])
            self._window.append((now_s, sent[2], delay_s))
            if delay_s is not None:
                self._baseline = (min(self._baseline[0], delay_s), self._baseline[1])

    def update(self, now_s: float) -> float | None:
        """The estimate in bits per second, None while there is no limit; call it a few times a second."""
        while self._window and now_s - self._window[0][0] > WINDOW_S:
            self._window.popleft()
        if len(self._window) < 10:
            return self.estimate_bits_per_s
        arrived = [entry for entry in self._window if entry[2] is not None]
        loss = 1 - len(arrived) / len(self._window)
        recent = [(octets, delay) for at_s, octets, delay in arrived if now_s - at_s <= RECENT_S and delay is not None]
        carried = 8 * sum(octets for octets, _ in recent) / min(RECENT_S, max(0.2, now_s - self._decreased_s))
        queue_s = self._queue_s([delay for _, delay in recent], now_s)
        self.congested = loss > CONGESTED_LOSS or queue_s > CONGESTED_QUEUE_S
        if self.congested:
            self._decrease(carried, queue_s, now_s)
        elif loss < CLEAR_LOSS and queue_s < CLEAR_QUEUE_S and self.estimate_bits_per_s is not None:
            self._increase(carried)
        return self.estimate_bits_per_s

    def _queue_s(self, delays: list[float], now_s: float) -> float:
        if now_s - self._baseline_s > BASELINE_S:
            self._baseline, self._baseline_s = (float("inf"), self._baseline[0]), now_s
        lowest = min(self._baseline)
        # A queue delays every packet; a busy receiver only some. So the shortest delay of the window tells them apart.
        return min(delays) - lowest if delays else 0.0

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


def _unwrapped(delay_s: float) -> float:
    """Receivers' times wrap after 24 bits of 64 ms; only differences between delays matter."""
    wrap_s = 0.064 * (1 << 24)
    return delay_s % wrap_s


def is_feedback_alone(packet: bytes) -> bool:
    """Whether an RTCP packet holds one transport-wide feedback message and nothing else."""
    return (len(packet) > 4 and packet[0] & 0x1F == 15 and packet[1] == 205
            and len(packet) == 4 * ((packet[2] << 8 | packet[3]) + 1))


def transport_feedback(packet: bytes) -> Iterator[Arrival]:
    """Every arrival named by the transport-wide feedback inside a (compound) RTCP packet; stops where it is broken."""
    at = 0
    while at + 4 <= len(packet):
        first, kind, words = struct.unpack_from(">BBH", packet, at)
        end = at + 4 * (words + 1)
        if end > len(packet):
            return
        if kind == 205 and first & 0x1F == 15 and words >= 4:
            yield from _arrivals(packet[at:end])
        at = end


def _arrivals(message: bytes) -> Iterator[Arrival]:
    base, count, reference = struct.unpack_from(">HHI", message, 12)
    at, symbols = 20, list[int]()
    while len(symbols) < count and at + 2 <= len(message):
        (chunk,) = struct.unpack_from(">H", message, at)
        at += 2
        symbols += _symbols(chunk, count - len(symbols))
    ticks = (reference >> 8) * 256
    for place, symbol in enumerate(symbols[:count]):
        if symbol not in (1, 2) or at + symbol > len(message):
            yield (base + place) & 0xFFFF, None
            continue
        ticks += message[at] if symbol == 1 else struct.unpack_from(">h", message, at)[0]
        at += symbol
        yield (base + place) & 0xFFFF, ticks / TICKS_PER_S


def _symbols(chunk: int, wanted: int) -> list[int]:
    if chunk >> 15 == 0:
        return [chunk >> 13 & 3] * min(chunk & 0x1FFF, wanted)
    if chunk >> 14 == 2:
        return [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return [chunk >> shift & 3 for shift in range(12, -1, -2)]
