"""The day around a visit in real browsers: a freed time taken, a reminder before the device test, who waits, is late, or never came."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session, col, create_engine, select

from app.jobs import Job
from app.scheduling.tables import Appointment
from tests.trips import people
from tests.trips.conftest import House, browser_speaking, running_house

WORDS = {
    "fr": {"motif": "Consultation de suivi (15 min)", "onsite": "Au centre {} (15 min)", "doctor": "Dr Nadia Benali",
           "late": "plus tard", "reminder": "Rappel", "missed": "n’est pas venu"},
    "en": {"motif": "Follow-up visit (15 min)", "onsite": "At the clinic {} (15 min)", "doctor": "Dr Paul Girard",
           "late": "late", "reminder": "Reminder", "missed": "did not come"},
}
BORN = iter(f"{year}-0{month}-1{month}" for year in range(1931, 2010, 3) for month in (2, 7))  # no two alike


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """A clinic of its own where it is morning: nothing here crosses midnight."""
    with running_house(tmp_path_factory.mktemp("day"), COLLOQUE_TRANSCRIPTION_WORKERS="0",
                       COLLOQUE_CLINIC_ZONE=people.midday_zone()) as running:
        yield running


@pytest.fixture(scope="module")
def another_house(tmp_path_factory) -> Iterator[House]:
    """A second one: a doctor's morning can be walked through once, and one address asks for so many codes."""
    with running_house(tmp_path_factory.mktemp("another"), COLLOQUE_TRANSCRIPTION_WORKERS="0",
                       COLLOQUE_CLINIC_ZONE=people.midday_zone()) as running:
        yield running


@pytest.fixture
def either_house(request: pytest.FixtureRequest, lang: str, phone: bool) -> House:
    """Each has one visit in French and one in English, on a phone and at a desk."""
    return request.getfixturevalue("house" if phone == (lang == "en") else "another_house")


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


def database(house: House) -> Session:
    """What no page can do: let time have passed."""
    return Session(create_engine(f"sqlite:///{house.data_dir / 'colloque.db'}", connect_args={"timeout": 20}))


def earlier(house: House, page: Page, minutes: int) -> None:
    """The appointment of this page was that much earlier."""
    with database(house) as session:
        row = session.get_one(Appointment, page.url.rpartition("/")[2].partition("?")[0])
        row.start_at, row.end_at = row.start_at - timedelta(minutes=minutes), row.end_at - timedelta(minutes=minutes)
        session.add(row)
        session.commit()


def desk(browser: Browser, house: House, lang: str, phone: bool, role: str = "scheduler", name: str = "") -> Page:
    page = people.context(browser, house, lang, phone=phone).new_page()
    people.at_work(page, house, role, name)
    return page


def book(page: Page, house: House, lang: str, at: datetime, family: str, motif: str = "") -> tuple[str, str]:
    """For somebody new; their address and the link that came."""
    address = f"{family.lower()}@patients.example"
    people.book_new_patient(page, WORDS[lang]["doctor"], motif or WORDS[lang]["motif"], at, {
        "given": "Odette", "family": family, "birth_date": next(BORN), "email": address, "language": lang})
    return address, people.link_in(house.mailbox.wait_for(lambda m: address in str(m["to"]) and people.has_link(m)))


