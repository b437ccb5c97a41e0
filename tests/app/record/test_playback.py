"""Hearing the evidence: ciphertext and one stream's key for those who may, until the key is destroyed."""

import base64
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app import audit
from app.crypto.keyring import KeyDestroyed
from app.db import Tx, new_id
from app.errors import AccessDenied, NotFound
from app.record import compositions, editing, playback
from app.record.tables import SpeechStream
from tests.app.record.conftest import JOB, NOON, House, content
from tests.app.record.test_pages import browse
from tests.conftest import FakeClock
from transcription.protocol import StreamHeader
from transcription.sealing import Frame, FrameOpener, FrameSealer, stream_key
from transcription.spool import SpoolWriter

assert browse  # a fixture

BEGAN_MS = round((NOON - timedelta(minutes=10)).timestamp() * 1000)
FRAME_MS = 20


def header(house: House) -> StreamHeader:
    return StreamHeader(visit_id=house.visit_id, stream_id=house.stream_id, participant_id="p-1", role="patient",
                        language="fr", started_at_ms=BEGAN_MS)


def visit_key(house: House) -> bytes:
    return house.db.write_sync(JOB, lambda tx: tx.keyring.key(tx.session, f"visit:{house.visit_id}"))


def speak(house: House, root: Path, frames: int = 500) -> None:
    """Ten seconds of numbered frames, sealed as the media node seals them."""
    writer = SpoolWriter(root / "spool", header(house), FrameSealer(visit_key(house), header(house)))
    for number in range(frames):
        writer.append(BEGAN_MS + number * FRAME_MS, b"opus%d" % number)
    writer.close("closed")


def listen(house: House, who: str = "doctor", stream: str = "", from_ms: int = 0, to_ms: int = 1000) -> bytes:
    return house.db.read_sync(getattr(house, who), playback.listen, house.visit_id, stream or house.stream_id,
                              BEGAN_MS + from_ms, BEGAN_MS + to_ms, stream_key)


def sign(house: House) -> None:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        partial(editing.settle, conflict_id="c1", keep="said"))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, 2)


def test_the_key_of_one_stream_is_given_and_the_listening_is_in_the_trail(house: House) -> None:
    assert listen(house) == stream_key(visit_key(house), house.stream_id)
    heard = house.db.read_sync(JOB, lambda tx: audit.search(tx, action="transcript:read"))
    assert '"step": "listen"' in heard[0].detail
    assert house.stream_id in heard[0].detail


@pytest.mark.parametrize("who", ["stranger", "scheduler", "administrator", "patient", "other_patient"])
def test_others_hear_nothing(house: House, who: str) -> None:
    with pytest.raises(AccessDenied):
        listen(house, who)


def test_a_stream_of_another_visit_an_odd_range_and_a_whole_visit_are_not_given(house: House) -> None:
    with pytest.raises(NotFound):
        listen(house, stream=new_id())
    for from_ms, to_ms in ((1000, 1000), (1000, 0), (0, 10 * 60 * 1000)):
        with pytest.raises(NotFound):
            listen(house, from_ms=from_ms, to_ms=to_ms)


def test_after_the_signature_nobody_hears_anything(house: House) -> None:
    sign(house)
    with pytest.raises(KeyDestroyed):
        listen(house)


def test_speech_expires_though_no_note_was_signed(house: House, clock: FakeClock) -> None:
    expire = partial(house.db.write_sync, JOB, playback.expire, timedelta(days=7))
    clock.forward(days=6)
    assert expire() == []
    clock.forward(days=2)
    assert expire() == [house.visit_id]
    assert expire() == []
    with pytest.raises(KeyDestroyed):
        listen(house)
    gone = house.db.read_sync(JOB, lambda tx: audit.search(tx, action="audio:destroyed"))
    assert [(e.entity_id, e.detail) for e in gone] == [(house.visit_id, '{"reason": "expired"}')]


def test_a_doctor_cannot_expire_speech(house: House) -> None:
    with pytest.raises(AccessDenied):
        house.db.write_sync(house.doctor, playback.expire, timedelta(days=0))


async def test_the_browser_gets_ciphertext_it_can_open(browse, house: House, tmp_path: Path) -> None:
    speak(house, tmp_path)
    path = (f"/visits/{house.visit_id}/audio?stream={house.stream_id}"
            f"&from_ms={BEGAN_MS + 2000}&to_ms={BEGAN_MS + 3000}")
    answer = await browse("doctor").get(path, Accept="application/json")
    clip = await answer.json()
    assert base64.b64decode(clip["key"]) == stream_key(visit_key(house), house.stream_id)
    assert StreamHeader.model_validate(clip["header"]) == header(house)
    opener = FrameOpener(visit_key(house), header(house))
    frames = [opener.open(base64.b64decode(frame)) for frame in clip["frames"]]
    assert [frame.opus for frame in frames if isinstance(frame, Frame)] == [b"opus%d" % n for n in range(100, 151)]
    assert b"opus" not in await answer.read()


async def test_no_plain_answer_for_strangers_odd_queries_and_gone_files(browse, house: House) -> None:
    good = f"/visits/{house.visit_id}/audio?stream={house.stream_id}&from_ms={BEGAN_MS}&to_ms={BEGAN_MS + 500}"
    assert (await browse("stranger").get(good, Accept="application/json")).status == 403
    assert (await browse("doctor").get(good, Accept="application/json")).status == 404  # nothing was spooled
    for query in ("", "?stream=../../etc&from_ms=0&to_ms=1", f"?stream={house.stream_id}&from_ms=x&to_ms=1",
                  f"?stream={house.stream_id}&from_ms=-1&to_ms=1", "?stream=%00&from_ms=0&to_ms=1"):
        answer = await browse("doctor").get(f"/visits/{house.visit_id}/audio{query}", Accept="application/json")
        assert answer.status == 422, query


def test_every_patient_key_outlives_the_audio_key(house: House) -> None:
    sign(house)

    def keys(tx: Tx) -> tuple[bool, bool]:
        return (tx.keyring.exists(tx.session, f"visit:{house.visit_id}"),
                tx.keyring.exists(tx.session, f"patient:{house.patient_id}"))

    assert house.db.read_sync(JOB, keys) == (False, True)
    assert house.db.read_sync(JOB, lambda tx: tx.session.get(SpeechStream, house.stream_id)) is not None
