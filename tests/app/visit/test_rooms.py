"""Rooms: taps follow consent and presence, restarts lose nothing, workers' words reach the right screens."""

import asyncio
import base64
import json

import pytest
from aiohttp import ClientSession, UnixConnector

from app import audit, encounters
from app.clock import epoch_ms
from app.consent import VISIT
from app.record import corrections, drafts, review, transcripts
from app.record.tables import SpeechStream
from app.web.hub import HUB
from app.web.keys import BLACK_BOX, BUS
from app.web.rooms import Rooms
from app.web.seats import Seat
from tests.app.visit.conftest import PRIVATE, PUBLIC, SYSTEM, FakeNode
from tests.app.visit.test_real_media import until
from tests.app.visit.test_sockets import in_call, waiting_patient
from transcription.protocol import Hello, Interim, Segment, StreamDone
from transcription.sealing import open_key


async def connected(house, visit):
    """Both participants' media flows."""
    for participant in ("patient", "doctor"):
        await house.rooms.participant_changed(visit, participant, "connected")


def kinds(db, clinic):
    return [line.kind for line in db.read_sync(clinic.doctor, transcripts.read, clinic.visits[0])]


async def test_media_starts_the_transcripts_clock_and_the_taps(house, clinic, node, db, clock):
    await in_call(house, clinic)
    assert node.asked("tap") == []
    clock.forward(seconds=3)
    await connected(house, clinic.visits[0])
    assert node.asked("tap") == [("patient", True, ""), ("doctor", True, "")]
    assert db.read_sync(SYSTEM, encounters.status_of, clinic.visits[0]).media_started_at == clock.at


async def test_without_consent_to_transcription_nothing_is_tapped(house, clinic, node):
    clinic.consent(0, VISIT)
    patient = await house.patient().socket("/visit/socket")
    await patient.hear("waiting")
    await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")
    await patient.hear("admitted")
    await patient.say(type="join")
    await patient.hear("offer")
    await house.rooms.participant_changed(clinic.visits[0], "patient", "connected")
    assert node.asked("tap") == []
    await patient.say(type="consent", transcription=True)
    while not (await patient.hear("transcription"))["consent"]:
        pass
    assert node.asked("tap") == [("patient", True, "")]


async def test_a_mind_changed_twice_stops_the_tap_though_the_first_ones_end_is_told_late(house, clinic, node):
    patient, _doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await house.rooms.participant_changed(visit, "patient", "connected")
    for agrees in (False, True):
        await patient.say(type="consent", transcription=agrees)
        while (await patient.hear("transcription"))["consent"] is not agrees:
            pass
    await house.rooms.tap_ended(visit, "patient", "patient-1", "withdrawn")
    await patient.say(type="consent", transcription=False)
    while (await patient.hear("transcription"))["consent"]:
        pass
    assert node.asked("tap")[-2:] == [("patient", True, ""), ("patient", False, "withdrawn")]


async def test_withdrawing_in_the_call_stops_the_taps_within_a_second_and_everybody_is_told(house, clinic, node, db):
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await connected(house, visit)
    for role in ("patient", "doctor"):
        await house.rooms.tap_started(visit, role, f"{role}-1")
    assert kinds(db, clinic) == ["transcription_started"]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await patient.say(type="consent", transcription=False)
    while (await doctor.hear("transcription"))["consent"]:
        pass
    assert loop.time() - began < 1
    assert node.asked("tap")[2:] == [("patient", False, "withdrawn"), ("doctor", False, "withdrawn")]
    for role in ("patient", "doctor"):
        await house.rooms.tap_ended(visit, role, f"{role}-1", "withdrawn")
    assert "transcription_withdrawn" in kinds(db, clinic)
    assert [m["kind"] for m in doctor.heard if m["type"] == "caption"] == [
        "transcription_started", "transcription_withdrawn"]
    await patient.hear("caption")
    stream = db.read_sync(SYSTEM, lambda tx: tx.session.get(SpeechStream, "patient-1"))
    assert stream.end_reason == "withdrawn"


