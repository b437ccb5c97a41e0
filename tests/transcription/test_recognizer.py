"""Real Whisper, real voice detection, on real samples and on what is no speech."""

import dataclasses
import functools
import io
import re
from itertools import product
from pathlib import Path

import av
import jiwer
import numpy as np
import pytest
import torch
from whisper.tokenizer import LANGUAGES as WHISPERS

from tests.transcription.nonspeech import SOUNDS, sound
from tests.transcription.support import packets, truth
from tests.transcription.test_worker import words
from transcription import weights
from transcription.decoding import OpusDecoder, Undecodable
from transcription.phantoms import stammers
from transcription.protocol import LANGUAGES
from transcription.recognizer import MAX_EXPECTED, Context, Recognition, Recognizer
from transcription.segmentation import SAMPLE_RATE_HZ, Segmenter
from transcription.task import Abandoned, _Ends
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
    heard = []
    for utterance in utterances(clean + noise):
        heard.append(recognizer.recognise(utterance.samples, truth(name)["language"], context))
        context.remember(utterance.samples, heard[-1])
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


@pytest.mark.parametrize("kind", SOUNDS)
def test_what_is_no_speech_says_nothing(recognizer, kind):
    samples = sound(kind, seconds=20)
    for language, expected in (("fr", recognizer.expect(["Doliprane", "périndopril"])), ("en", ())):
        said = [recognizer.recognise(u.samples, language, expected=expected).text for u in utterances(samples)]
        assert "".join(said) == ""


@pytest.mark.parametrize("kind", SOUNDS)
def test_noise_that_passes_the_detector_still_says_nothing(recognizer, kind):
    """Should voice detection err, Whisper's own doubts must do; what it was told to expect it must not hear."""
    expected = recognizer.expect(["Doliprane", "Augmentin", "périndopril", "pénicilline"])
    for seconds, seed, language, read in product((2, 5), (1, 8), ("fr", "en"), (expected, ())):
        heard = recognizer.recognise(sound(kind, seconds, seed), language, expected=read)
        assert heard.text == "", (seconds, seed, language, bool(read))


def test_all_languages_of_whisper_can_be_asked_for(recognizer):
    assert set(LANGUAGES) == set(WHISPERS)
    assert recognizer.recognise(utterances(speech("fr-patient"))[0].samples, "pt").text


def test_several_likely_texts_side_by_side_are_at_least_as_likely_as_one(recognizer):
    for utterance in utterances(speech("fr-patient")):
        one = recognizer.recognise(utterance.samples, "fr")
        best = recognizer.recognise(utterance.samples, "fr", beams=5)
        assert best.avg_logprob > one.avg_logprob - 0.05
        placed = "".join(best.text[word.start : word.end] for word in best.words)
        assert re.sub(r"\W", "", placed) == re.sub(r"\W", "", best.text)
        assert all(0 < word.probability <= 1 for word in best.words)
        assert max(word.probability for word in best.words) > 0.9, "the words are as sure as they were on the way"
    with pytest.raises(Abandoned):
        recognizer.recognise(utterance.samples, "fr", beams=5, wanted=lambda: False)


def test_texts_side_by_side_get_the_logits_that_whispers_own_layers_give_them(recognizer):
    """They share the sound's keys and values: none may get another one's."""
    model = recognizer._model
    tokens = torch.tensor([[50258, 50265, 50359, 50364, 400], [50258, 50265, 50359, 50364, 2425]])
    with torch.inference_mode():
        sound = model.encoder(torch.randn(1, 80, 3000))
        hidden = model.decoder.token_embedding(tokens).float() + model.decoder.positional_embedding[:5]
        for block in model.decoder.blocks:
            hidden = block(hidden, sound.expand(2, -1, -1), mask=model.decoder.mask)
        wanted = model.decoder.head(model.decoder.ln(hidden))[:, [0, -1]]
        inference = _Ends(model, 5, first=0)
        found = inference.logits(tokens, sound)
        inference.cleanup_caching()
    assert torch.allclose(found, wanted, atol=0.1)
    assert not torch.allclose(found[0, 1], found[1, 1], atol=1)


def test_nothing_of_the_weights_file_stays_mapped(recognizer):
    assert weights.checkpoint().name not in Path("/proc/self/maps").read_text()


def test_silence_does_not_say_you(recognizer):
    """Whisper's favourite word for nothing in English."""
    assert recognizer.recognise(sound("silence", seconds=5), "en").text == ""


def test_expected_words_are_heard_when_they_are_said_and_not_when_they_are_not(recognizer):
    (first, *others) = utterances(speech("fr-patient"))
    said = recognizer.recognise(first.samples, "fr").text
    drugs = ["périndopril", "amlodipine", "Doliprane"]
    for utterance in others:
        text = recognizer.recognise(utterance.samples, "fr", expected=recognizer.expect(drugs)).text
        assert not set(words(text).split()) & set(words(" ".join(drugs)).split())
    assert recognizer.expect([]) == ()
    long = recognizer.expect([f"substance{n}" for n in range(500)] + words(said).split())
    assert len(long) <= MAX_EXPECTED
    assert jiwer.wer(words(said), words(recognizer.recognise(first.samples, "fr", expected=long).text)) < 0.5


