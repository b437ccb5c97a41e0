"""Any bytes where a browser sends text: answered without a failure of ours, on every route, over a real socket."""

import asyncio
import random

import pytest
from structlog.testing import capture_logs

from app.application import build
from app.web.routes import ROUTES

ROUNDS = 250
AWKWARD = [b"%ff%fe", b"%ed%a0%80", b"%00", b"%0d%0aSet-Cookie:%20x=1", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"%F0%9F%91%A9",
           b"\xff\xfe", b"\xed\xa0\x80", b"a" * 2000, b"%25%32%35", b"{{7*7}}", b"<script>", b"'\"--", b"%e2%80%ae", b"-1", b"9" * 40]
CONTENT_TYPES = [b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded; charset=nonsense",
                 b"application/x-www-form-urlencoded; charset=utf-16", b"multipart/form-data; boundary=x",
                 b"multipart/form-data", b"application/json", b"text/plain; charset=\xff", b"", b"\xff/\xfe"]


@pytest.fixture
async def client(front, aiohttp_client):
    return await aiohttp_client(build(front.settings, front.db))


async def answer(client, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(client.server.host, client.server.port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def awkward(dice: random.Random) -> bytes:
    return dice.choice(AWKWARD) if dice.random() < 0.7 else bytes(dice.choice(range(33, 256)) for _ in range(6))


def in_address(dice: random.Random) -> bytes:
    """Text of an address: the parser itself refuses bytes beyond ASCII there."""
    text = bytes(c for c in awkward(dice) if 33 <= c < 127 and c not in b"#/?&")
    return text if dice.random() < 0.2 or not text.startswith((b"%ff", b"%ed")) else b"x"


def request(dice: random.Random) -> bytes:
    route, held = dice.choice(ROUTES), in_address if dice.random() < 0.8 else awkward
    path = route.path.encode()
    while b"{" in path:
        before, _, rest = path.partition(b"{")
        path = before + in_address(dice) + rest.partition(b"}")[2]
    query = b"&".join(name + b"=" + in_address(dice) for name in (b"next", b"lang", b"on", b"before", in_address(dice)))
    body = b"&".join(name + b"=" + awkward(dice) for name in (b"csrf_token", b"email", b"code", awkward(dice)))
    headers = [b"Host: " + dice.choice([b"colloque.test", b"evil.example", held(dice)]), b"Connection: close",
               b"Cookie: " + b"; ".join(name + b"=" + held(dice) for name in (b"colloque-csrf", b"colloque-staff", b"colloque-visit")),
               b"User-Agent: " + held(dice), b"Accept-Language: " + held(dice), b"X-CSRF-Token: " + held(dice),
               b"X-Forwarded-For: " + held(dice), b"Content-Type: " + dice.choice(CONTENT_TYPES[:-3] if held is in_address else CONTENT_TYPES)]
    if dice.random() < 0.3:
        headers += [b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: " + held(dice)]
    body = body if route.method == "POST" else b""
    headers.append(b"Content-Length: %d" % len(body))
    return route.method.encode() + b" " + path + b"?" + query + b" HTTP/1.1\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + body


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_bytes_make_a_failure_of_ours(client) -> None:
    dice = random.Random(20261125)
    statuses: set[bytes] = set()
    with capture_logs() as events:
        for _ in range(ROUNDS):
            sent = request(dice)
            status = (await answer(client, sent))[9:12]
            statuses.add(status)
            assert status[:1] in (b"2", b"3", b"4"), (status, sent)
    assert not [e for e in events if e["log_level"] == "error"]
    assert {b"200", b"303", b"401", b"403", b"404", b"422"} <= statuses


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("header", [b"Cookie: colloque-staff=\xff", b"Cookie: colloque-csrf=\xed\xa0\x80", b"User-Agent: \xff"])
async def test_headers_that_are_no_text_are_told_so(client, header: bytes) -> None:
    said = await answer(client, b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 422")
    assert b"Content-Security-Policy" in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_answer_a_request_whatever_its_length_says(client) -> None:
    """Request smuggling: lengths that contradict each other get one refusal, never a second answer."""
    hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    for lengths in (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"Content-Length: 4\r\nContent-Length: 70",
                    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: xchunked",
                    b"Content-Length: +4", b"Content-Length: 4,4", b"Transfer-Encoding: chunked\r\n : x"):
        said = await answer(client, b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\n\r\n0\r\n\r\n" + hidden)
        assert said[9:12] == b"400", lengths
        assert said.count(b"HTTP/1.") == 1, lengths
