"""Pictures of every page, to look at: two widths, light and dark, French and English, with axe's findings.

    .venv/bin/python scripts/preview.py [name …] [--lang fr] [--width 390] [--scheme dark]     # into shots/
"""

import argparse
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Thread

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.web.rendering import environment  # noqa: E402
from tests.guards.pages import PAGES, base_context  # noqa: E402

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = ROOT / "shots"


class Files(SimpleHTTPRequestHandler):
    """Serves static/ as the web does, whatever the release in the address, and the rendered pages."""

    def translate_path(self, path: str) -> str:
        """/static/<release>/css/base.css -> static/css/base.css; /page.html -> shots/page.html."""
        parts = path.split("?")[0].split("#")[0].strip("/").split("/")
        return str(ROOT / "static" / Path(*parts[2:]) if parts[0] == "static" else SHOTS / parts[0])

    def log_message(self, *_: object) -> None:
        """Quiet."""


def shoot(browser: Browser, base: str, name: str, lang: str, width: int, scheme: str) -> list[str]:
    """One picture; returns axe's violations in one line each."""
    height = 844 if width < 800 else 900
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{base}/{name}.{lang}.html")
    page.wait_for_timeout(120)
    page.screenshot(path=SHOTS / f"{name}.{lang}.{width}.{scheme}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    faults = [f"{v['id']}: {node['target']} {node['failureSummary'][:160]!r}" for v in found for node in v["nodes"]]
    page.close()
    return faults + ([f"scrolls sideways by {wide} px"] if wide > 0 else [])


def main() -> None:
    """Render, photograph, report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*")
    options.add_argument("--lang", nargs="*", default=["fr", "en"])
    options.add_argument("--width", nargs="*", type=int, default=[390, 1280])
    options.add_argument("--scheme", nargs="*", default=["light", "dark"])
    wanted = options.parse_args()
    SHOTS.mkdir(exist_ok=True)
    env = environment()
    pages = [p for p in PAGES if not wanted.names or p.name in wanted.names]
    for page, lang in product(pages, wanted.lang):
        html = env.get_template(page.template).render(base_context(lang, page) | page.context(lang))
        (SHOTS / f"{page.name}.{lang}.html").write_text(html)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(ROOT)))
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for page, lang, width, scheme in product(pages, wanted.lang, wanted.width, wanted.scheme):
            for fault in shoot(browser, f"http://127.0.0.1:{server.server_port}", page.name, lang, width, scheme):
                print(f"{page.name}.{lang}.{width}.{scheme}: {fault}")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
