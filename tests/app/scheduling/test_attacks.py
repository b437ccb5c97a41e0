"""Attempts on scheduling: links, identifiers, tokens and input of others. Each is refused, in the trail, and changes nothing."""

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import date, time, timedelta

import pytest
from sqlmodel import SQLModel, select
from structlog.testing import capture_logs

from app import audit, people, tasks
from app.access import links
from app.actor import Actor, Role
from app.people import PatientIdentity, Practitioner
from app.scheduling import booking, resources, waitlist
from app.scheduling.resources import ResourceForm
from app.scheduling.tables import AvailabilityRule, Motif
from app.scheduling.waitlist import Wish
from app.web import calendars, public
from tests.app.front_door import EMAIL, FAMILY, START_AT, SYSTEM, later
from tests.app.web.test_any_form import signed_in

CLERK = Actor(Role.SCHEDULER, "clerk")
AHEAD = START_AT + timedelta(days=10)
NOT_STATE = ("audit_event", "audit_head", "staff_session", "account", "care_relation", "link_code", "sqlite_sequence")


@pytest.fixture
def database_url(sqlite_url):
    """Refusals do not depend on the engine: SQLite alone."""
    return sqlite_url


@pytest.fixture(autouse=True)
def nobody_tried_before():
    for limit in (public.LOOKS, public.HOLDS, public.HOLDS_OF_ONE_CONTACT, calendars.FEEDS):
        limit.forget()


async def write(front, function, *arguments, actor=SYSTEM, **more):
    return await asyncio.to_thread(lambda: front.db.write_sync(actor, function, *arguments, **more))


async def read(front, function, *arguments, actor=SYSTEM):
    return await asyncio.to_thread(front.db.read_sync, actor, function, *arguments)


def _state(tx):
    """Every row of every table that scheduling writes, messages and jobs included."""
    tables = [table for name, table in sorted(SQLModel.metadata.tables.items()) if name not in NOT_STATE]
    return {table.name: sorted(map(repr, tx.session.execute(select(table)).all())) for table in tables}


def _refusals(tx):
    rows = tx.session.exec(select(audit.AuditEvent).where(audit.AuditEvent.outcome == "refused")).all()
    return len(rows)


@asynccontextmanager
async def nothing_changes(front, *, refusals=0):
    """Whatever happens inside leaves every row as it was, and so many refusals in the trail."""
    before, were = await read(front, _state), await read(front, _refusals)
    yield
    after = await read(front, _state)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    assert await read(front, _refusals) == were + refusals


def _another_doctor(tx, front):
    """A colleague with a patient of their own: the second doctor's account is the front door's first one."""
    mine = tx.session.get_one(Practitioner, front.doctor_id)
    other = Practitioner(organization_id=mine.organization_id, prefix="Dr", given="Paul", family="Girard", rpps="10102345678",
                         speciality="Paediatrics")
    tx.session.add(other)
    tx.session.flush()
    tx.session.add_all(AvailabilityRule(practitioner_id=other.id, weekday=day, start=time(8), end=time(18),
                                        valid_from=date(2026, 1, 1)) for day in range(7))
    patient = people.register(tx, PatientIdentity(family="Zimmermann", given="Otto", birth_date=date(1951, 1, 2),
                                                  email="otto@patients.example", phone="+33639980155"))
    tx.session.flush()
    row = booking.book(tx, practitioner_id=other.id, motif_id=front.motif_id, start_at=AHEAD, patient_id=patient.id, language="fr")
    tasks.ask(tx, "unconfirmed", row.id)
    return other.id, row.id


@pytest.fixture
async def colleague(front):
    """(the colleague, an appointment with them)."""
    return await write(front, _another_doctor, front)


async def link(front, appointment_id, purpose=links.VISIT):
    return f"/l/{await write(front, lambda tx: links.issue(tx, appointment_id, purpose))}"


async def open_motif(front, **rules):
    def change(tx):
        motif = tx.session.get_one(Motif, front.motif_id)
        for name, value in ({"public": True, "lead_h": 0, "cutoff_h": 0} | rules).items():
            setattr(motif, name, value)
    await write(front, change)


async def choice(visitor, nth=0):
    await visitor.get("/book?on=2026-11-25")
    await visitor.get(re.findall(r'href="(/book/details\?[^"]+)"', visitor.page)[nth].replace("&amp;", "&"))
    return dict(re.findall(r'name="(motif|practitioner|start)" value="([^"]+)"', visitor.page))


