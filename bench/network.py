"""A visit over bad networks: the patient's Chromium in a namespace of its own, behind a way that loses, delays and squeezes.

For each condition, after it has lasted a while: what both hear (share of sound made up, longest gap) and see (pictures,
height, whether the page says that video pauses); then how soon sound and picture are back. See tests/wan.py. Then the same
from behind a home's router (tests/nat.py), which in the middle of the visit lets less and less out: only what goes to the
TURN server, by UDP, by TCP, by TLS; or lets everything in and nothing out.
"""

import argparse
import itertools
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright, sync_playwright

from bench.call import KEEP, write_camera
from bench.recovery import in_visit
from tests import chromium, nat, wan
from tests.coturn import Relay, coturn
from tests.trips import people
from tests.trips.conftest import browser_speaking, free_port, running_house

CONDITIONS: dict[str, dict[str, float]] = {
    "free": {}, "delay 150 ms": {"delay_ms": 150}, "loss 2 %": {"loss": 0.02, "delay_ms": 20},
    "loss 5 %": {"loss": 0.05, "delay_ms": 20}, "loss 10 %": {"loss": 0.10, "delay_ms": 20},
    "500 kbit/s": {"bits_per_s": 500_000, "delay_ms": 20}, "150 kbit/s": {"bits_per_s": 150_000, "delay_ms": 20},
    "150 kbit/s, 150 ms, loss 2 %": {"bits_per_s": 150_000, "delay_ms": 150, "loss": 0.02},
}
NOT_OUT = 'iifname "home*" meta l4proto udp drop; iifname "home*" tcp dport {port} drop'  # but TLS to TURN
WAYS: dict[str, str] = {  # what the router drops, and what it does not
    "NAT": "", "TURN over UDP": "udp dport {port} accept; udp sport {port} accept; meta l4proto udp drop",
    "TURN over TCP": "meta l4proto udp drop; tcp dport {tls_port} drop",
    "TURN over TLS": "meta l4proto udp drop; tcp dport {port} drop",
    "in, not out": NOT_OUT,
}
STOPPED_S = 1.5  # what was on its way is heard by then
SETTLE_S, LOOK_S, RECOVER_S, WHOLE_S = 10.0, 8.0, 25.0, 0.6
# Ten times a second: when, sound received that was not made up, all sound, pictures decoded, height.
LISTEN = """(() => {
  window.heard = [];
  setInterval(async () => {
    if (!window.live) return;
    let row = [performance.now(), 0, 0, 0, 0];
    (await window.live.getStats()).forEach((s) => {
      if (s.type !== "inbound-rtp") return;
      if (s.kind === "audio" && s.totalSamplesReceived) {
        row[1] += s.totalSamplesReceived - (s.concealedSamples ?? 0); row[2] += s.totalSamplesReceived;
      }
      if (s.kind === "video" && s.framesDecoded) { row[3] += s.framesDecoded; row[4] = s.frameHeight ?? 0; }
    });
    window.heard.push(row);
  }, 100);
})()"""

# What the bands say, whenever that changes, by the machine's clock.
BANDS = """(() => {
  window.told = [];
  setInterval(() => {
    const said = document.querySelector("#bands")?.innerText.trim().replaceAll("\\n", " ") ?? "";
    if (said !== (window.told.at(-1)?.[1] ?? "")) window.told.push([Date.now(), said]);
  }, 50);
})()"""

WAY = """async () => {
  const report = await window.live.getStats();
  const way = [...report.values()].find((s) => s.type === "transport");
  const own = report.get(report.get(way?.selectedCandidatePairId)?.localCandidateId);
  return `${own?.candidateType} ${own?.relayProtocol ?? own?.protocol}`;
}"""


def _rows(page: Page, since_s: float) -> list[list[float]]:
    return page.evaluate("(ms) => window.heard.filter((row) => row[0] >= performance.now() - ms)", since_s * 1_000)


