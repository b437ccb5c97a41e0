"""One Chromium for all tests of a process that look at pages: starting one takes longer than most of them.

Each test has a context of its own in it, which knows nothing of the others.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--no-first-run", "--autoplay-policy=no-user-gesture-required")
MEDIA_ARGS = ("--use-fake-ui-for-media-stream", "--allow-loopback-in-peer-connection")
START_S = 30.0


def fake_devices(pictures_per_s: int, wav: Path | None = None, *, once: bool = False) -> list[str]:
    """Arguments for a camera of so many pictures a second and a microphone that plays a WAV file, over and over or once."""
    args = [*MEDIA_ARGS, f"--use-fake-device-for-media-stream=fps={pictures_per_s}"]
    return args if wav is None else [*args, f"--use-file-for-fake-audio-capture={wav}{'%noloop' if once else ''}"]


@contextmanager
def running(profile: Path, *more: str) -> Iterator[str]:
    """Start it; yields where its DevTools protocol listens. Raises TimeoutError when it does not start."""
    command = [CHROMIUM, *ARGS, *more, "--headless", "--mute-audio", "--remote-debugging-port=0",
               f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort')}"
    finally:
        process.terminate()
        process.wait(10)


def _port(told: Path) -> int:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if told.exists() and (lines := told.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise TimeoutError("Chromium did not start")
