"""What goes between the two sides of a call beside sound and picture: words, photos and documents."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.trips import people
from tests.trips.conftest import browser_speaking, running_house
from tests.trips.test_in_the_call import in_call, picture

MAKE = 0x010F
PHONE_PIXELS = (3000, 2000)


@pytest.fixture
def call(playwright, tmp_path):
    """(doctor's page, patient's page, a function that opens the page of somebody else) in a call."""
    with running_house(tmp_path / "house", COLLOQUE_TRANSCRIPTION_WORKERS="0") as house, \
            browser_speaking(playwright, None) as staff_browser, browser_speaking(playwright, None) as patient_browser:
        yield *in_call(house, staff_browser, patient_browser), lambda: people.context(patient_browser, house, "fr", phone=True).new_page()


def photo(into: Path) -> Path:
    """As a phone takes it: large, and it names the phone."""
    exif = Image.Exif()
    exif[MAKE] = "Secretphone"
    path = into / "dos.jpg"
    Image.effect_noise(PHONE_PIXELS, 60).convert("RGB").save(path, exif=exif, quality=80)
    return path


def fetched(page: Page, address: str) -> bytes:
    return page.request.get(page.evaluate("(a) => new URL(a, location.href).href", address)).body()


def test_words_and_a_photo_reach_the_other_side_and_the_record_over_a_poor_network(call, tmp_path):
    doctor, patient, _ = call

    # closed, the panel counts what came and says so; by keyboard it opens where one can answer
    doctor.keyboard.press("Alt+w")
    expect(doctor.locator("#no-messages")).to_be_visible()
    picture(doctor, "doctor-chat-empty")
    doctor.locator("#chat-text").fill("Montrez-moi <votre> dos.")
    doctor.keyboard.press("Enter")
    expect(doctor.locator("#messages .own .text")).to_have_text("Montrez-moi <votre> dos.")
    expect(patient.locator("#unread")).to_have_text("1")
    expect(patient.locator("#tool-chat")).to_have_accessible_name("Messages, 1 non lus")
    expect(patient.locator("#chat-said")).to_contain_text("Nouveau message de Dr")
    picture(patient, "patient-unread")
    patient.locator("#tool-chat").focus()
    patient.keyboard.press("Enter")
    expect(patient.locator("#chat-text")).to_be_focused()
    expect(patient.locator("#unread")).to_be_hidden()
    expect(patient.locator("#messages .text")).to_have_text("Montrez-moi <votre> dos.")

    # the first try of a photo breaks off, and of the second the answer is lost: it is there, and once
    tries = []

    def poor(route):
        tries.append(route.request.url)
        if len(tries) == 1:
            route.abort()
        else:
            route.fetch()
            route.abort()

    patient.route("**/visit/documents/*", lambda route: poor(route) if route.request.method == "POST" else route.continue_())
    patient.locator("#chat-file").set_input_files(photo(tmp_path))
    shown = patient.locator("#messages .own img")
    expect(shown).to_have_count(1, timeout=30_000)
    patient.wait_for_timeout(3_000)  # time enough for a third try, which the socket's word makes needless
    assert len(tries) == 2
    assert len(set(tries)) == 1
    patient.unroute("**/visit/documents/*")
    seen = doctor.locator("#messages li:not(.own) img")
    expect(seen).to_have_count(1)
    doctor.wait_for_function("() => document.querySelector('#messages img').naturalWidth > 0")
    kept = fetched(doctor, seen.get_attribute("src"))
    assert b"Secretphone" not in kept
    assert max(Image.open(io.BytesIO(kept)).size) <= 2560
    picture(patient, "patient-chat")
    picture(doctor, "doctor-chat")

    # what is no photo is refused, with what to do
    patient.locator("#chat-file").set_input_files({"name": "radio.jpg", "mimeType": "image/jpeg", "buffer": b"#!/bin/sh"})
    expect(patient.locator("#messages [data-state=refused]")).to_contain_text("Veuillez en envoyer un autre")
    patient.locator("#chat-file").set_input_files({"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"x"})
    expect(patient.locator("#chat-fault")).to_contain_text("film.mp4")

    # Escape closes, back on the tool; a reload finds everything again, and the call goes on
    patient.locator("#chat-text").press("Escape")
    expect(patient.locator("#tool-chat")).to_be_focused()
    patient.reload()
    patient.wait_for_function("() => document.body.dataset.call === 'connected'", timeout=30_000)
    patient.locator("#tool-chat").click()
    expect(patient.locator("#messages li")).to_have_count(2)

    # words without a network wait, and go by themselves once it is back
    patient.context.set_offline(True)
    patient.locator("#chat-text").fill("Vous me voyez ?")
    patient.locator("#chat-text").press("Enter")
    expect(patient.locator("#messages [data-state=sending]")).to_have_count(1)
    patient.context.set_offline(False)
    expect(doctor.locator("#messages")).to_contain_text("Vous me voyez ?", timeout=30_000)
    expect(patient.locator("#messages [data-state]")).to_have_count(0)

    # after the visit the doctor finds the photo and the words in the record
    doctor.locator("#tool-end").click()
    doctor.locator("#end .btn.danger").click()
    doctor.wait_for_url("**/note")
    doctor.goto("/records")
    doctor.locator("main a[href^='/records/']").filter(has_text="Lefèvre").first.click()
    link = doctor.locator("a[href^='/documents/']")
    expect(link).to_have_text("dos.jpg")
    assert fetched(doctor, link.get_attribute("href")) == kept
    doctor.locator("details", has_text="Messages écrits").locator("summary").click()
    expect(doctor.locator("main")).to_contain_text("Vous me voyez ?")
    picture(doctor, "doctor-record")


MOVES = "(id) => { const v = document.querySelector(id); return v.videoWidth > 0 && v.getVideoPlaybackQuality().totalVideoFrames > 3; }"


# No camera of these machines blurs: this one says that it does, as drivers do (W3C mediacapture-extensions).
BLURS = """() => {
    let blurred = false;
    const own = MediaStreamTrack.prototype.getSettings;
    MediaStreamTrack.prototype.getCapabilities = () => ({ backgroundBlur: [false, true] });
    MediaStreamTrack.prototype.getSettings = function () { return { ...own.call(this), backgroundBlur: blurred }; };
    MediaStreamTrack.prototype.applyConstraints = async (wanted) => { blurred = wanted.backgroundBlur; };
}"""


def come(page: Page, link: str, name: str, relation: str) -> None:
    """Open a guest's link, say who one is and knock."""
    page.goto(link)
    expect(page.locator("main")).not_to_contain_text("Lefèvre")
    page.locator("[name=name]").fill(name)
    page.locator("[name=relation]").select_option(relation)
    page.locator("main form button").click()
    page.wait_for_url("**/guest/call")
    expect(page.locator("#hold")).to_contain_text("Vous avez frappé")


