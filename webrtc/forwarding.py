"""The way of a packet: Ingress (what a participant sends) -> Egress (a slot towards another participant).

Only header bytes change: sequence number and timestamp, so that a slot stays one continuous stream although its
sender's padding is dropped and its sender may leave and come back, and the SSRC that the offer fixed for the slot.
"""

import itertools
import secrets
from collections.abc import Callable

from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from webrtc.feedback import KeyframeRequests, Missing, Reception, TransportFeedback
from webrtc.quality import SILENT_S
from webrtc.rtp import (
    EXTENDED,
    HEADER_BYTES,
    NUMBER,
    NUMBER_HEAD,
    ONE_BYTE_PROFILE,
    PADDING_BIT,
    PLAIN_EXTENDED,
    Parsed,
    extend,
    parse,
    unwrap_rtx,
)
from webrtc.sdp import AUDIO_CLOCK_HZ, RTX_OF, VIDEO_CLOCK_HZ, Source
from webrtc.srtp import Outgoing

CACHE_PACKETS = 512  # about four seconds of 1 Mbit/s video
OFFSETS_KEPT = 64
NO_LIMIT_BITS_PER_S = 20_000_000
RESEND_SHARE = 0.25  # of what the way carries may be packets sent again
RESEND_EVERY_S = 0.05

_streams = itertools.count(1)


