"""Static files, from memory: read and compressed once at the start, named by their release, cached for ever.

Only what lies under static/ when the process starts can be asked for, so no address leads anywhere else.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

from app.errors import NotFound

IMMUTABLE = "public, max-age=31536000, immutable"
COMPRESSED_ALREADY = (".woff2", ".png")
WORTH_BYTES = 1000  # a shorter text fits into one packet as it is


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent; `packed` is its gzip form, None where that saves nothing."""

    plain: bytes
    packed: bytes | None
    content_type: str
    etag: str


@cache
def load(folder: Path) -> dict[str, Asset]:
    """Every file under a folder, by its path inside."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): _asset(path.name, path.read_bytes()) for path in files}


def add(app: web.Application, release: str, files: dict[str, Asset]) -> None:
    """Serve the files at /static/<release>/."""

    async def send(request: web.Request) -> web.Response:
        asset = files.get(request.match_info["path"])
        if asset is None:
            raise NotFound
        return _response(request, asset)

    app.router.add_get(f"/static/{release}/{{path:.+}}", send)


def compress(request: web.Request, response: web.StreamResponse) -> None:
    """Send a page compressed to a browser that takes it.

    Only answers to GET: what is shown once after a POST (keys, passwords, codes) never shares a compressed
    stream with anything else, and CSRF tokens are masked anew in each answer, so that lengths tell nothing
    (the BREACH attack).
    """
    kinds = ("text/", "application/json")
    if (not isinstance(response, web.Response) or request.method != "GET" or "ETag" in response.headers
            or not response.content_type.startswith(kinds)):
        return
    response.headers.setdefault("Vary", "Accept-Encoding")
    if takes_gzip(request) and isinstance(response.body, bytes) and len(response.body) >= WORTH_BYTES:
        response.enable_compression(web.ContentCoding.gzip)


def takes_gzip(request: web.Request) -> bool:
    """Whether Accept-Encoding lists gzip without a weight of zero (RFC 9110, 12.5.3)."""
    offers = (offer.replace(" ", "").lower() for offer in request.headers.get("Accept-Encoding", "").split(","))
    return any(name == "gzip" and not (weight.startswith("q=0") and not weight.strip("q=0."))
               for name, _, weight in (offer.partition(";") for offer in offers))


def _asset(name: str, plain: bytes) -> Asset:
    packed = None if name.endswith(COMPRESSED_ALREADY) else gzip.compress(plain, 9, mtime=0)
    kind = "font/woff2" if name.endswith(".woff2") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    smaller = packed if packed and len(packed) < len(plain) else None
    return Asset(plain, smaller, kind, hashlib.sha256(plain).hexdigest()[:16])


def _response(request: web.Request, asset: Asset) -> web.Response:
    packed = asset.packed if takes_gzip(request) else None
    etag = f"{asset.etag}-gz" if packed else asset.etag  # each form is a representation of its own
    headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{etag}"'}
    if asset.packed:
        headers["Vary"] = "Accept-Encoding"
    if request.if_none_match and any(tag.value in (etag, "*") for tag in request.if_none_match):
        return web.Response(status=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    charset = "utf-8" if asset.content_type.startswith("text/") else None
    return web.Response(body=packed or asset.plain, headers=headers, content_type=asset.content_type, charset=charset)
