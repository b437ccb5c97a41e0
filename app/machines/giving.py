"""A machine with taps gives: what they write into the spool is published. The clinic's has purged what was shredded.

The clinic's spool keeps what was given. Another machine's does not: once the server has a stream whole it is deleted
there, and the clinic's machine has the copy that is listened to and shredded (`keeping`).
"""

import asyncio
import contextlib
import logging
import time
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from app.machines.server import END, KEEP, OFFSET, SPEECH, WORK, ask_for_work, speech_subject, work_subject
from transcription.spool import COMING, SpoolDamaged, SpoolReader, record
from transcription.watch import SpoolWatch

log = logging.getLogger(__name__)

LOOK_S = 0.02
PIECE_BYTES = 65_536
AGAIN_S = 1.0
FRESH_S = 60.0


class Giver:
    """Mirrors a spool into JetStream. One at a time for each spool. keeps: whether this is the clinic's machine."""

    def __init__(self, client: Client, spool: Path, *, keeps: bool) -> None:
        self._jetstream = client.jetstream()
        self._spool, self._keeps = spool, keeps
        self._headers = {} if keeps else {KEEP: "1"}

    async def run(self) -> None:
        """Give until cancelled."""
        if not self._keeps:
            await asyncio.to_thread(_tidy, self._spool)
        watch = SpoolWatch(self._spool)
        async with asyncio.TaskGroup() as tasks:
            while True:
                for path in watch.new(patience_s=0):
                    if not path.with_suffix(COMING).exists():  # another machine's, and given already
                        tasks.create_task(self._give(path))
                await asyncio.sleep(LOOK_S)

    async def _give(self, path: Path) -> None:
        """One stream, from where an earlier courier stopped to its end; while the server is away, wait."""
        while True:
            try:
                with contextlib.closing(SpoolReader(path)) as reader:
                    await self._give_all(reader)
                if not self._keeps:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
                return
            except (nats.errors.Error, TimeoutError):
                await asyncio.sleep(AGAIN_S)
            except FileNotFoundError:
                if self._keeps:  # shredded
                    await purge(self._jetstream, path.parent.name, path.stem)
                return
            except SpoolDamaged:
                log.warning("a file that no tap wrote is not given to other machines")
                return

    async def _give_all(self, reader: SpoolReader) -> None:
        visit_id, stream_id = reader.header.visit_id, reader.header.stream_id
        subject = speech_subject(visit_id, stream_id)
        given = await self._given(subject)
        if given is None:
            return
        await self._publish(subject, stream_id, given, reader.header.line()[given:])
        await ask_for_work(self._jetstream, visit_id, stream_id)
        at, abandoned = len(reader.header.line()), False
        while True:
            piece = b"".join(map(record, reader.read(PIECE_BYTES)))
            if piece:
                await self._publish(subject, stream_id, max(at, given), piece[max(0, given - at):])
                at, abandoned = at + len(piece), False
            elif abandoned:
                break
            elif not reader.path.exists():
                raise FileNotFoundError(reader.path)
            else:
                abandoned = reader.abandoned()  # asked before the last look, or its last frames are lost
                await asyncio.sleep(0 if abandoned else LOOK_S)
        headers = self._headers | {OFFSET: str(at), END: "1", "Nats-Msg-Id": f"{stream_id}:end"}
        await self._jetstream.publish(subject, headers=headers)

    async def _given(self, subject: str) -> int | None:
        """How many bytes of the file are published; None when all are."""
        try:
            last = await self._jetstream.get_last_msg(SPEECH, subject)
        except NotFoundError:
            return 0
        headers = last.headers or {}
        return None if END in headers else int(headers[OFFSET]) + len(last.data or b"")

    async def _publish(self, subject: str, stream_id: str, offset: int, piece: bytes) -> None:
        """A piece once: should its acknowledgement be lost, the server knows it by its place."""
        if piece:
            headers = self._headers | {OFFSET: str(offset), "Nats-Msg-Id": f"{stream_id}:{offset}:{len(piece)}"}
            await self._jetstream.publish(subject, piece, headers=headers)


def _tidy(spool: Path) -> None:
    """Remove folders of visits whose streams were given; none that a tap may just have made."""
    for folder in spool.glob("*"):
        with contextlib.suppress(OSError):  # not empty
            if time.time() - folder.stat().st_mtime > FRESH_S:
                folder.rmdir()


async def purge(jetstream: JetStreamContext, visit_id: str, stream_id: str) -> None:
    """Have the server forget a stream that was shredded; should it be away, a later sweep tries again."""
    with contextlib.suppress(nats.errors.Error, TimeoutError):
        await jetstream.purge_stream(WORK, subject=work_subject(visit_id, stream_id))
        await jetstream.purge_stream(SPEECH, subject=speech_subject(visit_id, stream_id))
