"""How well it goes: the event loop's lag, what receivers can take, and each participant's figures."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webrtc.forwarding import Egress, Ingress
    from webrtc.participant import Participant

LAG_SAMPLES = 40  # two seconds of 50 ms ticks
ALARM_LAG_MS = 10.0
ADMIT_LAG_MS = 40.0  # so late that a new call would harm those that run
NO_LIMIT_BITS_PER_S = 20_000_000
SILENT_S = 2.0  # a source that sent nothing for so long is off


class LoopLag:
    """How late the loop wakes up. The median of two seconds, so that one pause is no alarm."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=LAG_SAMPLES)
        self.worst_ms = 0.0

    def add(self, lag_ms: float) -> None:
        """One tick woke up lag_ms after its time."""
        self._samples.append(lag_ms)
        self.worst_ms = max(self.worst_ms, lag_ms)

    @property
    def median_ms(self) -> float:
        """The lag of late, in milliseconds; 0 before the first two seconds are over."""
        if len(self._samples) < LAG_SAMPLES:
            return 0.0
        return sorted(self._samples)[LAG_SAMPLES // 2]

    @property
    def alarming(self) -> bool:
        """Whether media suffers."""
        return self.median_ms > ALARM_LAG_MS

    @property
    def admitting(self) -> bool:
        """Whether a new participant may come in."""
        return self.median_ms <= ADMIT_LAG_MS


def limits(sending: Iterable["Ingress"], now_s: float) -> list[tuple["Ingress", int]]:
    """What to tell each video sender, from the estimates of those who receive it.

    A receiver's estimate follows what it is sent, so it only counts where it is clearly below that: the way to the
    receiver is congested. Otherwise the limit is lifted, and transport-wide feedback alone decides.
    """
    result = []
    for ingress in sending:
        known = [(e, rate) for e in ingress.egresses if e.limit_bits_per_s and (rate := e.rate.look(e.octets, now_s))]
        if ingress.source == "mic" or not known:
            continue
        tight = [e.limit_bits_per_s or 0 for e, rate in known if (e.limit_bits_per_s or 0) < 0.8 * rate]
        result.append((ingress, max(100_000, min(tight)) if tight else NO_LIMIT_BITS_PER_S))
    return result


def participant_stats(participant: "Participant", now_s: float) -> dict[str, Any]:
    """The figures of one participant: what they send, what each slot gives them."""
    return {
        "participant": participant.participant_id, "role": participant.role, "state": participant.state,
        "sends": {name: _sends(i, now_s) for name, i in participant.ingress.items() if i.ssrc is not None},
        "receives": [
            {"participant": slot.occupant, "audio": _receives(slot.audio_egress),
             "video": _receives(slot.video_egress)} for slot in participant.slots if slot.occupant],
        "refused": {"rtp": participant.refusals.rtp, "rtcp": participant.refusals.rtcp,
                    "srtp": participant.join.transport.refused if participant.join else 0},
    }


def _sends(ingress: "Ingress", now_s: float) -> dict[str, Any]:
    return {"packets": ingress.reception.received, "lost": ingress.reception.lost, "octets": ingress.octets,
            "probes": ingress.probes, "active": now_s - ingress.heard_at_s < SILENT_S}


def _receives(egress: "Egress") -> dict[str, Any]:
    return {"packets": egress.packets, "octets": egress.octets, "resent": egress.resent,
            "lost": egress.packets_lost, "fraction_lost": round(egress.fraction_lost, 3),
            "rtt_ms": None if egress.rtt_ms is None else round(egress.rtt_ms, 1)}
