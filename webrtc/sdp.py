"""The offer that the node makes, and what it takes from an answer.

Payload types, header extensions, mids and SSRCs are fixed by the node, so forwarding never remaps a payload type and a
call never renegotiates: every m-line a call may need is in the first offer. Pure text; no sockets here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiortc.sdp import SessionDescription, candidate_from_sdp

MAX_SDP_BYTES = 65_536
MAX_CANDIDATES = 64

Source = Literal["mic", "camera", "screen"]
Kind = Literal["audio", "video"]
SOURCES: tuple[Source, ...] = ("mic", "camera", "screen")
VIDEO_SOURCES: tuple[Source, ...] = ("camera", "screen")
SHOWN_AS: dict[Source, Literal["audio", "video", "screen"]] = {"mic": "audio", "camera": "video", "screen": "screen"}

AUDIO_CLOCK_HZ = 48_000
VIDEO_CLOCK_HZ = 90_000
OPUS = 111
# Each kind of source has payload types of its own, so that a packet's source is known without its SSRC or mid.
CAMERA_TYPES = (96, 97, 98, 99)  # VP8, its RTX, H.264, its RTX
SCREEN_TYPES = (100, 101, 102, 103)
RTX_OF = {97: 96, 99: 98, 101: 100, 103: 102}
SOURCE_OF: dict[int, Source] = {
    OPUS: "mic", **dict.fromkeys(CAMERA_TYPES, "camera"), **dict.fromkeys(SCREEN_TYPES, "screen")}

AUDIO_LEVEL_ID, ABS_SEND_TIME_ID, TRANSPORT_SEQUENCE_ID, ORIENTATION_ID = 1, 2, 3, 4
_EXTENSIONS = {
    AUDIO_LEVEL_ID: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    ABS_SEND_TIME_ID: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    TRANSPORT_SEQUENCE_ID: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ORIENTATION_ID: "urn:3gpp:video-orientation",
}
START_KBPS = 600  # where a browser begins; transport-wide feedback finds the rest within seconds


class SdpRefused(ValueError):
    """An SDP or candidate that cannot be used; `code` is stable, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class MediaLine:
    """One m-line. source is what it carries; ssrc is set where the node sends (a slot), None where it receives."""

    mid: str
    source: Source
    ssrc: int | None = None
    msid: str = ""

    @property
    def kind(self) -> Kind:
        """audio or video."""
        return "audio" if self.source == "mic" else "video"


@dataclass(frozen=True)
class Candidate:
    """A host candidate of the node."""

    foundation: str
    priority: int
    host: str
    port: int


@dataclass(frozen=True)
class Path:
    """How to reach and authenticate the node for one join."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class Answer:
    """What the node needs of an answer."""

    ice_ufrag: str
    ice_pwd: str
    setup: Literal["active", "passive"]
    fingerprints: tuple[tuple[str, str], ...]
    sending: frozenset[str]  # mids on which the client sends


def offer(epoch: int, lines: Sequence[MediaLine], path: Path) -> str:
    """The node's offer: one BUNDLE group, rtcp-mux, candidates complete."""
    session = [
        "v=0", f"o=- {epoch} 1 IN IP4 127.0.0.1", "s=-", "t=0 0",
        "a=group:BUNDLE " + " ".join(line.mid for line in lines), "a=msid-semantic: WMS *",
    ]
    for line in lines:
        session += _media(line, path)
    return "\r\n".join(session) + "\r\n"


def _types(line: MediaLine) -> tuple[int, ...]:
    types = {"mic": (OPUS,), "camera": CAMERA_TYPES, "screen": SCREEN_TYPES}[line.source]
    # The node sends lost packets again as they were, so where it sends there is no RTX.
    return types if line.ssrc is None else tuple(t for t in types if t not in RTX_OF)


def _media(line: MediaLine, path: Path) -> list[str]:
    types = _types(line)
    result = [
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, types))}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{path.ice_ufrag}", f"a=ice-pwd:{path.ice_pwd}", f"a=fingerprint:sha-256 {path.fingerprint}",
        "a=setup:actpass", f"a=mid:{line.mid}", "a=rtcp-mux", "a=rtcp-rsize",
        "a=recvonly" if line.ssrc is None else "a=sendonly",
    ]
    result += [f"a=extmap:{number} {_EXTENSIONS[number]}" for number in _extensions(line)]
    result += _opus() if line.kind == "audio" else _video(line)
    if line.ssrc is not None:
        result += [f"a=msid:{line.msid}", f"a=ssrc:{line.ssrc} cname:colloque", f"a=ssrc:{line.ssrc} msid:{line.msid}"]
    result += [
        f"a=candidate:{c.foundation} 1 udp {c.priority} {c.host} {c.port} typ host" for c in path.candidates]
    return [*result, "a=end-of-candidates"]


