"""One visit in two real browsers whose media nodes run on other machines, through what can happen to those."""

import base64
import time

import pytest

from tests.app.machines.conftest import KEY, Machine
from tests.nats import nats_server
from tests.trips import people, recovery
from tests.trips.conftest import browser_speaking, open_sockets, running_house
from tests.trips.test_bad_luck import BACK_WITHIN_S, flows

PEERS = "() => window.peers.length"


def connected(house, times: int, within_s: float = 60) -> None:
    """Wait until media nodes connected so many times to the clinic's web, since it began."""
    until_s = time.monotonic() + within_s
    while house.log_path.read_text().count("media node connected") < times:
        assert time.monotonic() < until_s, house.log_path.read_text()[-4000:]
        time.sleep(0.1)


def is_at(far: Machine, house) -> bool:
    """Whether the call's media go through the other machine: who carries a call has more sockets open."""
    return open_sockets(far.children("media")[0]) > open_sockets(house.children("media")[0])


@pytest.fixture
def visit(playwright, tmp_path):
    """(house, NATS server, doctor's page, patient's page) of a running visit; the clinic has one media node itself."""
    key = tmp_path / "machines.key"
    key.write_text(base64.b64encode(KEY).decode())
    key.chmod(0o600)
    with nats_server(tmp_path / "nats") as nats, running_house(
            tmp_path / "house", COLLOQUE_TRANSCRIPTION_WORKERS="0", COLLOQUE_MEDIA_NODES="1",
            COLLOQUE_NATS_URL=nats.url, COLLOQUE_MACHINES_KEY_FILE=str(key)) as house, \
            browser_speaking(playwright, None) as staff_browser, browser_speaking(playwright, None) as patient_browser:
        patient = people.context(patient_browser, house, "fr", phone=True).new_page()
        doctor = people.context(staff_browser, house, "fr").new_page()
        recovery.begin(house, patient, doctor)
        flows(doctor)
        flows(patient)
        yield house, nats, doctor, patient


def test_a_visit_moves_between_machines_by_itself(visit, tmp_path):
    house, nats, doctor, patient = visit
    far = Machine(tmp_path / "far", nats, "media")
    far.start()
    try:
        connected(house, 2)

        # the clinic's node dies: the call goes to the other machine
        recovery.mark(doctor, patient)
        house.kill("media")
        for page in (doctor, patient):
            took = recovery.times_back(page)
            print(took)
            assert took["picture_ms"] < BACK_WITHIN_S * 1_000, took
        connected(house, 3)  # it was started again
        assert is_at(far, house)

        # web dies, which knows nothing when it is back, and then the server between the machines: the call stays there
        house.kill("web")
        for page in (doctor, patient):
            page.wait_for_selector("[data-key=socket]", timeout=10_000)
        for page in (doctor, patient):
            page.wait_for_selector("[data-key=socket]", state="detached", timeout=90_000)
        connected(house, 5)
        for page in (doctor, patient):
            flows(page)
        assert is_at(far, house)
        peers = [page.evaluate(PEERS) for page in (doctor, patient)]
        nats.kill()
        for page in (doctor, patient):
            page.wait_for_timeout(4_000)
            flows(page, 1)
        nats.start()
        connected(house, 6)  # the far one, once more
        assert [page.evaluate(PEERS) for page in (doctor, patient)] == peers, "nobody joined again"
        assert is_at(far, house)

        # the other machine dies as a whole: the call comes back to the clinic's
        recovery.mark(doctor, patient)
        far.kill()
        for page in (doctor, patient):
            took = recovery.times_back(page)
            print(took)
            assert took["picture_ms"] < BACK_WITHIN_S * 1_000, took
    finally:
        far.kill()
