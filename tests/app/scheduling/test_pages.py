"""The scheduler's pages through the real application, as a browser without script uses them."""

import html
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from app import audit
from app.access.accounts import Account, StaffSession, session_hash
from app.actor import Role
from app.application import build
from app.people import directory
from app.scheduling import agenda, booking
from app.scheduling.tables import Appointment, AvailabilityException, AvailabilityRule, Motif
from app.settings import Settings
from tests.app.front_door import Visitor
from tests.app.scheduling.conftest import SCHEDULER, SYSTEM, TEN

NEW = {"given": "Élise", "family": "O'Neil <b>\"x\"</b>", "birth_date": "1990-02-01", "phone": "06 12 34 56 78",
       "email": "elise@example.org", "sex": "female", "language": "en"}
TEN_VALUE = "2026-11-23T09:00Z"


def sign_everyone_in(tx, clinic) -> None:
    for role in (Role.SCHEDULER, Role.ADMINISTRATOR, Role.DOCTOR):
        account = Account(id=role.value, email=f"{role.value}@example.org", name="Sophie Perrin", role=role.value,
                          practitioner_id=clinic.doctors[0] if role is Role.DOCTOR else None, password_hash="-")
        tx.session.add(account)
        tx.session.flush()
        tx.session.add(StaffSession(id=session_hash(role.value), account_id=account.id, second_factor_at=tx.now,
                                    created_at=tx.now, expires_at=tx.now + timedelta(hours=9), ip="", user_agent=""))


@pytest.fixture
async def visitor(aiohttp_client, db, clinic, tmp_path):
    db.write_sync(SYSTEM, sign_everyone_in, clinic)
    client = await aiohttp_client(build(Settings(_env_file=None, data_dir=tmp_path, base_url="http://colloque.test"), db))

    def as_role(role: str = "scheduler", language: str = "en") -> Visitor:
        client.session.cookie_jar.clear()
        client.session.cookie_jar.update_cookies({"colloque-staff": role})
        client.session.headers["Accept-Language"] = language
        return Visitor(client)
    return as_role


@pytest.fixture
def scheduler(visitor):
    return visitor()


def booked(db) -> list[Appointment]:
    return db.read_sync(SYSTEM, lambda tx: list(tx.session.exec(select(Appointment).order_by(Appointment.created_at)).all()))


def booking_path(clinic, **more) -> str:
    query = {"practitioner": clinic.doctors[0], "motif": clinic.motif, "on": "2026-11-23"} | more
    return "/planner/booking?" + "&".join(f"{k}={v}" for k, v in query.items())


def slot_form(clinic, **more) -> dict[str, str]:
    return {"practitioner": clinic.doctors[0], "motif": clinic.motif, "on": "2026-11-23", "start": TEN_VALUE} | more


def links(page: str, part: str) -> list[str]:
    return [html.unescape(h) for h in re.findall(r'href="([^"]+)"', page) if part in h]


async def test_the_week_of_a_doctor_and_the_day_of_all(db, clinic, scheduler):
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    week = await scheduler.get("/planner")
    assert scheduler.status == 200
    assert "C. Lefèvre" in week and "23 – 27 November 2026" in scheduler.text
    assert week.count('class="day') == 5
    day = await scheduler.get("/planner?view=day&on=2026-11-23")
    assert day.count('class="day') == 3 and "Dr Ada Okonkwo" in scheduler.text and "C. Lefèvre" in day
    await scheduler.get(f"/planner?practitioner={clinic.doctors[1]}")
    assert "Lefèvre" not in scheduler.text


@pytest.mark.parametrize("query", ["on=yesterday", "on=9999-12-31", "on=0001-01-01", "practitioner=nobody", "view=century",
                                   "on=2026-11-23T10:00", "done=cancelled", "done=<script>", "on=%00"])
async def test_an_address_somebody_typed_wrong_shows_the_present(scheduler, query):
    await scheduler.get(f"/planner?{query}")
    assert scheduler.status == 200


async def test_from_a_free_time_of_the_planner_to_a_known_patient(db, clinic, scheduler):
    week = await scheduler.get(f"/planner?practitioner={clinic.doctors[0]}")
    [free] = [h for h in links(week, "/planner/booking") if TEN_VALUE.replace(":", "%3A") in h or TEN_VALUE in h]
    await scheduler.get(free)
    assert scheduler.status == 200
    found = await scheduler.post("/planner/booking", step="search", q="lefev", **slot_form(clinic))
    [hit] = links(found, f"patient={clinic.patients[0]}")
    chosen = await scheduler.get(hit)
    assert "Claire Lefèvre" in scheduler.text and f'value="{TEN_VALUE}" checked' in chosen
    await scheduler.post("/planner/booking", **slot_form(clinic, patient=clinic.patients[0]))
    assert scheduler.status == 303
    await scheduler.follow()
    assert "Booked for Claire Lefèvre, Monday 23 November at 10:00" in scheduler.text
    assert [a.start_at for a in booked(db)] == [TEN]