def invited(doctor: Page) -> str:
    doctor.locator("#tool-guests").click()
    doctor.locator("#make-link button").click()
    expect(doctor.locator("#guest-link")).to_be_focused()
    link = doctor.locator("#guest-link").input_value()
    doctor.wait_for_timeout(300)
    return link


def test_an_interpreter_and_a_relative_join_by_link_and_the_room_is_locked(call):
    doctor, patient, another = call
    link = invited(doctor)
    picture(doctor, "doctor-invites")
    doctor.locator("#guests [data-close]").click()

    # the interpreter knocks; the doctor reads who it is, and lets them in
    interpreter = another()
    come(interpreter, link, "Samir Haddad", "interpreter")
    picture(interpreter, "guest-at-the-door")
    expect(doctor.locator("#waiting-guests")).to_have_text("1")
    expect(doctor.locator("#knocks")).to_contain_text("Samir Haddad (Interprète) demande à entrer")
    picture(doctor, "doctor-knock")
    doctor.locator("#knocks").get_by_role("button", name="Faire entrer").click()
    expect(doctor.locator("#knocks")).to_be_empty()
    for page in (doctor, patient):
        expect(page.locator(".tile .name")).to_have_text("Samir Haddad · Interprète", timeout=15_000)
        expect(page.locator("#bands")).to_contain_text("Samir Haddad · Interprète a rejoint")
        page.wait_for_function(MOVES, arg=".tile video", timeout=30_000)
        page.wait_for_function(MOVES, arg="#remote", timeout=30_000)
    interpreter.wait_for_function(MOVES, arg="#remote", timeout=30_000)
    interpreter.wait_for_function(MOVES, arg=".tile video", timeout=30_000)
    expect(interpreter.locator(".tile .name")).to_have_text("Patient")

    # everybody the same size, and a press makes one of them large
    doctor.locator("#tool-more").click()
    doctor.locator("#same-size").check(force=True)
    doctor.locator("#more [data-close]").click()
    doctor.wait_for_function("""() => {
        const [face, guest] = ["#remote", ".tile"].map((name) => document.querySelector(name).getBoundingClientRect());
        return Math.abs(face.width - guest.width) < 2 && Math.abs(face.height - guest.height) < 2;
    }""")
    picture(doctor, "doctor-grid")
    patient.locator(".tile").focus()
    patient.keyboard.press("Enter")
    expect(patient.locator(".tile")).to_have_attribute("aria-pressed", "true")
    patient.wait_for_function("""() => {
        const [face, guest] = ["#remote", ".tile"].map((name) => document.querySelector(name).getBoundingClientRect());
        return guest.width > 2 * face.width && face.width > 60;
    }""")
    picture(patient, "patient-large-guest")
    patient.keyboard.press("Enter")

    # else whoever speaks is large: the machine's microphones beep, so it is who is not muted
    doctor.locator("#tool-mic").click()
    expect(patient.locator(".tile.large.speaks")).to_be_visible(timeout=15_000)
    expect(patient.locator(".tile")).to_have_attribute("aria-pressed", "false")
    picture(patient, "patient-follows")
    doctor.locator("#tool-mic").click()
    interpreter.locator("#tool-mic").click()
    expect(patient.locator(".tile.large")).to_have_count(0, timeout=15_000)

    # a muted microphone is seen by all; a reload is no second interpreter
    expect(doctor.locator(".tile")).to_have_class("tile muted")
    expect(patient.locator(".tile .sr")).to_have_text("micro coupé")
    interpreter.reload()
    interpreter.wait_for_function("() => document.body.dataset.call === 'connected'", timeout=30_000)
    expect(doctor.locator(".tile")).to_have_count(1)

    # four in the room, all seen by all
    relative = another()
    come(relative, link, "Aïcha", "relative")
    doctor.locator("#knocks").get_by_role("button", name="Faire entrer").click()
    for page in (doctor, patient, interpreter, relative):
        expect(page.locator(".tile")).to_have_count(2, timeout=30_000)
    patient.wait_for_timeout(1_000)
    picture(doctor, "doctor-four")
    picture(patient, "patient-four")

    # the room is locked: the next one reads why not
    doctor.locator("#tool-guests").click()
    doctor.locator("#lock-room").check(force=True)
    late = another()
    late.goto(link)
    late.locator("[name=name]").fill("Trop tard")
    late.locator("main form button").click()
    expect(late.locator("main")).to_contain_text("verrouillé la salle")

    # one is sent away, the other leaves
    doctor.locator("#guest-list .row", has_text="Aïcha").get_by_role("button", name="Faire sortir").click()
    relative.wait_for_url("**/guest/ended?why=removed")
    expect(relative.locator("main")).to_contain_text("fermé votre accès")
    expect(patient.locator(".tile")).to_have_count(1)
    expect(patient.locator("#bands")).to_contain_text("a quitté la consultation")
    interpreter.locator("#tool-leave").click()
    interpreter.locator("#leave-now").click()
    interpreter.wait_for_url("**/guest/ended?why=left")
    for page in (doctor, patient):
        expect(page.locator(".tile")).to_have_count(0)
        page.wait_for_function("() => document.body.dataset.call === 'connected'")


