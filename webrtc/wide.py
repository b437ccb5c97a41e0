"""Transport-wide feedback as packets come and go, compiled: what arrived, what left, what became of it.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Its messages are written in `feedback` and judged in `congestion`.
"""

from typing import Any

import numpy as np

from webrtc.compiled import Address, compiled, octets, put_four, row, two

TICKS_PER_S = 4_000  # arrival times are in 250 µs
REFERENCE_TICKS = 256  # and their reference in 64 ms
MOST_REPORTED = 512  # packets in one feedback message; what a flood brings beyond between two is not reported
ARRIVALS_KEPT = 2 * MOST_REPORTED
SENT_KEPT = 4_096
REPORTS_KEPT = 256
NODE_SSRC = 1
MOST_NAMED = 1_024  # packets one control packet may speak of: a run of thousands fits into two bytes
WRAP_S = 0.064 * (1 << 24)  # of the receivers' times
_HEAD_BYTES = 20
_NONE = -1 << 20  # no step is

# A ring of what arrived, in the order it came: number and when. next: the number expected then, not wrapped.
ARRIVALS = np.dtype([("count", "i8"), ("reported", "i8"), ("next", "i8"), ("messages", "i8"),
                     ("number", "i8", (ARRIVALS_KEPT,)), ("at_s", "f8", (ARRIVALS_KEPT,))])
# Rings: when a packet left; its octets, negative when it was reported lost, 0 when it arrived.
DOWNLINK = np.dtype([("next", "i8"), ("reports", "i8"), ("looked", "i8"), ("forgotten", "i8"),
                     ("arrived", "f8"), ("lost", "f8"), ("octets_lately", "f8"), ("shortest_s", "f8"),
                     ("shortest_lately_s", "f8"),
                     ("sent_s", "f8", (SENT_KEPT,)), ("octets", "i8", (SENT_KEPT,)),
                     ("report", "f8", (REPORTS_KEPT, 5))])


@compiled
def arrived(arrivals_at: Address, number: int, now_s: float) -> None:
    """A packet with this transport-wide number (16 bits) arrived."""
    arrivals = row(arrivals_at, ARRIVALS)
    n = arrivals.count % ARRIVALS_KEPT
    if arrivals.count - arrivals.reported < MOST_REPORTED:
        arrivals.number[n], arrivals.at_s[n] = number, now_s
        arrivals.count += 1


