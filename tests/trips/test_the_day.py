"""The clinic's day in real browsers: a reminder's link answered, a visit by phone, a task done, a feed, a time given back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

# A Thursday in three weeks: on no other trip's way.
ON = people.day_ahead(24)


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


def book(page: Page, house: House, family: str, address: str) -> str:
    """By oneself on the public page; the path of the link in the invitation."""
    page.goto(f"/book?on={ON.isoformat()}")
    page.locator("[name=motif]").select_option(index=1)
    page.locator("[name=on]").fill(ON.isoformat())
    page.locator("main form button").click()
    page.locator("ul.times a").nth(5).click()
    for name, value in {"given": "Inès", "family": family, "birth_date": "1948-02-03", "email": address, "phone": "06 39 98 01 77"}.items():
        page.locator(f"[name={name}]").fill(value)
    seen = len(house.mailbox.messages)
    page.locator("main form button").click()
    page.wait_for_selector("[name=code]")
    message = house.mailbox.wait_for(lambda m: address in str(m["to"]) and house.mailbox.messages.index(m) >= seen)
    page.fill("[name=code]", people.code_in(message))
    page.locator("main form button").first.click()
    page.wait_for_url("**/visit/appointment")
    return people.link_in(house.mailbox.wait_for(lambda m: address in str(m["to"]) and people.has_link(m)))


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_answered_switched_done_and_given_back(house: House, browser: Browser, lang: str, phone: bool):
    faults: list[str] = []
    family = f"Quentin-{lang}-{people.device(phone)}"
    address = f"{family.lower()}@patients.example"
    at_home = people.context(browser, house, lang, phone=phone)
    link = book(at_home.new_page(), house, family, address)
    at_home.close()

    on_the_way = people.context(browser, house, lang, phone=phone)  # another browser: nobody is proved there
    answer = on_the_way.new_page()
    answer.on("pageerror", lambda error: faults.append(str(error)))
    answer.goto(link)
    answer.locator("form[action$='/confirmation'] button").dblclick()  # an unsure thumb says it once
    expect(answer.locator(".band")).to_be_visible()

    desk = people.context(browser, house, lang, phone=phone)
    clerk = desk.new_page()
    clerk.on("pageerror", lambda error: faults.append(str(error)))
    people.at_work(clerk, house, "scheduler")
    clerk.goto(f"/planner?view=day&on={ON.isoformat()}")
    clerk.locator("a[href^='/appointments/']", has_text=family).first.click()
    expect(clerk.locator(".chip", has_text="confirmé" if lang == "fr" else "confirmed").first).to_be_visible()
    clerk.locator("form[action$='/medium'] button").click()
    expect(clerk.locator("form[action$='/medium'] [name=by]")).to_have_count(1)
    house.mailbox.wait_for(lambda m: address in str(m["to"]) and ("téléphone" in str(m["subject"]) or "by phone" in str(m["subject"])))
    clerk.goto("/tasks")
    task = clerk.locator("ol.tasks > li", has_text=family)
    expect(task).to_have_count(1)
    task.locator("form[action$='/owner'] button").click()
    expect(clerk.locator("ol.tasks > li", has_text=family).locator(".chip", has_text="vous" if lang == "fr" else "you")).to_be_visible()
    clerk.locator("ol.tasks > li", has_text=family).locator("form[action$='/completion'] button").click()
    expect(task).to_have_count(0)
    clerk.locator(".band.undo button").click()
    expect(task).to_have_count(1)
    clerk.goto("/attendance")
    expect(clerk.locator("h1")).to_be_visible()
    desk.close()

    answer.goto(link)
    answer.locator("details summary").click()
    answer.locator("form[action$='/cancellation'] button").click()
    expect(answer.locator("a[href='/book']")).to_be_visible()
    on_the_way.close()
    assert faults == []


@pytest.mark.parametrize(("lang", "phone"), people.COMBINATIONS)
def test_a_doctor_subscribes_to_their_own_visits(house: House, browser: Browser, lang: str, phone: bool):
    context = people.context(browser, house, lang, phone=phone)
    page = context.new_page()
    people.at_work(page, house, "doctor", "Benali")
    page.locator("details.menu summary").click()
    page.locator("details.menu a[href='/calendars']").click()
    page.locator("form[action='/calendars/feed'] button").click()
    address = page.locator("p.address").inner_text()
    stranger = people.context(browser, house, "en")
    feed = stranger.request.get(address)
    assert feed.headers["content-type"].startswith("text/calendar")
    assert "BEGIN:VEVENT" in feed.text()
    page.goto("/calendars")
    page.locator("form[action='/calendars/feed/revocation'] button").click()
    page.wait_for_url("**done=revoked")
    assert stranger.request.get(address).status == 404
    for each in (stranger, context):
        each.close()