async def test_names_searched_are_in_no_address(clinic, scheduler):
    await scheduler.get("/patients")
    await scheduler.post("/patients", q="lefevre")
    assert scheduler.status == 200 and scheduler.path == "/patients" and "Claire Lefèvre" in scheduler.text
    page = await scheduler.get(booking_path(clinic))
    assert 'role="search"' in page and not re.search(r'<form method="get"[^>]*role="search"', page)


async def test_a_new_patient_with_any_name_is_registered_and_booked_in_one_go(db, clinic, scheduler):
    await scheduler.get(booking_path(clinic))
    await scheduler.post("/planner/booking", **slot_form(clinic), **NEW)
    assert scheduler.status == 303
    page = await scheduler.follow()
    assert "<b>\"x\"</b>" not in page and "O&#39;Neil &lt;b&gt;" in page
    [visit] = booked(db)
    assert visit.language == "en"
    [hit] = db.read_sync(SCHEDULER, directory.search, "0612345678")
    assert (hit.id, hit.identity.family) == (visit.patient_id, NEW["family"])


@pytest.mark.parametrize(("field", "value", "says"), [
    ("birth_date", "2031-01-01", "birth date"), ("email", "nobody", "e-mail address"), ("phone", "12", "phone number"),
    ("family", "\u202e", "fill in"), ("start", "2026-11-23T09:00", "choose a time"), ("start", "soon", "choose a time"),
    ("start", "2020-11-23T09:00Z", "passed"), ("start", "9999-12-31T23:59Z", "choose a time"), ("start", "2028-11-23T09:00Z", "year ahead"),
])
async def test_a_slip_is_named_and_what_was_typed_is_kept(db, clinic, scheduler, field, value, says):
    await scheduler.get(booking_path(clinic))
    fields = slot_form(clinic) | NEW | {field: value}
    await scheduler.post("/planner/booking", **fields)
    assert scheduler.status == 422
    assert says in scheduler.text and "Élise" in scheduler.page
    assert booked(db) == []
    assert db.read_sync(SCHEDULER, directory.search, "oneil") == []


async def test_neither_mail_nor_phone(clinic, scheduler):
    await scheduler.get(booking_path(clinic))
    await scheduler.post("/planner/booking", **(slot_form(clinic) | NEW | {"email": "", "phone": ""}))
    assert scheduler.status == 422 and "the invitation is sent there" in scheduler.text


async def test_who_comes_second_keeps_what_was_typed_and_is_offered_the_next_slots(db, clinic, visitor):
    second = visitor("scheduler", "fr")
    await second.get(booking_path(clinic, start=TEN_VALUE))
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())  # somebody else, meanwhile
    await second.post("/planner/booking", **slot_form(clinic), **NEW)
    assert second.status == 409
    assert "Élise" in second.page and "elise@example.org" in second.page
    offered = re.findall(r'type="radio" name="start" value="([^"]+)"', second.page)
    assert offered[:5] == ["2026-11-23T09:15Z", "2026-11-23T09:30Z", "2026-11-23T09:45Z", "2026-11-23T10:00Z",
                           "2026-11-23T10:15Z"]
    assert TEN_VALUE not in offered
    assert db.read_sync(SCHEDULER, directory.search, "elise") == []  # nobody was registered in vain
    await second.post("/planner/booking", **(slot_form(clinic) | {"start": offered[0]}), **NEW)
    assert second.status == 303 and len(booked(db)) == 2


async def test_someone_known_is_recognised_unless_it_is_said_otherwise(db, clinic, scheduler):
    twin = NEW | {"given": "Claire", "family": "Lefevre", "birth_date": "1972-04-03"}
    await scheduler.get(booking_path(clinic))
    await scheduler.post("/planner/booking", **slot_form(clinic), **twin)
    assert scheduler.status == 409 and "someone you already know" in scheduler.text
    assert links(scheduler.page, f"patient={clinic.patients[0]}") and booked(db) == []
    await scheduler.post("/planner/booking", **slot_form(clinic), **twin, new_person="yes")
    assert scheduler.status == 303
    assert booked(db)[0].patient_id not in clinic.patients


