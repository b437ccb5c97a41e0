"""How well it goes: the event loop's lag, what receivers can take, and each participant's figures."""

from collections import deque
from typing import TYPE_CHECKING, Any

from webrtc.sdp import SHOWN_AS

if TYPE_CHECKING:
    from webrtc.forwarding import Egress, Ingress
    from webrtc.participant import Participant

LAG_SAMPLES = 100  # two seconds, at 20 ms each
ALARM_LAG_MS = 10.0
ADMIT_LAG_MS = 40.0  # so late that a new call would harm those that run
SILENT_S = 2.0  # a source that sent nothing for so long is off


class LoopLag:
    """How late the loop wakes up. The median of two seconds, so that one pause is no alarm."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=LAG_SAMPLES)
        self.worst_ms = 0.0

    def add(self, lag_ms: float) -> None:
        """The clock woke up lag_ms after its time; uvloop's timers may be a millisecond early, which is no lag."""
        lag_ms = max(0.0, lag_ms)
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


def participant_stats(participant: "Participant", now_s: float) -> dict[str, Any]:
    """The figures of one participant: what they send, what each slot gives them."""
    return {
        "participant": participant.participant_id, "role": participant.role, "state": participant.state,
        "sends": {name: _sends(i, now_s) for name, i in participant.ingress.items() if i.ssrc is not None},
        "receives": [
            {"participant": slot.occupant, **{SHOWN_AS[s]: _receives(e) for s, e in slot.egresses.items()}}
            for slot in participant.slots if slot.occupant],
        "refused": {"rtp": sum(ingress.refused for ingress in participant.ingress.values()),
                    "rtcp": participant.refused_rtcp,
                    "srtp": participant.join.transport.refused if participant.join else 0},
    }


def _sends(ingress: "Ingress", now_s: float) -> dict[str, Any]:
    return {"packets": ingress.reception.received, "lost": ingress.reception.lost, "octets": ingress.octets,
            "probes": ingress.probes, "active": ingress.active(now_s)}


def _receives(egress: "Egress") -> dict[str, Any]:
    return {"packets": egress.packets, "octets": egress.octets, "resent": egress.resent,
            "lost": egress.packets_lost, "fraction_lost": round(egress.fraction_lost, 3),
            "limit_bits_per_s": egress.limit_bits_per_s,
            "rtt_ms": None if egress.rtt_ms is None else round(egress.rtt_ms, 1)}
