"""The way not taken: two-party calls through aiortc's MediaRelay, which decodes and encodes everything.

    python -m bench.peers.relay SOCKET

HTTP on a Unix socket: POST /{room}/{participant} with an SDP offer (mids 0, 1 sent; 2, 3 wanted) answers with SDP.
"""

import asyncio
import sys
from typing import Any

import uvloop
from aiohttp import web
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay


class Awaited(MediaStreamTrack):
    """The other's track, once they are here."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.source: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()

    async def recv(self) -> Any:
        """The next frame of the other."""
        return await (await self.source).recv()


class Relay:
    """All rooms: what each participant waits for, by kind."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._wanted: dict[tuple[str, str, str], Awaited] = {}
        self._peers: list[RTCPeerConnection] = []

    def _awaited(self, room: str, of: str, kind: str) -> Awaited:
        return self._wanted.setdefault((room, of, kind), Awaited(kind))

    async def join(self, request: web.Request) -> web.Response:
        """Answer one participant's offer."""
        room, participant = request.match_info["room"], request.match_info["participant"]
        peer = RTCPeerConnection()
        self._peers.append(peer)

        def arrived(track: MediaStreamTrack) -> None:
            waiting = self._awaited(room, participant, track.kind).source
            if not waiting.done():
                waiting.set_result(self._relay.subscribe(track))

        peer.on("track", arrived)
        await peer.setRemoteDescription(RTCSessionDescription(sdp=await request.text(), type="offer"))
        other = "b" if participant == "a" else "a"
        for transceiver in peer.getTransceivers():
            if transceiver.mid in ("2", "3"):
                transceiver.sender.replaceTrack(self._awaited(room, other, transceiver.kind))
                transceiver.direction = "sendonly"
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(text=peer.localDescription.sdp)


async def main(path: str) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_post("/{room}/{participant}", Relay().join)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, path).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
