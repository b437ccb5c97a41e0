"""`colloque serve`: web, media nodes, transcription workers and the courier under one terminal.

A child that dies is started again at once, then with growing pauses if it keeps dying. Ctrl-C or
SIGTERM ends all of them: first politely, after GRACE_S for good. On a media machine SIGUSR1 drains: media nodes take no
new rooms and are not started again, and with the last visit everything ends.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping

import structlog

from app import confine

GRACE_S = 8.0
STABLE_S = 10.0       # a child that lived this long starts over with no pause
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
LOOK_EVERY_S = 0.1

log = structlog.get_logger(__name__)


class Child:
    """One supervised process: `colloque <command>`, web's with an environment in which it forgets what it frees."""

    def __init__(self, name: str, command: str) -> None:
        self.name, self.command = name, command
        self.process: asyncio.subprocess.Process | None = None
        self._drains = False

    def drain(self) -> None:
        """Let it end by itself, and then no other takes its place."""
        self._drains = True
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGUSR1)

    async def keep_alive(self) -> None:
        """Start, and start again, until cancelled or drained."""
        pause_s = FIRST_PAUSE_S
        try:
            while not self._drains:
                started = time.monotonic()
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "app", self.command, env=self._environment())
                code = await self.process.wait()
                if self._drains:
                    return
                lived_s = time.monotonic() - started
                pause_s = FIRST_PAUSE_S if lived_s > STABLE_S else min(2 * pause_s, LONGEST_PAUSE_S)
                log.warning("process ended, starting it again", process=self.name, code=code, after_s=round(lived_s, 1))
                await asyncio.sleep(pause_s)
        finally:
            await self._end()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **(confine.WIPING if self.command == "web" else {})}

    async def _end(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), GRACE_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def port_is_taken(host: str, port: int) -> bool:
    """Whether another program listens there already: web would start over and over, and nobody would say why."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return True
    return False


async def _when_web_answers(host: str, port: int, then: Callable[[], None]) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            break
        await asyncio.sleep(LOOK_EVERY_S)
    then()


async def _drain(nodes: Mapping[Child, asyncio.Task[None]], stop: asyncio.Event) -> None:
    for node in nodes:
        node.drain()
    await asyncio.gather(*nodes.values())
    stop.set()


async def supervise(commands: Mapping[str, int], listens_at: tuple[str, int], when_up: Callable[[], None]) -> None:
    """Run so many of each command until a signal asks to stop; `when_up` is called once the pages can be opened."""
    children = [Child(f"{command} {n + 1}" if count > 1 else command, command)
                for command, count in commands.items() for n in range(count)]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    tasks = [asyncio.create_task(child.keep_alive(), name=child.name) for child in children]
    if "web" in commands:
        tasks.append(asyncio.create_task(_when_web_answers(*listens_at, when_up), name="welcome"))
    if "web" not in commands:
        nodes = {child: task for child, task in zip(children, tasks, strict=True) if child.command == "media"}
        loop.add_signal_handler(signal.SIGUSR1, lambda: tasks.append(asyncio.create_task(_drain(nodes, stop))))
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
