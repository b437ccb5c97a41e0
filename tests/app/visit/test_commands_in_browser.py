"""A spoken command in a real Chromium: the proposal comes by itself, the keyboard confirms it, and takes it back."""

import pytest
from playwright.async_api import expect

from app import encounters
from app.record import commands, entries, transcripts
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_encounters import admitted
from tests.app.visit.test_transcripts import segment

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_the_keyboard_confirms_a_command_and_takes_it_back(house, clinic, db, clock, open_page):
    admitted(clinic)
    visit = clinic.visits[0]
    db.write_sync(SYSTEM, encounters.media_started, visit)
    page = await open_page(f"http://127.0.0.1:{house.client_.port}", "staff-0")
    await page.goto(f"/visits/{visit}")
    await expect(page.get_by_text("No allergy noted in the record.")).to_be_visible()

    def hear(tx):
        said = segment(clock, visit, "doctor", 0, 5, "Colloque, ajoute une allergie à la pénicilline.")
        return commands.hear(tx, encounters.status_of(tx, visit), transcripts.append_segment(tx, said))

    await page.wait_for_function("() => document.querySelector('[data-captions]')")
    assert db.write_sync(SYSTEM, hear)
    house.rooms.commanded(visit)
    await expect(page.locator("[data-command]")).to_contain_text("Pénicilline")
    await expect(page.locator("#asked-told")).to_contain_text("Alt+K")
    assert db.read_sync(clinic.doctor, entries.read, clinic.patients[0]).allergies == []
    await page.keyboard.press("Alt+k")
    await page.keyboard.press("Enter")
    await expect(page.locator("#asked .band")).to_contain_text("Allergy: Pénicilline")
    await expect(page.get_by_role("button", name="Take back: Pénicilline")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("No allergy noted in the record.")).to_be_visible()
    assert db.read_sync(clinic.doctor, entries.read, clinic.patients[0]).allergies == []
