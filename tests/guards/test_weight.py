"""Patient pages are light: a first visit, everything included, stays under 100 kB over the wire."""

from bench import weight


def test_patient_pages_are_light():
    measured = weight.run([])
    heavy = {name: page["wire_bytes"] for name, page in measured["pages"].items()
             if page["wire_bytes"] >= weight.LIMIT_BYTES}
    assert len(measured["pages"]) > 20
    assert heavy == {}


def test_everything_a_page_loads_is_weighed():
    parts = weight.run(["patient/call.html"])["pages"]["call.fr"]["parts"]
    assert {"html", "icons.svg", "css/call.css", "fonts/hyperlegible-latin.woff2", "js/call/session.js"} <= set(parts)
