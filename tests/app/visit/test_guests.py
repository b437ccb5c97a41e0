"""Guests of a visit: links, knocking, the door, what they see and hear, and whose words are written down."""

import re
import uuid

import pytest
from aiohttp import WSServerHandshakeError

from app import audit, encounters, guests
from app.errors import AccessDenied, Conflict, NotFound
from app.guests import Introduction
from app.record import communications, transcripts
from tests.app.visit.conftest import SYSTEM, Browser
from tests.app.visit.test_sockets import in_call

SAMIR = Introduction(name="Samir Haddad", relation="interpreter")
AICHA = Introduction(name="Aïcha Lefèvre", relation="relative", transcription=True)


@pytest.fixture
def running(clinic, db):
    clinic.consent(0)
    db.write_sync(clinic.patient(0), encounters.arrive, clinic.visits[0])
    db.write_sync(clinic.doctor, encounters.admit, clinic.visits[0])
    return clinic


def knocking(db, clinic, who=SAMIR):
    """(actor, standing) of somebody at the door."""
    token = db.write_sync(clinic.doctor, guests.invite, clinic.visits[0])
    secret, standing = db.write_sync(SYSTEM, guests.knock, token, who)
    return db.read_sync(SYSTEM, guests.actor_of_session, secret), standing


def admitted(db, clinic, who=SAMIR):
    actor, standing = knocking(db, clinic, who)
    db.write_sync(clinic.doctor, guests.admit, clinic.visits[0], standing.id)
    return actor


def send(db, actor, clinic, text):
    return db.write_sync(actor, communications.send, clinic.visits[0], uuid.uuid4().hex, text)


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_opens_one_visit_until_two_hours_after_it(clinic, db, clock) -> None:
    token = db.write_sync(clinic.doctor, guests.invite, clinic.visits[0])
    assert db.read_sync(SYSTEM, guests.doctor_behind, token).family == "Benali"
    clock.forward(hours=3, minutes=14)
    assert db.read_sync(SYSTEM, guests.doctor_behind, token), "the visit was to end at 9:15"
    clock.forward(minutes=2)
    with pytest.raises(NotFound):
        db.read_sync(SYSTEM, guests.doctor_behind, token)
    for guessed in ("", "x" * 32, "../etc"):
        with pytest.raises(NotFound):
            db.read_sync(SYSTEM, guests.doctor_behind, guessed)


def test_only_the_visits_doctor_invites_admits_and_locks(running, db) -> None:
    _, standing = knocking(db, running)
    for actor in (running.other_doctor, running.patient(0), running.patient(1)):
        for call, arguments in ((guests.invite, ()), (guests.admit, (standing.id,)), (guests.dismiss, (standing.id,)),
                                (guests.revoke, ("0" * 32,))):
            with pytest.raises(AccessDenied):
                db.write_sync(actor, call, running.visits[0], *arguments)
        with pytest.raises(AccessDenied):
            db.write_sync(actor, guests.lock, running.visits[0], locked=True)
        with pytest.raises(AccessDenied):
            db.read_sync(actor, guests.door, running.visits[0])


def test_a_revoked_link_sends_away_who_came_by_it(running, db) -> None:
    actor = admitted(db, running)
    [link] = db.read_sync(running.doctor, guests.door, running.visits[0]).links
    assert db.write_sync(running.doctor, guests.revoke, running.visits[0], link.id) == [actor.id]
    assert db.write_sync(running.doctor, guests.revoke, running.visits[0], link.id) == []
    assert not db.read_sync(SYSTEM, guests.stands, actor.session_id)
    with pytest.raises(AccessDenied):
        db.read_sync(actor, guests.own)
    with pytest.raises(NotFound):
        db.write_sync(running.doctor, guests.revoke, running.visits[1], link.id)


