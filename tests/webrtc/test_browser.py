"""Two pages of a real Chromium, which know nothing of each other, in a call through a real media node process, driven by the product's own session.js."""

import asyncio
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from tests import chromium
from tests.firefox import firefox
from tests.webrtc.conftest import RunningNode, deafened, until
from tests.webrtc.house import House
from tests.webrtc.wire import divert, send
from webrtc.signaling import ParticipantEvent, VideoEvent

ROOT = Path(__file__).parents[2]
PICTURES_PER_S = 15
JOIN = """async ([room, participant, role]) => {
  const local = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
  const session = new CallSession(`${location.origin}/socket/${room}/${participant}/${role}`, local);
  window.session = session; window.peers = 0; window.states = []; window.remotes = []; window.seen = [];
  session.addEventListener("state", (e) => states.push([e.detail, performance.now()]));
  session.addEventListener("remote", ({ detail: { kind, participant, stream } }) => {
    if (kind === "camera") { remotes.push(participant); v.srcObject = stream; }
  });
  session.addEventListener("participant", (e) => seen.push(e.detail));
  const NativePeer = RTCPeerConnection;
  window.RTCPeerConnection = class extends NativePeer { constructor(c) { super(c); window.peer = this; peers += 1; } };
  window.joinedAt = performance.now();
  session.open();
  session.join();
}"""
DECODED_MORE = """async (before) => {
  let frames = 0;
  (await peer.getStats()).forEach((s) => { if (s.type === "inbound-rtp") frames += s.framesDecoded ?? 0; });
  return frames > before;
}"""
STATS = """async () => {
  const out = {};
  (await peer.getStats()).forEach((s) => {
    if (s.type === "inbound-rtp" && s.packetsReceived) out["in_" + s.kind] = s;
    if (s.type === "outbound-rtp" && s.packetsSent) out["out_" + s.kind] = s;
    if (s.type === "transport") out.transport = s;
  });
  return out;
}"""