class Egress:
    """One m-line towards one participant. Sends only while that participant's transport is connected."""

    def __init__(self, source: Source, ssrc: int) -> None:
        self.source = source
        self.ssrc = ssrc
        self.clock_hz = AUDIO_CLOCK_HZ if source == "mic" else VIDEO_CLOCK_HZ
        self.packets = self.octets = self.resent = 0
        self.fraction_lost = 0.0  # as the receiver last reported it
        self.packets_lost = 0
        self.rtt_ms: float | None = None
        self.limit_bits_per_s: int | None = None  # what the receiver's way can carry of this
        self.paused = False  # the receiver's way is kept for speech
        self._outgoing: Outgoing | None = None
        self._stream = 0  # the Ingress stream the offsets belong to
        self._from, self._offset = 0, 0  # sequence offset, and the incoming number from which it holds
        self._older: list[tuple[int, int]] = []
        self._timestamp_offset = 0
        self._next = secrets.randbelow(0x4000)  # next outgoing sequence number, not wrapped (RFC 3550: unpredictable)
        self._last: tuple[int, float] | None = None  # last outgoing timestamp and when
        self._cache: list[bytes] = []  # for video, a ring of datagrams by their outgoing number
        self._again: dict[int, float] = {}  # when a packet was last sent again
        self._budget, self._budget_s = 0.0, 0.0  # octets that may be sent again
        self._reports: dict[int, float] = {}  # middle 32 bits of a forwarded report's NTP time: when it left

    def attach(self, outgoing: Outgoing | None) -> None:
        """Send this way from now on. What was sealed for another one is never sent again."""
        self._outgoing = outgoing
        self._cache = [] if self.source == "mic" else [b""] * CACHE_PACKETS
        self._again.clear()
        self._reports.clear()

    def pause(self, *, paused: bool) -> None:
        """Send nothing for now, or go on where the stream stopped, which takes a key frame."""
        self.paused = paused
        self._stream = 0

    def active(self, now_s: float) -> bool:
        """Whether something was sent lately."""
        return self._last is not None and now_s - self._last[1] < SILENT_S

    def forward(self, packet: bytes, stream: int, number: int, timestamp: int, place: int, now_s: float) -> None:
        """Send one packet on. number: the sender's sequence number, not wrapped; place: see rtp.parse."""
        if stream != self._stream:
            self._rebase(stream, number, timestamp, now_s)
        outgoing = self._outgoing
        if outgoing is None or self.paused:
            return
        offset = self._offset if number >= self._from else self._older_offset(number)
        if offset is None:
            return
        sequence = number + offset
        if sequence >= self._next:
            self._next = sequence + 1
        timestamp = (timestamp + self._timestamp_offset) & 0xFFFFFFFF
        self._last = (timestamp, now_s)
        sealed = outgoing.send_rtp(packet, sequence & 0xFFFF, timestamp, self.ssrc, place, now_s)
        if sealed is None:
            return
        self.packets += 1
        self.octets += len(packet) - HEADER_BYTES
        if self._cache:
            self._cache[sequence % CACHE_PACKETS] = sealed

    def _rebase(self, stream: int, number: int, timestamp: int, now_s: float) -> None:
        """Another sender, or the same one back again: go on where the slot's stream stopped."""
        self._stream = stream
        self._from, self._offset, self._older = number, self._next - number, []
        self._timestamp_offset = 0
        if self._last is not None:
            elapsed = max(1, round((now_s - self._last[1]) * self.clock_hz))
            self._timestamp_offset = (self._last[0] + elapsed - timestamp) & 0xFFFFFFFF

    def _older_offset(self, number: int) -> int | None:
        for begin, offset in reversed(self._older):
            if number >= begin:
                return offset
        return None

    def skip(self, stream: int, number: int) -> None:
        """The sender's newest packet is not sent on (padding): close the hole it would leave."""
        if stream != self._stream:
            return
        self._older = [*self._older[1 - OFFSETS_KEPT :], (self._from, self._offset)]
        self._from, self._offset = number + 1, self._offset - 1

    def send_again(self, numbers: list[int], now_s: float) -> None:
        """Answer a NACK from the cache, within a budget: on a way that is full, more packets only lose more."""
        if self._outgoing is None:
            return
        refill = RESEND_SHARE * (self.limit_bits_per_s or NO_LIMIT_BITS_PER_S) / 8
        self._budget = min(refill, self._budget + refill * (now_s - self._budget_s))
        self._budget_s = now_s
        if len(self._again) > CACHE_PACKETS:
            self._again = {number: at_s for number, at_s in self._again.items() if now_s - at_s < RESEND_EVERY_S}
        for number in numbers if self._cache else ():
            # The ring's length divides 65536, so a number's place survives wrapping; SRTP leaves the header readable.
            sealed = self._cache[number % CACHE_PACKETS]
            lately = now_s - self._again.get(number, 0.0) < RESEND_EVERY_S
            if lately or sealed[2:4] != NUMBER.pack(number) or self._budget < len(sealed):
                continue
            self._budget -= len(sealed)
            self._again[number] = now_s
            self.resent += 1
            self._outgoing.send_again(sealed)

    def send_report(self, stream: int, ntp_time: int, timestamp: int, now_s: float) -> None:
        """Forward a sender report: the sender's clock, this slot's timestamps and counts."""
        if self._outgoing is None or stream != self._stream:
            return
        info = RtcpSenderInfo(
            ntp_timestamp=ntp_time, rtp_timestamp=(timestamp + self._timestamp_offset) & 0xFFFFFFFF,
            packet_count=self.packets & 0xFFFFFFFF, octet_count=self.octets & 0xFFFFFFFF)
        if len(self._reports) > 16:
            self._reports.pop(next(iter(self._reports)))
        self._reports[(ntp_time >> 16) & 0xFFFFFFFF] = now_s
        self._outgoing.send_rtcp(bytes(RtcpSrPacket(ssrc=self.ssrc, sender_info=info)))

    def reported(self, fraction_lost: int, packets_lost: int, lsr: int, dlsr: int, now_s: float) -> None:
        """The receiver's report block: loss of the last interval (in 256ths), total, and the round trip."""
        self.fraction_lost = fraction_lost / 256
        self.packets_lost = packets_lost
        if lsr in self._reports:
            self.rtt_ms = max(0.0, (now_s - self._reports[lsr] - dlsr / 65_536) * 1_000)


