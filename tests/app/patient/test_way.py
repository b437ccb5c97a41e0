"""The patient's way from the invitation to the waiting room, page by page, and what happens off that way."""

import asyncio
import re

import pytest

from app import audit, consent, encounters
from app.access import links
from app.consent import TRANSCRIPTION, VISIT
from app.journey import Phase, phase
from app.scheduling import booking
from bench import weight
from tests.app.front_door import FAMILY, START_AT, SYSTEM, later

SECRETS = (FAMILY, "Claire", "Benali", "Diabetology", "diab", "08:15", "8 h 15")


async def ask(front, function, *arguments):
    return await asyncio.to_thread(front.db.read_sync, SYSTEM, function, *arguments)


async def do(front, function, *arguments, actor=SYSTEM):
    return await asyncio.to_thread(front.db.write_sync, actor, function, *arguments)


async def a_link(front):
    return "/l/" + await do(front, links.issue, front.visit_id, links.VISIT)


async def prove(front, visitor, path):
    """From the link to behind the code."""
    await visitor.get(path)
    await visitor.post(path)
    await visitor.follow()
    await front.work()
    await visitor.post(f"{path}/code", code=front.mails("code")[0].code)
    assert visitor.status == 303, visitor.text
    await visitor.follow()
    return visitor


async def proved(front, browser, language="fr"):
    return await prove(front, browser(language), await a_link(front))


# --- the link and the code ---------------------------------------------------------------------------------


async def test_opening_the_link_shows_nothing_personal_and_changes_nothing(front, browser):
    visitor, path = browser(), await a_link(front)
    await front.work()
    before = await ask(front, audit.count)
    for _ in range(5):
        await visitor.get(path)
        assert visitor.status == 200
        assert "Clinique des Tilleuls" in visitor.page
        assert not [secret for secret in SECRETS if secret in visitor.page]
    await visitor.get(f"{path}/code")
    assert visitor.headers["Location"] == path, "no code was sent, so there is none to type"
    assert await ask(front, audit.count) == before
    assert front.mails("code") == []


async def test_the_whole_way_to_the_waiting_room(front, browser):
    visitor = await proved(front, browser, "en")
    assert visitor.path == "/visit/device"
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    assert visitor.path == "/visit/consent"
    assert not re.search(r'name="transcription"[^>]*checked', visitor.page), "off by default"
    await visitor.post("/visit/consent", visit="yes")
    await visitor.follow()
    assert visitor.path == "/visit/waiting"
    for said in ("Dr Nadia Benali", "Diabetology", "RPPS 10101234567", "You are next.", "Claire"):
        assert said in visitor.text
    encounter = await ask(front, encounters.status_of, front.visit_id)
    assert (encounter.status, encounter.device_test) == ("arrived", "ok")
    assert await ask(front, consent.permits, front.visit_id, VISIT)
    assert not await ask(front, consent.permits, front.visit_id, TRANSCRIPTION)


async def test_coming_back_needs_no_new_code_and_keeps_the_place(front, browser):
    path = await a_link(front)
    visitor = await prove(front, browser(), path)
    await visitor.post("/visit/device", result="ok")
    await visitor.get("/visit/consent")
    await visitor.post("/visit/consent", visit="yes")
    arrived_at = (await ask(front, encounters.status_of, front.visit_id)).arrived_at
    later(front, minutes=7)
    await visitor.get(path)
    await visitor.follow()
    assert visitor.path == "/visit/waiting"
    assert (await ask(front, encounters.status_of, front.visit_id)).arrived_at == arrived_at


async def test_a_second_device_proves_itself_again_and_takes_the_same_place(front, browser):
    path = await a_link(front)
    visitor = await prove(front, browser(), path)
    await visitor.post("/visit/device", result="ok")
    await visitor.get("/visit/consent")
    await visitor.post("/visit/consent", visit="yes")
    later(front, seconds=31)
    phone = await prove(front, browser(), path)
    assert phone.path == "/visit/waiting"


