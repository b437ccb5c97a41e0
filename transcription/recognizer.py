"""Whisper on one utterance: one thread, the encoder's window cut to the speech, with a guard and a fallback.

Whisper encodes 30 s whatever it is given. Cutting its window to the utterance and a margin makes short utterances three
times cheaper; where the result looks wrong (looping, cut short) the utterance is decoded again as trained.

Short utterances alone are hard to understand. So the speaker's last seconds stand before them, sound and text, the text
as a prefix that is not decoded again. On whole French consultations this takes 20.0 % word errors to 17.7 %.
"""

import math
import re
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple
from zipfile import is_zipfile

import numpy as np
import torch
import whisper
from whisper import ModelDimensions, Whisper
from whisper.audio import HOP_LENGTH, N_SAMPLES
from whisper.decoding import DecodingOptions, DecodingResult
from whisper.tokenizer import get_tokenizer

from transcription.memory import give_back, lend_large, stay_small
from transcription.phantoms import doubled, phantom, stammers
from transcription.quantised import quantise
from transcription.segmentation import SAMPLE_RATE_HZ, Samples
from transcription.task import Task, Wanted

CONTEXT_UTTERANCES = 6
POSITION_SAMPLES: int = 2 * HOP_LENGTH  # one encoder position: 20 ms
WHOLE_WINDOW: int = N_SAMPLES // POSITION_SAMPLES  # 1500 positions: 30 s
MAX_TOKENS = 224  # half of the decoder's context, as openai-whisper
WORDS = re.compile(r"\w+")
MAX_EXPECTED = 120  # tokens, about 40 names
FIRST_TIMESTAMP_S = 1.0
UTTERANCE_S = 4.0  # as people speak to each other

Expected = tuple[int, ...]  # tokens that Whisper takes for the text before: it writes names that it has read


@dataclass(frozen=True)
class Limits:
    """How to decode, and what a trustworthy result looks like."""

    context_s: float = 8.0
    margin_s: float = 2.0  # silence after the speech, without which short windows lose their last word
    tokens_per_s: float = 8.0  # fast French has about 6
    tokens_spare: int = 14
    suspect_compression: float = 2.0
    doubtful_logprob: float = -0.6  # shown as doubtful; no context for others
    doubtful_word: float = 0.4  # a word whose least likely token had less than this probability
    max_compression: float = 2.4  # beyond these nothing is shown
    min_logprob: float = -0.75  # where Whisper hears no speech either; openai's -1 lets a "you" of silence through
    max_no_speech: float = 0.6
    poor_logprob: float = -0.9  # a "Pouf!" of a cough: not even half sure of the words, and
    some_no_speech: float = 0.15  # not sure that somebody speaks
    hopeless_logprob: float = -1.5


class Word(NamedTuple):
    """One word as Whisper wrote it, where it stands in the text, and the probability of its least likely token."""

    start: int
    end: int
    probability: float


@dataclass(frozen=True)
class Recognition:
    """What was said, and how sure Whisper is. text is empty when nothing trustworthy was."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    low_confidence: bool
    words: tuple[Word, ...] = ()
    doubts: tuple[tuple[int, int], ...] = ()  # where words of low confidence begin and end in the text
    tokens: tuple[int, ...] = field(default=(), repr=False)


class Context:
    """What one speaker said last, as sound and as Whisper's tokens: put before the next utterance."""

    def __init__(self) -> None:
        self._said: deque[tuple[Samples, tuple[int, ...]]] = deque(maxlen=CONTEXT_UTTERANCES)

    def copy(self) -> "Context":
        """As it is now, whatever is remembered later."""
        same = Context()
        same._said = self._said.copy()
        return same

    def remember(self, samples: Samples, recognition: Recognition) -> None:
        """Only what was understood well is kept: an error would breed others."""
        if recognition.text and not recognition.low_confidence:
            self._said.append((samples, recognition.tokens))

    def before(self, room: int, room_tokens: int) -> list[tuple[Samples, tuple[int, ...]]]:
        """The latest utterances that fit into `room` samples and the decoder's prefix, oldest first."""
        fitting: list[tuple[Samples, tuple[int, ...]]] = []
        for samples, tokens in reversed(self._said):
            room -= len(samples)
            room_tokens -= len(tokens) + 2  # a timestamp on each side
            if room < 0 or room_tokens < 0:
                break
            fitting.insert(0, (samples, tokens))
        return fitting


class _Heard(NamedTuple):
    result: DecodingResult
    logprobs: list[float]  # of result.tokens


