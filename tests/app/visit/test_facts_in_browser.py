"""The doctor's page of a visit in a real Chromium, closed while a fact is being typed."""

import asyncio

import pytest
from playwright.async_api import expect

from app import encounters
from tests.app.visit.conftest import SYSTEM

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_tab_closed_while_typing_a_fact_loses_nothing(house, clinic, db, open_page):
    clinic.consent(0)
    db.write_sync(clinic.patient(), encounters.arrive, clinic.visits[0])

    def location() -> str:
        def read(tx):
            return encounters.facts_of(tx, encounters.status_of(tx, clinic.visits[0])).location
        return db.read_sync(SYSTEM, read)

    page = await open_page(f"http://127.0.0.1:{house.client_.port}", "staff-0")
    await page.goto(f"/visits/{clinic.visits[0]}")
    box = page.locator("#facts input[name=location]")
    await expect(box).to_be_visible()
    await box.press_sequentially("12 rue des Til")
    await page.close(run_before_unload=True)
    async with asyncio.timeout(10):
        while location() != "12 rue des Til":
            await asyncio.sleep(0.05)
