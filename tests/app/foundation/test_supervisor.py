"""`colloque serve` before it starts anything: a port that is taken, and a welcome only once the pages open."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app import confine, supervisor

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        yield taken


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def test_a_port_is_taken_only_while_somebody_listens(listener):
    port = port_of(listener)
    assert supervisor.port_is_taken("127.0.0.1", port)
    listener.close()
    assert not supervisor.port_is_taken("127.0.0.1", port)


def test_serve_says_what_to_do_about_a_taken_port_and_touches_nothing(listener, tmp_path):
    port = port_of(listener)
    env = {k: v for k, v in os.environ.items() if not k.startswith("COLLOQUE_")} | {
        "COLLOQUE_PORT": str(port), "COLLOQUE_DATA_DIR": str(tmp_path / "data"), "COLLOQUE_ENV_FILE": "/dev/null"}
    done = subprocess.run([sys.executable, "-m", "app", "serve"], cwd=ROOT, env=env, text=True, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "COLLOQUE_PORT" in done.stderr
    assert not list((tmp_path / "data").glob("*.sqlite*")), "nothing was made"


async def test_the_welcome_waits_until_the_pages_can_be_opened():
    said: list[str] = []
    with closing(socket.socket()) as web:
        web.bind(("127.0.0.1", 0))
        waiting = asyncio.create_task(supervisor._when_web_answers("127.0.0.1", port_of(web), lambda: said.append("welcome")))
        await asyncio.sleep(3 * supervisor.LOOK_EVERY_S)
        assert said == [], "nobody listens yet"
        web.listen()
        await asyncio.wait_for(waiting, 5)
    assert said == ["welcome"]


async def test_web_alone_forgets_what_it_frees(monkeypatch):
    """Media nodes and workers are started as the supervisor was: their speed counts, and web is who holds words."""
    given = {}

    async def note(*command: str, env: dict[str, str]) -> None:
        given[command[-1]] = env
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", note)
    for command in ("web", "media"):
        with pytest.raises(asyncio.CancelledError):
            await supervisor.Child(command, command).keep_alive()
    assert given["web"].items() >= {**os.environ, **confine.WIPING}.items()
    assert given["media"] == dict(os.environ)
