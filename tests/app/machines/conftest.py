"""A clinic's machine and speech machines, joined by a real NATS server: couriers and workers are real processes."""

import base64
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nats import NatsServer, nats_server
from tests.transcription.support import FakeWeb

KEY = bytes(range(32))


class Machine:
    """The processes of one machine, over a data directory of its own."""

    def __init__(self, folder: Path, nats: NatsServer, kind: str) -> None:
        self.folder, self.kind = folder, kind
        (folder / "run").mkdir(parents=True, mode=0o700, exist_ok=True)
        key = folder / "machines.key"
        key.write_text(base64.b64encode(KEY).decode())
        key.chmod(0o600)
        self._env = {
            **os.environ, "COLLOQUE_MACHINE": kind, "COLLOQUE_DATA_DIR": str(folder), "COLLOQUE_NATS_URL": nats.url,
            "COLLOQUE_MACHINES_KEY_FILE": str(key), "COLLOQUE_ENV_FILE": os.devnull,
            "COLLOQUE_TRANSCRIPTION_WORKERS": "0" if kind == "clinic" else "1",
            "COLLOQUE_MEDIA_NODES": "1", "COLLOQUE_MEDIA_ADDRESSES": "127.0.0.1"}
        self.courier: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self.serving: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "control.sock"

    @property
    def spool(self) -> Path:
        """What the taps of this machine write, or what came to a speech machine."""
        return self.folder / ("heard" if self.kind == "speech" else "spool")

    def start(self) -> None:
        """The courier, and on a speech machine its worker; a media machine as its site starts it."""
        if self.kind == "media":
            self.serving = self._run("serve")
            return
        self.courier = self._run("courier")
        if self.kind == "speech":
            self._worker = self._run("transcribe")

    def _run(self, command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "app", command], env=self._env, cwd=Path(__file__).parents[3],
                                start_new_session=command == "serve")

    def restart_courier(self) -> None:
        """It is killed, and another takes its place."""
        _kill(self.courier)
        self.courier = self._run("courier")

    def kill(self) -> None:
        """As a power cut would: everything at once."""
        for process in (self.courier, self._worker):
            if process:
                _kill(process)
        if self.serving:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.serving.pid, signal.SIGKILL)
            self.serving.wait()

    def children(self, command: str) -> list[int]:
        """The pids of a kind of process that `serve` started here."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.serving.pid and command.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def nats(tmp_path):
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def machines(tmp_path, nats):
    """Makes machines; all end with the test."""
    made = []

    def make(kind: str) -> Machine:
        machine = Machine(tmp_path / f"{kind}{len(made)}", nats, kind)
        made.append(machine)
        machine.start()
        return machine

    yield make
    for machine in made:
        machine.kill()


@pytest.fixture
def clinic(machines):
    return machines("clinic")


@pytest.fixture
async def web(clinic):
    """The clinic's web process, reduced to its memory."""
    hub = FakeWeb(clinic.folder / "run")
    async with hub.serving():
        yield hub
