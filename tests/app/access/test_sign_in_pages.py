"""Signing in through the pages: two steps, one answer to everything wrong, a way back that stays on this site."""

import asyncio
import io

import pytest

from app import audit, people
from app.access import accounts
from app.access.accounts import Account
from app.web.signin import TRIES, relative
from tests.app.front_door import PASSWORD, SYSTEM, later

ADDRESS = "doctor@clinic.example"


async def password_step(visitor, email=ADDRESS, password=PASSWORD, next_=""):
    await visitor.get(f"/sign-in?next={next_}" if next_ else "/sign-in")
    return await visitor.post("/sign-in", email=email, password=password, next=next_)


async def sign_in(front, visitor, role="doctor", next_=""):
    await password_step(visitor, f"{role}@clinic.example", next_=next_)
    assert visitor.status == 303
    await visitor.get(visitor.headers["Location"])
    await visitor.post("/sign-in/code", code=front.totp(), next=next_)
    assert visitor.status == 303, visitor.text


async def test_password_then_code_lead_to_the_page_that_was_wanted(front, browser):
    visitor = browser()
    await visitor.get("/accounts")
    assert (visitor.status, visitor.headers["Location"]) == (303, "/sign-in?next=/accounts")
    await sign_in(front, visitor, "administrator", "/accounts")
    assert visitor.headers["Location"] == "/accounts"
    cookies = {c.key: c for c in visitor.client.session.cookie_jar}
    staff = cookies["colloque-staff"]
    assert staff["httponly"]
    assert staff["samesite"] == "Lax"
    await visitor.follow()
    assert visitor.status == 200
    await visitor.post("/sign-out")
    await visitor.get("/accounts")
    assert visitor.status == 303


async def test_pages_carry_the_clinics_name(front, browser):
    visitor = browser("en")
    name = front.db.read_sync(SYSTEM, people.clinic_name)
    assert name
    for path in ("/", "/sign-in"):
        await visitor.get(path)
        assert name in visitor.text, path
    await sign_in(front, visitor)
    await visitor.follow()
    assert name in visitor.text


async def test_the_password_alone_opens_nothing(front, browser):
    visitor = browser()
    await password_step(visitor, "administrator@clinic.example")
    assert visitor.headers["Location"] == "/sign-in/code"
    await visitor.get("/accounts")
    assert visitor.headers["Location"].startswith("/sign-in")


async def test_the_cookie_changes_with_the_second_factor(front, browser):
    visitor = browser()
    await password_step(visitor)
    half = {c.key: c.value for c in visitor.client.session.cookie_jar}["colloque-staff"]
    await visitor.get("/sign-in/code")
    await visitor.post("/sign-in/code", code=front.totp())
    whole = {c.key: c.value for c in visitor.client.session.cookie_jar}["colloque-staff"]
    assert whole != half


async def test_signing_in_over_somebody_ends_their_session(front, browser):
    visitor = browser()
    await password_step(visitor)
    await visitor.get("/sign-in/code")
    await visitor.post("/sign-in/code", code=front.totp())
    before = {c.key: c.value for c in visitor.client.session.cookie_jar}["colloque-staff"]
    await visitor.get("/availability")
    await visitor.post("/sign-in", email="scheduler@clinic.example", password=PASSWORD)
    assert visitor.headers["Location"].startswith("/sign-in/code")
    assert front.db.read_sync(SYSTEM, accounts.actor_of_session, before) is None


async def test_everything_wrong_gets_the_same_answer(front, browser):
    pages = set()
    for email, password in ((ADDRESS, "wrong password"), ("nobody@clinic.example", PASSWORD), (ADDRESS, ""),
                            ("' OR 1=1 --", PASSWORD), ("<script>alert(1)</script>", "x"), ("é" * 300, "x")):
        visitor = browser()
        await password_step(visitor, email, password)
        assert visitor.status == 422
        assert "<script>alert" not in visitor.page
        pages.add(visitor.text)
    assert len(pages) == 1


async def test_a_wrong_code_says_no_more_than_a_wrong_password(front, browser):
    visitor = browser("en")
    await password_step(visitor)
    await visitor.get("/sign-in/code")
    await visitor.post("/sign-in/code", code="000000")
    assert visitor.status == 422
    assert "That did not work." in visitor.text
    await visitor.post("/sign-in/code", code=front.totp())
    assert visitor.status == 303, "another try is allowed"


async def test_a_half_session_that_waited_too_long_starts_again(front, browser):
    visitor = browser()
    await password_step(visitor)
    await visitor.get("/sign-in/code")
    later(front, minutes=6)
    await visitor.post("/sign-in/code", code=front.totp())
    assert visitor.headers["Location"] == "/sign-in"
    await visitor.get("/sign-in/code")
    assert visitor.headers["Location"] == "/sign-in"


