"""The quick lane: the way of nearly every packet, compiled, from the socket it came by to those it leaves by.

A datagram is read into the desk's inbox and opened there. When it is the next of its stream, with a header like the one
before, it is sealed for each receiver and posted; what was posted is sent at the end of the round. Everything else is
laid aside for Python: `Aside` says what. One thread, one round at a time; every read of a packet is bounds-checked.
"""

from enum import IntEnum
from platform import machine
from typing import Any

import numpy as np

from webrtc.compiled import (
    Address,
    clock_s,
    compiled,
    copy,
    field_at,
    four,
    octets,
    protect,
    protect_rtcp,
    put_four,
    receive,
    row,
    send,
    two,
    unprotect,
    unprotect_rtcp,
    wait,
)
from webrtc.rtp import EXTENDED, HEADER_BYTES, NUMBER_HEAD, ONE_BYTE_PROFILE, PLAIN_EXTENDED, STOP_ID
from webrtc.wide import arrived, is_feedback_alone, read_feedback, stamp

ROOM_BYTES = 2_048
LARGEST_BYTES = 1_400  # of a packet in the clear; sealed it still fits any network
SEALED_BYTES = 1_440
AT_ONCE = 256  # sockets looked after before the loop's timers have their turn
STAY_S = 0.003
PAUSE_MS = 2  # longer than between the handfuls of a call: whoever wakes for nothing wakes once more
UNSENT = 1_024
CACHE_PACKETS = 512  # about four seconds of 1 Mbit/s video
OFFSETS_KEPT = 64
WATCHERS = 8
MOST_SSRCS = 32  # that one peer may use: libsrtp keeps a context for each as long as the session lives
_EXTENDED_BYTES = EXTENDED.size
_EVENT_BYTES, _EVENT_FD = (12, 4) if machine() == "x86_64" else (16, 8)  # struct epoll_event is packed there alone


class Aside(IntEnum):
    """What Python is to do with something that is not for the quick lane."""

    READABLE = 0  # something waits at this socket, which is no settled one
    OTHER = 1     # a datagram as it came: STUN, DTLS
    PACKET = 2    # an opened RTP packet out of the ordinary
    CONTROL = 3   # an opened RTCP packet
    SPEECH = 4    # a payload for the tap; its packet went on


_READABLE, _OTHER, _PACKET, _CONTROL, _SPEECH = map(int, Aside)

RECEPTION = np.dtype([("clock_hz", "f8"), ("base", "i8"), ("highest", "i8"), ("received", "i8"), ("expected", "i8"),
                      ("timestamp", "i8"), ("transit", "f8"), ("jitter", "f8")])
INGRESS = np.dtype([("ssrc", "i8"), ("stream", "i8"), ("octets", "i8"), ("tapped", "i8"),
                    ("heard_at_s", "f8"), ("reception", "i8"), ("arrivals", "i8"), ("watchers", "i8"),
                    ("egresses", "i8", (WATCHERS,))])
EGRESS = np.dtype([("ssrc", "i8"), ("clock_hz", "f8"), ("outgoing", "i8"), ("paused", "i8"), ("stream", "i8"),
                   ("start", "i8"), ("offset", "i8"), ("timestamp_offset", "i8"), ("next", "i8"),
                   ("last_timestamp", "i8"), ("last_s", "f8"), ("packets", "i8"), ("octets", "i8"),
                   ("ring", "i8"), ("older", "i8"), ("lengths", "i8", (CACHE_PACKETS,)),
                   ("older_start", "i8", (OFFSETS_KEPT,)), ("older_offset", "i8", (OFFSETS_KEPT,))])
OUTGOING = np.dtype([("srtp", "i8"), ("fd", "i8"), ("refused", "i8"), ("downlink", "i8")])
PATH = np.dtype([("srtp", "i8"), ("refused", "i8"), ("heard_at_s", "f8"), ("downlink", "i8"), ("ssrcs", "i8"),
                 ("takers", "i8", (128,)), ("ssrc", "i8", (MOST_SSRCS,))])
LAID_ASIDE = np.dtype([("kind", "i8"), ("fd", "i8"), ("ingress", "i8"), ("stream", "i8"), ("number", "i8"),
                       ("timestamp", "i8"), ("length", "i8"), ("now_s", "f8"), ("data", "u1", (ROOM_BYTES,))])
DESK = np.dtype([("paths", "i8"), ("sockets", "i8"), ("asides", "i8"), ("unsent", "i8"), ("dropped", "i8"),
                 ("length", "i4"), ("spare", "i4"), ("clock", "i8", (2,)),
                 ("fd", "i8", (UNSENT,)), ("at", "i8", (UNSENT,)), ("octets", "i8", (UNSENT,)),
                 ("inbox", "u1", (ROOM_BYTES,)), ("events", "u1", (16 * AT_ONCE,)),
                 ("aside", LAID_ASIDE, (AT_ONCE,)), ("outbox", "u1", (UNSENT, ROOM_BYTES))])


