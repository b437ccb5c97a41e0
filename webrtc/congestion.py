"""What a receiver's way can carry: transport-wide feedback read as its sender (the node) reads it.

The node cannot encode more coarsely; it can tell the one who encodes. From each receiver's feedback comes an estimate
when the way is congested, and none while it is not; senders get the smallest as a REMB. Without this a narrow downlink
drowns speech in video it cannot carry. Times are
monotonic seconds.
"""

from webrtc import wide
from webrtc.compiled import Cell, Row
from webrtc.desk import desk
from webrtc.wide import DOWNLINK

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
STEADY_DECREASES = 3  # to less than two thirds
STEADY_S = 0.015  # a delay that stays within this, although less and less is sent, is no queue of ours
SPEECH_BITS_PER_S = 45_000  # what one voice takes, headers included
LEAST_VIDEO_BITS_PER_S = 50_000  # below it a browser's camera cannot go
NARROW_BITS_PER_S = 60_000  # a share of video that is worth nothing
PAUSE_AFTER_S = 2.0
RESUME_FIRST_S, RESUME_LAST_S = 6.0, 48.0  # video is tried again after so long, then after longer and longer
FORGIVEN_AFTER_S = 20.0
LEAST_REPORTED = 10  # packets; of fewer nothing can be said


class Downlink(Row):
    """The way to one receiver. What left and what became of it is kept by `wide`."""

    layout = DOWNLINK
    _reports, _forgotten, _arrived, _lost = Cell(int), Cell(int), Cell(float), Cell(float)
    _octets_lately, _shortest_s, _shortest_lately_s = Cell(float), Cell(float), Cell(float)

    def __init__(self) -> None:
        super().__init__()
        self.estimate_bits_per_s: float | None = None
        self.congested = False
        self._baseline = (float("inf"), float("inf"))
        self._baseline_s = 0.0
        self._decreased_s = float("-inf")
        self._steady_delay_s, self._steady_decreases = float("inf"), 0
        self._steady_estimate: float | None = None  # when the delay began to stay the same

    def reported(self, packet: bytes, now_s: float) -> None:
        """The receiver's feedback came, in a (compound) control packet. Numbers that were never sent are ignored."""
        length = desk.put(packet)
        wide.read_feedback(self.address, desk.inbox, length, now_s)

    def update(self, now_s: float) -> float | None:
        """The estimate in bits per second, None while there is no limit; call it a few times a second."""
        wide.sum_up(self.address, now_s - WINDOW_S, now_s - RECENT_S)
        self._baseline = (min(self._baseline[0], self._shortest_s), self._baseline[1])
        arrived, lost = self._arrived, self._lost
        if arrived + lost < LEAST_REPORTED:
            return self.estimate_bits_per_s
        loss = lost / (arrived + lost)
        carried = 8 * self._octets_lately / min(RECENT_S, max(0.2, now_s - self._decreased_s))
        queue_s = self._queue_s(self._shortest_lately_s, now_s)
        if loss < CLEAR_LOSS and queue_s > CONGESTED_QUEUE_S and self._is_another_way(self._shortest_lately_s):
            queue_s = 0.0
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

    def _is_another_way(self, delay_s: float) -> bool:
        """Whether the delay is the way's own by now: a network changed, and slowing down changes nothing of it.

        A queue of ours shrinks once less is sent, and grows before that; a full one loses packets.
        """
        if abs(delay_s - self._steady_delay_s) > STEADY_S:
            self._steady_delay_s, self._steady_decreases = delay_s, 0
            self._steady_estimate = self.estimate_bits_per_s
        if self._steady_decreases < STEADY_DECREASES:
            return False
        self._baseline, self.estimate_bits_per_s = (delay_s, delay_s), self._steady_estimate
        self._steady_delay_s = float("inf")
        return True

    def _decrease(self, carried: float, queue_s: float, now_s: float) -> None:
        if now_s - self._decreased_s < DECREASE_EVERY_S:
            return
        self._decreased_s = now_s
        self._steady_decreases += 1
        self._forgotten = self._reports  # what was seen at the old rate is no reason to slow down twice
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
        elif self._narrow_s is None:
            self._narrow_s = now_s
            if now_s - self._resume_s > FORGIVEN_AFTER_S:
                self._wait_s = RESUME_FIRST_S
        elif now_s - self._narrow_s >= PAUSE_AFTER_S:
            self.paused, self._resume_s = True, now_s + self._wait_s
            self._wait_s = min(2 * self._wait_s, RESUME_LAST_S)
        return self.paused
