"""Doctors' calendars: a feed that names nobody behind a link that can be ended; busy times of a real CalDAV server."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlmodel import select

from app import caldav, calendars
from app.actor import system
from app.caldav import CaldavFailed, Login
from app.calendars import CalendarLogin
from app.errors import AccessDenied, Invalid, NotFound
from app.jobs import Runner
from app.notifications.calendar import render_feed
from app.scheduling import agenda, booking, busy
from app.scheduling.booking import SlotTaken
from app.scheduling.intervals import Interval
from app.settings import Settings
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN
from tests.app.scheduling.test_pages import visitor
from tests.radicale import PASSWORD, USER, radicale

assert visitor  # a fixture
READER = system("calendar feed")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def dav_server(tmp_path_factory):
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def dav(dav_server):
    """The server with an empty calendar."""
    dav_server.ask("DELETE", "")
    dav_server.ask("MKCALENDAR", "")
    return dav_server


def settings_of(dav, tmp_path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, caldav_hosts=f"127.0.0.1:{dav.port}")


async def read(db, settings) -> None:
    runner = Runner(db, calendars.handlers(db, settings))
    while await runner.step():
        pass


def set_up(db, clinic, dav, settings, password=PASSWORD, name="work"):
    login = CalendarLogin(url=dav.url.replace("work", name), user=USER, password=password)
    db.write_sync(clinic.doctor(), calendars.block_with, login, settings.calendar_hosts)


def free(db, clinic, doctor=0):
    window = Interval(TEN, TEN + 2 * HOUR)
    slots = db.read_sync(SCHEDULER, agenda.free_slots, [clinic.doctors[doctor]], timedelta(minutes=30), window)
    return [slot.start_at for slot in slots]


async def test_a_meeting_elsewhere_blocks_offers_and_bookings_of_this_doctor_alone(db, clinic, dav, tmp_path) -> None:
    dav.put("meeting", TEN, TEN + HOUR)
    before = free(db, clinic)
    assert TEN in before
    settings = settings_of(dav, tmp_path)
    set_up(db, clinic, dav, settings)
    await read(db, settings)
    assert free(db, clinic) == [at for at in before if at >= TEN + HOUR]
    assert free(db, clinic, 1) == before
    with pytest.raises(SlotTaken):
        db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    db.write_sync(SCHEDULER, booking.book, **clinic.slot(TEN + HOUR))
    own = db.read_sync(clinic.doctor(), calendars.own)
    assert (own.fault, own.read_at) == ("", db.read_sync(SYSTEM, lambda tx: tx.now))


async def test_what_is_free_or_cancelled_there_blocks_nothing_and_repeats_count(db, clinic, dav, tmp_path) -> None:
    dav.put("away", TEN, TEN + HOUR, "TRANSP:TRANSPARENT\r\n")
    dav.put("off", TEN, TEN + HOUR, "STATUS:CANCELLED\r\n")
    dav.put("weekly", TEN - timedelta(days=14) + HOUR, TEN - timedelta(days=14) + 2 * HOUR, "RRULE:FREQ=WEEKLY;COUNT=4\r\n")
    settings = settings_of(dav, tmp_path)
    set_up(db, clinic, dav, settings)
    await read(db, settings)
    assert free(db, clinic) == [TEN, TEN + HOUR / 2]


async def test_only_times_are_kept_and_the_password_is_sealed(db, clinic, dav, tmp_path) -> None:
    dav.put("meeting", TEN, TEN + HOUR)
    settings = settings_of(dav, tmp_path)
    set_up(db, clinic, dav, settings)
    await read(db, settings)
    (row,) = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(busy.BusyTime)).all())
    assert (row.start_at, row.end_at) == (TEN, TEN + HOUR)
    (kept,) = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(calendars.BusyCalendar)).all())
    assert PASSWORD.encode() not in kept.sealed


async def test_trouble_is_told_and_what_was_known_stays_blocked(db, clinic, dav, tmp_path) -> None:
    dav.put("meeting", TEN, TEN + HOUR)
    settings = settings_of(dav, tmp_path)
    set_up(db, clinic, dav, settings)
    await read(db, settings)
    for change, fault in (({"password": "wrong"}, "sign-in"), ({"name": "none"}, "not-found")):
        set_up(db, clinic, dav, settings, **change)
        await read(db, settings)
        assert db.read_sync(clinic.doctor(), calendars.own).fault == fault
        assert TEN not in free(db, clinic)
    set_up(db, clinic, dav, settings)
    await read(db, settings.model_copy(update={"caldav_hosts": ""}))
    assert db.read_sync(clinic.doctor(), calendars.own).fault == "host", "the site took the permission back"
    db.write_sync(clinic.doctor(), calendars.unblock)
    assert TEN in free(db, clinic)
    assert db.read_sync(clinic.doctor(), calendars.own).url == ""


async def test_an_event_that_moves_moves_the_block_with_the_next_reading(db, clinic, dav, tmp_path) -> None:
    settings = settings_of(dav, tmp_path)
    set_up(db, clinic, dav, settings)
    dav.put("meeting", TEN, TEN + HOUR)
    await read(db, settings)
    dav.put("meeting", TEN + HOUR, TEN + 2 * HOUR)
    db.write_sync(SYSTEM, calendars._ask_all)
    await read(db, settings)
    assert free(db, clinic) == [TEN, TEN + HOUR / 2]


async def test_a_server_that_does_not_answer_or_is_no_calendar(dav, tmp_path) -> None:
    moved = f"http://127.0.0.1:{dav.port}/.well-known/caldav"  # leads elsewhere: not followed
    for url, fault in (("http://127.0.0.1:9/x/", "unanswered"), (moved, "not-found")):
        with pytest.raises(CaldavFailed, match=fault):
            await caldav.free_busy(Login(url, USER, PASSWORD), TEN, TEN + HOUR)


@pytest.mark.parametrize(("body", "periods"), [
    (b"FREEBUSY;FBTYPE=BUSY:20261123T090000Z/PT30M,20261123T100000Z/20261123T110000Z\r\n", 2),
    (b"FREEBUSY;FBTYPE=FREE:20261123T090000Z/PT30M\r\n", 0), (b"", 0),
    (b"FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261123T090000Z/PT30M\r\nFREEBUSY:20261123T100000Z/PT15M\r\n", 2)])
def test_the_ways_in_which_servers_write_busy_times(body, periods) -> None:
    text = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\n" + body + b"END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    assert len(caldav._periods(text)) == periods


@pytest.mark.parametrize("body", [b"", b"<html>", b"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:soon\r\nEND:VFREEBUSY"])
def test_what_is_no_list_of_busy_times_is_said_to_be_none(body) -> None:
    with pytest.raises(CaldavFailed):
        caldav._periods(body)


@pytest.mark.parametrize(("url", "allowed"), [
    ("https://cloud.example/dav/", True), ("http://cloud.example/dav/", False), ("https://evil.example/", False),
    ("https://x@cloud.example/", False), ("http://127.0.0.1:5232/x/", True), ("http://127.0.0.1:80/x/", False),
    ("file:///etc/passwd", False), ("https://[::1", False), ("", False), ("https://cloud.example:99999/", False),
    ("https://cloud.example:443/dav/", True), ("https://cloud.example:22/", False), ("https://cloud.example:8443/", False),
    ("https://cloud.example.evil.example/", False), ("https://cloud.example\\.evil.example/", False), ("https://cloud.example\\@evil.example/", False),
    ("https://127.0.0.1/", False), ("https://2130706433:5232/", False), ("http://127.1:5232/", False), ("http://[::ffff:127.0.0.1]:5232/", False),
    ("https://evil.example/?https://cloud.example/", False), ("https://evil.example#cloud.example", False), ("gopher://cloud.example/", False),
    ("https://cloud.example\u3002evil.example/", False), ("//cloud.example/", False), ("https://169.254.169.254/latest/meta-data/", False)])
def test_only_servers_that_the_site_names_are_asked(url, allowed) -> None:
    assert caldav.is_allowed(url, ("cloud.example", "127.0.0.1:5232")) == allowed


def test_a_server_that_is_not_named_is_refused_and_nothing_changes(db, clinic) -> None:
    with pytest.raises(Invalid):
        db.write_sync(clinic.doctor(), calendars.block_with, CalendarLogin(url="https://x.example/", user="a", password="b"), ())
    assert db.read_sync(clinic.doctor(), calendars.own).url == ""


def shown(db, token):
    return Calendar.from_ical(render_feed(db.read_sync(READER, calendars.feed, token), lambda id_: f"https://c.example/visits/{id_}"))


def test_the_feed_shows_when_and_neither_whom_nor_why(db, clinic) -> None:
    row = db.write_sync(SYSTEM, booking.book, **clinic.slot(), reason="mes règles")
    db.write_sync(SYSTEM, booking.book, **clinic.slot(TEN + HOUR, doctor=1))
    token = db.write_sync(clinic.doctor(), calendars.share)
    (event,) = shown(db, token).walk("VEVENT")
    assert (event["UID"], event["DTSTART"].dt, event["SEQUENCE"]) == (f"{row.id}@colloque", TEN, 0)
    text = str(shown(db, token).to_ical(), "utf-8").lower()
    assert not [word for word in ("lefèvre", "claire", "suivi", "follow", "règles", "general") if word in text]
    db.write_sync(SYSTEM, booking.move, row.id, TEN + 2 * HOUR)
    (event,) = shown(db, token).walk("VEVENT")
    assert (event["DTSTART"].dt, event["SEQUENCE"]) == (TEN + 2 * HOUR, 1)
    db.write_sync(SYSTEM, booking.cancel, row.id)
    assert shown(db, token).walk("VEVENT") == []


def test_a_new_link_ends_the_old_one_and_an_ended_one_answers_nobody(db, clinic) -> None:
    first = db.write_sync(clinic.doctor(), calendars.share)
    second = db.write_sync(clinic.doctor(), calendars.share)
    for token in (first, "", "guessed" * 6):
        with pytest.raises(NotFound):
            db.read_sync(READER, calendars.feed, token)
    db.write_sync(clinic.doctor(1), calendars.revoke)
    assert db.read_sync(READER, calendars.feed, second)
    db.write_sync(clinic.doctor(), calendars.revoke)
    with pytest.raises(NotFound):
        db.read_sync(READER, calendars.feed, second)


def test_calendars_are_a_doctors_own(db, clinic) -> None:
    for call in (calendars.share, calendars.revoke, calendars.unblock, calendars.own):
        with pytest.raises(AccessDenied):
            db.write_sync(SCHEDULER, call)


async def test_the_page_makes_ends_and_blocks_and_the_feed_needs_no_session(db, clinic, visitor) -> None:
    db.write_sync(SYSTEM, booking.book, **clinic.slot())
    doctor = visitor("doctor")
    await doctor.get("/calendars")
    assert "named no calendar server yet" in doctor.text
    await doctor.post("/calendars/feed")
    path = "/calendar/" + doctor.page.split("/calendar/")[1].split("<")[0]
    assert (await doctor.client.get(path, headers={"Cookie": ""})).content_type == "text/calendar"
    assert "BEGIN:VEVENT" in await (await doctor.client.get(path)).text()
    await doctor.post("/calendars/busy", url="https://cloud.example/", user="nadia", password="x")
    assert doctor.status == 422
    assert "may not be read here" in doctor.text
    await doctor.get("/calendars")
    await doctor.post("/calendars/feed/revocation")
    assert "answers nobody any more" in (await doctor.follow())
    assert (await doctor.client.get(path)).status == 404
    clerk = visitor("scheduler")
    await clerk.get("/calendars")
    assert clerk.status == 403


def test_a_daylight_saving_night_is_asked_for_whole(db, clinic) -> None:
    night = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    db.write_sync(SYSTEM, busy.replace, clinic.doctors[0], [Interval(night, night + 2 * HOUR), Interval(night + HOUR, night + 3 * HOUR)])
    found = db.read_sync(SYSTEM, busy.times, [clinic.doctors[0]], Interval(night + HOUR, night + 2 * HOUR))
    assert found == {clinic.doctors[0]: [Interval(night, night + 3 * HOUR)]}, "one stretch, as it is"