# Where in the desk they lie: compiled code copies no pieces of a row, it goes by address.
_INBOX, _EVENTS, _OUTBOX, _LENGTH, _CLOCK, _ASIDES = (
    field_at(DESK, name) for name in ("inbox", "events", "outbox", "length", "clock", "aside"))
_ASIDE_BYTES, _ASIDE_DATA = LAID_ASIDE.itemsize, LAID_ASIDE.itemsize - ROOM_BYTES


@compiled
def turn(desk_at: Address, epoll: int) -> int:
    """Take and send on what waits; returns how much was laid aside.

    While packets come close to each other it waits for the next ones itself, for a few milliseconds: going round the
    event loop for each handful costs as much as two packets. What was laid aside ends it at once.
    """
    until_s = clock_s(desk_at + _CLOCK) + STAY_S
    found = look(desk_at, epoll, 0)
    send_posted(desk_at)
    while found > 1 and row(desk_at, DESK).asides == 0 and clock_s(desk_at + _CLOCK) < until_s:
        found = look(desk_at, epoll, PAUSE_MS)
        send_posted(desk_at)
    return int(row(desk_at, DESK).asides)


@compiled
def look(desk_at: Address, epoll: int, wait_ms: int) -> int:
    """Take one datagram of each socket that has some; returns how many sockets had."""
    desk, events, room = row(desk_at, DESK), octets(desk_at + _EVENTS, 16 * AT_ONCE), desk_at + _INBOX
    desk.asides = 0
    paths = octets(desk.paths, 8 * desk.sockets).view(np.int64)
    found = wait(epoll, desk_at + _EVENTS, AT_ONCE, wait_ms)
    for n in range(found):
        at = n * _EVENT_BYTES + _EVENT_FD
        fd = int(np.int64(events[at]) | np.int64(events[at + 1]) << 8 | np.int64(events[at + 2]) << 16)
        path_at = paths[fd] if fd < desk.sockets else 0
        if path_at == 0:
            _lay_aside(desk_at, _READABLE, fd, 0, 0, 0.0)
            continue
        length = receive(fd, room, ROOM_BYTES, 0)
        if length > 0:  # nothing there after all, or the peer's port is closed; ICE notices by itself
            take(desk_at, path_at, fd, length)
    return int(found)


@compiled
def take(desk_at: Address, path_at: Address, fd: int, length: int) -> None:
    """The datagram in the inbox. Its first two bytes tell what it is (RFC 5761, RFC 7983)."""
    path, data = row(path_at, PATH), octets(desk_at + _INBOX, ROOM_BYTES)
    ingress_at = path.takers[data[1] & 0x7F]
    if not 127 < data[0] < 192:
        _lay_aside(desk_at, _OTHER, fd, 0, length, 0.0)
        return
    control = 191 < data[1] < 224
    if path.srtp == 0 or (ingress_at == 0 and not control) or not HEADER_BYTES <= length <= ROOM_BYTES:
        path.refused += 1
        return
    ssrc = four(data, 4 if control else 8)
    known = _knows(path, ssrc)
    if not known and path.ssrcs == MOST_SSRCS:
        path.refused += 1
        return
    desk = row(desk_at, DESK)
    desk.length = length
    if control:
        failed = unprotect_rtcp(path.srtp, desk_at + _INBOX, desk_at + _LENGTH)
    else:
        failed = unprotect(path.srtp, desk_at + _INBOX, desk_at + _LENGTH)
    if failed != 0:
        path.refused += 1
        return
    if not known:
        path.ssrc[path.ssrcs] = ssrc
        path.ssrcs += 1
    now_s = clock_s(desk_at + _CLOCK)
    path.heard_at_s = now_s
    if control:
        if is_feedback_alone(desk_at + _INBOX, desk.length):
            read_feedback(path.downlink, desk_at + _INBOX, desk.length, now_s)
        else:
            _lay_aside(desk_at, _CONTROL, fd, 0, desk.length, now_s)
    elif not deliver(desk_at, ingress_at, desk.length, now_s, fd):
        _lay_aside(desk_at, _PACKET, fd, ingress_at, desk.length, now_s)


@compiled
def _knows(path: Any, ssrc: int) -> bool:
    """Whether something of this SSRC was opened before."""
    for n in range(path.ssrcs):  # noqa: SIM110  compiled code knows no generators
        if path.ssrc[n] == ssrc:
            return True
    return False


