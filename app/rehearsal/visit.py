"""The rehearsed visit, step by step, through pages, sockets and media."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyotp

from app.db import Database
from app.record import compositions, transcripts
from app.record.tables import NoteContent
from app.record.transcripts import Line
from app.rehearsal import cast, report
from app.rehearsal.browser import Browser, Page, RehearsalFailed
from app.rehearsal.cast import ACTOR, Cast
from webrtc.synthetic import SyntheticParticipant

T = TypeVar("T")


CODE_WITHIN_S = 20.0
MEDIA_WITHIN_S = 20.0
TAP_WITHIN_S = 10.0     # the transcript must say that it listens before anybody speaks
LAST_CAPTIONS_S = 6.0   # silence after the last word, so that the last caption is measured live
DRAFT_WITHIN_S = 60.0
COMPLETE_WITHIN_S = 300.0  # a full machine writes down late, but all of it
SETTLED_S = 3.0            # a draft that is made again comes sooner than this, or after a tenth of its age
POLL_S = 0.1


class Relays(NamedTuple):
    """The TURN URL that each one's media must take."""

    doctor: str
    patient: str


@dataclass
class Seat:
    """One participant in the call and what their socket heard."""

    browser: Browser
    relay: str | None = None
    synthetic: SyntheticParticipant = field(default_factory=SyntheticParticipant)
    latencies_ms: list[float] = field(default_factory=list)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    refused: str = ""

    def hear(self, message: dict[str, Any]) -> None:
        """Note captions with the time they took, and refusals."""
        kind = message.get("type")
        if kind == "caption" and message.get("kind") == "speech":
            self.latencies_ms.append(time.time_ns() / 1e6 - message["end_at_ms"])
        elif kind == "caption" and message.get("kind") == "transcription_started":
            self.listening.set()
        elif kind == "error":
            self.refused = str(message.get("message", message.get("code")))
        elif kind == "offer" and self.relay and all(self.relay not in s["urls"] for s in message["ice_servers"]):
            self.refused = f"browsers are not told of the relay {self.relay} (COLLOQUE_TURN_URLS of the running server)"


async def rehearse(db: Database, base_url: str, *, patient_wav: Path | None, doctor_wav: Path | None,
                   language: str, seconds: float | None, relays: Relays | None = None) -> dict[str, Any]:
    """Hold the visit and report on it (see docs/performance.md). Raises RehearsalFailed.

    With `relays`, all media of each takes that relay (docs/turn.md).
    """
    play = await db.write(ACTOR, cast.prepare, language)
    try:
        async with Browser(base_url, language) as doctor, Browser(base_url, language) as patient:
            await _doctor_enters(doctor, play)
            await _patient_enters(db, patient, play)
            doctor_page = await doctor.get(f"/visits/{play.visit_id}")
            async with _speech(patient_wav, language, "patient") as patient_file, \
                    _speech(doctor_wav, language, "doctor") as doctor_file:
                files_ = (doctor_file, patient_file)
                seats = Seat(doctor, relays and relays.doctor), Seat(patient, relays and relays.patient)
                held = await _call(db, play, *seats, doctor_page, files_, seconds)
                return held | {"relays": relays._asdict()} if relays else held
    finally:
        await db.write(ACTOR, cast.dismiss, play)


@asynccontextmanager
async def _speech(given: Path | None, language: str, role: str) -> AsyncIterator[Path]:
    if given is not None:
        yield given
        return
    with as_file(files("app.rehearsal") / "speech" / f"{language}-{role}.opus") as shipped:
        yield shipped


async def _doctor_enters(browser: Browser, play: Cast) -> None:
    page = await browser.get("/sign-in")
    page = await browser.submit(page, email=play.email, password=play.password)
    await browser.submit(page, code=pyotp.TOTP(play.totp_secret).now())


async def _patient_enters(db: Database, browser: Browser, play: Cast) -> None:
    page = await browser.get(play.link_path)
    page = await browser.submit(page)

    async def code() -> str | None:
        return await db.read(ACTOR, cast.newest_code, play)

    found = await _until(code, CODE_WITHIN_S, "No code was sent to the patient")
    page = await browser.submit(page, code=found)
    page = await browser.get("/visit/consent")
    await browser.submit(page, visit="yes", transcription="yes")


