"""Page weight: bytes over the wire of a first visit to each patient page, everything it loads included.

Text is counted as gzip sends it (what the proxy does), fonts as they are. The pages are rendered from the
samples of the guards, so the figures hold without a running installation; `plain` counts text uncompressed.
"""

import gzip
import re
from pathlib import Path
from typing import Any

from app.web.rendering import environment
from tests.guards.pages import PAGES, base_context

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "static"
LIMIT_BYTES = 100_000
IMPORT = re.compile(r"""(?:import|from)\s*\(?["'](\.[^"']+)["']""")


def run(argv: list[str]) -> dict[str, Any]:
    """Weigh every patient page in both languages; `argv` may name templates, such as patient/call.html."""
    env = environment()
    weights: dict[str, dict[str, Any]] = {}
    for page in PAGES:
        if page.template in argv or (not argv and page.template.startswith("patient/")):
            for lang in ("fr", "en"):
                html = env.get_template(page.template).render(base_context(lang, page) | page.context(lang))
                weights[f"{page.name}.{lang}"] = weigh(html)
    heaviest = max(weights, key=lambda name: weights[name]["wire_bytes"])
    return {"limit_bytes": LIMIT_BYTES, "heaviest": heaviest, "heaviest_bytes": weights[heaviest]["wire_bytes"],
            "pages": weights}


def weigh(html: str) -> dict[str, Any]:
    """One page and what it loads: sheets, the face its letters need, icons, modules and what they import."""
    paths = {STATIC / found for found in re.findall(r'(?:href|src)="/static/preview/([^"#]+)', html)}
    paths = {path for path in paths if path.exists()}
    for module in [path for path in paths if path.suffix == ".js"]:
        paths |= imported(module)
    if re.search(r"[\u0100-\u0130\u0132-\u0151\u0154-\u024f]", html):
        paths.add(STATIC / "fonts" / "hyperlegible-latin-ext.woff2")
    if "css/note.css" in html:
        paths.add(STATIC / "fonts" / "serif-latin.woff2")
    files = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in sorted(paths)}
    parts = {name: sent(body, name) for name, body in (files | {"html": html.encode()}).items()}
    plain = len(html.encode()) + sum(map(len, files.values()))
    return {"wire_bytes": sum(parts.values()), "plain_bytes": plain, "requests": len(files) + 1, "parts": parts}


def sent(body: bytes, name: str) -> int:
    """Bytes of one file as the proxy sends it: faces are compressed already."""
    return len(body) if name.endswith(".woff2") else len(gzip.compress(body, 6))


def imported(module: Path, known: frozenset[Path] = frozenset()) -> set[Path]:
    """Every module that this one loads, and what those load."""
    found: set[Path] = set()
    for address in IMPORT.findall(module.read_text()):
        path = (module.parent / address).resolve()
        if path.exists() and path not in known | found:
            found |= {path} | imported(path, frozenset(known | found | {path}))
    return found
