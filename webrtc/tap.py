"""The tap: copies a consenting participant's Opus packets, in order and with their time, to a sealed spool.

Copying and sealing happen on the event loop, room by room: a thread that seals holds up every packet, for each system
call gives the interpreter away. Only writing, which may wait for a disk, happens in a thread, one for all taps, each
50 ms. Whatever goes wrong with keys or disk ends the tap, never the call.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from transcription.protocol import MAX_OPUS_BYTES, EndReason, StreamHeader
from transcription.sealing import FrameSealer, KeyRefused, open_key
from transcription.spool import SpoolError, SpoolFull, SpoolWriter
from webrtc.sdp import AUDIO_CLOCK_HZ

REORDER_PACKETS = 5  # how long a missing packet is waited for: 100 ms
BEHIND_FRAMES = 1_500  # 30 s that the disk has not taken: give up
AHEAD_MS = 200  # a packet cannot arrive so long before it was captured
BEHIND_MS = 600  # later than any network makes it: the sender paused

Failure = Literal["key-refused", "disk-full", "spool", "behind"]
Frame = tuple[int, bytes]  # at_ms (epoch), Opus packet


def epoch_ms(monotonic_s: float) -> int:
    """A monotonic instant as Unix epoch milliseconds."""
    return time.time_ns() // 1_000_000 - round((time.monotonic() - monotonic_s) * 1_000)


class CaptureClock:
    """From RTP timestamps to epoch milliseconds: anchored at the first packet, anchored anew after a gap or a drift."""

    def __init__(self) -> None:
        self._anchor: tuple[int, int] | None = None  # timestamp, epoch ms
        self._last_ms = 0

    def restart(self) -> None:
        """Another stream begins: its timestamps say nothing about the last one's."""
        self._anchor = None

    def at_ms(self, timestamp: int, arrived_ms: int) -> int:
        """When the packet was captured; never goes back."""
        at_ms = arrived_ms
        if self._anchor is not None:
            elapsed = (timestamp - self._anchor[0] + 0x80000000) % 0x100000000 - 0x80000000
            at_ms = self._anchor[1] + round(elapsed * 1_000 / AUDIO_CLOCK_HZ)
        if self._anchor is None or not -AHEAD_MS <= arrived_ms - at_ms <= BEHIND_MS:
            at_ms = arrived_ms
            self._anchor = (timestamp, arrived_ms)
        self._last_ms = max(at_ms, self._last_ms)
        return self._last_ms


