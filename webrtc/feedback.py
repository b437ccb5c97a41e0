"""What the node tells those who send to it: transport-wide feedback, loss, missing packets, key frames.

Pure: times come in as monotonic seconds, packets go out as bytes.
"""

import struct
from collections.abc import Iterable, Sequence

import numpy as np
from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRtpfbPacket
from aiortc.rtp import pack_remb_fci as _pack_remb

from webrtc import lane, wide
from webrtc.compiled import Cell, Row
from webrtc.desk import desk
from webrtc.rtp import extend
from webrtc.wide import ARRIVALS, ARRIVALS_KEPT, MOST_REPORTED, NODE_SSRC, REFERENCE_TICKS, TICKS_PER_S

NACK_TRIES = 8
NACK_INTERVAL_S = 0.06
NACK_LIFE_S = 1.0
MAX_GAP = 256  # a larger hole is not asked for again: a key frame costs less
PLI_INTERVAL_S = 0.5

_FEEDBACK, _RTCP = struct.Struct(">IIHHI"), struct.Struct(">BBH")


class TransportFeedback(Row):
    """Transport-wide congestion control, receiving half (draft-holmer-rmcat-transport-wide-cc-extensions-01).

    Without it a browser falls back to a cautious estimate and sinks to a thumbnail within seconds.
    """

    layout = ARRIVALS
    _count, _reported = Cell(int), Cell(int)
    _next = Cell(int)  # one more than the highest number reported, not wrapped
    _messages = Cell(int)

    def __init__(self) -> None:
        super().__init__()
        self._next = -1

    def add(self, number: int, now_s: float) -> None:
        """A packet with this transport-wide number (16 bits) arrived."""
        wide.arrived(self.address, number, now_s)

    def take(self, media_ssrc: int) -> list[bytes]:
        """The RTCP messages that report what came since the last call."""
        if self._count == self._reported:
            return []
        length = wide.write_whole(self.address, media_ssrc, desk.inbox)
        return [desk.lies(length)] if length else self._with_holes(media_ssrc)

    def _with_holes(self, media_ssrc: int) -> list[bytes]:
        """Something is missing, or came late: then what was reported around it is reported again."""
        count, reported, begin = self._count, self._reported, max(0, self._count - ARRIVALS_KEPT)
        places = np.arange(max(begin, reported - MOST_REPORTED), count) % ARRIVALS_KEPT
        came = list(zip(self.row["number"][places].tolist(), self.row["at_s"][places].tolist(), strict=True))
        earlier, new = came[: reported - count], came[reported - count :]
        highest = self._next - 1 if self._next > 0 else new[0][0]
        known = {extend(number, highest): at_s for number, at_s in earlier}
        oldest, begin = min(known, default=0), self._next if self._next > 0 else highest
        for number, at_s in new:
            extended = extend(number, highest)
            if extended >= oldest and extended not in known:
                known[extended] = at_s
                begin, highest = min(begin, extended), max(highest, extended)
        begin, messages = max(begin, highest - 4 * MOST_REPORTED), []
        while begin <= highest:
            end = min(begin + MOST_REPORTED, highest + 1)
            messages += self._message(media_ssrc, begin, known, end)
            begin = end
        self._reported, self._next = count, highest + 1
        return messages

    def _message(self, media_ssrc: int, begin: int, known: dict[int, float], end: int) -> list[bytes]:
        seen = map(known.get, range(begin, end))
        times = [None if at_s is None else int(at_s * TICKS_PER_S) for at_s in seen]
        reference = next((at for at in times if at is not None), None)
        if reference is None:
            return []
        reference //= REFERENCE_TICKS
        symbols, deltas = _deltas(times, reference * REFERENCE_TICKS)
        return [self._packed(media_ssrc, begin, len(symbols), reference, _chunks(symbols) + deltas)]

    def _packed(self, media_ssrc: int, begin: int, count: int, reference: int, body: bytes) -> bytes:
        head = _FEEDBACK.pack(NODE_SSRC, media_ssrc, begin & 0xFFFF, count,
                              (reference & 0xFFFFFF) << 8 | self._messages & 0xFF)
        self._messages += 1
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
        self.asked: dict[int, tuple[float, float, int]] = {}  # number: first noticed, last asked, times asked

    def __contains__(self, extended: int) -> bool:
        return extended in self.asked

    def noticed(self, numbers: range, now_s: float) -> bool:
        """A hole appeared. False when it is too large to mend."""
        if len(numbers) + len(self.asked) > MAX_GAP:
            self.asked.clear()
            return False
        for number in numbers:
            self.asked[number] = (now_s, -1.0, 0)
        return True

    def arrived(self, extended: int) -> None:
        """A missing packet came after all."""
        self.asked.pop(extended, None)

    def due(self, now_s: float) -> list[int]:
        """The numbers to ask for now; gives up after a second or eight times."""
        result = []
        for number, (first_s, last_s, tries) in list(self.asked.items()):
            if tries >= NACK_TRIES or now_s - first_s > NACK_LIFE_S:
                del self.asked[number]
            elif now_s - last_s >= NACK_INTERVAL_S:
                self.asked[number] = (first_s, now_s, tries + 1)
                result.append(number)
        return result


