"""A whole running house for the trips: `colloque serve` as a site runs it, a real SMTP server, real browsers."""

import email
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as email_policy
from pathlib import Path

import av
import numpy as np
import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests import chromium

ROOT = Path(__file__).resolve().parents[2]
CONSULTATIONS = ROOT / "tests" / "data" / "consultations"
PICTURES_PER_S = 5
START_S = 120.0  # on a machine that does much else
SERVE = [sys.executable, "-m", "app", "serve"]


LONGEST_FIRST = ("test_french_visit", "test_english_visit", "test_bad_luck", "test_in_the_call", "test_caddy")


@pytest.hookimpl(trylast=True)  # after the order that all tests get
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that the two processes end together; the whole visits speak in real time, side by side."""
    place = {name: n for n, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mailbox:
    """What the SMTP server received."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802  aiosmtpd's name
        self.messages.append(email.message_from_bytes(envelope.content, policy=email_policy))
        return "250 OK"

    def wait_for(self, match: Callable[[EmailMessage], bool], within_s: float = 20) -> EmailMessage:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for message in reversed(self.messages):
                if match(message):
                    return message
            time.sleep(0.1)
        raise AssertionError(f"no such message among {[m['subject'] for m in self.messages]}")


@dataclass
class House:
    """A running installation."""

    base_url: str
    data_dir: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    mailbox: Mailbox
    log_path: Path
    facts: dict = field(default_factory=dict)

    def colloque(self, *arguments: str, timeout_s: float = 120) -> str:
        """Run a colloque command against this installation; returns its standard output."""
        done = subprocess.run([sys.executable, "-m", "app", *arguments], env=self.env, cwd=ROOT, text=True,
                              capture_output=True, timeout=timeout_s)
        assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-2000:]
        return done.stdout

    def children(self, command: str) -> list[int]:
        """The pids of a kind of supervised process: web, media or transcribe."""
        found = []
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = status.read_bytes().split(b"\0")
                parent = int((status.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == self.process.pid and command.encode() in words:
                found.append(int(status.parent.name))
        assert found, f"no {command} process"
        return found

    def kill(self, *commands: str) -> None:
        """kill -9 all processes of these kinds."""
        for command in commands:
            for pid in self.children(command):
                os.kill(pid, signal.SIGKILL)

    def crash(self) -> None:
        """kill -9 the whole of it, the process that would start the others again first."""
        running = self.children("app")
        self.process.kill()
        self.process.wait()
        for pid in running:
            os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """Start it, or start it again, with the data it has."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(SERVE, env=self.env, cwd=ROOT, stdout=log, stderr=log)

    def kill_busiest_node(self) -> None:
        """kill -9 the media node that carries the most calls: the one with the most open sockets."""
        os.kill(max(self.children("media"), key=open_sockets), signal.SIGKILL)

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.base_url}/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(self.log_path.read_text()[-4000:])


def open_sockets(pid: int) -> int:
    return sum(os.readlink(entry).startswith("socket:") for entry in Path(f"/proc/{pid}/fd").iterdir())


@contextmanager
def running_house(data_dir: Path, **settings: str) -> Iterator[House]:
    """Start `colloque serve` with a demo clinic and a real SMTP server; stop it like Ctrl-C does."""
    mailbox, smtp_port, port = Mailbox(), free_port(), int(settings.get("COLLOQUE_PORT") or free_port())
    smtp = Controller(mailbox, hostname="127.0.0.1", port=smtp_port)
    smtp.start()
    data_dir.mkdir(parents=True, exist_ok=True)
    log_path = data_dir / "serve.log"
    env = {key: value for key, value in os.environ.items() if not key.startswith("COLLOQUE_")} | {
        "COLLOQUE_DATA_DIR": str(data_dir), "COLLOQUE_PORT": str(port),
        "COLLOQUE_BASE_URL": f"http://localhost:{port}", "COLLOQUE_SMTP_HOST": "127.0.0.1",
        "COLLOQUE_SMTP_PORT": str(smtp_port), "COLLOQUE_SMTP_TLS": "none", "COLLOQUE_ENV_FILE": "/dev/null",
    } | settings
    with log_path.open("wb") as log:
        process = subprocess.Popen(SERVE, env=env, cwd=ROOT, stdout=log, stderr=log)
    house = House(env["COLLOQUE_BASE_URL"], data_dir, env, process, mailbox, log_path)
    try:
        wait_url = House(f"http://localhost:{port}", data_dir, env, process, mailbox, log_path)
        wait_url.wait_until_up()
        house.facts = json.loads(house.colloque("demo", "--json"))
        yield house
    finally:
        house.process.send_signal(signal.SIGINT)  # of the one that runs now
        try:
            house.process.wait(20)
        except subprocess.TimeoutExpired:
            house.process.kill()
        smtp.stop()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One installation for all trips that do not break it and say nothing."""
    with running_house(tmp_path_factory.mktemp("house"), COLLOQUE_TRANSCRIPTION_WORKERS="0") as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@contextmanager
def browser_speaking(playwright: Playwright, wav: Path | None, *extra: str) -> Iterator[Browser]:
    """A Chromium whose microphone plays a WAV file once."""
    args = [*chromium.ARGS, *chromium.fake_devices(PICTURES_PER_S, wav, once=True), *extra]
    browser = playwright.chromium.launch(executable_path=chromium.CHROMIUM, args=args)
    try:
        yield browser
    finally:
        browser.close()


def consultation_wav(name: str, track: str, into: Path, lead_s: float = 0.0, limit_s: float | None = None) -> Path:
    """Decode one track of a spoken consultation to a 48 kHz WAV file, with silence before it."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
    with av.open(str(CONSULTATIONS / name / f"{track}.opus")) as container:
        pieces = [f.to_ndarray().reshape(-1) for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    samples = np.concatenate([np.zeros(int(lead_s * 48000), np.int16), *pieces])
    if limit_s is not None:
        samples = samples[: int(limit_s * 48000)]
    path = into / f"{name}-{track}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48000)
        out.writeframes(samples.tobytes())
    return path
