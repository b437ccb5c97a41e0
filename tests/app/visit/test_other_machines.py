"""Visits whose media nodes run on other machines: real processes of several machines, a real NATS server, real peers."""

import asyncio
import base64
import contextlib
import os
import signal
import time

import aiohttp
import pytest
from nats import errors as nats_errors

from app.bus import Bus
from app.errors import Unavailable
from app.machines import control, server
from app.settings import Settings
from app.web import hub
from app.web.keys import SETTINGS
from app.web.rooms import Rooms
from app.web.seats import Seat
from tests.app.machines.conftest import Machine
from tests.app.visit.conftest import FakeNode
from tests.app.visit.test_real_media import Peer, RealNode, spoken
from tests.app.visit.test_real_media import until as wait_until
from tests.app.visit.test_sockets import waiting_patient
from tests.nats import nats_server
from webrtc.signaling import Hello

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PATIENCE_S = 90.0  # on a machine that others keep busy; the limits of time hold in the trip of the same name


async def until(what):
    await wait_until(what, PATIENCE_S)


@pytest.fixture
def nats(tmp_path):
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def courier(tmp_path, nats):
    """The clinic's machine, whose web process is the test's own."""
    machine = Machine(tmp_path / "clinic", nats, "clinic")
    yield machine
    machine.kill()


@pytest.fixture
def settings(courier, nats):
    return Settings(data_dir=courier.folder, base_url="http://localhost:8080", nats_url=nats.url,
                    machines_key_file=courier.folder / "machines.key", _env_file=None)


@pytest.fixture
async def machines(house, node, courier, nats, tmp_path):
    """Starts media machines; each is there, with its one node, when the call returns."""
    house.rooms.node_down(node)  # the fake one
    courier.start()
    made = []

    async def start():
        machine = Machine(tmp_path / f"media{len(made)}", nats, "media")
        made.append(machine)
        before = len(house.rooms._nodes)
        machine.start()
        await until(lambda: len(house.rooms._nodes) > before)
        return machine

    yield start
    for machine in made:
        machine.kill()


class Call:
    """A visit in progress, both in the call and hearing each other."""

    def __init__(self, house, clinic):
        self.house, self.clinic, self.visit = house, clinic, clinic.visits[0]
        self.old = []

    async def begin(self):
        waiting = await waiting_patient(self.house, self.clinic)
        doctor = await self.house.doctor().socket(f"/visits/{self.visit}/socket?screen=left-screen")
        await self.house.doctor().post(f"/visits/{self.visit}/admission")
        await waiting.hear("admitted")
        self.patient, self.doctor = Peer(waiting), Peer(doctor)
        self.peers = (self.patient, self.doctor)
        await self.hears()

    async def hears(self):
        """Wait until each hears the other, over a connection that was not there when it was told to forget."""
        await until(lambda: all(peer.synthetic._peer not in (None, *self.old) and peer.synthetic.hearing.is_set()
                                for peer in self.peers))

    def forgets(self):
        self.old = [peer.synthetic._peer for peer in self.peers]

    async def heard(self):
        """How many pieces of sound each decoded so far."""
        return [(await peer.synthetic.stats())["frames"].get("audio", 0) for peer in self.peers]

    async def goes_on(self, for_s=1.0):
        before = await self.heard()
        await asyncio.sleep(for_s)
        return all(after > first + 5 * for_s for first, after in zip(before, await self.heard(), strict=True))

    def told(self, kind):
        return sum(message["type"] == kind for peer in self.peers for message in peer.told)

    @property
    def node(self):
        return self.house.rooms._rooms[self.visit].node


@pytest.fixture
async def call(house, clinic):
    held = Call(house, clinic)
    yield held
    for peer in getattr(held, "peers", ()):
        await peer.close()


