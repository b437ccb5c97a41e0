"""The README's pictures: a whole French visit, held between two browsers on this machine, photographed on the way.

    .venv/bin/python scripts/pictures.py          # into docs/images; takes about four minutes

Speech is a recorded consultation, the transcript is what Whisper makes of it, the people are drawn (silhouettes.py).
"""

import io
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import av
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts import silhouettes  # noqa: E402
from tests.trips import people  # noqa: E402
from tests.trips.conftest import House, browser_speaking, consultation_wav, running_house  # noqa: E402

IMAGES = ROOT / "docs" / "images"
DOCTOR, MOTIF = "Dr Nadia Benali", "Consultation de suivi (15 min)"
PATIENT = {"given": "Léa", "family": "Marchand", "birth_date": "2002-05-04", "language": "fr",
           "email": "lea.marchand@example.org"}
NEXT = {"given": "Hugo", "family": "Martinez", "birth_date": "1961-06-14", "language": "fr",
        "email": "hugo.martinez@example.org"}
RECORD = [("allergy", "Pénicilline", "plaques, dans l’enfance"), ("treatment", "Optilova", "1 le soir"),
          ("problem", "Mononucléose", "2019")]
SPOKEN_S = 100  # of the consultation: enough for a note


def keep(page: Page, name: str) -> None:
    """Into docs/images, with a palette of its own: text stays sharp and the file small."""
    page.wait_for_timeout(400)
    path = IMAGES / f"{name}.png"
    path.write_bytes(with_palette(page.screenshot()))
    print(f"{path.relative_to(ROOT)} {path.stat().st_size / 1000:.0f} kB", flush=True)


def with_palette(png: bytes) -> bytes:
    """The same picture in at most 256 colours."""
    with av.open(io.BytesIO(png)) as shot:
        frame = next(shot.decode(video=0)).reformat(format="rgb24")
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base="1/1")
    split, palette, use, sink = (graph.add(name) for name in ("split", "palettegen", "paletteuse", "buffersink"))
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    source.push(frame)
    source.push(None)
    return _png(graph.pull())


def _png(frame: av.VideoFrame) -> bytes:
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = frame.width, frame.height, "pal8", 1
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def arrive(browser: Browser, house: House, patient: dict[str, str]) -> Page:
    """From the invitation to the waiting room, on a phone."""
    page = people.context(browser, house, "fr", phone=True).new_page()
    mail = house.mailbox.wait_for(lambda m: patient["email"] in str(m["to"]) and people.has_link(m))
    people.open_link(page, house, people.link_in(mail), patient["email"])
    people.test_device(page)
    people.consent(page, transcription=True)
    return page


def book(browser: Browser, house: House) -> None:
    """Two appointments around now, and the next week as the scheduler sees it."""
    page = people.context(browser, house, "fr").new_page()
    people.sign_in(page, house, "scheduler")
    start = people.open_hours_now(page, DOCTOR, house.env["COLLOQUE_CLINIC_ZONE"])
    for patient in (PATIENT, NEXT):
        people.book_new_patient(page, DOCTOR, MOTIF, start, patient)
    page.goto(f"/planner?on={start.date() + timedelta(days=7)}")
    page.locator("live-planner").evaluate("grid => grid.scrollTo(0, 0)")
    keep(page, "scheduler-week")
    page.context.close()


def fill_record(page: Page) -> None:
    """What the clinic knows of the patient already."""
    page.goto("/records")
    page.get_by_role("link", name=PATIENT["family"]).click()
    for kind, text, detail in RECORD:
        page.locator("details summary", has_text="Ajouter une ligne").click()
        page.select_option("[name=kind]", kind)
        page.fill("[name=text]", text)
        page.fill("[name=detail]", detail)
        page.locator("form[action$=entries] button").click()
        page.wait_for_load_state()


def hold(doctor: Page, patient: Page) -> None:
    """The visit: both talk, the words grow, the doctor ends it and the draft is there."""
    doctor.goto("/queue")
    doctor.locator("a.q", has_text=PATIENT["given"]).click()
    doctor.locator("#admit button").click()
    patient.wait_for_url("**/visit/call")
    doctor.wait_for_function("() => document.querySelector('#remote')?.videoWidth > 0")
    doctor.locator("[name=identity_seen]").check(force=True)
    doctor.fill("[name=location]", "Valence")
    doctor.fill("[name=callback_phone]", "06 39 98 01 01")
    doctor.locator("#facts button").click()
    doctor.wait_for_timeout((SPOKEN_S + 5) * 1000)
    doctor.wait_for_function("() => document.querySelector('#visit').dataset.captions === 'live'", timeout=180_000)
    doctor.locator(".record").evaluate("column => column.scrollTo(0, 0)")
    keep(doctor, "doctor-visit")
    keep(patient, "patient-call")
    doctor.locator("#tool-end").click()
    doctor.locator("dialog[open] button.danger").click()
    doctor.wait_for_url("**/note")
    expect(doctor.locator(".st").first).to_be_visible(timeout=120_000)
    doctor.locator("a.st:not(.typed)").nth(2).click()
    keep(doctor, "doctor-note")


def main() -> None:
    """One house, two browsers, five pictures."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        seen, zone = silhouettes.main(folder), people.midday_zone()
        heard = {role: consultation_wav("fr-d01", role, folder, lead_s=1.0, limit_s=SPOKEN_S) for role in seen}
        camera = {role: f"--use-file-for-fake-video-capture={path}" for role, path in seen.items()}
        with running_house(folder / "house", COLLOQUE_CLINIC_ZONE=zone) as house, \
                browser_speaking(playwright, heard["doctor"], camera["doctor"]) as staff, \
                browser_speaking(playwright, heard["patient"], camera["patient"]) as phone:
            book(staff, house)
            doctor = people.context(staff, house, "fr").new_page()
            people.sign_in(doctor, house, "doctor", DOCTOR)
            fill_record(doctor)
            patient = arrive(phone, house, PATIENT)
            keep(patient, "patient-waiting")
            hold(doctor, patient)


if __name__ == "__main__":
    main()
