"""One's own account through its page: password, authenticator, recovery codes, sessions; and what an administrator resets."""

import asyncio
import re

import pyotp
import pytest
from sqlmodel import select

from app import audit
from app.access import accounts, own_account
from app.access.accounts import Account, AccountSecret, StaffSession
from app.actor import Actor, Role
from app.errors import AccessDenied, LimitReached
from app.notifications import notices
from app.web.account import TRIES, browser_words
from tests.app.access.test_sign_in_pages import password_step, sign_in
from tests.app.front_door import PASSWORD, SYSTEM, TOTP_SECRET, account, later

NEW = "jardin bleu moteur"


@pytest.fixture(autouse=True)
def forget_own_tries():
    TRIES.forget()


async def at_home(front, browser, role="scheduler", language="en"):
    visitor = browser(language)
    await sign_in(front, visitor, role)
    await visitor.get("/account")
    assert visitor.status == 200, visitor.text
    return visitor


async def change(visitor, old=PASSWORD, new=NEW, again=None):
    await visitor.post("/account/password", old=old, new=new, again=new if again is None else again)


def actor(front, role="scheduler", **more):
    return Actor(Role(role), front.accounts[role], **more)


def sessions(front, role="scheduler"):
    query = select(StaffSession).where(StaffSession.account_id == front.accounts[role])
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(query).all())


async def steps(front, **search):
    entries = await asyncio.to_thread(front.db.read_sync, SYSTEM, audit.search, **search)
    return [(e.action, e.outcome, re.findall(r'"step": "([^"]+)"', e.detail)) for e in entries]


async def notice(front):
    """The kinds of e-mail that wait to be sent to staff."""
    jobs = await asyncio.to_thread(front.db.read_sync, SYSTEM, waiting)
    return [re.search(r'"what": "([^"]+)"', payload).group(1) for payload in jobs]


def waiting(tx):
    from app.jobs import Job
    return [job.payload for job in tx.session.exec(select(Job).where(Job.kind == "message.staff").order_by(Job.run_at))]


# --- password ---------------------------------------------------------------------------------------------


async def test_a_new_password_is_the_one_that_lets_in_and_the_old_one_is_not(front, browser):
    elsewhere = browser()
    await sign_in(front, elsewhere, "scheduler")
    later(front, seconds=30)
    visitor = await at_home(front, browser)
    assert len(sessions(front)) == 2
    await change(visitor)
    assert (visitor.status, visitor.headers["Location"]) == (303, "/account?done=password")
    await visitor.follow()
    assert "Your password is changed." in visitor.text
    assert len(sessions(front)) == 1, "signed out everywhere else, not here"
    assert await notice(front) == ["password-changed"]
    assert ("account:own", "success", ["password"]) in await steps(front, action="account:own")
    stranger = browser()
    await password_step(stranger, "scheduler@clinic.example", PASSWORD)
    assert stranger.status == 422
    await password_step(stranger, "scheduler@clinic.example", NEW)
    assert stranger.headers["Location"] == "/sign-in/code"


@pytest.mark.parametrize(("typed", "field", "sentence"), [
    ({"old": "wrong password!"}, "old", "This is not your password."),
    ({"new": "short"}, "new", "at least 12 characters"),
    ({"new": "Scheduler2026!"}, "new", "too easy to guess"),
    ({"new": "tilleuls clinique"}, "new", "too easy to guess"),
    ({"new": PASSWORD}, "new", "the password you have already"),
    ({"again": "jardin bleu moteux"}, "again", "not the same"),
    ({"new": "", "again": ""}, "new", "at least 12 characters")])
async def test_what_cannot_be_the_new_password_is_told_at_its_field(front, browser, typed, field, sentence):
    visitor = await at_home(front, browser)
    before = account(front, "scheduler").password_hash
    await change(visitor, **typed)
    assert visitor.status == 422
    assert re.search(rf'id="{field}-error">.*?{sentence}', visitor.page, re.DOTALL), visitor.text
    assert not any(f'value="{secret}"' in visitor.page for secret in (PASSWORD, NEW)), "passwords are not sent back"
    assert account(front, "scheduler").password_hash == before
    assert await notice(front) == []