async def _call(db: Database, play: Cast, doctor: Seat, patient: Seat, doctor_page: Page,
                spoken: tuple[Path, Path], seconds: float | None) -> dict[str, Any]:
    async with asyncio.TaskGroup() as calls:
        patient_socket = await patient.browser.socket("/visit/socket")
        doctor_socket = await doctor.browser.socket(f"/visits/{play.visit_id}/socket")
        await doctor.browser.submit(doctor_page, to="/admission")
        for seat, socket in ((doctor, doctor_socket), (patient, patient_socket)):
            seat.synthetic = SyntheticParticipant(on_message=seat.hear, relay=seat.relay)
            calls.create_task(seat.synthetic.attend(socket))
        await _connected(doctor, patient)
        began_ms = time.time_ns() / 1e6
        await asyncio.gather(doctor.synthetic.speak(spoken[0], seconds), patient.synthetic.speak(spoken[1], seconds))
        await asyncio.sleep(LAST_CAPTIONS_S)
        stats = [await seat.synthetic.stats() for seat in (doctor, patient)]
        page = await doctor.browser.get(f"/visits/{play.visit_id}")
        ended_s = time.monotonic()
        await doctor.browser.submit(page, to="/end")
        await _drafted(doctor.browser, play.visit_id)
        draft_ms = (time.monotonic() - ended_s) * 1000
        complete = await _completed(doctor.browser, play.visit_id, ended_s)
        for seat, socket in ((doctor, doctor_socket), (patient, patient_socket)):
            await socket.close()
            await seat.synthetic.close()
    measured = await _report(db, play, stats, began_ms, draft_ms, doctor.latencies_ms)
    return measured | {"complete": complete}


async def _connected(doctor: Seat, patient: Seat) -> None:
    async def settled() -> bool:
        for seat in (doctor, patient):
            if seat.refused:
                raise RehearsalFailed(f"The call was refused: {seat.refused}")
        return all(s.synthetic.connected.is_set() and s.synthetic.hearing.is_set() for s in (doctor, patient))

    await _until(settled, MEDIA_WITHIN_S, "Media did not flow both ways")
    try:
        await asyncio.wait_for(doctor.listening.wait(), TAP_WITHIN_S)
    except TimeoutError:
        raise RehearsalFailed("Consent was given, but the transcription did not start") from None


async def _drafted(browser: Browser, visit_id: str) -> None:
    async def ready() -> bool:
        progress = await browser.json(f"/visits/{visit_id}/note/progress")
        return progress["state"] == "ready"

    await _until(ready, DRAFT_WITHIN_S, "No draft was made")


async def _completed(browser: Browser, visit_id: str, ended_s: float) -> bool:
    """Wait until every word is written down and in the draft; False when that takes too long."""
    settled_s, version = 0.0, object()
    while (now_s := time.monotonic()) < ended_s + COMPLETE_WITHIN_S:
        progress = await browser.json(f"/visits/{visit_id}/note/progress")
        if progress["open_streams"]:
            settled_s = now_s + SETTLED_S + (now_s - ended_s) / 10
        elif progress["version"] != version:
            version = progress["version"]
        elif now_s >= settled_s:
            return True
        await asyncio.sleep(POLL_S)
    return False


async def _until(probe: Callable[[], Awaitable[T | None]], within_s: float, otherwise: str) -> T:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = await probe()
        if found:
            return found
        await asyncio.sleep(POLL_S)
    raise RehearsalFailed(f"{otherwise} within {within_s:.0f} s")


async def _report(db: Database, play: Cast, stats: list[dict[str, Any]], began_ms: float, draft_ms: float,
                  latencies_ms: list[float]) -> dict[str, Any]:
    lines: list[Line] = await db.read(ACTOR, transcripts.read, play.visit_id)
    content: NoteContent = (await db.read(ACTOR, compositions.read, play.visit_id)).content
    spoken = [line for line in lines if line.kind == "speech"]
    shift_s = spoken[0].start_at.timestamp() - began_ms / 1000 - spoken[0].start if spoken else 0.0
    return {
        "join_ms": round(max(s["join_ms"] for s in stats), 1),
        "first_media_ms": round(max(s["first_media_ms"] for s in stats), 1),
        "caption_latency_ms": {f"p{p}": report.percentile(latencies_ms, p / 100) for p in (50, 95)},
        "draft_ms": round(draft_ms, 1),
        "lost": sum(sum(s["lost"].values()) for s in stats),
        "transcript": report.transcript(lines, began_ms),
        "draft": report.draft(content, shift_s),
    }
