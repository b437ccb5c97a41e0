"""Four in a call, and a screen beside them: whether ten minutes of it drift, grow or lose anybody.

A whole installation and four real Chromium: doctor, patient, and an interpreter and a relative whom the doctor lets in by
link; the doctor shows a screen. Each half minute: what each sees and hears, how far picture and sound are apart, how long
both wait in the browser's buffers, and what the node and web hold. A page's own stream is a *slot* of the room: 0, 1 or 2.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, Playwright, sync_playwright

from bench.call import KEEP
from bench.recovery import in_visit
from tests.trips import people
from tests.trips.conftest import House, browser_speaking, running_house

LOOK_S = 30.0
SETTLE_S = 10.0  # until everybody sees everybody as well as they will
WARM_S = 90.0  # what grows until then is memory that is touched for the first time
PICTURES_PER_S = 10
OWN_LINES, LINES = 3, ("sound", "face", "screen")  # of an offer: see webrtc.participant
SHOWN_TO = {"doctor": 3, "patient": 4, "interpreter": 4, "relative": 4}  # pictures: three faces, and the screen
# Five times a second, of all that comes: line, then the columns of Row.
LISTEN = """(() => {
  window.rows = [];
  window.joins = 0;
  let known = null;
  setInterval(async () => {
    if (!window.live) return;
    if (window.live !== known) [known, window.rows, window.joins] = [window.live, [], window.joins + 1];
    const now = performance.now();
    (await window.live.getStats()).forEach((s) => {
      if (s.type !== "inbound-rtp" || !(s.totalSamplesReceived || s.framesDecoded)) return;
      window.rows.push([Number(s.mid), now, s.totalSamplesReceived ?? 0, s.concealedSamples ?? 0, s.framesDecoded ?? 0,
                        s.frameHeight ?? 0, s.jitterBufferDelay ?? 0, s.jitterBufferEmittedCount ?? 0,
                        s.estimatedPlayoutTimestamp ?? null, s.totalFreezesDuration ?? 0]);
    });
  }, 200);
})()"""
TAKE = "() => { const taken = window.rows; window.rows = []; return taken; }"
SAMPLES_PER_MS = 48


class Row(NamedTuple):
    """A stream at one moment. sounding: when the sender's clock says that it played what is now heard or shown."""

    at_ms: float
    samples: int
    made_up: int
    pictures: int
    height: int
    waited_s: float
    waited_for: int
    sounding: float | None
    frozen_s: float


Streams = dict[tuple[int, str], list[Row]]  # by slot and what it is


def _taken(page: Page) -> Streams:
    streams: Streams = {}
    for line, *values in page.evaluate(TAKE):
        slot, kind = divmod(int(line) - OWN_LINES, len(LINES))
        streams.setdefault((slot, LINES[kind]), []).append(Row(*values))
    return {place: streams[place] for place in sorted(streams)}


def _gap_ms(rows: list[Row]) -> int:
    """The longest time in which less than a tenth of the sound was real."""
    worst, since = 0.0, rows[0].at_ms
    for before, now in itertools.pairwise(rows):
        real = now.samples - now.made_up - before.samples + before.made_up
        if real > 0.1 * SAMPLES_PER_MS * (now.at_ms - before.at_ms):
            worst, since = max(worst, before.at_ms - since), now.at_ms
    return round(max(worst, rows[-1].at_ms - since))


def _waiting_ms(rows: list[Row]) -> float | None:
    """How long each sample or picture waited, on average."""
    count = rows[-1].waited_for - rows[0].waited_for
    return round(1_000 * (rows[-1].waited_s - rows[0].waited_s) / count, 1) if count > 0 else None


def _apart_ms(sound: list[Row], face: list[Row]) -> float | None:
    """How much later the picture is than the sound that belongs to it; the median of what came at the same moments."""
    heard = {row.at_ms: row.sounding for row in sound if row.sounding}
    apart = [heard[row.at_ms] - row.sounding for row in face if row.sounding and heard.get(row.at_ms)]
    return round(statistics.median(apart), 1) if apart else None


def _looked(streams: Streams) -> dict[str, Any]:
    """One page's half minute."""
    found: dict[str, Any] = {"moving": 0, "sounds": 0, "slots": {}}
    for (slot, kind), rows in streams.items():
        first, last = rows[0], rows[-1]
        seen = found["slots"].setdefault(slot, {})
        if kind == "sound":
            samples = last.samples - first.samples
            seen |= {"made_up": round((last.made_up - first.made_up) / max(1, samples), 4), "gap_ms": _gap_ms(rows),
                     "sound_waits_ms": _waiting_ms(rows)}
            found["sounds"] += samples > 0
            continue
        pictures = last.pictures - first.pictures
        found["moving"] += pictures > 0
        seen[kind] = {"pictures": pictures, "height": last.height, "waits_ms": _waiting_ms(rows),
                      "frozen_s": round(last.frozen_s - first.frozen_s, 1)}
        if kind == "face" and (sound := streams.get((slot, "sound"))):
            seen["apart_ms"] = _apart_ms(sound, rows)
    return found


