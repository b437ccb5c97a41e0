"""Whisper on one utterance: one thread, the encoder's window cut to the speech, with a guard and a fallback.

Whisper encodes 30 s whatever it is given. Cutting its window to the utterance and a margin makes short utterances three
times cheaper; where the result looks wrong (looping, unlikely, cut short) the utterance is decoded again as trained.

Short utterances alone are hard to understand. So the speaker's last seconds stand before them, sound and text, the text
as a prefix that is not decoded again. On whole French consultations this takes 20.0 % word errors to 17.7 %.
"""

import math
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.audio import HOP_LENGTH, N_SAMPLES
from whisper.decoding import DecodingOptions, DecodingResult
from whisper.tokenizer import get_tokenizer

from transcription.phantoms import phantom
from transcription.segmentation import SAMPLE_RATE_HZ, Samples

CONTEXT_UTTERANCES = 6
POSITION_SAMPLES: int = 2 * HOP_LENGTH  # one encoder position: 20 ms
WHOLE_WINDOW: int = N_SAMPLES // POSITION_SAMPLES  # 1500 positions: 30 s
MAX_TOKENS = 224  # half of the decoder's context, as openai-whisper
FIRST_TIMESTAMP_S = 1.0


@dataclass(frozen=True)
class Limits:
    """How to decode, and what a trustworthy result looks like."""

    beam_size: int | None = None
    fallback_beam_size: int | None = None
    context_s: float = 8.0
    margin_s: float = 2.0  # silence after the speech, without which short windows lose their last word
    tokens_per_s: float = 8.0  # fast French has about 6
    tokens_spare: int = 14
    suspect_compression: float = 2.0
    suspect_logprob: float = -0.8
    doubtful_logprob: float = -0.6  # shown as doubtful; no context for others
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


class Context:
    """What one speaker said last, as sound and as Whisper's tokens: put before the next utterance."""

    def __init__(self) -> None:
        self._said: deque[tuple[Samples, list[int]]] = deque(maxlen=CONTEXT_UTTERANCES)

    def remember(self, samples: Samples, tokens: list[int]) -> None:
        """Only what was understood well belongs here: an error would breed others."""
        self._said.append((samples, tokens))

    def before(self, room: int, room_tokens: int) -> list[tuple[Samples, list[int]]]:
        """The latest utterances that fit into `room` samples and the decoder's prefix, oldest first."""
        fitting: list[tuple[Samples, list[int]]] = []
        for samples, tokens in reversed(self._said):
            room -= len(samples)
            room_tokens -= len(tokens) + 2  # a timestamp on each side
            if room < 0 or room_tokens < 0:
                break
            fitting.insert(0, (samples, tokens))
        return fitting


class Recognizer:
    """One Whisper model on one thread. Not for use from two threads: cutting the window changes the model."""

    def __init__(self, weights: Path | str, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._model = whisper.load_model(str(weights), device="cpu").eval()
        self._positions = self._model.encoder.positional_embedding
        with warnings.catch_warnings():  # whisper leaves its vocabulary's file to the garbage collector
            warnings.simplefilter("ignore", ResourceWarning)
            self._first_timestamp = get_tokenizer(self._model.is_multilingual).timestamp_begin

    def recognise(self, samples: Samples, language: str, context: Context | None = None) -> Recognition:
        """What samples (float32, mono, 16 kHz, at most 30 s) say in language "fr" or "en".

        context: of this speaker in this language; what is understood well is added to it.
        """
        torch.set_num_threads(1)  # counts for the calling thread only; a second one wastes more than it wins
        context = context or Context()
        cap = min(MAX_TOKENS, int(self.limits.tokens_per_s * len(samples) / SAMPLE_RATE_HZ) + self.limits.tokens_spare)
        before = context.before(self._room(len(samples)), MAX_TOKENS - cap)
        result = self._decode_after(before, samples, language, cap)
        suspect = self._suspect(result, cap)
        if suspect:
            whole = self._decode(samples, language, WHOLE_WINDOW, cap, self.limits.fallback_beam_size)
            result = max(result, whole, key=lambda r: (not self._runs_on(r, cap), r.avg_logprob))
        recognition = self._judge(result, suspect)
        if recognition.text and not recognition.low_confidence:
            context.remember(samples, [token for token in result.tokens if token < self._first_timestamp])
        return recognition

    def _room(self, count: int) -> int:
        """How much sound may stand before so many samples."""
        spare: int = N_SAMPLES - SAMPLE_RATE_HZ - count  # Whisper ends speech that touches the end of its window badly
        return min(int(self.limits.context_s * SAMPLE_RATE_HZ), spare)

    def _decode_after(
        self, before: list[tuple[Samples, list[int]]], samples: Samples, language: str, cap: int
    ) -> DecodingResult:
        """Decode with what was said before it as sound, and as a prefix between the timestamps that enclose it."""
        prefix: list[int] = []
        position = 0
        for said, tokens in before:
            prefix += [self._timestamp(position), *tokens, self._timestamp(position + len(said))]
            position += len(said)
        whole = np.concatenate([*(said for said, _ in before), samples])
        return self._decode(whole, language, self._window(len(whole)), cap, self.limits.beam_size, prefix)

    def _timestamp(self, position: int) -> int:
        return int(self._first_timestamp + position // POSITION_SAMPLES)

    def measure(self) -> float:
        """Seconds of work for each second of speech on this machine now; also warms the model up."""
        torch.set_num_threads(1)
        noise = np.random.default_rng(0).normal(0, 0.05, 4 * SAMPLE_RATE_HZ).astype(np.float32)
        took_s = []
        for _ in range(2):
            begin_s = time.perf_counter()
            self._decode(noise, "en", self._window(len(noise)), 16, self.limits.beam_size)
            took_s.append(time.perf_counter() - begin_s)
        return min(took_s) / 4

    def _suspect(self, result: DecodingResult, cap: int) -> bool:
        return self._runs_on(result, cap) or result.avg_logprob < self.limits.suspect_logprob

    def _runs_on(self, result: DecodingResult, cap: int) -> bool:
        """Whether it loops: text that compresses well, or that had to be stopped."""
        return result.compression_ratio > self.limits.suspect_compression or len(result.tokens) >= cap

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

    def _decode(
        self, samples: Samples, language: str, window: int, cap: int, beam_size: int | None, prefix: Sequence[int] = ()
    ) -> DecodingResult:
        padded = np.zeros(window * POSITION_SAMPLES, np.float32)
        padded[: len(samples)] = samples[: len(padded)]
        options = DecodingOptions(
            language=language,
            fp16=False,
            sample_len=cap,
            beam_size=beam_size,
            prefix=list(prefix) or None,
            # Timestamps stay on: without them short windows loop. Whisper derives their grain from the window it
            # believes is 30 s long, so the limit on the first one is scaled with the window.
            max_initial_timestamp=None if prefix else FIRST_TIMESTAMP_S * WHOLE_WINDOW / window,
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
