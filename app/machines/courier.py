"""The courier: a process beside the others of its machine, which joins them to those of the other machines."""

import asyncio
import logging
import signal
import time

import nats.errors
from nats.aio.client import Client

from app.machines import control, server
from app.machines.giving import Giver
from app.machines.keeping import Keeper
from app.machines.placement import Presence
from app.machines.taking import MOST_STREAMS, Taker
from app.settings import Settings
from transcription.spool import streams

log = logging.getLogger(__name__)

LAST_WORDS_S = 6.0  # less than the supervisor waits
LOOK_S = 0.1


def run(settings: Settings, key: bytes) -> None:
    """Serve until SIGTERM or SIGINT; leaves with 1 when the server cannot be used. key: what the machines share."""
    try:
        asyncio.run(_until_told(settings, key))
    except* asyncio.CancelledError:
        pass
    except* (nats.errors.Error, OSError) as errors:
        log.error("the NATS server cannot be used: %s", errors.exceptions[0])
        raise SystemExit(1) from None


async def _until_told(settings: Settings, key: bytes) -> None:
    serving = asyncio.current_task()
    assert serving  # noqa: S101  # we run in it
    ending: list[asyncio.Task[None]] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(
            name, lambda: ending.append(asyncio.create_task(_end(settings, serving))))
    async with server.connected(settings.nats_url.get_secret_value(), f"colloque {settings.machine}") as client:
        await server.prepare(client.jetstream(), settings.audio_days)
        await {"clinic": _clinic, "speech": _speech, "media": _media}[settings.machine](client, settings, key)


async def _end(settings: Settings, serving: asyncio.Task[None]) -> None:
    """Stop; on a media machine first give what its taps still write, for the machine may never be started again."""
    until_s = time.monotonic() + LAST_WORDS_S
    while settings.machine == "media" and time.monotonic() < until_s:
        if not await asyncio.to_thread(streams, settings.spool_dir):
            break
        await asyncio.sleep(LOOK_S)
    serving.cancel()


async def _clinic(client: Client, settings: Settings, key: bytes) -> None:
    """Give the speech of taps here, keep that of others, bring who is elsewhere to web, take for workers here."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Giver(client, settings.spool_dir, keeps=True).run())
        tasks.create_task(Keeper(client, settings.spool_dir).run())
        tasks.create_task(control.far(client, settings.control_socket, key))
        if settings.transcription_workers:
            tasks.create_task(Taker(client, settings.heard_dir, MOST_STREAMS * settings.transcription_workers).run())


async def _speech(client: Client, settings: Settings, key: bytes) -> None:
    """Take speech for this machine's workers, and carry what they say."""
    async with control.near(client, settings.control_socket, key):
        await Taker(client, settings.heard_dir, MOST_STREAMS * settings.transcription_workers).run()


async def _media(client: Client, settings: Settings, key: bytes) -> None:
    """Carry what this machine's media nodes say, tell how they do, and give the speech of their taps."""
    presence = Presence(client, key)
    async with control.near(client, settings.control_socket, key, presence.overhear), asyncio.TaskGroup() as tasks:
        tasks.create_task(presence.run())
        tasks.create_task(Giver(client, settings.spool_dir, keeps=False).run())
