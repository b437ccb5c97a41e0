"""The worker as a process of its own: real Whisper, real spool, real socket; killed, refused, forgotten."""

import itertools
import os
import signal

import jiwer
import pytest

from tests.transcription.support import FakeWeb, Tap, packets, truth, worker
from transcription.protocol import RECORD_LENGTH
from transcription.worker import FULL_S, YIELD_S, Worker, visits_at


@pytest.fixture
def hub(tmp_path):
    return FakeWeb(tmp_path)


def words(text: str) -> str:
    clean = "".join(c if c.isalnum() or c == "'" else " " for c in text.lower().replace("’", "'"))
    return " ".join(clean.split())


def error_rate(heard: str, name: str) -> float:
    return jiwer.wer(words(" ".join(turn["text"] for turn in truth(name)["turns"])), words(heard))


@pytest.mark.parametrize(("name", "limit"), [("fr-patient", 0.25), ("en-patient", 0.15)])
async def test_speech_becomes_segments_with_their_times_and_frames(tmp_path, hub, name, limit):
    tap = Tap(tmp_path / "spool", hub.visit(), truth(name)["language"])
    tap.say(packets(name))
    tap.writer.close("closed")
    async with hub.serving(), worker(hub.socket_path, tmp_path) as process:
        await hub.until(lambda: hub.done)
    assert process.returncode == 0
    assert error_rate(hub.text(), name) < limit, hub.text()
    segments = sorted(hub.segments.values(), key=lambda s: s.first_seq)
    assert hub.done[0].reason == "closed"
    for one, other in itertools.pairwise(segments):
        assert one.last_seq < other.first_seq
        assert one.end_at_ms <= other.start_at_ms
    first = truth(name)["turns"][0]
    assert abs(segments[0].start_at_ms - tap.started_at_ms - 1_000 * first["start"]) < 250
    assert segments[0].first_seq * 20 <= 1_000 * first["start"] < segments[0].last_seq * 20
    assert (segments[0].role, segments[0].language) == ("patient", truth(name)["language"])


async def test_captions_come_while_the_stream_is_still_open(tmp_path, hub):
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.hellos)
        tap = Tap(tmp_path / "spool", hub.visit(), "fr")
        await tap.say_live(packets("fr-patient")[:250])
        await hub.until(lambda: hub.segments, seconds=60)
        assert not hub.done
        tap.writer.close("withdrawn")
        await hub.until(lambda: hub.done, seconds=60)
        assert hub.done[0].reason == "withdrawn"


async def test_a_killed_worker_loses_and_repeats_nothing(tmp_path, hub):
    """Killed -9 after a segment was stored, and again before its acknowledgement could be noted."""
    spoken = packets("fr-patient")
    tap = Tap(tmp_path / "spool", hub.visit(), "fr")
    tap.say(spoken[:650])
    async with hub.serving():
        async with worker(hub.socket_path, tmp_path) as process:
            await hub.until(lambda: hub.segments)
            process.kill()
            assert await process.wait() == -signal.SIGKILL
        tap.say(spoken[650:])
        tap.writer.close("closed")
        async with worker(hub.socket_path, tmp_path):
            await hub.until(lambda: hub.done)
    assert error_rate(hub.text(), "fr-patient") < 0.25, hub.text()
    ends = sorted((s.first_seq, s.last_seq) for s in hub.segments.values())
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ends)), ends


async def killed_before_it_was_acknowledged(tmp_path, hub, store: bool):
    """The segments that a worker told to a web process which then died, and what another worker tells to the next."""
    tap = Tap(tmp_path / "spool", hub.visit(), "fr")
    tap.say(packets("fr-patient")[:650])
    told = []

    async def never(segment):
        told.append(segment)
        if store:
            await FakeWeb.on_segment(hub, segment)
        await hub._note()
        raise RuntimeError("the web process died before it could acknowledge")

    hub.on_segment = never
    async with hub.serving(), worker(hub.socket_path, tmp_path) as process:
        await hub.until(lambda: told)
        process.kill()
        await process.wait()
    del hub.on_segment
    hub.announced.clear()
    tap.writer.close("closed")
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.done)
    return {segment.first_seq: segment for segment in told}


async def test_a_segment_that_was_not_stored_comes_again_under_the_same_numbers(tmp_path, hub):
    for first_seq, segment in (await killed_before_it_was_acknowledged(tmp_path, hub, store=False)).items():
        (again,) = [s for s in hub.announced if s.first_seq == first_seq]
        assert (again.last_seq, again.start_at_ms) == (segment.last_seq, segment.start_at_ms)
        # Cut out anew at whole frames, a few milliseconds differ: Whisper may spell a name otherwise.
        assert jiwer.wer(words(segment.text), words(again.text)) < 0.3


async def test_a_segment_that_was_stored_is_not_told_again_though_nobody_said_so(tmp_path, hub):
    stored = await killed_before_it_was_acknowledged(tmp_path, hub, store=True)
    assert min(segment.first_seq for segment in hub.announced) > max(s.last_seq for s in stored.values())


