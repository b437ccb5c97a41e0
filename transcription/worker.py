"""The transcription worker: follows the sealed spool, recognises speech, tells the web process.

One process, one Whisper model, one thread for it; the event loop stays free. Whatever web has not acknowledged is told
again after a reconnection, and made again after a crash.
"""

import asyncio
import base64
import contextlib
import logging
import math
import secrets
import signal
import time
from pathlib import Path
from typing import TypeVar

from transcription.hearing import Hearing, now_ms
from transcription.hub import Hub
from transcription.protocol import (
    Ack,
    Backlog,
    Forget,
    Hello,
    Interim,
    Key,
    KeyGone,
    KeyWanted,
    Revision,
    Segment,
    StreamDone,
    StreamDoneAck,
    StreamNudge,
    ToWorker,
)
from transcription.recognizer import Recognition, Recognizer
from transcription.sealing import KeyRefused, load_node_keypair, open_key, open_words
from transcription.spool import SpoolError, stream_path
from transcription.stream import Cut
from transcription.tail import Claimed, Tail
from transcription.voice import VoiceDetector
from transcription.watch import SpoolWatch
from transcription.weights import checkpoint

log = logging.getLogger(__name__)
U = TypeVar("U", Segment, Revision)

POLL_S = 0.02
ASK_AGAIN_S = 5.0
MAX_WAITING = 8  # utterances of one stream in memory; the spool keeps the rest
MAX_UNACKED = 200
YIELD_S = 0.15  # for each stream this worker has, how long another may take a new one first
FULL_S = 2.0  # and how much longer when it follows as many visits as it can
REPORT_S = 1.0
BUSY = 2 / 3  # of a worker's time: beyond it what waits grows
HEARD = 1.8  # seconds of speech that a second of a visit makes it hear: both talk, and ends that were none are guessed


def visits_at(rtf: float) -> int:
    """How many visits a worker keeps up with that needs rtf seconds for one of speech: 95 % of captions in 2.5 s."""
    return max(1, int(BUSY / (HEARD * max(rtf, 0.001))))


