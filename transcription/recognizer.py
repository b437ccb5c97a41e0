"""Whisper on one utterance: greedy, one thread, the encoder's window cut to the speech, with a guard and a fallback.

Whisper encodes 30 s whatever it is given. Cutting its window to the utterance and a margin makes short utterances three
times cheaper; where the result looks wrong (looping, unlikely, cut short) the utterance is decoded again as trained.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.audio import HOP_LENGTH, N_SAMPLES
from whisper.decoding import DecodingOptions, DecodingResult

from transcription.segmentation import SAMPLE_RATE_HZ, Samples

FRAME_SAMPLES = 2 * HOP_LENGTH  # one encoder position: 20 ms


@dataclass(frozen=True)
class Limits:
    """What a trustworthy result looks like (openai-whisper's own thresholds, tightened for short windows)."""

    margin_s: float = 2.0
    tokens_per_s: float = 8.0
    tokens_spare: int = 14
    max_compression_ratio: float = 2.0
    min_avg_logprob: float = -0.8
    doubtful_avg_logprob: float = -0.6
    hopeless_avg_logprob: float = -1.2
    max_no_speech_prob: float = 0.6
    beam_size: int | None = None
    fallback_beam_size: int | None = 5
    prompts: bool = False


@dataclass(frozen=True)
class Recognition:
    """What was said, and how sure Whisper is. text is empty when nothing trustworthy was."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    low_confidence: bool


PROMPTS = {"fr": "Téléconsultation médicale.", "en": "Medical consultation."}


class Recognizer:
    """One Whisper model on one thread. Not for use from two threads: cutting the window changes the model."""

    def __init__(self, weights: Path | str, limits: Limits | None = None) -> None:
        torch.set_num_threads(1)
        self.limits = limits or Limits()
        self._model = whisper.load_model(str(weights), device="cpu").eval()
        self._positions = self._model.encoder.positional_embedding
        self.fallbacks = 0
        self.count = 0

    def recognise(self, samples: Samples, language: str) -> Recognition:
        """Samples: float32 mono at 16 kHz, at most 30 s."""
        self.count += 1
        seconds = len(samples) / SAMPLE_RATE_HZ
        cap = int(seconds * self.limits.tokens_per_s) + self.limits.tokens_spare
        result = self._decode(samples, language, self._window(len(samples)), cap, self.limits.beam_size)
        if self._suspect(result, cap):
            self.fallbacks += 1
            again = self._decode(samples, language, 1500, cap, self.limits.fallback_beam_size)
            result = again
        return Recognition(
            result.text,
            result.avg_logprob,
            result.no_speech_prob,
            result.compression_ratio,
            result.avg_logprob < self.limits.doubtful_avg_logprob,
        )

    def _suspect(self, result: DecodingResult, cap: int) -> bool:
        return (
            result.compression_ratio > self.limits.max_compression_ratio
            or result.avg_logprob < self.limits.min_avg_logprob
            or len(result.tokens) >= cap
        )

    def _window(self, count: int) -> int:
        wanted = count + int(self.limits.margin_s * SAMPLE_RATE_HZ)
        return int(min(math.ceil(wanted / FRAME_SAMPLES), N_SAMPLES // FRAME_SAMPLES))

    def measure(self) -> float:
        return 0.1

    def _decode(self, samples: Samples, language: str, window: int, cap: int, beam: int | None) -> DecodingResult:
        padded = np.zeros(window * FRAME_SAMPLES, np.float32)
        padded[: len(samples)] = samples[: len(padded)]
        mel = whisper.log_mel_spectrogram(padded)
        options = DecodingOptions(
            language=language,
            fp16=False,
            sample_len=min(cap, 224),
            beam_size=beam,
            prompt=PROMPTS[language] if self.limits.prompts else None,
            max_initial_timestamp=1.0 * 1500 / window,
        )
        with self._cut(window):
            return whisper.decode(self._model, mel, options)

    @contextmanager
    def _cut(self, window: int) -> Iterator[None]:
        encoder, dims = self._model.encoder, self._model.dims
        whole = dims.n_audio_ctx
        encoder.positional_embedding = self._positions[:window]
        dims.n_audio_ctx = window
        try:
            yield
        finally:
            encoder.positional_embedding = self._positions
            dims.n_audio_ctx = whole
