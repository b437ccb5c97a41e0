"""The scheduler's whole planner in real browsers: found in two keystrokes, dragged and put back, told once, a month, a sick doctor, holidays."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

# From five weeks on: on no other trip's way; a day for each.
DRAGGED, SICK = ({each: people.day_ahead(first + n) for n, each in enumerate(people.COMBINATIONS)} for first in (35, 49))
WORDS = {"fr": {"moved": "Nouvel horaire", "taken": "est déplacé :", "absent": "C’est fait", "month": "consultation", "open": "Ouvrir ce jour"},
         "en": {"moved": "New time", "taken": "is moved to", "absent": "Done:", "month": "visit", "open": "Open it"}}


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


DOCTORS = {"fr": "Girard", "en": "Okonkwo"}
PEOPLE = {  # no two alike: nobody is asked whether they are known
    "Tilleul": ("Inès", "1948-02-03"), "Linden": ("Walter", "1977-10-21"), "Saule": ("Jeanne", "1961-12-09"), "Willow": ("Hugh", "1985-07-04"),
    "Orme": ("Basile", "1990-06-15"), "Elm": ("Joan", "2001-03-30"), "Frêne": ("Colette", "1939-01-26"), "Ash": ("Percy", "1970-09-18")}
FOUND = dict(zip(people.COMBINATIONS, ("Saule", "Tilleul", "Linden", "Willow"), strict=True))
REBOOKED = dict(zip(people.COMBINATIONS, ("Orme", "Frêne", "Ash", "Elm"), strict=True))


def find_and_book(page: Page, on: date, doctor: str, family: str, address: str) -> str:
    """Two keystrokes to a time; then the day and doctor of this trip; the appointment's page."""
    page.goto("/planner")
    page.wait_for_function("() => Boolean(customElements.get('live-planner'))")
    page.keyboard.press("Control+k")
    page.wait_for_url("**/planner/finder**")
    expect(page.locator("[role=combobox]")).to_be_focused()
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/planner/booking?**")
    expect(page.locator(".slots input:checked")).to_have_count(1)
    page.go_back()
    page.locator("[role=combobox]").fill(doctor)
    page.locator("[name=evening]").check(force=True)
    expect(page.locator("[role=option]").first).to_contain_text("17:00")
    page.locator("[role=combobox]").press("ArrowDown")
    expect(page.locator("[role=option]").nth(1)).to_have_attribute("aria-selected", "true")
    page.locator("[role=combobox]").press("Enter")
    page.wait_for_url("**/planner/booking?**")
    page.locator("[name=on]").first.fill(on.isoformat())
    page.locator("form[method=get] button").click()
    page.locator(".slots label").nth(2).click()
    given, born = PEOPLE[family]
    for name, value in {"given": given, "family": family, "birth_date": born, "email": address}.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("#booking .actions button").click()
    page.wait_for_url("**done=booked**")
    return str(page.locator("a.a", has_text=family).first.get_attribute("href"))


