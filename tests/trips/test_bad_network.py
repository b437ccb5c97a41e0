"""A visit through a bad network: speech stays whole at 150 kbit/s, half a minute without any ends nothing, and neither does another address."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from bench import network
from tests import wan


@pytest.mark.skipif(not wan.permitted(), reason="namespaces and TUN devices are for root")
def test_speech_survives_what_a_network_does(playwright: Playwright, tmp_path: Path) -> None:
    found = network.measure(playwright, tmp_path, ["150 kbit/s", "loss 5 %"], outage_s=30)
    for name in ("150 kbit/s", "loss 5 %"):
        for who in ("patient", "doctor"):
            seen = found[name][who]
            assert seen["made_up"] < 0.08, (name, who, seen)  # Opus hides less than that from who listens
            assert seen["gap_ms"] < 600, (name, who, seen)
    for name, result in found.items():
        assert result["back"]["sound_ms"] is not None, (name, result)
        assert result["back"]["picture_ms"] is not None, (name, result)
    told = found["nothing for 30 s"]["says"]
    assert "interrupted" in told["patient"], told
    assert "patient" in told["doctor"], told
