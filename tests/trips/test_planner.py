"""The planner in a real browser: by keyboard alone, live, and two schedulers who want the same slot."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

# A Tuesday in two weeks: full of free slots, on no other trip's way.
ON = people.day_ahead(15)
DOCTOR = "Dr Ada Okonkwo"


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


@pytest.fixture(scope="module")
def desk(browser: Browser, house: House) -> Iterator[BrowserContext]:
    """A scheduler's browser, signed in once."""
    context = people.context(browser, house, "en")
    page = context.new_page()
    people.sign_in(page, house, "scheduler")
    page.close()
    yield context
    context.close()


def open_week(desk: BrowserContext) -> Page:
    page = desk.new_page()
    page.goto(f"/planner?on={ON}")
    page.get_by_role("link", name=DOCTOR).click()
    page.wait_for_function("() => Boolean(customElements.get('live-planner'))")
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText"))


def test_booking_by_keyboard_alone(desk: BrowserContext):
    page = open_week(desk)
    tuesday = page.locator("section.day").nth(1)
    tuesday.locator("a.free").first.focus()
    assert focused(page).startswith("08:30")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert focused(page).startswith("09:00")
    page.keyboard.press("Enter")
    page.wait_for_url("**/planner/booking?**")
    page.locator("#q").focus()
    page.keyboard.type("diallo s")
    expect(page.locator("#hits a")).to_have_count(1)
    page.keyboard.press("Tab")  # from the field over its button to the only hit
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**patient=**")
    chosen = page.locator(".slots input:checked")
    expect(chosen).to_have_count(1)
    chosen.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**done=booked**")
    expect(page.get_by_role("status").first).to_contain_text("Booked for Samba Diallo")
    page.close()


def test_who_comes_second_is_told_and_offered_the_next_slots(desk: BrowserContext):
    first, second = open_week(desk), open_week(desk)
    for page in (first, second):
        page.locator("section.day").nth(2).locator("a.free").first.click()
        page.wait_for_url("**/planner/booking?**")
    for page, family in ((first, "Premier"), (second, "Deuxième")):
        page.fill("[name=given]", "Ève")
        page.fill("[name=family]", family)
        page.fill("[name=birth_date]", "1991-05-04" if family == "Premier" else "1962-08-30")
        page.fill("[name=email]", f"{len(family)}@patients.example")
    send = "Book and send the invitation"
    first.get_by_role("button", name=send).dblclick()  # an impatient hand books once
    first.wait_for_url("**done=booked**")
    second.get_by_role("button", name=send).click()
    expect(second.get_by_role("status").first).to_contain_text("This slot was just taken")
    assert second.locator("[name=family]").input_value() == "Deuxième"
    second.locator(".slots label").first.click()
    second.get_by_role("button", name=send).click()
    second.wait_for_url("**done=booked**")
    expect(second.get_by_role("status").first).to_contain_text("Deuxième")
    # The first one's planner shows it without a reload.
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator("a.a", has_text="Deuxième")).to_have_count(1)
    expect(first.locator("a.a", has_text="Premier")).to_have_count(1)
    first.close()
    second.close()


def test_move_cancel_and_undo(desk: BrowserContext):
    page = open_week(desk)
    page.locator("section.day").nth(3).locator("a.free").first.click()
    page.fill("#q", "sinead")
    page.locator("#hits a").first.click()
    page.get_by_role("button", name="Book and send").click()
    page.locator("a.a", has_text="O'Brien").first.click()
    page.get_by_role("link", name="Move").click()
    page.locator(".slots label").nth(3).click()
    page.get_by_role("button", name="Move the appointment").click()
    page.wait_for_url("**done=moved**")
    page.locator("a.a", has_text="O'Brien").first.click()
    page.get_by_role("link", name="Cancel the appointment").click()
    expect(page.locator("main")).to_contain_text("Sinéad O'Brien with Dr Ada Okonkwo")
    page.get_by_role("button", name="Cancel the appointment").click()
    page.wait_for_url("**done=cancelled**")
    expect(page.locator("a.a", has_text="O'Brien")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**done=restored**")
    expect(page.locator("a.a", has_text="O'Brien")).to_have_count(1)
    page.close()
