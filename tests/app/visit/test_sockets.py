"""The sockets of a visit: who may open them, what they carry, and what they refuse."""

import asyncio
import json

import pytest
from aiohttp import WSServerHandshakeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import audit, encounters
from app.web import signals
from app.web.signals import MESSAGE_LIMIT_BYTES, BadSignal
from tests.app.visit.conftest import SYSTEM


async def waiting_patient(house, clinic, n=0):
    clinic.consent(n)
    socket = await house.patient(n).socket("/visit/socket")
    assert (await socket.hear("waiting"))["status"] == "arrived"
    return socket


async def in_call(house, clinic):
    """A visit in progress with both sides connected and joined."""
    patient = await waiting_patient(house, clinic)
    doctor = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket?screen=left-screen")
    await doctor.hear("visit")
    assert (await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")).status == 303
    await patient.hear("admitted")
    for socket in (patient, doctor):
        await socket.say(type="join")
        await socket.hear("offer")
        await socket.say(type="answer", epoch=1, sdp="v=0 answer")
    return patient, doctor


async def test_a_patient_waits_is_admitted_joins_and_the_visit_ends(house, clinic, node):
    patient, doctor = await in_call(house, clinic)
    assert [c[:2] for c in node.asked("join")] == [(clinic.visits[0], "patient"), (clinic.visits[0], "doctor")]
    await patient.say(type="state", audio=False, video=True)
    told = await doctor.hear("participant")
    while told["participant"] != "patient" or told["audio"]:
        told = await doctor.hear("participant")
    assert told["video"]
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/end", outcome="completed")
    assert answer.status == 303
    assert (await patient.hear("ended"))["outcome"] == "completed"
    assert await doctor.end() == 1000
    assert node.asked("close") == [(clinic.visits[0],)]


async def test_sound_alone_is_told_to_the_others_and_to_the_node_also_after_a_rejoin(house, clinic, node):
    patient, doctor = await in_call(house, clinic)
    await patient.say(type="state", audio=True, video=True)
    await patient.say(type="state", audio=True, video=False, saving=True)
    told = await doctor.hear("participant")
    while not told["saving"]:
        told = await doctor.hear("participant")
    assert (told["participant"], told["video"]) == ("patient", False)
    await patient.say(type="join")
    await patient.hear("offer")
    await patient.say(type="state", audio=True, video=False, saving=True)  # said after each answer
    await patient.say(type="state", audio=True, video=True)
    while told["saving"]:
        told = await doctor.hear("participant")
    await patient.say(type="join")
    await patient.hear("offer")
    assert node.asked("receive") == [("patient", False), ("patient", False), ("patient", True)]


async def test_a_doctor_who_opened_the_visit_early_sees_the_patient_arrive(house, clinic):
    doctor = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket")
    assert (await doctor.hear("visit"))["status"] == "planned"
    await waiting_patient(house, clinic)
    await doctor.hear("arrived")


async def test_a_patient_without_consent_takes_no_place(house, clinic, db):
    socket = await house.patient().socket("/visit/socket")
    assert (await socket.hear("waiting"))["status"] == "planned"
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).arrived_at is None


async def test_nobody_joins_before_the_doctor_admits(house, clinic, node):
    socket = await waiting_patient(house, clinic)
    await socket.say(type="join")
    assert (await socket.hear("error"))["code"] == "conflict"
    assert node.asked("join") == []


async def test_arrivals_show_at_once_in_the_doctors_queue(house, clinic):
    queue = await house.doctor().socket("/queue/socket")
    assert (await queue.hear("queue"))["waiting"] == 0
    await waiting_patient(house, clinic, 1)
    told = await queue.hear("queue")
    assert told["waiting"] == 1
    assert "Hugo Martin" in told["html"]


async def test_those_who_wait_see_the_queue_move(house, clinic, clock):
    clock.forward(hours=1, minutes=20)
    first = await waiting_patient(house, clinic, 0)
    second = await house.patient(1).socket("/visit/socket")
    clinic.consent(1)
    second = await house.patient(1).socket("/visit/socket")
    assert (await second.hear("waiting"))["ahead"] == 1
    await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")
    await first.hear("admitted")
    await house.doctor().post(f"/visits/{clinic.visits[0]}/end")
    place = await second.hear("waiting")
    while place["ahead"]:
        place = await second.hear("waiting")


@pytest.mark.parametrize("path", ["/visit/socket", "/visit/probe", "/queue/socket", "/visits/{id}/socket"])
async def test_another_sites_page_cannot_open_our_sockets(house, clinic, path):
    browser = house.patient() if path.startswith("/visit/") else house.doctor()
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.socket(path.format(id=clinic.visits[0]), Origin="https://evil.example")
    assert refused.value.status == 403


