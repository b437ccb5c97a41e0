"""Every page renders in both languages, whole and well-formed, and holds nothing untranslated or forbidden."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.web.rendering import environment
from tests.guards.pages import PAGES, Page, base_context

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = environment()
PARTS = {"base.html", "call_base.html", "macros.html", "patient/base.html"}  # not pages
PATIENTS = ("Lefèvre", "Martin", "Ziani", "Roux", "Faure", "Moreau", "Roy")  # of the samples
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "use", "path", "circle", "rect"}


class Reader(HTMLParser):
    """Finds ids used twice, labels without their field, and tags that do not close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.icons: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        self.refers += [given[key] for key in ("for", "aria-labelledby", "aria-describedby") if given.get(key)]
        if tag == "use":
            self.icons.append(given["href"].partition("#")[2])
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        if self.open[-1:] == ["title"]:
            self.titles.append(data)


def rendered(page: Page, lang: str) -> str:
    return ENVIRONMENT.get_template(page.template).render(base_context(lang, page) | page.context(lang))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_whole(page, lang):
    html = rendered(page, lang)
    reader = read(html)
    assert f'<html lang="{lang}"' in html
    assert len(reader.ids) == len(set(reader.ids)), sorted(i for i in reader.ids if reader.ids.count(i) > 1)
    missing = {one for ids in reader.refers for one in ids.split()} - set(reader.ids)
    assert not missing, f"refers to ids that are not there: {missing}"
    assert reader.titles[0].removesuffix(" · Colloque").strip()
    assert not [name for name in PATIENTS if name in reader.titles[0]], "the browser's history and a shared screen show it"
    assert html.count("<h1") == 1
    assert html.count('method="post"') == html.count('name="csrf_token"')


def test_every_page_template_has_a_sample():
    templates = {p.relative_to(ROOT / "templates").as_posix() for p in (ROOT / "templates").rglob("*.html")}
    pages = {t for t in templates - PARTS if not Path(t).name.startswith("_") and not t.startswith("mail/")}
    included = set(re.findall(r'include "([^"]+)"', "".join((ROOT / "templates" / t).read_text() for t in templates)))
    assert pages - included == {page.template for page in PAGES}


def test_every_icon_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static" / "icons.svg").read_text()))
    for page in PAGES:
        assert set(read(rendered(page, "en")).icons) <= sprite, page.name


def test_french_pages_are_french():
    for page in PAGES:
        html = rendered(page, "fr")
        assert "Sign in" not in html
        assert "Skip to the content" not in html


def test_what_people_type_is_text_not_markup():
    page = next(page for page in PAGES if page.name == "patients")
    hit = {"id": "p1", "name": "<b>Zoë</b> \u202e\"'&", "birth_date": page.context("fr")["hits"][0]["birth_date"]}
    html = ENVIRONMENT.get_template(page.template).render(base_context("fr", page) | {"query": "</script>", "hits": [hit]})
    assert "<b>Zoë" not in html
    assert "</script>\"" not in html
    assert "&lt;b&gt;Zoë" in html