async def test_who_speaks_another_language_is_written_down_in_it(house, clinic, node, db):
    patient, doctor = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    assert node.languages == {"patient": "fr", "doctor": "fr"}
    await doctor.say(type="speaks", role="patient", language="pt")
    assert (await doctor.hear("speaks"))["language"] == "pt"
    assert node.languages == {"patient": "pt", "doctor": "fr"}
    assert node.streams == {"patient": 2, "doctor": 1}, "the doctor's tap goes on as it was"
    await house.rooms.tap_ended(clinic.visits[0], "patient", "patient-1", "closed")  # told late
    await doctor.say(type="speaks", role="doctor", language="fr")
    await doctor.hear("speaks")
    assert node.streams == {"patient": 2, "doctor": 1}

    await house.doctor().post(f"/visits/{clinic.visits[0]}/facts", location="Valence", spoken="x")
    again = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket?screen=another-tab")
    await again.say(type="take_over")
    assert (await again.hear("visit"))["spoken"] == {"doctor": "fr", "patient": "pt"}
    await patient.say(type="speaks", role="patient", language="fr")
    assert (await patient.hear("error"))["code"] == "access_denied"


async def test_what_two_people_say_at_one_microphone_is_marked(house, clinic, worker, db, clock):
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]

    async def caption(first: int) -> dict[str, object]:
        clock.forward(seconds=3)
        await worker.send_str(segment(visit, clock, first=first).model_dump_json())
        await answer(worker)
        return await doctor.hear("caption")

    assert not (await caption(0))["shared"]
    await doctor.say(type="shares", role="patient", shared=True)
    assert (await doctor.hear("shares"))["shared"]
    assert (await caption(100))["shared"]
    await doctor.say(type="speaks", role="patient", language="fr")
    await house.doctor().post(f"/visits/{visit}/facts", location="Valence")  # neither forgets the other
    again = await house.doctor().socket(f"/visits/{visit}/socket?screen=another-tab")
    await again.say(type="take_over")
    assert (await again.hear("visit"))["shared"] == ["patient"]
    await again.say(type="shares", role="patient", shared=False)
    await again.hear("shares")
    clock.forward(seconds=3)
    await worker.send_str(segment(visit, clock, first=200).model_dump_json())
    assert not (await again.hear("caption"))["shared"]
    await patient.say(type="shares", role="patient", shared=True)
    assert (await patient.hear("error"))["code"] == "access_denied"
    told = db.read_sync(SYSTEM, drafts.material, visit)
    (notice,) = [o for o in drafts.content({}, told).omissions if o.kind == "microphone"]
    assert [proof.segment for proof in notice.evidence] == [1]


async def test_a_drug_that_was_broken_is_asked_about_until_the_line_is_corrected(house, clinic, worker, db, clock):
    _, doctor = await in_call(house, clinic)
    spoken = segment(clinic.visits[0], clock, text="Je prends du au mes prazole le matin.")
    await worker.send_str(spoken.model_dump_json())
    await answer(worker)
    line = await doctor.hear("caption")
    assert line["meant"] == [[13, 27, "oméprazole"]]
    db.write_sync(clinic.doctor, corrections.correct, clinic.visits[0], line["id"], "Je prends de l'oméprazole le matin.")
    (corrected,) = [x for x in db.read_sync(clinic.doctor, transcripts.read, clinic.visits[0]) if x.kind == "speech"]
    assert corrected.meant == ()
    assert corrected.heard == spoken.text


async def test_the_doctor_cannot_consent_for_the_patient(house, clinic, db):
    _, doctor = await in_call(house, clinic)
    await doctor.say(type="consent", transcription=False)
    assert (await doctor.hear("error"))["code"] == "access_denied"
    assert db.read_sync(SYSTEM, encounters.visit, clinic.visits[0]).transcription


