"""One visit in two real browsers through all that can go wrong: killed processes, reloads, a second screen, a change of mind."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.trips import people, recovery
from tests.trips.conftest import browser_speaking, consultation_wav, running_house

BACK_WITHIN_S = 5.0
FLOWS = """() => new Promise(done => {
    const video = document.querySelector('#remote');
    const before = video && !video.hidden ? video.currentTime : -1;
    setTimeout(() => done(before >= 0 && !video.hidden && video.currentTime > before), 250);
})"""
SPOKEN = "() => document.querySelectorAll('#lines [data-kind=speech]').length"


def flows(page: Page, within_s: float = 20) -> float:
    """Wait until the other's picture moves; returns after how many seconds."""
    began = time.monotonic()
    while not page.evaluate(FLOWS):
        assert time.monotonic() - began < within_s, f"no picture at {page.url}"
    return time.monotonic() - began


@pytest.fixture
def visit(playwright, tmp_path):
    """(house, doctor's page, patient's page) of a running visit with consent to transcription."""
    wavs = {t: consultation_wav("fr-d01", t, tmp_path, lead_s=1.0) for t in ("patient", "doctor")}
    with running_house(tmp_path / "house") as house, \
            browser_speaking(playwright, wavs["doctor"]) as staff_browser, \
            browser_speaking(playwright, wavs["patient"]) as patient_browser:
        patient = people.context(patient_browser, house, "fr", phone=True).new_page()
        doctor = people.context(staff_browser, house, "fr").new_page()
        recovery.begin(house, patient, doctor, transcription=True)
        flows(doctor)
        flows(patient)
        yield house, doctor, patient


def test_a_visit_survives_bad_luck(visit):
    house, doctor, patient = visit

    # the call's media process is killed: both come back by themselves, at once, for another takes the call over
    recovery.mark(doctor, patient)
    house.kill_busiest_node()
    for page in (doctor, patient):
        took = recovery.times_back(page)
        assert took["picture_ms"] < BACK_WITHIN_S * 1_000, took

    # all of them are: one must start first, which takes as long as the machine is busy
    recovery.mark(doctor, patient)
    house.kill("media")
    for page in (doctor, patient):
        recovery.times_back(page, within_s=90)
        flows(page)

    # speech goes on being written down; the worker is killed and nothing of it is lost or said twice
    doctor.wait_for_function(f"() => ({SPOKEN})() >= 2", timeout=150_000)
    house.kill("transcribe")
    doctor.wait_for_timeout(3000)
    before = doctor.evaluate(SPOKEN)
    doctor.wait_for_function(f"() => ({SPOKEN})() > {before}", timeout=150_000)

    # the web process is killed: sockets come back, what was written is still there
    before = doctor.evaluate(SPOKEN)
    house.kill("web")
    for page in (doctor, patient):
        page.wait_for_selector("[data-key=socket]", timeout=10_000)
    for page in (doctor, patient):
        page.wait_for_selector("[data-key=socket]", state="detached", timeout=90_000)
        flows(page)
    assert doctor.evaluate(SPOKEN) >= before

    # a reload keeps the place on either side
    for page in (doctor, patient):
        page.reload()
        flows(doctor)
        flows(patient)
    assert doctor.evaluate(SPOKEN) >= before
    ids = doctor.evaluate("() => [...document.querySelectorAll('#lines [data-line]')].map(l => l.dataset.at + l.dataset.role + l.textContent)")
    assert len(ids) == len(set(ids)), "a segment is there twice"

    # a camera that is off is said, not just missing
    patient.locator("#tool-camera").click()
    expect(doctor.locator("[data-key=other]")).to_contain_text("caméra")
    patient.locator("#tool-camera").click()
    expect(doctor.locator("[data-key=other]")).to_have_count(0)
    flows(doctor)

    # a second screen is told, takes over, and gives back
    second = doctor.context.new_page()
    second.goto(doctor.url)
    expect(second.locator("[data-hold=elsewhere]")).to_be_visible()
    second.locator("#take-over").click()
    flows(second)
    expect(doctor.locator("[data-hold=elsewhere]")).to_be_visible()
    second.close()
    doctor.locator("#take-over").click()
    flows(doctor)

    # the patient changes their mind: within a second the doctor knows and nothing more is written
    patient.locator("open-dialog[for=more] button").click()
    patient.locator("#transcription").uncheck(force=True)
    doctor.wait_for_function("() => document.querySelector('#visit').dataset.transcription === 'off'", timeout=1000)
    expect(doctor.locator("#lines [data-kind=transcription_withdrawn]")).to_be_visible()
    patient.locator("dialog[open] [data-close]").click()
    flows(doctor)

    # leaving keeps the place; the end is told to both
    patient.locator("#tool-leave").click()
    patient.locator("#leave-now").click()
    patient.wait_for_url("**/visit/ended")
    expect(doctor.locator("[data-key=presence]")).to_be_visible()
    patient.get_by_role("link", name="Retour à l’appel").click()
    flows(patient)
    doctor.locator("#tool-end").click()
    doctor.locator("dialog[open] .btn.danger").click()
    patient.wait_for_url("**/visit/ended")
    doctor.wait_for_url("**/note")
