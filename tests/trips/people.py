"""What each persona does with the pages, by the words they see; used by every trip."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import product
from zoneinfo import ZoneInfo

import pyotp
from playwright.sync_api import Browser, BrowserContext, Cookie, Locator, Page, expect

from app.scheduling import french_days
from tests.trips.conftest import House

WAIT_MS = 20_000
COMBINATIONS = tuple(product(("fr", "en"), (True, False)))  # language, phone


def midday_zone() -> str:
    """A zone where it is about eleven in the morning now, so that no trip crosses midnight."""
    offset = 11 - datetime.now(UTC).hour
    offset = offset + 24 if offset < -11 else offset
    return f"Etc/GMT{-offset:+d}"


def day_ahead(days: int) -> date:
    """A weekday that is no public holiday, counted from this week's Monday; a week later where it would be one."""
    on = date.today() + timedelta(days=days - date.today().weekday())  # noqa: DTZ011  any week ahead will do
    while french_days.public(french_days.METROPOLITAN, on, on):
        on += timedelta(days=7)
    return on


def context(browser: Browser, house: House, lang: str, *, phone: bool = False) -> BrowserContext:
    """A fresh browser profile of one person."""
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 860}
    made = browser.new_context(locale="fr-FR" if lang == "fr" else "en-GB", viewport=size, base_url=house.base_url,
                               permissions=["camera", "microphone"])
    made.set_default_timeout(WAIT_MS)
    return made


def device(phone: bool) -> str:
    """What tells apart two people of one trip whose names would begin alike."""
    return "phone" if phone else "desk"


_signed_in: dict[tuple[str, str], list[Cookie]] = {}


def at_work(page: Page, house: House, role: str, name: str = "") -> None:
    """Signed in, as somebody is who opens another window: each code of the authenticator signs in once in 30 s."""
    key = (house.base_url, f"{role} {name}")
    if key not in _signed_in:
        sign_in(page, house, role, name)
        _signed_in[key] = [cookie for cookie in page.context.cookies() if "lang" not in cookie["name"]]
        return
    page.context.add_cookies(_signed_in[key])  # type: ignore[arg-type]  what it gave is what it takes
    page.goto("/")


def sign_in(page: Page, house: House, role: str, name: str = "") -> None:
    """Password, then the code of the authenticator."""
    account = next(a for a in house.facts["accounts"] if a["role"] == role and name in a["name"])
    page.goto("/sign-in")
    page.fill("[name=email]", account["email"])
    page.fill("[name=password]", account["password"])
    page.locator("main form button").first.click()
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", fresh_code(account["totp_secret"]))
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


_used: set[tuple[str, str]] = set()


def fresh_code(secret: str) -> str:
    """A TOTP code that was not used before: each is accepted once."""
    while (secret, pyotp.TOTP(secret).now()) in _used:
        time.sleep(0.5)
    code = pyotp.TOTP(secret).now()
    _used.add((secret, code))
    return code


def open_hours_now(page: Page, doctor: str, zone: str) -> datetime:
    """The scheduler opens extra hours around now; returns a start that can be booked, in the clinic's clock."""
    now = datetime.now(ZoneInfo(zone)).replace(second=0, microsecond=0)
    start = now + timedelta(minutes=5 - now.minute % 5)
    page.goto("/availability")
    page.get_by_role("link", name=doctor).first.click()
    details = page.locator("details:has(#exception-on)")
    details.locator("summary").click()
    details.locator("[name=closed][value=no]").check(force=True)
    details.locator("[name=on]").fill(start.date().isoformat())
    details.locator("[name=start]").fill(start.strftime("%H:%M"))
    details.locator("[name=end]").fill((start + timedelta(minutes=90)).strftime("%H:%M"))
    with page.expect_navigation():
        details.locator("button").last.click()
    return start


def carry(page: Page, block: Locator, target: Locator) -> None:
    """Lift a block of the planner with the mouse and hold it over the target."""
    block.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] - 30, steps=4)
    page.mouse.move(box["x"] + 20, box["y"] + 6, steps=4)
    expect(page.locator(".in-hand")).to_be_visible()


def book_new_patient(page: Page, doctor: str, motif: str, at: datetime, patient: dict[str, str]) -> None:
    """Book the slot at `at` for somebody new."""
    page.goto("/planner")
    page.locator("a[href*='book'], a[href*='/appointments/new']").first.click()
    page.locator("select[name=practitioner]").select_option(label=doctor)
    page.locator("select[name=motif]").select_option(label=motif)
    page.locator("form[method=get] input[name=on]").first.fill(at.date().isoformat())
    page.locator("form[method=get] button").first.click()
    for field in ("given", "family", "birth_date", "email"):
        page.fill(f"[name={field}]", patient[field])
    page.locator("select[name=language]").select_option(patient["language"])
    page.locator(".slots label").first.click()  # the soonest: it can be joined now
    with page.expect_navigation():
        page.locator("form[method=post] .actions button").last.click()


def link_in(message: EmailMessage) -> str:
    """The invitation's link."""
    body = message.get_body(("plain",))
    found = re.search(r"https?://\S+/l/[\w-]+", body.get_content() if body else "")
    assert found, body
    return found.group()


def has_link(message: EmailMessage) -> bool:
    """Whether the message carries one of our links."""
    body = message.get_body(("plain",))
    return body is not None and "/l/" in body.get_content()


def code_in(message: EmailMessage) -> str:
    """The six digits of a code message."""
    body = message.get_body(("plain",))
    found = re.search(r"\b\d{6}\b", body.get_content() if body else "")
    assert found
    return found.group()


def open_link(page: Page, house: House, link: str, address: str) -> None:
    """From the invitation to the device test: a button, a code from the mailbox."""
    page.goto(link)
    seen = len(house.mailbox.messages)
    page.locator("main form button").first.click()
    page.wait_for_selector("[name=code]")
    message = house.mailbox.wait_for(
        lambda m: m["to"] is not None and address in m["to"] and house.mailbox.messages.index(m) >= seen
        and m.get_content_type() != "text/calendar" and re.search(r"\b\d{6}\b", str(m.get_body(("plain",)).get_content())))
    page.fill("[name=code]", code_in(message))
    page.locator("main form button").first.click()
    page.wait_for_url("**/visit/**")


def test_device(page: Page) -> str:
    """Run the device test to its verdict, and go on; returns the verdict."""
    page.locator("#start").click()
    expect(page.locator("#result [name=result]")).to_have_value(re.compile("ok|weak"), timeout=WAIT_MS)
    verdict = page.locator("#verdict").inner_text()
    page.locator("#result button").first.click()
    page.wait_for_url("**/visit/consent")
    return verdict


def consent(page: Page, *, transcription: bool) -> None:
    """Agree to the visit and, if so, to transcription; wait in the waiting room."""
    assert not page.locator("[name=transcription]").is_checked(), "transcription must be off by default"
    page.locator("[name=visit]").check(force=True)
    if transcription:
        page.locator("[name=transcription]").check(force=True)
    page.locator("main form button").last.click()
    page.wait_for_url("**/visit/waiting")