async def test_wrong_old_passwords_lock_the_account_and_are_in_the_trail(front, browser):
    visitor = await at_home(front, browser)
    for _ in range(accounts.FAILURES_BEFORE_LOCK):
        await change(visitor, old="not the password")
    assert account(front, "scheduler").locked_until is not None
    await change(visitor)
    assert visitor.status == 429, "even the right one has to wait"
    assert ("session:begin", "refused", ["own-password"]) in await steps(front, action="session:begin", outcome="refused")
    later(front, minutes=20)
    await visitor.get("/account")
    await change(visitor)
    assert visitor.status == 303


async def test_many_tries_have_to_wait(front, browser):
    visitor = await at_home(front, browser)
    for _ in range(TRIES.times):
        TRIES.hit(front.accounts["scheduler"])
    for path in ("/account/password", "/account/authenticator", "/account/recovery-codes"):
        await visitor.post(path, old=PASSWORD, new=NEW, again=NEW, password=PASSWORD)
        assert visitor.status == 429


async def test_who_is_nobody_has_no_account_page(front, browser):
    visitor = browser()
    await visitor.get("/account")
    assert visitor.headers["Location"] == "/sign-in?next=/account"
    for role, id_ in ((Role.PATIENT, front.patient_id), (Role.SYSTEM, "x"), (Role.ANONYMOUS, "anonymous")):
        with pytest.raises(AccessDenied):
            await asyncio.to_thread(front.db.read_sync, Actor(role, id_), own_account.overview)


# --- a password that was given -----------------------------------------------------------------------------


async def colleague(front, browser, role="scheduler"):
    """Somebody whose password an administrator just reset; the visitor who is them, and the password."""
    boss = await at_home(front, browser, "administrator")
    later(front, seconds=30)
    await boss.get("/accounts")
    await boss.post(f"/accounts/{front.accounts[role]}/password")
    assert boss.status == 200, boss.text
    given = re.search(r"First password\s+(\S+)", boss.text).group(1)
    await boss.get("/accounts")
    assert given not in boss.page, "shown once"
    visitor = browser("en")
    await password_step(visitor, f"{role}@clinic.example", given)
    await visitor.get("/sign-in/code")
    await visitor.post("/sign-in/code", code=front.totp())
    return visitor, given


async def test_a_given_password_has_to_be_changed_before_anything_else(front, browser):
    visitor, given = await colleague(front, browser)
    await visitor.follow()
    assert visitor.path == "/account"
    assert "Choose your own password" in visitor.text
    assert visitor.actions() == ["/sign-out", "/account/password"]
    for path in ("/planner", "/patients", "/availability", f"/appointments/{front.visit_id}"):
        await visitor.get(path)
        assert (visitor.status, visitor.headers.get("Location")) == (303, "/account")
    await visitor.post(f"/appointments/{front.visit_id}/cancellation")
    assert visitor.status == 403
    await visitor.get("/account")
    await change(visitor, given, given)
    assert visitor.status == 422, "the given one is no choice of one's own"
    await change(visitor, given)
    await visitor.get("/planner")
    assert visitor.status == 200
    assert await notice(front) == ["password-reset", "password-changed"]


