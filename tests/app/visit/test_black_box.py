"""The call's black box: whose link each second of trouble was."""

import pytest
from prometheus_client import REGISTRY

from app.web.black_box import BlackBox


class Box:
    """A black box with a clock of its own, and what it noted."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.noted: list[tuple[str, str]] = []
        self.box = BlackBox(self._note, lambda: self.now_s)
        self._before = {key: _counted(*key) for key in KEYS}

    async def _note(self, visit_id: str, role: str) -> None:
        self.noted.append((visit_id, role))

    async def hear(self, role: str, level: str, after_s: float = 0, **more: bool) -> None:
        self.now_s += after_s
        await self.box.hear("v1", role, role, level, **more)

    def seconds(self) -> dict[tuple[str, str], float]:
        """Since this box was made."""
        found = {key: round(_counted(*key) - self._before[key], 3) for key in KEYS}
        return {key: seconds for key, seconds in found.items() if seconds}


KEYS = [(cause, level) for cause in ("patient", "doctor", "interpreter", "relay", "server") for level in ("weak", "lost")]


def _counted(cause: str, level: str) -> float:
    return REGISTRY.get_sample_value("colloque_call_trouble_seconds_total", {"cause": cause, "level": level}) or 0.0


@pytest.fixture
def box() -> Box:
    return Box()


async def test_seconds_are_counted_for_whose_link_it_was(box: Box) -> None:
    await box.hear("patient", "good")
    await box.hear("patient", "weak", 60)
    await box.hear("doctor", "weak", 4)
    await box.hear("patient", "lost", 3)
    await box.hear("patient", "good", 2)
    await box.hear("doctor", "good", 1)
    assert box.seconds() == {("patient", "weak"): 7, ("patient", "lost"): 2, ("doctor", "weak"): 6}
    assert box.noted == [], "short ones are not worth a line"


async def test_a_relay_or_a_late_server_is_not_blamed_on_the_participant(box: Box) -> None:
    await box.hear("patient", "weak", relayed=True)
    await box.hear("patient", "good", 5)
    box.box.server_is("media-1", late=True)
    await box.hear("doctor", "weak")
    await box.hear("doctor", "good", 3)
    box.box.server_is("media-1", late=False)
    await box.hear("doctor", "weak")
    await box.hear("doctor", "good", 2)
    assert box.seconds() == {("relay", "weak"): 5, ("server", "weak"): 3, ("doctor", "weak"): 2}


async def test_what_was_weak_for_long_is_noted_once_it_is_good_again_but_not_of_guests(box: Box) -> None:
    await box.hear("patient", "weak")
    await box.hear("patient", "lost", 8)
    await box.hear("patient", "weak", 30)
    assert box.noted == []
    await box.hear("patient", "good", 3)
    await box.hear("interpreter", "weak")
    await box.hear("interpreter", "good", 20)
    assert box.noted == [("v1", "patient")]
    await box.hear("patient", "weak", 5)
    await box.hear("patient", "good", 5)
    assert box.noted == [("v1", "patient")]


async def test_silence_is_heard_from_the_node_and_a_reload_is_none(box: Box) -> None:
    media = box.box.media_is
    await media("v1", "patient", "patient", "unheard", "silent")
    box.now_s += 3
    await media("v1", "patient", "patient", "lost", "silent")
    box.now_s += 1
    await media("v1", "patient", "patient", "connecting", "")
    box.now_s += 1
    await media("v1", "patient", "patient", "connected", "")
    await media("v1", "doctor", "doctor", "lost", "remote")
    box.now_s += 9
    await media("v1", "doctor", "doctor", "connected", "")
    assert box.seconds() == {("patient", "lost"): 5}


async def test_nothing_is_kept_of_who_left(box: Box) -> None:
    await box.hear("patient", "weak")
    box.now_s += 2
    await box.box.media_is("v1", "patient", "patient", "left", "")
    assert box.seconds() == {("patient", "weak"): 2}
    assert not box.box._links