def _extensions(line: MediaLine) -> list[int]:
    return sorted([AUDIO_LEVEL_ID if line.kind == "audio" else ORIENTATION_ID, ABS_SEND_TIME_ID, TRANSPORT_SEQUENCE_ID])


def _opus() -> list[str]:
    return [f"a=rtpmap:{OPUS} opus/{AUDIO_CLOCK_HZ}/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1;usedtx=0;stereo=0",
            f"a=rtcp-fb:{OPUS} transport-cc"]


def _video(line: MediaLine) -> list[str]:
    vp8, vp8_rtx, h264, h264_rtx = CAMERA_TYPES if line.source == "camera" else SCREEN_TYPES
    start = f"x-google-start-bitrate={START_KBPS}"
    result = [f"a=rtpmap:{vp8} VP8/{VIDEO_CLOCK_HZ}", f"a=fmtp:{vp8} {start}"]
    result += [f"a=rtpmap:{h264} H264/{VIDEO_CLOCK_HZ}"]
    result += [f"a=fmtp:{h264} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f;{start}"]
    for codec in (vp8, h264):
        feedback = ["nack", "nack pli", "ccm fir", "transport-cc"] + (["goog-remb"] if line.ssrc is None else [])
        result += [f"a=rtcp-fb:{codec} {name}" for name in feedback]
    if line.ssrc is None:
        for rtx, codec in ((vp8_rtx, vp8), (h264_rtx, h264)):
            result += [f"a=rtpmap:{rtx} rtx/{VIDEO_CLOCK_HZ}", f"a=fmtp:{rtx} apt={codec}"]
    return result


def parse_answer(text: str, lines: Sequence[MediaLine]) -> Answer:
    """The usable part of an answer to `lines`. Raises SdpRefused (sdp-too-big, bad-sdp, sdp-mismatch, no-dtls)."""
    if len(text) > MAX_SDP_BYTES:
        raise SdpRefused("sdp-too-big", f"an SDP may hold {MAX_SDP_BYTES} bytes")
    session = _parse(text)
    if [m.rtp.muxId for m in session.media] != [line.mid for line in lines]:
        raise SdpRefused("sdp-mismatch", "the answer's m-lines are not those of the offer")
    if [m.kind for m in session.media] != [line.kind for line in lines]:
        raise SdpRefused("sdp-mismatch", "the answer's media kinds are not those of the offer")
    ufrag, pwd, setup, fingerprints = _security(session)
    sending = frozenset(m.rtp.muxId for m in session.media if m.direction in ("sendonly", "sendrecv"))
    return Answer(ufrag, pwd, setup, fingerprints, sending)


def _parse(text: str) -> SessionDescription:
    try:
        return SessionDescription.parse(text)
    except (ValueError, AssertionError, KeyError, IndexError, AttributeError, TypeError, StopIteration) as error:
        raise SdpRefused("bad-sdp", "the SDP does not parse") from error


_Security = tuple[str, str, Literal["active", "passive"], tuple[tuple[str, str], ...]]


def _security(session: SessionDescription) -> _Security:
    first = next((m for m in session.media if m.port), None)
    if first is None or first.ice is None or first.dtls is None or not first.dtls.fingerprints:
        raise SdpRefused("no-dtls", "the answer has no accepted m-line with ICE and DTLS")
    ufrag, pwd = first.ice.usernameFragment or "", first.ice.password or ""
    if not re.fullmatch(r"[A-Za-z0-9+/]{4,256}", ufrag) or not re.fullmatch(r"[A-Za-z0-9+/]{22,256}", pwd):
        raise SdpRefused("bad-sdp", "ice-ufrag or ice-pwd is malformed (RFC 8839)")
    # aiortc's names for a=setup:active and passive; actpass is not for answers (RFC 5763).
    roles: dict[str, Literal["active", "passive"]] = {"client": "active", "server": "passive"}
    if first.dtls.role not in roles:
        raise SdpRefused("bad-sdp", "an answer's a=setup is active or passive")
    fingerprints = tuple((f.algorithm.lower(), f.value) for f in first.dtls.fingerprints)
    if not any(algorithm in ("sha-256", "sha-384", "sha-512") for algorithm, _ in fingerprints):
        raise SdpRefused("no-dtls", "no fingerprint with a supported hash")
    return ufrag, pwd, roles[first.dtls.role], fingerprints


def check_candidate(text: str) -> None:
    """Refuse what is no candidate line. A good one is not used: the node learns the peer from its own checks."""
    body = text.removeprefix("a=").removeprefix("candidate:").strip()
    if len(text) > 1_024:
        raise SdpRefused("bad-candidate", "the candidate is too long")
    if not body:
        return  # end of candidates
    try:
        candidate_from_sdp(body)
    except (ValueError, AssertionError, KeyError, IndexError, TypeError) as error:
        raise SdpRefused("bad-candidate", "the candidate does not parse") from error

