"""The clinic's machine gives: what the taps write into the spool is published, and what was shredded is purged."""

import asyncio
import contextlib
import logging
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from app.machines.server import END, OFFSET, SPEECH, WORK, ask_for_work, names, speech_subject, work_subject
from transcription.spool import SpoolDamaged, SpoolReader, record, stream_path
from transcription.watch import SpoolWatch

log = logging.getLogger(__name__)

LOOK_S = 0.02
PIECE_BYTES = 65_536
AGAIN_S = 1.0
SWEEP_S = 10.0


class Giver:
    """Mirrors a spool into JetStream. One at a time for each spool."""

    def __init__(self, client: Client, spool: Path) -> None:
        self._jetstream = client.jetstream()
        self._spool = spool

    async def run(self) -> None:
        """Give until cancelled."""
        watch = SpoolWatch(self._spool)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sweep())
            while True:
                for path in watch.new(patience_s=0):
                    tasks.create_task(self._give(path))
                await asyncio.sleep(LOOK_S)

    async def _give(self, path: Path) -> None:
        """One stream, from where an earlier courier stopped to its end; while the server is away, wait."""
        while True:
            try:
                with contextlib.closing(SpoolReader(path)) as reader:
                    await self._give_all(reader)
                return
            except (nats.errors.Error, TimeoutError):
                await asyncio.sleep(AGAIN_S)
            except FileNotFoundError:  # shredded
                await self._purge(path.parent.name, path.stem)
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
        await self._jetstream.publish(subject, headers={OFFSET: str(at), END: "1", "Nats-Msg-Id": f"{stream_id}:end"})

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
            headers = {OFFSET: str(offset), "Nats-Msg-Id": f"{stream_id}:{offset}:{len(piece)}"}
            await self._jetstream.publish(subject, piece, headers=headers)

    async def _sweep(self) -> None:
        """Purge what is no longer in the spool: it was shredded while no courier ran, or grew too old."""
        while True:
            with contextlib.suppress(nats.errors.Error, TimeoutError):
                info = await self._jetstream.stream_info(SPEECH, subjects_filter=">")
                for subject in info.state.subjects or {}:
                    if not stream_path(self._spool, *names(subject)).exists():
                        await self._purge(*names(subject))
            await asyncio.sleep(SWEEP_S)

    async def _purge(self, visit_id: str, stream_id: str) -> None:
        with contextlib.suppress(nats.errors.Error, TimeoutError):  # the sweep tries again
            await self._jetstream.purge_stream(WORK, subject=work_subject(visit_id, stream_id))
            await self._jetstream.purge_stream(SPEECH, subject=speech_subject(visit_id, stream_id))