async def test_many_tries_from_one_address_have_to_wait(front, browser):
    visitor = browser()
    await visitor.get("/sign-in")
    for _ in range(TRIES.times):
        TRIES.hit("127.0.0.1")
    await visitor.post("/sign-in", email=ADDRESS, password=PASSWORD)
    assert visitor.status == 429


async def test_without_the_pages_token_nothing_is_tried(front, browser):
    visitor = browser()
    await visitor.get("/sign-in")
    await visitor.post("/sign-in", csrf_token="0" * 48, email=ADDRESS, password=PASSWORD)
    assert visitor.status == 403


async def test_a_huge_form_is_refused_before_it_is_read(front, browser):
    visitor = browser()
    await visitor.get("/sign-in")
    body = io.BytesIO(b"email=" + b"x" * 10_000_000)
    answer = await visitor.client.post("/sign-in", data=body,
                                       headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 413


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)",
                                  "\\\\evil", "/a\r\nSet-Cookie: x=y", "/a b", "", "evil", "/" + "a" * 600])
def test_the_way_back_never_leaves_this_site(path):
    assert relative(path) == ""


@pytest.mark.parametrize("path", ["/", "/queue", "/visits/abc/note?line=4", "/planner?day=2026-11-23&doctor=1"])
def test_the_way_back_keeps_paths_of_ours(path):
    assert relative(path) == path


async def test_who_is_signed_in_does_not_sign_in_again(front, browser):
    visitor = browser()
    await sign_in(front, visitor)
    await visitor.get("/sign-in")
    assert (visitor.status, visitor.headers["Location"]) == (303, "/")


async def test_a_session_in_use_goes_on_and_an_unused_one_ends(front, browser):
    visitor = browser()
    await sign_in(front, visitor, "administrator")
    later(front, minutes=50)
    from app.web.middleware import RENEWALS
    RENEWALS.forget()
    await visitor.get("/accounts")
    later(front, minutes=50)
    RENEWALS.forget()
    await visitor.get("/accounts")
    assert visitor.status == 200
    later(front, minutes=61)
    await visitor.get("/accounts")
    assert visitor.status == 303


async def test_every_sign_in_and_refusal_is_in_the_trail_with_its_address(front, browser):
    visitor = browser()
    await password_step(visitor, password="wrong")
    await sign_in(front, visitor)
    entries = await asyncio.to_thread(front.db.read_sync, SYSTEM, audit.search, action="session:begin")
    assert [(e.outcome, e.ip) for e in entries] == [("success", "127.0.0.1"), ("refused", "127.0.0.1")]


# --- accounts ----------------------------------------------------------------------------------------------


async def administrator(front, browser, language="en"):
    visitor = browser(language)
    await sign_in(front, visitor, "administrator", "/accounts")
    await visitor.follow()
    assert visitor.status == 200
    return visitor


async def test_an_administrator_adds_a_scheduler_who_then_signs_in(front, browser):
    import re

    import pyotp
    visitor = await administrator(front, browser)
    await visitor.post("/accounts", name="Zoé O'Neil <b>", email="zoe@clinic.example", role="scheduler")
    assert visitor.status == 201
    assert "Zoé O&#39;Neil &lt;b&gt;" in visitor.page
    assert 'src="data:image/svg+xml' in visitor.page
    password = re.search(r"First password\s+(\S+)", visitor.text).group(1)
    secret = re.search(r"Key for the app\s+((?:[A-Z2-7]{4} ?)+)", visitor.text).group(1).replace(" ", "")
    await visitor.get("/accounts")
    assert password not in visitor.page, "shown once"
    colleague = browser()
    await password_step(colleague, "zoe@clinic.example", password)
    await colleague.get("/sign-in/code")
    await colleague.post("/sign-in/code", code=pyotp.TOTP(secret).at(front.clock()))
    assert colleague.headers["Location"] == "/"


async def test_a_new_doctor_comes_with_an_entry_of_the_register(front, browser):
    visitor = await administrator(front, browser)
    await visitor.post("/accounts", name="Dr Ada Okonkwo", email="ada@clinic.example", role="doctor")
    assert visitor.status == 422, "who is this doctor?"
    assert 'value="Dr Ada Okonkwo"' in visitor.page
    await visitor.post("/accounts", name="Dr Ada Okonkwo", email="ada@clinic.example", role="doctor",
                       speciality="Cardiology", rpps="10 10 345 67 81")
    assert visitor.status == 201, visitor.text


