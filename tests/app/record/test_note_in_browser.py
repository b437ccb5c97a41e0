"""The note page in a real Chromium: keys, listening to real Opus, editing in place, deciding, signing."""

import asyncio
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from app.record import compositions
from app.record.tables import NoteContent
from tests.app.record.conftest import House
from tests.app.record.test_pages import browse, draft
from tests.app.record.test_playback import BEGAN_MS, visit_key
from tests.transcription.support import Tap, packets

assert browse  # a fixture

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def doctor_page(browse, house: House, tmp_path: Path, open_page) -> Page:
    """The doctor's signed-in page, not yet at the note; a consultation's speech lies sealed in the spool."""
    draft(house)
    tap = Tap(tmp_path / "spool", visit_key(house), "fr", house.visit_id, house.stream_id, BEGAN_MS)
    tap.say(packets("fr-patient")[:500])
    tap.writer.close("closed")
    return await open_page(f"http://127.0.0.1:{browse('doctor').client.port}", "doctor")


def current(page: Page):
    return page.locator(".st[aria-current=true]")


async def open_note(page: Page, house: House) -> None:
    await page.goto(f"/visits/{house.visit_id}/note")
    await expect(page.locator("#listen")).to_be_visible()


async def test_keys_go_from_sentence_to_sentence_and_light_the_line(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await expect(current(doctor_page)).to_have_text("Toux depuis trois jours.")
    await doctor_page.keyboard.press("ArrowDown")
    await expect(current(doctor_page)).to_have_text("Metformine 850 mg matin et soir.")
    await expect(doctor_page.locator("#proof .lit")).to_contain_text("Je tousse depuis trois jours.")
    await doctor_page.keyboard.press("ArrowUp")
    await expect(current(doctor_page)).to_have_text("Toux depuis trois jours.")
    await doctor_page.locator(".st").nth(1).click()
    await expect(current(doctor_page)).to_have_text("Metformine 850 mg matin et soir.")


async def test_a_key_accepts_what_is_unsure_and_only_then_the_note_can_be_signed(doctor_page: Page, house: House) -> None:
    def doubt(note: NoteContent) -> None:
        note.conflicts = []
        note.sections[1].sentences[0].flag = "Heard badly: please check."

    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1, doubt)
    await open_note(doctor_page, house)
    await expect(doctor_page.locator("#origin")).to_have_text("As it was drafted.")
    await doctor_page.keyboard.press("a")
    await expect(current(doctor_page)).to_have_text("Metformine 850 mg matin et soir.")
    await expect(doctor_page.locator("#flag")).to_have_text("Heard badly: please check.")
    await expect(doctor_page.get_by_role("button", name="Sign")).to_be_disabled()
    await doctor_page.keyboard.press("a")
    await expect(doctor_page.get_by_role("button", name="Sign")).to_be_enabled()
    await expect(doctor_page.locator(".st.flag")).to_have_count(0)
    await expect(current(doctor_page)).to_have_text("Metformine 850 mg matin et soir.")


