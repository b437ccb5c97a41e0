"""One person's place in a room: what they send, the slots they see others in, and the transport of their latest join.

A place outlives its transports. A second join replaces the transport and keeps slots, tap and the continuity of every
stream, so the others see a short still picture and nothing else.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
)

from webrtc import feedback, sdp
from webrtc.congestion import Downlink, VideoPause
from webrtc.forwarding import NO_LIMIT_BITS_PER_S, Egress, Ingress
from webrtc.ice import Reach
from webrtc.quality import participant_stats
from webrtc.signaling import State
from webrtc.srtp import Outgoing
from webrtc.transport import MediaTransport, fingerprint
from webrtc.wide import NODE_SSRC

SLOTS = 3  # others that one participant can see: a room holds four
LOST_AFTER_S = 4.0  # silence on every channel, ICE's own checks (one each 2.5 s) included
UNHEARD_AFTER_S = 1.5  # the same of whoever's microphone sounded to the last: it gives 50 packets a second, muted too
TOGETHER_S = 0.5  # sound that ended so shortly before everything else ended with it
SLOW_TICKS = 20  # receiver reports: once a second at 50 ms a tick
ARRIVAL_TICKS = 2  # transport-wide feedback: each 100 ms, as browsers themselves give it by default
LIMIT_TICKS = 4  # what receivers can take: five times a second


@dataclass
class Slot:
    """Where a participant sees one other: an m-line and a stream for each thing that one may send, and who it is."""

    lines: dict[sdp.Source, sdp.MediaLine]
    egresses: dict[sdp.Source, Egress]
    occupant: str | None = None


@dataclass
class Join:
    """One join of a participant: its epoch and transport."""

    epoch: int
    transport: MediaTransport
    answered: bool = False
    told_bits_per_s: int = NO_LIMIT_BITS_PER_S
    narrow: bool = False  # their way was no wide one when it was last looked at
    pause: VideoPause = field(default_factory=VideoPause)
    arrivals: feedback.TransportFeedback = field(default_factory=feedback.TransportFeedback)


class Participant:
    """See the module. on_change(participant, reason) is called whenever `state` changed."""

    def __init__(self, participant_id: str, role: str, on_change: Callable[["Participant", str], None]) -> None:
        self.participant_id = participant_id
        self.role = role
        self.state: State = "connecting"
        self.ingress: dict[sdp.Source, Ingress] = {name: Ingress(name) for name in sdp.SOURCES}
        self._sources = {kind: self.ingress[source] for kind, source in sdp.SOURCE_OF.items()}  # by payload type
        self._videos = [self.ingress[source] for source in sdp.VIDEO_SOURCES]
        self.slots, self.lines = _layout()
        self.join: Join | None = None
        self.refused_rtcp = 0  # control packets that were not what they claim to be
        self.lost_at_s: float | None = None
        self.video_paused = False  # towards them
        self._on_change = on_change
        self._egress_of = {egress.ssrc: egress for slot in self.slots for egress in slot.egresses.values()}
        self._ticks = secrets.randbelow(SLOW_TICKS)  # not everybody's reports in the same tick

    # --- joining -------------------------------------------------------------------------------------------------

    async def begin(self, epoch: int, reach: Reach) -> str:
        """Open a transport for a new join and return the offer; the transport before it must be closed already."""
        join = Join(epoch, self._transport(epoch, reach))
        await join.transport.open()
        self.join = join
        for ingress in self.ingress.values():
            ingress.arrivals = join.arrivals
        self._change("connecting")
        return sdp.offer(epoch, self.lines, path_of(join.transport))

    def _transport(self, epoch: int, reach: Reach) -> MediaTransport:
        return MediaTransport(
            reach, self._sources, lambda packet, now_s: self._on_rtcp(epoch, packet, now_s),
            lambda state, reason: self._on_transport(epoch, state, reason))

    def answer(self, text: str) -> None:
        """Take the client's answer to the latest offer. Raises SdpRefused."""
        if self.join is None or self.join.answered:
            raise sdp.SdpRefused("no-offer", "no offer waits for an answer")
        answer = sdp.parse_answer(text, self.lines)
        self.join.answered = True
        self.join.transport.start(answer)

    def leave_transport(self) -> MediaTransport | None:
        """Stop using the transport, at once, and hand it over to be closed."""
        join, self.join = self.join, None
        if join is not None:
            join.transport.mute()
            self._pause_video(paused=False)
        for ingress in self.ingress.values():
            ingress.stop()
        for egress in self._egress_of.values():
            egress.attach(None)
        return join.transport if join else None

    def _on_transport(self, epoch: int, state: str, reason: str) -> None:
        if self.join is None or self.join.epoch != epoch:
            return
        if state == "connected":
            for egress in self._egress_of.values():
                egress.attach(self.join.transport.outgoing)
            self._change("connected")
        else:
            self._change("lost", reason)

    def _change(self, state: State, reason: str = "") -> None:
        if state != self.state or reason:
            self.state = state
            self.lost_at_s = asyncio.get_running_loop().time() if state == "lost" else None
            self._on_change(self, reason)

    def left(self) -> None:
        """The participant is gone for good."""
        self._change("left")

    # --- what comes in -------------------------------------------------------------------------------------------

    def _on_rtcp(self, epoch: int, packet: bytes, now_s: float) -> None:
        if self.join is None or self.join.epoch != epoch:
            return
        outgoing = self.join.transport.outgoing
        if outgoing is not None:
            outgoing.downlink.reported(packet, now_s)
        try:
            for part in RtcpPacket.parse(packet):
                self._control(part, now_s)
        except (ValueError, IndexError, UnicodeDecodeError):
            self.refused_rtcp += 1

    def _control(self, part: AnyRtcpPacket, now_s: float) -> None:
        match part:
            case RtcpSrPacket():
                for ingress in self._sending(part.ssrc):
                    ingress.sender_report(part.sender_info.ntp_timestamp, part.sender_info.rtp_timestamp, now_s)
                self._reports(part.reports, now_s)
            case RtcpRrPacket():
                self._reports(part.reports, now_s)
            case RtcpByePacket():
                # Never forwarded: a slot's stream does not end when its sender rejoins or stops a track.
                for ingress in (i for ssrc in part.sources for i in self._sending(ssrc)):
                    ingress.heard_at_s = float("-inf")
            case RtcpRtpfbPacket(fmt=1) if part.media_ssrc in self._egress_of:  # RFC 4585: generic NACK
                if self._egress_of[part.media_ssrc].send_again(part.lost, now_s):
                    self._keyframes([part.media_ssrc])
            case RtcpPsfbPacket():
                self._picture_feedback(part)

    def _reports(self, blocks: list[RtcpReceiverInfo], now_s: float) -> None:
        for block in blocks:
            egress = self._egress_of.get(block.ssrc)
            if egress is not None:
                egress.reported(block.fraction_lost, block.packets_lost, block.lsr, block.dlsr, now_s)

    def _picture_feedback(self, part: RtcpPsfbPacket) -> None:
        if part.fmt == RTCP_PSFB_PLI:
            self._keyframes([part.media_ssrc])
        elif part.fmt == RTCP_PSFB_FIR:
            self._keyframes(_fir_targets(part.fci))

    def _keyframes(self, ssrcs: list[int]) -> None:
        for egress in self._named(ssrcs):
            self.on_keyframe_wanted(egress)

    def _named(self, ssrcs: list[int]) -> list[Egress]:
        return [self._egress_of[ssrc] for ssrc in ssrcs if ssrc in self._egress_of]

    def on_keyframe_wanted(self, egress: Egress) -> None:
        """A slot cannot be decoded; the room replaces this by the way to the slot's sender."""

    def _sending(self, ssrc: int) -> Iterator[Ingress]:
        return (ingress for ingress in self.ingress.values() if ingress.ssrc == ssrc)

    # --- what goes back, each 50 ms --------------------------------------------------------------------------------

    def tick(self, now_s: float) -> None:
        """Feedback to this sender; now and then reports, limits, and whether anything is heard at all."""
        join = self.join
        if join is None:
            return
        self._ticks = (self._ticks + 1) % SLOW_TICKS
        if (outgoing := join.transport.outgoing) is not None:
            self._feed_back(join, outgoing, now_s)
        if self._ticks % LIMIT_TICKS == 0:
            self._listen(join.transport, now_s)

    def _feed_back(self, join: Join, outgoing: Outgoing, now_s: float) -> None:
        if self._ticks % ARRIVAL_TICKS == 0:
            for message in join.arrivals.take(self.ingress["mic"].ssrc or 0):
                outgoing.send_rtcp(message)
        for ingress in self._videos:
            if ingress.missing.asked or ingress.keyframes.wanted:
                _ask_again(ingress, outgoing, now_s)
        if (mic := self.ingress["mic"]).missing.asked:
            mic.missing.due(now_s)  # lost speech is mended by Opus itself, not asked for again
        if self._ticks % LIMIT_TICKS == 0:
            self._limits(join, outgoing, now_s)
        if self._ticks == 0:
            self._reports_to_sender(outgoing, now_s)

    def _listen(self, transport: MediaTransport, now_s: float) -> None:
        silent_s = now_s - transport.heard_at_s
        sounded = self.ingress["mic"].heard_at_s > transport.heard_at_s - TOGETHER_S
        if self.state in ("connected", "unheard") and silent_s > LOST_AFTER_S:
            self._change("lost", "silent")
        elif self.state == "connected" and silent_s > UNHEARD_AFTER_S and sounded:
            self._change("unheard", "silent")
        elif self.state in ("unheard", "lost") and transport.connected and silent_s < UNHEARD_AFTER_S:
            self._change("connected", "heard")

    def _limits(self, join: Join, outgoing: Outgoing, now_s: float) -> None:
        narrow = outgoing.downlink.update(now_s) is not None
        if narrow or join.narrow:
            join.narrow = self._share_out(join, outgoing.downlink, now_s)
        if join.told_bits_per_s != NO_LIMIT_BITS_PER_S or any(ingress.is_limited for ingress in self._videos):
            self._tell_limit(join, outgoing, now_s)

    def _share_out(self, join: Join, downlink: Downlink, now_s: float) -> bool:
        """What their way carries, by what they watch; whether that is less than everything."""
        occupied = [slot for slot in self.slots if slot.occupant]
        watched = [slot.egresses[source] for slot in occupied for source in sdp.VIDEO_SOURCES]
        active = sum(egress.active(now_s) for egress in watched)
        share = downlink.video_share(max(1, active), len(occupied))
        for egress in watched:
            egress.limit_bits_per_s = share
        self._pause_video(paused=join.pause.update(share, now_s, congested=downlink.congested))
        return share is not None or self.video_paused

    def _tell_limit(self, join: Join, outgoing: Outgoing, now_s: float) -> None:
        """What those who watch can take, when it changed; a browser takes it as the limit of all it sends."""
        sending = [ingress for ingress in self._videos if ingress.active(now_s)]
        limit = sum(ingress.limit_bits_per_s() for ingress in sending)
        if sending and limit != join.told_bits_per_s:
            join.told_bits_per_s = limit
            outgoing.send_rtcp(feedback.bitrate_limit([i.ssrc for i in sending if i.ssrc is not None], limit))

    def _pause_video(self, *, paused: bool) -> None:
        if paused == self.video_paused:
            return
        self.video_paused = paused
        for egress in (slot.egresses[source] for slot in self.slots for source in sdp.VIDEO_SOURCES):
            egress.pause(paused=paused)
            if not paused:
                self.on_keyframe_wanted(egress)
        self.on_video_paused(self)

    def on_video_paused(self, participant: "Participant") -> None:
        """Video towards this participant paused or came back; the room replaces this by telling web."""

    def _reports_to_sender(self, outgoing: Outgoing, now_s: float) -> None:
        sending = [i for i in self.ingress.values() if i.ssrc is not None and i.reception.received]
        reports = [ingress.reception.report(ingress.ssrc or 0, now_s) for ingress in sending]
        outgoing.send_rtcp(bytes(RtcpRrPacket(ssrc=NODE_SSRC, reports=reports)))

    def stats(self, now_s: float) -> dict[str, Any]:
        """Counts and measures of this participant, for the web process and the tests."""
        return participant_stats(self, now_s)


