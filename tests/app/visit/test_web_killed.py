"""kill -9 of the real web process while captions come in: what was acknowledged is there, once."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, UnixConnector

from app import encounters
from app.application import open_database
from app.clock import epoch_ms, utc_now
from app.migrations import migrate
from app.record import transcripts
from app.settings import Settings
from tests.app.visit import conftest
from transcription.protocol import Hello, Segment

ROOT = Path(__file__).resolve().parents[3]
SEGMENTS, KILLS = 60, 3


def new_settings(tmp_path):
    """Settings of an installation on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(data_dir=tmp_path, port=port, base_url=f"http://localhost:{port}", _env_file=None)


@pytest.fixture
def installation(tmp_path):
    """(settings, clinic, visit id) of a migrated SQLite installation with one visit in progress."""
    settings = new_settings(tmp_path)
    db = open_database(settings)
    migrate(db.engine)
    visits, patients, doctors = db.write_sync(conftest.SYSTEM, conftest._seed)
    doctor = conftest.Actor(conftest.Role.DOCTOR, "doctor", practitioner_id=doctors[0])
    clinic = conftest.Clinic(db, visits, patients, doctor, doctor)
    clinic.consent(0)
    db.write_sync(clinic.patient(), encounters.arrive, visits[0])
    db.write_sync(doctor, encounters.admit, visits[0])
    yield settings, clinic, visits[0]
    db.close()


class Web:
    """The web process of an installation."""

    def __init__(self, settings):
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("COLLOQUE_")} | {
            "COLLOQUE_DATA_DIR": str(settings.data_dir), "COLLOQUE_PORT": str(settings.port),
            "COLLOQUE_BASE_URL": settings.base_url, "COLLOQUE_ENV_FILE": os.devnull}
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "web", cwd=ROOT, env=self.env, stdout=asyncio.subprocess.DEVNULL)

    async def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def say_all(path, segments, acked, kill_after):
    """A worker: says what is not acknowledged yet; kills web in mid-speech when `kill_after` acknowledgements came."""
    async with ClientSession(connector=UnixConnector(str(path))) as session, \
            session.ws_connect("http://control/worker") as ws:
        hello = Hello(node="worker", public_key=base64.b64encode(conftest.PUBLIC).decode(), model="base",
                      self_measure_rtf=0.1)
        await ws.send_str(hello.model_dump_json())
        for segment in [s for s in segments if s.last_seq not in acked]:
            await ws.send_str(segment.model_dump_json())
        async for frame in ws:
            message = json.loads(frame.data)
            if message["type"] == "ack":
                acked.add(message["last_seq"])
            if kill_after is not None and len(acked) >= kill_after[0]:
                await kill_after[1].kill()
                return
            if len(acked) == len(segments):
                return


async def test_no_acknowledged_caption_is_lost_or_doubled(installation):
    settings, clinic, visit = installation
    start = epoch_ms(utc_now()) + 100
    segments = [Segment(visit_id=visit, stream_id="stream", participant_id="patient", role="patient", first_seq=n * 10,
                        last_seq=n * 10 + 9, start_at_ms=start + n * 200, end_at_ms=start + n * 200 + 190,
                        text=f"phrase {n}", language="fr", avg_logprob=0.0, no_speech_prob=0.0, compression_ratio=1.0,
                        low_confidence=False) for n in range(SEGMENTS)]
    acked: set[int] = set()
    web = Web(settings)
    for kill in range(KILLS + 1):
        await web.start()
        kill_after = (len(acked) + 12, web) if kill < KILLS else None
        async with asyncio.timeout(60):
            while True:
                try:
                    await say_all(settings.control_socket, segments, acked, kill_after)
                    break
                except (ClientError, OSError):
                    await asyncio.sleep(0.1)
        if kill < KILLS:
            written = {line.text for line in clinic.db.read_sync(clinic.doctor, transcripts.read, visit)}
            assert {f"phrase {last // 10}" for last in acked} <= written, "acknowledged, but not there"
    await web.kill()
    texts = [line.text for line in clinic.db.read_sync(clinic.doctor, transcripts.read, visit)]
    assert texts == [f"phrase {n}" for n in range(SEGMENTS)]
