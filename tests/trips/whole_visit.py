"""The whole story: a slot, an invitation, two browsers that talk, a transcript, a draft, a signature."""

import json
import re
import time
from pathlib import Path

import jiwer
from playwright.sync_api import Page, Playwright, expect

from tests.trips import people
from tests.trips.conftest import CONSULTATIONS, House, browser_speaking, consultation_wav, running_house

SHOTS = Path(__file__).resolve().parents[2] / "shots"
WORDS = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip(),
                       jiwer.ReduceToListOfListOfWords()])

VISITS = {
    "fr": {"consultation": "fr-d01", "doctor": "Dr Nadia Benali", "motif": "Consultation de suivi (15 min)",
           "patient": {"given": "Léa", "family": "Marchand", "birth_date": "2002-05-04", "language": "fr",
                       "email": "lea.marchand@example.org"},
           "max_wer": 0.45, "said": ["odynoph|gorge|angine|amygdal|amigdal", "grossesse|allerg"]},
    "en": {"consultation": "primock_day2_consultation05", "doctor": "Dr Paul Girard", "motif": "Follow-up visit (15 min)",
           "patient": {"given": "Rose", "family": "O’Neill <b>\"", "birth_date": "1980-01-31", "language": "en",
                       "email": "rose.oneill@example.org"},
           "max_wer": 0.25, "said": []},
}


LAST_WORDS_SHOWN = """() => {
    const line = document.querySelector("#caption > p:last-child").getBoundingClientRect();
    return line.height > 0 && line.bottom <= document.querySelector(".tools").getBoundingClientRect().top;
}"""


STILL_S = 6  # what was missed under load comes after what is said now


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=False)


def from_slot_to_signature(lang: str, playwright: Playwright, tmp_path: Path) -> None:
    """Hold the visit of a language in a house of its own."""
    with running_house(tmp_path / "house", COLLOQUE_CLINIC_ZONE=people.midday_zone()) as house:
        hold_visit(lang, house, playwright, tmp_path)
        assert json.loads(house.colloque("audit", "verify", "--json"))["fault"] == ""


def hold_visit(lang: str, house: House, playwright: Playwright, tmp_path: Path) -> None:
    """Everything from the scheduler's hours to the patient's summary."""
    story, zone = VISITS[lang], house.env["COLLOQUE_CLINIC_ZONE"]
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
        expect(patient.locator("main")).to_contain_text(story["doctor"])
        shot(patient, f"waiting-{lang}")
        patient.reload()
        expect(patient.locator("main")).to_contain_text(story["doctor"])

        # --- the doctor sees the arrival and lets the patient in
        doctor = people.context(staff_browser, house, lang).new_page()
        people.sign_in(doctor, house, "doctor", story["doctor"])
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
        assert patient.evaluate(LAST_WORDS_SHOWN), "the tools hide the newest caption"
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
        doctor.locator("a.st + sup").first.wait_for()
        doctor.locator("a.st:not(.typed)").first.click()
        expect(doctor.locator(".said.lit").first).to_be_visible()
        listen(doctor)

        # --- the doctor decides what is open, adds a sentence, signs; the sound is gone
        decide_everything(doctor)
        sign(doctor)
        assert doctor.locator("#listen").count() == 0
        visit_id = doctor.url.split("/visits/")[1].split("/")[0]
        assert not list((house.data_dir / "spool").glob(f"{visit_id}/*.sealed")) or shredded(house, visit_id)
        with doctor.expect_popup() as popup:
            doctor.locator("a[href$='.pdf'], a[href*='/document']").first.click()
        assert popup.value is not None

        # --- the patient reads the summary that the doctor releases
        doctor.goto(f"/visits/{visit_id}/summary")
        doctor.locator("textarea[name=text]").fill("Buvez beaucoup. Rappelez-nous si cela ne va pas mieux dans trois jours.")
        doctor.locator("button[formaction]").click()
        doctor.wait_for_load_state()
        shot(doctor, f"summary-{lang}")
        released = house.mailbox.wait_for(
            lambda m: address in m["to"] and people.has_link(m) and people.link_in(m) != link)
        reader = people.context(patient_browser, house, lang, phone=True).new_page()
        people.open_link(reader, house, people.link_in(released), address)
        expect(reader.locator("main")).to_contain_text("Buvez beaucoup")
        shot(reader, f"patient-summary-{lang}")


def listen(page: Page) -> None:
    """The sound behind a sentence plays in the doctor's browser, opened there."""
    button = page.locator("#listen")
    expect(button).to_be_visible()
    with page.expect_response(lambda answer: "/audio" in answer.url) as answered:
        button.click()
    body = answered.value.json()
    assert body["frames"], "no sealed frame for this sentence"


def decide_everything(page: Page) -> None:
    """Conflicts: keep what was said. Flagged sentences: keep as they stand."""
    for _ in range(30):
        if page.locator("button[name=choice][value=said]").count():
            page.locator("button[name=choice][value=said]").first.click()
        elif page.locator("a.st.flag").count():
            page.locator("a.st.flag").first.click()
            page.locator("form[action*=confirmation] button").click()
        else:
            return
        page.wait_for_timeout(700)
    raise AssertionError("points to decide keep coming")


def sign(page: Page) -> None:
    """Sign, and confirm what is lost by it."""
    page.locator("#sign button").click()
    page.locator("dialog[open] .btn.primary").click()
    expect(page.locator("#sign")).to_have_count(0)


def shredded(house: House, visit_id: str, within_s: int = 10) -> bool:
    """The job that removes the sealed files runs right after the signature."""
    for _ in range(within_s * 10):
        if not list((house.data_dir / "spool").glob(f"{visit_id}/*.sealed")):
            return True
        time.sleep(0.1)
    return False


def settled_captions(page: Page, last_s: float, within_s: int = 300) -> list[tuple[str, str]]:
    """The captions once the last words are there and no more come: a slow machine writes down late, but all of it."""
    before: list[tuple[str, str]] = []
    still_s = 0
    for _ in range(within_s):
        page.wait_for_timeout(1000)
        said, times = captions(page), page.locator("#lines [data-role] time").all_inner_texts()
        live = page.locator("#visit").get_attribute("data-captions") == "live"
        still_s = still_s + 1 if live and said == before and times and _seconds(times[-1]) >= last_s else 0
        if still_s == STILL_S:
            return said
        before = said
    raise AssertionError(f"after {within_s} s the captions end with {captions(page)[-2:]}")


def _seconds(clock: str) -> int:
    minutes, seconds = clock.split(":")[-2:]
    return int(minutes) * 60 + int(seconds)


def captions(page: Page) -> list[tuple[str, str]]:
    """(role, text) of each spoken line on the doctor's screen."""
    return page.evaluate("""() => [...document.querySelectorAll('#lines [data-role]')]
        .filter(line => line.dataset.kind === 'speech')
        .map(line => [line.dataset.role, line.querySelector('[data-text]')?.textContent ?? line.querySelector('p').textContent])""")