def test_the_end_of_the_visit_ends_links_and_guests(running, db) -> None:
    actor = admitted(db, running)
    token = db.write_sync(running.doctor, guests.invite, running.visits[0])
    db.write_sync(running.doctor, encounters.finish, running.visits[0])
    assert not db.read_sync(SYSTEM, guests.stands, actor.session_id)
    with pytest.raises(NotFound):
        db.write_sync(SYSTEM, guests.knock, token, SAMIR)
    with pytest.raises(Conflict):
        db.write_sync(running.doctor, guests.invite, running.visits[0])


def test_a_locked_room_takes_no_knock_and_keeps_who_is_in(running, db) -> None:
    actor = admitted(db, running)
    token = db.write_sync(running.doctor, guests.invite, running.visits[0])
    db.write_sync(running.doctor, guests.lock, running.visits[0], locked=True)
    with pytest.raises(Conflict, match="locked"):
        db.write_sync(SYSTEM, guests.knock, token, AICHA)
    assert db.read_sync(actor, guests.admitted).name == "Samir Haddad"
    assert db.read_sync(running.doctor, guests.door, running.visits[0]).locked
    db.write_sync(running.doctor, guests.lock, running.visits[0], locked=False)
    assert db.write_sync(SYSTEM, guests.knock, token, AICHA)


def test_a_link_and_a_visit_have_their_limits(running, db, monkeypatch) -> None:
    monkeypatch.setattr(guests, "KNOCKS_OF_A_LINK", 2)
    token = db.write_sync(running.doctor, guests.invite, running.visits[0])
    for _ in range(2):
        db.write_sync(SYSTEM, guests.knock, token, SAMIR)
    with pytest.raises(Conflict, match="too often"):
        db.write_sync(SYSTEM, guests.knock, token, SAMIR)
    monkeypatch.setattr(guests, "LINKS_OF_A_VISIT", 1)
    with pytest.raises(Conflict, match="many links"):
        db.write_sync(running.doctor, guests.invite, running.visits[0])


# --- the door ---------------------------------------------------------------------------------------------------------


def test_four_are_the_most_and_coming_in_again_is_no_fifth(running, db) -> None:
    first = admitted(db, running)
    second = admitted(db, running, AICHA)
    _, third = knocking(db, running)
    with pytest.raises(Conflict, match="full"):
        db.write_sync(running.doctor, guests.admit, running.visits[0], third.id)
    db.write_sync(running.doctor, guests.admit, running.visits[0], second.id)
    db.write_sync(running.doctor, guests.dismiss, running.visits[0], first.id)
    assert db.write_sync(running.doctor, guests.admit, running.visits[0], third.id).admitted_at


def test_nobody_is_in_before_the_doctor_says_so(clinic, db) -> None:
    actor, standing = knocking(db, clinic)
    with pytest.raises(Conflict):
        db.read_sync(actor, guests.admitted)
    with pytest.raises(Conflict, match="not begun"):
        db.write_sync(clinic.doctor, guests.admit, clinic.visits[0], standing.id)
    with pytest.raises(NotFound):
        db.write_sync(clinic.doctor, guests.admit, clinic.visits[0], "0" * 32)
    db.write_sync(clinic.doctor, guests.dismiss, clinic.visits[0], standing.id)
    with pytest.raises(NotFound):
        db.write_sync(clinic.doctor, guests.admit, clinic.visits[0], standing.id)


def test_who_they_are_is_sealed_and_what_happens_is_in_the_trail(running, db) -> None:
    actor = admitted(db, running)
    row = db.read_sync(SYSTEM, lambda tx: tx.session.get(guests.Guest, actor.id))
    assert b"Samir" not in row.sealed
    events = db.read_sync(SYSTEM, audit.search)
    assert {"guest:invite", "guest:knock", "guest:admit"} <= {event.action for event in events}
    assert "Samir" not in repr([event.model_dump() for event in events])


# --- what they see ----------------------------------------------------------------------------------------------------