async def test_a_longer_visit_asks_for_longer_free_time(db, clinic, scheduler):
    db.write_sync(SCHEDULER, booking.book, **clinic.slot(TEN + timedelta(minutes=15)))
    page = await scheduler.get(booking_path(clinic, motif=clinic.long_motif, start=TEN_VALUE))
    assert f'value="{TEN_VALUE}" checked' not in page
    await scheduler.post("/planner/booking", **slot_form(clinic, motif=clinic.long_motif, patient=clinic.patients[0]))
    assert scheduler.status == 409


async def test_a_day_without_free_slots_offers_the_next_ones(clinic, scheduler):
    page = await scheduler.get(booking_path(clinic, on="2026-11-28"))  # a Saturday
    assert "No free slot that day" in scheduler.text
    assert re.findall(r'type="radio" name="start" value="([^"]+)"', page)[0]


async def test_move_and_take_it_back(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    await scheduler.get(f"/appointments/{visit.id}")
    await scheduler.get(f"/appointments/{visit.id}/time?on=2026-11-24&practitioner={clinic.doctors[1]}")
    await scheduler.post(f"/appointments/{visit.id}/time", start="2026-11-24T09:00Z", practitioner=clinic.doctors[1])
    assert scheduler.status == 303
    page = await scheduler.follow()
    assert "is moved to Tuesday 24 November at 10:00" in scheduler.text
    [moved] = booked(db)
    assert (moved.practitioner_id, moved.start_at) == (clinic.doctors[1], TEN + timedelta(days=1))
    back = dict(re.findall(r'<input type="hidden" name="(start|practitioner)" value="([^"]+)"', page))
    await scheduler.post(f"/appointments/{visit.id}/time", **back)
    assert [(a.practitioner_id, a.start_at, a.sequence) for a in booked(db)] == [(clinic.doctors[0], TEN, 2)]


async def test_moving_onto_a_taken_slot(db, clinic, scheduler):
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot(TEN + timedelta(hours=1), patient=1))
    await scheduler.get(f"/appointments/{visit.id}/time")
    await scheduler.post(f"/appointments/{visit.id}/time", start=TEN_VALUE)
    assert scheduler.status == 409 and "just taken" in scheduler.text
    assert "2026-11-23T09:15Z" in scheduler.page
    await scheduler.post(f"/appointments/{visit.id}/time", start="never")
    assert scheduler.status == 422


async def test_cancelling_says_what_is_lost_and_can_be_undone(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    await scheduler.get(f"/appointments/{visit.id}/cancellation")
    assert "The appointment of Claire Lefèvre with Dr Nadia Benali on Monday 23 November at 10:00" in scheduler.text
    assert booked(db)[0].status == "booked"  # asking changes nothing
    await scheduler.post(f"/appointments/{visit.id}/cancellation")
    page = await scheduler.follow()
    assert "is cancelled" in scheduler.text and booked(db)[0].status == "cancelled"
    assert f'action="/appointments/{visit.id}/restoration"' in page
    await scheduler.post(f"/appointments/{visit.id}/restoration")
    await scheduler.follow()
    assert "stands again" in scheduler.text and booked(db)[0].status == "booked"


async def test_an_undo_that_comes_too_late(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    db.write_sync(SCHEDULER, booking.cancel, visit.id)
    db.write_sync(SCHEDULER, booking.book, **clinic.slot(patient=1))
    await scheduler.get(f"/appointments/{visit.id}")
    await scheduler.post(f"/appointments/{visit.id}/restoration")
    assert scheduler.status == 409 and "just taken" in scheduler.text


async def test_opening_hours_opened_closed_and_opened_again(db, clinic, scheduler):
    await scheduler.get(f"/availability?practitioner={clinic.doctors[0]}")
    await scheduler.post("/availability/hours", form="rule", practitioner=clinic.doctors[0], day5="yes", day6="yes",
                         start="09:00", end="12:00", motif=clinic.long_motif)
    page = await scheduler.follow()
    assert "These hours are open" in scheduler.text and page.count("First visit") >= 2
    rules = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityRule).where(AvailabilityRule.weekday == 5)).all())
    assert [(r.practitioner_id, r.motif_id) for r in rules] == [(clinic.doctors[0], clinic.long_motif)]
    await scheduler.post(f"/availability/hours/{rules[0].id}/closing")
    page = await scheduler.follow()
    again = dict(re.findall(r'<input type="hidden" name="([a-z_0-9]+)" value="([^"]*)"', page.split("Undo")[0].split('role="status"')[1]))
    await scheduler.post("/availability/hours", **{k: v for k, v in again.items() if k != "csrf_token"})
    assert scheduler.status == 303
    await scheduler.follow()
    assert "These hours are open" in scheduler.text