@compiled
def number_place(data: Any, at: int, end: int) -> int:
    """Where the transport-wide number stands in a one-byte header extension (RFC 8285); 0: nowhere, or wrongly."""
    place = 0
    while at < end:
        head = int(data[at])
        if head >> 4 == STOP_ID:
            break
        if head == 0:
            at += 1
            continue
        if head >> 4 == 0 or (head >> 4 == NUMBER_HEAD >> 4 and (head != NUMBER_HEAD or place != 0)):
            return 0
        if head == NUMBER_HEAD:
            place = at + 1
        at += 2 + (head & 15)
    return place if at <= end else 0


@compiled
def deliver(desk_at: Address, ingress_at: Address, length: int, now_s: float, fd: int) -> bool:
    """Send the opened packet in the inbox on, if it is the next of its stream, with a header like the one before."""
    data, ingress = octets(desk_at + _INBOX, ROOM_BYTES), row(ingress_at, INGRESS)
    reception = row(ingress.reception, RECEPTION)
    if length < _EXTENDED_BYTES or data[0] != PLAIN_EXTENDED or two(data, 12) != ONE_BYTE_PROFILE:
        return False
    begin = _EXTENDED_BYTES + 4 * two(data, 14)
    ssrc = four(data, 8)
    if ssrc != ingress.ssrc or two(data, 2) != reception.expected or begin > length:
        return False
    place = number_place(data, _EXTENDED_BYTES, begin)
    if place == 0:
        return False
    arrived(ingress.arrivals, two(data, place), now_s)
    timestamp = four(data, 4)
    number = count_next(ingress.reception, timestamp, now_s)
    ingress.heard_at_s = now_s
    ingress.octets += length
    for n in range(ingress.watchers):
        pass_on(desk_at, ingress.egresses[n], length, ingress.stream, number, timestamp, place, now_s)
    if ingress.tapped != 0:
        at = _lay_aside(desk_at, _SPEECH, fd, ingress_at, 0, now_s)
        if at != 0:
            aside = row(at, LAID_ASIDE)
            aside.stream, aside.number, aside.timestamp = ingress.stream, number, timestamp
            aside.length = length - begin
            copy(at + _ASIDE_DATA, desk_at + _INBOX + begin, length - begin)
    return True


@compiled
def count_next(reception_at: Address, timestamp: int, now_s: float) -> int:
    """The expected packet arrived; returns its number, not wrapped (RFC 3550, appendix A.8: jitter)."""
    reception = row(reception_at, RECEPTION)
    reception.received += 1
    reception.highest += 1
    reception.expected = reception.highest + 1 & 0xFFFF
    if timestamp != reception.timestamp:  # the packets of one picture share a timestamp: one is enough
        reception.timestamp = timestamp
        transit = now_s * reception.clock_hz - timestamp
        change = abs(transit - reception.transit)
        reception.transit = transit
        if change < reception.clock_hz:  # a first timestamp, or one that wraps or jumps, is no jitter
            reception.jitter += (change - reception.jitter) / 16
    return int(reception.highest)


@compiled
def pass_on(desk_at: Address, egress_at: Address, length: int, stream: int, number: int, timestamp: int, place: int,
            now_s: float) -> None:
    """Seal the packet in the inbox for one receiver. number: not wrapped; place: see rtp.parse."""
    egress = row(egress_at, EGRESS)
    if stream != egress.stream:
        _rebase(egress, stream, number, timestamp, now_s)
    if egress.outgoing == 0 or egress.paused != 0:
        return
    offset = egress.offset
    if number < egress.start:
        n = egress.older - 1
        while n >= 0 and number < egress.older_start[n]:
            n -= 1
        if n < 0:
            return
        offset = egress.older_offset[n]
    sequence = number + offset
    egress.next = max(egress.next, sequence + 1)
    timestamp = timestamp + egress.timestamp_offset & 0xFFFFFFFF
    egress.last_timestamp, egress.last_s = timestamp, now_s
    at = egress.ring + sequence % CACHE_PACKETS * SEALED_BYTES if egress.ring != 0 else 0
    sealed = _seal(desk_at, egress.outgoing, at, length, sequence & 0xFFFF, timestamp, egress.ssrc, place, now_s)
    if egress.ring != 0:
        egress.lengths[sequence % CACHE_PACKETS] = sealed
    if sealed > 0:
        egress.packets += 1
        egress.octets += length - HEADER_BYTES


@compiled
def _rebase(egress: Any, stream: int, number: int, timestamp: int, now_s: float) -> None:
    """Another sender, or the same one back again: go on where the slot's stream stopped."""
    egress.stream, egress.start, egress.offset = stream, number, egress.next - number
    egress.older = egress.timestamp_offset = 0
    if egress.last_timestamp >= 0:
        elapsed = max(1, int((now_s - egress.last_s) * egress.clock_hz + 0.5))
        egress.timestamp_offset = egress.last_timestamp + elapsed - timestamp & 0xFFFFFFFF


