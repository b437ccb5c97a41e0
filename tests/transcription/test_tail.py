"""One stream as the worker follows it, without Whisper: order, ends, refusals, claims."""

import shutil
from types import SimpleNamespace

import pytest

from tests.transcription.support import Tap, packets
from transcription import position
from transcription.hearing import LIVE_MS, most_urgent
from transcription.protocol import Segment
from transcription.recognizer import Recognition
from transcription.stream import Cut
from transcription.tail import Claimed, Tail
from transcription.watch import SpoolWatch

KEY = bytes(range(32))


def loud(block) -> float:
    """A detector good enough for clean studio speech."""
    return 1.0 if abs(block).max() > 0.02 else 0.0


@pytest.fixture
def tap(tmp_path):
    return Tap(tmp_path, KEY, "fr")


def follow(tap) -> Tail:
    tail = Tail(tap.writer.path)
    tail.unlock(KEY, lambda: loud)
    return tail


def read_all(tail: Tail) -> None:
    before = None
    while before != (len(tail.waiting), tail.ended, tail._expected_seq):
        before = (len(tail.waiting), tail.ended, tail._expected_seq)
        tail.read()


def segment(cut: Cut) -> Segment:
    return Segment(visit_id="v1", stream_id="s1", participant_id="p1", role="patient", first_seq=cut.first_seq,
                   last_seq=cut.last_seq, start_at_ms=cut.start_at_ms, end_at_ms=cut.end_at_ms, text="Oui.", language="fr",
                   avg_logprob=-0.2, no_speech_prob=0.0, compression_ratio=1.0, low_confidence=False)  # fmt: skip


def test_a_stream_is_drained_when_all_it_said_is_stored(tap):
    tap.say(packets("fr-patient"))
    tap.writer.close("closed")
    tail = follow(tap)
    read_all(tail)
    assert tail.ended == "closed"
    assert len(tail.waiting) >= 3
    while tail.waiting:
        assert not tail.drained
        cut = tail.waiting.popleft().cut
        tail.announce(cut, segment(cut))
        assert not tail.drained
        tail.acked(cut.last_seq)
    assert tail.drained
    tail.done()
    assert position.load(tap.writer.path).done


def test_announced_and_unacknowledged_cuts_are_on_disk_first(tap):
    tap.say(packets("fr-patient"))
    tail = follow(tap)
    read_all(tail)
    first, second = tail.waiting[0].cut, tail.waiting[1].cut
    tail.announce(first, segment(first))
    tail.announce(second, segment(second))
    assert position.load(tap.writer.path).cuts == [first, second]
    tail.acked(first.last_seq)
    saved = position.load(tap.writer.path)
    assert (saved.acked, saved.cuts) == (first.last_seq, [second])
    tail.close()
    again = follow(tap)
    read_all(again)
    assert again.waiting[0].cut == second
    tap.writer.close("closed")
    again.close()


def test_a_pause_offers_a_guess_until_somebody_speaks_again_or_the_end_is_certain(tap):
    """The whole recording, frame by frame: each utterance that ends was offered before, with the very same place."""
    tail, offered, certain = follow(tap), [], []
    for packet in packets("fr-patient"):
        tap.say([packet])
        tail.read()
        if tail.early and tail.early.cut not in offered:
            offered.append(tail.early.cut)
            assert tail.unheard
            tail.guess(tail.early.cut, Recognition("Oui.", 0.0, 0.0, 1.0, low_confidence=False))
            assert not tail.unheard
        while tail.waiting:
            assert tail.early is None
            certain.append(tail.waiting.popleft().cut)
            assert tail.guessed(certain[-1]).text == "Oui."
    assert len(certain) >= 3
    assert set(certain) <= set(offered)
    assert tail.guessed(offered[0]) is None, "only the latest guess is kept"
    tap.writer.close("closed")
    tail.close()


def test_two_workers_do_not_follow_one_stream(tap):
    tail = Tail(tap.writer.path)
    with pytest.raises(Claimed):
        Tail(tap.writer.path)
    tail.close()
    Tail(tap.writer.path).close()
    tap.writer.close("closed")


def test_another_visits_key_opens_nothing_and_says_so_once(tap):
    tap.say(packets("fr-patient")[:200])
    tap.writer.close("closed")
    tail = Tail(tap.writer.path)
    tail.unlock(bytes(32), lambda: loud)
    read_all(tail)
    assert [(refused.sequence, refused.reason) for refused in tail.refused] == [(0, "altered")]
    assert not tail.waiting
    tail.close()


def test_a_removed_frame_is_reported(tap):
    spoken = packets("fr-patient")[:100]
    tap.say(spoken[:50])
    tap.writer._sequence += 1  # as if a frame had been cut out of the file
    tap.say(spoken[50:])
    tap.writer.close("closed")
    tail = follow(tap)
    read_all(tail)
    assert [(refused.sequence, refused.reason) for refused in tail.refused] == [(50, "missing")]
    assert tail.ended == "closed"
    tail.close()


def test_what_opens_but_is_no_opus_is_reported_and_passed_over(tap):
    tap.say(packets("fr-patient")[:10])
    tap.say([b"\xff\xff\xff"])
    tap.say(packets("fr-patient")[10:200])
    tap.writer.close("closed")
    tail = follow(tap)
    read_all(tail)
    assert [(refused.sequence, refused.reason) for refused in tail.refused] == [(10, "undecodable")]
    assert tail.waiting
    tail.close()


def speaking(path: str, *ends_ms: int):
    return SimpleNamespace(path=path, waiting=[SimpleNamespace(cut=Cut(0, 1, 0, end)) for end in ends_ms])


def test_live_speech_goes_before_an_outages_backlog_and_streams_keep_their_order():
    now = 10_000_000
    old, older = speaking("a", now - LIVE_MS - 500), speaking("b", now - LIVE_MS - 9_000, now - 100)
    live, livelier = speaking("c", now - 900), speaking("d", now - 300)
    assert most_urgent([old, older, livelier, live], now) is live
    assert most_urgent([old, older], now) is older, "its newest utterance waits behind its oldest"
    assert most_urgent([speaking("e")], now) is None


def test_the_watch_sees_each_stream_once_and_soon(tmp_path):
    watch = SpoolWatch(tmp_path / "spool")
    assert watch.new(0) == []
    tap = Tap(tmp_path / "spool", KEY, "fr")
    watch._scanned_s = 0
    assert watch.new(0) == [tap.writer.path]
    watch._scanned_s = 0
    assert watch.new(0) == []
    second = Tap(tmp_path / "spool", KEY, "fr", stream_id="s2")
    watch.nudge(second.writer.path)
    assert watch.new(60) == [], "a busy worker lets an idle one go first"
    assert watch.new(0) == [second.writer.path]
    shutil.rmtree(tmp_path / "spool" / "v1")
    watch._scanned_s = 0
    assert watch.new(0) == []
    watch.nudge(tmp_path / "spool" / "v1" / "s3.sealed")
    assert watch.new(0) == []
    tap.writer.close("closed")
    second.writer.close("closed")
