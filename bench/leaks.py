"""Leaks: a whole visit in a real house, then a search for plain audio and plain text wherever they could lie.

    python -m bench leaks [--lang fr] [--seconds 40] [--json]

Two synthetic participants talk, with consent, captions, draft and signature. Looked for are every run of 16 bytes of the
Opus that was sent, of its 16 kHz samples and of the 48 kHz sound before it; and phrases of four words that were recognised,
as UTF-8, Latin-1, UTF-16, UTF-32 (Python's own strings), escaped in JSON and in HTML. Places: the data directory (database
and its log, spool, keys, logs), what the house and all others wrote in the machine's temporary directories since, and the
memory of the processes as a core dump would hold it, right after a caption and once the note is signed and all pages
are closed. What web's memory held before anybody spoke is not looked for. `must_be_0` sums what may not be found. What may be: the packets in the media node, the sound in the worker,
the words in web while the doctor's page is made of them; that these are found shows that the search finds.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Any

from aiortc.codecs.opus import OpusEncoder
from yarl import URL

from app.application import open_database
from app.db import Database
from app.rehearsal import browser, cast, visit
from app.rehearsal.cast import ACTOR
from app.rehearsal.visit import Seat
from app.settings import Settings
from bench.needles import Needles, memory, phrases, spellings, windows
from tests.trips.conftest import House, running_house
from transcription.decoding import OpusDecoder
from webrtc.synthetic import FileVoice, SyntheticParticipant

DURING, AFTER = "after a caption", "signed"
SILENT = ("web", "media")  # those that may hold no words once the note is signed
PROCESSES = (*SILENT, "transcribe")
QUIET_S = 10.0  # after the last page is closed
CAPTION_WITHIN_S = 20.0
PCM_STEP = 8  # bytes: samples lie where samples lie
LARGEST_BYTES = 500_000_000
TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")


class Eavesdropper:
    """Knows what was sent and recognised, and what memory held at two moments."""

    def __init__(self) -> None:
        self.opus: list[bytes] = []
        self.sound: list[bytes] = []
        self.texts: list[str] = []
        self.caption = asyncio.Event()
        self.before: list[bytes] = []
        self.dumps: dict[str, list[bytes]] = {}
        self.files: list[tuple[str, bytes]] = []

    def hear(self, message: dict[str, Any]) -> None:
        """A message of the doctor's socket."""
        if message.get("type") == "caption" and message.get("kind") == "speech":
            self.texts.append(message["text"])
            self.caption.set()

    def listen(self) -> None:
        """Keep what all synthetic participants of this process say."""
        encode, block = OpusEncoder.encode, FileVoice._next_block

        def keep_packets(encoder: OpusEncoder, *arguments: Any, **more: Any) -> tuple[list[bytes], int]:
            payloads, timestamp = encode(encoder, *arguments, **more)
            self.opus += payloads
            return payloads, timestamp

        def keep_sound(voice: FileVoice) -> Any:
            samples = block(voice)
            self.sound.append(samples.tobytes())
            return samples

        OpusEncoder.encode, FileVoice._next_block = keep_packets, keep_sound  # type: ignore[method-assign, assignment]

    def look(self, house: House, moment: str) -> None:
        """Read the memory of all processes and the data directory now; they are searched later."""
        self.files += [(f"{place}, {moment}", path.read_bytes()) for place, path in _of_the_house(house.data_dir.parent)]
        for name in PROCESSES if moment == DURING else SILENT:
            self.dumps[f"{name}, {moment}"] = [memory(pid) for pid in house.children(name)]

    def needles(self) -> Needles:
        """Everything to look for."""
        found = Needles()
        decoder = OpusDecoder()  # as the worker's; two voices in one decoder differ in the first packets alone
        found.add("audio", windows(self.opus))
        found.add("audio", windows((decoder.decode(packet).tobytes() for packet in self.opus), PCM_STEP))
        found.add("audio", windows(self.sound, PCM_STEP))
        for phrase in self.phrases():
            found.add("text", spellings(phrase))
        for hay in self.before:
            found.drop(hay)
        return found

    def phrases(self) -> set[str]:
        """What to look for of what was said."""
        return phrases(self.texts)


def run(argv: list[str]) -> dict[str, Any]:
    """Hold the visit and search; counts by place."""
    parser = argparse.ArgumentParser(prog="bench leaks")
    parser.add_argument("--lang", choices=("fr", "en"), default="fr")
    parser.add_argument("--seconds", type=float, default=40, help="of the 40 that the two recordings have")
    options = parser.parse_args(argv)
    spy, began_s = Eavesdropper(), time.time()
    spy.listen()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        with running_house(folder / "house", TMPDIR=str(folder / "tmp")) as house:
            asyncio.run(_hold(house, spy, options.lang, options.seconds))
        needles = spy.needles()
        stopped = [(f"{place}, stopped", path) for place, path in (*_of_the_house(folder), *_of_anybody(folder, began_s))]
        files = _tally(needles, [*spy.files, *((place, path.read_bytes()) for place, path in stopped if path.exists())])
    return _report(spy, needles, files)


def _report(spy: Eavesdropper, needles: Needles, files: dict[str, Counter[str]]) -> dict[str, Any]:
    dumps = _tally(needles, ((place, hay) for place, held in spy.dumps.items() for hay in held))
    looked = {place: n for place, n in (files | dumps).items() if n or not place.startswith(TEMPORARY)}
    audio, text = ({place: found[kind] for place, found in looked.items()} for kind in ("audio", "text"))
    forbidden = {f"audio: {place}": n for place, n in audio.items() if not place.startswith(("media", "transcribe"))}
    forbidden |= {f"text: {place}": n for place, n in text.items() if place in files or place.startswith("media")}
    forbidden[f"text: web, {AFTER}"] = text[f"web, {AFTER}"]
    return {
        "phrases": len(spy.phrases()), "packets": len(spy.opus), "pieces_of_audio": needles.count("audio"),
        "memory_mb": {place: round(sum(map(len, held)) / 1e6) for place, held in spy.dumps.items()},
        "audio_found": audio, "text_found": text,
        "must_be_0": sum(forbidden.values()), "found_where_it_must_not_be": {k: n for k, n in forbidden.items() if n},
    }  # fmt: skip