@dataclass(frozen=True)
class Request:
    """How one utterance is to be decoded. cap: tokens at most; beams: texts to follow side by side, 0 for one."""

    language: str
    cap: int
    wanted: Wanted
    expected: Expected = ()
    beams: int = 0


def _always() -> bool:
    return True


def _load(weights: Path | str) -> Whisper:
    """A .pt file as Whisper saves it (an older kind too), or a Whisper model by its name.

    The file's weights stay in the file, in its precision, until they are quantised: copies would be the worker's peak.
    """
    if not is_zipfile(weights):  # what can be mapped into memory
        return whisper.load_model(str(weights), device="cpu").eval()
    saved = torch.load(weights, map_location="cpu", mmap=True, weights_only=True)
    model = Whisper(ModelDimensions(**saved["dims"]))
    model.load_state_dict(saved["model_state_dict"], assign=True)
    give_back()  # the room of the weights that these replaced
    return model.eval()


class Recognizer:
    """One Whisper model on one thread. Not for use from two threads: cutting the window changes the model."""

    def __init__(self, weights: Path | str, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        lend_large()
        self._model = _load(weights)
        quantise(self._model)
        self._positions = self._model.encoder.positional_embedding
        with warnings.catch_warnings():  # whisper leaves its vocabulary's file to the garbage collector
            warnings.simplefilter("ignore", ResourceWarning)
            self._tokenizer = get_tokenizer(self._model.is_multilingual)

    def expect(self, words: Iterable[str]) -> Expected:
        """Words that a visit is likely to hold, the likeliest last, for `recognise`."""
        listed = ", ".join(words)
        return tuple(self._tokenizer.encode(f" {listed}.")[-MAX_EXPECTED:]) if listed else ()

    def recognise(self, samples: Samples, language: str, context: Context | None = None, *,
                  expected: Expected = (), wanted: Wanted = _always, beams: int = 0) -> Recognition:
        """What samples (float32, mono, 16 kHz, at most 30 s) say in a language (Whisper's code).

        context: of this speaker in this language; the caller decides whether it remembers the result. wanted: asked
        from time to time; raises Abandoned once it says no. beams: as Request has them.
        """
        torch.set_num_threads(1)  # counts for the calling thread only; a second one wastes more than it wins
        cap = min(MAX_TOKENS, int(self.limits.tokens_per_s * len(samples) / SAMPLE_RATE_HZ) + self.limits.tokens_spare)
        request = Request(language, cap, wanted, expected, beams)
        before = (context or Context()).before(self._room(len(samples)), MAX_TOKENS - cap)
        heard = self._decode_after(before, samples, request)
        heard = self._undeceived(heard, before, samples, request)
        stay_small()
        suspect = self._runs_on(heard.result, cap)
        if suspect:
            whole = self._decode(samples, WHOLE_WINDOW, replace(request, expected=()))
            heard = max(heard, whole, key=lambda h: (not self._runs_on(h.result, cap), h.result.avg_logprob))
        return self._judge(heard, suspect)

    def _undeceived(self, heard: _Heard, before: list[tuple[Samples, tuple[int, ...]]], samples: Samples,
                    request: Request) -> _Heard:
        """What is heard with the list of expected words put away, where having read it may have misled Whisper."""
        unread = replace(request, expected=())
        if self._echoes(heard.result, request.expected):
            plain = self._decode(samples, WHOLE_WINDOW, unread)
            return heard if self._judge(plain, suspect=False).text else plain
        loops = self._runs_on(heard.result, request.cap)
        if request.expected and (loops or stammers(heard.result.text)):
            plain = self._decode_after(before, samples, unread)
            # a cough that made it loop is no "Ah!" for having no list
            unsure = loops and plain.result.avg_logprob < self.limits.doubtful_logprob
            astray = stammers(plain.result.text) or self._runs_on(plain.result, request.cap)
            return heard if unsure or astray else plain
        return heard

    def _echoes(self, result: DecodingResult, expected: Expected) -> bool:
        """Whether expected words are most of it, or in what is doubtful: noise may make Whisper say what it read."""
        said = set(WORDS.findall(result.text.lower()))
        read = said & set(WORDS.findall(self._tokenizer.decode(expected).lower()))
        return bool(read) and (2 * len(read) >= len(said) or result.avg_logprob < self.limits.doubtful_logprob)

    def _room(self, count: int) -> int:
        """How much sound may stand before so many samples."""
        spare: int = N_SAMPLES - SAMPLE_RATE_HZ - count  # Whisper ends speech that touches the end of its window badly
        return min(int(self.limits.context_s * SAMPLE_RATE_HZ), spare)

    def _decode_after(
        self, before: list[tuple[Samples, tuple[int, ...]]], samples: Samples, request: Request
    ) -> _Heard:
        """Decode with what was said before it as sound, and as a prefix between the timestamps that enclose it."""
        prefix: list[int] = []
        position = 0
        for said, tokens in before:
            prefix += [self._timestamp(position), *tokens, self._timestamp(position + len(said))]
            position += len(said)
        whole = np.concatenate([*(said for said, _ in before), samples])
        return self._decode(whole, self._window(len(whole)), request, prefix)

    def _timestamp(self, position: int) -> int:
        return int(self._tokenizer.timestamp_begin + position // POSITION_SAMPLES)

    def measure(self) -> float:
        """Seconds of work for each second of speech on this machine now; also warms the model up.

        What is timed is usual: an utterance of four seconds, sixteen tokens long, after what is put before one.
        """
        torch.set_num_threads(1)
        count = int((UTTERANCE_S + self.limits.context_s) * SAMPLE_RATE_HZ)
        noise = np.random.default_rng(0).normal(0, 0.05, count).astype(np.float32)
        took_s = []
        for _ in range(3):
            begin_s = time.perf_counter()
            self._decode(noise, self._window(count), Request("en", 16, _always))
            took_s.append(time.perf_counter() - begin_s)
        return min(took_s) / UTTERANCE_S

    def _runs_on(self, result: DecodingResult, cap: int) -> bool:
        """Whether it loops: text that compresses well, that is there twice, or that had to be stopped."""
        compresses = result.compression_ratio > self.limits.suspect_compression
        return compresses or len(result.tokens) >= cap or doubled(result.text)

    def _judge(self, heard: _Heard, suspect: bool) -> Recognition:
        limits, result = self.limits, heard.result
        silent = (
            (result.no_speech_prob > limits.max_no_speech and result.avg_logprob < limits.min_logprob)
            or (result.no_speech_prob > limits.some_no_speech and result.avg_logprob < limits.poor_logprob)
        )
        hopeless = result.avg_logprob < limits.hopeless_logprob or result.compression_ratio > limits.max_compression
        invented = silent or hopeless or phantom(result.text)
        words = () if invented else self._words(heard)
        return Recognition(
            text="" if invented else result.text.strip(),
            avg_logprob=result.avg_logprob,
            no_speech_prob=result.no_speech_prob,
            compression_ratio=result.compression_ratio,
            low_confidence=suspect or result.avg_logprob < limits.doubtful_logprob,
            words=words,
            doubts=tuple((w.start, w.end) for w in words if w.probability < limits.doubtful_word),
            tokens=tuple(token for token in result.tokens if token < self._tokenizer.eot),
        )

    def _words(self, heard: _Heard) -> tuple[Word, ...]:
        """The words of the result's text, as it stands once stripped."""
        spoken = [(t, p) for t, p in zip(heard.result.tokens, heard.logprobs, strict=True) if t < self._tokenizer.eot]
        texts, groups = self._tokenizer.split_tokens_on_spaces([token for token, _ in spoken])
        logprobs = iter([logprob for _, logprob in spoken])
        words: list[Word] = []
        at = -len(texts[0]) + len(texts[0].lstrip()) if texts else 0
        for text, group in zip(texts, groups, strict=True):
            end = at + len(text)
            start = max(0, at + len(text) - len(text.lstrip()))
            probability = math.exp(min(next(logprobs) for _ in group))
            if any(letter.isalnum() for letter in text):
                words.append(Word(start, end, probability))
            at = end
        return tuple(words)

    def _window(self, count: int) -> int:
        """Encoder positions for so many samples and the margin."""
        wanted = count + int(self.limits.margin_s * SAMPLE_RATE_HZ)
        return min(math.ceil(wanted / POSITION_SAMPLES), WHOLE_WINDOW)

    def _decode(self, samples: Samples, window: int, request: Request, prefix: Sequence[int] = ()) -> _Heard:
        padded = np.zeros(window * POSITION_SAMPLES, np.float32)
        padded[: len(samples)] = samples[: len(padded)]
        options = DecodingOptions(
            language=request.language,
            fp16=False,
            sample_len=request.cap,
            beam_size=request.beams or None,
            prompt=list(request.expected) or None,
            prefix=list(prefix) or None,
            # Timestamps stay on: without them short windows loop. Whisper derives their grain from the window it
            # believes is 30 s long, so the limit on the first one is scaled with the window.
            max_initial_timestamp=None if prefix else FIRST_TIMESTAMP_S * WHOLE_WINDOW / window,
        )
        with self._cut(window):
            task = Task(self._model, options, request.wanted)
            return _Heard(*task.decode(whisper.log_mel_spectrogram(padded)))

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