async def test_a_machine_that_dies_gives_its_calls_to_another(machines, call, house):
    first = await machines()
    await call.begin()
    on = call.node.node
    second = await machines()
    kept = house.app_[SETTINGS].spool_dir
    await until(lambda: spoken(kept, "patient") > 20 and spoken(kept, "doctor") > 20)  # what web lets the doctor hear again
    call.forgets()
    began = time.monotonic()
    first.kill()
    await call.hears()
    print(f"back after {time.monotonic() - began:.1f} s")
    assert call.node.node != on
    assert await call.goes_on()
    assert len(list(second.spool.glob("*/*.sealed"))) == 2, "taps go on where the call is"


async def test_a_node_that_dies_is_noticed_at_once_and_a_draining_one_lets_its_visit_end(machines, call, house, clinic):
    first = await machines()
    await call.begin()
    second = await machines()
    call.forgets()
    began = time.monotonic()
    for pid in first.children("media"):
        os.kill(pid, signal.SIGKILL)
    await call.hears()
    print(f"back after {time.monotonic() - began:.1f} s")
    on = call.node
    assert await call.goes_on()

    await until(lambda: len(house.rooms._nodes) == 2)  # it was started again
    os.kill(second.serving.pid, signal.SIGUSR1)
    await until(lambda: not on.admitting)
    assert house.rooms._nodes.least_loaded([]) is not on
    assert await call.goes_on()
    assert call.node is on
    await house.doctor().post(f"/visits/{call.visit}/end")
    await until(lambda: call.told("ended") == 2)
    assert await asyncio.to_thread(second.serving.wait, 20) == 0  # the whole machine, for it was drained
    assert not list(second.spool.glob("*/*.sealed")), "all that was said was given"


async def test_calls_go_on_while_the_server_is_away_and_are_led_again_when_it_is_back(
        machines, call, house, nats, monkeypatch):
    monkeypatch.setattr(hub, "CARRIED_RETURN_S", 2.0)
    await machines()
    await call.begin()
    await house.rooms.node_up(FakeNode("media-near"), {})  # there is a node that could take the call
    on, rejoins = call.node.node, call.told("rejoin")
    kept = house.app_[SETTINGS].spool_dir
    nats.kill()
    await until(lambda: call.node is None)
    assert await call.goes_on(6.0), "longer than web waits for a node whose way is broken"
    heard = {role: spoken(kept, role) for role in ("patient", "doctor")}
    nats.start()
    await until(lambda: call.node is not None)
    assert call.node.node == on
    assert await call.goes_on(6.0)
    assert call.told("rejoin") == rejoins
    await until(lambda: all(spoken(kept, role) > heard[role] + 400 for role in heard))  # what was said meanwhile
    await call.doctor.talk.say(type="speaks", role="patient", language="pt")  # web leads it again
    await until(lambda: any(m["type"] == "speaks" for m in call.doctor.told))


async def test_a_courier_that_dies_takes_no_call_with_it(machines, call, house, courier):
    far = await machines()
    await call.begin()
    on, rejoins = call.node, call.told("rejoin")
    courier.restart_courier()
    await until(lambda: call.node is None)
    assert house.rooms._nodes.hides(on.node)
    assert await call.goes_on()
    await until(lambda: call.node is not None)
    assert (call.node.node, call.told("rejoin")) == (on.node, rejoins)
    await call.doctor.talk.say(type="speaks", role="patient", language="pt")
    await until(lambda: any(m["type"] == "speaks" for m in call.doctor.told))

    on = call.node
    for pid in far.children("courier"):  # the other machine's: it may be dead, and its rooms are looked for elsewhere
        os.kill(pid, signal.SIGKILL)
    await until(lambda: call.node is not on)  # its silence was noticed, or another one was there before that
    assert not house.rooms._nodes.hides(on.node)
    assert await call.goes_on(), "there is no elsewhere"
    await until(lambda: call.node is not None)
    assert call.node.node == on.node
    assert await call.goes_on()
    kept = house.app_[SETTINGS].spool_dir
    heard = spoken(kept, "patient")
    await until(lambda: spoken(kept, "patient") > heard + 100)


