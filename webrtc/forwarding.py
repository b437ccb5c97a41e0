"""The way of a packet: Ingress (what a participant sends) -> Egress (a slot towards another participant).

Only header bytes change: sequence number and timestamp, so that a slot stays one continuous stream although its
sender's padding is dropped and its sender may leave and come back, and the SSRC that the offer fixed for the slot.
"""

import itertools
import secrets
from collections.abc import Callable

import numpy as np
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from webrtc import lane
from webrtc.compiled import Cell, Row
from webrtc.desk import Laid, desk
from webrtc.feedback import KeyframeRequests, Missing, Reception, TransportFeedback
from webrtc.lane import CACHE_PACKETS, EGRESS, INGRESS, SEALED_BYTES
from webrtc.quality import SILENT_S
from webrtc.rtp import NUMBER, PADDING_BIT, Parsed, extend, parse, unwrap_rtx
from webrtc.sdp import AUDIO_CLOCK_HZ, RTX_OF, VIDEO_CLOCK_HZ, Source
from webrtc.srtp import Outgoing

NO_LIMIT_BITS_PER_S = 20_000_000
RESEND_SHARE = 0.25  # of what the way carries may be packets sent again
RESEND_EVERY_S = 0.05
HOPELESS_S = 1.0  # what would take longer to send again is given up: a key frame is there sooner
MAX_DROPOUT = 3_000  # packets; RFC 3550, appendix A.1
REPORT_EVERY_S = 0.1  # senders report once a second or less

_streams = itertools.count(1)


