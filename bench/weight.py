"""Page weight: bytes over the wire, headers included, of a first visit to each patient page and all it loads.

    python -m bench weight [template …] [--caddy] [--json]

Every page in every state comes from the samples of the guards and is sent by the real middleware and the real
static files over a socket; with --caddy through Caddy and the repository's Caddyfile. `plain` counts text
uncompressed.
"""

import argparse
import asyncio
import contextlib
import gzip
import re
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from app.settings import Settings
from app.web import assets, keys, middleware
from app.web.rendering import ROOT, environment
from tests.caddy import caddy
from tests.guards.pages import PAGES, base_context

LIMIT_BYTES = 100_000
LANGUAGES = ("fr", "en")
SAMPLES = web.AppKey("samples", dict[str, str])
IMPORT = re.compile(r"""(?:import|from)\s*\(?["'](\.[^"']+)["']""")
LINK = re.compile(r'(?:href|src)="(/static/[^"#]+)')
LATIN_EXTENDED = re.compile(r"[\u0100-\u0130\u0132-\u0151\u0154-\u024f]")
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One answer: what came over the wire, and the text it stands for."""

    wire_bytes: int
    text: bytes


def run(argv: list[str]) -> dict[str, Any]:
    """Weigh every patient page in both languages; `argv` may name templates, such as patient/call.html."""
    parser = argparse.ArgumentParser(prog="bench weight", description=__doc__.splitlines()[0])
    parser.add_argument("templates", nargs="*")
    parser.add_argument("--caddy", action="store_true")
    asked = parser.parse_args(argv)
    return asyncio.run(weigh_samples(asked.templates, through_caddy=asked.caddy))


async def weigh_samples(templates: list[str], *, through_caddy: bool) -> dict[str, Any]:
    """The sample pages, straight from a server or through Caddy."""
    weights = {}
    async with served(samples(templates), through_caddy) as (session, base):
        for address in samples(templates):
            weights[address] = await first_visit(session, base / address)
    heaviest = max(weights, key=lambda name: weights[name]["wire_bytes"])
    return {"limit_bytes": LIMIT_BYTES, "through": "caddy" if through_caddy else "web", "heaviest": heaviest,
            "heaviest_bytes": weights[heaviest]["wire_bytes"], "pages": weights}


def samples(templates: list[str]) -> dict[str, str]:
    """The pages by address, such as waiting.fr, rendered."""
    env = environment()
    wanted = [p for p in PAGES if p.template in templates or (not templates and p.template.startswith(("patient/", "public/")))]
    return {f"{page.name}.{lang}": env.get_template(page.template).render(base_context(lang, page) | page.context(lang))
            for page in wanted for lang in LANGUAGES}


@contextlib.asynccontextmanager
async def served(pages: dict[str, str], through_caddy: bool) -> AsyncIterator[tuple[ClientSession, URL]]:
    """A server of these pages with our middleware and static files; a session to ask it, and its address."""
    app = web.Application(middlewares=[middleware.harden])
    app[keys.SETTINGS] = Settings(_env_file=None)
    assets.add(app, "preview", assets.load(ROOT / "static"))
    app[SAMPLES] = pages
    app.router.add_get("/{page}", _page)
    async with TestServer(app) as server:
        if not through_caddy:
            async with browser() as session:
                yield session, server.make_url("/")
            return
        with tempfile.TemporaryDirectory() as folder:
            port = unused_port()
            with caddy(Path(folder), port, f"127.0.0.1:{server.port}") as root:
                async with browser(ssl.create_default_context(cafile=str(root))) as session:
                    yield session, URL(f"https://localhost:{port}/")


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=request.app[SAMPLES][request.match_info["page"]], content_type="text/html")


def browser(trust: ssl.SSLContext | bool = True, cookie_jar: Any = None) -> ClientSession:
    """A session that leaves bodies as they came."""
    return ClientSession(connector=TCPConnector(ssl=trust), auto_decompress=False, headers=BROWSER,
                         cookie_jar=cookie_jar or DummyCookieJar())


async def first_visit(session: ClientSession, page: URL) -> dict[str, Any]:
    """A page and what it loads: sheets, the faces its letters need, icons, modules and what they import."""
    html = await fetch(session, page)
    text = html.text.decode()
    seen: dict[str, Sent] = {}
    todo = LINK.findall(text) + _faces(text)
    while todo:
        address = todo.pop()
        if address not in seen:
            seen[address] = await fetch(session, page.join(URL(address)))
            if address.endswith(".js"):
                todo += [page.join(URL(address)).join(URL(found)).path
                         for found in IMPORT.findall(seen[address].text.decode())]
    parts = {address.split("/", 3)[3]: sent.wire_bytes for address, sent in sorted(seen.items())}
    return {"wire_bytes": html.wire_bytes + sum(parts.values()), "requests": len(seen) + 1,
            "plain_bytes": len(html.text) + sum(len(sent.text) for sent in seen.values()),
            "parts": {"html": html.wire_bytes} | parts}


async def fetch(session: ClientSession, address: URL) -> Sent:
    """One answer. Raises AssertionError for anything but a page that is there, in a form we can read."""
    async with session.get(address, allow_redirects=False) as answer:
        body = await answer.read()
    assert answer.status == 200, f"{address}: {answer.status}"
    encoding = answer.headers.get("Content-Encoding", "")
    assert encoding in ("", "gzip"), f"{address}: {encoding}"
    head = sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
    return Sent(len(body) + head, gzip.decompress(body) if encoding else body)


def _faces(html: str) -> list[str]:
    # The first face is preloaded by every page; the others are fetched when a letter needs them.
    folder = re.search(r'(/static/[^/"]+/fonts/)', html)
    extended = ["hyperlegible-latin-ext.woff2"] if LATIN_EXTENDED.search(html) else []
    serif = ["serif-latin.woff2"] if "css/note.css" in html else []
    return [folder.group(1) + face for face in extended + serif] if folder else []