class Worker:
    """All the streams this process follows, and its conversation with web."""

    def __init__(self, spool: Path, key_file: Path, recognizer: Recognizer, model: str) -> None:
        self._private, public = load_node_keypair(key_file)
        self._watch = SpoolWatch(spool)
        self._spool = spool
        self._keys: dict[str, bytes] = {}
        self._stored: dict[str, int] = {}  # of each stream that web has told of: its last frame stored for good
        self._asked_s: dict[str, float] = {}  # by stream
        self._tails: dict[Path, Tail] = {}
        self._reported_s = 0.0
        rtf = recognizer.measure()
        self._visits = visits_at(rtf)
        self._hello = Hello(node=f"worker-{secrets.token_hex(4)}", public_key=base64.b64encode(public).decode(),
                            model=model, self_measure_rtf=round(rtf, 3), visits=self._visits)  # fmt: skip
        log.info("%s, %.3f s of work a second of speech: %d visits", model, rtf, self._visits)
        self._hub = Hub(self._greet, self._take)
        self._hearing = Hearing(recognizer, self._tails, self._announce, self._murmur, self._revise)

    async def run(self, control: str) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hub.run(control))
                tasks.create_task(self._follow())
                tasks.create_task(self._hearing.run())
                tasks.create_task(self._report())
        finally:
            for path in list(self._tails):
                self._drop(path)

    # --- conversation with web

    async def _greet(self) -> None:
        """A connection is new: say who we are, and everything that was said into the void."""
        self._asked_s.clear()
        await self._hub.send(self._hello)
        for tail in list(self._tails.values()):
            for segment in list(tail.unacked.values()):
                await self._hub.send(segment)
            await self._tell_end(tail)

    async def _take(self, message: ToWorker) -> None:
        match message:
            case Key():
                self._take_key(message)
            case KeyGone() | Forget():
                self._forget(message.visit_id)
            case StreamNudge():
                self._watch.nudge(stream_path(self._spool, message.visit_id, message.stream_id))
            case Ack():
                for tail in self._of_stream(message.stream_id):
                    tail.acked(message.last_seq)
                    await self._tell_end(tail)
            case StreamDoneAck():
                for tail in self._of_stream(message.stream_id):
                    tail.done()
                    self._drop(tail.path)

    def _of_stream(self, stream_id: str) -> list[Tail]:
        return [tail for tail in self._tails.values() if tail.header.stream_id == stream_id]

    def _take_key(self, message: Key) -> None:
        try:
            visit_id, sealed = message.visit_id, base64.b64decode(message.sealed)
            self._keys[visit_id] = open_key(self._private, sealed, visit_id=visit_id)
            self._stored[message.stream_id] = message.stored
            if message.words:
                words = base64.b64decode(message.words)
                self._hearing.expect(visit_id, open_words(self._private, words, visit_id=visit_id))
        except (ValueError, KeyRefused):
            log.warning("a visit key did not open; asking again")

    def _forget(self, visit_id: str) -> None:
        self._keys.pop(visit_id, None)
        for path, tail in list(self._tails.items()):
            if tail.header.visit_id == visit_id:
                self._drop(path)

    def _drop(self, path: Path) -> None:
        """Stop following a stream; its file is not ours to delete."""
        tail = self._tails.pop(path)
        tail.close()
        self._stored.pop(tail.header.stream_id, None)
        visit_id = tail.header.visit_id
        last = all(other.header.visit_id != visit_id for other in self._tails.values())
        self._hearing.forget(path, visit_id if last else "")
        if last:
            self._keys.pop(visit_id, None)  # asked for again should the visit speak again

    async def _tell_end(self, tail: Tail) -> None:
        if tail.drained and tail.ended:
            visit_id, stream_id = tail.header.visit_id, tail.header.stream_id
            await self._hub.send(StreamDone(visit_id=visit_id, stream_id=stream_id, reason=tail.ended))

    # --- following the spool

    async def _follow(self) -> None:
        while True:
            for path in self._watch.new(self._patience_s(), most=1):  # more of them, more patience: others take some
                self._claim(path)
            for path, tail in list(self._tails.items()):
                try:
                    await self._advance(tail)
                except OSError:
                    log.exception("a stream cannot be read")
                    self._drop(path)
            await asyncio.sleep(POLL_S)

    def _patience_s(self) -> float:
        """How long another worker may take a new stream first. Whoever has enough takes only what nobody else does."""
        full = len({tail.header.visit_id for tail in self._tails.values()}) >= self._visits
        return YIELD_S * len(self._tails) + (FULL_S if full else 0)

    def _claim(self, path: Path) -> None:
        try:
            tail = Tail(path)
        except FileNotFoundError:
            return  # shredded meanwhile
        except (Claimed, OSError):  # another worker's, or a full disk: it may become ours
            self._watch.later(path)
        except SpoolError as error:
            log.warning("a stream was refused: %s", error)
        else:
            if tail.position.done:
                tail.close()
            else:
                self._tails[path] = tail

    async def _advance(self, tail: Tail) -> None:
        if tail.locked:
            await self._unlock(tail)
            return
        if tail.ended or len(tail.waiting) >= MAX_WAITING or len(tail.unacked) >= MAX_UNACKED:
            return
        tail.read()
        if tail.gone:
            self._drop(tail.path)
            return
        self._hearing.look()
        while tail.refused and self._hub.connected:
            await self._hub.send(tail.refused.pop(0))
        await self._tell_end(tail)

    async def _unlock(self, tail: Tail) -> None:
        visit_id, stream_id = tail.header.visit_id, tail.header.stream_id
        key, stored = self._keys.get(visit_id), self._stored.get(stream_id)
        if key is not None and stored is not None:
            tail.unlock(key, VoiceDetector, stored)
        elif self._hub.connected and time.monotonic() - self._asked_s.get(stream_id, -math.inf) > ASK_AGAIN_S:
            self._asked_s[stream_id] = time.monotonic()
            await self._hub.send(KeyWanted(visit_id=visit_id, stream_id=stream_id))

    # --- telling

    async def _announce(self, tail: Tail, recognition: Recognition) -> None:
        cut = tail.waiting.popleft().cut
        if recognition.text:
            segment = _told(Segment, tail, cut, recognition)
            tail.announce(cut, segment)
            await self._hub.send(segment)
        await self._tell_end(tail)

    async def _murmur(self, tail: Tail, recognition: Recognition) -> None:
        """Tell what may become a caption; lost is lost."""
        if tail.early and recognition.text and not recognition.low_confidence:
            header, cut = tail.header, tail.early.cut
            await self._hub.send(Interim(visit_id=header.visit_id, stream_id=header.stream_id, role=header.role,
                                         start_at_ms=cut.start_at_ms, text=recognition.text))  # fmt: skip

    async def _revise(self, tail: Tail, cut: Cut, recognition: Recognition) -> None:
        await self._hub.send(_told(Revision, tail, cut, recognition))

    async def _report(self) -> None:
        """Tell web how far behind we are, when that changes."""
        while True:
            await asyncio.sleep(REPORT_S)
            waiting = [tail.waiting[0].cut.end_at_ms for tail in self._tails.values() if tail.waiting]
            seconds = max(0.0, round((now_ms() - min(waiting)) / 1_000, 1)) if waiting else 0.0
            changed = abs(seconds - self._reported_s) >= 1 or (seconds == 0) != (self._reported_s == 0)
            if changed and self._hub.connected:
                self._reported_s = seconds
                await self._hub.send(Backlog(seconds=seconds))


def _told(kind: type[U], tail: Tail, cut: Cut, recognition: Recognition) -> U:
    header = tail.header
    return kind(
        visit_id=header.visit_id,
        stream_id=header.stream_id,
        participant_id=header.participant_id,
        role=header.role,
        language=header.language,
        first_seq=cut.first_seq,
        last_seq=cut.last_seq,
        start_at_ms=cut.start_at_ms,
        end_at_ms=cut.end_at_ms,
        text=recognition.text,
        avg_logprob=recognition.avg_logprob,
        no_speech_prob=recognition.no_speech_prob,
        compression_ratio=recognition.compression_ratio,
        low_confidence=recognition.low_confidence,
        doubts=list(recognition.doubts),
    )


async def run(control: str, spool: Path, keys: Path, weights: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    control: path of the web process's Unix socket, or a ws:// URL; spool: its directory; keys: directory of this
    machine's private keys; weights: a .pt path or a Whisper model's name, the pinned base weights when empty.
    """
    loop = asyncio.get_running_loop()
    recognizer = await asyncio.to_thread(lambda: Recognizer(weights or checkpoint()))
    worker = Worker(spool, keys / "worker.key", recognizer, weights or "whisper-base")
    working = loop.create_task(worker.run(control))
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await working
