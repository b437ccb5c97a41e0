"""The clinic's machine keeps: what taps on other machines gave is copied into its spool, where web plays and shreds it.

A durable consumer of the server's remembers how far. With it, what was shredded while no courier ran is told from what
did not come yet: the first is purged, the second is not.
"""

import asyncio
import contextlib
import logging
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from app.machines.giving import purge
from app.machines.server import END, KEEP, OFFSET, SPEECH, names, speech_subject
from app.machines.taking import Copy
from transcription.spool import COMING, stream_path

log = logging.getLogger(__name__)

CONSUMER = "clinic-keeper"
BATCH_PIECES = 500
ASK_S = 1.0
UNTOLD_S = 30.0
SWEEP_S = 10.0


class Keeper:
    """Keeps the clinic's spool whole, and the server free of what is no longer in it."""

    def __init__(self, client: Client, spool: Path) -> None:
        self._jetstream = client.jetstream()
        self._spool = spool

    async def run(self) -> None:
        """Keep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            tasks.create_task(self._sweep())

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(nats.errors.Error, OSError):  # the server is away, or the disk is full
                pieces = await self._jetstream.pull_subscribe(
                    speech_subject("*", "*"), durable=CONSUMER, stream=SPEECH,
                    config=ConsumerConfig(ack_policy=AckPolicy.ALL, ack_wait=UNTOLD_S, max_ack_pending=20_000))
                while True:
                    with contextlib.suppress(TimeoutError):
                        if batch := await pieces.fetch(BATCH_PIECES, ASK_S):
                            await asyncio.to_thread(self._take, batch)
                            await batch[-1].ack()
            await asyncio.sleep(ASK_S)

    def _take(self, batch: list[Msg]) -> None:
        for piece in batch:
            headers = piece.headers or {}
            if KEEP in headers:
                take(stream_path(self._spool, *names(piece.subject)), int(headers[OFFSET]), piece.data, END in headers)

    async def _sweep(self) -> None:
        """Purge what is no longer in the spool: it was shredded, perhaps while no courier ran."""
        while True:
            with contextlib.suppress(nats.errors.Error, TimeoutError):
                info = await self._jetstream.stream_info(SPEECH, subjects_filter=">")
                for subject in info.state.subjects or {}:
                    if not stream_path(self._spool, *names(subject)).exists() and await self._taken(subject):
                        await purge(self._jetstream, *names(subject))
            await asyncio.sleep(SWEEP_S)

    async def _taken(self, subject: str) -> bool:
        """Whether all there is of a stream went through this machine."""
        try:
            newest = await self._jetstream.get_last_msg(SPEECH, subject)
        except NotFoundError:
            return False
        if KEEP not in (newest.headers or {}):  # this machine's own
            return True
        taken = (await self._jetstream.consumer_info(SPEECH, CONSUMER)).ack_floor
        return taken is not None and taken.stream_seq >= (newest.seq or 0)


def take(path: Path, offset: int, piece: bytes, ended: bool) -> None:
    """Write what is new of a piece. What was shredded, or is this machine's own, comes to nothing."""
    if path.exists() and not path.with_suffix(COMING).exists():
        return
    if not path.exists() and offset:
        return
    copy = Copy(path, path.stat().st_size if path.exists() else 0)
    copy.take(offset, piece)
    if ended:
        copy.end()