async def test_links_that_do_not_open_all_look_the_same_and_say_whom_to_call(front, browser):
    cancelled = await a_link(front)
    await do(front, booking.cancel, front.visit_id)
    pages = set()
    for path in (cancelled, "/l/" + "x" * 32, "/l/guess", "/l/%F0%9F%99%82", "/l/" + "a" * 4000, "/l/<script>"):
        visitor = browser("en")
        await visitor.get("/sign-in")  # a page with a token for forms
        for address in (path, path + "/code"):
            await visitor.get(address)
            assert visitor.status == 404
            pages.add(visitor.text)
        await visitor.post(path)
        assert visitor.status == 404
        await visitor.post(path + "/code", code="123456")
        assert visitor.status == 404
        pages.add(visitor.text)
    assert len(pages) == 1
    assert "+33199001234" in visitor.page
    assert "This link no longer opens a visit" in visitor.text
    assert front.mails("code") == []


async def test_an_expired_link_looks_like_any_other(front, browser):
    path, visitor = await a_link(front), browser("en")
    later(front, days=1)
    await visitor.get(path)
    assert (visitor.status, "This link no longer opens a visit" in visitor.text) == (404, True)


async def test_the_masked_address_shows_only_after_the_button(front, browser):
    visitor, path = browser("en"), await a_link(front)
    await visitor.get(path)
    assert "··" not in visitor.text
    await visitor.post(path)
    await visitor.follow()
    assert "+33 ·· ·· ·· 42" in visitor.text
    assert "+33639980142" not in visitor.page
    assert not [secret for secret in SECRETS if secret in visitor.page]
    later(front, seconds=31)
    await visitor.post(path, channel="email")
    await visitor.follow()
    assert "c···@p···.example" in visitor.text


async def test_wrong_codes_until_the_limit(front, browser):
    visitor, path = browser("en"), await a_link(front)
    await visitor.get(path)
    await visitor.post(path)
    await visitor.follow()
    await front.work()
    right = front.mails("code")[0].code
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for n in range(5):
        await visitor.post(f"{path}/code", code=wrong)
        assert visitor.status == 422
        assert ("Too many wrong codes." in visitor.text) is (n == 4)
    await visitor.post(f"{path}/code", code=right)
    assert visitor.status == 422
    await visitor.get("/visit")
    assert visitor.status == 401
    later(front, seconds=31)
    await visitor.get(f"{path}/code")
    await visitor.post(path)
    await visitor.follow()
    await front.work()
    await visitor.post(f"{path}/code", code=front.mails("code")[0].code)
    assert visitor.status == 303


async def test_asking_again_too_soon_goes_back_to_the_code_and_too_often_says_stop(front, browser):
    visitor, path = browser("en"), await a_link(front)
    await visitor.get(path)
    for _ in range(3):
        await visitor.post(path)
        assert visitor.headers["Location"] == f"{path}/code"
    await front.work()
    assert len(front.mails("code")) == 1
    for _ in range(5):
        later(front, seconds=31)
        await visitor.post(path)
    later(front, minutes=11)
    await visitor.post(path)
    assert visitor.status == 429
    assert "Please call the clinic" in visitor.text


async def test_a_code_that_waited_too_long_says_so(front, browser):
    visitor, path = browser("en"), await a_link(front)
    await visitor.get(path)
    await visitor.post(path)
    await visitor.follow()
    later(front, minutes=10)
    await visitor.get(f"{path}/code")
    assert "no longer good" in visitor.text


async def test_a_session_is_for_its_link_alone(front, browser):
    visitor = await proved(front, browser)
    other = await a_link(front)
    await visitor.get(other)
    assert visitor.status == 200, "asks for a code of its own"


async def test_nothing_of_a_patient_opens_without_a_session(front, browser):
    for path in ("/visit", "/visit/device", "/visit/consent", "/visit/waiting", "/visit/call", "/visit/socket"):
        visitor = browser("en")
        await visitor.get(path)
        assert visitor.status == 401, path
    assert "open the link of your invitation again" in visitor.text
    assert "/sign-in" not in visitor.headers.get("Location", "")


async def test_a_patients_session_opens_no_page_of_the_staff(front, browser):
    visitor = await proved(front, browser)
    for path in ("/queue", "/accounts", "/audit", f"/visits/{front.visit_id}"):
        await visitor.get(path)
        assert visitor.headers["Location"].startswith("/sign-in?next="), path


# --- device test, consent, waiting room --------------------------------------------------------------------


