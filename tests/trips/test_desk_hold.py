"""Two schedulers and one time, in real browsers: held while one types, read by the other, prolonged, run out, given back, booked."""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

ON = {"fr": people.day_ahead(56), "en": people.day_ahead(58)}  # from eight weeks on: on no other trip's way
SAMUEL, PASSWORD = "samuel.roy@desk.example", "correct horse battery staple"
WORDS = {
    "fr": {"held": "est retenu pour vous", "by": "Retenu par Sophie Perrin", "soon": "moins d’une minute", "over": "n’est plus retenu",
           "away": "Rien n’a été envoyé"},
    "en": {"held": "is held for you", "by": "Held by Sophie Perrin", "soon": "Less than a minute", "over": "no longer held",
           "away": "Nothing was sent"},
}


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


@pytest.fixture(scope="module")
def samuel(browser: Browser, house: House) -> dict[str, str]:
    """A second scheduler: the administrator adds the account, its owner takes a password of their own."""
    context = people.context(browser, house, "en")
    page = context.new_page()
    people.sign_in(page, house, "administrator")
    page.goto("/accounts")
    page.fill("[name=name]", "Samuel Roy")
    page.fill("[name=email]", SAMUEL)
    page.locator("form[action='/accounts'] .btn.primary").click()
    given, secret = page.locator("dd.mono").all_inner_texts()
    context.close()
    account = {"role": "scheduler", "name": "Samuel Roy", "email": SAMUEL, "password": given, "totp_secret": secret.replace(" ", "")}
    house.facts["accounts"].append(account)
    context = people.context(browser, house, "en")
    page = context.new_page()
    people.sign_in(page, house, "scheduler", "Samuel")
    page.goto("/account")
    for name, value in {"old": given, "new": PASSWORD, "again": PASSWORD}.items():
        page.fill(f"[name={name}]", value)
    page.locator("form[action='/account/password'] button").click()
    page.wait_for_load_state()
    context.close()
    account["password"] = PASSWORD
    return account


def at_desk(browser: Browser, house: House, lang: str, name: str, faults: list[str], *, phone: bool) -> Page:
    page = people.context(browser, house, lang, phone=phone).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    people.sign_in(page, house, "scheduler", name)
    return page


def form(page: Page, on: date, nth: int = 0) -> str:
    """From a free time of the first doctor's day to its form; the instant that is chosen there."""
    page.goto(f"/planner?view=day&on={on}")
    page.goto(str(page.locator("section.day").first.locator("a.free").nth(nth).get_attribute("href")))
    return str(page.locator(".slots input:checked").input_value())


def leave(page: Page, path: str) -> None:
    """As a link does; `goto` is the address bar."""
    with page.expect_navigation():
        page.evaluate("path => location.assign(path)", path)


def not_held(page: Page) -> None:
    """The planner, looked at again until nobody holds anything; what was given back is on its way."""
    for _ in range(20):
        page.reload()
        if not page.locator(".a.hold").count():
            return
        page.wait_for_timeout(100)
    raise AssertionError("still held")


def chosen(page: Page, start: str) -> None:
    page.locator(f".slots label:has(input[value='{start}'])").click()


@pytest.mark.parametrize(("lang", "phone"), [("fr", False), ("en", True)])
def test_a_time_is_held_while_somebody_types(house: House, browser: Browser, samuel: dict[str, str], lang: str, phone: bool):
    assert samuel["name"]
    words, on, faults = WORDS[lang], ON[lang], list[str]()
    sophie = at_desk(browser, house, lang, "Sophie", faults, phone=phone)
    other = at_desk(browser, house, lang, "Samuel", faults, phone=phone)
    sophie.clock.install()

    first = form(sophie, on)
    band, said = sophie.locator("[data-hold]"), sophie.locator("desk-hold [role=status]")
    expect(band).to_contain_text(words["held"])
    expect(band.locator("count-down b")).to_contain_text("4:5")
    expect(said).not_to_be_empty()

    other.goto(f"/planner?view=day&on={on}")
    expect(other.locator(".a.hold")).to_contain_text(words["by"])
    second = form(other, on)
    assert second != first
    other.goto(other.url.replace(second, first).replace(second.replace(":", "%3A"), first.replace(":", "%3A")))
    expect(other.locator("[data-place=trouble]")).to_contain_text(words["by"])
    expect(other.locator(".slots input:checked")).to_have_count(0)
    expect(other.locator("[data-hold]")).to_have_count(0)

    chosen(sophie, second)
    expect(sophie.locator("[data-hold]")).to_have_count(1)
    expect(sophie.locator(f"[data-hold] b:has-text('{words['held']}')")).to_be_visible()
    chosen(other, second)
    expect(other.locator("[data-place=trouble]")).to_contain_text(words["by"])
    other.reload()  # the first one's time is free again
    expect(other.locator("[data-hold]")).to_contain_text(words["held"])

    sophie.locator("[name=given]").fill("Odile")
    sophie.clock.fast_forward("04:10")
    expect(said).to_contain_text(words["soon"])
    sophie.locator("[name=family]").press_sequentially("Chêne" if lang == "fr" else "Oak")
    expect(sophie.locator("[data-hold] count-down b")).to_contain_text("4:5")
    sophie.clock.fast_forward("05:01")
    expect(sophie.locator("[data-place=held]")).to_contain_text(words["over"])
    expect(said).to_contain_text(words["over"])
    assert sophie.locator("[name=given]").input_value() == "Odile"
    sophie.locator("[data-again]").click()
    expect(sophie.locator("[data-hold]")).to_contain_text(words["held"])

    leave(other, f"/planner?view=day&on={on}")  # gives it back, and Sophie's is still hers
    expect(other.locator(".a.hold")).to_have_count(1)
    expect(other.locator(".a.hold")).to_contain_text(words["by"])
    sophie.locator("[name=birth_date]").fill("1944-01-09" if lang == "fr" else "1968-12-02")
    sophie.locator("[name=email]").fill(f"chene.{lang}@patients.example")
    sophie.context.set_offline(True)
    sophie.locator("#booking .actions button").click()
    expect(sophie.get_by_role("alert")).to_contain_text(words["away"])
    sophie.context.set_offline(False)
    sophie.locator("#booking .actions button").click()
    sophie.wait_for_url("**done=booked**")
    other.reload()
    expect(other.locator(".a.hold")).to_have_count(0)
    expect(other.locator("a.a", has_text="Chêne" if lang == "fr" else "Oak")).to_have_count(1)

    visit = str(sophie.locator("a.a", has_text="Chêne" if lang == "fr" else "Oak").first.get_attribute("href"))
    sophie.goto(f"{visit}/time")
    expect(sophie.locator("[data-hold]")).to_have_count(0)  # nothing is chosen yet
    sophie.locator(".slots label").nth(2).click()
    expect(sophie.locator("[data-hold]")).to_contain_text(words["held"])
    other.reload()
    expect(other.locator(".a.hold")).to_contain_text(words["by"])
    sophie.locator("#moving .actions a").click()  # leaves it where it is
    not_held(other)
    sophie.context.close()
    other.context.close()
    assert faults == []