def _seen(page: Page) -> dict[str, Any]:
    rows = _rows(page, LOOK_S)
    first, last = rows[0], rows[-1]
    sound, all_of_it = last[1] - first[1], last[2] - first[2]
    return {"made_up": round(1 - sound / all_of_it, 3) if all_of_it > 0 else 1.0, "gap_ms": _longest_gap_ms(rows),
            "pictures_per_s": round((last[3] - first[3]) / (last[0] - first[0]) * 1_000, 1), "height": int(last[4]),
            "says": page.locator("#bands").inner_text().replace("\n", " ")[:80]}


def told_ms(page: Page, began_at_s: float) -> int | None:
    """How long after that moment, in Unix seconds, the page said something new."""
    told = [at_ms for at_ms, said in page.evaluate("() => window.told") if said and at_ms >= began_at_s * 1_000]
    return round(told[0] - began_at_s * 1_000) if told else None


def _longest_gap_ms(rows: list[list[float]]) -> int:
    """The longest time without new sound: of a tenth of a second, less than a tenth was real."""
    worst, since = 0.0, rows[0][0]
    for before, now in itertools.pairwise(rows):
        if now[1] - before[1] > 0.1 * 48 * (now[0] - before[0]):
            worst, since = max(worst, before[0] - since), now[0]
    return round(max(worst, rows[-1][0] - since))


def back(pages: dict[str, Page], began_s: float) -> dict[str, int | None]:
    """From that moment on, when half a second of whole sound began for all of them, and of a moving picture."""
    found: dict[str, int | None] = {}
    while time.monotonic() - began_s < RECOVER_S and len(found) < 2:
        time.sleep(0.2)
        ago_s = time.monotonic() - began_s
        for what, is_back in (("sound_ms", _hears), ("picture_ms", _sees)):
            if what not in found and all(is_back(_rows(page, min(WHOLE_S, ago_s))) for page in pages.values()):
                found[what] = round(1_000 * max(0.0, time.monotonic() - began_s - WHOLE_S))
    return {"sound_ms": found.get("sound_ms"), "picture_ms": found.get("picture_ms")}


def _hears(rows: list[list[float]]) -> bool:
    return len(rows) > 3 and rows[-1][1] - rows[0][1] > 0.8 * 48 * (rows[-1][0] - rows[0][0])


def _sees(rows: list[list[float]]) -> bool:
    return len(rows) > 3 and rows[-1][3] - rows[0][3] >= 4


