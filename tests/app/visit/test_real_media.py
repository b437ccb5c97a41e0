"""The same sockets with a real media node, real peers and a real sealed spool: what fakes cannot show."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from app.record import transcripts
from app.web.keys import SETTINGS
from tests.app.visit.conftest import SYSTEM, Talk
from tests.app.visit.test_sockets import waiting_patient
from transcription.spool import frames_between, read_header, streams
from webrtc.synthetic import SyntheticParticipant

ROOT = Path(__file__).resolve().parents[3]
NODE = """
import asyncio, sys
from pathlib import Path
from webrtc import node
asyncio.run(node.run(sys.argv[1], Path(sys.argv[2]), addresses=["127.0.0.1"], priority=False))
"""
FOREVER_MS = 2**52


class RealNode:
    """The media node's process."""

    def __init__(self, settings):
        self.settings = settings
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", NODE, str(self.settings.control_socket), str(self.settings.spool_dir),
            cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)

    async def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@pytest.fixture
async def real_node(house, node):
    house.rooms.node_down(node)  # the fake one
    real = RealNode(house.app_[SETTINGS])
    await real.start()
    yield real
    await real.kill()


async def until(what, within_s=20.0):
    async with asyncio.timeout(within_s):
        while not what():
            await asyncio.sleep(0.05)


class Peer:
    """A synthetic participant on an open socket, and what it was told."""

    def __init__(self, talk: Talk):
        self.talk, self.told = talk, []
        self.synthetic = SyntheticParticipant(on_message=self.told.append)
        self.task = asyncio.create_task(self.synthetic.attend(talk.ws))

    async def close(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.synthetic.close()


def spoken(spool: Path, role: str) -> int:
    """How many sealed frames of a role wait in the spool."""
    paths = [path for path in streams(spool) if read_header(path).role == role]
    return sum(len(frames_between(path, 0, FOREVER_MS)) for path in paths)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_visit_over_a_real_media_node(house, clinic, real_node, db):
    visit, spool = clinic.visits[0], house.app_[SETTINGS].spool_dir
    await until(lambda: house.rooms._nodes)
    waiting = await waiting_patient(house, clinic)
    doctor_socket = await house.doctor().socket(f"/visits/{visit}/socket?screen=left-screen")
    await house.doctor().post(f"/visits/{visit}/admission")
    await waiting.hear("admitted")
    patient, doctor = Peer(waiting), Peer(doctor_socket)
    try:
        for peer in (patient, doctor):
            await asyncio.wait_for(peer.synthetic.hearing.wait(), 20)
        await until(lambda: spoken(spool, "patient") > 20 and spoken(spool, "doctor") > 20)
        assert {s.role for s in db.read_sync(SYSTEM, transcripts.open_streams, visit)} == {"patient", "doctor"}

        # consent withdrawn: nothing more is copied, the call goes on
        await waiting.say(type="consent", transcription=False)
        await until(lambda: any(m["type"] == "transcription" and not m["consent"] for m in doctor.told), 1.0)
        await asyncio.sleep(0.3)  # what was copied before is flushed
        copied = {role: spoken(spool, role) for role in ("patient", "doctor")}
        before = (await doctor.synthetic.stats())["frames"]["audio"]
        await asyncio.sleep(1.0)
        assert {role: spoken(spool, role) for role in copied} == copied
        assert (await doctor.synthetic.stats())["frames"]["audio"] > before
        assert "transcription_withdrawn" in [
            line.kind for line in db.read_sync(clinic.doctor, transcripts.read, visit)]

        # the media process is killed: the place is kept, both come back by themselves, on another node
        other_node = RealNode(house.app_[SETTINGS])
        await other_node.start()
        await until(lambda: len(house.rooms._nodes) == 2)
        for kill, start in ((real_node, None), (other_node, real_node)):  # and then on one that starts again
            await kill.kill()
            for peer in (patient, doctor):
                peer.synthetic.hearing.clear()
            if start is not None:
                await start.start()
            for peer in (patient, doctor):
                await asyncio.wait_for(peer.synthetic.hearing.wait(), 20)
        assert spoken(spool, "patient") == copied["patient"], "consent stays withdrawn after a restart"

        await house.doctor().post(f"/visits/{visit}/end")
        await until(lambda: any(m["type"] == "ended" for m in patient.told))
    finally:
        await patient.close()
        await doctor.close()