def test_a_guest_sees_what_is_sent_after_they_came_and_nothing_else(running, db, clock) -> None:
    visit, early = running.visits[0], uuid.uuid4().hex
    db.write_sync(running.patient(0), communications.attach, visit, early, "dos.jpg", "image/jpeg", b"x")
    clock.forward(minutes=1)
    actor, standing = knocking(db, running)
    with pytest.raises(Conflict):
        db.read_sync(actor, communications.read, visit)
    with pytest.raises(Conflict):
        send(db, actor, running, "J'écoute à la porte")
    clock.forward(minutes=1)
    db.write_sync(running.doctor, guests.admit, visit, standing.id)
    clock.forward(minutes=1)
    late = uuid.uuid4().hex
    db.write_sync(running.patient(0), communications.attach, visit, late, "ordonnance.jpg", "image/jpeg", b"y")
    said = send(db, actor, running, "Je traduis")
    assert (said.role, said.author) == ("interpreter", "Samir Haddad")
    assert {m.text or m.document.name for m in db.read_sync(actor, communications.read, visit)} == {"ordonnance.jpg", "Je traduis"}
    assert db.read_sync(actor, communications.content, late)[1] == b"y"
    with pytest.raises(AccessDenied):
        db.read_sync(actor, communications.content, early)
    for call, argument in ((communications.read, running.visits[1]), (communications.past, running.patients[0]),
                           (transcripts.read, visit), (encounters.visit, visit)):
        with pytest.raises(AccessDenied):
            db.read_sync(actor, call, argument)


# --- over the wire ----------------------------------------------------------------------------------------------------


@pytest.fixture
def guest_browser(house):
    """Opens a link, says who they are and knocks; the browser of whoever stands at the door."""

    async def come(link, name="Samir Haddad", relation="interpreter", **more):
        anybody = Browser(house.client_, "none", "none", house.doctor().csrf)
        answer = await anybody.post(re.sub("^http://[^/]+", "", link), name=name, relation=relation, **more)
        assert answer.status == 303, await answer.text()
        assert answer.headers["Location"] == "/guest/call"
        return Browser(house.client_, "guest", answer.cookies["colloque-guest"].value, house.doctor().csrf)

    return come


async def link_of(house, visit):
    answer = await house.doctor().post(f"/visits/{visit}/guest-links", script=True)
    return (await answer.json())["link"]


async def let_in(house, visit, n=-1):
    door = await (await house.doctor().get(f"/visits/{visit}/guests")).json()
    guest = door["guests"][n]
    assert (await house.doctor().post(f"/visits/{visit}/guests/{guest['id']}/admission", script=True)).status == 200
    return guest["id"]


async def test_an_interpreter_knocks_is_let_in_joins_writes_and_is_sent_away(house, clinic, node, guest_browser) -> None:
    patient, doctor = await in_call(house, clinic)
    visit = clinic.visits[0]
    link = await link_of(house, visit)
    page = await (await house.patient().get(re.sub("^http://[^/]+", "", link))).text()
    assert "Lefèvre" not in page, "nothing of the patient"
    browser = await guest_browser(link)
    await doctor.hear("guests")
    guest = await browser.socket("/guest/socket")
    await guest.hear("waiting")
    await guest.say(type="join")
    assert (await guest.hear("error"))["code"] == "conflict"
    await patient.say(type="state", audio=False, video=True)
    await guest.silence("participant")

    id_ = await let_in(house, visit)
    await guest.hear("admitted")
    await guest.say(type="join")
    offer = await guest.hear("offer")
    await guest.say(type="answer", epoch=offer["epoch"], sdp="v=0 answer")
    told = await patient.hear("participant")
    while told["participant"] != id_:
        told = await patient.hear("participant")
    assert (told["name"], told["role"]) == ("Samir Haddad", "interpreter")

    await house.rooms.participant_changed(visit, id_, "unheard", "silent")
    assert (await guest.hear("heard"))["heard"] is False
    await house.rooms.participant_changed(visit, id_, "connected", "heard")
    assert (await guest.hear("heard"))["heard"] is True
    answer = await browser.post("/guest/messages", script=True, id=uuid.uuid4().hex, text="Bonjour")
    assert answer.status == 200
    assert (await patient.hear("message"))["participant"] == id_
    house.rooms.tell(visit, {"type": "caption", "text": "secret"})
    house.rooms.tell(visit, {"type": "presence", "role": "patient", "online": False})
    await guest.silence("caption")

    await house.doctor().post(f"/visits/{visit}/guests/{id_}/dismissal", script=True)
    assert await guest.end() == 1000
    assert guest.heard[-1]["type"] == "removed"
    assert (visit, id_) in node.asked("leave")
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.socket("/guest/socket")
    assert refused.value.status == 401
    assert (await browser.get("/guest/messages")).status == 401