class Egress(Row):
    """One m-line towards one participant. Sends only while that participant's transport is connected.

    How a packet passes is `lane.pass_on`; the numbers it goes by are not wrapped.
    """

    layout = EGRESS
    packets, octets = Cell(int), Cell(int)
    paused = Cell(bool)  # the receiver's way is kept for speech
    _stream = Cell(int)  # the Ingress stream the offsets belong to
    _last_s, _timestamp_offset = Cell(float), Cell(int)

    def __init__(self, source: Source, ssrc: int) -> None:
        super().__init__()
        self.source = source
        self.ssrc = ssrc
        self.resent = 0
        self.fraction_lost = 0.0  # as the receiver last reported it
        self.packets_lost = 0
        self.rtt_ms: float | None = None
        self.limit_bits_per_s: int | None = None  # what the receiver's way can carry of this
        self._outgoing: Outgoing | None = None
        self._ring: np.ndarray | None = None  # of a video: sealed datagrams by their outgoing number
        self._again: dict[int, float] = {}  # when a packet was last sent again
        self._budget, self._budget_s = 0.0, 0.0  # octets that may be sent again
        self._given_up, self._given_up_s = 0, float("-inf")  # what was sent before this number is not sent again
        self._asked, self._asked_s = 0, float("-inf")  # numbers asked for of late, and since when
        self._reports: dict[int, float] = {}  # middle 32 bits of a forwarded report's NTP time: when it left
        self.row["ssrc"], self.row["clock_hz"] = ssrc, AUDIO_CLOCK_HZ if source == "mic" else VIDEO_CLOCK_HZ
        self.row["next"] = secrets.randbelow(0x4000)  # RFC 3550: the first sequence number is unpredictable
        self.row["last_timestamp"] = -1
        self._last_s = float("-inf")

    def attach(self, outgoing: Outgoing | None) -> None:
        """Send this way from now on. What was sealed for another one is never sent again."""
        desk.send_posted()  # some of it may lie in the ring that goes now
        ringed = outgoing is not None and self.source != "mic"
        ring = np.empty((CACHE_PACKETS, SEALED_BYTES), np.uint8) if ringed else None
        self.row["outgoing"] = 0 if outgoing is None else outgoing.address
        self.row["ring"] = 0 if ring is None else ring.ctypes.data
        self.row["lengths"] = 0
        self._outgoing, self._ring = outgoing, ring
        self._again.clear()
        self._reports.clear()

    def pause(self, *, paused: bool) -> None:
        """Send nothing for now, or go on where the stream stopped, which takes a key frame."""
        self.paused = paused
        self._stream = 0

    def active(self, now_s: float) -> bool:
        """Whether something was sent lately."""
        return now_s - self._last_s < SILENT_S

    def send_again(self, numbers: list[int], now_s: float) -> bool:
        """Answer a NACK from the cache, within a budget: on a way that is full, more packets only lose more.

        True when so much is missing that a key frame helps the receiver sooner.
        """
        if self._outgoing is None or self._ring is None:
            return False
        if now_s - self._asked_s >= RESEND_EVERY_S:
            self._asked, self._asked_s = 0, now_s
        numbers = numbers[: CACHE_PACKETS - self._asked]  # one packet can name thousands
        self._asked += len(numbers)
        refill = RESEND_SHARE * (self.limit_bits_per_s or NO_LIMIT_BITS_PER_S) / 8
        self._budget = min(refill, self._budget + refill * (now_s - self._budget_s))
        self._budget_s = now_s
        if len(self._again) > CACHE_PACKETS:
            self._again = {number: at_s for number, at_s in self._again.items() if now_s - at_s < RESEND_EVERY_S}
        self._given_up = max(self._given_up, int(self.row["next"]) - CACHE_PACKETS)
        owed = 0
        for number in numbers:
            if self._is_given_up(number):
                continue
            # The ring's length divides 65536, so a number's place survives wrapping; SRTP leaves the header readable.
            sealed, length = self._ring[number % CACHE_PACKETS], int(self.row["lengths"][number % CACHE_PACKETS])
            lately = now_s - self._again.get(number, 0.0) < RESEND_EVERY_S
            if lately or not length or sealed[2:4].tobytes() != NUMBER.pack(number):
                continue
            if self._budget < length:
                owed += length
                continue
            self._budget -= length
            self._again[number] = now_s
            self.resent += 1
            lane.post_again(desk.address, self._outgoing.address, sealed.ctypes.data, length)
        return self._gives_up(numbers, now_s, hopeless=owed > refill * HOPELESS_S)

    def _gives_up(self, numbers: list[int], now_s: float, *, hopeless: bool) -> bool:
        # What was given up and is still asked for a second later: the key frame, or the wish for it, was lost as well.
        lately = HOPELESS_S < now_s - self._given_up_s < 5 * HOPELESS_S
        if hopeless or (lately and any(self._is_given_up(number) for number in numbers)):
            self._given_up, self._given_up_s = int(self.row["next"]), now_s
            return True
        return False

    def _is_given_up(self, number: int) -> bool:
        return bool((number - self._given_up) & 0x8000)

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


