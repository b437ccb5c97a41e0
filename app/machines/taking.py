"""A speech machine takes: streams from the queue, copied into a spool of its own, where its workers follow them.

A copy lives while it is transcribed. The item in the queue is held by saying so again and again, and given up when all
is stored; a machine that dies says nothing, and another takes the stream over, where web stored its last words.
"""

import asyncio
import contextlib
import logging
import shutil
import time
from itertools import count
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from app.machines.server import END, OFFSET, SPEECH, WORK, answers, names, speech_subject, work_subject
from transcription import position
from transcription.spool import COMING, stream_path

log = logging.getLogger(__name__)

QUEUE = "speech-machines"
HELD_S = 10.0  # an item whose holder is silent for so long goes to another machine
HOLD_EVERY_S = 2.0
LOOK_S = 0.1
LONG_ASK_S, SHORT_ASK_S = 5.0, 0.05
PATIENCE_S = 0.1  # for each stream that is here, how long another machine may take a new one first
QUIET_S = 2.0
MOST_STREAMS = 16  # for each worker: eight visits


class Gone(Exception):
    """The stream was purged: there is nothing to transcribe any more."""


class Copy:
    """Another machine's spool file, as it comes. Appears with its header; more may come until it is ended."""

    def __init__(self, path: Path, has_bytes: int = 0) -> None:
        self._path, self._coming = path, path.with_suffix(COMING)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._coming.touch(mode=0o600)
        self.bytes = has_bytes
        self.ended = False

    def take(self, offset: int, piece: bytes) -> None:
        """Write what is new of a piece. One that came twice, or that no courier put there, changes nothing."""
        if offset > self.bytes:
            return
        fresh = piece[self.bytes - offset:]
        if self.bytes == 0:
            draft = self._path.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_bytes(fresh)
            draft.replace(self._path)
        else:
            with self._path.open("ab") as file:
                file.write(fresh)
        self.bytes += len(fresh)

    def end(self) -> None:
        """Nothing follows."""
        self.ended = True
        self._coming.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete it, and what the worker keeps beside it."""
        for path in self._path.parent.glob(f"{self._path.stem}.*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._path.parent.rmdir()


class Taker:
    """Takes streams for the workers of this machine. room: how many at once."""

    def __init__(self, client: Client, heard: Path, room: int) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream()
        self._heard, self._room = heard, room
        self._open = 0

    async def run(self) -> None:
        """Take until cancelled. Copies of an earlier life are deleted: their items are in the queue again."""
        await asyncio.to_thread(shutil.rmtree, self._heard, ignore_errors=True)
        self._heard.mkdir(mode=0o700, parents=True)
        held = ConsumerConfig(ack_wait=HELD_S, max_deliver=-1, max_ack_pending=10_000)
        queue = await self._jetstream.pull_subscribe(work_subject("*", "*"), durable=QUEUE, stream=WORK, config=held)
        async with asyncio.TaskGroup() as tasks:
            while True:
                if item := await self._next(queue):
                    self._open += 1
                    tasks.create_task(self._take(item))

    async def _next(self, queue: JetStreamContext.PullSubscription) -> Msg | None:
        """An item, when one waits: an idle machine asks before a busy one."""
        await asyncio.sleep(PATIENCE_S * min(self._open, 20))
        if self._open >= self._room:
            return None
        try:
            items = await queue.fetch(1, timeout=SHORT_ASK_S if self._open else LONG_ASK_S)
        except TimeoutError:
            return None
        except nats.errors.Error:
            await asyncio.sleep(HOLD_EVERY_S)
            return None
        return items[0]

    async def _take(self, item: Msg) -> None:
        visit_id, stream_id = names(item.subject)
        path = stream_path(self._heard, visit_id, stream_id)
        copy = Copy(path)
        copying = asyncio.create_task(self._copy(speech_subject(visit_id, stream_id), copy))
        try:
            if await self._hold(item, path, copying):
                await item.ack()
        except nats.errors.Error:
            log.warning("the end of a stream could not be told to the queue: it will be looked at once more")
        finally:
            copying.cancel()
            copy.remove()
            self._open -= 1

    async def _hold(self, item: Msg, path: Path, copying: asyncio.Task[None]) -> bool:
        """Keep the item until its work is done: True. False when it may be another machine's by now."""
        held_s = told_s = time.monotonic()
        while not position.load(path).done:
            await asyncio.sleep(LOOK_S)
            if copying.done() and copying.exception() is not None:
                return isinstance(copying.exception(), Gone)
            now_s = time.monotonic()
            if now_s - held_s > HELD_S:
                return False
            if now_s - told_s > HOLD_EVERY_S:
                told_s = now_s
                with contextlib.suppress(nats.errors.Error, TimeoutError):
                    await item.in_progress()
                    held_s = now_s if await answers(self._client) else held_s
        return True

    async def _copy(self, subject: str, copy: Copy) -> None:
        """Bring a stream here as it grows; Gone when it was purged. What gets lost on the way is asked for again."""
        after = 0  # the sequence of the last piece that came
        while not copy.ended:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(nats.errors.Error, TimeoutError):
                if await self._newest(subject) > after:
                    after = await self._follow(subject, copy, after)

    async def _follow(self, subject: str, copy: Copy, after: int) -> int:
        """Take pieces until one is missing or none comes; returns the sequence of the last one taken."""
        pieces = await self._jetstream.subscribe(subject, stream=SPEECH, config=ConsumerConfig(
            ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1,
            inactive_threshold=HELD_S, mem_storage=True))
        try:
            for number in count(1):
                piece = await pieces.next_msg(QUIET_S)
                if piece.metadata.sequence.consumer != number:
                    break
                after, headers = piece.metadata.sequence.stream, piece.headers or {}
                copy.take(int(headers[OFFSET]), piece.data)
                if END in headers:
                    copy.end()
                    break
        except TimeoutError:
            pass  # nobody speaks, or the server has forgotten us: its newest piece tells
        finally:
            with contextlib.suppress(nats.errors.Error):
                await pieces.unsubscribe()
        return after

    async def _newest(self, subject: str) -> int:
        """The sequence of a stream's newest piece. Raises Gone."""
        try:
            newest = await self._jetstream.get_last_msg(SPEECH, subject)
        except NotFoundError as error:
            raise Gone(subject) from error
        return newest.seq or 0