@pytest.mark.parametrize(("change", "status"), [
    ({"email": "doctor@clinic.example"}, 409), ({"email": "no address"}, 422), ({"role": "patient"}, 422),
    ({"name": ""}, 422), ({"name": "x" * 81}, 422), ({"role": "doctor", "rpps": "12"}, 422),
    ({"role": "doctor", "practitioner": "nobody"}, 422),
    ({"role": "doctor", "rpps": "10101234567", "speciality": "Cardiology"}, 422)])
async def test_accounts_that_cannot_be_made(front, browser, change, status):
    visitor = await administrator(front, browser)
    await visitor.post("/accounts", **({"name": "New", "email": "new@clinic.example", "role": "scheduler"} | change))
    assert visitor.status == status
    assert 'class="error"' in visitor.page


async def test_disabling_signs_out_at_once_and_enabling_lets_in_again(front, browser):
    visitor = await administrator(front, browser)
    doctor_id = front.accounts["doctor"]
    await visitor.post(f"/accounts/{doctor_id}/disabling")
    assert visitor.status == 303
    await visitor.follow()
    assert f"/accounts/{doctor_id}/enabling" in visitor.actions()
    assert f"/accounts/{front.accounts['administrator']}/disabling" not in visitor.actions()
    await visitor.post(f"/accounts/{front.accounts['administrator']}/disabling")
    assert visitor.status == 409
    await visitor.post("/accounts/no-such-account/disabling")
    assert visitor.status == 404


@pytest.mark.parametrize("role", ["doctor", "scheduler"])
async def test_accounts_are_for_administrators(front, browser, role):
    visitor = browser()
    await sign_in(front, visitor, role)
    await visitor.get("/accounts")
    assert visitor.status == 403


async def whole_sign_in(front, visitor):
    await password_step(visitor)
    await visitor.get("/sign-in/code")
    await visitor.post("/sign-in/code", code=front.totp())
    return visitor


async def lock_from_elsewhere(browser):
    stranger = browser()
    for _ in range(6):
        await password_step(stranger, ADDRESS, "wrong password")
    await password_step(stranger)
    assert stranger.status == 422, "locked for strangers, the right password included"


async def test_guessing_elsewhere_does_not_lock_out_the_browser_its_owner_uses(front, browser):
    own = await whole_sign_in(front, browser())
    mark = {c.key: c for c in own.client.session.cookie_jar}["colloque-browser"]
    assert mark["httponly"]
    await own.get("/queue")
    await own.post("/sign-out")
    await lock_from_elsewhere(browser)
    own = browser()
    own.client.session.cookie_jar.update_cookies({"colloque-browser": mark.value})
    later(front, seconds=35)
    await whole_sign_in(front, own)
    assert own.status == 303
    await own.follow()
    assert own.status == 200


async def test_a_known_browser_guesses_within_limits_of_its_own(front, browser):
    own = await whole_sign_in(front, browser())
    mark = {c.key: c.value for c in own.client.session.cookie_jar}["colloque-browser"]
    thief = browser()
    thief.client.session.cookie_jar.update_cookies({"colloque-browser": mark})
    statuses = []
    for _ in range(25):
        await password_step(thief, ADDRESS, "wrong password")
        statuses.append(thief.status)
    assert statuses.index(429) <= 20
    assert front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Account, front.accounts["doctor"]).failures) == 0


@pytest.mark.parametrize("forge", [lambda mark: mark[:-1] + ("0" if mark[-1] != "0" else "1"), lambda mark: mark.partition(".")[0],
                                   lambda mark: f"{mark.partition('.')[0]}.", lambda _: "x", lambda _: "."])
async def test_a_forged_mark_is_a_strangers(front, browser, forge):
    own = await whole_sign_in(front, browser())
    mark = {c.key: c.value for c in own.client.session.cookie_jar}["colloque-browser"]
    await lock_from_elsewhere(browser)
    forger = browser()
    forger.client.session.cookie_jar.update_cookies({"colloque-browser": forge(mark)})
    await password_step(forger)
    assert forger.status == 422


async def test_the_mark_opens_nothing_and_ends_with_the_password(front, browser):
    own = await whole_sign_in(front, browser())
    mark = {c.key: c.value for c in own.client.session.cookie_jar}["colloque-browser"]
    visitor = browser()
    visitor.client.session.cookie_jar.update_cookies({"colloque-browser": mark})
    await visitor.get("/queue")
    assert visitor.headers["Location"].startswith("/sign-in")
    assert front.db.read_sync(SYSTEM, accounts.known_to, mark) == front.accounts["doctor"]

    def change(tx):
        account = tx.session.get(Account, front.accounts["doctor"])
        account.password_hash = "another"
        tx.session.add(account)

    front.db.write_sync(SYSTEM, change)
    assert front.db.read_sync(SYSTEM, accounts.known_to, mark) == ""