@compiled
def write_whole(arrivals_at: Address, media_ssrc: int, to_at: Address) -> int:
    """Write the RTCP message that reports what came since the last one; its length.

    0 when that is anything else than the expected numbers in their order, a few milliseconds apart: by far the most
    frequent, and one run of small steps.
    """
    arrivals, to = row(arrivals_at, ARRIVALS), octets(to_at, 20 + 2 + MOST_REPORTED + 2)
    begin, count = arrivals.reported, arrivals.count - arrivals.reported
    reference = int(arrivals.at_s[begin % ARRIVALS_KEPT] * TICKS_PER_S) // REFERENCE_TICKS
    last = reference * REFERENCE_TICKS
    for n in range(count):
        place = (begin + n) % ARRIVALS_KEPT
        ticks = int(arrivals.at_s[place] * TICKS_PER_S)
        if arrivals.number[place] != arrivals.next + n & 0xFFFF or not 0 <= ticks - last <= 255:
            return 0
        to[22 + n] = ticks - last
        last = ticks
    padding = -(22 + count) % 4
    length = 22 + count + padding
    for n in range(padding):
        to[22 + count + n] = 0 if n + 1 < padding else padding
    put_four(to, 0, (0x80 | (0x20 if padding else 0) | 15) << 24 | 205 << 16 | length // 4 - 1)
    put_four(to, 4, NODE_SSRC)
    put_four(to, 8, media_ssrc)
    put_four(to, 12, (arrivals.next & 0xFFFF) << 16 | count)
    put_four(to, 16, (reference & 0xFFFFFF) << 8 | arrivals.messages & 0xFF)
    to[20], to[21] = 0x20 | count >> 8, count & 0xFF
    arrivals.reported, arrivals.next, arrivals.messages = arrivals.count, arrivals.next + count, arrivals.messages + 1
    return int(length)


@compiled
def stamp(downlink_at: Address, length: int, now_s: float) -> int:
    """A packet of so many octets leaves; returns its transport-wide number (16 bits)."""
    downlink = row(downlink_at, DOWNLINK)
    number = downlink.next
    downlink.sent_s[number % SENT_KEPT], downlink.octets[number % SENT_KEPT] = now_s, length
    downlink.next = number + 1
    return int(number & 0xFFFF)


@compiled
def is_feedback_alone(packet_at: Address, length: int) -> bool:
    """Whether an RTCP packet holds one transport-wide feedback message and nothing else."""
    packet = octets(packet_at, length)
    return bool(length > 4 and packet[0] & 0x1F == 15 and packet[1] == 205
                and length == 4 * (two(packet, 2) + 1))


@compiled
def read_feedback(downlink_at: Address, packet_at: Address, length: int, now_s: float) -> None:
    """Settle what the feedback in a (compound) RTCP packet tells; stops where it is broken."""
    packet, at, left = octets(packet_at, length), 0, MOST_NAMED
    while at + 4 <= length and left > 0:
        words = two(packet, at + 2)
        end = at + 4 * (words + 1)
        if end > length:
            return
        if packet[at + 1] == 205 and packet[at] & 0x1F == 15 and words >= 4:
            left -= _settle(downlink_at, packet[at:end], left, now_s)
        at = end


@compiled
def _settle(downlink_at: Address, message: Any, most: int, now_s: float) -> int:
    """Read one message; returns how many packets it names. Numbers that were never sent are ignored.

    Its report: when it came, how many arrived and were lost, octets that arrived, the shortest delay.
    """
    downlink, count = row(downlink_at, DOWNLINK), min(two(message, 14), most)
    at, chunk_at, named = _steps_begin(message, count), _HEAD_BYTES, 0
    ticks = (two(message, 16) << 8 | np.int64(message[18])) * REFERENCE_TICKS
    number = _extended(two(message, 12), downlink.next)
    oldest, got, lost, octets_got, shortest_s = max(0, downlink.next - SENT_KEPT), 0, 0, 0, np.inf
    chunk, run, width = 0, 0, 0
    while named < count:
        if run == 0:  # the next chunk: a run, fourteen symbols of one bit, or seven of two
            if chunk_at + 2 > len(message):
                break
            chunk = two(message, chunk_at)
            chunk_at += 2
            width = 0 if chunk < 0x8000 else 1 if chunk < 0xC000 else 2
            run = chunk & 0x1FFF if width == 0 else 14 // width
            continue
        named, run = named + 1, run - 1
        symbol = chunk >> 13 if width == 0 else chunk >> run * width & 2 * width - 1
        step = _step(message, at, symbol)
        came = step != _NONE
        if came:
            ticks, at = ticks + step, at + symbol
        place, number = number % SENT_KEPT, number + 1
        size = downlink.octets[place]
        if size == 0 or not oldest < number <= downlink.next:
            continue
        if not came:
            if size > 0:
                downlink.octets[place] = -size
                lost += 1
            continue
        if size < 0:  # it was only late
            lost -= 1
        downlink.octets[place] = 0
        got += 1
        octets_got += abs(size)
        # Only differences between delays matter.
        shortest_s = min(shortest_s, (ticks / TICKS_PER_S - downlink.sent_s[place]) % WRAP_S)
    _report(downlink, now_s, got, lost, octets_got, shortest_s)
    return max(1, named)


@compiled
def _step(message: Any, at: int, symbol: int) -> int:
    """From the arrival before to this one; _NONE where the packet is told to be lost, or the message is cut short."""
    if symbol == 1 and at < len(message):
        return np.int64(message[at])  # type: ignore[return-value]
    if symbol == 2 and at + 1 < len(message):
        return two(message, at) - (np.int64(message[at]) >> 7 << 16)  # type: ignore[return-value]
    return _NONE


@compiled
def _report(downlink: Any, now_s: float, got: int, lost: int, octets_got: int, shortest_s: float) -> None:
    n = downlink.reports % REPORTS_KEPT
    downlink.report[n, 0], downlink.report[n, 1], downlink.report[n, 2] = now_s, got, lost
    downlink.report[n, 3], downlink.report[n, 4] = octets_got, shortest_s
    downlink.reports += 1


@compiled
def sum_up(downlink_at: Address, since_s: float, lately_s: float) -> int:
    """Sum the reports up that came since then, and lately; returns how many. See DOWNLINK.

    shortest_s: of those that were never summed up before; forgotten: the number of a report before which none counts.
    """
    downlink = row(downlink_at, DOWNLINK)
    first = max(downlink.forgotten, downlink.reports - REPORTS_KEPT)
    arrived_, lost, octets_lately, shortest_s, shortest_lately_s = 0.0, 0.0, 0.0, np.inf, np.inf
    for number in range(max(downlink.looked, first), downlink.reports):
        shortest_s = min(shortest_s, downlink.report[number % REPORTS_KEPT, 4])
    while first < downlink.reports and downlink.report[first % REPORTS_KEPT, 0] < since_s:
        first += 1
    for number in range(first, downlink.reports):
        n = number % REPORTS_KEPT
        arrived_, lost = arrived_ + downlink.report[n, 1], lost + downlink.report[n, 2]
        if downlink.report[n, 0] >= lately_s:
            octets_lately += downlink.report[n, 3]
            shortest_lately_s = min(shortest_lately_s, downlink.report[n, 4])
    downlink.looked = downlink.reports
    downlink.arrived, downlink.lost, downlink.octets_lately = arrived_, max(0.0, lost), octets_lately
    downlink.shortest_s, downlink.shortest_lately_s = shortest_s, shortest_lately_s
    return int(downlink.reports - first)


@compiled
def _steps_begin(message: Any, count: int) -> int:
    """Where the steps between arrivals begin: behind the chunks that name `count` packets."""
    at, named = _HEAD_BYTES, 0
    while named < count and at + 2 <= len(message):
        chunk = two(message, at)
        named += chunk & 0x1FFF if chunk < 0x8000 else 14 if chunk < 0xC000 else 7
        at += 2
    return at


@compiled
def _extended(sequence: int, highest: int) -> int:
    """See rtp.extend."""
    ahead = sequence - highest & 0xFFFF
    return highest + ahead if ahead < 0x8000 else highest + ahead - 0x10000
