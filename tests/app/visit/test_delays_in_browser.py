"""Telling the patients from the page, in a real Chromium: asked first, said afterwards, without leaving the page."""

import pytest
from playwright.async_api import async_playwright, expect

from tests.app.visit.test_delays import addresses, late

assert addresses  # a fixture

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_the_button_asks_tells_and_goes(house, clinic, clock):
    late(clinic, clock)
    origin = f"http://127.0.0.1:{house.client_.port}"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await chromium.new_context(base_url=origin, locale="en-GB")
        await context.add_cookies([{"name": "colloque-staff", "value": "staff-0", "url": origin}])
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
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
        await chromium.close()
        assert faults == []
