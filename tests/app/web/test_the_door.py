"""Who knocks: addresses behind proxies, limits for networks, other sites' pages, bodies that are no forms or never end."""

import asyncio
import gzip
import re
import tracemalloc
import zlib

import pytest

from app.application import build
from app.errors import LimitReached
from app.settings import Settings
from app.web import forms, links
from app.web.limits import RateLimit, household


@pytest.fixture
def database_url(sqlite_url):
    """Nothing here depends on the engine: SQLite alone."""
    return sqlite_url


@pytest.fixture
def opened(front, aiohttp_client):
    """Opens the house with other settings."""
    async def open_with(**changes):
        settings = Settings(_env_file=None, data_dir=front.settings.data_dir, **changes)
        return await aiohttp_client(build(settings, front.db))
    return open_with


async def tries_until_limited(client, headers_of) -> int:
    for number in range(links.OPENINGS.times + 5):
        answer = await client.get("/l/guessed", headers=headers_of(number))
        if answer.status == 429:
            return number
    return -1


@pytest.mark.parametrize(("proxies", "headers", "limited"), [
    (0, lambda n: {"X-Forwarded-For": f"192.0.2.{n}"}, True),               # no proxy: whoever says so lies
    (1, lambda n: {"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.1"}, True),  # what the browser said comes before ours
    (1, lambda n: {"X-Forwarded-For": f"198.51.100.{n}"}, False),
    (2, lambda n: {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"}, False),
    (1, lambda n: {"X-Forwarded-For": f"2001:db8::{n:x}"}, True),            # one household, many addresses
    (1, lambda n: {"X-Forwarded-For": f"2001:db8:0:{n:x}::1"}, False),
    (1, lambda n: {"X-Forwarded-For": f"not-an-address-{n}"}, True),
])
async def test_limits_count_whom_the_trusted_proxy_saw(opened, proxies: int, headers, limited: bool) -> None:
    client = await opened(trusted_proxies=proxies, base_url="http://colloque.test")
    reached = await tries_until_limited(client, headers)
    assert reached == (links.OPENINGS.times if limited else -1)


async def test_a_header_line_of_the_proxy_counts_after_one_of_the_browser(opened) -> None:
    client = await opened(trusted_proxies=1, base_url="http://colloque.test")

    def lines(n):
        return [("X-Forwarded-For", f"192.0.2.{n}"), ("X-Forwarded-For", "198.51.100.1")]
    assert await tries_until_limited(client, lines) == links.OPENINGS.times


@pytest.mark.parametrize(("address", "counted_as"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("", ""), ("unix socket", "unix socket"),
])
def test_an_address_counts_as_its_household(address: str, counted_as: str) -> None:
    assert household(address) == counted_as


def test_a_limit_is_for_the_household() -> None:
    limit = RateLimit(1, 60)
    limit.hit(household("2001:db8::1"))
    limit.hit(household("2001:db8:0:1::1"))
    with pytest.raises(LimitReached):
        limit.hit(household("2001:db8::2"))


async def form(client, path: str = "/sign-in", **headers: str) -> dict[str, str]:
    page = await (await client.get(path, headers=headers)).text()
    return {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1], "email": "a@b.example", "password": "x"}


async def test_over_https_a_host_header_makes_no_origin_ours(opened) -> None:
    client = await opened(base_url="https://clinic.example")
    for host, origin, status in (("evil.example", "http://evil.example", 403), ("evil.example", "https://evil.example", 403),
                                 ("clinic.example", "https://clinic.example", 422)):
        answer = await client.get("/sign-in", headers={"Host": host})
        token = re.search(r'name="csrf_token" value="([^"]+)"', await answer.text())[1]
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        answer = await client.post("/sign-in", data={"csrf_token": token, "email": "a@b.example", "password": "x"},
                                   headers={"Host": host, "Origin": origin, "Cookie": cookie})
        assert answer.status == status, (host, origin)


async def test_no_address_is_made_from_a_host_header(front, opened) -> None:
    client = await opened(base_url="http://colloque.test")
    for path in ("/", "/queue", "/sign-in", "/l/guessed", "/nowhere"):
        answer = await client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
                                  allow_redirects=False)
        assert "evil.example" not in await answer.text()
        assert "evil.example" not in str(answer.headers)


async def test_a_form_with_a_file_is_refused_and_nothing_of_it_is_kept(opened, tmp_path, monkeypatch) -> None:
    client = await opened(base_url="http://colloque.test")
    fields = await form(client)
    monkeypatch.setattr("tempfile.TemporaryFile", None)  # writing one would be a failure of ours
    body = b"".join(b"--x\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % (k.encode(), v.encode())
                    for k, v in fields.items())
    body += b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nKanarienvogel\r\n--x--\r\n"
    answer = await client.post("/sign-in", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 422


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_small_body_that_unfolds_to_a_huge_one_is_refused(opened, coding: str) -> None:
    client = await opened(base_url="http://colloque.test")
    fields = await form(client)
    plain = f"csrf_token={fields['csrf_token']}&email=".encode() + b"x" * 60_000_000
    packed = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    assert len(packed) < 100_000
    tracemalloc.start()
    answer = await client.post("/sign-in", data=packed, headers={
        "Content-Encoding": coding, "Content-Type": "application/x-www-form-urlencoded"})
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status == 413
    assert peak_bytes < 10_000_000, "it was never unfolded"


async def test_a_body_that_never_ends_is_let_go(opened, monkeypatch) -> None:
    monkeypatch.setattr(forms, "FORM_TIME_S", 0.3)
    client = await opened(base_url="http://colloque.test")
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    writer.write(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                 b"Content-Length: 1000\r\n\r\nemail=")
    async with asyncio.timeout(10):
        status = await reader.readline()
        assert status.startswith(b"HTTP/1.1 408")
    writer.close()
    assert (await client.post("/sign-in", data=await form(client))).status == 422, "others are served"


async def test_software_and_version_are_not_told(opened) -> None:
    client = await opened(base_url="http://colloque.test")
    for path in ("/", "/nowhere", "/static/nothing.css", "/health"):
        assert (await client.get(path)).headers["Server"] == "Colloque"
