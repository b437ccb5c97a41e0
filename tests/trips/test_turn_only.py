"""A patient whose router lets out nothing but TLS to the TURN server; and one whose router comes to that in the middle of a visit."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from bench import network
from tests import nat, wan
from tests.coturn import Relay, coturn
from tests.trips.conftest import free_port

TOLD_MS, BACK_MS = 3_000, 6_000


@pytest.mark.skipif(not nat.permitted(), reason="routers are for root")
def test_only_tls_to_the_relay_gets_out(playwright: Playwright, tmp_path: Path) -> None:
    relay = Relay(free_port(), free_port(), secrets.token_urlsafe(24), tmp_path / "coturn.log", nat.RELAY, wan.SERVER)
    rules = {name: text.format(port=relay.port, tls_port=relay.tls_port) for name, text in network.WAYS.items()}

    @contextmanager
    def closed(namespace: str) -> Iterator[str]:
        with nat.behind(namespace) as inside:
            nat.let_through(namespace, rules["TURN over TLS"])
            yield inside

    with nat.address(nat.RELAY), coturn(tmp_path, relay, *nat.certificate(tmp_path, nat.RELAY)), network.visit(
            playwright, tmp_path / "house", closed, COLLOQUE_TURN_URLS=",".join(relay.urls),
            COLLOQUE_TURN_SECRET=relay.secret) as (first, _, pages):
        assert network.way(pages["patient"]) == "relay tls"
        assert None not in network.back(pages, time.monotonic()).values(), "both are seen and heard"

        # the router is an ordinary one; then it lets everything in, and nothing out: the patient goes on seeing the doctor
        network.direct_again(first, pages)
        assert network.way(pages["patient"]).endswith("udp")
        time.sleep(2)
        began_s, began_at_s = time.monotonic(), time.time()
        nat.let_through(first.namespace, rules["in, not out"])
        time.sleep(network.STOPPED_S)
        returned = network.back(pages, began_s)
        for who, page in pages.items():
            told_ms = network.told_ms(page, began_at_s)
            assert told_ms is not None, (who, page.evaluate("() => window.told"))
            assert told_ms < TOLD_MS, (who, told_ms, page.evaluate("() => window.told"))
        assert all(ms is not None and ms < BACK_MS for ms in returned.values()), returned
        assert network.way(pages["patient"]) == "relay tls"
        print(returned, {who: network.told_ms(page, began_at_s) for who, page in pages.items()})