def place_of(page: Page, appointment: str) -> str:
    """What its block in the planner says: whose column, which time."""
    block = page.locator(f"a.a[href='{appointment}']")
    return str(block.get_attribute("title")).split(" ")[0] + " " + str(block.evaluate("a => a.closest('section').dataset.practitioner"))


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_found_dragged_put_back_told_once(house: House, browser: Browser, lang: str, phone: bool):
    words, on, faults = WORDS[lang], DRAGGED[lang, phone], []
    doctor = "Okonkwo" if phone else "Girard"  # at a desk it is dragged to the next column: a colleague on the same day
    family, address = FOUND[lang, phone], f"tilleul.{lang}.{people.device(phone)}@patients.example"

    def told() -> int:
        return sum(address in str(m["to"]) and words["moved"] in str(m["subject"]) for m in house.mailbox.messages)

    desk = people.context(browser, house, lang, phone=phone)
    page = desk.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    people.at_work(page, house, "scheduler")
    appointment = find_and_book(page, on, doctor, family, address)
    link = people.link_in(house.mailbox.wait_for(lambda m: address in str(m["to"]) and people.has_link(m)))

    page.goto(f"/planner?view=team&on={on}")
    page.wait_for_function("() => Boolean(customElements.get('live-planner'))")
    before = place_of(page, appointment)
    block = page.locator(f"a.a[href='{appointment}']")
    if phone:  # a finger scrolls; the keyboard carries
        block.focus()
        page.keyboard.press("m")
        expect(page.locator("#carrying")).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        target = block.locator("xpath=ancestor::section/following-sibling::section[1]").locator("a.free").nth(3)
        target.scroll_into_view_if_needed()
        people.carry(page, block, target)
        page.mouse.up()
    page.wait_for_url("**done=dragged**")
    assert "view=team" in page.url and place_of(page, appointment) != before
    expect(page.locator(".band.undo")).to_contain_text(words["taken"])
    with page.expect_navigation():
        page.locator(".band.undo button").click()
    assert place_of(page, appointment) == before

    page.locator(f"a.a[href='{appointment}']").focus()
    page.keyboard.press("M")
    page.keyboard.press("Escape")
    expect(page.locator("#carrying")).to_be_hidden()
    expect(page.locator(f"a.a[href='{appointment}']")).to_be_focused()
    page.keyboard.press("m")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".band.undo")).to_contain_text(words["taken"])
    assert place_of(page, appointment) != before
    assert told() == 0  # not while it can be put back

    page.goto(f"/planner?view=month&on={on}")
    cell = page.locator(f"a[href*='view=day'][href*='{on}']", has_text=words["month"])
    cell.click()
    page.wait_for_url("**view=day**")
    expect(page.locator(f"a.a[href='{appointment}']")).to_be_visible()
    page.goto(appointment)
    page.locator("details.more summary").last.click()
    expect(page.locator("ol.checks li").last).to_contain_text("accueil" if lang == "fr" else "desk")

    house.mailbox.wait_for(lambda m: address in str(m["to"]) and words["moved"] in str(m["subject"]), within_s=30)
    assert told() == 1
    at_home = people.context(browser, house, lang, phone=phone)
    patient = at_home.new_page()
    patient.goto(link)  # the first link is still theirs
    expect(patient.locator("form[action$='/confirmation'] button")).to_be_visible()
    at_home.close()
    desk.close()
    assert faults == []


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_a_sick_doctor_and_a_holiday_that_is_worked(house: House, browser: Browser, lang: str, phone: bool):
    words, on, faults, doctor = WORDS[lang], SICK[lang, phone], [], DOCTORS[lang]
    family, address = REBOOKED[lang, phone], f"orme.{lang}.{people.device(phone)}@patients.example"
    desk = people.context(browser, house, lang, phone=phone)
    page = desk.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    people.at_work(page, house, "scheduler")
    appointment = find_and_book(page, on, doctor, family, address)
    house.mailbox.wait_for(lambda m: address in str(m["to"]) and people.has_link(m))
    place = place_of(page, appointment)
    whose = place.split(" ")[1]

    page.goto(f"/absence?practitioner={whose}&on={on}")
    expect(page.locator("ul.checks > li", has_text=family)).to_be_visible()
    page.locator("form[method=post] .actions button").click()
    page.wait_for_url("**done=**")
    house.mailbox.wait_for(lambda m: address in str(m["to"]) and words["moved"] in str(m["subject"]))
    page.goto(f"/planner?view=day&on={on}")
    assert place_of(page, appointment).split(" ")[1] != whose
    page.go_back()
    expect(page.locator(".band.undo")).to_contain_text(words["absent"])
    page.locator(".band.undo button").click()
    page.wait_for_url("**/planner?**")
    assert place_of(page, appointment) == place

    page.goto(f"/availability?practitioner={whose}")
    page.locator("details", has=page.locator("[name=holiday_place]")).locator("summary").click()
    kept = page.locator("[name=holiday_place]").input_value()
    page.locator("[name=holiday_place]").select_option("FR")
    page.locator("[name=school_zone]").select_option("A")
    page.locator("form[action='/availability/calendar'] button").click()
    page.wait_for_url("**done=calendar**")
    weekday = page.locator("li", has=page.locator("form[action='/availability/holidays']")).filter(
        has_not_text=re.compile("samedi|dimanche|saturday|sunday", re.IGNORECASE)).first
    holiday = str(weekday.locator("[name=on]").get_attribute("value"))
    page.goto(f"/planner?view=day&on={holiday}")
    expect(page.locator(".chip").first).to_be_visible()
    expect(page.locator("a.free")).to_have_count(0)
    page.goto(f"/availability?practitioner={whose}")
    page.locator(f"form:has([name=on][value='{holiday}']) button", has_text=words["open"]).click()
    page.wait_for_url("**done=holiday-open**")
    page.goto(f"/planner?view=day&on={holiday}")
    assert page.locator("a.free").count() > 0 and page.locator(f"section[data-practitioner='{whose}'] a.free").count() == page.locator("a.free").count()
    page.goto(f"/availability?practitioner={whose}")  # as it was, for whoever comes after
    page.locator(f"form:has([name=on][value='{holiday}']) button").click()
    page.locator("details", has=page.locator("[name=holiday_place]")).locator("summary").click()
    page.locator("[name=holiday_place]").select_option(kept)
    page.locator("form[action='/availability/calendar'] button").click()
    page.wait_for_url("**done=calendar**")
    desk.close()
    assert faults == []