# --- a stranger ------------------------------------------------------------------------------------------------


async def test_no_guess_opens_a_feed_and_guessing_is_limited(front, browser):
    stranger = browser()
    visit = await link(front, front.visit_id)
    guesses = ["x", "%27%20OR%201%3D1", "..%2F..%2Faudit", "0" * 43, "é" * 40, "a" * 3000, visit.rpartition("/")[2],
               front.doctor_id, front.visit_id, front.accounts["doctor"], "%00", "%0d%0aX-Y:1"]
    async with nothing_changes(front):
        for guess in guesses:
            await stranger.get(f"/calendar/{guess}")
            assert stranger.status in (404, 422), guess
            assert FAMILY not in stranger.page and "Benali" not in stranger.page
        statuses = []
        for number in range(calendars.FEEDS.times):
            await stranger.get(f"/calendar/{number:043}")
            statuses.append(stranger.status)
    assert statuses[-1] == 429


async def test_what_is_not_offered_in_public_is_not_held_by_its_identifier(front, browser):
    stranger = browser()
    await open_motif(front)
    chosen = await choice(stranger)
    await open_motif(front, public=False)
    who = {"given": "Nina", "family": "Okafor", "birth_date": "1990-02-03", "email": "nina@patients.example"}
    for change in ({}, {"motif": "0" * 32}, {"practitioner": front.patient_id}, {"motif": front.patient_id}):
        async with nothing_changes(front):
            await stranger.post("/book/details", **(chosen | change), **who)
        assert stranger.status in (404, 422), change


@pytest.mark.parametrize("start", ["", "now", "1999-01-01T00:00Z", "9999-12-31T23:59Z", "2026-11-25T09:00", "2026-11-25T09:00:30Z",
                                   "2199-01-01T09:00Z", "2026-11-25T03:00Z", "2026-11-25T09:07Z", "٢٠٢٦-11-25T09:00Z", "1e9", "-1"])
async def test_no_time_is_held_that_nobody_offers(front, browser, start):
    stranger = browser()
    await open_motif(front)
    chosen = await choice(stranger) | {"start": start}
    async with nothing_changes(front):
        await stranger.post("/book/details", **chosen, given="Nina", family="Okafor", birth_date="1990-02-03",
                            email="nina@patients.example")
    assert stranger.status in (409, 422), stranger.text


@pytest.mark.parametrize("change", [
    {"given": "x" * 5000}, {"family": ""}, {"birth_date": "9999-01-01"}, {"birth_date": "0001-01-01"}, {"birth_date": "2026-02-30"},
    {"email": "nina@patients.example\r\nBcc: all@example.org"}, {"email": "@", "phone": ""}, {"phone": "+33" + "9" * 40},
    {"email": "", "phone": ""}, {"language": "xx"}, {"sex": "DROP TABLE"}, {"given": "\x00"}, {"birth_date": "١٩٩٠-02-03"}])
async def test_no_identity_that_is_none_holds_a_time(front, browser, change):
    stranger = browser()
    await open_motif(front)
    who = {"given": "Nina", "family": "Okafor", "birth_date": "1990-02-03", "email": "nina@patients.example"} | change
    chosen = await choice(stranger)
    async with nothing_changes(front):
        await stranger.post("/book/details", **chosen, **who)
    assert stranger.status == 422, stranger.text


async def test_nobodys_mailbox_is_flooded_by_changing_the_number_beside_it(front, browser):
    stranger = browser()
    await open_motif(front)
    statuses = []
    for number in range(public.HOLDS_OF_ONE_CONTACT.times + 1):
        chosen = await choice(stranger, number)
        await stranger.post("/book/details", **chosen, given="Nina", family=f"Okafor-{'abcdefgh'[number]}", birth_date="1990-02-03",
                            email="nina@patients.example", phone=f"+3363998010{number}")
        statuses.append(stranger.status)
    assert statuses == [303] * public.HOLDS_OF_ONE_CONTACT.times + [429]