@pytest.mark.parametrize("noticed", [True, False])
async def test_who_changes_their_mind_while_the_server_is_away_is_in_a_call_that_web_leads(
        machines, call, house, nats, clinic, noticed):
    far = await machines()
    await call.begin()
    near = RealNode(house.app_[SETTINGS])
    await near.start()
    try:
        await until(lambda: len(house.rooms._nodes) == 2)
        await until(lambda: list(far.spool.glob("*/*.sealed")))
        call.forgets()
        nats.kill()
        if noticed:
            await until(lambda: call.node is None)
        began = time.monotonic()
        await call.patient.talk.say(type="consent", transcription=False)
        await call.hears()
        print(f"led again after {time.monotonic() - began:.1f} s")
        assert await call.goes_on()
        sizes = [path.stat().st_size for path in far.spool.glob("*/*.sealed")]
        await asyncio.sleep(1)
        assert [path.stat().st_size for path in far.spool.glob("*/*.sealed")] == sizes, "nothing more is copied"
        nats.start()
        await until(lambda: len(house.rooms._nodes) == 2)
        assert await call.goes_on()
        await until(lambda: not list(far.spool.glob("*/*.sealed")))  # the room was closed there, and its speech given
    finally:
        await near.kill()


async def test_a_machine_without_the_key_is_no_media_node_and_forged_or_repeated_words_change_nothing(
        machines, call, house, nats, courier, tmp_path):
    recorded = []
    async with server.connected(nats.url, "stranger") as stranger:
        async def record(message):
            recorded.append((message.subject, message.reply, message.data))

        await stranger.subscribe(f"{server.CONTROL}.>", cb=record)
        await stranger.subscribe(server.CONTROL, cb=record)
        await machines()
        await call.begin()
        on, told = call.node, call.told("rejoin")
        assert len(recorded) > 10
        everything = b"".join(data for _, _, data in recorded)
        for word in (b"hello", b"candidate", b"fingerprint", call.visit.encode(), on.node.encode()):
            assert word not in everything

        # a node with another key, as its site would start it
        async with control.near(stranger, tmp_path / "stranger.sock", bytes(32)):
            connector = aiohttp.UnixConnector(str(tmp_path / "stranger.sock"))
            async with aiohttp.ClientSession(connector=connector) as http, http.ws_connect("http://x/media") as ws:
                await ws.send_str(Hello(node=on.node, public_key=base64.b64encode(bytes(32)).decode(), rooms=[])
                                  .model_dump_json())
                assert (await ws.receive(timeout=10)).type is not aiohttp.WSMsgType.TEXT
        assert call.node is on

        # everything again, in its order; and the ends of sessions, altered, cut and made up
        sessions = {subject for subject, _, _ in recorded if subject != server.CONTROL}
        for subject, _, data in tuple(recorded):
            if subject == server.CONTROL:
                with contextlib.suppress(nats_errors.Error):
                    await stranger.request(subject, data, timeout=0.2)
            else:
                for said in (data, data[:-1], data[:8] + bytes(len(data) - 8), b"\xff" * 8 + data[8:], b""):
                    await stranger.publish(subject, said)
        for subject in sessions:
            for said in (b"", b"gone", b"lost", bytes(64)):
                await stranger.publish(subject, said)
        await stranger.flush()
        assert await call.goes_on(3.0)
    assert call.node is on
    assert call.told("rejoin") == told
    await call.doctor.talk.say(type="speaks", role="patient", language="pt")  # and web still leads it
    await until(lambda: any(m["type"] == "speaks" for m in call.doctor.told))


async def test_a_web_process_that_starts_anew_finds_rooms_where_they_are(machines, call, house, db):
    await machines()
    await call.begin()
    on = call.node.node
    fresh = Rooms(db, Bus(), house.rooms._agreed)  # as after a restart, before the far node said hello to it
    await fresh.node_up(FakeNode("media-near"), {})
    with pytest.raises(Unavailable):
        await fresh.join(call.visit, "patient", "patient", "socket-1")
    assert call.node.node == on
    await fresh.node_up(call.node, {call.visit: {"patient": Seat("patient", "patient", state="connected")}})
    assert fresh._rooms[call.visit].node is call.node
