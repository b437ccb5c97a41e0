"""The whole story: a slot, an invitation, two browsers that talk, a transcript, a draft, a signature."""

import json
import re
from pathlib import Path

import jiwer
import pytest
from playwright.sync_api import Page, expect

from tests.trips import people
from tests.trips.conftest import CONSULTATIONS, House, browser_speaking, consultation_wav, running_house

SHOTS = Path(__file__).resolve().parents[2] / "shots"
WORDS = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip(),
                       jiwer.ReduceToListOfListOfWords()])

VISITS = {
    "fr": {"consultation": "fr-d01", "doctor": "Dr Nadia Benali", "motif": "Consultation de suivi (15 min)",
           "patient": {"given": "Léa", "family": "Marchand", "birth_date": "2002-05-04", "language": "fr",
                       "email": "lea.marchand@example.org"},
           "max_wer": 0.45, "said": ["fièvre", "gorge|angine", "doliprane|paracétamol"]},
    "en": {"consultation": "primock_day2_consultation05", "doctor": "Dr Nadia Benali", "motif": "Follow-up visit (15 min)",
           "patient": {"given": "Rose", "family": "O’Neill <b>\"", "birth_date": "1980-01-31", "language": "en",
                       "email": "rose.oneill@example.org"},
           "max_wer": 0.25, "said": []},
}


@pytest.fixture(scope="module")
def trip_house(tmp_path_factory):
    with running_house(tmp_path_factory.mktemp("trip"), COLLOQUE_CLINIC_ZONE=people.midday_zone()) as house:
        yield house


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=False)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_visit_from_slot_to_signature(lang, trip_house: House, playwright, tmp_path):
    story = VISITS[lang]
    house, zone = trip_house, trip_house.env["COLLOQUE_CLINIC_ZONE"]
    wavs = {t: consultation_wav(story["consultation"], t, tmp_path, lead_s=1.0) for t in ("patient", "doctor")}
    truth = json.loads((CONSULTATIONS / story["consultation"] / "truth.json").read_text())
    address = story["patient"]["email"]

    with browser_speaking(playwright, wavs["doctor"]) as staff_browser, \
            browser_speaking(playwright, wavs["patient"]) as patient_browser:
        # --- the scheduler opens hours and books
        scheduler = people.context(staff_browser, house, lang).new_page()
        people.sign_in(scheduler, house, "scheduler")
        start = people.open_hours_now(scheduler, story["doctor"], zone)
        people.book_new_patient(scheduler, story["doctor"], story["motif"], start, story["patient"])
        shot(scheduler, f"booked-{lang}")
        scheduler.context.close()

        # --- the invitation: no clinical word, a calendar file, a link that GET does not consume
        invitation = house.mailbox.wait_for(lambda m: address in m["to"] and "/l/" in str(m.get_body(("plain",)).get_content()))
        assert any(part.get_content_type() == "text/calendar" for part in invitation.walk())
        assert story["motif"].split(" (")[0] not in invitation.as_string()
        link = people.link_in(invitation)

        # --- the patient comes in, on a phone
        patient = people.context(patient_browser, house, lang, phone=True).new_page()
        for _ in range(2):
            patient.goto(link)
            assert story["patient"]["family"] not in patient.content()
        people.open_link(patient, house, link, address)
        people.test_device(patient)
        people.consent(patient, transcription=True)
        expect(patient.locator("main")).to_contain_text("Benali")
        shot(patient, f"waiting-{lang}")
        patient.reload()
        expect(patient.locator("main")).to_contain_text("Benali")

        # --- the doctor sees the arrival and lets the patient in
        doctor = people.context(staff_browser, house, lang).new_page()
        people.sign_in(doctor, house, "doctor")
        doctor.goto("/queue")
        doctor.locator("a.q[data-status=arrived]", has_text=story["patient"]["given"]).click()
        doctor.wait_for_url("**/visits/*")
        doctor.locator("#admit button").click()
        patient.wait_for_url("**/visit/call")
        for page in (doctor, patient):
            page.wait_for_function("() => { const v = document.querySelector('#remote'); return v && v.videoWidth > 0 && v.currentTime > 0 }",
                                   timeout=people.WAIT_MS)
        doctor.locator("[name=identity_seen]").check(force=True)
        doctor.fill("[name=location]", "Valence")
        doctor.fill("[name=callback_phone]", "06 39 98 01 01")
        doctor.locator("#facts button").click()
        expect(doctor.locator("#facts-saved")).not_to_be_empty()

        # --- they talk; captions grow on the doctor's screen
        doctor.wait_for_timeout(min(truth["seconds"], 90) * 1000)
        shot(doctor, f"visit-{lang}")
        shot(patient, f"call-{lang}")
        doctor.wait_for_timeout(max(0, truth["seconds"] - 90) * 1000)
        said = settled_captions(doctor, truth["turns"][-1]["start"] - 6)
        assert {role for role, _ in said} == {"doctor", "patient"}
        for role in ("doctor", "patient"):
            spoken = " ".join(t["spoken"] for t in truth["turns"] if t["track"] == role)
            heard = " ".join(text for speaker, text in said if speaker == role)
            error = jiwer.wer(spoken, heard, reference_transform=WORDS, hypothesis_transform=WORDS)
            assert error < story["max_wer"], f"{role}: {error:.2f}\n{heard}"

        # --- the end, the draft, its evidence
        doctor.locator("#tool-end").click()
        doctor.locator("dialog[open] .btn.danger, dialog[open] button.danger").click()
        doctor.wait_for_url("**/note")
        patient.wait_for_url("**/visit/ended")
        expect(doctor.locator(".st").first).to_be_visible(timeout=60_000)
        note = doctor.locator("article").inner_text().lower()
        for words in story["said"]:
            assert re.search(words, note), f"{words} not in the draft:\n{note}"
        shot(doctor, f"note-{lang}")
        doctor.locator(".st").first.click()
        expect(doctor.locator(".said.lit").first).to_be_visible()


def settled_captions(page: Page, last_s: float, within_s: int = 300) -> list[tuple[str, str]]:
    """The captions once the last words of both are there: a slow machine writes down late, but all of it."""
    for _ in range(within_s):
        page.wait_for_timeout(1000)
        said = captions(page)
        times = page.locator("#lines [data-role] time").all_inner_texts()
        if times and _seconds(times[-1]) >= last_s:
            page.wait_for_timeout(4000)
            return captions(page)
    raise AssertionError(f"after {within_s} s the captions end with {said[-2:]}")


def _seconds(clock: str) -> int:
    minutes, seconds = clock.split(":")[-2:]
    return int(minutes) * 60 + int(seconds)


def captions(page: Page) -> list[tuple[str, str]]:
    """(role, text) of each spoken line on the doctor's screen."""
    return page.evaluate("""() => [...document.querySelectorAll('#lines [data-role]')]
        .filter(line => line.dataset.kind === 'speech')
        .map(line => [line.dataset.role, line.querySelector('[data-text]')?.textContent ?? line.querySelector('p').textContent])""")
