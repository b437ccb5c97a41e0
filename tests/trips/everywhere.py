"""One page at both sizes and in both languages: whole, in its language alone, reachable by keyboard, without an error."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page

from app.i18n import LOCALE_DIR
from tests.trips import people
from tests.trips.conftest import House
from tests.trips.test_every_page import RULES, SQUEEZED

PLACEHOLDER = re.compile(r"%\([^)]*\)s|%[sd]|{[^}]*}")
ALIKE = {"include": [["html"]], "exclude": [["li.f ~ li.f"]]}  # a planner's thousand free times: one of a column stands for all
LEAST_WORDS = 8  # letters that a text with something filled in has besides, to be told apart
NEVER = re.compile(r"%\(\w+\)s|{{|}}|\bNone\b|\bundefined\b|\bNaN\b|\[object ")

SAID = """() => {
    const said = [], seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (seen.nextNode()) {
        const here = seen.currentNode.parentElement, text = seen.currentNode.data.replace(/\\s+/g, " ").trim();
        if (text && !here.closest("script, style, template, [lang]:not(html), bdi, option[value=en], option[value=fr]")) said.push(text);
    }
    for (const e of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]"))
        for (const name of ["aria-label", "placeholder", "title", "alt"]) if (e.getAttribute(name)) said.push(e.getAttribute(name).trim());
    return [document.title, ...said];
}"""
# Words that lie on other words, and words whose end is cut off without a sign.
CROWDED = """() => {
    const faults = [], boxes = [];
    const shown = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest(".sr, dialog:not([open])");
    const clipped = (box, e) => {  // what is left of it inside of everything that cuts it off
        let { left, right, top, bottom } = box;
        for (; e && e !== document.body; e = e.parentElement) {
            const style = getComputedStyle(e);
            if (style.clipPath !== "none") return null;
            if (style.overflowX === "visible") continue;
            const edge = e.getBoundingClientRect();
            [left, right, top, bottom] = [Math.max(left, edge.left), Math.min(right, edge.right), Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
        }
        return right - left > 4 && bottom - top > 4 ? { left, right, top, bottom, height: bottom - top } : null;
    };
    const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (seen.nextNode()) {
        const node = seen.currentNode, here = node.parentElement;
        if (!node.data.trim() || !shown(here)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const whole of range.getClientRects()) {
            const box = clipped(whole, here);
            if (box) boxes.push([box, node.data.trim(), here]);
        }
        for (let e = here; e && e !== document.body; e = e.parentElement) {
            const style = getComputedStyle(e);
            if (style.overflowX === "visible" || style.textOverflow === "ellipsis" || style.position === "absolute") break;
            if (/auto|scroll/.test(style.overflowX)) break;
            if (e.scrollWidth > e.clientWidth + 2) { faults.push(`cut off: ${node.data.trim().slice(0, 40)}`); break; }
        }
    }
    const fixed = e => { for (; e; e = e.parentElement) if (/fixed|sticky/.test(getComputedStyle(e).position)) return true; return false; };
    boxes.sort((a, b) => a[0].top - b[0].top);
    for (let a = 0; a < boxes.length; a++) for (let b = a + 1; b < boxes.length && boxes[b][0].top < boxes[a][0].bottom; b++) {
        const [one, first, here] = boxes[a], [two, second, there] = boxes[b];
        const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
        const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
        if (wide < 3 || high < 0.4 * Math.min(one.height, two.height) || here === there || fixed(here) || fixed(there)) continue;
        faults.push(`"${first.slice(0, 30)}" lies on "${second.slice(0, 30)}"`);
    }
    return faults.slice(0, 5);
}"""
UNSEEN_FOCUS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(e => e.checkVisibility() && !e.disabled && !e.closest("dialog:not([open])")).filter(e => {
        e.focus({ preventScroll: true });
        if (document.activeElement !== e) return false;
        const rings = [e, e.nextElementSibling, e.parentElement].filter(Boolean).map(x => getComputedStyle(x));
        return !rings.some(s => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none");
    }).map(e => e.outerHTML.slice(0, 90))"""


@lru_cache
def foreign(lang: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Texts of the catalogue that a page in this language does not show: whole ones, and those with something filled in."""
    with (LOCALE_DIR / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        pairs = [(str(source), str(text)) for message in read_po(file) if message.id and message.string
                 for source, text in zip(_forms(message.id), _forms(message.string), strict=False)]
    ours = {pair[lang == "fr"] for pair in pairs}
    theirs = {pair[lang != "fr"] for pair in pairs} - ours
    whole = frozenset(" ".join(text.split()) for text in theirs if not PLACEHOLDER.search(text))
    filled = tuple(re.compile(".+".join(re.escape(part) for part in PLACEHOLDER.split(" ".join(text.split()))))
                   for text in theirs if PLACEHOLDER.search(text)
                   and max(len(part.strip()) for part in PLACEHOLDER.split(text)) >= LEAST_WORDS)
    return whole, filled


def _forms(text: Any) -> tuple[Any, ...]:
    return text if isinstance(text, tuple) else (text,)


class Everywhere:
    """The same person in four browsers."""

    def __init__(self, pages: dict[tuple[str, bool], Page]) -> None:
        self.pages, self.faults = pages, []
        for (lang, phone), page in pages.items():
            name = f"{lang} {'phone' if phone else 'desk'}"
            page.on("pageerror", lambda error, name=name: self.faults.append(f"{name}: script error {error}"))
            page.on("console", lambda said, name=name: said.type == "error" and self.faults.append(f"{name} {said.location}: {said.text}"))

    def look(self, name: str, path: str | Callable[[int], str] = "", do: Callable[[Page], object] | None = None, status: int = 200) -> None:
        """Open the page in each browser (or stay), do something there, and look at what is shown."""
        for number, ((lang, phone), page) in enumerate(self.pages.items()):
            answers: list[int] = []
            page.on("response", watch := lambda answer, page=page, answers=answers: answers.append(answer.status)
                    if answer.request.is_navigation_request() and answer.frame == page.main_frame else None)
            if path:
                page.goto(path(number) if callable(path) else path)
            if do:
                do(page)
                page.wait_for_load_state()
            page.remove_listener("response", watch)
            last = [code for code in answers if code < 300 or code >= 400]
            found = [] if not last or last[-1] == status else [f"answered {last[-1]}"]
            if status >= 400:  # the browser itself notes the status as a console error
                self.faults = [fault for fault in self.faults if f"status of {status}" not in fault]
            self.faults += [f"{name} ({lang}, {'phone' if phone else 'desk'}): {fault}" for fault in found + seen_on(page, lang)]
            picture(page, f"{name}.{lang}.{'390' if phone else '1280'}")

    def become(self, cookies: list[Any]) -> None:
        """Everywhere the person whose cookies these are."""
        for page in self.pages.values():
            page.context.add_cookies([c for c in cookies if "lang" not in c["name"]])


def seen_on(page: Page, lang: str) -> list[str]:
    """What is wrong with a page as it stands."""
    faults = [f"says {page.locator('html').get_attribute('lang')}"] if page.locator("html").get_attribute("lang") != lang else []
    whole, filled = foreign(lang)
    faults += [f"not in its language, or not filled in: {text!r}" for text in page.evaluate(SAID)
               if text in whole or any(pattern.fullmatch(text) for pattern in filled) or NEVER.search(text)]
    found = Axe().run(page, context=ALIKE, options={"runOnly": RULES}).response["violations"]
    faults += [f"{v['id']} {n['target']}" for v in found for n in v["nodes"]]
    if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
        faults.append(f"scrolls sideways by {over} px")
    faults += [f"squeezed: {text}" for text in page.evaluate(SQUEEZED)] + page.evaluate(CROWDED)
    faults += [f"focus is not seen: {what}" for what in page.evaluate(UNSEEN_FOCUS)]
    page.evaluate("document.activeElement && document.activeElement.blur()")
    return faults


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, when somebody wants to see it (COLLOQUE_PICTURES: a folder)."""
    if folder := os.environ.get("COLLOQUE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@contextmanager
def everywhere(browser: Browser, house: House) -> Iterator[Everywhere]:
    """Four fresh browsers; fails on leaving when anything was wrong in one of them."""
    contexts = {each: people.context(browser, house, each[0], phone=each[1]) for each in people.COMBINATIONS}
    made = Everywhere({each: context.new_page() for each, context in contexts.items()})
    yield made
    for context in contexts.values():
        context.close()
    assert not made.faults, "\n".join(made.faults)