async def test_a_socket_needs_its_own_session(house, clinic, db):
    for browser, path in ((house.patient(), "/queue/socket"), (house.doctor(), "/visit/socket"),
                          (house.other_doctor(), f"/visits/{clinic.visits[0]}/socket"),
                          (house.doctor(), f"/visits/{'0' * 32}/socket")):
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.socket(path)
        assert refused.value.status in (401, 403)
    refusals = [e for e in db.read_sync(SYSTEM, audit.search) if e.outcome == "refused"]
    assert {e.actor_id for e in refusals} == {clinic.other_doctor.id, clinic.doctor.id}


BAD = ['', '{', '[]', 'null', '"join"', '{"type": "fly"}', '{"type": "answer"}',
       '{"type":"answer","epoch":"1","sdp":""}',
       '{"type": "consent", "transcription": "no"}', '{"type":"candidate","epoch":-1,"candidate":""}', "[" * 5000,
       json.dumps({"type": "answer", "epoch": 1, "sdp": "x" * 50_000})]


@pytest.mark.parametrize("text", BAD)
async def test_a_malformed_message_ends_the_socket_with_a_reason(house, clinic, text):
    socket = await waiting_patient(house, clinic)
    await socket.ws.send_str(text)
    assert await socket.end() == 1008
    assert socket.heard[-1]["code"] == "bad_message"


async def test_binary_and_oversized_frames_end_the_socket(house, clinic):
    socket = await waiting_patient(house, clinic)
    await socket.ws.send_bytes(b"\x00\x01")
    assert await socket.end() == 1003
    socket = await house.patient().socket("/visit/socket")
    await socket.ws.send_str("x" * (MESSAGE_LIMIT_BYTES + 1))
    assert await socket.end() == 1009


async def test_a_small_frame_that_unfolds_to_a_huge_one_ends_the_socket(house, clinic):
    clinic.consent(0)
    patient = house.patient(0)
    ws = await patient.client.ws_connect("/visit/socket", headers=patient.headers, compress=15)
    await ws.send_str("x" * 20_000_000)
    async with asyncio.timeout(10):
        async for _ in ws:
            pass
    assert ws.close_code == 1009


async def test_a_flood_ends_the_socket(house, clinic):
    socket = await waiting_patient(house, clinic)
    for _ in range(250):
        await socket.say(type="state", audio=True, video=True)
    assert await socket.end() == 1008
    assert socket.heard[-1]["code"] == "limit_reached"


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                        st.sampled_from(["type", "epoch", "sdp", "audio", "video", "level"]), inner, max_size=4)))
def test_whatever_is_said_is_a_signal_or_refused(value):
    for text in (json.dumps(value), str(value)):
        try:
            assert signals.parse(text).type
        except BadSignal as refusal:
            assert str(refusal) == "", "what was sent is not repeated"


async def test_a_reload_of_the_doctors_screen_keeps_the_visit(house, clinic):
    _, doctor = await in_call(house, clinic)
    again = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket?screen=left-screen")
    assert (await again.hear("visit"))["status"] == "in-progress"
    await again.say(type="join")
    await again.hear("offer")
    assert await doctor.hear("replaced")


async def test_a_second_screen_is_told_and_takes_over(house, clinic):
    _, left = await in_call(house, clinic)
    right = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket?screen=right-screen")
    await right.hear("elsewhere")
    await right.say(type="join")
    assert (await right.hear("error"))["code"] == "conflict"
    await right.say(type="take_over")
    await right.hear("visit")
    await left.hear("elsewhere")
    await left.say(type="join")
    assert (await left.hear("error"))["code"] == "conflict"
    await right.say(type="join")
    await right.hear("offer")
    await left.hear("replaced")


async def test_a_patients_second_tab_replaces_the_first(house, clinic):
    patient, _ = await in_call(house, clinic)
    again = await house.patient().socket("/visit/socket")
    await again.hear("admitted")
    await again.say(type="join")
    await again.hear("offer")
    await patient.hear("replaced")


async def test_a_closed_tab_shows_as_away_and_the_place_is_kept(house, clinic, db):
    patient, doctor = await in_call(house, clinic)
    await patient.ws.close()
    away = await doctor.hear("presence")
    while away["online"]:
        away = await doctor.hear("presence")
    assert away["role"] == "patient"
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).status == "in-progress"
    back = await house.patient().socket("/visit/socket")
    await back.hear("admitted")
    assert (await doctor.hear("presence"))["online"]