async def test_a_connection_that_was_weak_for_long_stands_in_the_transcript_each_time(house, clinic, db, clock):
    patient, doctor = await in_call(house, clinic)
    box, now_s = house.app_[BLACK_BOX], 0.0
    box._clock_s = lambda: now_s
    for _ in range(2):
        await patient.say(type="quality", level="weak", relayed=False)
        assert (await doctor.hear("quality"))["level"] == "weak"
        await until(lambda: box._links[clinic.visits[0], "patient"].level == "weak")
        now_s += 12
        await patient.say(type="quality", level="good")
        told = await doctor.hear("caption")
        assert (told["kind"], told["role"]) == ("connection_weak", "patient")
        clock.forward(seconds=2)
    assert kinds(db, clinic) == ["connection_weak", "connection_weak"]
    shown = db.read_sync(clinic.doctor, review.review, clinic.visits[0])
    assert [(line.kind, line.role) for line in shown.incidents] == [("connection_weak", "patient")] * 2
    assert shown.lines == []


async def test_a_lost_connection_is_traced_and_the_tap_is_kept(house, clinic, node, db, clock):
    _, doctor = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    for state, reason in (("lost", "consent"), ("connecting", ""), ("connected", "")):
        clock.forward(seconds=2)
        await house.rooms.participant_changed(clinic.visits[0], "patient", state, reason)
    for state, reason in (("lost", "remote"), ("connecting", ""), ("connected", "")):  # a reload
        await house.rooms.participant_changed(clinic.visits[0], "doctor", state, reason)
    assert kinds(db, clinic) == ["connection_lost", "connection_back"]
    assert len(node.asked("tap")) == 2
    await doctor.hear("caption")


async def test_who_is_not_heard_is_told_at_once_and_so_is_the_other_but_it_is_no_incident(house, clinic, node, db):
    patient, doctor = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    for state, reason, heard in (("unheard", "silent", False), ("connected", "heard", True)):
        await house.rooms.participant_changed(clinic.visits[0], "patient", state, reason)
        assert (await patient.hear("heard"))["heard"] is heard
        told = await doctor.hear("participant")
        while told["state"] != state or told["participant"] != "patient":
            told = await doctor.hear("participant")
    assert kinds(db, clinic) == []
    assert len(node.asked("tap")) == 2, "speech goes on being written down: the page may be back in a moment"


async def test_a_tap_that_fails_is_said_in_the_transcript_and_the_call_goes_on(house, clinic, node, db):
    patient, _ = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    await house.rooms.tap_started(clinic.visits[0], "patient", "patient-1")
    await house.rooms.tap_ended(clinic.visits[0], "patient", "patient-1", "disk-full")
    assert "transcription_unavailable" in kinds(db, clinic)
    await patient.say(type="join")
    await patient.hear("offer")


async def test_a_tap_that_failed_is_begun_again_once_it_can(house, clinic, node, db, clock, monkeypatch):
    from app.web import sockets

    monkeypatch.setattr(sockets.Socket, "beat_s", 0.05)
    await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    assert len(node.asked("tap")) == 2
    await house.rooms.tap_started(clinic.visits[0], "patient", "patient-1")
    node.tapless = True
    clock.forward(seconds=5)
    await house.rooms.tap_ended(clinic.visits[0], "patient", "patient-1", "disk-full")
    await asyncio.sleep(0.3)
    tries = len(node.asked("tap"))
    assert tries > 3, "tried again"
    node.tapless = False
    await asyncio.sleep(0.3)
    assert node.asked("tap")[-1] == ("patient", True, "")
    tries = len(node.asked("tap"))
    await asyncio.sleep(0.3)
    assert len(node.asked("tap")) == tries, "and not when it holds"
    clock.forward(seconds=5)
    await house.rooms.tap_started(clinic.visits[0], "patient", "patient-2")
    said = kinds(db, clinic)
    assert said.count("transcription_unavailable") == 1, "said once"
    assert said[-1] == "transcription_started"


async def test_a_node_that_was_killed_takes_its_rooms_up_again(house, clinic, node):
    patient, doctor = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    house.rooms.node_down(node)
    reborn = FakeNode(node.node)
    await house.rooms.node_up(reborn, {})
    for socket in (patient, doctor):
        await socket.hear("rejoin")
        await socket.say(type="join")
        await socket.hear("offer")
    await connected(house, clinic.visits[0])
    assert reborn.asked("tap") == [("patient", True, ""), ("doctor", True, "")]