@pytest.mark.parametrize("agrees", [False, True])
async def test_a_guests_words_are_written_down_only_with_both_consents(house, clinic, node, guest_browser, agrees) -> None:
    await in_call(house, clinic)
    visit = clinic.visits[0]
    browser = await guest_browser(await link_of(house, visit), **({"transcription": "yes"} if agrees else {}))
    guest = await browser.socket("/guest/socket")
    id_ = await let_in(house, visit)
    await guest.hear("admitted")
    await guest.say(type="join")
    await guest.hear("offer")
    for participant in ("patient", "doctor", id_):
        await house.rooms.participant_changed(visit, participant, "connected")
    tapped = [call[0] for call in node.asked("tap") if call[1]]
    assert tapped == (["patient", "doctor", id_] if agrees else ["patient", "doctor"])

    await guest.say(type="consent", transcription=not agrees)
    await guest.hear("transcription")
    last = node.asked("tap")[-1]
    assert last == ((id_, False, "withdrawn") if agrees else (id_, True, ""))


async def test_the_patients_withdrawal_ends_the_guests_tap_too(house, clinic, node, guest_browser) -> None:
    patient, _ = await in_call(house, clinic)
    browser = await guest_browser(await link_of(house, clinic.visits[0]), transcription="yes")
    guest = await browser.socket("/guest/socket")
    id_ = await let_in(house, clinic.visits[0])
    await guest.hear("admitted")
    await guest.say(type="join")
    await guest.hear("offer")
    await house.rooms.participant_changed(clinic.visits[0], id_, "connected")
    assert (id_, True, "") in node.asked("tap")
    await patient.say(type="consent", transcription=False)
    while (await patient.hear("transcription"))["consent"]:
        pass
    assert (id_, False, "withdrawn") in node.asked("tap")


async def test_bad_introductions_are_explained_and_gone_links_say_so(house, clinic) -> None:
    anybody = Browser(house.client_, "none", "none", house.doctor().csrf)
    path = re.sub("^http://[^/]+", "", await link_of(house, clinic.visits[0]))
    answer = await anybody.post(path, name=" ", relation="spy")
    assert answer.status == 422
    assert "Please fill in this field." in await answer.text()
    assert (await anybody.get("/g/" + "x" * 32)).status == 404
    assert (await anybody.post("/g/" + "x" * 32, name="A", relation="other")).status == 404
    assert (await (await house.doctor().get(f"/visits/{clinic.visits[0]}/guests")).json())["guests"] == []


async def test_a_locked_room_says_so_at_the_entrance(house, clinic) -> None:
    await in_call(house, clinic)
    path = re.sub("^http://[^/]+", "", await link_of(house, clinic.visits[0]))
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/lock", script=True, locked="true")
    assert (await answer.json())["locked"]
    anybody = Browser(house.client_, "none", "none", house.doctor().csrf)
    answer = await anybody.post(path, name="Samir", relation="interpreter")
    assert answer.status == 409
    assert "locked" in await answer.text()