@pytest.mark.parametrize(("path", "fields", "says"), [
    ("hours", {"day0": "yes", "start": "12:00", "end": "09:00"}, "The end must come after the start."),
    ("hours", {"day0": "yes", "start": "12:00", "end": "12:00"}, "The end must come after the start."),
    ("hours", {"start": "09:00", "end": "12:00"}, "choose at least one day"),
    ("hours", {"day0": "yes", "start": "09:00Z", "end": "12:00"}, "such as 14:30"),
    ("hours", {"day0": "yes", "start": "25:61", "end": "12:00"}, "such as 14:30"),
    ("hours", {"day0": "yes", "start": "10:00", "end": "11:00"}, "overlap hours that are open already"),
    ("hours", {"day5": "yes", "start": "10:00", "end": "11:00", "valid_from": "2026-12-01", "valid_until": "2026-11-01"},
     "The end must come after the start."),
    ("hours", {"day5": "yes", "start": "10:00", "end": "11:00", "motif": "x"}, "not valid"),
    ("days", {"closed": "yes", "on": "2026-11-22"}, "This day has passed."),
    ("days", {"closed": "yes", "on": "9999-12-31"}, "more than two years ahead"),
    ("days", {"closed": "yes", "on": "2026-12-24", "until": "2026-12-20"}, "The end must come after the start."),
    ("days", {"closed": "yes", "on": "2026-12-24", "start": "10:00"}, "both a start and an end"),
    ("days", {"closed": "no", "on": "2026-12-24"}, "the extra hours"),
    ("days", {"closed": "no", "on": "2027-03-28", "start": "02:30", "end": "05:00"}, "Clocks go forward that night"),
    ("days", {"closed": "no", "on": "2027-03-28", "start": "01:00", "end": "02:30"}, "Clocks go forward that night"),
    ("days", {"closed": "yes", "on": "31/12/2026"}, "such as 1984-05-31"),
])
async def test_hours_that_cannot_be(clinic, scheduler, path, fields, says):
    await scheduler.get("/availability")
    form = {"hours": "rule", "days": "exception"}[path]
    await scheduler.post(f"/availability/{path}", form=form, practitioner=clinic.doctors[0], **fields)
    assert scheduler.status in (409, 422)
    assert says in scheduler.text


async def test_the_hour_that_clocks_repeat_is_offered_twice_and_told_apart(db, clinic, scheduler):
    await scheduler.get("/availability")
    await scheduler.post("/availability/days", form="exception", practitioner=clinic.doctors[0], closed="no",
                         on="2027-10-31", start="02:00", end="04:00")
    assert scheduler.status == 303
    page = await scheduler.get(booking_path(clinic, on="2027-10-31"))
    assert "02:30 (UTC+0200)" in page and "02:30 (UTC+0100)" in page and "03:30<" in page
    for start in ("2027-10-31T00:30Z", "2027-10-31T01:30Z"):
        await scheduler.post("/planner/booking", **(slot_form(clinic, patient=clinic.patients[0]) | {"start": start}))
        assert scheduler.status == 303
    await scheduler.get("/planner?view=day&on=2027-10-31")
    assert scheduler.status == 200 and scheduler.page.count("C. Lefèvre") == 2


async def test_a_leave_names_the_appointments_it_leaves_outside_and_is_undone(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    await scheduler.get("/availability")
    await scheduler.post("/availability/days", form="exception", practitioner=clinic.doctors[0], closed="yes",
                         on="2026-11-23", until="2026-11-27")
    page = await scheduler.follow()
    assert "1 appointment is booked where nothing is open any more" in scheduler.text
    assert f"/appointments/{visit.id}" in page
    rows = db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(AvailabilityException)).all())
    assert len(rows) == 5
    await scheduler.post(f"/availability/days/{min(rows, key=lambda r: r.on).id}/removal")
    await scheduler.follow()
    assert "nothing is open any more" not in scheduler.text and "as usual again" in scheduler.text


async def test_motifs_added_and_changed(db, clinic, scheduler):
    await scheduler.get("/availability")
    await scheduler.post("/motifs", form="motif", label_fr="Suivi long", label_en="Long follow-up", duration_min="45")
    assert scheduler.status == 303
    await scheduler.follow()
    for wrong in ("7", "0", "1000", "many"):
        await scheduler.post("/motifs", form="motif", label_fr="x", label_en="x", duration_min=wrong)
        assert scheduler.status == 422
    await scheduler.post(f"/motifs/{clinic.motif}", label_fr="Suivi", label_en="Follow-up", duration_min="20")
    assert scheduler.status == 303
    motif = db.read_sync(SYSTEM, lambda tx: tx.session.get(Motif, clinic.motif))
    assert (motif.duration_min, motif.active) == (20, False)
    assert "Follow-up (" not in await scheduler.get(booking_path(clinic))