class Ingress(Row):
    """One thing a participant sends: microphone, camera or screen."""

    layout = INGRESS
    stream, octets, heard_at_s = Cell(int), Cell(int), Cell(float)
    _ssrc = Cell(int)

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.egresses: list[Egress] = []
        self.keyframes = KeyframeRequests()
        self.arrivals = TransportFeedback()
        self.refused = 0  # packets that are no RTP
        self._tap: Callable[[int, int, int, bytes, float], None] | None = None
        self.stop()

    def stop(self) -> None:
        """The sender's transport is gone; what comes next is a new stream."""
        self._ssrc = -1
        self.reception = Reception(AUDIO_CLOCK_HZ if self.source == "mic" else VIDEO_CLOCK_HZ)
        self.row["reception"] = self.reception.address
        self.missing = Missing()
        self.heard_at_s = self._reported_s = float("-inf")
        self.octets = self.probes = 0

    @property
    def ssrc(self) -> int | None:
        """Of the stream that comes; None before its first packet."""
        return self._ssrc if self._ssrc >= 0 else None

    @property
    def arrivals(self) -> TransportFeedback:
        """Of the sender's latest join."""
        return self._arrivals

    @arrivals.setter
    def arrivals(self, arrivals: TransportFeedback) -> None:
        self._arrivals, self.row["arrivals"] = arrivals, arrivals.address

    def tap(self, take: Callable[[int, int, int, bytes, float], None] | None) -> None:
        """Copy payloads to `take` from now on, or to nobody; see Tap.take."""
        self._tap, self.row["tapped"] = take, take is not None

    def show(self, egress: Egress) -> None:
        """Send on this way too."""
        self._send_to([*self.egresses, egress])

    def hide(self, egress: Egress) -> None:
        """Send no longer on this way."""
        self._send_to([known for known in self.egresses if known is not egress])

    def _send_to(self, egresses: list[Egress]) -> None:
        addresses = [egress.address for egress in egresses]
        self.row["egresses"][: len(addresses)] = addresses  # raises where they are more than WATCHERS
        self.row["watchers"] = len(addresses)
        self.egresses = egresses

    def take(self, laid: Laid) -> None:
        """What the quick lane laid aside of this source: a payload for the tap, or a packet out of the ordinary."""
        if laid.kind != lane.Aside.SPEECH:
            self._take_packet(laid.data, laid.now_s)
        elif self._tap is not None:
            self._tap(laid.stream, laid.number, laid.timestamp, laid.data, laid.now_s)

    def _take_packet(self, packet: bytes, now_s: float) -> None:
        """Not the next of its stream, or with another header than the one before; retransmissions, probes."""
        parsed = parse(packet)
        if parsed is None:
            self.refused += 1
            return
        first, second, sequence, timestamp, ssrc, begin, end, place = parsed
        if place:
            self.arrivals.add(NUMBER.unpack_from(packet, place)[0], now_s)
        original = RTX_OF.get(second & 0x7F)
        if original is not None:
            self._recover(packet, parsed, original, now_s)
            return
        if ssrc != self.ssrc or self._jumped(sequence):
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

    def _jumped(self, sequence: int) -> bool:
        """Whether so much is missing that it is another stream: no receiver may lose count of the numbers' rounds."""
        highest = self.reception.highest
        if highest < 0 or extend(sequence, highest) <= highest + MAX_DROPOUT:
            return False
        self.keyframes.ask()
        return True

    def _begin(self, ssrc: int) -> None:
        self.stop()
        self._ssrc = ssrc
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
                lane.skip(egress.address, self.stream, number)

    def _recover(self, packet: bytes, parsed: Parsed, payload_type: int, now_s: float) -> None:
        inner = None if self._ssrc < 0 else unwrap_rtx(packet, parsed, payload_type, self._ssrc)
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
        length = desk.put(packet)
        for egress in self.egresses:
            lane.pass_on(desk.address, egress.address, length, self.stream, number, parsed[3], parsed[7], now_s)
        if self._tap is not None:
            self._tap(self.stream, number, parsed[3], packet[begin:end], now_s)

    def limit_bits_per_s(self) -> int:
        """What the narrowest of the ways to those who receive this can carry."""
        return min((e.limit_bits_per_s for e in self.egresses if e.limit_bits_per_s), default=NO_LIMIT_BITS_PER_S)

    @property
    def is_limited(self) -> bool:
        """Whether a way to somebody who receives this is narrow."""
        return any(e.limit_bits_per_s for e in self.egresses)

    def active(self, now_s: float) -> bool:
        """Whether something of this was heard lately: a source that is off sends nothing."""
        return now_s - self.heard_at_s < SILENT_S

    def sender_report(self, ntp_time: int, timestamp: int, now_s: float) -> None:
        """The sender's report: remember it for ours, and send it on to every slot; a flood of them is not sent on."""
        if now_s - self._reported_s < REPORT_EVERY_S:
            return
        self._reported_s = now_s
        self.reception.sender_report(ntp_time, now_s)
        for egress in self.egresses:
            egress.send_report(self.stream, ntp_time, timestamp, now_s)
