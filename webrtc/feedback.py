"""What the node tells those who send to it: transport-wide feedback, loss, missing packets, key frames.

Pure: times come in as monotonic seconds, packets go out as bytes.
"""

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from operator import sub

from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRtpfbPacket
from aiortc.rtp import pack_remb_fci as _pack_remb

from webrtc.rtp import extend

NODE_SSRC = 1
TICKS_PER_S = 4_000  # transport-wide arrival times are in 250 µs
_REFERENCE_TICKS = 256  # and their reference in 64 ms
REPORTS_KEPT = 8  # what came later than so many reports ago is no news
MAX_REPORTED = 512  # packets in one feedback message
NACK_TRIES = 8
NACK_INTERVAL_S = 0.06
NACK_LIFE_S = 1.0
MAX_GAP = 256  # a larger hole is not asked for again: a key frame costs less
PLI_INTERVAL_S = 0.5

_FEEDBACK, _RUN, _RTCP = struct.Struct(">IIHHI"), struct.Struct(">H"), struct.Struct(">BBH")


class TransportFeedback:
    """Transport-wide congestion control, receiving half (draft-holmer-rmcat-transport-wide-cc-extensions-01).

    Without it a browser falls back to a cautious estimate and sinks to a thumbnail within seconds.
    """

    def __init__(self) -> None:
        self._numbers: list[int] = []  # what came since the last report, in the order it came
        self._times_s: list[float] = []
        self._reported: deque[tuple[list[int], list[float]]] = deque(maxlen=REPORTS_KEPT)
        self._end = -1  # one more than the highest number reported, not wrapped
        self._count = 0

    def add(self, number: int, now_s: float) -> None:
        """A packet with this transport-wide number (16 bits) arrived."""
        self._numbers.append(number)
        self._times_s.append(now_s)

    def take(self, media_ssrc: int) -> list[bytes]:
        """The RTCP messages that report what came since the last call."""
        numbers, times_s = self._numbers, self._times_s
        if not numbers:
            return []
        self._numbers, self._times_s = [], []
        first, count = numbers[0], len(numbers)
        whole = first == self._end & 0xFFFF and count <= MAX_REPORTED and numbers == list(range(first, first + count))
        messages = self._whole(media_ssrc, times_s) if whole else self._with_holes(media_ssrc, numbers, times_s)
        self._reported.append((numbers, times_s))
        return messages

    def _whole(self, media_ssrc: int, times_s: list[float]) -> list[bytes]:
        """Nothing is missing, by far the most frequent: one run of small steps."""
        ticks = [int(at_s * TICKS_PER_S) for at_s in times_s]
        reference = ticks[0] // _REFERENCE_TICKS
        deltas = list(map(sub, ticks, [reference * _REFERENCE_TICKS, *ticks]))
        begin, self._end = self._end, self._end + len(ticks)
        if max(deltas) > 255 or min(deltas) < 0:
            return self._message(media_ssrc, begin, dict(enumerate(times_s, begin)), self._end)
        body = _RUN.pack(1 << 13 | len(deltas)) + bytes(deltas)
        return [self._packed(media_ssrc, begin, len(deltas), reference, body)]

    def _with_holes(self, media_ssrc: int, numbers: list[int], times_s: list[float]) -> list[bytes]:
        """Something is missing, or came late: then what was reported around it is reported again."""
        highest = self._end - 1 if self._end > 0 else numbers[0]
        known: dict[int, float] = {}
        for earlier in self._reported:
            known |= {extend(number, highest): at_s for number, at_s in zip(*earlier, strict=True)}
        oldest, begin = min(known, default=0), self._end if self._end > 0 else highest
        for number, at_s in zip(numbers, times_s, strict=True):
            extended = extend(number, highest)
            if extended >= oldest and extended not in known:
                known[extended] = at_s
                begin, highest = min(begin, extended), max(highest, extended)
        begin, messages = max(begin, highest - 4 * MAX_REPORTED), []
        while begin <= highest:
            end = min(begin + MAX_REPORTED, highest + 1)
            messages += self._message(media_ssrc, begin, known, end)
            begin = end
        self._end = highest + 1
        return messages

    def _message(self, media_ssrc: int, begin: int, known: dict[int, float], end: int) -> list[bytes]:
        seen = map(known.get, range(begin, end))
        times = [None if at_s is None else int(at_s * TICKS_PER_S) for at_s in seen]
        reference = next((at for at in times if at is not None), None)
        if reference is None:
            return []
        reference //= _REFERENCE_TICKS
        symbols, deltas = _deltas(times, reference * _REFERENCE_TICKS)
        return [self._packed(media_ssrc, begin, len(symbols), reference, _chunks(symbols) + deltas)]

    def _packed(self, media_ssrc: int, begin: int, count: int, reference: int, body: bytes) -> bytes:
        head = _FEEDBACK.pack(NODE_SSRC, media_ssrc, begin & 0xFFFF, count,
                              (reference & 0xFFFFFF) << 8 | self._count & 0xFF)
        self._count += 1
        return _padded(head + body)


def _deltas(times: Sequence[int | None], previous: int) -> tuple[list[int], bytes]:
    """Status symbols (0 lost, 1 small, 2 large delta) and the packed deltas. Beyond 8 s a packet counts as lost."""
    symbols, packed = [], bytearray()
    for at in times:
        delta = None if at is None else at - previous
        if delta is None or not -32_768 <= delta <= 32_767:
            symbols.append(0)
            continue
        previous += delta
        small = 0 <= delta <= 255
        symbols.append(1 if small else 2)
        packed += struct.pack(">B" if small else ">h", delta)
    return symbols, bytes(packed)