class Ordering:
    """Puts packets back in order: waits a few packets for a missing one, then goes on; drops what comes later still."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, tuple[int, bytes, float]] = {}

    def add(self, number: int, timestamp: int, payload: bytes, now_s: float) -> list[tuple[int, bytes, float]]:
        """The packets whose turn has come, as (timestamp, payload, arrival)."""
        if number == self._next and not self._waiting:
            self._next = number + 1
            return [(timestamp, payload, now_s)]
        if self._next is None:
            self._next = number
        if number >= self._next:
            self._waiting[number] = (timestamp, payload, now_s)
        if len(self._waiting) > REORDER_PACKETS:
            self._next = min(self._waiting)
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        return ready

    def restart(self) -> list[tuple[int, bytes, float]]:
        """Another numbering begins; what still waited, in order."""
        ready = [self._waiting[number] for number in sorted(self._waiting)]
        self._next = None
        self._waiting.clear()
        return ready


class Tap:
    """One stream: from `open` to `stop`. on_failure is called at most once, on the loop, if it cannot go on."""

    def __init__(self, header: StreamHeader, executor: Executor, on_failure: Callable[["Tap", Failure], None]) -> None:
        self.header = header
        self._executor = executor
        self._on_failure = on_failure
        self._writer: SpoolWriter | None = None
        self._clock, self._ordering = CaptureClock(), Ordering()
        self._stream: int | None = None
        self._batch: list[Frame] = []
        self._unwritten = 0  # frames sealed and not handed over
        self._writing = False  # the writing thread has the file
        self._running = False

    async def open(self, private: X25519PrivateKey, sealed_key: bytes, spool: Path) -> None:
        """Open the key and create the file. Raises TapFailed."""
        loop = asyncio.get_running_loop()
        self._writer = await loop.run_in_executor(self._executor, self._create, private, sealed_key, spool)
        self._running = True

    def _create(self, private: X25519PrivateKey, sealed_key: bytes, spool: Path) -> SpoolWriter:
        try:
            key = open_key(private, sealed_key, visit_id=self.header.visit_id)
            return SpoolWriter(spool, self.header, FrameSealer(key, self.header))
        except (KeyRefused, SpoolError, OSError) as error:
            raise TapFailed(_failure(error)) from error

    def take(self, stream: int, number: int, timestamp: int, payload: bytes, now_s: float) -> None:
        """Copy one packet of the microphone. Does nothing once stopped."""
        if not self._running or not 0 < len(payload) <= MAX_OPUS_BYTES:
            return
        if stream != self._stream:
            self._stream = stream
            self._batch += self._timed(self._ordering.restart())
            self._clock.restart()
        self._batch += self._timed(self._ordering.add(number, timestamp, payload, now_s))

    def _timed(self, packets: list[tuple[int, bytes, float]]) -> list[Frame]:
        return [(self._clock.at_ms(ts, epoch_ms(arrived_s)), payload) for ts, payload, arrived_s in packets]

    def seal(self) -> bool:
        """Seal what was copied; whether there is something to write now. Waits while the writing thread has the file.

        A disk that takes nothing for long ends the tap.
        """
        if not self._running or self._writer is None:
            return False
        if self._writing:
            if len(self._batch) > BEHIND_FRAMES:
                self._fail("behind")
            return False
        batch, self._batch = self._batch, []
        try:
            for at_ms, opus in batch:
                self._writer.append(at_ms, opus)
        except (SpoolError, OSError) as error:
            self._fail(_failure(error))
            return False
        self._unwritten += len(batch)
        return self._unwritten > 0

    def hand_over(self) -> None:
        """What was sealed is the writing thread's now, and the file with it, until `written`."""
        self._writing, self._unwritten = True, 0

    def write(self) -> Exception | None:
        """In the writing thread: give what was sealed to the kernel; what went wrong, if anything."""
        try:
            if self._writer is not None:
                self._writer.flush()
        except (SpoolError, OSError) as error:
            return error
        return None

    def written(self, error: Exception | None) -> None:
        """Back on the loop: what was handed over is written, or could not be."""
        self._writing = False
        if error is not None and self._running:
            self._fail(_failure(error))

    def _fail(self, reason: Failure) -> None:
        self._running = False
        self._batch.clear()
        self._on_failure(self, reason)

    def mute(self) -> None:
        """No packet is copied from now on; those that still waited for an earlier one are dropped."""
        self._running = False

    async def stop(self, reason: EndReason) -> None:
        """Mute, and return when the end record is written (or could not be)."""
        self.mute()
        batch, self._batch = self._batch, []
        await asyncio.get_running_loop().run_in_executor(self._executor, self._finish, batch, reason)

    def _finish(self, batch: list[Frame], reason: EndReason) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            for at_ms, opus in batch:
                writer.append(at_ms, opus)
        except (SpoolError, OSError):
            reason = "lost"
        try:
            writer.close(reason)
        except (SpoolError, OSError):
            return  # a file without its end, and without its lock, counts as lost


def flush(taps: Iterable[Tap], executor: Executor) -> None:
    """Hand what all taps sealed to the writing thread, in one piece of work; call it every 50 ms."""
    work = [tap for tap in taps if tap.seal()]
    if work:
        for tap in work:
            tap.hand_over()
        future = asyncio.get_running_loop().run_in_executor(executor, _write_all, work)
        future.add_done_callback(_all_written)


def _write_all(work: list[Tap]) -> list[tuple[Tap, Exception | None]]:
    return [(tap, tap.write()) for tap in work]


def _all_written(done: "asyncio.Future[list[tuple[Tap, Exception | None]]]") -> None:
    for tap, error in () if done.cancelled() else done.result():
        tap.written(error)


class TapFailed(Exception):
    """The tap cannot start."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason)
        self.reason = reason


def _failure(error: BaseException) -> Failure:
    if isinstance(error, KeyRefused):
        return "key-refused"
    return "disk-full" if isinstance(error, SpoolFull) else "spool"
