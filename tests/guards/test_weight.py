"""Patient pages are light: a first visit, everything included, stays under 100 kB over the wire.

Measured on a socket, straight from our own server and, where it is installed, through real Caddy.
"""

import pytest

from bench import weight
from tests.caddy import INSTALLED

THROUGH = ["web", "caddy"] if INSTALLED else ["web"]


@pytest.fixture(scope="module", params=THROUGH)
def measured(request):
    return weight.run(["--caddy"] if request.param == "caddy" else [])


def test_patient_pages_are_light(measured):
    heavy = {name: page["wire_bytes"] for name, page in measured["pages"].items()
             if page["wire_bytes"] >= weight.LIMIT_BYTES}
    assert len(measured["pages"]) > 20
    assert heavy == {}


def test_text_is_compressed_and_everything_a_page_loads_is_weighed(measured):
    page = measured["pages"]["call.fr"]
    assert {"html", "icons.svg", "css/call.css", "fonts/hyperlegible-latin.woff2", "js/call/session.js"} <= set(page["parts"])
    face = page["parts"]["fonts/hyperlegible-latin.woff2"]
    assert page["wire_bytes"] - face < (page["plain_bytes"] - face) * 2 / 3
