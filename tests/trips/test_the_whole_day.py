"""Every page that scheduler, doctor and patient meet in scheduling, in all four combinations of size and language."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.trips import full_day, people
from tests.trips.conftest import House, browser_speaking, running_house
from tests.trips.everywhere import everywhere
from tests.trips.full_day import AHEAD, LATER, LEAVE, Day


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    """A clinic of its own where it is morning: nothing here crosses midnight, nobody else books."""
    with running_house(tmp_path_factory.mktemp("whole"), COLLOQUE_TRANSCRIPTION_WORKERS="0",
                       COLLOQUE_CLINIC_ZONE=people.midday_zone(), COLLOQUE_CALDAV_HOSTS="calendar.clinic.example") as running:
        yield running


@pytest.fixture(scope="module")
def day(house: House) -> Day:
    return full_day.fill(house)


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


def signed_in(browser: Browser, house: House, role: str, name: str = "") -> list:
    context = people.context(browser, house, "fr")
    people.at_work(context.new_page(), house, role, name)
    cookies = context.cookies()
    context.close()
    return cookies


def proved(browser: Browser, house: House, link: str) -> list:
    """The cookies of whoever opened the link and typed the code that came."""
    context = people.context(browser, house, "fr")
    page = context.new_page()
    page.goto(link)
    seen = len(house.mailbox.messages)
    page.locator("main form:not([action*='confirmation']):not([action*='cancellation']) button").last.click()
    page.wait_for_selector("[name=code]")
    message = house.mailbox.wait_for(lambda m: house.mailbox.messages.index(m) >= seen and "code" in str(m["subject"]))
    page.fill("[name=code]", people.code_in(message))
    page.locator("main form button").first.click()
    page.wait_for_url("**/visit**")
    cookies = context.cookies()
    context.close()
    return cookies


def pressed(selector: str, **fields: str) -> Callable[[Page], None]:
    """Fill in these fields and press the button."""
    def do(page: Page) -> None:
        for name, value in fields.items():
            page.locator(f"main [name={name}]").last.fill(value)
        with page.expect_navigation():
            page.locator(selector).first.click()
    return do


def unfolded(page: Page) -> None:
    """All that opens on a press is open."""
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")


def test_the_schedulers_planner(house: House, browser: Browser, day: Day) -> None:
    second = day.doctors[1]
    with everywhere(browser, house) as desk:
        desk.become(signed_in(browser, house, "scheduler"))
        desk.look("planner-week", f"/planner?on={AHEAD}&practitioner={second}")
        desk.look("planner-day", f"/planner?view=day&on={AHEAD}")
        desk.look("planner-team", f"/planner?view=team&on={AHEAD}")
        desk.look("planner-month", f"/planner?view=month&on={AHEAD}")
        desk.look("planner-leave", f"/planner?on={LEAVE}&practitioner={second}")
        desk.look("finder", "/planner/finder")
        desk.look("finder-none", "/planner/finder", do=lambda page: page.locator("[role=combobox]").fill("qqqqq"))
        booking = f"/planner/booking?practitioner={second}&on={LATER}"
        desk.look("booking", booking, do=unfolded)
        desk.look("booking-full", f"/planner/booking?practitioner={second}&on={LEAVE}")
        desk.look("booking-hits", booking, do=lambda page: (page.fill("#q", "lef"), page.wait_for_selector("#hits a")))
        desk.look("booking-nobody", booking, do=pressed("find-patient form button", q="Zzyzx"))
        desk.look("booking-errors", booking, status=422, do=lambda page: (
            page.locator(".slots label").first.click(), page.locator("#booking [name=email]").fill("x@y.example"),
            pressed("#booking .actions button", family="Seulement")(page)))
        desk.look("booking-known", booking, status=409, do=lambda page: (
            page.locator(".slots label").first.click(),
            pressed("#booking .actions button", given="Claire", family="Lefevre", birth_date="1972-04-03",
                    email="claire2@patients.example")(page)))


def test_one_appointment(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as desk:
        desk.become(signed_in(browser, house, "scheduler"))
        for name in ("confirmed", "device", "phone", "onsite", "failed", "cancelled", "missed", "series"):
            desk.look(f"appointment-{name}", f"/appointments/{day.appointments[name]}", do=unfolded)
        one = f"/appointments/{day.appointments['onsite']}"
        desk.look("appointment-move", f"{one}/time")
        desk.look("appointment-move-no-time", f"{one}/time?on={LEAVE + timedelta(days=5)}")
        desk.look("appointment-cancel", f"{one}/cancellation")


def test_the_clinics_rules(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as desk:
        desk.become(signed_in(browser, house, "scheduler"))
        desk.look("hours", f"/availability?practitioner={day.doctors[1]}")
        desk.look("hours-open", f"/availability?practitioner={day.doctors[2]}", do=unfolded)
        desk.look("hours-error", f"/availability?practitioner={day.doctors[2]}", status=409, do=lambda page: (
            unfolded(page), page.locator("form[action$='/availability/hours'] .ticks label, form[action$='/availability/hours'] label:has([type=checkbox])").first.click(),
            pressed("form[action$='/availability/hours'] button", start="09:00", end="12:00")(page)))
        desk.look("motifs", "/motifs")
        desk.look("motifs-open", "/motifs", do=unfolded)
        desk.look("resources", "/resources")
        desk.look("resources-open", "/resources", do=unfolded)


def test_what_is_to_be_done(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as desk:
        desk.become(signed_in(browser, house, "scheduler"))
        for name, path in {"waiting-list": "/waiting-list", "tasks": "/tasks", "attendance": "/attendance", "patients": "/patients",
                           "absence": f"/absence?practitioner={day.doctors[1]}&on={AHEAD}",
                           "absence-free": f"/absence?practitioner={day.doctors[1]}&on={LEAVE}"}.items():
            desk.look(name, path, do=unfolded)


def test_a_doctors_calendars_and_queue(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as doctor:
        doctor.become(signed_in(browser, house, "doctor", "Benali"))
        doctor.look("calendars", "/calendars")
        doctor.look("calendars-feed", "/calendars", do=pressed("form[action='/calendars/feed'] button"))
        doctor.look("calendars-refused", "/calendars", status=422, do=lambda page: (unfolded(page), pressed(
            "form[action='/calendars/busy'] button", url="https://elsewhere.example/dav", user="nadia", password="x")(page)))
        doctor.look("queue", "/queue")


def test_booking_without_an_account(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as patient:
        patient.look("public", "/book")
        patient.look("public-times", f"/book?on={LATER}", do=lambda page: (
            page.locator("[name=motif]").select_option(index=1), pressed("main form button")(page)))
        places = iter(range(8))
        patient.look("public-details", do=lambda page: page.locator("ul.times a").nth(next(places)).click())
        patient.look("public-errors", status=422, do=lambda page: (
            page.evaluate("document.querySelectorAll('form').forEach(f => f.noValidate = true)"),
            pressed("main form button", given="Nina", family="O'Kafor", birth_date="", email="nobody")(page)))
        seen = len(house.mailbox.messages)
        patient.look("public-code", do=lambda page: pressed(
            "main form button", birth_date="1990-02-03", email=f"nina{id(page)}@patients.example")(page))
        patient.look("public-wrong-code", status=422, do=pressed("main form button", code="000000"))
        assert len(house.mailbox.messages) >= seen


def test_the_patients_own_appointment(house: House, browser: Browser, day: Day) -> None:
    with everywhere(browser, house) as patient:
        patient.look("link", day.links["plain"])
        patient.look("link-code", do=pressed("form:not([action*='confirmation']):not([action*='cancellation']) button"))
        patient.look("link-open", day.links["answered-0"], do=unfolded)
        patient.look("link-confirmed", lambda number: day.links[f"answered-{number}"], do=pressed("form[action$='/confirmation'] button"))
        patient.look("link-dead", "/l/not-a-link-of-ours", status=404)
        patient.look("link-cancelled", day.links["cancelled"], status=404)
        patient.become(proved(browser, house, day.links["own"]))
        patient.look("own", "/visit/appointment", do=unfolded)
        patient.look("own-move", "/visit/appointment/time")
        patient.look("own-moved", "/visit/appointment?done=moved")
        patient.look("own-cancel", "/visit/appointment/cancellation")
        patient.look("own-not-now", "/visit")
        patient.become(proved(browser, house, day.links["waits"]))
        patient.look("own-waits", "/visit/appointment", do=unfolded)
        patient.look("own-device", "/visit/device")
        patient.become(proved(browser, house, day.links["offer"]))
        patient.look("offer", "/visit/offer")
        patient.become(proved(browser, house, day.links["gone"]))
        patient.pages["fr", True].goto("/visit/appointment/cancellation")
        patient.pages["fr", True].locator("form[action$='/cancellation'] button").click()
        patient.look("own-cancelled", "/visit/appointment?done=cancelled")