async def test_a_household_of_many_addresses_is_one(front, browser, monkeypatch):
    stranger = browser()
    await open_motif(front)
    chosen = await choice(stranger)
    for number in range(public.HOLDS.times + 1):
        monkeypatch.setattr(public, "client_ip", lambda _request, number=number: f"2001:db8::{number:x}")
        await stranger.post("/book/details", **chosen, given="Nina", family="Okafor", birth_date="never", email="n@x.example")
    assert stranger.status == 429


async def test_a_form_sent_twice_holds_once_and_both_lead_to_the_code(front, browser):
    stranger = browser()
    await open_motif(front)
    chosen = await choice(stranger)
    who = {"given": "Nina", "family": "Okafor", "birth_date": "1990-02-03", "email": "nina@patients.example"}
    for _ in range(2):
        await stranger.post("/book/details", **chosen, **who)
        assert stranger.status == 303
        assert stranger.headers["Location"].endswith("/code")
    held = (await read(front, _state))["appointment"]
    assert sum("'pending'" in row for row in held) == 1
    await stranger.follow()
    path = stranger.path
    await front.work()
    for mail in front.mails("code"):  # each belongs to a link of its own; the page is about one of them
        await stranger.post(path, code=mail.code)
        if stranger.status == 303:
            break
    assert stranger.headers["Location"] == "/visit/appointment"
    await stranger.client.post("/book/details", data={"csrf_token": stranger.token, **chosen, **who}, allow_redirects=False)
    assert sum("'pending'" in row for row in (await read(front, _state))["appointment"]) == 0, "back and sent again: it is booked"


# --- who holds a link ------------------------------------------------------------------------------------------


