import numpy as np
import pytest

from transcription import position
from transcription.sealing import Frame
from transcription.segmentation import Segmenter
from transcription.stream import Cut, Position, SpeechStream

START_MS = 1_760_000_000_000
PACKET_SAMPLES = 320


class Loudness:
    """A packet is one byte: its loudness. Nothing of Opus matters to the bookkeeping."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def decode(self, opus: bytes) -> np.ndarray:
        self.calls.append(("decode", opus[0]))
        return np.full(PACKET_SAMPLES, opus[0] / 255, np.float32)

    def conceal(self, opus: bytes, missing: int) -> np.ndarray:
        self.calls.append(("conceal", missing))
        return np.full(missing, opus[0] / 255, np.float32)


def stream(at: Position | None = None) -> SpeechStream:
    return SpeechStream(Loudness(), Segmenter(lambda block: float(abs(block).max())), at or Position())


def frames(*parts: tuple[int, int], first: int = 0, at_ms: int = START_MS) -> list[Frame]:
    """(how many packets, how loud) one after the other."""
    loudness = [loud for count, loud in parts for _ in range(count)]
    return [Frame(first + n, at_ms + 20 * n, bytes([loud])) for n, loud in enumerate(loudness)]


def hear(machine: SpeechStream, heard: list[Frame]):
    return [spoken for frame in heard for spoken in machine.push(frame)]


TWO = frames((50, 1), (60, 250), (50, 1), (40, 250), (50, 1))


def test_an_utterance_knows_its_frames_and_instants():
    one, other = hear(stream(), TWO)
    assert one.cut.start_at_ms == pytest.approx(START_MS + 1_000, abs=32)
    assert one.cut.end_at_ms == pytest.approx(START_MS + 2_200, abs=32)
    assert 50 - 17 <= one.cut.first_seq <= 50
    assert 110 <= one.cut.last_seq <= 110 + 17
    assert one.cut.last_seq < other.cut.first_seq
    assert other.cut.start_at_ms == pytest.approx(START_MS + 3_200, abs=32)


def test_a_guess_has_the_place_that_the_utterance_will_have():
    machine = stream()
    hear(machine, TWO[:110])
    assert machine.early() is None
    hear(machine, TWO[110:125])
    guess = machine.early()
    (certain,) = hear(machine, TWO[125:160])
    assert guess.cut == certain.cut
    assert np.array_equal(guess.samples, certain.samples)
    assert machine.early() is None


def test_missing_audio_is_silence_and_times_stay_right():
    """A mute of one minute between two words: two utterances, the second at its own time, and no minute of zeros."""
    machine = stream()
    spoken = hear(machine, frames((30, 1), (50, 250)))
    spoken += hear(machine, frames((50, 250), (50, 1), first=80, at_ms=START_MS + 60_000))
    one, other = spoken
    assert one.cut.end_at_ms == pytest.approx(START_MS + 1_600, abs=40)
    assert other.cut.start_at_ms == pytest.approx(START_MS + 60_000, abs=40)
    assert other.cut.first_seq == 80
    assert len(other.samples) < 3 * 16_000


def test_one_lost_packet_does_not_move_what_follows():
    heard = [frame for frame in frames((30, 1), (60, 250), (50, 1)) if frame.sequence != 60]
    (one,) = hear(stream(), heard)
    assert one.cut.end_at_ms == pytest.approx(START_MS + 1_800, abs=32)


def test_a_few_lost_packets_are_made_up_for_and_a_pause_is_not():
    decoder = Loudness()
    machine = SpeechStream(decoder, Segmenter(lambda block: float(abs(block).max())), Position())
    lost = {*range(60, 63), *range(80, 100)}
    (one,) = hear(machine, [frame for frame in frames((30, 1), (90, 250), (50, 1)) if frame.sequence not in lost])
    assert [missing for call, missing in decoder.calls if call == "conceal"] == [3 * PACKET_SAMPLES]
    assert decoder.calls.index(("conceal", 3 * PACKET_SAMPLES)) == 60, "before the packet that came next"
    silent = int((one.samples == 0).sum())
    assert silent == 20 * PACKET_SAMPLES, "the pause alone"
    again = hear(stream(Position(acked=-1, cuts=[one.cut])), [
        frame for frame in frames((30, 1), (90, 250), (50, 1)) if frame.sequence not in lost])
    assert abs(len(again[0].samples) - len(one.samples)) <= 2 * PACKET_SAMPLES, "made again with its gaps"


def test_a_clock_that_jumps_back_is_followed():
    machine = stream()
    hear(machine, frames((20, 1), (10, 1)))
    (one,) = hear(machine, frames((50, 250), (50, 1), first=30, at_ms=START_MS - 5_000))
    assert one.cut.start_at_ms == pytest.approx(START_MS - 5_000, abs=32)


def test_a_pause_without_packets_ends_the_utterance():
    machine = stream()
    assert hear(machine, frames((30, 1), (50, 250))) == []
    assert machine.speaking
    (one,) = machine.pause()
    assert one.cut.last_seq == 79
    assert not machine.speaking


def test_an_empty_stream_ends_quietly():
    machine = stream()
    assert machine.pause() == []
    assert machine.finish() == []


def test_resuming_repeats_nothing_and_loses_nothing():
    whole = [spoken.cut for spoken in hear(stream(), TWO)]
    resumed = hear(stream(Position(acked=whole[0].last_seq)), TWO)
    assert len(resumed) == 1
    assert resumed[0].cut.first_seq > whole[0].last_seq
    assert resumed[0].cut.start_at_ms == pytest.approx(whole[1].start_at_ms, abs=32)


def test_announced_cuts_are_made_again_exactly():
    one, other = hear(stream(), TWO)
    again = hear(stream(Position(acked=-1, cuts=[one.cut])), TWO)
    assert next(spoken.cut for spoken in again) == one.cut
    assert again[1].cut.start_at_ms == pytest.approx(other.cut.start_at_ms, abs=32)
    assert len(again) == 2
    assert abs(len(again[0].samples) - len(one.samples)) <= 2 * PACKET_SAMPLES
    assert again[0].samples.max() == one.samples.max()


def test_a_decoder_that_joins_in_the_middle_hears_a_little_before():
    decoder = Loudness()
    machine = SpeechStream(decoder, Segmenter(lambda block: 0.0), Position(acked=99))
    hear(machine, frames((150, 1)))
    assert 50 < len(decoder.calls) <= 60


def test_a_position_lasts_and_a_damaged_one_means_the_beginning(tmp_path):
    path = tmp_path / "s1.sealed"
    saved = Position(41, [Cut(42, 90, START_MS, START_MS + 900)], done=True)
    position.save(path, saved)
    assert position.load(path) == saved
    assert [entry.name for entry in tmp_path.iterdir()] == ["s1.position"]
    for damage in (b"", b"[]", b'{"acked": null}', b"\xff\xfe", b'{"acked": 1, "cuts": [[1]], "done": false}'):
        path.with_suffix(".position").write_bytes(damage)
        assert position.load(path) == Position()


def test_a_position_that_cannot_be_saved_stops_nothing(tmp_path, caplog):
    """The visit was shredded, or the disk is full."""
    position.save(tmp_path / "shredded" / "s1.sealed", Position(1))
    assert "ENOENT" in caplog.text