def test_a_cut_window_leaves_the_model_whole(recognizer):
    whole = recognizer._model.encoder.positional_embedding.clone()
    recognizer.recognise(speech("en-patient")[: 3 * SAMPLE_RATE_HZ], "en")
    assert torch.equal(recognizer._model.encoder.positional_embedding, whole)
    assert recognizer._model.dims.n_audio_ctx == len(whole)


def said(text: str, token: int, *, low_confidence: bool = False) -> Recognition:
    return Recognition(text, -0.2, 0.0, 1.0, low_confidence=low_confidence, tokens=(token,) * 10)


def test_context_keeps_nothing_doubtful():
    context = Context()
    context.remember(np.zeros(100, np.float32), said("", 1))
    context.remember(np.zeros(100, np.float32), said("Oui.", 2, low_confidence=True))
    assert context.before(8 * SAMPLE_RATE_HZ, 200) == []


def test_context_holds_only_what_fits():
    context = Context()
    for seconds in (5, 4, 3):
        context.remember(np.zeros(seconds * SAMPLE_RATE_HZ, np.float32), said("Oui.", seconds))
    assert [tokens[0] for _, tokens in context.before(8 * SAMPLE_RATE_HZ, 200)] == [4, 3]
    assert [tokens[0] for _, tokens in context.before(8 * SAMPLE_RATE_HZ, 13)] == [3]
    assert context.before(0, 200) == []


def test_each_word_has_its_place_in_the_text_and_its_certainty(recognizer):
    (first, *_) = utterances(speech("en-patient"))
    clear = recognizer.recognise(first.samples, "en")
    assert [clear.text[w.start : w.end] for w in clear.words] == re.findall(r"\w[\w'-]*", clear.text)
    assert all(0 < word.probability <= 1 for word in clear.words)
    noise = np.random.default_rng(3).normal(0, 0.03, len(first.samples)).astype(np.float32)
    unclear = recognizer.recognise(first.samples + noise, "en")

    def mean(recognition: Recognition) -> float:
        return sum(word.probability for word in recognition.words) / len(recognition.words)

    assert mean(unclear) < mean(clear)
    limit = recognizer.limits.doubtful_word
    for recognition in (clear, unclear):
        assert recognition.doubts == tuple((w.start, w.end) for w in recognition.words if w.probability < limit)


def test_what_nobody_wants_any_more_is_dropped_and_the_model_is_whole_after_it(recognizer):
    samples = speech("en-patient")[: 6 * SAMPLE_RATE_HZ]
    before = recognizer.recognise(samples, "en")
    asked = []

    def wanted() -> bool:
        asked.append(True)
        return len(asked) <= asks

    for asks in (0, 3, 8):  # at once, between the encoder's layers, between tokens
        asked.clear()
        with pytest.raises(Abandoned):
            recognizer.recognise(samples, "en", wanted=wanted)
        assert len(asked) == asks + 1
    assert recognizer.recognise(samples, "en") == before


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


def with_copies(samples: np.ndarray) -> list[bytes]:
    """Opus as a browser sends it when losses are reported: each packet with a rough copy of the one before."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 16_000, "mono", "s16", 32_000
    encoder.options = {"application": "voip", "frame_duration": "20", "fec": "1", "packet_loss": "10"}
    found = []
    for start in range(0, len(samples) - 320, 320):
        block = (samples[start : start + 320] * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16_000, start
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found


def test_a_lost_packet_comes_back_from_the_next_one():
    sent = with_copies(speech("fr-patient")[: 20 * 16_000])
    whole = OpusDecoder()
    truth = [whole.decode(packet) for packet in sent]
    decoder, concealed, guessed = OpusDecoder(), 0.0, 0.0
    for n, packet in enumerate(sent):
        if n % 10 == 5:
            copy = decoder.conceal(sent[n + 1], 320) if n + 1 < len(sent) else truth[n]
            concealed += float(np.sum((copy - truth[n]) ** 2))
            guessed += float(np.sum(truth[n] ** 2))  # silence in its place
        else:
            decoder.decode(packet)
    assert concealed < 0.5 * guessed


def test_what_is_missing_for_long_is_as_long_as_it_was():
    sent = with_copies(speech("fr-patient")[: 2 * 16_000])
    decoder = OpusDecoder()
    for packet in sent[:50]:
        decoder.decode(packet)
    assert len(decoder.conceal(sent[55], 5 * 320)) == 5 * 320
    assert len(decoder.conceal(sent[55], 333)) == 320
    assert len(decoder.conceal(sent[55], 0)) == 0


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


@pytest.mark.parametrize("said_twice", [False, True])
def test_what_the_list_made_whisper_say_twice_is_said_once(recognizer, monkeypatch, said_twice):
    """A short question came out twice once Whisper had read a list of names; a person who says it twice is believed."""
    decode, asked = recognizer._decode, []

    def stammering(samples, window, request, prefix=()):
        heard = decode(samples, window, request, prefix)
        asked.append(bool(request.expected))
        text = heard.result.text
        return heard._replace(result=dataclasses.replace(heard.result, text=text * 2)) if request.expected or said_twice else heard

    monkeypatch.setattr(recognizer, "_decode", stammering)
    utterance = utterances(speech("en-patient"))[0]
    text = recognizer.recognise(utterance.samples, "en", expected=recognizer.expect(["amlodipine"])).text
    assert asked[:2] == [True, False]
    assert "weird symptoms" in text
    assert stammers(text) is said_twice
