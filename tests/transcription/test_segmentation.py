import itertools

import numpy as np
import pytest

from transcription.segmentation import BLOCK_MS, BLOCK_SAMPLES, SAMPLE_RATE_HZ, Cutting, Segmenter

LOUD, QUIET = 0.5, 0.001


def segmenter(**cutting) -> Segmenter:
    """The detector believes what the amplitude says: a pure test of where cuts are made."""
    return Segmenter(lambda block: float(abs(block).max()), Cutting(**cutting))


def sound(*parts: tuple[int, float]) -> np.ndarray:
    """Blocks of (how many, which probability), one after the other."""
    return np.concatenate([np.full(count * BLOCK_SAMPLES, level, np.float32) for count, level in parts])


def cut(samples, chunk: int = 320, **cutting):
    machine = segmenter(**cutting)
    found = []
    for at in range(0, len(samples), chunk):
        found += machine.push(samples[at : at + chunk])
    return found + machine.finish()


def blocks(ms: int) -> int:
    return ms // BLOCK_MS


def test_speech_comes_out_with_padding_and_true_bounds():
    (one,) = cut(sound((40, QUIET), (30, 0.9), (40, QUIET)))
    assert one.speech_first == 40 * BLOCK_SAMPLES
    assert one.speech_last == 70 * BLOCK_SAMPLES
    assert one.first == (40 - blocks(320)) * BLOCK_SAMPLES
    assert one.last == (70 + blocks(224)) * BLOCK_SAMPLES
    assert len(one.samples) == one.last - one.first


@pytest.mark.parametrize("chunk", [1, 160, 320, 512, 700, 20_000])
def test_how_samples_arrive_does_not_matter(chunk):
    speech = sound((20, QUIET), (20, 0.9), (30, QUIET), (25, 0.8), (30, QUIET))
    bounds = [(u.first, u.last, u.speech_first, u.speech_last) for u in cut(speech, chunk)]
    assert bounds == [(u.first, u.last, u.speech_first, u.speech_last) for u in cut(speech, 512)]
    assert len(bounds) == 2


def test_an_utterance_ends_after_half_a_second_of_silence_not_before():
    pause = blocks(500)
    assert len(cut(sound((20, 0.9), (pause - 2, QUIET), (20, 0.9), (40, QUIET)))) == 1
    assert len(cut(sound((20, 0.9), (pause + 2, QUIET), (20, 0.9), (40, QUIET)))) == 2


def test_utterances_never_overlap():
    found = cut(sound((20, 0.9), (17, QUIET), (20, 0.9), (17, QUIET), (20, 0.9)))
    assert len(found) == 3
    assert all(one.last <= other.first for one, other in itertools.pairwise(found))


def test_a_click_is_no_speech_but_a_short_yes_is():
    assert cut(sound((20, QUIET), (2, 0.9), (40, QUIET))) == []
    assert len(cut(sound((20, QUIET), (6, 0.9), (40, QUIET)))) == 1


def test_silence_gives_nothing():
    assert cut(np.zeros(60 * SAMPLE_RATE_HZ, np.float32)) == []


def test_a_monologue_is_cut_at_its_best_pause_within_whispers_window():
    speech = sound((600, 0.9), (8, 0.4), (500, 0.9), (40, QUIET))
    found = cut(speech)
    assert all(len(u.samples) <= 28.1 * SAMPLE_RATE_HZ for u in found)
    assert 600 * BLOCK_SAMPLES <= found[0].last <= 608 * BLOCK_SAMPLES
    assert sum(len(u.samples) for u in found) >= 1_108 * BLOCK_SAMPLES
    assert all(one.last == other.first for one, other in itertools.pairwise(found))


def test_an_hour_without_a_breath_does_not_grow():
    machine = segmenter()
    second = sound((31, 0.9))
    for _ in range(3_600):
        machine.push(second)
        assert len(machine._blocks) * BLOCK_MS <= 28_100


def test_the_end_of_the_stream_ends_the_utterance():
    (one,) = cut(sound((20, QUIET), (30, 0.9)))
    assert one.speech_last == 50 * BLOCK_SAMPLES


@pytest.mark.parametrize("chunk", [320, 512, 2_000])
def test_what_is_guessed_early_is_exactly_what_comes(chunk):
    """Guessed after a quarter of a second of silence, certain after half a second: the same samples, the same bounds."""
    speech = sound((20, QUIET), (20, 0.9), (12, QUIET), (25, 0.8), (30, QUIET))
    machine, early, ended = segmenter(), {}, []
    for at in range(0, len(speech), chunk):
        ended += machine.push(speech[at : at + chunk])
        if (guess := machine.early()) and not ended:
            early.setdefault((guess.first, guess.last), guess)
    assert len(early) == 2, "the short pause was a guess too, and a wrong one"
    (certain,) = ended
    guess = early[certain.first, certain.last]
    assert np.array_equal(guess.samples, certain.samples)
    assert (guess.speech_first, guess.speech_last) == (certain.speech_first, certain.speech_last)


def test_nothing_is_guessed_of_silence_or_while_somebody_speaks():
    machine = segmenter()
    for part in (sound((40, QUIET)), sound((30, 0.9)), sound((blocks(224) - 1, QUIET))):
        machine.push(part)
        assert machine.early() is None
    machine.push(sound((2, QUIET)))
    assert machine.early() is not None
    machine.push(sound((2, 0.9)))
    assert machine.early() is None


def test_a_click_is_not_guessed_to_be_speech():
    machine = segmenter()
    machine.push(sound((20, QUIET), (2, 0.9), (10, QUIET)))
    assert machine.early() is None
