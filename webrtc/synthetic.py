"""A participant without a browser: a stock aiortc peer that answers the node's offer, speaks from a file and measures.

Used by rehearsals of a running installation, by benches and by tests. It speaks the browser's protocol
(docs/protocol.md) and has no privileges.
"""

import asyncio
import fractions
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCInboundRtpStreamStats,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

RATE_HZ = 48_000
PTIME_S = 0.02
FRAME_SAMPLES = int(RATE_HZ * PTIME_S)
VIDEO_CLOCK_HZ = 90_000


class FileVoice(MediaStreamTrack):
    """48 kHz mono speech from files in real time, silence in between."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._blocks: Iterator[np.ndarray[Any, Any]] | None = None
        self._finished: asyncio.Event = asyncio.Event()
        self._frames = 0
        self._began_s: float | None = None

    async def speak(self, path: Path, seconds: float | None = None) -> float:
        """Say what a file holds, for at most `seconds`; returns when it began (monotonic seconds)."""
        self._finished.clear()
        self._blocks = _blocks(path, seconds)
        began_s = time.monotonic()
        await self._finished.wait()
        return began_s

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when their time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._began_s is None:
            self._began_s = time.monotonic()
        await asyncio.sleep(self._began_s + self._frames * PTIME_S - time.monotonic())
        frame = av.AudioFrame.from_ndarray(self._next_block().reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = self._frames * FRAME_SAMPLES
        frame.time_base = fractions.Fraction(1, RATE_HZ)
        self._frames += 1
        return frame

    def _next_block(self) -> np.ndarray[Any, Any]:
        if self._blocks is not None:
            block = next(self._blocks, None)
            if block is not None:
                return block
            self._blocks = None
            self._finished.set()
        return np.zeros(FRAME_SAMPLES, dtype=np.int16)


def _blocks(path: Path, seconds: float | None) -> Iterator[np.ndarray[Any, Any]]:
    """The file as 20 ms blocks of 16-bit mono samples at 48 kHz, the last one filled up with silence."""
    left = -1 if seconds is None else int(seconds / PTIME_S)
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ, frame_size=FRAME_SAMPLES)
        for source in container.decode(audio=0):
            for frame in resampler.resample(source):
                if left == 0:
                    return
                left -= 1
                yield _filled(frame.to_ndarray().reshape(-1))
        for frame in resampler.resample(None):
            yield _filled(frame.to_ndarray().reshape(-1))


def _filled(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.pad(samples, (0, FRAME_SAMPLES - len(samples))) if len(samples) < FRAME_SAMPLES else samples


class Pattern(MediaStreamTrack):
    """A small moving picture: cheap to encode, different each frame."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240, fps: int = 10) -> None:
        super().__init__()
        self._size, self._fps = (width, height), fps
        self._frames = 0
        self._began_s: float | None = None

    async def recv(self) -> av.VideoFrame:
        """The next picture, when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._began_s is None:
            self._began_s = time.monotonic()
        await asyncio.sleep(self._began_s + self._frames / self._fps - time.monotonic())
        frame = av.VideoFrame.from_ndarray(self._picture(), format="gray8").reformat(format="yuv420p")
        frame.pts = self._frames * VIDEO_CLOCK_HZ // self._fps
        frame.time_base = fractions.Fraction(1, VIDEO_CLOCK_HZ)
        self._frames += 1
        return frame

    def _picture(self) -> np.ndarray[Any, Any]:
        width, height = self._size
        ramp = (np.arange(width) + 4 * self._frames) % 256
        return np.broadcast_to(ramp.astype(np.uint8), (height, width)).copy()


class SyntheticParticipant:
    """One peer. on_message gets every signalling message it does not answer itself (layout, caption, ended, ...).

    `relay`: the one TURN URL, of those an offer names, that all media must take.
    """

    def __init__(
        self, *, video: bool = True, relay: str | None = None,
        on_message: Callable[[dict[str, Any]], None] | None = None,
        on_frame: Callable[[str, Any], None] | None = None,
    ) -> None:
        self.voice = FileVoice()
        self.camera = Pattern() if video else None
        self.layout: list[dict[str, str]] = []
        self.join_ms: float | None = None
        self.first_media_ms: float | None = None
        self.connected = asyncio.Event()
        self.hearing = asyncio.Event()
        self._on_message = on_message
        self._on_frame = on_frame
        self._relay = relay
        self._peer: RTCPeerConnection | None = None
        self._listeners: list[asyncio.Task[None]] = []
        self._began_s = time.monotonic()
        self._frames: dict[str, int] = {}

    async def attend(self, socket: Any) -> None:
        """Hold the whole conversation over an open aiohttp WebSocket, until the call ends or the socket closes."""
        self._began_s = time.monotonic()
        await socket.send_json({"type": "join"})
        async for raw in socket:
            message = raw.json()
            await self.take(message, socket.send_json)
            if message.get("type") == "ended":
                return

    async def take(self, message: dict[str, Any], send: Callable[[dict[str, Any]], Any]) -> None:
        """Handle one signalling message; `send` sends ours."""
        if message.get("type") == "offer":
            sdp = await self.answer(message["sdp"], message.get("ice_servers", []))
            await send({"type": "answer", "epoch": message["epoch"], "sdp": sdp})
        elif message.get("type") == "rejoin":  # the node of our room died: back to the same place on the next one
            await send({"type": "join"})
        elif message.get("type") == "layout":
            self.layout = message["slots"]
        if self._on_message is not None:
            self._on_message(message)

    async def answer(self, offer: str, ice_servers: list[dict[str, Any]] | None = None) -> str:
        """Answer an offer with a new peer connection; one from an earlier join is closed."""
        await self._close_peer()
        peer = self._peer = RTCPeerConnection(self._configuration(ice_servers or []))
        peer.on("track", self._listen)
        peer.on("connectionstatechange", self._state_changed)
        await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        peer.addTrack(self.voice)
        if self.camera is not None:
            peer.addTrack(self.camera)
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp

    def _configuration(self, ice_servers: list[dict[str, Any]]) -> RTCConfiguration:
        if self._relay is None:
            servers, policy = ice_servers, RTCIceTransportPolicy.ALL
        else:  # aiortc takes the first address of a relay: give it the wanted one alone
            servers = [server | {"urls": [self._relay]} for server in ice_servers if self._relay in server["urls"]]
            policy = RTCIceTransportPolicy.RELAY
        return RTCConfiguration(iceServers=[RTCIceServer(**server) for server in servers], iceTransportPolicy=policy,
                                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)

    def _state_changed(self) -> None:
        if self._peer is not None and self._peer.connectionState == "connected":
            self.connected.set()
            if self.join_ms is None:
                self.join_ms = (time.monotonic() - self._began_s) * 1_000

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listeners.append(asyncio.create_task(self._receive(track), name="synthetic listener"))

    async def _receive(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self._frames[track.kind] = self._frames.get(track.kind, 0) + 1
            if self.first_media_ms is None:
                self.first_media_ms = (time.monotonic() - self._began_s) * 1_000
            if track.kind == "audio":
                self.hearing.set()
            if self._on_frame is not None:
                self._on_frame(track.kind, frame)

    async def speak(self, path: Path, seconds: float | None = None) -> float:
        """Say what a file (any that FFmpeg reads) holds, in real time; returns when it began, in monotonic seconds."""
        return await self.voice.speak(path, seconds)

    async def stats(self) -> dict[str, Any]:
        """join_ms, first_media_ms, frames decoded by kind, and packets received and lost by kind."""
        received: dict[str, int] = {}
        lost: dict[str, int] = {}
        report = await self._peer.getStats() if self._peer is not None else {}
        for entry in report.values():
            if isinstance(entry, RTCInboundRtpStreamStats) and entry.packetsReceived:
                received[entry.kind] = received.get(entry.kind, 0) + entry.packetsReceived
                lost[entry.kind] = lost.get(entry.kind, 0) + entry.packetsLost
        return {"join_ms": self.join_ms, "first_media_ms": self.first_media_ms, "frames": dict(self._frames),
                "received": received, "lost": lost}

    async def _close_peer(self) -> None:
        peer, self._peer = self._peer, None
        if peer is None:
            return
        # A sender of the old peer would stop our tracks with it.
        for sender in peer.getSenders():
            sender.replaceTrack(None)
        await peer.close()
        for task in self._listeners:
            task.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        self._listeners.clear()
        self.connected.clear()
        self.hearing.clear()

    async def close(self) -> None:
        """Leave."""
        await self._close_peer()
        self.voice.stop()
        if self.camera is not None:
            self.camera.stop()