async def test_a_link_alone_answers_for_its_own_visit_and_tells_nothing(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    await front.work()
    bearer, path = browser(), await link(front, front.visit_id)
    await bearer.get(path)
    for step in ("", "/confirmation", "/code"):
        await bearer.post(f"{path}{step}", code="000000")
        for secret in (FAMILY, "Claire", "Benali", "Suivi", EMAIL, "glycémie"):
            assert secret not in bearer.page, (step, secret)


@pytest.mark.parametrize("step", ["", "/confirmation", "/cancellation", "/code"])
async def test_links_that_are_over_or_of_something_else_answer_nothing(front, browser, step):
    await write(front, booking.move, front.visit_id, AHEAD)
    summary = await link(front, front.visit_id, links.SUMMARY)
    dead = await link(front, front.visit_id)
    bearer = browser()
    await bearer.get(dead)
    await write(front, booking.cancel, front.visit_id, actor=CLERK)
    for path in (dead, "/l/x", "/l/" + "a" * 2000, *([summary] if step in ("/confirmation", "/cancellation") else [])):
        async with nothing_changes(front):
            await bearer.post(f"{path}{step}", code="123456")
        assert bearer.status == 404, (path, step)


async def test_a_reply_needs_the_token_of_the_browser_that_read_the_page(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    path, reader = await link(front, front.visit_id), browser()
    await reader.get(path)
    stolen = reader.token
    reader.client.session.cookie_jar.clear()
    await reader.get("/sign-in")  # another browser, with a cookie of its own
    for token in ("", stolen, stolen[::-1], "é" * 48, "0" * 100_000):
        async with nothing_changes(front):
            for step in ("/confirmation", "/cancellation", ""):
                await reader.post(f"{path}{step}", csrf_token=token)
                assert reader.status == 403, token[:20]


async def test_a_held_time_is_neither_confirmed_nor_cancelled_by_its_link_alone(front, browser):
    """The page that asks for the code has the link in its address: whoever holds a time has not proved anything."""
    stranger = browser()
    await open_motif(front)
    chosen = await choice(stranger)
    await stranger.post("/book/details", **chosen, given="Nina", family="Okafor", birth_date="1990-02-03", email="nina@x.example")
    path = stranger.headers["Location"].removesuffix("/code")
    await stranger.follow()
    for step in ("/confirmation", "/cancellation"):
        async with nothing_changes(front):
            await stranger.post(f"{path}{step}")
        assert stranger.status == 409
        assert "arriv" not in stranger.text, "nobody came"


async def offered(front):
    """A freed time is offered to a patient; the path of the offer's link."""
    await write(front, booking.move, front.visit_id, START_AT + timedelta(days=20))
    await write(front, waitlist.join, front.visit_id, Wish(), actor=CLERK)
    made = await write(front, waitlist.offer, front.doctor_id, AHEAD, AHEAD + timedelta(minutes=15))
    return await link(front, made.appointment_id)


async def proved(front, browser, path):
    visitor = browser()
    await visitor.get(path)
    await visitor.post(path)
    await front.work()
    await visitor.post(f"{path}/code", code=front.mails("code")[0].code)
    await visitor.follow()
    return visitor


async def test_an_offer_is_not_taken_by_its_link_alone(front, browser):
    path, bearer = await offered(front), browser()
    await bearer.get(path)
    for step in ("/confirmation", "/cancellation"):
        async with nothing_changes(front):
            await bearer.post(f"{path}{step}")
        assert bearer.status == 409
    for step in ("acceptance", "refusal"):
        async with nothing_changes(front):
            await bearer.post(f"/visit/offer/{step}")
        assert bearer.status == 401


async def test_two_presses_take_an_offer_once_and_both_say_so(front, browser):
    patient = await proved(front, browser, await offered(front))
    await patient.post("/visit/offer/acceptance")
    assert patient.status == 303
    async with nothing_changes(front):
        await patient.post("/visit/offer/acceptance")
        assert patient.status == 303, "it is theirs: no second answer takes that back"
        await patient.post("/visit/offer/refusal")
        assert patient.status == 409
    assert (await read(front, lambda tx: tx.session.get_one(booking.Appointment, front.visit_id))).start_at == AHEAD


async def test_two_presses_refuse_an_offer_once(front, browser):
    patient = await proved(front, browser, await offered(front))
    await patient.post("/visit/offer/refusal")
    async with nothing_changes(front):
        await patient.post("/visit/offer/refusal")
        assert patient.status == 303
        await patient.post("/visit/offer/acceptance")
        assert patient.status == 409


# --- a patient with identifiers of others ----------------------------------------------------------------------


async def test_a_patients_forms_are_about_their_own_visit_whatever_they_name(front, browser, colleague):
    doctor, foreign = colleague
    await open_motif(front)
    patient = await signed_in(front, browser, Role.PATIENT)
    named = {"id": foreign, "appointment": foreign, "appointment_id": foreign, "patient": "x", "practitioner": doctor,
             "urgent": "yes", "from_hour": "0", "status": "fulfilled"}
    theirs = await read(front, lambda tx: repr(tx.session.get_one(booking.Appointment, foreign)))
    for path in ("confirmation", "waiting", "cancellation"):
        await patient.post(f"/visit/appointment/{path}", **named)
    await patient.post("/visit/appointment/time", **named, start=f"{AHEAD + timedelta(hours=1):%Y-%m-%dT%H:%MZ}")
    assert await read(front, lambda tx: repr(tx.session.get_one(booking.Appointment, foreign))) == theirs
    own = await read(front, lambda tx: tx.session.get_one(booking.Appointment, front.visit_id))
    assert own.practitioner_id == front.doctor_id, "with the same doctor, whoever was named"
    entries = await read(front, lambda tx: tx.session.exec(select(waitlist.WaitEntry)).all())
    assert [entry.urgent for entry in entries] == [False], "who is urgent is for the clinic to say"


async def test_a_session_of_one_visit_has_no_offer_and_sees_no_other(front, browser, colleague):
    patient = await signed_in(front, browser, Role.PATIENT)
    async with nothing_changes(front):
        for step in ("acceptance", "refusal"):
            await patient.post(f"/visit/offer/{step}")
            assert patient.status == 404
    for path in (f"/appointments/{colleague[1]}", f"/visits/{colleague[1]}", "/planner", "/tasks"):
        await patient.get(path)
        assert patient.status in (303, 401)
        assert "Zimmermann" not in patient.page


# --- a doctor and another's agenda -----------------------------------------------------------------------------


async def test_a_doctor_does_nothing_to_a_colleagues_visit(front, browser, colleague):
    _, foreign = colleague
    task = (await read(front, lambda tx: tx.session.exec(select(tasks.Task)).one())).id
    doctor = await signed_in(front, browser, Role.DOCTOR)
    for path, fields in {f"/appointments/{foreign}/attendance": {"kind": "never"}, f"/appointments/{foreign}/arrival": {},
                         f"/appointments/{foreign}/medium": {"by": "phone"}, f"/tasks/{task}/completion": {},
                         f"/tasks/{task}/owner": {}, f"/appointments/{foreign}/time": {"start": "2026-12-01T10:00Z"},
                         f"/appointments/{foreign}/cancellation": {}, f"/appointments/{foreign}/resources": {},
                         f"/appointments/{foreign}/restoration": {}, f"/appointments/{foreign}/waiting": {}}.items():
        async with nothing_changes(front, refusals=1):
            await doctor.post(path, **fields)
        assert doctor.status == 403, path
    for path in (f"/appointments/{foreign}", "/planner", "/waiting-list", "/attendance", "/absence", "/availability", "/patients"):
        async with nothing_changes(front, refusals=1):
            await doctor.get(path)
        assert doctor.status == 403, path
    await doctor.get("/tasks")
    assert "Zimmermann" not in doctor.page


# --- a scheduler's forms, with input that is none ---------------------------------------------------------------

WRONG = [
    ("/appointments/{own}/time", {"start": "9999-12-31T23:59Z"}), ("/appointments/{own}/time", {"start": "0001-01-01T00:00Z"}),
    ("/appointments/{own}/time", {"start": "2026-12-01T10:00Z", "practitioner": "0" * 32}),
    ("/appointments/{own}/time", {"start": "2026-12-01T10:00Z", "why": "because"}),
    ("/appointments/{own}/time", {"start": "2028-12-01T10:00Z"}),
    ("/appointments/{own}/cancellation", {"why": "<script>"}), ("/appointments/{own}/resources", {"room": "0" * 32}),
    ("/appointments/{own}/resources", {"room": "{own}"}), ("/appointments/{own}/resources", {"room": "x" * 9000}),
    ("/appointments/{own}/waiting", {"from_hour": "-1"}), ("/appointments/{own}/waiting", {"from_hour": "12", "to_hour": "12"}),
    ("/appointments/{own}/waiting", {"to_hour": "9" * 4000}), ("/appointments/{own}/waiting", {"to_hour": "1e3"}),
    ("/appointments/{own}/attendance", {"kind": "always"}), ("/appointments/{own}/attendance", {"kind": "never", "reason": "lazy"}),
    ("/appointments/{own}/attendance", {"kind": "never"}),  # it has not begun
    ("/appointments/{own}/arrival", {}),  # it is a video visit
    ("/appointments/nobody/time", {"start": "2026-12-01T10:00Z"}), ("/appointments/nobody/cancellation", {}),
    ("/tasks/nobody/completion", {}), ("/availability/hours/nobody/closing", {}), ("/availability/days/nobody/removal", {}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "nobody"}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "nothing", "patient": "{patient}"}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}", "count": "13"}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}", "count": "-2"}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}", "count": "2", "weeks": "520"}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}", "count": "9" * 400}),
    ("/planner/booking", {"start": "2026-12-01T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}", "interpreter": "{doctor}"}),
    ("/planner/booking", {"start": "2027-11-29T10:00Z", "practitioner": "{doctor}", "motif": "{motif}", "patient": "{patient}"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "-15"}), ("/motifs", {"label_fr": "x" * 81, "label_en": "x", "duration_min": "15"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "9" * 30}), ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "7"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "NaN"}), ("/motifs", {"label_fr": " ", "label_en": "x", "duration_min": "15"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "15", "mode": "fax"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "15", "cutoff_h": "-1"}),
    ("/motifs", {"label_fr": "x", "label_en": "x", "duration_min": "15", "reminders_h": ",".join(["1"] * 5000)}),
    ("/motifs/nobody", {"label_fr": "x", "label_en": "x", "duration_min": "15"}),
    ("/resources", {"kind": "spaceship", "name": "x"}), ("/resources", {"kind": "room", "name": ""}), ("/resources", {"kind": "room", "name": "x" * 81}),
    ("/resources", {"kind": "interpreter", "name": "x", "speaks-klingon": "yes"}), ("/resources/nobody", {"kind": "room", "name": "x"}),
    ("/availability/hours", {"practitioner": "{doctor}", "day0": "yes", "start": "12:00", "end": "09:00"}),
    ("/availability/hours", {"practitioner": "{doctor}", "day0": "yes", "start": "25:00", "end": "26:00"}),
    ("/availability/hours", {"practitioner": "{doctor}", "start": "09:00", "end": "12:00"}),
    ("/availability/hours", {"day0": "yes", "start": "18:00", "end": "19:00"}), ("/availability/days", {"on": "2026-12-01"}),
    ("/availability/hours", {"practitioner": "nobody", "day0": "yes", "start": "18:00", "end": "19:00"}),
    ("/availability/hours", {"practitioner": "{doctor}", "day0": "yes", "start": "18:00", "end": "19:00", "valid_from": "9999-12-31"}),
    ("/availability/hours", {"practitioner": "{doctor}", "day0": "yes", "start": "18:00", "end": "19:00", "valid_until": "0001-01-01"}),
    ("/availability/hours", {"practitioner": "{doctor}", "day0": "yes", "start": "18:00", "end": "19:00", "motif": "{patient}"}),
    ("/availability/days", {"practitioner": "{doctor}", "on": "9999-12-31"}), ("/availability/days", {"practitioner": "{doctor}", "on": "0001-01-01"}),
    ("/availability/days", {"practitioner": "{doctor}", "on": "2026-12-01", "until": "9999-12-31"}),
    ("/availability/days", {"practitioner": "{doctor}", "on": "2026-12-01", "until": "2026-11-30"}),
    ("/availability/days", {"practitioner": "nobody", "on": "2026-12-01"}),
    ("/availability/languages", {"practitioner": "{doctor}", "speaks-xx": "yes"}), ("/availability/languages", {"practitioner": "nobody", "speaks-fr": "yes"}),
    ("/availability/calendar", {"holiday_place": "Mars"}), ("/availability/holidays", {"practitioner": "{doctor}", "on": "soon"}),
    ("/availability/holidays", {"practitioner": "{doctor}", "on": "9999-12-31", "open": "yes"}),
    ("/absence", {"practitioner": "{doctor}", "on": "2026-11-01"}), ("/absence", {"practitioner": "nobody", "on": "2026-12-01"}),
    ("/absence", {"practitioner": "{doctor}", "on": "{day}"}), ("/absence", {"practitioner": "{doctor}", "on": "{day}", "to-{own}": "elsewhere"}),
    ("/absence", {"practitioner": "{doctor}", "on": "{day}", "to-{own}": "{doctor}@9999-12-31T00:00Z"}),
    ("/absence", {"practitioner": "{doctor}", "on": "{day}", "to-{own}": "nobody@2026-12-04T10:00Z"}),
    ("/absence/nobody/undoing", {}),
]


