"""Every text of the product has its French, with the same placeholders and French typography."""

import re

import pytest

from app import audit, i18n
from app.access.policy import Action
from app.web.admin import MEANINGS
from scripts import catalogue

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
FRENCH_TEXTS = [m for m in catalogue.french() if m.id]


def strings(message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string]


def test_every_text_has_its_french():
    assert len(catalogue.texts()) > 500
    assert catalogue.missing(catalogue.french()) == [], "run scripts/catalogue.py and translate what it lists"


def test_the_catalogue_holds_nothing_else():
    known = {text if isinstance(text, str) else text[0] for text in catalogue.texts()}
    assert {m.id if isinstance(m.id, str) else m.id[0] for m in FRENCH_TEXTS} <= known, "run scripts/catalogue.py"


def test_the_extraction_sees_errors_tables_and_templates():
    texts = catalogue.texts()
    assert "This page does not exist or is not for you." in texts  # a default of an error class
    assert "Opened your record" in texts  # a table of meanings
    assert ("One person before you.", "%(num)s people before you.") in texts  # a plural of a template


@pytest.mark.parametrize("message", FRENCH_TEXTS, ids=lambda m: str(m.id)[:40])
def test_placeholders_survive(message):
    wanted = set(PLACEHOLDER.findall(message.id if isinstance(message.id, str) else " ".join(message.id)))
    for string in strings(message):
        assert set(PLACEHOLDER.findall(string)) <= wanted
    assert set(PLACEHOLDER.findall(" ".join(strings(message)))) == wanted


def test_french_typography():
    for message in FRENCH_TEXTS:
        for string in strings(message):
            assert not re.search(r"(?<=\S) [;:!?»]|« |'", string), f"space or apostrophe: {string}"
            assert not re.search(r"[A-Za-zéèà][;!?]", string), f"no space before: {string}"
            assert not re.search(r"(?:\)s|\}|\d) (?:min|ans?|minutes|jours|secondes)\b", string), f"a unit may wrap: {string}"


def test_the_product_speaks_french():
    said = i18n.translator("fr").gettext("Waiting room")
    assert said == "Salle d’attente", "compile the catalogue: make setup"
    assert i18n.translator("en").gettext("Waiting room") == "Waiting room"


def test_whatever_can_be_written_into_the_trail_has_words():
    sources = "".join(path.read_text() for path in (catalogue.ROOT / "app").rglob("*.py"))
    written = set(re.findall(r'audit\.record\(\w+, "([a-z:-]+)"', sources)) | {audit.FAULT, audit.ACKNOWLEDGED}
    assert len(written) > 10
    assert set(MEANINGS) == written | set(Action)