async def test_the_device_test_can_be_skipped_and_repeated(front, browser):
    visitor = await proved(front, browser)
    await visitor.post("/visit/device", result="")
    await visitor.follow()
    assert visitor.path == "/visit/consent"
    for result in ("failed", "weak"):
        await visitor.get("/visit/device")
        await visitor.post("/visit/device", result=result)
        assert (await ask(front, encounters.status_of, front.visit_id)).device_test == result


@pytest.mark.parametrize("result", ["perfect", "<b>", "ok' --", "okok" * 1000])
async def test_a_result_that_is_none_is_refused(front, browser, result):
    visitor = await proved(front, browser)
    await visitor.post("/visit/device", result=result)
    assert visitor.status == 422
    assert (await ask(front, encounters.status_of, front.visit_id)).device_test == ""


async def test_the_page_holds_help_for_every_browser(front, browser):
    visitor = await proved(front, browser, "en")
    helped = " ".join(re.findall(r'data-help="([^"]+)"', visitor.page)).split()
    assert sorted(helped) == sorted(["chrome", "edge", "firefox", "safari-mac", "safari-ios", "other-ios", "in-app",
                                     "chrome-android", "samsung", "firefox-android", "other"])


async def test_without_agreeing_there_is_no_waiting_room(front, browser):
    visitor = await proved(front, browser, "en")
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    await visitor.post("/visit/consent", transcription="yes")
    assert visitor.status == 422
    assert "Without your agreement" in visitor.text
    assert not await ask(front, consent.permits, front.visit_id, TRANSCRIPTION)
    await visitor.get("/visit/waiting")
    assert visitor.headers["Location"] == "/visit/consent"


async def test_transcription_is_given_and_taken_back_apart_from_the_visit(front, browser):
    visitor = await proved(front, browser)
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    await visitor.post("/visit/consent", visit="yes", transcription="yes")
    assert await ask(front, consent.permits, front.visit_id, TRANSCRIPTION)
    await visitor.get("/visit/waiting")
    assert re.search(r'name="transcription"[^>]*checked', visitor.page)
    await visitor.post("/visit/consent", visit="yes")
    assert not await ask(front, consent.permits, front.visit_id, TRANSCRIPTION)
    assert await ask(front, consent.permits, front.visit_id, VISIT)


async def test_agreement_to_the_visit_is_taken_back_at_any_time(front, browser):
    visitor = await proved(front, browser, "en")
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    await visitor.post("/visit/consent", visit="yes", transcription="yes")
    await visitor.get("/visit/consent")
    await visitor.post("/visit/consent/withdrawal")
    await visitor.follow()
    assert "You took back your agreement" in visitor.text
    for purpose in (VISIT, TRANSCRIPTION):
        assert not await ask(front, consent.permits, front.visit_id, purpose)
    await visitor.get("/visit/waiting")
    assert visitor.headers["Location"] == "/visit/consent"


async def test_a_get_of_any_page_leaves_the_visit_as_it_was(front, browser):
    visitor = await proved(front, browser)
    for path in ("/visit", "/visit/device", "/visit/consent", "/visit/waiting"):
        await visitor.get(path)
    encounter = await ask(front, encounters.status_of, front.visit_id)
    assert (encounter.status, encounter.device_test) == ("planned", "")
    assert await ask(front, consent.state, front.visit_id, VISIT) is None


async def test_admitted_patients_are_sent_to_the_call_and_finished_ones_to_the_end(front, browser):
    visitor = await proved(front, browser)
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    await visitor.post("/visit/consent", visit="yes")

    def become(tx, status):
        tx.session.get(encounters.Encounter, front.visit_id).status = status

    await do(front, become, "in-progress")
    for path in ("/visit", "/visit/waiting"):
        await visitor.get(path)
        assert visitor.headers["Location"] == "/visit/call"
    await do(front, become, "finished")
    for path in ("/visit", "/visit/waiting"):
        await visitor.get(path)
        assert visitor.headers["Location"] == "/visit/ended"
    await visitor.get("/visit/consent")
    await visitor.post("/visit/consent", visit="yes")
    assert visitor.status == 409


# --- the time -----------------------------------------------------------------------------------------------