async def test_no_wrong_input_changes_anything(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    await front.work()
    clerk = await signed_in(front, browser, Role.SCHEDULER)
    known = {"own": front.visit_id, "doctor": front.doctor_id, "motif": front.motif_id, "patient": front.patient_id,
             "day": AHEAD.date().isoformat()}

    def filled(text):
        return re.sub(r"{(\w+)}", lambda found: known[found.group(1)], text)

    before = await read(front, _state)
    for path, fields in WRONG:
        fields = {filled(name): filled(value) for name, value in fields.items()}
        await clerk.post(filled(path), **fields)
        assert clerk.status in (404, 409, 422), (path, fields, clerk.status, clerk.text[:200])
        after = await read(front, _state)
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}, (path, fields)
        answer = await clerk.client.post(filled(path), data={"csrf_token": clerk.token, **fields}, allow_redirects=False,
                                         headers={"Accept": "application/json"})
        assert answer.status in (404, 409, 422), (path, fields)
    assert await read(front, _state) == before


@pytest.mark.parametrize("query", [
    "view=week&on=9999-12-31", "view=day&on=0001-01-01", "view=month&on=2026-02-30", "view=team&doctors=" + "x," * 3000,
    "view=<script>alert(1)</script>", "practitioner=%00", "done=moved&appointment=nobody&was=x", "done=dragged&appointment=" + "0" * 32,
    "view=month&on=9999-12-01", "view[]=day", "on=%F0%9F%92%A9", "done=cancelled&appointment=../../etc"])
