"""What happens in a call beside talking: a screen is shown, a device sleeps, the agreement is taken back."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


FRAMES = "() => document.querySelector('#remote').getVideoPlaybackQuality().totalVideoFrames"
OUTAGE_S = 30


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, when somebody wants to see it (COLLOQUE_PICTURES: a folder)."""
    if folder := os.environ.get("COLLOQUE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def call(playwright, tmp_path):
    """(doctor's page, patient's page, pid of the patient's browser); Chromium shows a made-up screen without asking."""
    with running_house(tmp_path / "house", COLLOQUE_TRANSCRIPTION_WORKERS="0") as house, \
            browser_speaking(playwright, None) as staff_browser:
        others = browsers()
        with browser_speaking(playwright, None) as patient_browser:
            yield *in_call(house, staff_browser, patient_browser), (browsers() - others).pop()


def in_call(house, staff_browser, patient_browser) -> tuple[Page, Page]:
    """Both pages, once each shows the other."""
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
    return doctor, patient


def parents() -> dict[int, tuple[int, str]]:
    """Every process: its parent and its name."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, rest = path.read_text().split("(", 1)[1].rsplit(")", 1)
            found[int(path.parent.name)] = (int(rest.split()[1]), name)
    return found


def below(root: int) -> set[int]:
    """A process and all that descend from it."""
    running, tree = parents(), {root}
    while more := {pid for pid, (parent, _) in running.items() if parent in tree} - tree:
        tree |= more
    return tree


def browsers() -> set[int]:
    """The first process of each Chromium that this very test run started."""
    running = parents()
    return {pid for pid in below(os.getpid()) & running.keys()
            if running[pid][1] == "chromium" and running.get(running[pid][0], (0, ""))[1] != "chromium"}


@contextmanager
def frozen(root: int) -> Iterator[None]:
    """A browser whose machine sleeps: nothing of it runs, and nothing says so."""
    tree = below(root)
    for pid in tree:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in tree:
            os.kill(pid, signal.SIGCONT)


def test_a_screen_is_shown_and_the_agreement_taken_back(call):
    doctor, patient, patient_process = call

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

    # nothing comes from the patient's device for half a minute: the doctor reads why, and nothing ends
    with frozen(patient_process):
        expect(doctor.locator("[data-key=other]")).to_contain_text("connexion du patient", timeout=15_000)
        picture(doctor, "doctor-waits")
        doctor.wait_for_timeout(OUTAGE_S * 1_000)
    expect(doctor.locator("[data-key=other]")).to_have_count(0, timeout=30_000)
    for page in (doctor, patient):
        page.wait_for_function("() => document.body.dataset.call === 'connected'", timeout=30_000)
        before = page.evaluate(FRAMES)
        page.wait_for_function(f"() => ({FRAMES})() > {before + 5}", timeout=30_000)

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
