"""The transcript in a real Chromium: badly heard words marked, words being said, a line corrected, a line found."""

import pytest
from playwright.async_api import expect

from app import encounters
from app.record import transcripts
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_encounters import admitted
from tests.app.visit.test_transcripts import segment

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def page(house, clinic, db, clock, open_page):
    admitted(clinic)
    visit = clinic.visits[0]
    db.write_sync(SYSTEM, encounters.media_started, visit)
    heard = segment(clock, visit, text="Je prends l'amlipine.").model_copy(update={"doubts": [(10, 20)]})
    db.write_sync(SYSTEM, transcripts.append_segment, heard)
    db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit, first=100, at_s=9, text="J'ai de la fièvre."))
    page = await open_page(f"http://127.0.0.1:{house.client_.port}", "staff-0")
    await page.goto(f"/visits/{visit}")
    await expect(page.locator("[data-line]")).to_have_count(2)
    return page


async def test_a_badly_heard_word_is_marked_and_corrected_and_what_was_heard_stays(page, clinic, db):
    line = page.locator("[data-line]").first
    await expect(line.locator("mark")).to_have_text("l'amlipine")
    await line.get_by_role("button", name="Correct").focus()
    await page.keyboard.press("Enter")
    field = line.get_by_role("textbox")
    await expect(field).to_have_value("Je prends l'amlipine.")
    await field.fill("   ")
    await field.press("Enter")
    await expect(line.get_by_role("alert")).to_have_text("Write what was said.")
    await field.press("Escape")
    await expect(line.locator("p")).to_contain_text("Je prends l'amlipine.")
    await line.get_by_role("button", name="Correct").press("Enter")
    await line.get_by_role("textbox").fill("Je prends l'amlodipine.")
    await line.get_by_role("textbox").press("Enter")
    await expect(line.locator("[data-text]")).to_have_text("Je prends l'amlodipine.")
    await expect(line.locator("small")).to_have_text("heard: Je prends l'amlipine.")
    await expect(line.locator("mark")).to_have_count(0)
    (stored, _) = db.read_sync(clinic.doctor, transcripts.read, clinic.visits[0])
    assert (stored.text, stored.heard) == ("Je prends l'amlodipine.", "Je prends l'amlipine.")
    await page.reload()
    await expect(page.locator("[data-line]").first.locator("small")).to_contain_text("amlipine")


async def test_a_line_is_found_without_its_accents(page):
    find = page.get_by_role("searchbox", name="Find in the transcript")
    await find.fill("FIEVRE")
    await expect(page.locator("[data-line]:visible")).to_have_count(1)
    await expect(page.locator("#found")).to_have_text("")
    await find.fill("genou")
    await expect(page.locator("[data-line]:visible")).to_have_count(0)
    await expect(page.locator("#found")).to_have_text("Nothing found")
    await find.fill("")
    await expect(page.locator("[data-line]:visible")).to_have_count(2)


async def test_words_being_said_stand_below_all_lines_until_their_caption_comes(page, house, clinic, db, clock):
    visit, rooms = clinic.visits[0], house.rooms

    def say(text: str) -> None:
        rooms.tell(visit, {"type": "interim", "role": "patient", "start_at_ms": 0, "text": text}, to="doctor")

    said = page.locator(".interim [data-text]")
    say("Depuis")
    await expect(said).to_have_text("Depuis")
    say("Depuis trois jours")
    await expect(said).to_have_text("Depuis trois jours")
    await expect(page.locator("#lines > :last-child [data-text]")).to_have_text("Depuis trois jours")
    row = db.write_sync(SYSTEM, transcripts.append_segment, segment(clock, visit, first=200, at_s=20, text="Depuis trois jours."))
    line = db.read_sync(SYSTEM, lambda tx: transcripts.line(tx, encounters.status_of(tx, visit), row))
    rooms.caption(visit, line, patient_too=False)
    await expect(page.locator("[data-line]")).to_have_count(3)
    await expect(said).to_have_count(0)
