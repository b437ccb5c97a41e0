"""What surrounds every request: headers, CSRF, origin, size limits, uniform errors, roles."""

import io
import re

import pytest

from app.access.policy import POLICY
from app.actor import Role
from app.application import build
from app.settings import Settings
from app.web import middleware
from app.web.limits import RateLimit
from app.web.routes import ROUTES
from app.web.routing import Audience
from tests.app.front_door import PASSWORD

SECURITY_HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
                    "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy")


@pytest.fixture
async def client(front, aiohttp_client):
    return await aiohttp_client(build(front.settings, front.db))


async def token(client, path="/sign-in") -> str:
    page = await (await client.get(path)).text()
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


OF_FILES = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Cross-Origin-Resource-Policy")


async def test_static_files_carry_the_security_headers_that_concern_them(client):
    page = await (await client.get("/sign-in")).text()
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page)[:3]:
        answer = await client.get(path)
        assert answer.status == 200
        for name in OF_FILES:
            assert name in answer.headers, f"{path} lacks {name}"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/no-such-page", "/queue", "/l/guessed", "/visit/waiting"])
async def test_every_answer_carries_the_security_headers(client, path):
    answer = await client.get(path, allow_redirects=False)
    for name in SECURITY_HEADERS:
        assert name in answer.headers, f"{path} lacks {name}"
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"


async def test_https_sites_get_hsts_and_host_cookies(front, aiohttp_client):
    secure = Settings(_env_file=None, data_dir=front.settings.data_dir, base_url="https://clinic.example")
    client = await aiohttp_client(build(secure, front.db))
    answer = await client.get("/sign-in")
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
    cookie = next(c for c in answer.headers.getall("Set-Cookie") if "csrf" in c)
    assert cookie.startswith("__Host-csrf=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=Lax"):
        assert part in cookie


async def test_a_form_without_or_with_a_foreign_token_is_refused(client):
    good = await token(client)
    for wrong in ("", "x", good[:-1] + ("0" if good[-1] != "0" else "1"), "f" * len(good)):
        answer = await client.post("/sign-in", data={"csrf_token": wrong, "email": "a@b.example", "password": "x"})
        assert answer.status == 403
    accepted = await client.post("/sign-in", data={"csrf_token": good, "email": "a@b.example", "password": "x"})
    assert accepted.status != 403


async def test_another_browser_s_token_is_refused(front, aiohttp_client):
    app = build(front.settings, front.db)
    first, second = await aiohttp_client(app), await aiohttp_client(build(front.settings, front.db))
    await token(second)
    stolen = await token(first)
    answer = await second.post("/sign-in", data={"csrf_token": stolen, "email": "a@b.example", "password": "x"})
    assert answer.status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://colloque.test.evil.example"])
async def test_a_post_from_another_site_is_refused(client, origin):
    data = {"csrf_token": await token(client), "email": "a@b.example", "password": "x"}
    answer = await client.post("/sign-in", data=data, headers={"Origin": origin})
    assert answer.status == 403


async def test_tokens_differ_from_page_to_page_so_that_compression_leaks_nothing(client):
    assert await token(client) != await token(client)


@pytest.mark.parametrize("path", ["/sign-in", "/l/guessed"])
async def test_a_ten_megabyte_form_is_refused_before_it_is_parsed(client, path):
    body = io.BytesIO(f"csrf_token={await token(client)}&email=".encode() + b"x" * 10_000_000)
    answer = await client.post(path, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 413
    assert "x" * 100 not in await answer.text()


async def test_json_in_place_of_a_form_is_a_clear_refusal(client):
    answer = await client.post("/sign-in", json={"email": 1}, headers={"X-CSRF-Token": await token(client)})
    assert answer.status == 422


async def test_nul_bytes_change_nothing(client):
    data = {"csrf_token": await token(client), "email": "a\x00b@c.example", "password": "x"}
    assert (await client.post("/sign-in", data=data)).status == 422


async def test_errors_reveal_nothing(client, monkeypatch):
    async def explode(request):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(middleware, "role_may", lambda *_: True)
    answer = await client.get("/l/" + "x" * 500)
    body = await answer.text()
    assert "Traceback" not in body
    assert "secret detail" not in body


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_unknown_pages_speak_the_browser_s_language(client, lang):
    answer = await client.get("/nowhere", headers={"Accept-Language": lang})
    page = await answer.text()
    assert answer.status == 404
    assert f'<html lang="{lang}"' in page


def test_each_route_is_public_by_choice_or_names_an_action():
    public = {r.name for r in ROUTES if r.audience is Audience.PUBLIC}
    assert public <= {"calendar-feed", "home", "health", "metrics", "design", "mailbox", "sign-in", "sign-in-code", "sign-out",
                      "public-times", "public-details",  # anybody books a motif that is open to the public
                      "guest-entrance", "guest-ended",  # by the secret of a link, and a page without data
                      "link", "link-code", "link-gone"} | {r.name for r in ROUTES if r.path.startswith("/l/")}
    for route in ROUTES:
        if route.audience is not Audience.PUBLIC:
            assert route.action is not None, f"{route.method} {route.path} has no action"
            assert route.action in POLICY


async def test_pages_of_other_roles_are_refused_and_traced(front, browser):
    browser = browser()
    await browser.get("/sign-in")
    await browser.post("/sign-in", email="scheduler@clinic.example", password=PASSWORD)
    await browser.follow()
    await browser.post("/sign-in/code", code=front.totp())
    await browser.follow()
    for path in ("/queue", f"/visits/{front.visit_id}", f"/visits/{front.visit_id}/note", "/audit"):
        await browser.get(path)
        assert browser.status == 403, path
    refused = front.db.read_sync(front.patient(), lambda tx: _refusals(tx))
    assert len(refused) >= 4


def _refusals(tx):
    from app import audit
    return [e for e in audit.search(tx, outcome="refused") if e.role == Role.SCHEDULER.value]


async def test_metrics_are_for_this_machine_alone(client):
    assert (await client.get("/metrics")).status == 200
    assert (await client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})).status == 404


def test_a_rate_limit_counts_in_a_window_and_says_how_long_to_wait():
    limit = RateLimit(2, 60)
    limit.hit("a")
    limit.hit("a")
    limit.hit("b")
    with pytest.raises(Exception) as refused:
        limit.hit("a")
    assert 0 < refused.value.seconds <= 60
