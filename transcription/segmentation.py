"""From a stream of samples to utterances: what is worth recognising, and where to cut. Pure on 16 kHz float blocks.

The voice activity detector is a callable (block -> probability), so this runs in tests without one.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
BLOCK_SAMPLES = 512  # 32 ms: what silero-vad takes
BLOCK_MS = 1_000 * BLOCK_SAMPLES // SAMPLE_RATE_HZ

Samples = npt.NDArray[np.float32]
SpeechProbability = Callable[[Samples], float]


@dataclass(frozen=True)
class Cutting:
    """When speech begins, ends and must be cut; thresholds are probabilities."""

    begin_threshold: float = 0.5
    stay_threshold: float = 0.35
    end_silence_ms: int = 500
    min_speech_ms: int = 130  # a French "oui" can be as short as 150 ms
    padding_before_ms: int = 320
    padding_after_ms: int = 224  # so much silence is also enough to guess that the utterance is over
    max_utterance_ms: int = 28_000  # Whisper's window is 30 s


@dataclass(frozen=True)
class Utterance:
    """Speech cut out of a stream. Positions count samples since the stream's segmenter began.

    samples: float32 mono at 16 kHz from `first` to `last` (exclusive), padding included; `speech_first` and
    `speech_last` bound the speech itself.
    """

    samples: Samples
    first: int
    last: int
    speech_first: int
    speech_last: int


class Segmenter:
    """Cuts one stream. Feed samples in order; utterances come out when their end is certain."""

    def __init__(self, probability: SpeechProbability, cutting: Cutting | None = None) -> None:
        self._probability = probability
        self._cutting = cutting or Cutting()
        self._pending = np.zeros(0, np.float32)
        self._position = 0  # of the next block's first sample
        self._blocks: deque[tuple[Samples, float]] = deque()  # before speech: padding; in speech: the utterance
        self._speaking = False
        self._speech_blocks = 0
        self._quiet_blocks = 0
        self._lead_blocks = 0  # blocks kept before the first speech block

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._speaking

    @property
    def kept_from(self) -> int:
        """Position of the oldest sample that a later utterance may still contain."""
        return self._position - len(self._blocks) * BLOCK_SAMPLES

    def early(self) -> Utterance | None:
        """What the open utterance will be if the silence goes on: the very samples that its end would give."""
        if not self._speaking or self._quiet_blocks * BLOCK_MS < self._cutting.padding_after_ms:
            return None
        return self._utterance(list(self._blocks), self.kept_from)

    def push(self, samples: Samples) -> list[Utterance]:
        """Take samples (any length); returns the utterances that ended in them."""
        self._pending = np.concatenate((self._pending, samples))
        whole = len(self._pending) // BLOCK_SAMPLES * BLOCK_SAMPLES
        blocks = self._pending[:whole].reshape(-1, BLOCK_SAMPLES)
        self._pending = self._pending[whole:]
        ended = (self._step(block) for block in blocks)
        return [utterance for utterance in ended if utterance]

    def finish(self) -> list[Utterance]:
        """The stream is over: the utterance still open, if any."""
        padded = np.zeros(-len(self._pending) % BLOCK_SAMPLES, np.float32)
        last = self.push(padded)
        if self._speaking and (utterance := self._cut(len(self._blocks))):
            last.append(utterance)
        return last

    def _step(self, block: Samples) -> Utterance | None:
        probability = self._probability(block) if block.any() else 0.0
        self._blocks.append((block, probability))
        self._position += BLOCK_SAMPLES
        if not self._speaking:
            self._await_speech(probability)
            return None
        return self._in_speech(probability)

    def _await_speech(self, probability: float) -> None:
        if probability >= self._cutting.begin_threshold:
            self._speaking, self._speech_blocks, self._quiet_blocks = True, 1, 0
            self._lead_blocks = len(self._blocks) - 1
        else:
            while len(self._blocks) > self._cutting.padding_before_ms // BLOCK_MS:
                self._blocks.popleft()

    def _in_speech(self, probability: float) -> Utterance | None:
        if probability >= self._cutting.stay_threshold:
            self._speech_blocks += 1
            self._quiet_blocks = 0
        else:
            self._quiet_blocks += 1
        if self._quiet_blocks * BLOCK_MS >= self._cutting.end_silence_ms:
            return self._cut(len(self._blocks))
        if len(self._blocks) * BLOCK_MS >= self._cutting.max_utterance_ms:
            return self._cut(self._best_pause())
        return None

    def _best_pause(self) -> int:
        """Where to cut speech that does not end: the quietest third of a second in the later half."""
        window = 10
        probabilities = np.array([probability for _, probability in self._blocks])
        half = len(probabilities) // 2
        smooth = np.convolve(probabilities[half:], np.ones(window), "valid")
        return half + int(smooth.argmin()) + window // 2

    def _cut(self, count: int) -> Utterance | None:
        """Take the first `count` blocks as an utterance; the rest stays for the next one."""
        taken = [self._blocks.popleft() for _ in range(count)]
        first = self._position - (len(self._blocks) + count) * BLOCK_SAMPLES
        utterance = self._utterance(taken, first)
        goes_on = bool(self._blocks)  # a forced cut leaves speech behind
        self._restart(goes_on, taken)
        return utterance

    def _restart(self, goes_on: bool, taken: list[tuple[Samples, float]]) -> None:
        self._speaking = goes_on
        self._quiet_blocks = self._lead_blocks = 0
        self._speech_blocks = sum(p >= self._cutting.stay_threshold for _, p in self._blocks)
        if not goes_on:  # the silence just heard is the next utterance's padding
            keep = self._cutting.padding_before_ms // BLOCK_MS
            after = self._cutting.padding_after_ms // BLOCK_MS
            spare = taken[len(taken) - self._trailing_silence(taken) + after :]
            self._blocks.extend(spare[-keep:])

    def _trailing_silence(self, taken: list[tuple[Samples, float]]) -> int:
        count = 0
        for _, probability in reversed(taken):
            if probability >= self._cutting.stay_threshold:
                break
            count += 1
        return count

    def _utterance(self, taken: list[tuple[Samples, float]], first: int) -> Utterance | None:
        speech = sum(probability >= self._cutting.stay_threshold for _, probability in taken)
        if speech * BLOCK_MS < self._cutting.min_speech_ms:
            return None
        trailing = self._trailing_silence(taken)
        keep = len(taken) - max(0, trailing - self._cutting.padding_after_ms // BLOCK_MS)
        samples = np.concatenate([block for block, _ in taken[:keep]])
        return Utterance(
            samples=samples,
            first=first,
            last=first + len(samples),
            speech_first=first + self._lead_blocks * BLOCK_SAMPLES,
            speech_last=first + (len(taken) - trailing) * BLOCK_SAMPLES,
        )
