import re
from pathlib import Path

import pytest

from app.settings import Settings, UnsafeSettings

SAFE = {"mode": "production", "base_url": "https://clinic.example", "kek_file": "site.kek", "smtp_host": "mail",
        "trusted_proxies": 1}


def test_production_starts_with_safe_settings():
    assert Settings(_env_file=None, **SAFE).refuse_unsafe_production().secure


@pytest.mark.parametrize(("change", "word"), [
    ({"base_url": "http://clinic.example"}, "https://"),
    ({"kek_file": None}, "keys new"),
    ({"kek_file": "var/keys/demo.kek"}, "demo key"),
    ({"smtp_host": ""}, "SMTP"),
    ({"turn_urls": "turn:relay.example"}, "TURN_SECRET"),
    ({"trusted_proxies": 0}, "limits and audit trail"),
])
def test_production_refuses_and_says_what_to_do(change, word):
    with pytest.raises(UnsafeSettings, match=word):
        Settings(_env_file=None, **(SAFE | change)).refuse_unsafe_production()


def test_the_demo_key_under_another_name_is_still_the_demo_key(tmp_path):
    (tmp_path / "keys").mkdir()
    for name in ("keys/demo.kek", "site.kek"):
        (tmp_path / name).write_text("AAAA\n")
    with pytest.raises(UnsafeSettings, match="demo key"):
        Settings(_env_file=None, **(SAFE | {"data_dir": tmp_path, "kek_file": tmp_path / "site.kek"})).refuse_unsafe_production()


@pytest.mark.parametrize("base_url", ["https://clinic.example/visits", "clinic.example", "ftp://clinic.example", "https://",
                                      "https://clinic.example?x", "https://user@clinic.example", "javascript:alert(1)"])
def test_what_is_no_origin_is_refused(base_url):
    with pytest.raises(ValueError, match="origin such as"):
        Settings(_env_file=None, base_url=base_url)


@pytest.mark.parametrize(("typed", "kept"), [("https://Clinic.Example/", "https://clinic.example"),
                                            ("http://localhost:8080", "http://localhost:8080")])
def test_an_origin_is_kept_as_browsers_send_it(typed, kept):
    assert Settings(_env_file=None, base_url=typed).base_url == kept


@pytest.mark.parametrize("urls", ["relay.example", "turn://relay.example", "turn:relay.example?transport=tls", "stun:relay.example",
                                  "turn:relay.example, http://relay.example", "turn:"])
def test_a_relay_that_browsers_would_choke_on_is_refused(urls):
    with pytest.raises(ValueError, match="COLLOQUE_TURN_URLS"):
        Settings(_env_file=None, turn_urls=urls)


def test_relays_are_kept_in_their_order():
    urls = "turn:[2001:db8::7]:3478?transport=udp , turns:relay.example:443?transport=tcp,turn:203.0.113.7"
    assert Settings(_env_file=None, turn_urls=urls).turn_servers == [url.strip() for url in urls.split(",")]


@pytest.mark.parametrize("url", ["stun.example", "stun://stun.example", "turn:stun.example", "stun:", "stun:a.example,stun:b.example",
                                 "stun:stun.example?transport=udp"])
def test_a_reflector_that_browsers_would_choke_on_is_refused_at_the_start(url, monkeypatch):
    monkeypatch.setenv("COLLOQUE_STUN_URL", url)
    with pytest.raises(ValueError, match=r"COLLOQUE_STUN_URL.*such as stun:"):
        Settings(_env_file=None)


@pytest.mark.parametrize("url", ["", "stun:stun.example", "stuns:stun.example:5349", "stun:[2001:db8::7]:3478", "stun:203.0.113.7"])
def test_a_reflector_is_taken(url):
    assert Settings(_env_file=None, stun_url=url).stun_url == url


def test_every_setting_is_documented():
    text = Path("docs/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        line = next((x for x in text.splitlines() if f"`COLLOQUE_{name.upper()}`" in x), None)
        assert line, f"docs/settings.md does not name {name}"
        assert field.description in line
    documented = set(re.findall(r"^\| `COLLOQUE_(\w+)`", text, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def test_machines_need_a_server_and_a_key_between_them(tmp_path):
    with pytest.raises(ValueError, match="COLLOQUE_NATS_URL"):
        Settings(machine="speech", _env_file=None)
    with pytest.raises(ValueError, match="COLLOQUE_MACHINES_KEY_FILE"):
        Settings(nats_url="tls://nats.example:4222", _env_file=None)
    key = tmp_path / "machines.key"
    speech = {"mode": "production", "machine": "speech", "machines_key_file": key, "_env_file": None}
    with pytest.raises(UnsafeSettings, match="tls"):
        Settings(nats_url="nats://u:p@nats.example:4222", **speech).refuse_unsafe_production()
    for url in ("tls://u:p@nats.example:4222", "nats://127.0.0.1:4222"):
        Settings(nats_url=url, **speech).refuse_unsafe_production()  # needs no site of its own