async def test_the_rooms_of_a_node_that_does_not_come_back_move_to_another(house, clinic, node):
    patient, doctor = await in_call(house, clinic)
    await connected(house, clinic.visits[0])
    other = FakeNode("node-2")
    await house.rooms.node_up(other, {})
    house.rooms.node_down(node)
    await patient.silence("rejoin")  # it may be back in a moment
    house.rooms.rehouse()
    for socket in (patient, doctor):
        await socket.hear("rejoin")
        await socket.say(type="join")
        await socket.hear("offer")
    await connected(house, clinic.visits[0])
    assert other.asked("tap") == [("patient", True, ""), ("doctor", True, "")]
    await house.rooms.node_up(node, {clinic.visits[0]: {}})  # it was alive after all
    assert node.asked("close") == [(clinic.visits[0],)]


async def test_a_call_stays_where_it_is_when_its_node_only_lost_the_connection(house, clinic, node):
    patient, _ = await in_call(house, clinic)
    await house.rooms.node_up(FakeNode("node-2"), {})
    house.rooms.node_down(node)
    await house.rooms.node_up(node, {clinic.visits[0]: {"patient": Seat("patient", "patient", state="connected")}})
    house.rooms.rehouse()
    await patient.silence("rejoin")


async def test_new_rooms_go_where_the_fewest_are_and_are_welcome(house, clinic, node):
    await in_call(house, clinic)
    idle, draining = FakeNode("node-2"), FakeNode("node-3")
    draining.admitting = False
    for another in (draining, idle):
        await house.rooms.node_up(another, {})
    for n in (1, 2):
        patient = await waiting_patient(house, clinic, n)
        await house.doctor().post(f"/visits/{clinic.visits[n]}/admission")
        await patient.hear("admitted")
        await patient.say(type="join")
        await patient.hear("offer")
    assert [len(each.asked("join")) for each in (node, idle, draining)] == [3, 1, 0]


async def test_a_node_that_refuses_a_new_room_is_not_asked_for_ever(house, clinic, node):
    node.refuses = "overloaded"
    patient = await waiting_patient(house, clinic)
    await house.doctor().post(f"/visits/{clinic.visits[0]}/admission")
    await patient.hear("admitted")
    await patient.say(type="join")
    assert (await patient.hear("error"))["code"] == "overloaded"
    node.admitting = False
    other = FakeNode("node-2")
    await house.rooms.node_up(other, {})
    await patient.say(type="join")
    await patient.hear("offer")
    assert other.asked("join") == [(clinic.visits[0], "patient")]


async def test_after_a_restart_of_web_running_calls_are_found_and_finished_ones_closed(house, clinic, node, db):
    await in_call(house, clinic)
    clinic.consent(1)
    visit, over = clinic.visits[0], clinic.visits[1]
    db.write_sync(clinic.patient(1), encounters.arrive, over)
    db.write_sync(clinic.doctor, encounters.admit, over)
    db.write_sync(clinic.doctor, encounters.finish, over)
    restarted = Rooms(db, house.app_[BUS])
    survivor = FakeNode("node-2")
    await restarted.node_up(survivor, {
        visit: {"patient": Seat("patient", "patient", state="connected", stream="patient-1"),
                "doctor": Seat("doctor", "doctor", state="connected")},
        over: {}, "probe-1": {}})
    assert survivor.asked("close") == [(over,), ("probe-1",)]
    assert survivor.asked("tap") == [("patient", True, ""), ("doctor", True, "")]  # a tap that runs goes on


async def test_consent_withdrawn_while_the_node_was_away_stops_the_tap_when_it_is_back(house, clinic, node):
    patient, _ = await in_call(house, clinic)
    visit = clinic.visits[0]
    await connected(house, visit)
    house.rooms.node_down(node)
    await patient.say(type="consent", transcription=False)
    while (await patient.hear("transcription"))["consent"]:
        pass
    await house.rooms.node_up(node, {visit: {"patient": Seat("patient", "patient", state="connected", stream="patient-1")}})
    assert ("patient", False, "withdrawn") in node.asked("tap")


