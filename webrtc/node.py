"""The media node process: rooms on one side, the control channel on the other.

Web commands, the node answers. When web is away calls go on; when it is back the node reports what it carries.
"""

import asyncio
import contextlib
import gc
import hashlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from transcription.sealing import new_node_keypair
from webrtc.ice import Reach
from webrtc.link import ControlLink
from webrtc.quality import LoopLag
from webrtc.rooms import Rooms
from webrtc.signaling import Incident, Load

log = structlog.get_logger(__name__)
WAKE_S = 0.02  # a handful of rooms each time: what a tick needs is out of the processor's caches by the next one
LOAD_EVERY_WAKES = 250
FAREWELL_S = 0.2  # after the last room: what web asked of it is answered first
SWITCH_S = 0.0005  # how long the thread that seals speech may keep packets waiting


async def run(
    control: str, spool: Path, addresses: Sequence[str] | None = None, public_address: str | None = None,
    ports: tuple[int, int] | None = None, *, priority: bool = True,
) -> None:
    """Run a media node until SIGTERM or SIGINT; SIGUSR1 drains it: no new rooms, and the end with the last one.

    control: web's Unix socket, or a ws:// URL. spool: a directory. addresses: local addresses to offer, all of the
    machine by default. public_address: announced in their place (1:1 NAT). ports: first and last UDP port.
    """
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    private, public = new_node_keypair()  # of this process alone: visit keys sealed to it open nowhere else
    if priority:
        _take_priority()
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # what is loaded now stays: a full collection over it would hold packets up for tens of milliseconds
    node = Node(Rooms(Reach(addresses or (), public_address, ports), spool, private), public, control)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, node.drain)
    await node.run(stop)


def _take_priority() -> None:
    """Ask for real-time scheduling: packets wait for nobody, and each needs only microseconds.

    Niceness is not enough next to a busy recogniser. Needs root, CAP_SYS_NICE or an RLIMIT_RTPRIO of 1 (sched(7));
    without it the node works, and stutters when the machine is full.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        log.warning("no real-time priority for media", hint="allow it: LimitRTPRIO=1 in its systemd unit")


class Node:
    """Rooms, their ticking clock, and the link to web."""

    def __init__(self, rooms: Rooms, public_key: bytes, control: str) -> None:
        self.rooms = rooms
        self.lag = LoopLag()
        self.name = "media-" + hashlib.sha256(public_key).hexdigest()[:8]
        self.link = ControlLink(control, rooms, self.name, public_key, self._welcomes)
        rooms.emit = self.link.emit
        rooms.admitting = lambda: self.lag.admitting
        self._alarmed = False
        self._stop = asyncio.Event()

    def drain(self) -> None:
        """Take no new rooms, and stop when the last one has ended."""
        log.info("media node drains", rooms=len(self.rooms.report()))
        self.rooms.draining = True
        self._report()

    def _welcomes(self) -> bool:
        return not self.rooms.draining and not self.lag.alarming

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set or everything has drained; then end taps and close every transport."""
        self._stop = stop
        tasks = [asyncio.create_task(self.link.keep(), name="control link"),
                 asyncio.create_task(self._tick_forever(), name="media tick")]
        waiting = asyncio.create_task(stop.wait(), name="stop")
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, waiting]:
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
        await self.rooms.close()
        for task in done - {waiting}:
            task.result()  # neither ends by itself: what ended it is raised here, and the supervisor starts us again

    async def _tick_forever(self) -> None:
        due_s = time.monotonic()
        wakes = 0
        while True:
            due_s = max(due_s + WAKE_S, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())
            self.lag.add((time.monotonic() - due_s) * 1_000)
            wakes += 1
            with contextlib.suppress(OSError):  # a socket that vanished with its network; its transport will say so
                self.rooms.tick(time.monotonic())
            if wakes % LOAD_EVERY_WAKES == 0:
                self._report()
            if self.rooms.draining and not self.rooms.count():
                await asyncio.sleep(FAREWELL_S)
                self._stop.set()

    def _report(self) -> None:
        self.link.emit(Load(participants=self.rooms.count(), loop_lag_ms=round(self.lag.median_ms, 2),
                            admitting=self._welcomes()))
        if self.lag.alarming != self._alarmed:
            self._alarmed = self.lag.alarming
            if self._alarmed:
                log.warning("media is late", loop_lag_ms=round(self.lag.median_ms, 1))
                self.link.emit(Incident(code="loop-lag", value=round(self.lag.median_ms, 2)))