def _chunks(symbols: Sequence[int]) -> bytes:
    packed = bytearray()
    at = 0
    while at < len(symbols):
        run = at
        while run < len(symbols) and symbols[run] == symbols[at]:
            run += 1
        if run - at >= 7 or run == len(symbols):
            packed += struct.pack(">H", symbols[at] << 13 | (run - at))
            at = run
            continue
        vector = 0xC000
        for place, symbol in enumerate(symbols[at : at + 7]):
            vector |= symbol << (12 - 2 * place)
        packed += struct.pack(">H", vector)
        at += 7
    return bytes(packed)


def _padded(body: bytes) -> bytes:
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return _RTCP.pack(0x80 | (0x20 if padding else 0) | 15, 205, len(body) // 4) + body


class Missing:
    """Which packets of one stream are missing, and when to ask for them again (RFC 4585 generic NACK)."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[float, float, int]] = {}  # number: first noticed, last asked, times asked

    def __contains__(self, extended: int) -> bool:
        return extended in self._asked

    def __len__(self) -> int:
        return len(self._asked)

    def noticed(self, numbers: range, now_s: float) -> bool:
        """A hole appeared. False when it is too large to mend."""
        if len(numbers) + len(self._asked) > MAX_GAP:
            self._asked.clear()
            return False
        for number in numbers:
            self._asked[number] = (now_s, -1.0, 0)
        return True

    def arrived(self, extended: int) -> None:
        """A missing packet came after all."""
        self._asked.pop(extended, None)

    def due(self, now_s: float) -> list[int]:
        """The numbers to ask for now; gives up after a second or eight times."""
        result = []
        for number, (first_s, last_s, tries) in list(self._asked.items()):
            if tries >= NACK_TRIES or now_s - first_s > NACK_LIFE_S:
                del self._asked[number]
            elif now_s - last_s >= NACK_INTERVAL_S:
                self._asked[number] = (first_s, now_s, tries + 1)
                result.append(number)
        return result


class Reception:
    """Counts of one received stream, for receiver reports (RFC 3550, appendix A.3 and A.8)."""

    def __init__(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._base = self.highest = -1
        self.received = 0
        self._expected_before = self._received_before = 0
        self.expected = -1  # the next sequence number, 16 bits
        self._timestamp, self._transit = -1, float("inf")
        self._jitter = 0.0
        self._sender_report: tuple[int, float] | None = None

    def add(self, extended: int, timestamp: int, now_s: float) -> None:
        """A packet arrived."""
        if extended > self.highest:
            if self._base < 0:
                self._base = extended
            self.highest, self.expected = extended - 1, extended & 0xFFFF
            self.next(timestamp, now_s)
        else:
            self.received += 1

    def next(self, timestamp: int, now_s: float) -> int:
        """The expected packet arrived; returns its number, not wrapped."""
        self.received += 1
        self.highest = number = self.highest + 1
        self.expected = (number + 1) & 0xFFFF
        if timestamp != self._timestamp:  # the packets of one picture share a timestamp: one is enough
            self._timestamp = timestamp
            transit = now_s * self._clock_hz - timestamp
            change = abs(transit - self._transit)
            self._transit = transit
            if change < self._clock_hz:  # a first timestamp, or one that wraps or jumps, is no jitter
                self._jitter += (change - self._jitter) / 16
        return number

    def sender_report(self, ntp_time: int, now_s: float) -> None:
        """The sender's report came."""
        self._sender_report = (ntp_time >> 16) & 0xFFFFFFFF, now_s

    @property
    def lost(self) -> int:
        """Packets expected but not received so far."""
        return max(0, self.highest - self._base + 1 - self.received) if self._base >= 0 else 0

    def report(self, ssrc: int, now_s: float) -> RtcpReceiverInfo:
        """The report block for this interval."""
        expected = self.highest - self._base + 1
        interval = expected - self._expected_before
        lost = interval - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        lsr, dlsr = 0, 0
        if self._sender_report is not None:
            lsr, dlsr = self._sender_report[0], int((now_s - self._sender_report[1]) * 65_536)
        return RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=min(255, max(0, 256 * lost // interval)) if interval > 0 else 0,
            packets_lost=min(self.lost, 0x7FFFFF), highest_sequence=self.highest & 0xFFFFFFFF,
            jitter=min(int(self._jitter), 0xFFFFFFFF), lsr=lsr, dlsr=min(dlsr, 0xFFFFFFFF))


class KeyframeRequests:
    """Picture loss indications, coalesced: at most one each half second, and none that was asked for is dropped."""

    def __init__(self) -> None:
        self._wanted = False
        self._sent_s = float("-inf")

    def ask(self) -> None:
        """Someone cannot decode without a key frame."""
        self._wanted = True

    def due(self, now_s: float) -> bool:
        """Whether to send one now."""
        if not self._wanted or now_s - self._sent_s < PLI_INTERVAL_S:
            return False
        self._wanted, self._sent_s = False, now_s
        return True


def nack(media_ssrc: int, numbers: Iterable[int]) -> bytes:
    """A generic NACK for these sequence numbers."""
    lost = sorted(number & 0xFFFF for number in numbers)
    return bytes(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=NODE_SSRC, media_ssrc=media_ssrc, lost=lost))


def picture_loss(media_ssrc: int) -> bytes:
    """A picture loss indication."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=NODE_SSRC, media_ssrc=media_ssrc))


def bitrate_limit(media_ssrcs: list[int], bits_per_s: int) -> bytes:
    """REMB: what receivers further on can take of these together."""
    return bytes(RtcpPsfbPacket(
        fmt=RTCP_PSFB_APP, ssrc=NODE_SSRC, media_ssrc=0, fci=_pack_remb(bits_per_s, media_ssrcs)))