async def test_a_node_that_does_not_answer_is_a_sentence_not_a_failure(house, clinic, node):
    patient, _ = await in_call(house, clinic)
    node.silent = True
    await patient.say(type="join")
    error = await patient.hear("error")
    assert (error["code"], "place is kept" in error["message"]) == ("unavailable", True)


# --- workers ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def worker(house, settings):
    """A worker's side of the control channel, spoken by hand."""
    channel = UnixConnector(str(settings.control_socket))
    async with ClientSession(connector=channel) as session, session.ws_connect("http://control/worker") as ws:
        key = base64.b64encode(PUBLIC).decode()
        hello = Hello(node="worker-1", public_key=key, model="base", self_measure_rtf=0.2)
        await ws.send_str(hello.model_dump_json())
        yield ws


async def answer(ws):
    async with asyncio.timeout(20):
        return json.loads((await ws.receive()).data)


def segment(visit, clock, text="J'ai de la fièvre.", first=0, stream="patient-1"):
    start = epoch_ms(clock.at) + 1000
    return Segment(visit_id=visit, stream_id=stream, participant_id="patient", role="patient", first_seq=first,
                   last_seq=first + 99, start_at_ms=start, end_at_ms=start + 2000, text=text, language="fr",
                   avg_logprob=-0.2, no_speech_prob=0.0, compression_ratio=1.1, low_confidence=False)


async def test_words_are_written_down_before_they_are_acknowledged_and_shown(house, clinic, worker, db, clock):
    _, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    await connected(house, visit)
    await worker.send_str(segment(visit, clock).model_dump_json())
    assert await answer(worker) == {"type": "ack", "stream_id": "patient-1", "last_seq": 99}
    read = db.read_sync(clinic.doctor, transcripts.read, visit)
    assert [(line.role, line.text) for line in read] == [("patient", "J'ai de la fièvre.")]
    caption = await doctor.hear("caption")
    assert (caption["text"], caption["start"], caption["end_at_ms"]) == (
        "J'ai de la fièvre.", 1.0, epoch_ms(clock.at) + 3000)


async def test_badly_heard_words_are_marked_on_the_screen_and_in_the_record(house, clinic, worker, db, clock):
    _, doctor = await in_call(house, clinic)
    heard = segment(clinic.visits[0], clock, text="Je prends l'amlipine.").model_copy(update={"doubts": [(10, 20)]})
    await worker.send_str(heard.model_dump_json())
    assert (await doctor.hear("caption"))["doubts"] == [[10, 20]]
    (line,) = db.read_sync(clinic.doctor, transcripts.read, clinic.visits[0])
    assert line.doubts == ((10, 20),)


async def test_words_being_said_reach_both_while_agreed_and_are_stored_nowhere(house, clinic, worker, db, clock):
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    said = Interim(visit_id=visit, stream_id="s", role="patient", start_at_ms=epoch_ms(clock.at), text="J'ai de la")
    await worker.send_str(said.model_dump_json())
    await doctor.silence("interim")  # nobody is tapped yet: whatever this is, nobody agreed to it
    await connected(house, visit)
    await worker.send_str(said.model_dump_json())
    for screen in (doctor, patient):
        assert await screen.hear("interim") == {
            "type": "interim", "role": "patient", "start_at_ms": epoch_ms(clock.at), "text": "J'ai de la"}
    assert db.read_sync(clinic.doctor, transcripts.read, visit) == []
    await patient.say(type="consent", transcription=False)
    while (await patient.hear("transcription"))["consent"]:
        pass
    await worker.send_str(said.model_dump_json())
    await doctor.silence("interim")
    await patient.silence("interim")