async def test_the_sockets_of_who_owes_a_password_stay_shut(front, browser):
    visitor, _ = await colleague(front, browser, "doctor")
    answer = await visitor.client.get("/queue/socket", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert answer.status == 403


async def test_a_new_colleague_owes_a_password_and_those_of_before_do_not(front, browser):
    boss = await at_home(front, browser, "administrator")
    await boss.get("/accounts")
    await boss.post("/accounts", name="Zoé Roy", email="zoe@clinic.example", role="scheduler")
    rows = await asyncio.to_thread(front.db.read_sync, SYSTEM, lambda tx: tx.session.exec(select(Account)).all())
    assert {row.email.partition("@")[0]: row.password_given for row in rows} == {
        "zoe": True, "doctor": False, "scheduler": False, "administrator": False}


async def test_a_reset_key_ends_the_old_one_its_recovery_codes_and_the_sessions(front, browser):
    visitor = await at_home(front, browser)
    await visitor.post("/account/recovery-codes", password=PASSWORD)
    later(front, seconds=30)
    boss = await at_home(front, browser, "administrator")
    await boss.get("/accounts")
    await boss.post(f"/accounts/{front.accounts['scheduler']}/authenticator")
    secret = re.search(r"Key for the app\s+((?:[A-Z2-7]{4} ?)+)", boss.text).group(1).replace(" ", "")
    assert secret != TOTP_SECRET
    assert "First password" not in boss.text
    assert sessions(front) == []
    stored = await asyncio.to_thread(front.db.read_sync, SYSTEM, lambda tx: tx.open(
        tx.session.get(Account, front.accounts["scheduler"]), AccountSecret))
    assert (stored.totp_secret, stored.recovery, stored.given) == (secret, [], True)
    assert (await notice(front))[-1] == "authenticator-reset"


@pytest.mark.parametrize("what", ["password", "authenticator"])
async def test_only_an_administrator_resets_and_never_their_own(front, browser, what):
    boss = await at_home(front, browser, "administrator")
    await boss.post(f"/accounts/{front.accounts['administrator']}/{what}")
    assert boss.status == 409
    await boss.post(f"/accounts/nobody/{what}")
    assert boss.status == 404
    later(front, seconds=30)
    visitor = await at_home(front, browser, "doctor")
    await visitor.post(f"/accounts/{front.accounts['scheduler']}/{what}")
    assert visitor.status == 403
    assert account(front, "scheduler").password_given is False


# --- authenticator and recovery codes ----------------------------------------------------------------------


async def test_a_new_authenticator_takes_over_with_its_first_code(front, browser):
    visitor = await at_home(front, browser)
    await visitor.post("/account/authenticator", password="wrong password")
    assert visitor.status == 422
    await visitor.post("/account/authenticator", password=PASSWORD)
    assert visitor.status == 200
    assert 'src="data:image/svg+xml' in visitor.page
    secret = re.search(r"Key for the app\s+((?:[A-Z2-7]{4} ?)+)", visitor.text).group(1).replace(" ", "")
    await visitor.post("/account/authenticator/confirmation", code="000000")
    assert visitor.status == 422
    assert secret[:4] in visitor.text, "the same picture is shown again"
    later(front, seconds=30)
    stranger = browser()
    await sign_in(front, stranger, "scheduler")  # until then the old one is good
    later(front, seconds=30)
    visitor = await at_home(front, browser)
    await visitor.post("/account/authenticator/confirmation", code=pyotp.TOTP(secret).at(front.clock()))
    codes = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", visitor.page)
    assert len(codes) == 8
    assert len(sessions(front)) == 1
    await visitor.get("/account")
    assert not any(code in visitor.page for code in codes), "shown once"
    assert "8 codes are left" in visitor.text
    stranger = browser()
    await password_step(stranger, "scheduler@clinic.example")
    await stranger.get("/sign-in/code")
    later(front, seconds=30)
    await stranger.post("/sign-in/code", code=front.totp())
    assert stranger.status == 422, "the old app is of no use any more"
    await stranger.post("/sign-in/code", code=pyotp.TOTP(secret).at(front.clock()))
    assert stranger.status == 303
    assert "authenticator-changed" in await notice(front)


async def test_a_confirmation_that_nobody_asked_for_or_that_comes_too_late(front, browser):
    visitor = await at_home(front, browser)
    await visitor.post("/account/authenticator/confirmation", code="123456")
    assert visitor.status == 409
    await visitor.post("/account/authenticator", password=PASSWORD)
    secret = re.search(r"Key for the app\s+((?:[A-Z2-7]{4} ?)+)", visitor.text).group(1).replace(" ", "")
    later(front, minutes=16)
    await visitor.post("/account/authenticator/confirmation", code=pyotp.TOTP(secret).at(front.clock()))
    assert visitor.status == 409
    assert "Please start again" in visitor.text


async def test_a_recovery_code_lets_in_once_and_the_owner_is_told(front, browser):
    visitor = await at_home(front, browser, language="fr")
    await visitor.post("/account/recovery-codes", password="wrong password")
    assert visitor.status == 422
    assert not re.search(r"<li>[a-z2-9]{5}-[a-z2-9]{5}</li>", visitor.page)
    await visitor.post("/account/recovery-codes", password=PASSWORD)
    code = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", visitor.page)[0]
    for status in (303, 422):
        stranger = browser()
        await password_step(stranger, "scheduler@clinic.example")
        await stranger.get("/sign-in/code")
        await stranger.post("/sign-in/code", recovery=code.upper())
        assert stranger.status == status
    assert await notice(front) == ["recovery-renewed", "recovery-used"]


# --- sessions ----------------------------------------------------------------------------------------------


async def test_own_sessions_are_seen_and_ended_and_only_own_ones(front, browser):
    for role in ("scheduler", "scheduler", "doctor"):
        await sign_in(front, browser(), role)
        later(front, seconds=30)
    visitor = await at_home(front, browser)
    assert len(sessions(front)) == 3
    refs = re.findall(r'name="session" value="([0-9a-f]+)"', visitor.page)
    assert len(refs) == 2
    assert "this browser" in visitor.text
    await visitor.post("/account/sessions/end", session=refs[0])
    assert visitor.headers["Location"] == "/account?done=session"
    assert len(sessions(front)) == 2
    await visitor.post("/account/sessions/end", session=sessions(front, "doctor")[0].id[:16])
    assert visitor.status == 404
    await visitor.post("/account/sessions/end")
    assert len(sessions(front)) == 1
    assert len(sessions(front, "doctor")) == 1
    await visitor.get("/account")
    assert visitor.status == 200
    assert ("account:own", "success", ["sessions-end"]) in await steps(front, action="account:own")


@pytest.mark.parametrize(("agent", "words"), [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Windows"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Safari/604.1", "Safari, iPhone"),
    ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome, Android"),
    ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0", "Linux"),
    ("curl/8.5", ""), ("", ""), ("<script>", "")])
