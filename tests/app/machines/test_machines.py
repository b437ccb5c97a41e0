"""Speech that is heard on another machine: nothing lost, nothing twice, nothing readable on the way."""

import asyncio
import json

import aiohttp
import nats as client_of

from app.machines import control, server
from app.machines.server import SPEECH, WORK
from tests.transcription.killing import Outcome, compare, told
from tests.transcription.support import Tap, packets
from tests.transcription.test_client import hello
from tests.transcription.test_worker import error_rate
from transcription.spool import shred


async def test_speech_is_heard_on_another_machine_and_the_server_between_reads_nothing(clinic, web, machines, nats):
    passing = []
    eavesdropper = await client_of.connect(nats.url)

    async def overhear(message):
        passing.append(message.subject.encode() + message.data)

    await eavesdropper.subscribe(">", cb=overhear)
    speech = machines("speech")
    tap = Tap(clinic.spool, web.visit(), "fr")
    await tap.say_live(packets("fr-patient")[:400])
    await web.until(lambda: web.segments, seconds=60)
    assert not web.done  # captions while it is said
    tap.say(packets("fr-patient")[400:])
    tap.writer.close("closed")
    await web.until(lambda: web.done, seconds=120)
    assert error_rate(web.text(), "fr-patient") < 0.25, web.text()
    for _ in range(100):
        if not list(speech.spool.glob("*")):
            break
        await asyncio.sleep(0.1)
    assert not list(speech.spool.glob("*"))  # the copy is gone, the clinic's own is not
    assert len(list(clinic.spool.glob("*/*.sealed"))) == 1
    jetstream = eavesdropper.jetstream()
    assert (await jetstream.stream_info(WORK)).state.messages == 0
    assert (await jetstream.stream_info(SPEECH)).state.messages > 0
    shred(clinic.spool, "v1")
    async with asyncio.timeout(30):
        while (await jetstream.stream_info(SPEECH)).state.messages:
            await asyncio.sleep(0.2)
    await eavesdropper.close()
    everything = b"".join(passing)
    assert len(passing) > 50
    for word in {word for segment in web.segments.values() for word in segment.text.split() if len(word) > 4}:
        assert word.encode() not in everything
    for packet in packets("fr-patient"):
        assert packet[:24] not in everything or len(packet) < 24


async def test_whatever_dies_on_the_way_nothing_is_lost_and_nothing_told_twice(clinic, web, machines, nats):
    first = machines("speech")
    key, spoken = web.visit(), packets("fr-patient")
    calm = Tap(clinic.spool, key, "fr", stream_id="calm")
    calm.say(spoken)
    calm.writer.close("closed")
    await web.until(lambda: web.done, seconds=120)
    tap = Tap(clinic.spool, key, "fr", stream_id="storm")
    speaking = asyncio.create_task(tap.say_live(spoken))
    await web.until(lambda: told(web, tap), seconds=30)
    nats.kill()  # the server between them, back after two seconds
    await asyncio.sleep(2)
    nats.start()
    before = len(told(web, tap))
    await web.until(lambda: len(told(web, tap)) > before, seconds=30)
    clinic.restart_courier()  # in the middle of a piece
    await asyncio.sleep(1)
    first.kill()  # the whole machine that listens; another takes its place
    machines("speech")
    await speaking
    tap.writer.close("closed")
    await web.until(lambda: len(web.done) == 2, seconds=120)
    outcome = Outcome()
    compare(outcome, told(web, calm), told(web, tap))
    assert outcome.spoken_s > 10
    assert (outcome.lost_s, outcome.doubled_s) == (0, 0), outcome.texts
    assert error_rate(web.text("storm"), "fr-patient") < 0.25


async def test_two_machines_share_what_is_said(clinic, web, machines):
    one, other = machines("speech"), machines("speech")
    await web.until(lambda: len(web.hellos) == 2, seconds=60)
    taps = [Tap(clinic.spool, web.visit(), "fr", stream_id=f"s{n}") for n in range(2)]
    saying = [asyncio.create_task(tap.say_live(packets("fr-patient")[:300])) for tap in taps]
    async with asyncio.timeout(20):
        while not (list(one.spool.glob("*/*.sealed")) and list(other.spool.glob("*/*.sealed"))):
            await asyncio.sleep(0.05)
    await asyncio.gather(*saying)
    for tap in taps:
        tap.writer.close("closed")
    await web.until(lambda: len(web.done) == 2, seconds=120)


async def test_who_lacks_the_machines_key_cannot_play_a_worker(clinic, web, nats, tmp_path):
    async with server.connected(nats.url, "intruder") as client, control.near(client, tmp_path / "sock", bytes(32)):
        connector = aiohttp.UnixConnector(str(tmp_path / "sock"))
        async with aiohttp.ClientSession(connector=connector) as http, http.ws_connect("http://x/worker") as socket:
            await socket.send_str(json.dumps(hello(bytes(32))))
            assert (await socket.receive(timeout=10)).type is not aiohttp.WSMsgType.TEXT
    assert not web.hellos


async def test_a_piece_that_somebody_put_among_the_others_is_refused_and_told(clinic, web, machines, nats):
    machines("speech")
    tap = Tap(clinic.spool, web.visit(), "fr")
    tap.say(packets("fr-patient")[:100])
    await web.until(lambda: web.hellos, seconds=60)
    size = (clinic.spool / "v1" / "s1.sealed").stat().st_size
    async with server.connected(nats.url, "intruder") as client:
        log = client.jetstream()
        subject = server.speech_subject("v1", "s1")
        async with asyncio.timeout(20):
            while True:
                newest = await log.get_last_msg(SPEECH, subject)
                if int(newest.headers[server.OFFSET]) + len(newest.data) == size:
                    break
                await asyncio.sleep(0.05)
        forged = b"\x00\x28" + bytes(40)
        await log.publish(subject, forged, headers={server.OFFSET: str(size + 500)})  # stops nothing
        await log.publish(subject, forged, headers={server.OFFSET: str(size)})
        await web.until(lambda: web.refused, seconds=20)
    assert (web.refused[0].reason, web.refused[0].visit_id) == ("altered", "v1")
