"""What the two of a call can do beside talking: the doctor shows a screen, the patient takes back their agreement."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.trips import people
from tests.trips.conftest import browser_speaking, running_house

SHOWN = """() => {
    const [screen, face] = ["#screen", "#remote"].map((name) => document.querySelector(name));
    const ratio = (video) => video.videoWidth / video.videoHeight;
    return !screen.hidden && screen.getVideoPlaybackQuality().totalVideoFrames > 3 && Math.abs(ratio(screen) - ratio(face)) > 0.2;
}"""


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, when somebody wants to see it (COLLOQUE_PICTURES: a folder)."""
    if folder := os.environ.get("COLLOQUE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def call(playwright, tmp_path):
    """(doctor's page, patient's page) of a call that runs; Chromium shows a made-up screen without asking."""
    with running_house(tmp_path / "house", COLLOQUE_TRANSCRIPTION_WORKERS="0") as house, \
            browser_speaking(playwright, None) as staff_browser, \
            browser_speaking(playwright, None) as patient_browser:
        patient = people.context(patient_browser, house, "fr", phone=True).new_page()
        people.open_link(patient, house, house.facts["patient_link"], house.facts["patient"]["email"])
        patient.goto("/visit/consent")
        people.consent(patient, transcription=False)
        doctor = people.context(staff_browser, house, "fr").new_page()
        people.sign_in(doctor, house, "doctor")
        doctor.goto(f"/visits/{house.facts['visit_id']}")
        doctor.locator("#admit button").click()
        patient.wait_for_url("**/visit/call")
        for page in (doctor, patient):
            expect(page.locator("#remote")).to_be_visible()
            page.wait_for_function("() => document.body.dataset.call === 'connected'")
        yield doctor, patient


def test_a_screen_is_shown_and_the_agreement_taken_back(call):
    doctor, patient = call

    # the doctor shows a screen: the patient sees it large, the face beside it, and reads what it is
    tool = doctor.locator("#tool-screen")
    expect(tool).to_have_attribute("aria-pressed", "false")
    tool.click()
    expect(tool).to_have_attribute("aria-pressed", "true")
    expect(doctor.locator("[data-key=sharing]")).to_contain_text("Le patient voit")
    patient.wait_for_function(SHOWN, timeout=30_000)
    expect(patient.locator("[data-key=screen]")).to_contain_text("vous montre son écran")
    expect(patient.locator("#remote")).to_be_visible()
    expect(patient.locator("#enlarge")).to_be_visible()
    picture(patient, "patient-sees-screen")
    picture(doctor, "doctor-shows-screen")

    # and stops by keyboard
    doctor.keyboard.press("Alt+s")
    expect(tool).to_have_attribute("aria-pressed", "false")
    expect(patient.locator("#screen")).to_be_hidden()
    expect(patient.locator("[data-key=screen]")).to_contain_text("ne montre plus")

    # the patient thinks about taking back their agreement, and goes on
    patient.locator("open-dialog[for=more] button").click()
    patient.locator("#withdraw-visit").click()
    expect(patient.locator("#withdraw")).to_contain_text("Ce lien ne permettra pas d’y revenir")
    expect(patient.locator("dialog[open]")).to_have_count(1)
    patient.wait_for_timeout(400)  # it has faded in
    picture(patient, "patient-asked")
    patient.locator("#withdraw [data-close]").click()
    expect(patient.locator("dialog[open]")).to_have_count(0)
    assert patient.evaluate("document.body.dataset.call") == "connected"

    # and then does: both are told at once, in their own words
    patient.locator("open-dialog[for=more] button").click()
    patient.locator("#withdraw-visit").click()
    patient.locator("#withdraw .btn.danger").click()
    patient.wait_for_url("**/visit/ended")
    expect(patient.locator("main")).to_contain_text("Vous avez retiré votre accord")
    hold = doctor.locator("[data-hold=withdrawn]")
    expect(hold).to_be_visible()
    expect(hold).to_contain_text("a retiré son accord")
    assert doctor.evaluate("document.querySelector('#local').srcObject?.getTracks().every((t) => t.readyState === 'ended') ?? true")
    picture(patient, "patient-withdrew")
    picture(doctor, "doctor-told")
    hold.get_by_role("link").click()
    doctor.wait_for_url("**/note")
    expect(doctor.locator("main")).to_contain_text("Le patient a retiré son accord")