@compiled
def skip(egress_at: Address, stream: int, number: int) -> None:
    """The sender's newest packet is not sent on (padding): close the hole it would leave."""
    egress = row(egress_at, EGRESS)
    if stream != egress.stream:
        return
    if egress.older == OFFSETS_KEPT:
        for n in range(1, OFFSETS_KEPT):
            egress.older_start[n - 1], egress.older_offset[n - 1] = egress.older_start[n], egress.older_offset[n]
        egress.older -= 1
    egress.older_start[egress.older], egress.older_offset[egress.older] = egress.start, egress.offset
    egress.older += 1
    egress.start, egress.offset = number + 1, egress.offset - 1


@compiled
def _seal(desk_at: Address, outgoing_at: Address, at: Address, length: int, sequence: int, timestamp: int, ssrc: int,
          place: int, now_s: float) -> int:
    """Seal the inbox's packet at `at` (0: in the outbox) under another header and post it; the sealed length, or 0."""
    desk, outgoing = row(desk_at, DESK), row(outgoing_at, OUTGOING)
    room = _posting_place(desk_at)
    if at == 0:
        at = room
    if not HEADER_BYTES <= length <= LARGEST_BYTES:
        outgoing.refused += 1
        return 0
    copy(at, desk_at + _INBOX, length)
    data = octets(at, SEALED_BYTES)
    data[2], data[3] = sequence >> 8, sequence & 0xFF
    put_four(data, 4, timestamp)
    put_four(data, 8, ssrc)
    if place != 0:
        wide = stamp(outgoing.downlink, length, now_s)
        data[place], data[place + 1] = wide >> 8, wide & 0xFF
    desk.length = length
    if protect(outgoing.srtp, at, desk_at + _LENGTH) != 0:  # an index that the replay window refuses
        outgoing.refused += 1
        return 0
    _post(desk, outgoing.fd, at, desk.length)
    return int(desk.length)


@compiled
def seal_control(desk_at: Address, outgoing_at: Address, length: int) -> None:
    """Seal the control packet in the inbox (compound or reduced-size) and post it."""
    desk, outgoing = row(desk_at, DESK), row(outgoing_at, OUTGOING)
    at = _posting_place(desk_at)
    copy(at, desk_at + _INBOX, length)
    desk.length = length
    if protect_rtcp(outgoing.srtp, at, desk_at + _LENGTH) != 0:
        outgoing.refused += 1
    else:
        _post(desk, outgoing.fd, at, desk.length)


@compiled
def post_again(desk_at: Address, outgoing_at: Address, at: Address, length: int) -> None:
    """Post a datagram once more, byte for byte: the same nonce never seals anything else."""
    room = _posting_place(desk_at)
    copy(room, at, length)
    _post(row(desk_at, DESK), row(outgoing_at, OUTGOING).fd, room, length)


@compiled
def send_posted(desk_at: Address) -> None:
    """Send what was posted, one after the other: a receiver on this machine is woken once, not for each."""
    desk = row(desk_at, DESK)
    for n in range(desk.unsent):
        if desk.octets[n] > 0 and send(desk.fd[n], desk.at[n], desk.octets[n], 0) < 0:
            desk.dropped += 1  # the kernel is behind, the peer's port is closed, or the socket is
    desk.unsent = 0


@compiled
def _posting_place(desk_at: Address) -> Address:
    desk = row(desk_at, DESK)
    if desk.unsent == UNSENT:
        send_posted(desk_at)
    return int(desk_at + _OUTBOX + desk.unsent * ROOM_BYTES)


@compiled
def _post(desk: Any, fd: int, at: Address, length: int) -> None:
    desk.fd[desk.unsent], desk.at[desk.unsent], desk.octets[desk.unsent] = fd, at, length
    desk.unsent += 1


@compiled
def _lay_aside(desk_at: Address, kind: int, fd: int, ingress_at: Address, length: int, now_s: float) -> Address:
    """Leave the inbox's first bytes to Python; 0 when the desk is full, which a round cannot make."""
    desk = row(desk_at, DESK)
    if desk.asides == AT_ONCE:
        return 0
    at = desk_at + _ASIDES + desk.asides * _ASIDE_BYTES
    aside = row(at, LAID_ASIDE)
    aside.kind, aside.fd, aside.ingress, aside.length, aside.now_s = kind, fd, ingress_at, length, now_s
    copy(at + _ASIDE_DATA, desk_at + _INBOX, length)
    desk.asides += 1
    return int(at)