async def test_words_said_again_after_a_crash_are_acknowledged_and_written_once(house, clinic, worker, db, clock):
    _, doctor = await in_call(house, clinic)
    for _ in range(2):
        await worker.send_str(segment(clinic.visits[0], clock).model_dump_json())
        assert (await answer(worker))["type"] == "ack"
    assert len(db.read_sync(clinic.doctor, transcripts.read, clinic.visits[0])) == 1
    await doctor.hear("caption")
    await doctor.silence("caption")


async def test_the_patient_sees_captions_only_while_consenting(house, clinic, worker, clock):
    patient, _ = await in_call(house, clinic)
    await worker.send_str(segment(clinic.visits[0], clock).model_dump_json())
    assert (await patient.hear("caption"))["text"]
    clock.forward(seconds=60)
    await patient.say(type="consent", transcription=False)
    while (await patient.hear("transcription"))["consent"]:
        pass
    clock.forward(seconds=-30)
    await worker.send_str(segment(clinic.visits[0], clock, first=100).model_dump_json())
    await answer(worker)
    assert not [m for m in patient.heard if m["type"] == "caption" and m["kind"] == "speech"][1:]


async def test_a_worker_gets_the_key_sealed_to_itself_until_it_is_destroyed(house, clinic, worker, db):
    await in_call(house, clinic)
    visit = clinic.visits[0]
    await worker.send_json({"type": "key_wanted", "visit_id": visit, "stream_id": "s1"})
    told = await answer(worker)
    key = open_key(PRIVATE, base64.b64decode(told["sealed"]), visit_id=visit)
    assert key == db.write_sync(SYSTEM, transcripts.audio_key, visit)
    db.write_sync(SYSTEM, lambda tx: tx.keyring.destroy(tx.session, f"visit:{visit}"))
    for gone in (visit, clinic.visits[2], "no-such-visit"):
        await worker.send_json({"type": "key_wanted", "visit_id": gone, "stream_id": "s1"})
        assert (await answer(worker))["type"] == "key_gone"
    await house.app_[HUB].forget(visit)
    assert await answer(worker) == {"type": "forget", "visit_id": visit}


async def test_a_segment_of_no_visit_is_refused_in_the_trail_and_not_asked_again(house, clinic, worker, db, clock):
    await worker.send_str(segment("0" * 32, clock).model_dump_json())
    assert (await answer(worker))["type"] == "ack"
    assert db.read_sync(SYSTEM, audit.search)[0].outcome == "refused"


async def test_the_end_of_a_stream_and_refused_frames_are_noted(house, clinic, worker, db, clock):
    await in_call(house, clinic)
    visit = clinic.visits[0]
    await connected(house, visit)
    await house.rooms.tap_started(visit, "patient", "patient-1")
    assert (await answer(worker)) == {"type": "stream", "visit_id": visit, "stream_id": "patient-1"}
    await worker.send_json({"type": "refused", "visit_id": visit, "stream_id": "patient-1", "sequence": 7,
                            "reason": "altered"})
    await worker.send_str(StreamDone(visit_id=visit, stream_id="patient-1").model_dump_json())
    assert (await answer(worker))["type"] == "stream_done_ack"
    assert db.read_sync(SYSTEM, transcripts.open_streams, visit) == []
    events = db.read_sync(SYSTEM, audit.search)
    assert any(e.outcome == "refused" and e.entity_id == "patient-1" and '"altered"' in e.detail for e in events)


async def test_the_doctor_is_told_when_nobody_recognises_speech(house, clinic, worker):
    _, doctor = await in_call(house, clinic)
    await worker.send_json({"type": "backlog", "seconds": 30})
    assert (await doctor.hear("captions"))["state"] == "late"
    await worker.close()
    assert (await doctor.hear("captions"))["state"] == "paused"


async def test_a_malformed_worker_is_disconnected(house, worker):
    await worker.send_str('{"type": "segment"}')
    async with asyncio.timeout(20):
        await worker.receive()
    assert worker.close_code == 1008


async def test_the_control_channel_is_for_this_machines_own_user(house, settings):
    assert settings.control_socket.parent.stat().st_mode & 0o777 == 0o700