async def test_too_early_says_when_and_lets_the_device_be_tested(front, browser):
    front.clock.at = START_AT.replace(hour=5)
    visitor = await proved(front, browser, "en")
    assert visitor.path == "/visit"
    assert "You are early" in visitor.text
    assert "The waiting room opens at 07:45." in visitor.text
    await visitor.get("/visit/device")
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    assert visitor.path == "/visit"
    assert (await ask(front, encounters.status_of, front.visit_id)).device_test == "ok"
    await visitor.get("/visit/waiting")
    assert visitor.headers["Location"] == "/visit"


async def test_agreeing_early_does_not_make_the_patient_arrive(front, browser):
    front.clock.at = START_AT.replace(hour=5)
    visitor = await proved(front, browser)
    await visitor.get("/visit/consent")
    await visitor.post("/visit/consent", visit="yes")
    assert visitor.headers["Location"] == "/visit"
    assert (await ask(front, encounters.status_of, front.visit_id)).status == "planned"
    front.clock.at = START_AT
    await visitor.get("/visit/device")
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    assert visitor.path == "/visit/waiting"
    await visitor.post("/visit/waiting")
    assert (await ask(front, encounters.status_of, front.visit_id)).status == "arrived", "the button without script"


async def test_too_late_says_whom_to_call(front, browser):
    front.clock.at = START_AT.replace(hour=9)
    visitor = await proved(front, browser, "en")
    assert "The time of your visit has passed" in visitor.text
    assert 'href="tel:+33199001234"' in visitor.page


async def test_who_arrived_keeps_the_place_however_late_the_doctor_runs(front, browser):
    visitor = await proved(front, browser)
    await visitor.post("/visit/device", result="ok")
    await visitor.follow()
    await visitor.post("/visit/consent", visit="yes")
    later(front, hours=3)
    await visitor.get("/visit/waiting")
    assert visitor.status == 200


async def test_a_visit_cancelled_meanwhile_says_so(front, browser):
    visitor = await proved(front, browser, "en")
    await do(front, booking.cancel, front.visit_id)
    await visitor.get("/visit")
    assert "This visit is cancelled" in visitor.text


@pytest.mark.parametrize(("minutes", "expected"), [
    (-31, Phase.EARLY), (-30, Phase.OPEN), (0, Phase.OPEN), (45, Phase.OPEN), (46, Phase.LATE)])
def test_the_doors_open_half_an_hour_before_and_close_half_an_hour_after(minutes, expected):
    from datetime import timedelta
    end_at = START_AT + timedelta(minutes=15)
    assert phase("booked", "planned", START_AT, end_at, START_AT + timedelta(minutes=minutes)) is expected
    assert phase("arrived", "arrived", START_AT, end_at, START_AT + timedelta(minutes=minutes)) is Phase.OPEN
    assert phase("booked", "finished", START_AT, end_at, START_AT + timedelta(minutes=minutes)) is Phase.OVER
    assert phase("cancelled", "planned", START_AT, end_at, START_AT + timedelta(minutes=minutes)) is Phase.CANCELLED


# --- weight, languages, demo --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_patient_pages_are_light_in_both_languages(front, browser, language):
    visitor = await proved(front, browser, language)
    await visitor.post("/visit/device", result="ok")
    for path in ("/visit/device", "/visit/consent", "/visit/waiting"):
        if path == "/visit/waiting":
            await visitor.post("/visit/consent", visit="yes")
        await visitor.get(path)
        assert visitor.status == 200
        assert f'<html lang="{language}">' in visitor.page
        async with weight.browser(cookie_jar=visitor.client.session.cookie_jar) as session:
            seen = await weight.first_visit(session, visitor.client.make_url(path))
        assert seen["wire_bytes"] < weight.LIMIT_BYTES, path
        assert "js/elements/all.js" in seen["parts"]


async def test_the_mailbox_is_the_demos_alone(front, browser):
    await front.work()
    visitor = browser("en")
    await visitor.get("/demo/mailbox")
    assert visitor.status == 200
    assert "/l/" in visitor.page
    (mail,) = await visitor.json("/demo/mailbox")
    assert mail["kind"] == "invitation"
    assert mail["link"].startswith("http://colloque.test/l/")
    object.__setattr__(front.settings, "mode", "production")
    await visitor.get("/demo/mailbox")
    assert visitor.status == 404
    assert "/l/" not in visitor.page
