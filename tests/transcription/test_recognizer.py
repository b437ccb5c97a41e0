"""Real Whisper, real voice detection, on real samples and on what is no speech."""

import functools
import io

import av
import jiwer
import numpy as np
import pytest
import torch

from tests.transcription.support import packets, truth
from tests.transcription.test_worker import words
from transcription import weights
from transcription.decoding import OpusDecoder, Undecodable
from transcription.recognizer import Context, Recognizer
from transcription.segmentation import SAMPLE_RATE_HZ, Segmenter
from transcription.voice import VoiceDetector


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer(weights.checkpoint())


@functools.cache
def speech(name: str) -> np.ndarray:
    decoder = OpusDecoder()
    return np.concatenate([decoder.decode(packet) for packet in packets(name)])


def utterances(samples: np.ndarray):
    segmenter = Segmenter(VoiceDetector())
    return segmenter.push(samples) + segmenter.finish()


@pytest.mark.parametrize(("name", "limit"), [("fr-patient", 0.2), ("en-patient", 0.12)])
def test_speech_through_a_noisy_line_is_understood(recognizer, name, limit):
    clean = speech(name)
    noise = np.random.default_rng(1).normal(0, 0.004, len(clean)).astype(np.float32)
    context = Context()
    heard = [recognizer.recognise(u.samples, truth(name)["language"], context) for u in utterances(clean + noise)]
    text = " ".join(recognition.text for recognition in heard)
    said = " ".join(turn["text"] for turn in truth(name)["turns"])
    assert jiwer.wer(words(said), words(text)) < limit, text


def test_utterances_lie_where_the_words_are():
    turns = truth("fr-patient")["turns"]
    found = utterances(speech("fr-patient"))
    assert len(found) == len(turns)
    for utterance, turn in zip(found, turns, strict=True):
        assert utterance.speech_first / SAMPLE_RATE_HZ == pytest.approx(turn["start"], abs=0.25)
        assert utterance.speech_last / SAMPLE_RATE_HZ == pytest.approx(turn["end"], abs=0.25)


def noises() -> dict[str, np.ndarray]:
    time = np.arange(20 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    random = np.random.default_rng(7)
    clicks = np.zeros_like(time)
    clicks[random.integers(0, len(time), 60)] = 0.8
    keyboard = np.convolve(clicks, np.exp(-np.arange(400) / 60) * np.sin(np.arange(400)), "same")
    return {
        "silence": np.zeros_like(time),
        "hiss": random.normal(0, 0.02, len(time)),
        "loud hiss": random.normal(0, 0.2, len(time)),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * time) + 0.05 * np.sin(2 * np.pi * 150 * time),
        "keyboard": keyboard,
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
    }


@pytest.mark.parametrize("kind", noises())
@pytest.mark.parametrize("language", ["fr", "en"])
def test_noise_says_nothing(recognizer, kind, language):
    samples = noises()[kind].astype(np.float32)
    said = [recognizer.recognise(u.samples, language).text for u in utterances(samples)]
    assert "".join(said) == ""


def test_noise_that_passes_the_detector_still_says_nothing(recognizer):
    """Should voice detection err, Whisper's own doubts must do."""
    for kind in ("silence", "hiss"):
        samples = noises()[kind].astype(np.float32)[: 6 * SAMPLE_RATE_HZ]
        assert recognizer.recognise(samples, "fr").text == ""


def test_a_cut_window_leaves_the_model_whole(recognizer):
    whole = recognizer._model.encoder.positional_embedding.clone()
    recognizer.recognise(speech("en-patient")[: 3 * SAMPLE_RATE_HZ], "en")
    assert torch.equal(recognizer._model.encoder.positional_embedding, whole)
    assert recognizer._model.dims.n_audio_ctx == len(whole)


def test_context_holds_only_what_fits():
    context = Context()
    for seconds in (5, 4, 3):
        context.remember(np.zeros(seconds * SAMPLE_RATE_HZ, np.float32), [seconds] * 10)
    assert [tokens[0] for _, tokens in context.before(8 * SAMPLE_RATE_HZ, 200)] == [4, 3]
    assert [tokens[0] for _, tokens in context.before(8 * SAMPLE_RATE_HZ, 13)] == [3]
    assert context.before(0, 200) == []


def test_thirty_seconds_of_speech_are_no_trouble(recognizer):
    recognition = recognizer.recognise(speech("en-patient")[: 28 * SAMPLE_RATE_HZ], "en", Context())
    assert "weird symptoms" in recognition.text
    assert "back to normal" in recognition.text


@pytest.mark.parametrize("packet", [b"\xff\xff\xff", b"\x03", bytes(1_000)])
def test_what_is_no_opus_is_told(packet):
    decoder = OpusDecoder()
    try:
        samples = decoder.decode(packet)
    except Undecodable:
        samples = np.zeros(0, np.float32)
    good = [decoder.decode(p) for p in packets("fr-patient")[:100]]
    assert np.abs(np.concatenate(good)).max() > 0.05, "the decoder still decodes after it"
    assert len(samples) <= 2 * SAMPLE_RATE_HZ


def test_stereo_becomes_mono():
    """A browser may send stereo Opus; the decoder mixes it down."""
    tone = (8_000 * np.sin(np.arange(48_000) / 20)).astype(np.int16)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone], 1).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    buffer.seek(0)
    decoder = OpusDecoder()
    with av.open(buffer) as container:
        samples = np.concatenate([decoder.decode(bytes(packet)) for packet in container.demux(audio=0) if packet.size])
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(SAMPLE_RATE_HZ, rel=0.05)
    assert 0.1 < np.abs(samples).max() < 0.4


def test_silero_hears_the_same_as_ever():
    """The detector keeps a memory for each stream: two do not disturb each other."""
    one, other = VoiceDetector(), VoiceDetector()
    blocks = speech("fr-patient")[: 200 * 512].reshape(-1, 512)
    alone = [one(block) for block in blocks]
    fresh = VoiceDetector()
    mixed = []
    for block in blocks:
        mixed.append(fresh(block))
        other(block * 0.1)
    assert mixed == alone