async def test_no_address_of_the_planner_breaks_it(front, browser, query):
    clerk = await signed_in(front, browser, Role.SCHEDULER)
    for path in ("/planner", "/planner/finder", "/planner/booking", "/absence", "/availability", f"/appointments/{front.visit_id}/time"):
        async with nothing_changes(front):
            await clerk.get(f"{path}?{query}")
        assert clerk.status in (200, 404, 422), (path, clerk.status)
        assert "alert(1)</script>" not in clerk.page


# --- twice -------------------------------------------------------------------------------------------------------


async def test_what_is_sent_again_by_a_reload_or_the_back_button_is_done_once(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    room = await write(front, resources.add, ResourceForm(kind="room", name="Salle 1"), actor=CLERK)
    await front.work()
    clerk = await signed_in(front, browser, Role.SCHEDULER)
    later_ = f"{AHEAD + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    for path, fields, again in (
            (f"/appointments/{front.visit_id}/time", {"start": later_}, 303),
            (f"/appointments/{front.visit_id}/resources", {"room": room.id}, 303),
            (f"/appointments/{front.visit_id}/waiting", {}, 303), (f"/appointments/{front.visit_id}/medium", {"by": "phone"}, 303),
            ("/planner/booking", {"start": f"{AHEAD:%Y-%m-%dT%H:%MZ}", "practitioner": front.doctor_id, "motif": front.motif_id,
                                  "patient": front.patient_id}, 409),
            ("/availability/days", {"practitioner": front.doctor_id, "on": "2027-01-05"}, (303, 409)),
            ("/availability/hours", {"practitioner": front.doctor_id, "day0": "yes", "start": "19:00", "end": "20:00"}, 409),
            ("/motifs", {"label_fr": "Bilan", "label_en": "Check-up", "duration_min": "20"}, 422),
            ("/resources", {"kind": "room", "name": "Salle 2"}, 409),
            (f"/appointments/{front.visit_id}/cancellation", {}, 303), (f"/appointments/{front.visit_id}/restoration", {}, 303)):
        await clerk.post(path, **fields)
        assert clerk.status == 303, (path, clerk.text[:300])
        async with nothing_changes(front):
            await clerk.post(path, **fields)
        assert clerk.status in (again if isinstance(again, tuple) else (again,)), path