# --- the visit --------------------------------------------------------------------------------------------------------


async def _hold(house: House, spy: Eavesdropper, language: str, seconds: float) -> None:
    os.environ.update({key: value for key, value in house.env.items() if key.startswith("COLLOQUE_")})
    db = open_database(Settings())
    play = await db.write(ACTOR, cast.prepare, language)
    base = house.base_url
    async with browser.Browser(base, language) as doctor, browser.Browser(base, language) as patient:
        await visit._doctor_enters(doctor, play)
        await visit._patient_enters(db, patient, play)
        await _talk(db, house, spy, play, (Seat(doctor), Seat(patient)), language, seconds)
        await visit._drafted(doctor, play.visit_id)
        await visit._completed(doctor, play.visit_id, time.monotonic())
        await _sign(doctor, play.visit_id)
    await db.write(ACTOR, cast.dismiss, play)
    db.close()
    await asyncio.sleep(QUIET_S)
    spy.look(house, AFTER)


async def _talk(db: Database, house: House, spy: Eavesdropper, play: cast.Cast, seats: tuple[Seat, Seat],
                language: str, seconds: float) -> None:
    doctor, patient = seats

    def heard(message: dict[str, Any]) -> None:
        doctor.hear(message)
        spy.hear(message)

    page = await doctor.browser.get(f"/visits/{play.visit_id}")
    spy.before = [memory(pid) for pid in house.children("web")]
    sockets = (await doctor.browser.socket(f"/visits/{play.visit_id}/socket"), await patient.browser.socket("/visit/socket"))
    await doctor.browser.submit(page, to="/admission")
    doctor.synthetic, patient.synthetic = SyntheticParticipant(on_message=heard), SyntheticParticipant(on_message=patient.hear)
    async with asyncio.TaskGroup() as calls:
        for seat, socket in zip(seats, sockets, strict=True):
            calls.create_task(seat.synthetic.attend(socket))
        await visit._connected(doctor, patient)
        async with visit._speech(None, language, "doctor") as one, visit._speech(None, language, "patient") as other:
            await asyncio.gather(doctor.synthetic.speak(one, seconds), patient.synthetic.speak(other, seconds),
                                 _look_after_a_caption(house, spy, seconds * 3 / 5))
        await asyncio.sleep(visit.LAST_CAPTIONS_S)
        await doctor.browser.submit(await doctor.browser.get(f"/visits/{play.visit_id}"), to="/end")
        for seat, socket in zip(seats, sockets, strict=True):
            await socket.close()
            await seat.synthetic.close()


async def _look_after_a_caption(house: House, spy: Eavesdropper, after_s: float) -> None:
    await asyncio.sleep(after_s)
    spy.caption.clear()
    await asyncio.wait_for(spy.caption.wait(), CAPTION_WITHIN_S)
    await asyncio.to_thread(spy.look, house, DURING)


async def _sign(doctor: browser.Browser, visit_id: str) -> None:
    """Decide every point as it was said, write something where the draft is empty, then sign."""
    path = f"/visits/{visit_id}/note"
    page = await doctor.get(path)
    while (form := next((f for f in page.forms if "/conflicts/" in f.action), None)) is not None:
        await doctor.submit(page, to=URL(form.action).path, choice="said")
        page = await doctor.get(path)
    while 'class="st flag' in page.text:
        sentence = page.text.split('class="st flag', 1)[1].split('data-id="', 1)[1].split('"', 1)[0]
        await doctor.submit(await doctor.get(f"{path}?sentence={sentence}"), to=f"/{sentence}/confirmation")
        page = await doctor.get(path)
    if 'id="s-' not in page.text:  # nothing was said that a note holds
        await doctor.submit(page, to="/sentences", section="51848-0", text="Seen today.")
        page = await doctor.get(path)
    await doctor.submit(page, to="/signature")
    if "/signature" in (await doctor.get(path)).text:
        raise browser.RehearsalFailed("the note was not signed")


# --- files ------------------------------------------------------------------------------------------------------------


def _tally(needles: Needles, read: Iterable[tuple[str, bytes]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for place, hay in read:
        found[place] = found.get(place, Counter()) + needles.within(hay)
    return found


def _of_the_house(folder: Path) -> Iterator[tuple[str, Path]]:
    """Its files, each with what it counts for."""
    kinds = {".sealed": "spool", ".log": "logs", ".db": "database", ".db-wal": "database", ".db-shm": "database"}
    for path in folder.rglob("*"):
        if path.is_file():
            yield kinds.get(path.suffix, "other files of the house"), path


def _of_anybody(folder: Path, began_s: float) -> Iterator[tuple[str, Path]]:
    """What was written to the machine's temporary directories since."""
    for root in TEMPORARY:
        for path in (Path(inside, name) for inside, _, names in os.walk(root) for name in names):  # others come and go
            if not path.is_relative_to(folder) and _readable_since(path, began_s):
                yield str(path), path


def _readable_since(path: Path, began_s: float) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False  # gone meanwhile
    return S_ISREG(status.st_mode) and status.st_mtime >= began_s and status.st_size <= LARGEST_BYTES
