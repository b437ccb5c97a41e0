import re
from pathlib import Path

import pytest

from app.settings import Settings, UnsafeSettings

SAFE = {"mode": "production", "base_url": "https://clinic.example", "kek_file": "site.kek", "smtp_host": "mail"}


def test_production_starts_with_safe_settings():
    assert Settings(_env_file=None, **SAFE).refuse_unsafe_production().secure


@pytest.mark.parametrize(("change", "word"), [
    ({"base_url": "http://clinic.example"}, "https://"),
    ({"kek_file": None}, "keys new"),
    ({"kek_file": "var/keys/demo.kek"}, "demo key"),
    ({"smtp_host": ""}, "SMTP"),
])
def test_production_refuses_and_says_what_to_do(change, word):
    with pytest.raises(UnsafeSettings, match=word):
        Settings(_env_file=None, **(SAFE | change)).refuse_unsafe_production()


def test_every_setting_is_documented():
    text = Path("docs/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        line = next((x for x in text.splitlines() if f"`COLLOQUE_{name.upper()}`" in x), None)
        assert line, f"docs/settings.md does not name {name}"
        assert field.description in line
    documented = set(re.findall(r"^\| `COLLOQUE_(\w+)`", text, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}
