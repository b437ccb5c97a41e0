"""Booking without an account in a real browser, on a phone and at a desk: held, confirmed, moved, waited for, cancelled."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

# A Wednesday in two weeks: full of free slots, on no other trip's way.
ON = people.day_ahead(16)


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


def choose_a_time(page: Page) -> None:
    """From the front door to the form about oneself."""
    page.goto("/")
    page.locator("a[href='/book']").first.click()
    page.locator("[name=motif]").select_option(index=1)
    page.locator("[name=on]").fill(ON.isoformat())
    page.locator("main form button").click()
    page.locator("ul.times a").nth(3).click()


def hold(page: Page, address: str) -> None:
    """Say who one is; the time is held, and its countdown runs."""
    for name, value in {"given": "Nina", "family": "O'Kafor", "birth_date": "1990-02-03", "email": address}.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("main form button").dblclick()  # an unsure thumb holds one time
    page.wait_for_selector("[name=code]")
    expect(page.locator("count-down b")).to_have_text(re.compile(r"^(10:00|9:5\d|9:4\d)$"))


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_a_patient_books_moves_waits_and_cancels(house: House, browser: Browser, lang: str, phone: bool):
    context = people.context(browser, house, lang, phone=phone)
    page, address = context.new_page(), f"nina.{lang}.{people.device(phone)}@patients.example"
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    choose_a_time(page)
    seen = len(house.mailbox.messages)
    hold(page, address)
    message = house.mailbox.wait_for(lambda m: address in str(m["to"]) and house.mailbox.messages.index(m) >= seen)
    assert sum(address in str(m["to"]) for m in house.mailbox.messages[seen:]) == 1
    page.fill("[name=code]", people.code_in(message))
    page.locator("main form button").first.click()
    page.wait_for_url("**/visit/appointment")
    invitation = house.mailbox.wait_for(lambda m: address in str(m["to"]) and people.has_link(m))
    assert people.link_in(invitation)

    page.locator("a[href='/visit/appointment/time']").click()
    page.locator("[name=on]").fill((ON + timedelta(days=1)).isoformat())  # nearer ones could not be cancelled here
    page.locator("form[method=get] button").click()
    page.locator(".slots label").nth(5).click()
    page.locator("form[action='/visit/appointment/time'] button").last.click()
    page.wait_for_url("**done=moved")
    page.locator("form[action='/visit/appointment/waiting'] button").click()
    page.wait_for_url("**done=waiting")
    page.locator("a[href='/visit/appointment/cancellation']").click()
    page.locator("form[action='/visit/appointment/cancellation'] button").click()
    page.wait_for_url("**done=cancelled")
    expect(page.locator("a[href='/book']")).to_be_visible()
    assert faults == []
    context.close()
