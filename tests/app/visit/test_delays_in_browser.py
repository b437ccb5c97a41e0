"""Telling the patients from the page, in a real Chromium: asked first, said afterwards, without leaving the page."""

import pytest
from playwright.async_api import expect

from tests.app.visit.test_delays import addresses, late

assert addresses  # a fixture

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_the_button_asks_tells_and_goes(house, clinic, clock, open_page):
    late(clinic, clock)
    origin = f"http://127.0.0.1:{house.client_.port}"
    page = await open_page(origin, "staff-0")
    await page.goto("/queue")
    button = page.get_by_role("button", name="Tell the patients")
    await button.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("running late?")
    await dialog.get_by_role("button", name="Not now").click()
    await expect(dialog).to_have_count(0)
    await expect(button).to_be_focused()
    await button.click()
    await dialog.get_by_role("button", name="Send the messages").click()
    await expect(page.locator(".toast")).to_have_text("2 patients are told.")
    await expect(button).to_be_hidden()
    assert page.url == f"{origin}/queue"
