"""Recovery: how long browsers are without picture and sound when a media node is killed with -9, or a page is reloaded.

A whole installation (`colloque serve`) and two real Chromium, timed inside the pages. "one node" kills the process that
carries the call, with another running beside it as `serve` starts them; "every node" kills all, so that one must start.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.trips import people, recovery
from tests.trips.conftest import House, browser_speaking, running_house

SETTLE_S = 11.0  # a child that lived so long is started again without a longer pause


def in_visit(house: House, patient: Page, doctor: Page) -> None:
    """Both in the call of the seeded visit, timed from inside the pages."""
    recovery.begin(house, patient, doctor)
    for page in (patient, doctor):
        page.wait_for_function("() => window.peers.some((p) => p.pictureMs !== null)")


def _broken(kill: Callable[[], None], pages: tuple[Page, ...], times: int) -> dict[str, dict[str, float]]:
    seen = []
    for _ in range(times):
        time.sleep(SETTLE_S)
        recovery.mark(*pages)
        kill()
        seen += [recovery.times_back(page) for page in pages]
    return _spread(seen)


def _spread(seen: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {what: {"p50": round(statistics.median(t[what] for t in seen)), "max": round(max(t[what] for t in seen))}
            for what in ("noticed_ms", "connected_ms", "picture_ms")}


def _reloaded(pages: tuple[Page, ...], times: int) -> dict[str, dict[str, float]]:
    seen = []
    for page in pages * times:
        page.reload()
        recovery.mark(page, from_ms=0, from_peer=0)  # a page's clock begins with its navigation
        seen.append(recovery.times_back(page))
    return _spread(seen)


def run(argv: list[str]) -> dict[str, object]:
    """Kill and time, over and over, in one visit."""
    parser = argparse.ArgumentParser(prog="bench recovery")
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args(argv).times
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, sync_playwright() as playwright, \
            running_house(Path(directory), COLLOQUE_TRANSCRIPTION_WORKERS="0") as house, \
            browser_speaking(playwright, None) as one, browser_speaking(playwright, None) as other:
        pages = (people.context(one, house, "en").new_page(), people.context(other, house, "en").new_page())
        in_visit(house, *pages)
        return {"times": times, "reload": _reloaded(pages, times),
                "one_node": _broken(house.kill_busiest_node, pages, times),
                "every_node": _broken(lambda: house.kill("media"), pages, times)}