class Ingress:
    """One thing a participant sends: microphone, camera or screen."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.clock_hz = AUDIO_CLOCK_HZ if source == "mic" else VIDEO_CLOCK_HZ
        self.egresses: list[Egress] = []
        self.tap: Callable[[int, int, int, bytes, float], None] | None = None  # see Tap.take
        self.keyframes = KeyframeRequests()
        self.stream = 0
        self.arrivals = TransportFeedback()  # of the sender's latest join
        self.refused = 0  # packets that are no RTP
        self._place = 0  # where the transport-wide number stood last
        self.stop()

    def stop(self) -> None:
        """The sender's transport is gone; what comes next is a new stream."""
        self.ssrc: int | None = None
        self.reception = Reception(self.clock_hz)
        self.missing = Missing()
        self.heard_at_s = float("-inf")
        self.octets = self.probes = 0

    def receive(self, packet: bytes, now_s: float) -> None:
        """Take one packet of this source, its retransmissions and probes included.

        Nearly every packet is the next one of its stream, with a header like the one before: it goes on at once.
        """
        if len(packet) < EXTENDED.size:
            self._receive_other(packet, now_s)
            return
        first, _, sequence, timestamp, ssrc, profile, words = EXTENDED.unpack_from(packet)
        place, begin, reception = self._place, EXTENDED.size + 4 * words, self.reception
        if not (ssrc == self.ssrc and first == PLAIN_EXTENDED and profile == ONE_BYTE_PROFILE
                and sequence == reception.expected
                and EXTENDED.size < place < begin - 1 < len(packet) and packet[place - 1] == NUMBER_HEAD):
            self._receive_other(packet, now_s)
            return
        self.arrivals.add(packet[place] << 8 | packet[place + 1], now_s)
        number = reception.next(timestamp, now_s)
        self.heard_at_s = now_s
        self.octets += len(packet)
        for egress in self.egresses:
            egress.forward(packet, self.stream, number, timestamp, place, now_s)
        if self.tap is not None:
            self.tap(self.stream, number, timestamp, packet[begin:], now_s)

    def _receive_other(self, packet: bytes, now_s: float) -> None:
        parsed = parse(packet)
        if parsed is None:
            self.refused += 1
            return
        first, second, sequence, timestamp, ssrc, begin, end, place = parsed
        if place:
            self._place = place
            self.arrivals.add(packet[place] << 8 | packet[place + 1], now_s)
        original = RTX_OF.get(second & 0x7F)
        if original is not None:
            self._recover(packet, parsed, original, now_s)
            return
        if ssrc != self.ssrc:
            self._begin(ssrc)
        number = self._numbered(sequence, now_s)
        if number is None:
            return
        self.reception.add(number, timestamp, now_s)
        if first & PADDING_BIT and begin == end:
            self._drop_padding(number)
            return
        self.heard_at_s = now_s
        self._deliver(packet, number, parsed, begin, end, now_s)

    def _begin(self, ssrc: int) -> None:
        self.stop()
        self.ssrc = ssrc
        self.stream = next(_streams)

    def _numbered(self, sequence: int, now_s: float) -> int | None:
        """The number without wrapping; None for one that is neither new nor missing."""
        highest = self.reception.highest
        if highest < 0:  # counting begins one round up, so that a packet from before the first one has a number too
            return sequence + 0x10000
        number = extend(sequence, highest)
        if number > highest:
            if number > highest + 1 and not self.missing.noticed(range(highest + 1, number), now_s):
                self.keyframes.ask()
        elif number in self.missing:
            self.missing.arrived(number)
        else:
            return None
        return number

    def _drop_padding(self, number: int) -> None:
        self.probes += 1
        if number == self.reception.highest:
            for egress in self.egresses:
                egress.skip(self.stream, number)

    def _recover(self, packet: bytes, parsed: Parsed, payload_type: int, now_s: float) -> None:
        inner = None if self.ssrc is None else unwrap_rtx(packet, parsed, payload_type, self.ssrc)
        if inner is None:
            self.probes += 1
            return
        number = extend(inner[1], self.reception.highest)
        if number not in self.missing:  # a probe made of something that arrived long ago
            self.probes += 1
            return
        self.missing.arrived(number)
        self.reception.add(number, parsed[3], now_s)
        self._deliver(inner[0], number, parsed, parsed[5], len(inner[0]), now_s)

    def _deliver(self, packet: bytes, number: int, parsed: Parsed, begin: int, end: int, now_s: float) -> None:
        self.octets += len(packet)
        for egress in self.egresses:
            egress.forward(packet, self.stream, number, parsed[3], parsed[7], now_s)
        if self.tap is not None:
            self.tap(self.stream, number, parsed[3], packet[begin:end], now_s)

    def limit_bits_per_s(self) -> int:
        """What the narrowest of the ways to those who receive this can carry."""
        return min((e.limit_bits_per_s for e in self.egresses if e.limit_bits_per_s), default=NO_LIMIT_BITS_PER_S)

    def active(self, now_s: float) -> bool:
        """Whether something of this was heard lately: a source that is off sends nothing."""
        return now_s - self.heard_at_s < SILENT_S

    def sender_report(self, ntp_time: int, timestamp: int, now_s: float) -> None:
        """The sender's report: remember it for ours, and send it on to every slot."""
        self.reception.sender_report(ntp_time, now_s)
        for egress in self.egresses:
            egress.send_report(self.stream, ntp_time, timestamp, now_s)