def test_a_browser_in_its_owners_words(agent, words):
    assert browser_words(agent) == words


# --- what the e-mail says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", sorted(notices.WHAT))
def test_the_notice_says_what_and_when_and_holds_no_secret(front, what):
    at = front.clock()
    content = front.db.write_sync(SYSTEM, notices.compose, front.accounts["scheduler"], what, at.isoformat())
    assert content.to == "scheduler@clinic.example"
    assert content.subject == "Votre compte de Clinique des Tilleuls a été modifié"
    assert "http" not in content.text, "nothing to click: phishing looks like that"
    stored = account(front, "scheduler")
    assert not any(secret in content.text + content.html for secret in (PASSWORD, TOTP_SECRET, stored.password_hash))
    assert "administrateur" in content.text


async def test_a_notice_leaves_through_the_jobs(front, browser):
    visitor = await at_home(front, browser)
    await change(visitor)
    await front.work()
    assert await notice(front) == []


def test_while_the_account_rests_nothing_is_compared(front):
    def lock(tx):
        row = tx.session.get(Account, front.accounts["scheduler"])
        row.locked_until = tx.now + accounts.LONGEST_SESSION
        tx.session.add(row)

    front.db.write_sync(SYSTEM, lock)
    with pytest.raises(LimitReached):
        front.db.read_sync(actor(front), own_account.stored_hash)
    assert front.db.write_sync(actor(front), own_account.change_password, "x", fits=True) is False
