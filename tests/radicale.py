"""A real CalDAV server (Radicale) on loopback with one user, whose calendar tests write into."""

import base64
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 20.0
USER, PASSWORD = "nadia", "un secret"
EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//tests//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261101T000000Z\r
DTSTART:{start:%Y%m%dT%H%M%SZ}\r
DTEND:{end:%Y%m%dT%H%M%SZ}\r
{more}SUMMARY:Chimiothérapie de M. Durand\r
END:VEVENT\r
END:VCALENDAR\r
"""


class Radicale:
    """The server, and its one calendar."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._folder = folder
        self.url = f"http://127.0.0.1:{self.port}/{USER}/work/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns once it answers."""
        users = self._folder / "users"
        users.write_text(f"{USER}:{PASSWORD}\n")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", "", "--server-hosts", f"127.0.0.1:{self.port}",
             "--storage-filesystem-folder", str(self._folder / "store"), "--auth-type", "htpasswd",
             "--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, "radicale does not answer"
            time.sleep(0.05)
        self.ask("MKCALENDAR", "")

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def put(self, uid: str, start, end, more: str = "") -> None:
        """Write an event into the calendar; `more` are further lines of it."""
        self.ask("PUT", f"{uid}.ics", EVENT.format(uid=uid, start=start, end=end, more=more).encode())

    def ask(self, method: str, name: str, body: bytes = b"") -> bytes:
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "text/calendar"}
        with urllib.request.urlopen(urllib.request.Request(self.url + name, body, headers, method=method)) as answer:
            return answer.read()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False


@contextmanager
def radicale(folder: Path) -> Iterator[Radicale]:
    """Started with an empty calendar; gone in the end."""
    server = Radicale(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