async def test_a_patient_is_corrected(db, clinic, scheduler):
    await scheduler.get(f"/patients/{clinic.patients[0]}")
    assert "Claire Lefèvre" in scheduler.text
    fields = NEW | {"given": "Clara", "family": "Lefèvre", "birth_date": "1972-04-03"}
    await scheduler.post(f"/patients/{clinic.patients[0]}", **fields)
    await scheduler.follow()
    assert "Saved." in scheduler.text and "Clara Lefèvre" in scheduler.text
    await scheduler.post(f"/patients/{clinic.patients[0]}", **(fields | {"email": "no"}))
    assert scheduler.status == 422 and 'value="no"' in scheduler.page
    await scheduler.get("/patients/unknown")
    assert scheduler.status == 404


@pytest.mark.parametrize("role", ["doctor", "administrator", "nobody"])
async def test_the_desk_is_the_schedulers(clinic, visitor, role):
    somebody = visitor(role)
    for path in ("/planner", "/planner/booking", "/availability", "/patients", f"/patients/{clinic.patients[0]}",
                 "/appointments/x", "/appointments/x/time"):
        await somebody.get(path)
        assert somebody.status in (303, 403), path
        assert "Lefèvre" not in somebody.page


async def test_no_clinical_word_reaches_the_scheduler(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot(reason="zzsecretreason"))
    for path in ("/planner", "/planner?view=day", f"/appointments/{visit.id}", f"/appointments/{visit.id}/time",
                 f"/appointments/{visit.id}/cancellation", f"/patients/{clinic.patients[0]}", "/availability"):
        assert "zzsecretreason" not in await scheduler.get(path)
        assert scheduler.status == 200


async def test_what_is_opened_is_in_the_trail(db, clinic, scheduler):
    visit = db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    await scheduler.get("/planner")
    await scheduler.get(f"/appointments/{visit.id}")
    [week, *_] = db.read_sync(SYSTEM, lambda tx: audit.search(tx, action="schedule:read", actor="scheduler"))
    assert clinic.doctors[0] in week.detail
    entries = db.read_sync(SYSTEM, lambda tx: audit.search(tx, action="appointment:read", actor="scheduler"))
    assert [(e.entity_id, e.patient_id) for e in entries] == [(visit.id, clinic.patients[0])]


async def test_in_french(db, clinic, visitor):
    db.write_sync(SCHEDULER, booking.book, **clinic.slot())
    desk = visitor("scheduler", "fr")
    await desk.get("/planner")
    assert "23 – 27 novembre 2026" in desk.text and "Suivi" in desk.text
    held = db.read_sync(SYSTEM, agenda.appointments, [clinic.doctors[0]], TEN, TEN + timedelta(hours=1))
    await desk.get(f"/appointments/{held[0].appointment.id}")
    assert "lundi 23 novembre" in desk.text


async def test_the_day_of_a_doctor_who_cannot_come_goes_elsewhere_and_back(db, clinic, scheduler):
    db.write_sync(SCHEDULER, lambda tx: booking.book(tx, **clinic.slot()))
    week = await scheduler.get(f"/planner?practitioner={clinic.doctors[0]}&on=2026-11-23")
    [link] = links(week, "/absence")
    page = await scheduler.get(link)
    [visit] = booked(db)
    choice = re.search(r'<option value="([^"@]+@[^"]+)"', page)[1]
    form = {"practitioner": clinic.doctors[0], "on": "2026-11-23"}
    await scheduler.post("/absence", **form, **{f"to-{visit.id}": "soon"})
    assert scheduler.status == 422
    await scheduler.post("/absence", **form, **{f"to-{visit.id}": choice})
    assert scheduler.status == 303
    await scheduler.follow()
    assert "the day is closed" in scheduler.text
    [visit] = booked(db)
    assert visit.practitioner_id == choice.partition("@")[0] != clinic.doctors[0]
    [undoing] = [action for action in scheduler.actions() if action.endswith("/undoing")]
    await scheduler.post(undoing, **form)
    assert scheduler.status == 303
    assert [v.practitioner_id for v in booked(db)] == [clinic.doctors[0]]