def _ask_again(ingress: Ingress, outgoing: Outgoing, now_s: float) -> None:
    """Ask the sender for what is missing, and for a key frame."""
    if ingress.ssrc is None:
        return
    if numbers := ingress.missing.due(now_s):
        outgoing.send_rtcp(feedback.nack(ingress.ssrc, numbers))
    if ingress.keyframes.due(now_s):
        outgoing.send_rtcp(feedback.picture_loss(ingress.ssrc))


def _layout() -> tuple[list[Slot], list[sdp.MediaLine]]:
    lines = [sdp.MediaLine(str(mid), source) for mid, source in enumerate(sdp.SOURCES)]
    slots = []
    for index in range(SLOTS):
        slot = Slot({}, {})
        for source in sdp.SOURCES:
            stream = f"slot-{index}-screen" if source == "screen" else f"slot-{index}"  # one stream is kept in step
            line = sdp.MediaLine(str(len(lines)), source, _ssrc(), f"{stream} slot-{index}-{source}")
            slot.lines[source], slot.egresses[source] = line, Egress(source, line.ssrc or 0)
            lines.append(line)
        slots.append(slot)
    return slots, lines


def _ssrc() -> int:
    return secrets.randbits(31) + 16  # small numbers are ours (wide.NODE_SSRC)


def path_of(transport: MediaTransport) -> sdp.Path:
    """How to reach and authenticate this end, for an SDP."""
    ice = transport.ice
    candidates = [sdp.Candidate(c.foundation, c.priority, c.host, c.port) for c in ice.local_candidates]
    return sdp.Path(ice.local_username, ice.local_password, fingerprint(transport.certificate), candidates)


def _fir_targets(fci: bytes) -> list[int]:
    return [int.from_bytes(fci[at : at + 4], "big") for at in range(0, len(fci) - 7, 8)]
