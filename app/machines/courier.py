"""The courier: a process beside the others of its machine, which joins them to those of the other machines."""

import asyncio
import logging
import signal

import nats.errors
from nats.aio.client import Client

from app.machines import control, server
from app.machines.giving import Giver
from app.machines.taking import MOST_STREAMS, Taker
from app.settings import Settings

log = logging.getLogger(__name__)


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
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, serving.cancel)
    async with server.connected(settings.nats_url.get_secret_value(), f"colloque {settings.machine}") as client:
        await server.prepare(client.jetstream(), settings.audio_days)
        await (_clinic if settings.machine == "clinic" else _speech)(client, settings, key)


async def _clinic(client: Client, settings: Settings, key: bytes) -> None:
    """Give the speech of this machine's taps; bring the others' workers to web; take for workers that are here."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Giver(client, settings.spool_dir).run())
        tasks.create_task(control.far(client, settings.control_socket, key))
        if settings.transcription_workers:
            tasks.create_task(Taker(client, settings.heard_dir, MOST_STREAMS * settings.transcription_workers).run())


async def _speech(client: Client, settings: Settings, key: bytes) -> None:
    """Take speech for this machine's workers, and carry what they say."""
    async with control.near(client, settings.control_socket, key):
        await Taker(client, settings.heard_dir, MOST_STREAMS * settings.transcription_workers).run()