def _held(house: House) -> dict[str, Any]:
    """Memory and files: of the node with the most open (the call's), and of web."""
    files = {pid: sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in house.children("media")}
    node, web = max(files, key=lambda pid: files[pid]), house.children("web")[0]
    return {"node_mb": _resident_mb(node), "node_files": files[node], "web_mb": _resident_mb(web),
            "load": round(os.getloadavg()[0], 1)}


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _let_in(doctor: Page, guest: Page, link: str, relation: str) -> None:
    """A guest knocks; the doctor opens."""
    guest.goto(link)
    guest.locator("[name=name]").fill(relation.title())
    guest.locator("[name=relation]").select_option(relation)
    guest.locator("main form button").click()
    guest.wait_for_url("**/guest/call")
    doctor.locator("#knocks button.primary, #knocks button").first.click()
    guest.wait_for_function("() => document.body.dataset.call === 'connected'")


def _link(doctor: Page) -> str:
    doctor.locator("#tool-guests").click()
    doctor.locator("#make-link button").click()
    link = doctor.locator("#guest-link")
    link.wait_for()
    doctor.wait_for_function("() => document.querySelector('#guest-link').value")
    doctor.locator("#guests [data-close]").click()
    return link.input_value()


@contextmanager
def crowd(playwright: Playwright, directory: Path) -> Iterator[tuple[House, dict[str, Page]]]:
    """The house and the four pages, once all are in the call and the doctor shows a screen."""
    with ExitStack() as stack:
        house = stack.enter_context(running_house(directory, COLLOQUE_TRANSCRIPTION_WORKERS="0"))
        pages: dict[str, Page] = {}
        for who in SHOWN_TO:
            camera = f"--use-fake-device-for-media-stream=fps={PICTURES_PER_S}"
            browser = stack.enter_context(browser_speaking(playwright, None, camera))
            pages[who] = people.context(browser, house, "en").new_page()
            for script in (KEEP, LISTEN):
                pages[who].add_init_script(script)
        doctor = pages["doctor"]
        in_visit(house, pages["patient"], doctor)
        link = _link(doctor)
        for relation in ("interpreter", "relative"):
            _let_in(doctor, pages[relation], link, relation)
        doctor.locator("#tool-screen").click()
        yield house, pages


def measure(playwright: Playwright, directory: Path, seconds: float) -> dict[str, Any]:
    """All of it, for so long."""
    looks: list[dict[str, Any]] = []
    with crowd(playwright, directory) as (house, pages):
        time.sleep(SETTLE_S)
        for page in pages.values():
            page.evaluate(TAKE)
        began_s = time.monotonic()
        while (at_s := time.monotonic() - began_s) < seconds:
            time.sleep(min(LOOK_S, seconds - at_s))
            seen = {who: _looked(_taken(page)) for who, page in pages.items()}
            looks.append({"at_s": round(time.monotonic() - began_s), **_held(house), "peers": seen})
        joins = {who: page.evaluate("window.joins") for who, page in pages.items()}
    return _summed_up(looks) | {"joins": joins, "seconds": seconds, "looks": looks}


def _summed_up(looks: list[dict[str, Any]]) -> dict[str, Any]:
    """What the whole came to: between what was settled and the end."""
    warm = next((look for look in looks if look["at_s"] >= WARM_S), looks[0])
    slots = [slot for look in looks for peer in look["peers"].values() for slot in peer["slots"].values()]
    return {
        "drift_ms": _most(_changes(looks, lambda slot: slot.get("apart_ms"))),
        "sound_waits_grew_ms": _most(_changes(looks, lambda slot: slot.get("sound_waits_ms"))),
        "picture_waits_grew_ms": _most(_changes(looks, lambda slot: slot.get("face", {}).get("waits_ms"))),
        "node_grew_mb": round(looks[-1]["node_mb"] - warm["node_mb"], 1),
        "node_files_grew": looks[-1]["node_files"] - warm["node_files"],
        "web_grew_mb": round(looks[-1]["web_mb"] - warm["web_mb"], 1),
        "worst_gap_ms": max(slot.get("gap_ms", 0) for slot in slots),
        "made_up": round(statistics.mean(slot.get("made_up", 1.0) for slot in slots), 4),
        "load": [min(look["load"] for look in looks), max(look["load"] for look in looks)],
        "stopped": [f"{who} saw {peer['moving']} of {SHOWN_TO[who]}, heard {peer['sounds']} of 3 at {look['at_s']} s"
                    for look in looks for who, peer in look["peers"].items()
                    if peer["moving"] < SHOWN_TO[who] or peer["sounds"] < 3],
    }


def _changes(looks: list[dict[str, Any]], of: Any) -> list[float]:
    """Of each stream, from its first third to its last: the medians' difference."""
    series: dict[tuple[str, int], list[float]] = {}
    for look in looks:
        for who, peer in look["peers"].items():
            for slot, seen in peer["slots"].items():
                if (value := of(seen)) is not None:
                    series.setdefault((who, slot), []).append(value)
    thirds = [(values[: max(1, len(values) // 3)], values[-max(1, len(values) // 3) :]) for values in series.values()]
    return [statistics.median(late) - statistics.median(early) for early, late in thirds]


def _most(changes: list[float]) -> float | None:
    """The one that is farthest from none."""
    return round(sorted(changes, key=abs)[-1], 1) if changes else None


def run(argv: list[str]) -> dict[str, Any]:
    """One call."""
    parser = argparse.ArgumentParser(prog="bench crowd")
    parser.add_argument("--seconds", type=float, default=600)
    seconds = parser.parse_args(argv).seconds
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, sync_playwright() as playwright:
        return measure(playwright, Path(directory), seconds)
