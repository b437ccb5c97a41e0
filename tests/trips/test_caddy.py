"""The house as a site runs it: real Caddy with the repository's Caddyfile before it, real coturn with its configuration beside it."""

import json
import re
import secrets
import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.caddy import CADDYFILE, caddy
from tests.coturn import Relay, coturn
from tests.trips import people
from tests.trips.conftest import browser_speaking, free_port, running_house


def test_the_caddyfile_is_valid():
    done = subprocess.run(["caddy", "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def curl(address: str, root: Path, *more: str) -> str:
    done = subprocess.run(["curl", "-s", "--cacert", str(root), "-D", "-", "-o", "/dev/null", *more, address],
                          capture_output=True, text=True, check=True, timeout=20)
    return done.stdout


SOME_PACKETS = 100  # more than looking for a way takes
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"


def test_a_visit_through_caddy_and_a_relay(playwright, tmp_path):
    port = free_port()
    base = f"https://localhost:{port}"
    relay = Relay(free_port(), free_port(), secrets.token_urlsafe(24), tmp_path / "coturn.log")
    settings = {"COLLOQUE_BASE_URL": base, "COLLOQUE_TRUSTED_PROXIES": "1", "COLLOQUE_TURN_URLS": ",".join(relay.urls),
                "COLLOQUE_TURN_SECRET": relay.secret}
    certificate = tmp_path / "caddy" / "certificates" / "local" / "localhost" / "localhost.crt"
    with running_house(tmp_path / "house", **settings) as house, \
            caddy(tmp_path, port, f"127.0.0.1:{house.env['COLLOQUE_PORT']}") as root, \
            coturn(tmp_path, relay, certificate, certificate.with_suffix(".key")):
        head = curl(f"{base}/sign-in", root, "--compressed")
        assert head.startswith("HTTP/2 200"), head
        for header in ("strict-transport-security: max-age=63072000", "content-security-policy", "content-encoding: ",
                       "set-cookie: __Host-csrf="):
            assert header in head, head
        assert "\nserver:" not in head

        with browser_speaking(playwright, None, "--ignore-certificate-errors") as browser:
            house.base_url = base
            doctor = people.context(browser, house, "en").new_page()
            people.sign_in(doctor, house, "doctor")
            doctor.goto("/queue")
            expect(doctor.locator("a.q").first).to_be_visible()
            sheet = doctor.locator("link[rel=stylesheet]").first.get_attribute("href")
        with browser_speaking(playwright, None, "--ignore-certificate-errors", NO_UDP) as browser:
            patient = people.context(browser, house, "en", phone=True).new_page()
            people.open_link(patient, house, house.facts["patient_link"], house.facts["patient"]["email"])
            people.test_device(patient)
        tested = {name for name, packets in relay.carried().items() if packets > SOME_PACKETS}
        assert len(tested) == 1, "a browser without UDP takes the relay"
        assert re.search(r"cache-control: public, max-age=31536000, immutable", curl(f"{base}{sheet}", root))

        house.env["SSL_CERT_FILE"] = str(root)
        report = json.loads(house.colloque("rehearse", "--base-url", base, "--lang", "en", "--seconds", "20", "--relay",
                                           "--json", timeout_s=240))
        assert {line["speaker"] for line in report["transcript"]} == {"doctor", "patient"}
        assert report["first_media_ms"] > 0
        assert report["complete"], "words were still being written down"
        names = {name for name, packets in relay.carried().items() if packets > SOME_PACKETS}
        assert len(names - tested) == 2, "doctor and patient of the rehearsal, each with a credential of their own"
        assert report["relays"] == {"doctor": relay.urls[0], "patient": relay.urls[-1]}