def test_sound_alone_and_back_and_another_device(call):
    doctor, patient, _ = call
    seen = "() => document.querySelector('#remote').getVideoPlaybackQuality().totalVideoFrames"
    sent = "() => document.querySelector('#local').srcObject.getVideoTracks().length"
    patient.locator("open-dialog[for=more] button").click()
    picture(patient, "patient-more")
    expect(patient.locator("#blur")).to_be_hidden()
    patient.evaluate(BLURS)
    patient.keyboard.press("Escape")
    patient.locator("open-dialog[for=more] button").click()
    patient.locator("#blur").check(force=True)
    expect(patient.locator("#blur")).to_be_checked()
    assert patient.evaluate("document.querySelector('#local').srcObject.getVideoTracks()[0].getSettings().backgroundBlur")
    patient.locator("#sound-alone").check(force=True)
    expect(patient.locator("#saving")).to_be_visible()
    expect(patient.locator("dialog[open]")).to_have_count(0)
    expect(patient.locator("#tool-camera")).to_be_disabled()
    expect(doctor.locator("[data-key=other]")).to_contain_text("Le patient a choisi le son seul")
    expect(doctor.locator("#remote")).to_have_class("off")
    picture(patient, "patient-sound-alone")
    patient.wait_for_timeout(1_500)  # what was on its way is shown
    before = patient.evaluate(seen)
    patient.wait_for_timeout(2_000)
    assert patient.evaluate(seen) == before, "no image comes"
    theirs = doctor.evaluate(seen)
    doctor.wait_for_timeout(1_000)
    assert doctor.evaluate(seen) == theirs, "and none is sent"

    # it stays so over a reload's rejoin of the other side, and one press brings it back
    doctor.reload()
    doctor.wait_for_function("() => document.body.dataset.call === 'connected'", timeout=30_000)
    expect(doctor.locator("[data-key=other]")).to_contain_text("Le patient a choisi le son seul", timeout=15_000)
    patient.locator("#image-back").click()
    expect(patient.locator("#saving")).to_be_hidden()
    patient.wait_for_function(f"() => ({seen})() > {before + 5}", timeout=30_000)
    doctor.wait_for_function(f"() => ({seen})() > 5", timeout=30_000)
    expect(doctor.locator("[data-key=other]")).to_have_count(0)

    # another microphone during the call: Chromium's made-up devices are several
    patient.locator("open-dialog[for=more] button").click()
    field = patient.locator("#use-mic")
    expect(field).to_be_visible()
    other = field.evaluate("(f) => [...f.options].find((o) => !o.selected).value")
    field.select_option(other)
    patient.wait_for_function("(id) => document.querySelector('#local').srcObject.getAudioTracks()[0].getSettings().deviceId === id", arg=other)
    expect(patient.locator("#device-fault")).to_be_empty()
    assert patient.evaluate(sent) == 1
    patient.wait_for_function("() => document.body.dataset.call === 'connected'")