async def test_two_tabs_drag_one_visit_and_the_patient_hears_once_where_it_is(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    await front.work()
    clerk = await signed_in(front, browser, Role.SCHEDULER)
    starts = [f"{AHEAD + timedelta(hours=n):%Y-%m-%dT%H:%MZ}" for n in (1, 2)]
    for start in (*starts, *starts):
        await clerk.post(f"/appointments/{front.visit_id}/time", start=start, practitioner=front.doctor_id, view="view=week")
    moved = len(front.mails("moved"))
    later(front, seconds=30)
    await front.work()
    assert len(front.mails("moved")) == moved + 1
    row = await read(front, lambda tx: tx.session.get_one(booking.Appointment, front.visit_id))
    assert row.start_at == AHEAD + timedelta(hours=2)


# --- what is written where everybody can read -----------------------------------------------------------------------


async def test_no_address_title_or_log_names_a_patient_or_why_they_come(front, browser):
    await write(front, booking.move, front.visit_id, AHEAD)
    words = (FAMILY, "Lefevre", "Claire", "claire", "glyc", "Suivi", "diab", "Diab", EMAIL, "3399801", "1972")
    with capture_logs() as events:
        clerk = await signed_in(front, browser, Role.SCHEDULER)
        seen, ahead = set(), ["/planner", f"/planner?on={AHEAD.date()}", "/planner/finder", "/motifs", "/tasks", "/waiting-list",
                              f"/patients/{front.patient_id}", f"/appointments/{front.visit_id}", "/attendance", "/resources",
                              f"/absence?on={AHEAD.date()}"]
        while ahead and len(seen) < 60:
            path = ahead.pop(0)
            seen.add(path)
            await clerk.get(path)
            for found in re.findall(r'(?:href|action)="(/[^"]*)"', clerk.page) + re.findall(r"<title>([^<]*)", clerk.page):
                assert not [word for word in words if word in found], (path, found)
            ahead += [p.replace("&amp;", "&") for p in re.findall(r'href="(/(?:planner|appointments)[^"]*)"', clerk.page)[:40:9] if p not in seen]
        await clerk.post("/planner/booking", step="search", q="lefevre", practitioner=front.doctor_id, motif=front.motif_id)
        assert FAMILY in clerk.page, "found, by a form that leaves no address"
        await clerk.post(f"/appointments/{front.visit_id}/cancellation", why="patient")
        assert not [word for word in words if word in clerk.headers["Location"]]
        await front.work()
    logged = repr(events)
    assert not [word for word in words if word in logged]