@pytest.fixture(scope="module")
def browser_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Chromium with a camera and a microphone is told what to do."""
    folder = tmp_path_factory.mktemp("browser")
    devices = chromium.fake_devices(PICTURES_PER_S, voice(folder / "voice.wav"))
    with chromium.running(folder / "profile", *devices) as address:
        yield address


def voice(path: Path) -> Path:
    """A minute of a warbling tone at 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        tones = (2 * math.pi * (300 + 200 * (n // 12_000)) * n / 48_000 for n in range(48_000))
        second = b"".join(struct.pack("<h", int(9_000 * math.sin(tone))) for tone in tones)
        file.writeframes(second * 60)
    return path


class NodeProcess:
    """`webrtc.node.run` in a process of its own, as in production."""

    def __init__(self, house: House, directory: Path) -> None:
        code = ("import asyncio, pathlib, sys; from webrtc import node; control, spool = sys.argv[1:]; "
                "asyncio.run(node.run(control, pathlib.Path(spool), priority=False))")
        places = (house.control, directory / "spool")
        self._command = [sys.executable, "-c", code, *map(str, places)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, cwd=ROOT)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)


@pytest_asyncio.fixture
async def node_process(house: House, short_dir: Path) -> AsyncIterator[NodeProcess]:
    running = NodeProcess(house, short_dir)
    async with asyncio.timeout(15):
        await house.linked.wait()
    yield running
    assert running.stop() == 0  # ends cleanly on SIGTERM


@pytest_asyncio.fixture
async def pages(house: House, browser_address: str) -> AsyncIterator[tuple[Page, Page]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(browser_address)
        opened = []
        for _ in range(2):
            page = await (await browser.new_context()).new_page()
            page.on("pageerror", lambda error: pytest.fail(f"page error: {error}"))
            await page.goto(house.url)
            await page.wait_for_function("window.ready")
            opened.append(page)
        yield opened[0], opened[1]
        for page in opened:
            await page.context.close()


async def join_both(pages: tuple[Page, Page]) -> None:
    await pages[0].evaluate(JOIN, ["visit-1", "d1", "doctor"])
    await pages[1].evaluate(JOIN, ["visit-1", "p1", "patient"])
    for page in pages:
        await page.wait_for_function("window.v.videoWidth > 0", timeout=15_000)


async def expect_frames(page: Page, count: int) -> None:
    """More pictures than so many were decoded, within ten seconds: on a quiet machine it takes less than two."""
    async with asyncio.timeout(10):
        while (await page.evaluate(STATS))["in_video"]["framesDecoded"] <= count:
            await asyncio.sleep(0.2)


async def test_picture_holds_and_sound_is_continuous(
    house: House, node_process: NodeProcess, pages: tuple[Page, Page],
) -> None:
    await join_both(pages)
    await asyncio.sleep(15)
    before = [await page.evaluate(STATS) for page in pages]
    await asyncio.sleep(4)
    for page, earlier in zip(pages, before, strict=True):
        now = await page.evaluate(STATS)
        video, audio = now["in_video"], now["in_audio"]
        assert video["frameHeight"] >= 480, video["frameHeight"]
        assert video["framesDecoded"] - earlier["in_video"]["framesDecoded"] > 40
        assert audio["packetsReceived"] - earlier["in_audio"]["packetsReceived"] > 190
        assert audio["packetsLost"] == 0
        samples = audio["totalSamplesReceived"] - earlier["in_audio"]["totalSamplesReceived"]
        assert audio["concealedSamples"] - earlier["in_audio"]["concealedSamples"] < 0.02 * samples
        assert audio["totalAudioEnergy"] > earlier["in_audio"]["totalAudioEnergy"] + 0.01
        assert "GCM" in now["transport"]["srtpCipher"]
        quality = await page.evaluate("session.quality")
        assert quality["level"] == "good", json.dumps(quality)


async def test_mute_camera_off_leave_and_a_reload(
    house: House, node_process: NodeProcess, pages: tuple[Page, Page],
) -> None:
    doctor, patient = pages
    await join_both(pages)
    await patient.evaluate("session.mute('video', true)")
    await doctor.wait_for_function("seen.at(-1).video === false")
    sent = (await patient.evaluate(STATS))["out_video"]["framesEncoded"]
    await asyncio.sleep(1)
    assert (await patient.evaluate(STATS))["out_video"]["framesEncoded"] <= sent + 2
    await patient.evaluate("session.mute('video', false)")
    await doctor.wait_for_function("seen.at(-1).video === true")
    heard = (await doctor.evaluate(STATS))["in_video"]["framesDecoded"]
    await expect_frames(doctor, heard + 10)

    await patient.reload()
    await patient.wait_for_function("window.ready")
    await patient.evaluate(JOIN, ["visit-1", "p1", "patient"])
    await patient.wait_for_function("window.v.videoWidth > 0", timeout=10_000)
    heard = (await doctor.evaluate(STATS))["in_video"]["framesDecoded"]
    await expect_frames(doctor, heard + 20)
    assert await doctor.evaluate("remotes") == ["p1"]  # the same slot, the same element

    await patient.evaluate("""async () => {
        const other = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } });
        await session.switchDevice(other.getVideoTracks()[0]);
    }""")
    await doctor.wait_for_function("v.videoWidth === 320", timeout=10_000)

    await house.browsers["visit-1", "p1"].close()  # web restarts, a proxy times out
    await patient.wait_for_function("peers === 2 && peer.connectionState === 'connected'", timeout=8_000)
    heard = (await doctor.evaluate(STATS))["in_video"]["framesDecoded"]
    await doctor.wait_for_function(DECODED_MORE, arg=heard + 10, timeout=8_000)

    await patient.evaluate("session.leave()")
    await doctor.wait_for_function("session.remotes.size === 0")
    assert await patient.evaluate("session.state") == "left"


async def test_a_shared_screen_shows_beside_the_face_and_survives_a_new_connection(
    house: House, node_process: NodeProcess, pages: tuple[Page, Page],
) -> None:
    doctor, patient = pages
    await join_both(pages)
    await doctor.evaluate("""async () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
        const pen = canvas.getContext("2d");
        let n = 0;
        window.painting = setInterval(() => {
            pen.fillStyle = "rgb(250, 40, 40)"; pen.fillRect(0, 0, 800, 600);
            pen.fillStyle = "white"; pen.fillRect(n++ % 700, 10, 20, 20);
        }, 100);
        window.track = canvas.captureStream(10).getVideoTracks()[0];
        await session.share(track);
    }""")
    await patient.evaluate("""() => {
        window.screen_ = document.body.appendChild(Object.assign(document.createElement("video"), { muted: true, autoplay: true }));
        window.reds = async () => {
            const stream = session.screens.get("d1")?.stream ?? null;
            if (screen_.srcObject !== stream) screen_.srcObject = stream;
            if (!screen_.srcObject || !screen_.videoWidth) return false;
            const canvas = new OffscreenCanvas(8, 8), pen = canvas.getContext("2d");
            pen.drawImage(screen_, 0, 0, 8, 8);
            const [r, g, b] = pen.getImageData(4, 6, 1, 1).data;
            return r > 180 && g < 110 && b < 110;
        };
    }""")
    await patient.wait_for_function("() => reds()", timeout=15_000)
    assert await patient.evaluate("[v.videoWidth > 0, session.remotes.size, session.screens.size]") == [True, 1, 1]
    assert await doctor.evaluate("session.screens.size") == 0

    await house.browsers["visit-1", "d1"].close()  # a new connection of the sharer goes on sharing
    await doctor.wait_for_function("peers === 2 && peer.connectionState === 'connected'", timeout=8_000)
    shown = await patient.evaluate("screen_.getVideoPlaybackQuality().totalVideoFrames")
    await patient.wait_for_function(f"screen_.getVideoPlaybackQuality().totalVideoFrames > {shown + 10}", timeout=15_000)

    await doctor.evaluate("track.stop(); track.dispatchEvent(new Event('ended'))")  # the browser's own "stop sharing"
    await patient.wait_for_function("session.screens.size === 0")
    assert await doctor.evaluate("session.isOn('screen')") is False
    assert await patient.evaluate("session.remotes.size") == 1


async def test_firefox_and_chromium_see_and_hear_each_other(
    house: House, node_process: NodeProcess, pages: tuple[Page, Page], tmp_path: Path,
) -> None:
    async with firefox(tmp_path / "firefox") as other:
        await other.open(pages[0].url)
        await pages[0].evaluate(JOIN, ["visit-1", "d1", "doctor"])
        await other.evaluate(JOIN, ["visit-1", "p1", "patient"])
        await pages[0].wait_for_function("window.v.videoWidth > 0", timeout=20_000)
        await other.wait_for("() => window.v.videoWidth > 0")
        await asyncio.sleep(3)
        before = [await pages[0].evaluate(STATS), await other.evaluate(STATS)]
        await asyncio.sleep(4)
        now = [await pages[0].evaluate(STATS), await other.evaluate(STATS)]
        assert await other.evaluate("() => window.peers") == 1, "it joined again: Firefox has no transport in its statistics"
        for earlier, later in zip(before, now, strict=True):
            assert later["in_video"]["framesDecoded"] - earlier["in_video"]["framesDecoded"] > 20
            assert later["in_audio"]["packetsReceived"] - earlier["in_audio"]["packetsReceived"] > 150
            assert later["in_audio"]["packetsLost"] == 0


def narrow_the_way(node: RunningNode, path: pytest.MonkeyPatch, bits_per_s: float) -> None:
    """The doctor's way carries only so much from now on, behind a queue of 400 ms."""
    narrow = node.rooms._rooms["visit-1"].participants["d1"].join.transport.outgoing.row["fd"]
    loop, free_s = asyncio.get_running_loop(), 0.0

    def limited(posted: list[tuple[int, bytes]]) -> None:
        nonlocal free_s
        for fd, data in posted:
            if fd != narrow:
                send(fd, data)
            elif free_s - loop.time() < 0.4:
                free_s = max(free_s, loop.time()) + 8 * len(data) / bits_per_s
                loop.call_at(free_s, send, fd, data)

    divert(path, limited)


async def bits_per_s(page: Page) -> float:
    """What reaches this page, over two seconds."""
    before = (await page.evaluate(STATS))["transport"]
    await asyncio.sleep(2)
    now = (await page.evaluate(STATS))["transport"]
    return 8_000 * (now["bytesReceived"] - before["bytesReceived"]) / (now["timestamp"] - before["timestamp"])


async def test_speech_survives_a_narrow_way(
    house: House, node: RunningNode, pages: tuple[Page, Page], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The doctor's way shrinks to half of what comes: the patient's camera gives way, their voice stays."""
    await join_both(pages)
    await asyncio.sleep(4)
    wide = await bits_per_s(pages[0])  # how much a camera sends is the machine's affair: a busy one encodes less
    assert wide > 200_000
    narrow_the_way(node, monkeypatch, wide / 2)
    await asyncio.sleep(4)
    before = await pages[0].evaluate(STATS)
    await asyncio.sleep(6)
    now = await pages[0].evaluate(STATS)
    heard = now["in_audio"]["packetsReceived"] - before["in_audio"]["packetsReceived"]
    assert heard > 270
    assert now["in_audio"]["packetsLost"] - before["in_audio"]["packetsLost"] < 0.05 * heard
    assert now["in_video"]["framesDecoded"] - before["in_video"]["framesDecoded"] > 20
    limit = (await house.link.stats("visit-1"))[0]["receives"][0]["video"]["limit_bits_per_s"]
    assert limit < 1.5 * wide / 2 + 100_000


async def test_video_pauses_on_a_way_for_speech_alone_and_comes_back(
    house: House, node: RunningNode, pages: tuple[Page, Page], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The doctor's way shrinks to 90 kbit/s, less than speech and the least of video need: video pauses, speech goes on; it widens again, and video is back."""
    await join_both(pages)
    await asyncio.sleep(3)

    def told(paused: bool) -> list[VideoEvent]:
        return [e for e in house.events if isinstance(e, VideoEvent) and e.participant == "d1" and e.paused is paused]

    with monkeypatch.context() as path:
        narrow_the_way(node, path, 90_000)
        await until(lambda: told(True), 25)
        before = await pages[0].evaluate(STATS)
        await asyncio.sleep(3)
        now = await pages[0].evaluate(STATS)
        assert now["in_audio"]["packetsReceived"] - before["in_audio"]["packetsReceived"] > 130
        assert now["in_audio"]["packetsLost"] - before["in_audio"]["packetsLost"] < 10
    await until(lambda: told(False), 60)
    decoded = (await pages[0].evaluate(STATS))["in_video"]["framesDecoded"]
    await pages[0].wait_for_function(DECODED_MORE, arg=decoded + 20, timeout=15_000)


async def test_a_page_that_is_not_heard_though_it_hears_all_is_back_on_another_way(
    house: House, node: RunningNode, pages: tuple[Page, Page],
) -> None:
    await join_both(pages)
    patient = pages[1]
    await patient.evaluate("async () => { await session.mute('audio', true); await session.mute('video', true); }")
    await asyncio.sleep(6)  # a browser that is muted sends on: nobody takes it for gone
    assert await patient.evaluate("() => peers") == 1
    began_s = time.monotonic()
    async with deafened(node.rooms._rooms["visit-1"].participants["p1"].join.transport):
        await patient.wait_for_function("() => peers === 2 && peer.connectionState === 'connected'", timeout=10_000)
    took_s = time.monotonic() - began_s
    states = [e.state for e in house.events if isinstance(e, ParticipantEvent) and e.participant == "p1"]
    assert states == ["connected", "unheard", "connecting", "connected"], states
    assert took_s < 6
    await asyncio.sleep(3)
    assert await patient.evaluate("() => peers") == 2, "it stays there"


async def test_whose_connection_it_is(house: House, pages: tuple[Page, Page]) -> None:
    said = await pages[0].evaluate("""async () => {
      const { summarise } = await import("/static/js/call/quality.js");
      const look = (more) => ({ atMs: 0, bytesReceived: 9, packetsReceived: 100, packetsLost: 0, sentLoss: 0,
                                rttMs: 40, frameHeight: 480, ...more });
      const one = (more, stale = false, theirs = "good") => {
        const { level, side } = summarise(look({}), look({ packetsReceived: 200, ...more }), stale, theirs);
        return `${level} ${side}`;
      };
      return [one({}), one({ sentLoss: 0.2 }), one({ rttMs: 900 }), one({ packetsLost: 20 }), one({}, true),
              one({ packetsLost: 20 }, false, "weak"), one({}, false, "lost")];
    }""")
    assert said == ["good null", "weak you", "weak you", "weak you", "lost you", "weak them", "lost them"]


async def test_what_one_look_says_is_not_believed(house: House, pages: tuple[Page, Page]) -> None:
    believed = await pages[0].evaluate("""async () => {
      const { Belief, summarise } = await import("/static/js/call/quality.js");
      const look = (more) => ({ packetsReceived: 100, packetsLost: 0, sentLoss: 0, rttMs: 40, frameHeight: 480, ...more });
      const [well, own, missing] = [{}, { sentLoss: 0.2 }, { packetsLost: 20 }];
      const belief = new Belief();
      const one = (more, theirs = "good", stale = false) => {
        const { level, side } = belief.of(summarise(look({}), look({ packetsReceived: 200, ...more }), stale, theirs));
        return `${level} ${side}`;
      };
      return { once: [one(own), one(well), one(own), one(own), one(well)],
               missing: [one(missing), one(missing), one(missing), one(missing)],
               theirs: [one(missing, "weak"), one(well)], lost: [one(well, "good", true), one(well)] };
    }""")
    assert believed == {"once": ["good null", "good null", "good null", "weak you", "good null"],
                        "missing": ["good null", "good null", "good null", "weak you"],
                        "theirs": ["weak them", "good null"], "lost": ["lost you", "good null"]}


async def test_who_speaks_is_told_by_what_came_of_each(house: House, pages: tuple[Page, Page]) -> None:
    said = await pages[0].evaluate("""async () => {
      const { Speaking } = await import("/static/js/call/speaking.js");
      const speaking = new Speaking();
      const sums = {};
      // One second of each: loudness in dB of full scale.
      const hear = (seconds) => speaking.hear(new Map(Object.entries(seconds).map(([who, db]) => {
        const { energy = 0, heard_s = 0 } = sums[who] ?? {};
        return [who, (sums[who] = { energy: energy + 10 ** (db / 10), heard_s: heard_s + 1 })];
      })));
      const quiet = { doctor: -70, ilse: -70 }, both = { doctor: -30, ilse: -31 }, doctor = { doctor: -30, ilse: -65 };
      const ilse = { doctor: -60, ilse: -25 }, cough = { doctor: -30, ilse: -10 };
      const heard = [quiet, quiet, doctor, doctor, cough, doctor, ilse, ilse, quiet, both, both, both].map(hear);
      delete sums.ilse;
      return [...heard, hear({ doctor: -70 })];
    }""")
    nobody, doctor, ilse = None, "doctor", "ilse"
    assert said == [nobody, nobody, nobody, doctor, doctor, doctor, doctor, ilse, ilse, ilse, ilse, ilse, nobody]


async def test_a_refused_socket_is_not_opened_again(house: House, pages: tuple[Page, Page]) -> None:
    page = pages[0]
    await page.evaluate("""() => {
      window.log = [];
      window.session = new CallSession(`${location.origin}/socket/r/p/patient`);
      for (const name of ["socket", "refused", "state"]) session.addEventListener(name, (e) => log.push([name, e.detail]));
      session.open();
    }""")
    await page.wait_for_function("log.length === 1")
    await house.browsers["r", "p"].close(code=1008)
    await page.wait_for_function("log.some(([name]) => name === 'refused')")
    await asyncio.sleep(1)
    assert ("r", "p") not in house.browsers


async def test_the_media_process_is_killed_and_both_are_back_within_five_seconds(
    house: House, node_process: NodeProcess, pages: tuple[Page, Page],
) -> None:
    await join_both(pages)
    await asyncio.sleep(1)
    killed_s = time.monotonic()
    node_process.kill()
    node_process.start()  # the supervisor does this at once
    for page in pages:
        await page.wait_for_function("states.filter(([s]) => s === 'connected').length >= 2", timeout=8_000)
    for page in pages:
        decoded = (await page.evaluate(STATS)).get("in_video", {}).get("framesDecoded", 0)
        await page.wait_for_function(DECODED_MORE, arg=decoded, timeout=8_000)
    back_s = time.monotonic() - killed_s
    print(f"back after {back_s:.1f} s")
    assert back_s < 5
