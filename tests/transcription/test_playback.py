"""What SpoolWriter sealed, opened and decoded by a real browser."""

import base64
import json
from pathlib import Path

import pytest
from aiohttp import web

from tests.transcription.support import Tap, packets
from transcription import spool
from transcription.sealing import new_visit_key, stream_key

MODULE = Path(__file__).parent.parent.parent / "static" / "js" / "call" / "sealed-audio.js"

DECODE = """async (sealed) => {
  const { openSealedAudio } = await import("/sealed-audio.js");
  try {
    const blob = await openSealedAudio(sealed);
    const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(await blob.arrayBuffer());
    const samples = sound.getChannelData(0);
    const loudness = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    const audio = new Audio(URL.createObjectURL(blob));
    await new Promise((done, fail) => { audio.oncanplaythrough = done; audio.onerror = fail; });
    return { seconds: sound.duration, loudness, playable: audio.duration };
  } catch (error) {
    return { refused: error.name };
  }
}"""


async def empty(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>t</title>", content_type="text/html")


async def module(_: web.Request) -> web.Response:
    return web.Response(body=MODULE.read_bytes(), content_type="text/javascript")


@pytest.fixture
async def browser_page(open_page):
    app = web.Application()
    app.router.add_get("/", empty)
    app.router.add_get("/sealed-audio.js", module)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    page = await open_page(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await page.goto("/")
    yield page
    await runner.cleanup()


def sealed_range(tap: Tap, key: bytes, from_s: float, to_s: float) -> dict:
    frames = spool.frames_between(
        tap.writer.path, tap.started_at_ms + int(1_000 * from_s), tap.started_at_ms + int(1_000 * to_s))
    return {
        "key": base64.b64encode(stream_key(key, "s1")).decode(),
        "header": json.loads(spool.read_header(tap.writer.path).line()),
        "frames": [base64.b64encode(frame).decode() for frame in frames],
    }


async def test_a_browser_plays_a_range_and_refuses_what_was_changed(tmp_path, browser_page):
    key = new_visit_key()
    tap = Tap(tmp_path, key, "fr")
    tap.say(packets("fr-patient"))
    tap.writer.close("closed")

    sealed = sealed_range(tap, key, 5.8, 12.9)
    heard = await browser_page.evaluate(DECODE, sealed)
    assert heard["seconds"] == pytest.approx(7.1, abs=0.05)
    assert heard["playable"] == pytest.approx(7.1, abs=0.1)
    assert heard["loudness"] > 0.01, "silence would be the wrong range or a broken packet"
    quiet = await browser_page.evaluate(DECODE, sealed_range(tap, key, 13.6, 15.0))
    assert quiet["loudness"] < heard["loudness"] / 10, "nobody speaks there"

    altered = bytearray(base64.b64decode(sealed["frames"][10]))
    altered[30] ^= 1
    for change in (
        {"frames": [*sealed["frames"][:10], base64.b64encode(altered).decode()]},
        {"header": {**sealed["header"], "role": "doctor"}},
        {"key": base64.b64encode(stream_key(new_visit_key(), "s1")).decode()},
    ):
        assert await browser_page.evaluate(DECODE, {**sealed, **change}) == {"refused": "OperationError"}
    for change in ({"frames": sealed["frames"][::-1]}, {"frames": sealed["frames"][:1] * 2}, {"frames": []}):
        assert await browser_page.evaluate(DECODE, {**sealed, **change}) == {"refused": "RangeError"}
