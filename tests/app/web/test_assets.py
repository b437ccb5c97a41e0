"""Static files and compression: each form with its own tag, cached for ever, nothing outside, no secret compressed."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from app.application import build
from app.web import assets
from app.web.assets import takes_gzip
from app.web.rendering import ROOT, release
from tests.app.front_door import PASSWORD

STATIC = ROOT / "static"


@pytest.fixture
async def client(front, aiohttp_client):
    return await aiohttp_client(build(front.settings, front.db), auto_decompress=False)


async def ask(client, path, encoding="gzip", **headers):
    answer = await client.get(f"/static/{release()}/{path}", headers={"Accept-Encoding": encoding} | headers)
    return answer, await answer.read()


async def test_a_sheet_comes_packed_to_who_takes_it_and_plain_to_who_does_not(client):
    plain = (STATIC / "css/base.css").read_bytes()
    packed, body = await ask(client, "css/base.css")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 2
    bare, body = await ask(client, "css/base.css", "identity")
    assert "Content-Encoding" not in bare.headers
    assert body == plain
    for answer in (packed, bare):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert packed.headers["ETag"] != bare.headers["ETag"], "two representations, two tags"


async def test_who_has_it_already_gets_no_body_and_who_has_the_other_form_does(client):
    answer, _ = await ask(client, "icons.svg")
    tag = answer.headers["ETag"]
    again, body = await ask(client, "icons.svg", **{"If-None-Match": tag})
    assert (again.status, body) == (304, b"")
    assert again.headers["ETag"] == tag
    other, body = await ask(client, "icons.svg", "identity", **{"If-None-Match": tag})
    assert other.status == 200
    assert body == (STATIC / "icons.svg").read_bytes()


async def test_faces_are_sent_as_they_are(client):
    answer, body = await ask(client, "fonts/hyperlegible-latin.woff2")
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Type"] == "font/woff2"
    assert body == (STATIC / "fonts/hyperlegible-latin.woff2").read_bytes()


async def test_every_file_is_there_under_its_name(client):
    for path in (p.relative_to(STATIC).as_posix() for p in STATIC.rglob("*") if p.is_file()):
        answer, _ = await ask(client, path)
        assert answer.status == 200, path


@pytest.mark.parametrize("path", ["nothing.css", "../app/settings.py", "%2e%2e/pyproject.toml", "css/", "css", "/etc/passwd",
                                  "css/base.css/", "css\\base.css", "\x00"])
async def test_nothing_else_is_there(client, path):
    answer, body = await ask(client, path, "identity")
    assert answer.status == 404
    assert b"colloque" not in body.lower() or b"<!doctype html>" in body


async def test_a_page_is_packed_and_its_token_differs_each_time(client):
    tokens = set()
    for _ in range(3):
        answer = await client.get("/sign-in", headers={"Accept-Encoding": "gzip"})
        page = gzip.decompress(await answer.read()).decode()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        tokens.add(page.partition('name="csrf_token" value="')[2][:48])
    assert len(tokens) == 3


async def test_answers_to_forms_are_not_compressed(client):
    page = gzip.decompress(await (await client.get("/sign-in", headers={"Accept-Encoding": "gzip"})).read()).decode()
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = await client.post("/sign-in", data={"csrf_token": token, "email": "doctor@clinic.example", "password": PASSWORD[:-1]},
                               headers={"Accept-Encoding": "gzip"})
    assert answer.status == 422
    assert "Content-Encoding" not in answer.headers


async def test_a_download_is_left_alone_and_so_is_a_short_answer(client):
    answer = await client.get("/health", headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert "Content-Encoding" not in answer.headers


class Asked:
    def __init__(self, value):
        self.headers = CIMultiDict({"Accept-Encoding": value} if value is not None else {})


@pytest.mark.parametrize(("value", "takes"), [
    ("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.000, br", False), ("gzip;q=0.001", True),
    ("deflate, br", False), ("x-gzip", False), ("", False), (None, False), ("*", False), (" gzip ", True)])
def test_what_a_browser_takes(value, takes):
    assert takes_gzip(Asked(value)) is takes


@given(st.text(max_size=60))
def test_any_header_has_an_answer(value):
    assert takes_gzip(Asked(value)) in (True, False)


def test_what_compression_does_not_shrink_is_kept_plain(tmp_path):
    (tmp_path / "tiny.js").write_bytes(b"0")
    assert assets.load(tmp_path)["tiny.js"].packed is None
    assert isinstance(assets.load(STATIC)["css/base.css"].packed, bytes)
