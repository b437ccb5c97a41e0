"""The whole house is killed (-9) while five people are in the middle of something, and started again: each goes on in the same tab."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.trips import full_day, people
from tests.trips.conftest import House, browser_speaking, running_house
from tests.trips.test_desk_hold import form
from tests.trips.test_public_booking import choose_a_time, hold
from tests.trips.test_the_whole_day import proved, signed_in

LATELY_MS = 5000  # of static/js/elements/server-away.js
HAND_MS = 300     # from reaching a button to pressing it
DESK = people.day_ahead(23)
NOT_SENT = "Rien n’a été envoyé"
CHESNE, NINA, TOLD = "chesne@patients.example", "nina@patients.example", 40


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    with running_house(tmp_path / "killed", COLLOQUE_TRANSCRIPTION_WORKERS="0", COLLOQUE_CLINIC_ZONE=people.midday_zone()) as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


def somebody(browser: Browser, house: House, cookies: list, faults: list[str], *, phone: bool = False) -> Page:
    context = people.context(browser, house, "fr", phone=phone)
    context.add_cookies(cookies)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page


def mails(house: House, address: str) -> list[EmailMessage]:
    return [m for m in house.mailbox.messages if address in str(m["to"]) and people.has_link(m)]


def test_everybody_goes_on_in_the_same_tab(house: House, browser: Browser) -> None:
    day, faults = full_day.fill(house), list[str]()
    staff = signed_in(browser, house, "scheduler")

    books = somebody(browser, house, staff, faults)  # a scheduler whose hold counts down
    form(books, DESK)
    expect(books.locator("[data-hold]")).to_contain_text("est retenu pour vous")
    for name, value in {"given": "Odile", "family": "Chesne", "birth_date": "1944-01-09", "email": CHESNE}.items():
        books.fill(f"[name={name}]", value)

    confirms = somebody(browser, house, [], faults, phone=True)  # a patient who has the code before their eyes
    choose_a_time(confirms)
    hold(confirms, NINA)
    code = people.code_in(house.mailbox.wait_for(lambda m: NINA in str(m["to"])))
    confirms.evaluate("code => { document.querySelector('[name=code]').value = code }", code)

    moves = somebody(browser, house, proved(browser, house, day.links["own"]), faults, phone=True)
    moves.goto(f"/visit/appointment/time?on={full_day.LATER + timedelta(days=1)}")
    moves.locator(".slots label").nth(5).click()

    accepts = somebody(browser, house, proved(browser, house, day.links["offer"]), faults, phone=True)
    accepts.goto("/visit/offer")
    offered = accepts.locator("h1").inner_text()

    drags = somebody(browser, house, staff, faults)  # and a scheduler with an appointment in hand
    drags.goto(f"/planner?view=day&on={full_day.LATER}")
    dragged = f"a.a[href='/appointments/{day.appointments['answered-0']}']"
    block, was = drags.locator(dragged), drags.locator(dragged).get_attribute("title")
    target = block.locator("xpath=ancestor::li/following-sibling::li/a[contains(@class, 'free')]").nth(1)  # near: seen at once
    people.carry(drags, block, target)

    house.crash()
    drags.wait_for_timeout(LATELY_MS + 100)
    box = target.bounding_box()
    assert box
    drags.mouse.move(box["x"] + 21, box["y"] + 6)
    drags.wait_for_timeout(HAND_MS)
    drags.mouse.up()
    presses = {books: "#booking .actions button", confirms: "main form button", moves: "form[method=post][action='/visit/appointment/time'] button",
               accepts: "form[action='/visit/offer/acceptance'] button"}
    for page, button in presses.items():
        page.locator(button).first.hover()
        page.wait_for_timeout(HAND_MS)
        page.locator(button).first.click()
    for page in (drags, *presses):
        expect(page.get_by_role("alert").filter(has_text=NOT_SENT)).to_be_visible()
    expect(block).to_be_focused()
    expect(drags.locator(".in-hand")).to_have_count(0)
    assert books.locator("[name=family]").input_value() == "Chesne"

    house.start()
    house.wait_until_up()
    books.locator("[data-keep]").click()  # it is still held, or this would say that it is not any more
    expect(books.locator("[data-hold] count-down b")).to_contain_text("4:5")
    books.locator(presses[books]).dblclick()
    books.wait_for_url("**done=booked**")
    expect(books.locator("a.a", has_text="Chesne")).to_have_count(1)

    confirms.locator(presses[confirms]).first.click()
    confirms.wait_for_url("**/visit/appointment")
    moves.locator(presses[moves]).first.dblclick()
    moves.wait_for_url("**done=moved")
    accepts.locator(presses[accepts]).first.dblclick()
    expect(accepts.locator(".empty h1")).to_contain_text("avancé")
    accepts.goto("/visit/appointment")
    expect(accepts.locator("h1")).to_contain_text(offered, ignore_case=True)
    people.carry(drags, block, target)
    drags.mouse.up()
    drags.wait_for_url("**done=dragged**")
    assert drags.locator(dragged).get_attribute("title") != was

    for address in (CHESNE, NINA):
        house.mailbox.wait_for(lambda m, address=address: address in str(m["to"]) and people.has_link(m))
    house.mailbox.wait_for(lambda m: "Nouvel horaire" in str(m["subject"]) and people.has_link(m), within_s=TOLD)
    drags.wait_for_timeout(2000)  # what would come twice comes by then
    assert [len(mails(house, CHESNE)), len(mails(house, NINA))] == [1, 1]
    assert faults == []
