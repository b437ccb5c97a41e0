"""A connected DTLS-SRTP path as the generator takes it over: a socket, whom to send to, and the keys."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aioice

from webrtc import sdp
from webrtc.ice import Reach
from webrtc.participant import path_of
from webrtc.transport import MediaTransport, fingerprint

PROFILES = {b"SRTP_AEAD_AES_256_GCM": ("gcm256", 32, 12), b"SRTP_AEAD_AES_128_GCM": ("gcm128", 16, 12),
            b"SRTP_AES128_CM_SHA1_80": ("cm80", 16, 14)}


@dataclass(frozen=True, slots=True)
class Wire:
    """One entity of bench/peers/rtp.c; tx and rx are master key and salt."""

    fd: int
    to: tuple[str, int]
    profile: str
    tx: bytes
    rx: bytes
    sends: bool = True
    partner: int = 0

    def line(self) -> str:
        """How rtp.c reads it."""
        return (f"{self.fd} {self.to[0]} {self.to[1]} {self.profile} {self.tx.hex()} {self.rx.hex()} "
                f"{int(self.sends)} {self.partner}\n")


def wire_of(transport: MediaTransport) -> Wire:
    """What a connected transport agreed on (private parts of aiortc and aioice: this is a bench)."""
    pair, dtls = transport.ice._nominated[1], transport._dtls
    assert dtls._ssl
    profile, key_bytes, salt_bytes = PROFILES[dtls._ssl.get_selected_srtp_profile()]
    secret = dtls._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key_bytes + salt_bytes))
    keys, salts = secret[: 2 * key_bytes], secret[2 * key_bytes :]
    client, server = (keys[at * key_bytes : (at + 1) * key_bytes] + salts[at * salt_bytes : (at + 1) * salt_bytes]
                      for at in (0, 1))
    tx, rx = (server, client) if dtls._role == "server" else (client, server)
    return Wire(pair.protocol.transport.get_extra_info("socket").fileno(), pair.remote_addr, profile, tx, rx)


def _transport(host: str) -> tuple[MediaTransport, asyncio.Event]:
    connected = asyncio.Event()
    transport = MediaTransport(Reach([host]), {}, lambda p, _: None,
                               lambda state, _: connected.set() if state == "connected" else None)
    return transport, connected


async def connect(host: str, lines: Sequence[sdp.MediaLine], ask: Callable[[str], Awaitable[str]]) -> MediaTransport:
    """Offer these lines through `ask`, which brings the answer; returns when media can flow."""
    transport, connected = _transport(host)
    await transport.open()
    transport.start(_end_of(await ask(sdp.offer(1, lines, path_of(transport)))))
    await asyncio.wait_for(connected.wait(), 20)
    return transport


async def answer(host: str, offer: str, tell: Callable[[str], Awaitable[None]]) -> MediaTransport:
    """Answer a server's offer to receive; returns when media can flow."""
    transport, connected = _transport(host)
    await transport.open()
    transport.ice.ice_controlling = False
    for found in re.finditer(r"a=candidate:(\S+) 1 udp (\d+) (\S+) (\d+) typ host", offer):
        await transport.ice.add_remote_candidate(aioice.Candidate(
            found[1], 1, "udp", int(found[2]), found[3], int(found[4]), "host"))
    transport.start(sdp.Answer(**vars(_end_of(offer)) | {"setup": "passive"}))
    await tell(_answer_to(offer, transport))
    await asyncio.wait_for(connected.wait(), 20)
    return transport


def _end_of(text: str) -> sdp.Answer:
    def one(pattern: str) -> str:
        found = re.search(pattern, text)
        assert found, pattern
        return found[1]

    return sdp.Answer(one(r"a=ice-ufrag:(\S+)"), one(r"a=ice-pwd:(\S+)"),
                      "active" if one(r"a=setup:(\S+)") == "active" else "passive",
                      (("sha-256", one(r"a=fingerprint:sha-256 (\S+)")),), frozenset())


def _answer_to(offer: str, transport: MediaTransport) -> str:
    path = path_of(transport)
    text = re.sub(r"a=(candidate|end-of-candidates|ssrc|ssrc-group|msid)[^\r]*\r\n", "", offer)
    for name, value in (("ice-ufrag", path.ice_ufrag), ("ice-pwd", path.ice_pwd), ("setup", "active"),
                        ("fingerprint", f"sha-256 {fingerprint(transport.certificate)}")):
        text = re.sub(rf"a={name}:[^\r]*", f"a={name}:{value}", text)
    text = text.replace("a=sendonly", "a=recvonly")
    candidates = "".join(f"a=candidate:{c.foundation} 1 udp {c.priority} {c.host} {c.port} typ host\r\n"
                         for c in path.candidates)
    return re.sub(r"(m=[^\r]*\r\nc=[^\r]*\r\n)", r"\g<1>" + candidates.replace("\\", ""), text)