def prove(page: Page, house: House, link: str, address: str) -> None:
    """From a link to its page, with the code that is sent."""
    page.goto(link)
    seen = len(house.mailbox.messages)
    page.locator("main form:not([action*='confirmation']):not([action*='cancellation']) button").last.click()
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", people.code_in(house.mailbox.wait_for(
        lambda m: address in str(m["to"]) and house.mailbox.messages.index(m) >= seen)))
    page.locator("main form button").first.click()
    page.wait_for_url("**/visit**")


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_a_time_given_back_is_offered_and_taken(either_house: House, browser: Browser, lang: str, phone: bool):
    house = either_house
    on = people.day_ahead(22 if phone else 24)
    clerk = desk(browser, house, lang, phone)
    _, first = book(clerk, house, lang, datetime.combine(on, datetime.min.time()), f"Premiere-{lang}-{people.device(phone)}")
    waiting = f"Attend-{lang}-{people.device(phone)}"
    address, second = book(clerk, house, lang, datetime.combine(on + timedelta(days=1), datetime.min.time()), waiting)

    waits = people.context(browser, house, lang, phone=phone).new_page()
    prove(waits, house, second, address)
    waits.goto("/visit/appointment")
    had = waits.locator("h1").inner_text()
    waits.locator("form[action='/visit/appointment/waiting'] button").click()
    waits.wait_for_url("**done=waiting")
    gives = people.context(browser, house, lang, phone=phone).new_page()
    gives.goto(first)
    gives.locator("details summary").click()
    seen = len(house.mailbox.messages)
    gives.locator("form[action$='/cancellation'] button").click()

    offer = house.mailbox.wait_for(lambda m: address in str(m["to"]) and house.mailbox.messages.index(m) >= seen)
    clerk.goto("/waiting-list")
    line = clerk.locator("ol.rows > li", has_text=waiting)
    expect(line.locator(".chip.sun")).to_be_visible()  # asked
    taker = people.context(browser, house, lang, phone=phone).new_page()
    prove(taker, house, people.link_in(offer), address)
    taker.wait_for_url("**/visit/offer")
    expect(taker.locator("count-down")).to_be_visible()
    taker.locator("form[action='/visit/offer/acceptance'] button").click()
    expect(taker.locator(".empty h1")).to_be_visible()
    taker.goto("/visit/appointment")
    assert taker.locator("h1").inner_text() != had
    clerk.goto("/waiting-list")
    expect(line).to_have_count(0)
    expect(clerk.locator("tbody tr").first).to_be_visible()  # whom the list serves
    for page in (clerk, waits, gives, taker):
        page.context.close()


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_from_a_reminder_to_the_device_test_days_before(either_house: House, browser: Browser, lang: str, phone: bool):
    house = either_house
    clerk = desk(browser, house, lang, phone)
    clerk.goto("/motifs")
    clerk.locator("#usual-168").check(force=True)  # J-7, J-1 and H-1 are the clinic's choice
    clerk.locator("#reminders button").click()
    clerk.wait_for_url("**saved=reminders")
    on = people.day_ahead(29 if phone else 30)
    family = f"Rappel-{lang}-{people.device(phone)}"
    address, _ = book(clerk, house, lang, datetime.combine(on, datetime.min.time()), family)
    clerk.locator("a.a", has_text=family).first.click()
    clerk.wait_for_url("**/appointments/*")
    appointment = clerk.url
    with database(house) as session:  # the week before has come
        key = f"reminder:{appointment.rpartition('/')[2]}:%:168"
        job = session.exec(select(Job).where(col(Job.key).like(key))).one()
        job.run_at = datetime.now(job.run_at.tzinfo)
        session.add(job)
        session.commit()
    reminder = house.mailbox.wait_for(lambda m: address in str(m["to"]) and WORDS[lang]["reminder"] in str(m["subject"]), within_s=30)

    patient = people.context(browser, house, lang, phone=phone).new_page()
    prove(patient, house, people.link_in(reminder), address)
    patient.locator("a[href='/visit/device']").click()
    patient.locator("#start").click()
    expect(patient.locator("#result [name=result]")).to_have_value(re.compile("ok|weak"), timeout=people.WAIT_MS)
    patient.locator("#result button").first.click()
    patient.wait_for_url(lambda url: "/visit/device" not in url)
    clerk.goto(appointment)
    expect(clerk.locator("main .chip:has(use[href*='video']), main .chip:has(use[href*='wifi'])").first).to_be_visible()
    expect(clerk.locator("main")).not_to_contain_text("non testé" if lang == "fr" else "device not tested")
    for page in (clerk, patient):
        page.context.close()


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_who_waits_is_late_or_never_came(either_house: House, browser: Browser, lang: str, phone: bool):
    house, words = either_house, WORDS[lang]
    zone = house.env["COLLOQUE_CLINIC_ZONE"]
    clerk = desk(browser, house, lang, phone)
    clerk.goto("/motifs")
    if not clerk.get_by_text(words["onsite"].format(lang)[:-9]).count():
        form = clerk.locator("form[action='/motifs']")
        clerk.locator("details", has=form).locator("summary").click()
        form.locator("[name=label_fr]").fill(f"Au centre {lang}")
        form.locator("[name=label_en]").fill(f"At the clinic {lang}")
        form.locator("[name=mode]").select_option("onsite")
        form.locator("button").click()
        clerk.wait_for_url("**saved=**")
    if words["doctor"] == WORDS["fr"]["doctor"]:  # the demonstration's own visit of now would stand in the way
        clerk.goto(f"/appointments/{house.facts['visit_id']}/cancellation")
        clerk.locator("form[action$='/cancellation'] button").click()
        clerk.wait_for_url("**done=cancelled**")
    at = people.open_hours_now(clerk, words["doctor"], zone)
    told = {}
    for who in ("Attend", "Retard", "Absente", "Surplace"):
        family = f"{who}-{lang}-jour"
        told[who] = (*book(clerk, house, lang, at, family, words["onsite"].format(lang) if who == "Surplace" else ""), family)
    pages = {}
    # Whoever is still to come was due by now, however the minutes stand to the next five: the delay is worth telling.
    for who, minutes in (("Absente", 65), ("Attend", 20), ("Retard", 20), ("Surplace", 15)):
        clerk.goto(f"/planner?view=day&on={at.date()}")
        clerk.locator("a.a", has_text=told[who][2]).first.click()
        clerk.wait_for_url("**/appointments/*")
        pages[who] = clerk.url
        earlier(house, clerk, minutes)

    # The honest queue: a place, an interval, a message when the doctor is ready; the place outlives the tab.
    address, link, family = told["Attend"]
    patient = people.context(browser, house, lang, phone=phone).new_page()
    people.open_link(patient, house, link, address)
    patient.goto("/visit/consent")
    people.consent(patient, transcription=False)
    expect(patient.locator("#low")).to_have_text(re.compile(r"\d"))
    expect(patient.locator("#ahead")).to_have_text(re.compile(r"\w"))
    patient.reload()
    patient.locator("form[action='/visit/waiting/message'] button").click()
    expect(patient.locator("form[action='/visit/waiting/message'] [name=stop]")).to_have_count(1)
    context = patient.context
    patient.close()
    patient = context.new_page()
    patient.goto("/visit/waiting")
    expect(patient.locator("form[action='/visit/waiting/message'] [name=stop]")).to_have_count(1)

    # At the clinic: seen in at the desk, taken back, seen in; the doctor's queue shows both who wait.
    clerk.goto(pages["Surplace"])
    clerk.locator("form[action$='/arrival'] button").click()
    expect(clerk.locator("form[action$='/arrival'] [name=undo]")).to_have_count(1)
    clerk.locator("form[action$='/arrival'] button").click()
    expect(clerk.locator("form[action$='/arrival'] [name=undo]")).to_have_count(0)
    clerk.locator("form[action$='/arrival'] button").click()
    doctor = desk(browser, house, lang, phone, "doctor", words["doctor"])
    doctor.goto("/queue")
    for who in ("Attend", "Surplace"):
        expect(doctor.locator("a.q[data-status=arrived]", has_text=told[who][2])).to_be_visible()

    # When the day slips: who is still to come is told, once.
    doctor.locator("#tell button").first.click()
    doctor.locator("dialog[open] button.primary").click()
    late = told["Retard"][0]
    house.mailbox.wait_for(lambda m: late in str(m["to"]) and words["late"] in str(m["subject"]))
    expect(doctor.locator("#tell")).to_be_hidden()

    # Who never came is marked, taken back and marked; the page of the appointment says so.
    missed = doctor.locator("li", has=doctor.locator("a.q", has_text=told["Absente"][2])).locator(".did-not-come button")
    missed.click()
    doctor.locator(".band.undo button").click()
    missed.click()
    expect(doctor.locator("a.q", has_text=told["Absente"][2])).to_have_count(0)
    clerk.goto(pages["Absente"])
    expect(clerk.locator("main .band.sun")).to_contain_text(words["missed"])
    clerk.goto("/attendance")
    expect(clerk.locator("main table tbody tr").first).to_be_visible()
    for page in (clerk, patient, doctor):
        page.context.close()
