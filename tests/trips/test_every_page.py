"""Every page of a running clinic, as each persona sees it: whole, accessible, within its screen, without a console error."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.trips import people
from tests.trips.conftest import House, browser_speaking

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {"phone-dark-fr": (390, 844, "dark", "fr"), "desk-light-en": (1280, 900, "light", "en")}
REFLOW_PX = 320  # 1280 px at 400 %, WCAG 1.4.10
SQUEEZED = """() => [...document.querySelectorAll("main *")].filter((e) => {
    const { width, height } = e.getBoundingClientRect();
    const says = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim().length > 8);
    return says && width > 1 && width < 60 && height > 5 * parseFloat(getComputedStyle(e).fontSize);
}).map((e) => e.textContent.trim().slice(0, 40))"""
PATIENT_PAGE_BYTES = 100_000


class Visitor:
    """One browser page that looks at pages and gathers what is wrong with them."""

    def __init__(self, page: Page, width: int, height: int) -> None:
        self.page, self.size, self.faults = page, {"width": width, "height": height}, []
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: script error {error}"))
        page.on("console", lambda said: said.type == "error" and self.faults.append(f"{page.url}: {said.text}"))

    def look(self, path: str | None = None, *, status: int = 200) -> None:
        """Go there (or stay) and look: status, axe, sideways scrolling, squeezed words."""
        if path is not None:
            answer = self.page.goto(path)
            assert answer is not None
            assert answer.status == status, f"{path}: {answer.status}"
        if status >= 400:  # the browser itself notes the status as a console error
            self.faults = [fault for fault in self.faults if "Failed to load resource" not in fault]
        found = Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        self.faults += [f"{self.page.url}: {v['id']} {n['target']}" for v in found for n in v["nodes"]]
        for width in (self.size["width"], REFLOW_PX):
            self.page.set_viewport_size(self.size | {"width": width})
            over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                self.faults.append(f"{self.page.url}: scrolls sideways by {over} px at {width} px")
            if squeezed := self.page.evaluate(SQUEEZED):
                self.faults.append(f"{self.page.url}: a letter or two a line at {width} px: {squeezed[:3]}")
        self.page.set_viewport_size(self.size)

    def first(self, selector: str) -> str | None:
        """The address of the first such link."""
        link = self.page.locator(selector).first
        return link.get_attribute("href") if link.count() else None


@pytest.fixture(scope="module")
def browser(playwright) -> Iterator[Browser]:
    with browser_speaking(playwright, None) as started:
        yield started


@pytest.fixture(scope="module", params=VIEWS)
def view(request: pytest.FixtureRequest) -> str:
    """One view after the other, not one persona after the other: a TOTP code signs in once in 30 s."""
    return str(request.param)


@contextmanager
def visitor(browser: Browser, house: House, view: str) -> Iterator[Visitor]:
    """A fresh profile in one view; fails on leaving when anything was wrong."""
    width, height, scheme, lang = VIEWS[view]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, base_url=house.base_url,  # type: ignore[arg-type]
        locale="fr-FR" if lang == "fr" else "en-GB", permissions=["camera", "microphone"])
    context.set_default_timeout(people.WAIT_MS)
    made = Visitor(context.new_page(), width, height)
    yield made
    context.close()
    assert made.faults == []


def test_the_front_door(view, house: House, browser: Browser):
    with visitor(browser, house, view) as somebody:
        for path in ("/", "/design", "/sign-in", "/demo/mailbox", "/book"):
            somebody.look(path)
        somebody.look("/no-such-page", status=404)


def test_what_a_scheduler_sees(view, house: House, browser: Browser):
    with visitor(browser, house, view) as somebody:
        people.sign_in(somebody.page, house, "scheduler")
        somebody.look("/planner")
        appointment = somebody.first("a.a[href^='/appointments/']")
        for path in ("/planner?view=day", "/planner?view=team", "/planner?view=month", "/planner/finder", "/motifs",
                     "/planner/booking", "/availability", "/waiting-list", "/account", "/tasks", "/attendance", "/resources",
                     "/patients"):
            somebody.look(path)
        somebody.page.fill("main input[name=q]", "lef")
        somebody.page.press("main input[name=q]", "Enter")
        somebody.page.wait_for_selector("main a[href^='/patients/']")
        somebody.look()
        patient = somebody.first("main a[href^='/patients/']")
        for path in filter(None, (patient, appointment, appointment and f"{appointment}/time",
                                   appointment and f"{appointment}/cancellation")):
            somebody.look(path)


def test_what_a_doctor_sees(view, house: House, browser: Browser):
    with visitor(browser, house, view) as somebody:
        people.sign_in(somebody.page, house, "doctor")
        somebody.look("/queue")
        visit = somebody.first("#queue a[href^='/visits/']")
        somebody.look("/records")
        record = somebody.first("main a[href^='/records/']")
        for path in filter(None, (visit, record, "/note-template", "/tasks", "/calendars")):
            somebody.look(path)


def test_what_an_administrator_sees(view, house: House, browser: Browser):
    with visitor(browser, house, view) as somebody:
        people.sign_in(somebody.page, house, "administrator")
        for path in ("/audit", "/audit/verification", "/accounts"):
            somebody.look(path)


def test_what_a_patient_sees_and_how_much_it_weighs(house: House, browser: Browser):
    with visitor(browser, house, "phone-dark-fr") as somebody:
        page = somebody.page
        received: list[int] = []
        page.on("requestfinished", lambda request: received.append(request.sizes()["responseBodySize"]))
        somebody.look(house.facts["patient_link"])
        assert 0 < sum(received) < PATIENT_PAGE_BYTES, f"{sum(received)} bytes for a first visit"
        people.open_link(page, house, house.facts["patient_link"], house.facts["patient"]["email"])
        for path in ("/visit/device", "/visit/consent", "/visit/accesses", "/visit/accesses?lang=en"):
            received.clear()
            somebody.look(path)
            assert sum(received) < PATIENT_PAGE_BYTES
        page.emulate_media(color_scheme="light")
        somebody.size = {"width": 1280, "height": 900}
        for path in ("/visit/device", "/visit/consent"):
            somebody.look(path)


def test_the_keyboard_is_enough(house: House, browser: Browser):
    with visitor(browser, house, "desk-light-en") as somebody:
        page = somebody.page
        page.goto("/design")
        page.evaluate("window.shown = e => e !== null && getComputedStyle(e).outlineStyle !== 'none'")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        seen = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            seen.add(page.evaluate(
                "(e => [e.tagName, e.id || e.name, shown(e) || shown(e.nextElementSibling)].join(' '))(document.activeElement)"))
        assert not [what for what in seen if what.endswith("false") and not what.startswith("BODY")]
        page.get_by_role("button", name="Open a dialog").press("Enter")
        assert page.locator("dialog[open]").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