async def test_the_device_test_is_a_room_of_one(house, clinic, node):
    probe = await house.patient().socket("/visit/probe")
    await probe.say(type="join")
    offer = await probe.hear("offer")
    assert offer["ice_servers"] == []
    await probe.say(type="answer", epoch=offer["epoch"], sdp="v=0 answer")
    await probe.say(type="leave")
    await probe.end()
    rooms = {call[0] for name in ("join", "answer", "close") for call in node.asked(name)}
    assert len(rooms) == 1
    assert rooms.pop().startswith("probe-")


async def test_without_a_media_node_the_place_is_kept_and_the_call_joins_when_one_is_back(house, clinic, node):
    patient, doctor = await in_call(house, clinic)
    house.rooms.node_down(node)
    await patient.say(type="join")
    assert (await patient.hear("error"))["code"] == "unavailable"
    await house.rooms.node_up(type(node)("node-2"), {})
    for socket in (patient, doctor):
        await socket.hear("rejoin")
        await socket.say(type="join")
        await socket.hear("offer")


async def test_every_browser_is_told_to_come_back_when_the_server_stops(house, clinic):
    patient = await waiting_patient(house, clinic)
    code, _ = await asyncio.gather(patient.end(), house.client_.server.close())
    assert code == 1001


async def test_a_socket_keeps_the_doctors_session_and_ends_with_it(house, clinic, db, clock, monkeypatch):
    from app.access import accounts
    from app.access.accounts import StaffSession, session_hash
    from app.web import sockets

    monkeypatch.setattr(sockets.Socket, "beat_s", 0.02)
    sockets.RENEWALS.forget()
    name = session_hash("staff-0")
    ends_at = db.read_sync(SYSTEM, lambda tx: tx.session.get(StaffSession, name)).expires_at
    clock.forward(minutes=1)
    socket = await house.doctor().socket("/queue/socket")
    for _ in range(100):
        await asyncio.sleep(0.02)
        if db.read_sync(SYSTEM, lambda tx: tx.session.get(StaffSession, name)).expires_at != ends_at:
            break
    else:
        raise AssertionError("the session was not prolonged")
    db.write_sync(SYSTEM, accounts.sign_out, "staff-0")
    sockets.RENEWALS.forget()
    assert await socket.end() == 1008


async def test_a_patients_socket_ends_with_the_session(house, clinic, db, monkeypatch):
    from app.access.links import PatientSession, session_hash
    from app.web import sockets

    monkeypatch.setattr(sockets.Socket, "beat_s", 0.05)
    socket = await waiting_patient(house, clinic)

    def expire(tx):
        session = tx.session.get(PatientSession, session_hash("visit-0"))
        session.expires_at = tx.now
        tx.session.add(session)

    db.write_sync(SYSTEM, expire)
    assert await socket.end() == 1008


async def test_one_session_opens_a_handful_of_sockets_and_others_still_theirs(house, clinic):
    from app.web import sockets

    clinic.consent(0)
    mine = [await house.patient(0).socket("/visit/socket") for _ in range(sockets.SOCKETS_OF_ONE)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await house.patient(0).socket("/visit/socket")
    assert refused.value.status == 429
    await house.doctor().socket("/queue/socket")
    await mine[0].ws.close()
    await house.patient(0).socket("/visit/socket")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_database_that_goes_away_throws_nobody_out(house, clinic, db, monkeypatch):
    from app.web import sockets
    from tests.app.foundation.test_trouble import Blocked

    monkeypatch.setattr(sockets.Socket, "beat_s", 0.05)
    waiting, joining = await waiting_patient(house, clinic), await waiting_patient(house, clinic, 1)
    queue = await house.doctor().socket("/queue/socket")
    blocked = Blocked(db)
    await asyncio.sleep(0.4)
    with pytest.raises(WSServerHandshakeError) as pause:
        await house.patient(2).socket("/visit/socket")
    assert pause.value.status == 503
    await joining.say(type="join")
    assert (await joining.hear("error"))["code"] == "unavailable"
    house.rooms.queue_changed(clinic.doctor.practitioner_id)
    for socket in (waiting, queue):
        assert await socket.end() == 1013, "come back soon; after 1008 a page stays away"
    blocked.lift()
    assert not (await waiting_patient(house, clinic)).ws.closed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_beats_that_fail_end_no_socket(house, clinic, db, monkeypatch):
    from app.web import sockets
    from tests.app.foundation.test_trouble import Blocked

    monkeypatch.setattr(sockets.Socket, "beat_s", 0.05)
    waiting = await waiting_patient(house, clinic)
    await asyncio.sleep(0.3)  # the news of the arrival has made its round
    blocked = Blocked(db)
    await asyncio.sleep(0.5)
    blocked.lift()
    house.rooms.queue_changed(clinic.doctor.practitioner_id)
    waiting.heard.clear()
    assert (await waiting.hear("waiting"))["status"] == "arrived"