def _conditions(first: wan.Wan, pages: dict[str, Page], names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        first.set(**CONDITIONS[name])
        time.sleep(SETTLE_S + LOOK_S)
        seen = {who: _seen(page) for who, page in pages.items()}
        first.set(bits_per_s=0, delay_ms=0, loss=0)
        found[name] = seen | {"back": back(pages, time.monotonic())}
    return found


def _outage(first: wan.Wan, pages: dict[str, Page], for_s: float) -> dict[str, Any]:
    first.set(up=False)
    time.sleep(for_s)
    says = {who: page.locator("#bands").inner_text().replace("\n", " ")[:80] for who, page in pages.items()}
    first.set(up=True)
    return {"says": says, "back": back(pages, time.monotonic())}


def _another_address(first: wan.Wan, second: wan.Wan, pages: dict[str, Page]) -> dict[str, Any]:
    began_s = time.monotonic()
    second.take()
    first.leave()
    time.sleep(STOPPED_S)
    return {"back": back(pages, began_s)}


@contextmanager
def visit(playwright: Playwright, directory: Path, home: Any = None, **settings: str) -> Iterator[
        tuple[wan.Wan, wan.Wan, dict[str, Page]]]:
    """A visit that runs, its patient elsewhere: their two ways, and both pages. Needs root (wan.permitted)."""
    port = free_port()
    with wan.patients_place(port, *([home] if home else [])) as (first, second, command), \
            running_house(directory, COLLOQUE_TRANSCRIPTION_WORKERS="0", COLLOQUE_PORT=str(port), COLLOQUE_HOST="0.0.0.0",
                          COLLOQUE_BASE_URL=f"http://localhost:{port}", COLLOQUE_MEDIA_ADDRESSES=wan.SERVER,
                          **settings) as house, \
            browser_speaking(playwright, *_devices(directory)) as here:
        away = playwright.chromium.launch(executable_path=command, args=[
            *chromium.ARGS, *chromium.fake_devices(15, None), "--ignore-certificate-errors",
            f"--use-file-for-fake-video-capture={directory / 'camera.y4m'}"])
        pages = {"patient": people.context(away, house, "en").new_page(), "doctor": people.context(here, house, "en").new_page()}
        for page in pages.values():
            page.add_init_script(KEEP)
            page.add_init_script(LISTEN)
            page.add_init_script(BANDS)
        in_visit(house, pages["patient"], pages["doctor"])
        time.sleep(5)
        yield first, second, pages
        away.close()


def measure(playwright: Playwright, directory: Path, names: list[str], outage_s: float) -> dict[str, Any]:
    """One visit through all of it."""
    with visit(playwright, directory) as (first, second, pages):
        found = _conditions(first, pages, names)
        if outage_s:
            found[f"nothing for {outage_s:g} s"] = _outage(first, pages, outage_s)
            time.sleep(5)
        found["another address"] = _another_address(first, second, pages)
        return found


def measure_home(playwright: Playwright, directory: Path, names: list[str], outage_s: float) -> dict[str, Any]:
    """One visit from behind a router that lets less and less through. Needs nat.permitted too."""
    relay = Relay(free_port(), free_port(), secrets.token_urlsafe(24), directory / "coturn.log", nat.RELAY, wan.SERVER)
    found: dict[str, Any] = {}
    with nat.address(nat.RELAY), \
            visit(playwright, directory / "house", nat.behind, COLLOQUE_TURN_URLS=",".join(relay.urls),
                   COLLOQUE_TURN_SECRET=relay.secret) as (first, second, pages), \
            coturn(directory, relay, *nat.certificate(directory, nat.RELAY)):
        for name in names:
            if WAYS[name] == NOT_OUT:
                direct_again(first, pages)
            time.sleep(SETTLE_S / 2)
            began_s, began_at_s = time.monotonic(), time.time()
            nat.let_through(first.namespace, WAYS[name].format(port=relay.port, tls_port=relay.tls_port))
            time.sleep(STOPPED_S)
            returned = {"back": back(pages, began_s), "told_ms": {who: told_ms(page, began_at_s) for who, page in pages.items()}}
            time.sleep(SETTLE_S + LOOK_S)
            found[name] = {who: _seen(page) for who, page in pages.items()} | returned | {"way": way(pages["patient"])}
            found[f"{name}, loss 2 %"] = _conditions(first, pages, ["loss 2 %"])["loss 2 %"]
            found[f"{name}, another address"] = _another_address(first, second, pages)
            first, second = second, first
        if outage_s:
            found[f"{names[-1]}, nothing for {outage_s:g} s"] = _outage(first, pages, outage_s)
    return found


def direct_again(first: wan.Wan, pages: dict[str, Page]) -> None:
    """The router is an ordinary one again, and the patient's page takes the way through it."""
    nat.let_through(first.namespace)
    pages["patient"].reload()
    back(pages, time.monotonic())


def way(page: Page) -> str:
    """How the page's media leaves: its own kind of address and, through TURN, how it gets there."""
    return page.evaluate(WAY)


def _devices(directory: Path) -> tuple[None, str]:
    return None, f"--use-file-for-fake-video-capture={write_camera(directory / 'camera.y4m')}"


def run(argv: list[str]) -> dict[str, Any]:
    """All conditions, or some of them."""
    parser = argparse.ArgumentParser(prog="bench network")
    parser.add_argument("--only", default="", help="names of conditions, with semicolons between")
    parser.add_argument("--outage", type=float, default=30)
    options = parser.parse_args(argv)
    names = [name for name in options.only.split(";") if name] or [*CONDITIONS, *WAYS]
    found: dict[str, Any] = {}
    for some, measured in ((CONDITIONS, measure), (WAYS, measure_home)):
        if wanted := [name for name in names if name in some]:
            with tempfile.TemporaryDirectory(prefix="bench-") as directory, sync_playwright() as playwright:
                found |= measured(playwright, Path(directory), wanted, options.outage)
    return found
