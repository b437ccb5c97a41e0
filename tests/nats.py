"""A real NATS server with JetStream on loopback, which can be killed and started again over the same store."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 10.0


class NatsServer:
    """A server whose port and store stay its own through restarts."""

    def __init__(self, store: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns once it answers."""
        self._process = subprocess.Popen(
            ["nats-server", "--addr", "127.0.0.1", "--port", str(self.port), "--jetstream", "--store_dir", str(self._store)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, "nats-server does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as answer:
                return answer.recv(4) == b"INFO"
        except OSError:
            return False


@contextmanager
def nats_server(store: Path) -> Iterator[NatsServer]:
    """Started; killed in the end."""
    server = NatsServer(store)
    server.start()
    try:
        yield server
    finally:
        server.kill()
