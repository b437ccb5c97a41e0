"""A call between two real Chromium through a whole installation: how soon it begins, and how soon the picture is good.

join: from the click that opens the page (its navigation) to the other's first picture. good: from the connection to a
picture of 640x480 with at least 1.2 Mbit/s, over half a second. The camera is a file of moving noise: a real one's picture
is as hard to encode, a test pattern's is not.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench.recovery import in_visit
from tests.trips import people, recovery
from tests.trips.conftest import browser_speaking, running_house

WIDTH, HEIGHT, PICTURES, PICTURES_PER_S = 640, 480, 90, 30
GOOD_BITS_PER_S, GOOD_WITHIN_S = 1_200_000, 30
KEEP = """(() => {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native { constructor(c) { super(c); window.live = this; } };
})()"""
# From the connection on, ten times a second: ms since then, octets of video received, height.
WATCH_BITRATE = """async (forMs) => {
  const seen = [], began = window.peers.at(-1).connectedMs;
  while (performance.now() - began < forMs) {
    (await window.live.getStats()).forEach((s) => {
      if (s.type === "inbound-rtp" && s.kind === "video" && s.frameHeight)
        seen.push([performance.now() - began, s.bytesReceived, s.frameHeight]);
    });
    await new Promise((done) => setTimeout(done, 100));
  }
  return seen;
}"""


def write_camera(path: Path) -> Path:
    """A Y4M file: soft noise that drifts, a little of it new in each picture."""
    generator = np.random.default_rng(5)
    field = generator.normal(128, 60, (HEIGHT // 8 + 2, 2 * WIDTH // 8))
    large = np.kron(field, np.ones((8, 8)))
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{PICTURES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for n in range(PICTURES):
            at = 3 * n
            grain = generator.normal(0, 4, (HEIGHT, WIDTH))
            luma = np.clip(large[8 : 8 + HEIGHT, at : at + WIDTH] + grain, 16, 235).astype(np.uint8)
            file.write(b"FRAME\n" + luma.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2))
    return path


def good_after_ms(seen: list[list[float]]) -> float | None:
    """When half a second first held 640x480 at the rate wanted; None when it never did."""
    for begin, (from_ms, before, _) in enumerate(seen):
        half = next((late for late in seen[begin:] if late[0] - from_ms >= 500), None)
        if half and half[2] >= HEIGHT and 8_000 * (half[1] - before) / (half[0] - from_ms) >= GOOD_BITS_PER_S:
            return round(half[0])
    return None


def _reloaded(pages: tuple[Page, Page], times: int) -> tuple[list[float], list[float | None]]:
    """Each page opened anew in turn: when it showed the other, and when what the other sees of it was good."""
    joined, good = [], []
    for n in range(times):
        page, other = pages[n % 2], pages[1 - n % 2]
        page.reload()
        recovery.mark(page, from_ms=0, from_peer=0)  # a page's clock begins with its navigation
        joined.append(recovery.times_back(page)["picture_ms"])
        good.append(good_after_ms(page.evaluate(WATCH_BITRATE, GOOD_WITHIN_S * 1_000 if n < 2 else 6_000)))
        other.wait_for_timeout(200)
    return joined, good


def run(argv: list[str]) -> dict[str, Any]:
    """One visit; its pages are opened over and over."""
    parser = argparse.ArgumentParser(prog="bench call")
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args(argv).times
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, sync_playwright() as playwright, \
            running_house(Path(directory), COLLOQUE_TRANSCRIPTION_WORKERS="0") as house:
        camera = f"--use-file-for-fake-video-capture={write_camera(Path(directory) / 'camera.y4m')}"
        with browser_speaking(playwright, None, camera) as one, browser_speaking(playwright, None, camera) as two:
            pages = (people.context(one, house, "en").new_page(), people.context(two, house, "en").new_page())
            for page in pages:
                page.add_init_script(KEEP)
            in_visit(house, *pages)
            joined, good = _reloaded(pages, times)
    reached = [at for at in good if at is not None]
    return {"times": times, "join_p50_ms": round(np.percentile(joined, 50)), "join_p95_ms": round(np.percentile(joined, 95)),
            "good": len(reached), "good_p50_ms": reached and round(np.percentile(reached, 50)),
            "good_max_ms": max(reached, default=None)}
