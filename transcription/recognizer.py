"""Whisper on one utterance: one thread, the encoder's window cut to the speech, with a guard and a fallback.

Whisper encodes 30 s whatever it is given. Cutting its window to the utterance and a margin makes short utterances three
times cheaper; where the result looks wrong (looping, unlikely, cut short) the utterance is decoded again as trained.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.audio import HOP_LENGTH, N_SAMPLES
from whisper.decoding import DecodingOptions, DecodingResult

from transcription.phantoms import phantom
from transcription.segmentation import SAMPLE_RATE_HZ, Samples

POSITION_SAMPLES: int = 2 * HOP_LENGTH  # one encoder position: 20 ms
WHOLE_WINDOW: int = N_SAMPLES // POSITION_SAMPLES  # 1500 positions: 30 s
MAX_TOKENS = 224  # half of the decoder's context, as openai-whisper
FIRST_TIMESTAMP_S = 1.0


@dataclass(frozen=True)
class Limits:
    """How to decode, and what a trustworthy result looks like."""

    beam_size: int | None = None
    fallback_beam_size: int | None = None
    margin_s: float = 2.0  # silence after the speech, without which short windows lose their last word
    tokens_per_s: float = 8.0  # fast French has about 6
    tokens_spare: int = 14
    suspect_compression: float = 2.0
    suspect_logprob: float = -0.8
    doubtful_logprob: float = -0.6  # shown as doubtful
    max_compression: float = 2.4  # openai-whisper's own limits from here on: beyond them nothing is shown
    min_logprob: float = -1.0
    max_no_speech: float = 0.6
    hopeless_logprob: float = -1.5


@dataclass(frozen=True)
class Recognition:
    """What was said, and how sure Whisper is. text is empty when nothing trustworthy was."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    low_confidence: bool


class Recognizer:
    """One Whisper model on one thread. Not for use from two threads: cutting the window changes the model."""

    def __init__(self, weights: Path | str, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._model = whisper.load_model(str(weights), device="cpu").eval()
        self._positions = self._model.encoder.positional_embedding

    def recognise(self, samples: Samples, language: str) -> Recognition:
        """What samples (float32, mono, 16 kHz, at most 30 s) say in language "fr" or "en"."""
        torch.set_num_threads(1)  # counts for the calling thread only; a second one wastes more than it wins
        cap = min(MAX_TOKENS, int(self.limits.tokens_per_s * len(samples) / SAMPLE_RATE_HZ) + self.limits.tokens_spare)
        result = self._decode(samples, language, self._window(len(samples)), cap, self.limits.beam_size)
        suspect = self._suspect(result, cap)
        if suspect:
            result = self._decode(samples, language, WHOLE_WINDOW, cap, self.limits.fallback_beam_size)
        return self._judge(result, suspect)

    def measure(self) -> float:
        """Seconds of work for each second of speech on this machine now; also warms the model up."""
        noise = np.random.default_rng(0).normal(0, 0.05, 4 * SAMPLE_RATE_HZ).astype(np.float32)
        took_s = []
        for _ in range(2):
            begin_s = time.perf_counter()
            self._decode(noise, "en", self._window(len(noise)), 16, self.limits.beam_size)
            took_s.append(time.perf_counter() - begin_s)
        return min(took_s) / 4

    def _suspect(self, result: DecodingResult, cap: int) -> bool:
        return (
            result.compression_ratio > self.limits.suspect_compression
            or result.avg_logprob < self.limits.suspect_logprob
            or len(result.tokens) >= cap
        )

    def _judge(self, result: DecodingResult, suspect: bool) -> Recognition:
        limits = self.limits
        silent = result.no_speech_prob > limits.max_no_speech and result.avg_logprob < limits.min_logprob
        hopeless = result.avg_logprob < limits.hopeless_logprob or result.compression_ratio > limits.max_compression
        invented = silent or hopeless or phantom(result.text)
        return Recognition(
            text="" if invented else result.text.strip(),
            avg_logprob=result.avg_logprob,
            no_speech_prob=result.no_speech_prob,
            compression_ratio=result.compression_ratio,
            low_confidence=suspect or result.avg_logprob < limits.doubtful_logprob,
        )

    def _window(self, count: int) -> int:
        """Encoder positions for so many samples and the margin."""
        wanted = count + int(self.limits.margin_s * SAMPLE_RATE_HZ)
        return min(math.ceil(wanted / POSITION_SAMPLES), WHOLE_WINDOW)

    def _decode(self, samples: Samples, language: str, window: int, cap: int, beam_size: int | None) -> DecodingResult:
        padded = np.zeros(window * POSITION_SAMPLES, np.float32)
        padded[: len(samples)] = samples[: len(padded)]
        options = DecodingOptions(
            language=language,
            fp16=False,
            sample_len=cap,
            beam_size=beam_size,
            # Timestamps stay on: without them short windows loop. Whisper derives their grain from the window it
            # believes is 30 s long, so the limit on the first one is scaled with the window.
            max_initial_timestamp=FIRST_TIMESTAMP_S * WHOLE_WINDOW / window,
        )
        with self._cut(window):
            result = whisper.decode(self._model, whisper.log_mel_spectrogram(padded), options)
        assert isinstance(result, DecodingResult)  # noqa: S101  # one spectrogram in, one result out
        return result

    @contextmanager
    def _cut(self, window: int) -> Iterator[None]:
        encoder, dims = self._model.encoder, self._model.dims
        encoder.positional_embedding = self._positions[:window]
        dims.n_audio_ctx = window
        try:
            yield
        finally:
            encoder.positional_embedding = self._positions
            dims.n_audio_ctx = WHOLE_WINDOW