async def test_it_waits_for_a_web_process_and_survives_its_restart(tmp_path, hub):
    tap = Tap(tmp_path / "spool", hub.visit(), "fr")
    tap.say(packets("fr-patient")[:200])
    async with worker(hub.socket_path, tmp_path):
        async with hub.serving():
            await hub.until(lambda: hub.hellos)
        tap.say(packets("fr-patient")[200:])
        tap.writer.close("closed")
        async with hub.serving():
            await hub.until(lambda: hub.done)
    assert len(hub.hellos) == 2
    assert error_rate(hub.text(), "fr-patient") < 0.25


async def test_a_stream_whose_tap_was_killed_ends_as_lost(tmp_path, hub):
    tap = Tap(tmp_path / "spool", hub.visit(), "en")
    tap.say(packets("en-patient")[:300])
    os.close(tap.writer._descriptor)  # what the kernel does to a killed process
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.done)
    assert hub.done[0].reason == "lost"
    assert "weird symptoms" in hub.text()


async def test_an_altered_frame_is_refused_reported_once_and_survived(tmp_path, hub):
    tap = Tap(tmp_path / "spool", hub.visit(), "en")
    tap.say(packets("en-patient")[:700])
    tap.writer.close("closed")
    content = bytearray(tap.writer.path.read_bytes())
    at = content.index(b"\n") + 1
    for _ in range(600):
        at += RECORD_LENGTH.size + RECORD_LENGTH.unpack_from(content, at)[0]
    for _ in range(3):
        content[at + RECORD_LENGTH.size + 20] ^= 1
        at += RECORD_LENGTH.size + RECORD_LENGTH.unpack_from(content, at)[0]
    tap.writer.path.write_bytes(content)
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.done)
    assert [(r.stream_id, r.sequence, r.reason) for r in hub.refused] == [("s1", 600, "altered")]
    assert "weird symptoms" in hub.text()


@pytest.mark.parametrize(("rtf", "visits"), [(0.087, 4), (0.03, 12), (0.4, 1), (9.0, 1), (0.0, 370)])
def test_how_fast_the_machine_is_sets_how_many_visits_a_worker_takes_on(rtf, visits):
    assert visits_at(rtf) == visits


async def test_a_worker_says_how_fast_it_is_and_what_it_takes_on(tmp_path, hub):
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.hellos)
    (hello,) = hub.hellos
    assert 0.005 < hello.self_measure_rtf < 5
    assert abs(hello.visits - visits_at(hello.self_measure_rtf)) <= 1  # told rounded


async def test_who_follows_as_many_visits_as_it_can_leaves_new_ones_to_others_for_a_while(tmp_path):
    class Slow:
        def measure(self) -> float:
            return 0.15

    followed = Worker(tmp_path / "spool", tmp_path / "worker.key", Slow(), "slow")
    patience = [followed._patience_s()]
    for n in range(3):
        tap = Tap(tmp_path / "spool", bytes(32), "fr", visit_id=f"v{n}", stream_id=f"s{n}")
        tap.writer.close("closed")
        followed._claim(tap.writer.path)
        patience.append(followed._patience_s())
    assert visits_at(0.15) == 2
    assert patience == pytest.approx([0, YIELD_S, 2 * YIELD_S + FULL_S, 3 * YIELD_S + FULL_S])
    for path in list(followed._tails):
        followed._drop(path)


async def test_a_destroyed_key_means_no_text_and_no_deletion(tmp_path, hub):
    tap = Tap(tmp_path / "spool", os.urandom(32), "en", visit_id="gone")
    tap.say(packets("en-patient"))
    tap.writer.close("closed")
    other = Tap(tmp_path / "spool", hub.visit("v2"), "fr", visit_id="v2", stream_id="s2")
    other.say(packets("fr-patient")[:250])
    other.writer.close("closed")
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.done)
    assert {s.stream_id for s in hub.segments.values()} == {"s2"}
    assert tap.writer.path.exists()


async def test_a_forgotten_visit_is_not_spoken_of_any_more(tmp_path, hub):
    tap = Tap(tmp_path / "spool", hub.visit(), "en")
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.hellos)
        tap.say(packets("en-patient")[:800])
        await hub.until(lambda: hub.segments)
        await hub.links[0].forget("v1")
        other = Tap(tmp_path / "spool", hub.visit("v2"), "fr", visit_id="v2", stream_id="s2")
        tap.say(packets("en-patient")[800:])
        other.say(packets("fr-patient")[:250])
        other.writer.close("closed")
        await hub.until(lambda: hub.done)
    assert [done.stream_id for done in hub.done] == ["s2"]
    assert "pins and needles" not in hub.text("s1")
    tap.writer.close("closed")


async def test_nothing_said_is_on_disk_or_in_the_log(tmp_path, hub, capfd):
    tap = Tap(tmp_path / "spool", hub.visit(), "en")
    tap.say(packets("en-patient"))
    tap.writer.close("closed")
    async with hub.serving(), worker(hub.socket_path, tmp_path):
        await hub.until(lambda: hub.done)
    assert "needles" in hub.text()
    printed = "".join(capfd.readouterr())
    assert "needles" not in printed
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"needles" not in path.read_bytes()
            assert hub.keys["v1"] not in path.read_bytes()