class Reception(Row):
    """Counts of one received stream, for receiver reports (RFC 3550, appendix A.3 and A.8)."""

    layout = lane.RECEPTION
    received, highest = Cell(int), Cell(int)
    _base, _jitter = Cell(int), Cell(float)

    def __init__(self, clock_hz: int) -> None:
        super().__init__()
        self.row["clock_hz"] = clock_hz
        self._base = self.highest = -1
        self.row["expected"] = self.row["timestamp"] = -1
        self.row["transit"] = float("inf")
        self._expected_before = self._received_before = 0
        self._sender_report: tuple[int, float] | None = None

    def add(self, extended: int, timestamp: int, now_s: float) -> None:
        """A packet arrived."""
        if extended > self.highest:
            if self._base < 0:
                self._base = extended
            self.highest = extended - 1
            lane.count_next(self.address, timestamp, now_s)
        else:
            self.received += 1

    def sender_report(self, ntp_time: int, now_s: float) -> None:
        """The sender's report came."""
        self._sender_report = (ntp_time >> 16) & 0xFFFFFFFF, now_s

    @property
    def lost(self) -> int:
        """Packets expected but not received so far."""
        return max(0, self.highest - self._base + 1 - self.received) if self._base >= 0 else 0

    def report(self, ssrc: int, now_s: float) -> RtcpReceiverInfo:
        """The report block for this interval."""
        highest, received = self.highest, self.received
        expected = highest - self._base + 1 if highest >= 0 else 0
        interval = expected - self._expected_before
        lost = interval - (received - self._received_before)
        self._expected_before, self._received_before = expected, received
        lsr, dlsr = 0, 0
        if self._sender_report is not None:
            lsr, dlsr = self._sender_report[0], int((now_s - self._sender_report[1]) * 65_536)
        return RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=min(255, max(0, 256 * lost // interval)) if interval > 0 else 0,
            packets_lost=min(max(0, expected - received), 0x7FFFFF), highest_sequence=highest & 0xFFFFFFFF,
            jitter=min(int(self._jitter), 0xFFFFFFFF), lsr=lsr, dlsr=min(dlsr, 0xFFFFFFFF))


class KeyframeRequests:
    """Picture loss indications, coalesced: at most one each half second, and none that was asked for is dropped."""

    def __init__(self) -> None:
        self.wanted = False
        self._sent_s = float("-inf")

    def ask(self) -> None:
        """Someone cannot decode without a key frame."""
        self.wanted = True

    def due(self, now_s: float) -> bool:
        """Whether to send one now."""
        if not self.wanted or now_s - self._sent_s < PLI_INTERVAL_S:
            return False
        self.wanted, self._sent_s = False, now_s
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
