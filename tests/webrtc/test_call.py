"""Two stock aiortc peers in one room, over the real control channel: the whole path, without a browser."""

import asyncio
import contextlib
import time
import wave
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from tests.webrtc.conftest import RunningNode, deafened, until
from tests.webrtc.house import House
from webrtc.control import MediaRefused
from webrtc.participant import LOST_AFTER_S
from webrtc.quality import LAG_SAMPLES
from webrtc.room import TICK_S, next_epoch, next_turn
from webrtc.signaling import ParticipantEvent
from webrtc.synthetic import SyntheticParticipant
from webrtc.transport import MediaTransport


@contextlib.asynccontextmanager
async def seated(house: House, participant: str, role: str, room: str = "visit-1", **kwargs):
    """A synthetic participant that holds its conversation with the house until the block ends."""
    peer = SyntheticParticipant(**kwargs)
    async with aiohttp.ClientSession() as session, session.ws_connect(
            f"{house.url}/socket/{room}/{participant}/{role}") as socket:
        task = asyncio.create_task(peer.attend(socket))
        try:
            yield peer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await peer.close()


async def test_both_see_and_hear_each_other(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient") as patient:
        await until(lambda: doctor._frames.get("video", 0) > 5 and patient._frames.get("video", 0) > 5)
        await until(lambda: doctor._frames.get("audio", 0) > 50 and patient._frames.get("audio", 0) > 50)
        assert [(s["mid"], s["participant"], s["role"], s["kind"]) for s in patient.layout] == [
            ("3", "d1", "doctor", "audio"), ("4", "d1", "doctor", "video"), ("5", "d1", "doctor", "screen")]
        stats = await doctor.stats()
        assert stats["lost"] == {"audio": 0, "video": 0}
        assert stats["join_ms"] < 2_000
        figures = await house.link.stats("visit-1")
        assert {f["participant"]: f["state"] for f in figures} == {"d1": "connected", "p1": "connected"}


async def test_who_wants_speech_alone_gets_no_video_until_it_is_wanted_again(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient") as patient:
        await until(lambda: doctor._frames.get("video", 0) > 3 and patient._frames.get("video", 0) > 3)
        await house.link.receive("visit-1", "p1", video=False)
        await asyncio.sleep(0.5)  # what was on its way is decoded
        seen, heard, other = patient._frames["video"], patient._frames["audio"], doctor._frames["video"]
        await until(lambda: patient._frames["audio"] > heard + 50 and doctor._frames["video"] > other + 5)
        assert patient._frames["video"] == seen
        viewer = node.rooms._rooms["visit-1"].participants["p1"]
        viewer._pause_video(paused=True)
        viewer._pause_video(paused=False)  # a way that narrowed and widened again brings nothing back unasked
        await asyncio.sleep(0.5)
        assert patient._frames["video"] == seen
        await house.link.receive("visit-1", "p1", video=True)
        await until(lambda: patient._frames["video"] > seen + 5)
        with pytest.raises(MediaRefused):
            await house.link.receive("visit-1", "nobody", video=False)


async def test_a_second_join_takes_over_at_once_and_the_others_streams_go_on(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient"):
        await until(lambda: doctor._frames.get("video", 0) > 3)
        room = node.rooms._rooms["visit-1"]
        first = room.participants["p1"].join.transport
        async with seated(house, "p1", "patient") as again:
            await until(lambda: again._frames.get("audio", 0) > 20)
            assert not first.connected
            before = doctor._frames["video"]
            await until(lambda: doctor._frames["video"] > before + 5)
            assert (await doctor.stats())["lost"] == {"audio": 0, "video": 0}
            assert again.layout[0]["participant"] == "d1"


async def test_asked_to_rejoin_a_participant_comes_back(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient"):
        await until(lambda: doctor._frames.get("audio", 0) > 5)
        epoch = node.rooms._rooms["visit-1"].participants["d1"].join.epoch
        await house.browsers["visit-1", "d1"].send_json({"type": "rejoin"})
        place = node.rooms._rooms["visit-1"].participants["d1"]
        await until(lambda: place.join is not None and place.join.epoch > epoch)  # none between the old and the new
        before = doctor._frames["audio"]
        await until(lambda: doctor._frames["audio"] > before + 25)


async def test_an_answer_to_an_older_offer_is_refused(house: House, node: RunningNode) -> None:
    old = await house.link.join("visit-1", "p1", "patient")
    await house.link.join("visit-1", "p1", "patient")
    peer = SyntheticParticipant(video=False)
    answer = await peer.answer(old.sdp)
    try:
        await house.link.answer("visit-1", "p1", old.epoch, answer)
    except MediaRefused as refused:
        assert refused.code == "stale-epoch"
    else:
        raise AssertionError("it was accepted")
    finally:
        await peer.close()


def states(house: House) -> list[tuple[str, str]]:
    return [(e.state, e.reason) for e in house.events if isinstance(e, ParticipantEvent)]


async def in_the_room(node: RunningNode, patient: SyntheticParticipant) -> MediaTransport:
    await until(lambda: patient.connected.is_set())
    place = node.rooms._rooms["visit-1"].participants["p1"]
    await until(lambda: place.join.transport.connected and place.ingress["mic"].reception.received > 10)
    return place.join.transport


async def test_a_peer_that_falls_silent_is_unheard_then_lost_and_heard_again(house: House, node: RunningNode) -> None:
    async with seated(house, "p1", "patient") as patient:
        path, began_s = await in_the_room(node, patient), time.monotonic()
        async with deafened(path):
            await until(lambda: ("unheard", "silent") in states(house), 7)
            assert time.monotonic() - began_s < LOST_AFTER_S
            await until(lambda: ("lost", "silent") in states(house), 7)
        await until(lambda: ("connected", "heard") in states(house), 5)
    assert [state for state, _ in states(house)].count("unheard") == 1


async def test_a_short_silence_is_over_without_a_loss(house: House, node: RunningNode) -> None:
    async with seated(house, "p1", "patient") as patient:
        async with deafened(await in_the_room(node, patient)):
            await until(lambda: ("unheard", "silent") in states(house), 7)
        await until(lambda: ("connected", "heard") in states(house), 2)
        assert "lost" not in [state for state, _ in states(house)]


async def test_who_sends_nothing_but_checks_is_not_unheard(house: House, node: RunningNode) -> None:
    async with seated(house, "p1", "patient", video=False) as patient:
        await in_the_room(node, patient)
        for sender in patient._peer.getSenders():
            sender.replaceTrack(None)  # no microphone, no camera; nobody else is there to send reports about
        await asyncio.sleep(2 * LOST_AFTER_S)
        assert {state for state, _ in states(house)} == {"connected"}
        async with deafened(node.rooms._rooms["visit-1"].participants["p1"].join.transport):
            await until(lambda: ("lost", "silent") in states(house), 9)
    assert "unheard" not in [state for state, _ in states(house)]


async def test_a_node_that_is_late_admits_nobody_new_and_everybody_back(house: House, node: RunningNode) -> None:
    await house.link.join("visit-1", "p1", "patient")
    for _ in range(LAG_SAMPLES):
        node.node.lag.add(60.0)
    try:
        await house.link.join("visit-1", "d1", "doctor")
    except MediaRefused as refused:
        assert refused.code == "overloaded"
    else:
        raise AssertionError("it was admitted")
    await house.link.join("visit-1", "p1", "patient")


async def test_a_draining_node_takes_no_new_room_and_ends_with_its_last(house: House, node: RunningNode) -> None:
    await house.link.join("visit-1", "p1", "patient")
    assert house.link.admitting
    node.node.drain()
    await until(lambda: not house.link.admitting)
    await house.link.join("visit-1", "d1", "doctor")  # who belongs to a room that runs comes in
    with pytest.raises(MediaRefused) as refused:
        await house.link.join("visit-2", "p2", "patient")
    assert refused.value.code == "overloaded"
    assert not node._stop.is_set()
    await house.link.close("visit-1")
    await until(node._stop.is_set)


async def test_an_offer_is_newer_than_any_before_whichever_node_started_first(house: House, node: RunningNode) -> None:
    began = time.time_ns() // 1_000_000  # what another node could have numbered an offer until now
    epochs = [(await house.link.join("visit-1", "p1", "patient")).epoch for _ in range(3)]
    assert epochs[0] >= began
    assert epochs == sorted(set(epochs))
    assert next_epoch() < next_epoch() < next_epoch(), "within one millisecond too"


def test_rooms_keep_their_own_turns_however_late_they_are() -> None:
    assert next_turn(10.0, 10.001) == pytest.approx(10.0 + TICK_S)
    assert next_turn(10.0, 10.0) == pytest.approx(10.0 + TICK_S)
    late = next_turn(10.01, 10.62)
    assert late == pytest.approx(10.66)
    assert next_turn(0.0, 1_000_000.0) >= 1_000_000.0


async def test_speech_of_any_wav_file_arrives(house: House, node: RunningNode, tmp_path: Path) -> None:
    rate, seconds = 22_050, 1.5
    tone = (8_000 * np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate)).astype("<i2")
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, 2).tobytes())
    loud: list[float] = []

    def hear(kind: str, frame) -> None:
        if kind == "audio":
            loud.append(float(np.abs(frame.to_ndarray()).mean()))

    async with seated(house, "d1", "doctor", on_frame=hear), seated(house, "p1", "patient", video=False) as patient:
        await until(lambda: len(loud) > 5)
        began_s = time.monotonic()
        assert began_s <= await patient.speak(path)
        assert time.monotonic() - began_s > seconds - 0.1, "it spoke faster than real time"
        await until(lambda: sum(level > 1_000 for level in loud) > 60)


async def test_leaving_frees_the_slot_and_a_closed_peer_is_lost_at_once(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor:
        async with seated(house, "p1", "patient"):
            await until(lambda: doctor._frames.get("audio", 0) > 10)
        states = [e.state for e in house.events if isinstance(e, ParticipantEvent) and e.participant == "p1"]
        await until(lambda: "lost" in [
            e.state for e in house.events if isinstance(e, ParticipantEvent) and e.participant == "p1"], 2)
        assert states[-1] in ("connected", "lost")
        await house.link.leave("visit-1", "p1")
        await until(lambda: doctor.layout == [])


async def test_four_take_part_and_a_fifth_is_told_the_room_is_full(house: House, node: RunningNode) -> None:
    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(seated(house, f"p{n}", "patient", video=False)) for n in range(4)]
        await until(lambda: all(p._frames.get("audio", 0) > 30 for p in peers))
        assert {s["participant"] for s in peers[0].layout} == {"p1", "p2", "p3"}
        try:
            await house.link.join("visit-1", "p9", "patient")
        except MediaRefused as refused:
            assert refused.code == "room-full"
        else:
            raise AssertionError("five fitted in")


async def test_the_device_test_hears_itself(house: House, node: RunningNode) -> None:
    async with seated(house, "me", "patient", room="probe-1") as me:
        await until(lambda: me._frames.get("audio", 0) > 20 and me._frames.get("video", 0) > 3)
        assert me.layout[0]["participant"] == "me"


async def test_calls_go_on_without_web_and_are_reported_when_it_is_back(house: House, node: RunningNode) -> None:
    async with seated(house, "d1", "doctor") as doctor, seated(house, "p1", "patient"):
        await until(lambda: doctor._frames.get("audio", 0) > 10)
        await house.stop()
        before = doctor._frames["audio"]
        await until(lambda: doctor._frames["audio"] > before + 50)
        again = await House(house.control).start()
        try:
            async with asyncio.timeout(3):
                await again.linked.wait()
            report = {r.room: {p.participant: p.state for p in r.participants} for r in again.link.hello.rooms}
            assert report == {"visit-1": {"d1": "connected", "p1": "connected"}}
        finally:
            await again.stop()


