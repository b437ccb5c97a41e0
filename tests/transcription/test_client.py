"""The web process's end of the worker's channel, over a real WebSocket: what breaks the protocol closes it."""

import asyncio
import base64
import json

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transcription.support import FakeWeb
from transcription.protocol import MAX_MESSAGE_BYTES, ProtocolError, parse_from_worker, parse_to_worker
from transcription.sealing import new_node_keypair, open_key, open_words

SEGMENT = {
    "type": "segment", "visit_id": "v1", "stream_id": "s1", "participant_id": "p1", "role": "doctor", "first_seq": 1,
    "last_seq": 9, "start_at_ms": 20, "end_at_ms": 200, "text": "Bonjour.", "language": "fr", "avg_logprob": -0.3,
    "no_speech_prob": 0.1, "compression_ratio": 1.0, "low_confidence": False,
}  # fmt: skip


@pytest.fixture
async def hub(tmp_path):
    async with FakeWeb(tmp_path).serving() as serving:
        yield serving


@pytest.fixture
async def connect(hub):
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(hub.socket_path))) as session:
        yield lambda: session.ws_connect("http://control/worker")


def hello(public: bytes, **changes) -> dict:
    key = base64.b64encode(public).decode()
    return {"type": "hello", "role": "worker", "version": 1, "node": "w1", "public_key": key, "model": "base",
            "self_measure_rtf": 0.1, **changes}  # fmt: skip


async def closing(socket: aiohttp.ClientWebSocketResponse) -> int:
    async with asyncio.timeout(5):
        async for _ in socket:
            pass
    return socket.close_code


def test_what_was_said_is_kept_nowhere():
    """pydantic hands out the same short string again from a cache of its own, for as long as the process runs."""
    one, other = (parse_from_worker(json.dumps(SEGMENT)) for _ in range(2))
    assert one.text == other.text
    assert one.text is not other.text


async def test_a_segment_is_acknowledged_after_it_was_stored(hub, connect):
    async with connect() as socket:
        await socket.send_json(hello(new_node_keypair()[1]))
        await socket.send_json(SEGMENT)
        assert await socket.receive_json(timeout=5) == {"type": "ack", "stream_id": "s1", "last_seq": 9}
        assert hub.segments["s1", 1].text == "Bonjour."
        await socket.send_json({"type": "stream_done", "visit_id": "v1", "stream_id": "s1", "reason": "withdrawn"})
        assert await socket.receive_json(timeout=5) == {"type": "stream_done_ack", "stream_id": "s1"}
        assert hub.done[0].reason == "withdrawn"


async def test_a_segment_that_could_not_be_stored_is_not_acknowledged(hub, connect):
    async def full(segment):
        raise OSError("disk full")

    hub.on_segment = full
    async with connect() as socket:
        await socket.send_json(hello(new_node_keypair()[1]))
        await socket.send_json(SEGMENT)
        answer = await socket.receive(timeout=5)
        assert answer.type is not aiohttp.WSMsgType.TEXT


async def test_a_key_reaches_only_the_worker_that_asked(hub, connect):
    key, hub.words = hub.visit("v1"), ["périndopril"]
    private, public = new_node_keypair()
    async with connect() as socket:
        await socket.send_json(hello(public))
        await socket.send_json({"type": "key_wanted", "visit_id": "v1", "stream_id": "s1"})
        answer = await socket.receive_json(timeout=5)
        assert open_key(private, base64.b64decode(answer["sealed"]), visit_id="v1") == key
        assert open_words(private, base64.b64decode(answer["words"]), visit_id="v1") == ["périndopril"]
        await socket.send_json({"type": "key_wanted", "visit_id": "destroyed", "stream_id": "s1"})
        assert await socket.receive_json(timeout=5) == {"type": "key_gone", "visit_id": "destroyed"}


async def test_what_is_being_said_is_passed_on_and_needs_no_answer(hub, connect):
    async with connect() as socket:
        await socket.send_json(hello(new_node_keypair()[1]))
        await socket.send_json({"type": "interim", "visit_id": "v1", "stream_id": "s1", "role": "patient",
                                "start_at_ms": 5, "text": "J'ai mal"})
        await socket.send_json(SEGMENT)
        assert (await socket.receive_json(timeout=5))["type"] == "ack"
    assert [interim.text for interim in hub.interims] == ["J'ai mal"]


async def test_nudge_and_forget_reach_the_worker(hub, connect):
    async with connect() as socket:
        await socket.send_json(hello(new_node_keypair()[1]))
        await hub.until(lambda: hub.hellos)
        await hub.links[0].nudge("v1", "s1")
        await hub.links[0].forget("v1")
        assert await socket.receive_json(timeout=5) == {"type": "stream", "visit_id": "v1", "stream_id": "s1"}
        assert await socket.receive_json(timeout=5) == {"type": "forget", "visit_id": "v1"}


@pytest.mark.parametrize("first", [
    SEGMENT, {"type": "key_wanted", "visit_id": "v1", "stream_id": "s1"}, {"type": "hello"}, {}, [], "x",
    hello(bytes(31)), hello(bytes(32), role="media"), hello(bytes(32), version=2), hello(bytes(32), extra=1),
    {**hello(bytes(32)), "public_key": "no base64!"}, {"type": "ack", "stream_id": "s1", "last_seq": 1},
])  # fmt: skip
async def test_a_wrong_beginning_closes_the_connection(hub, connect, first):
    async with connect() as socket:
        await socket.send_json(first)
        assert await closing(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert not hub.segments


@pytest.mark.parametrize("change", [
    {"visit_id": "../v1"}, {"text": ""}, {"text": "x" * 4_001}, {"text": None}, {"first_seq": -1}, {"first_seq": 1.5},
    {"doubts": [[0]]}, {"doubts": [[0, -1]]}, {"doubts": [[0, 1]] * 501}, {"last_seq": 2**60}, {"start_at_ms": "0"}, {"language": "klingon"}, {"low_confidence": 1}, {"more": 1},
])  # fmt: skip
async def test_a_malformed_segment_is_neither_stored_nor_acknowledged(hub, connect, change):
    async with connect() as socket:
        await socket.send_json(hello(new_node_keypair()[1]))
        await socket.send_json({**SEGMENT, **change})
        assert await closing(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert not hub.segments


async def test_binary_and_oversized_messages_close_the_connection(hub, connect):
    async with connect() as socket:
        await socket.send_bytes(b"\0\1")
        assert await closing(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION
    async with connect() as socket:
        await socket.send_str(" " * (MAX_MESSAGE_BYTES + 1))
        assert await closing(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))  # fmt: skip
def test_any_json_is_a_message_or_a_protocol_error(value):
    for parse in (parse_from_worker, parse_to_worker):
        with pytest.raises(ProtocolError):
            parse(json.dumps(value))


def test_a_refusal_never_repeats_what_was_said():
    with pytest.raises(ProtocolError) as caught:
        parse_from_worker(json.dumps({**SEGMENT, "text": "secret" * 1_000}))
    assert "secret" not in str(caught.value)
    assert caught.value.code == "bad-message"
    assert caught.value.__cause__ is None


def test_the_web_side_loads_neither_torch_nor_whisper():
    import subprocess
    import sys

    code = ("import sys, transcription.client, transcription.spool, transcription.stream, transcription.tail;"
            "print([m for m in ('torch', 'whisper', 'silero_vad') if m in sys.modules])")  # fmt: skip
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
