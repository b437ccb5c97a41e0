"""How long a call is interrupted, seen from inside the page: used by the trip through bad luck and by `bench recovery`."""

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.trips import people
from tests.trips.conftest import House

# Peer connections are numbered as they are made; each notes when it was connected and when its first picture showed.
WATCH = """(() => {
  const Native = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      super(configuration);
      const mine = { madeMs: performance.now(), connectedMs: null, pictureMs: null };
      window.peers.push(mine);
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") mine.connectedMs ??= performance.now();
      });
      this.addEventListener("track", () => {
        const video = document.querySelector("#remote");
        const shown = () => video.requestVideoFrameCallback((at) => {
          const newest = mine === window.peers.at(-1) && mine.connectedMs !== null;
          if (newest) mine.pictureMs ??= at;
          else if (mine === window.peers.at(-1)) shown();
        });
        if (video) shown();
      });
    }
  };
})()"""
MARK = "([ms, peer]) => { window.markedMs = ms ?? performance.now(); window.markedPeers = peer ?? window.peers.length; }"
BACK = "() => window.peers.slice(window.markedPeers).some((p) => p.pictureMs !== null)"
STANDS = "() => ({ call: document.body.dataset.call, bands: document.querySelector('#bands').textContent, markedMs, peers })"
TIMES = """() => {
  const back = window.peers.slice(window.markedPeers).find((p) => p.pictureMs !== null);
  return { noticed_ms: back.madeMs - markedMs, connected_ms: back.connectedMs - markedMs,
           picture_ms: back.pictureMs - markedMs };
}"""


def begin(house: House, patient: Page, doctor: Page, *, transcription: bool = False) -> None:
    """The seeded visit begins, watched from both pages: the patient agrees and waits, the doctor lets them in."""
    for page in (patient, doctor):
        page.add_init_script(WATCH)
    people.open_link(patient, house, house.facts["patient_link"], house.facts["patient"]["email"])
    patient.goto("/visit/consent")
    people.consent(patient, transcription=transcription)
    people.sign_in(doctor, house, "doctor")
    doctor.goto(f"/visits/{house.facts['visit_id']}")
    doctor.locator("#admit button").click()
    patient.wait_for_url("**/visit/call")


def mark(*pages: Page, from_ms: float | None = None, from_peer: int | None = None) -> None:
    """Something is about to break; or broke at another moment of the pages, before another of their connections."""
    for page in pages:
        page.evaluate(MARK, [from_ms, from_peer])


def times_back(page: Page, within_s: float = 30) -> dict[str, float]:
    """Wait until a new connection shows the other's picture; when it was made, connected and seen, from the mark on."""
    try:
        page.wait_for_function(BACK, timeout=within_s * 1_000)
    except PlaywrightTimeout:
        raise AssertionError(f"not back: {page.evaluate(STANDS)}") from None
    return page.evaluate(TIMES)