async def test_space_plays_the_sealed_speech_behind_the_sentence(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    async with doctor_page.expect_response("**/audio?**") as heard:
        await doctor_page.keyboard.press("Space")
    assert (await heard.value).status == 200
    await expect(doctor_page.locator("#listen")).to_have_attribute("aria-pressed", "true")
    await doctor_page.wait_for_function("document.documentElement.dataset.heard")
    await expect(doctor_page.locator("#listen")).to_have_attribute("aria-pressed", "false", timeout=10_000)
    await expect(doctor_page.locator("#saved")).to_be_empty()


async def test_an_edit_in_place_saves_while_typing(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await doctor_page.keyboard.press("e")
    box = doctor_page.locator("textarea.edit")
    await box.fill("Toux sèche depuis trois jours.")
    await expect(doctor_page.locator("#saved")).to_have_text("Saved")
    assert saved(house) == "Toux sèche depuis trois jours."
    await box.press_sequentially(" Pas de fièvre.")
    await box.press("Enter")
    await expect(box).to_have_count(0)
    await expect(current(doctor_page)).to_contain_text("Pas de fièvre.")
    await expect(doctor_page.locator("#origin")).to_contain_text("Edited by you")
    assert saved(house) == "Toux sèche depuis trois jours. Pas de fièvre."


async def close_tab(page: Page, *, stay: bool = False) -> list[str]:
    """Close a tab as a person does; the browser's questions, answered with stay or leave."""
    asked: list[str] = []

    async def answer(dialog) -> None:
        asked.append(dialog.type)
        await (dialog.dismiss() if stay else dialog.accept())

    page.on("dialog", answer)
    await page.close(run_before_unload=True)
    await asyncio.sleep(0.5)
    return asked


async def until_saved(house: House, words: str) -> None:
    async with asyncio.timeout(10):
        while saved(house) != words:
            await asyncio.sleep(0.05)


async def test_a_tab_closed_mid_sentence_loses_nothing(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await doctor_page.keyboard.press("e")
    box = doctor_page.locator("textarea.edit")
    await box.fill("Toux sèche depuis")
    await expect(doctor_page.locator("#saved")).to_have_text("Saved")
    await box.press_sequentially(" trois jours, sans fiè")
    assert await close_tab(doctor_page) == []
    await until_saved(house, "Toux sèche depuis trois jours, sans fiè")


async def test_a_tab_closed_while_an_earlier_save_is_on_its_way_loses_nothing(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await doctor_page.keyboard.press("e")
    box = doctor_page.locator("textarea.edit")
    async with doctor_page.expect_request("**/sentences/*"):
        await box.fill("Toux sèche")
    await box.press_sequentially(" la nuit")
    await close_tab(doctor_page)
    await until_saved(house, "Toux sèche la nuit")


async def test_who_closes_a_tab_over_words_not_yet_added_is_asked(doctor_page: Page, house: House) -> None:
    await doctor_page.goto(f"/visits/{house.visit_id}/summary")
    await doctor_page.locator("textarea[name=text]").fill("Reposez-vous.")
    assert await close_tab(doctor_page, stay=True) == ["beforeunload"]
    await doctor_page.get_by_role("button", name="Save").click()
    await expect(doctor_page.locator("textarea[name=text]")).to_have_value("Reposez-vous.")
    assert await close_tab(doctor_page) == [], "what was saved is not asked about"


async def test_a_conflict_tells_and_keeps_the_words(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await doctor_page.keyboard.press("e")
    house.db.write_sync(house.doctor, compositions.edit, house.visit_id, 1,
                        lambda content: content.sections[1].sentences.clear())
    await doctor_page.locator("textarea.edit").fill("Mes mots.")
    await expect(doctor_page.locator("#saved")).to_contain_text("changed meanwhile")
    await doctor_page.locator("h1").click()
    await expect(doctor_page.locator("textarea.edit")).to_have_value("Mes mots.")


async def test_remove_and_undo_by_key_and_button(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    await doctor_page.keyboard.press("Backspace")
    await expect(doctor_page.locator(".st")).to_have_count(1)
    await doctor_page.get_by_role("button", name="Undo").click()
    await expect(doctor_page.locator(".st")).to_have_count(2)


async def test_decide_then_sign(doctor_page: Page, house: House) -> None:
    await open_note(doctor_page, house)
    sign = doctor_page.locator("#sign button")
    await expect(sign).to_be_disabled()
    await doctor_page.get_by_role("button", name="Correct:").click()
    await expect(doctor_page.get_by_text("Metformine 1 000 mg matin et soir.")).to_be_visible()
    await doctor_page.get_by_role("button", name="Add to the record").click()
    await expect(doctor_page.get_by_role("button", name="Add to the record")).to_have_count(0)
    await sign.click()
    await doctor_page.locator("dialog[open] button[value=yes]").click()
    await expect(doctor_page.locator(".signed-by")).to_contain_text("Dr Nadia Benali")
    await expect(doctor_page.locator("#listen")).to_have_count(0)


async def test_the_evidence_comes_to_the_sentence_on_a_phone(doctor_page: Page, house: House) -> None:
    await doctor_page.set_viewport_size({"width": 390, "height": 844})
    await open_note(doctor_page, house)
    await doctor_page.locator(".st").nth(1).click()
    await expect(doctor_page.locator(".paper section").nth(1).locator("#evidence .lit")).to_be_visible()
    assert await accessibility_faults(doctor_page) == []


async def accessibility_faults(page: Page) -> list[str]:
    found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{v['id']}: {n['target']}" for v in found.response["violations"] for n in v["nodes"]]


def saved(house: House) -> str:
    return house.db.read_sync(house.doctor, compositions.read, house.visit_id).content.sections[0].sentences[0].text
