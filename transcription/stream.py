"""One stream's way from opened frames to utterances that know which frames and which instants they came from. Pure.

Sample positions (what the segmenter counts) and frames (what the spool holds) are tied together by anchors. Audio that
is missing between two frames is made up for where the network lost a few packets, and is silence where there was a
longer pause, so that times stay right and an utterance ends where speech stopped.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from transcription.sealing import Frame
from transcription.segmentation import BLOCK_SAMPLES, SAMPLE_RATE_HZ, Samples, Segmenter, Utterance

SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1_000
GAP_MS = 20  # one frame missing
MAX_CONCEAL_MS = 120  # longer than that the decoder knows nothing of what was said
MAX_FILL_MS = 1_000  # enough silence to end any utterance; the anchors carry the rest
PREROLL_FRAMES = 8  # an Opus decoder joining in the middle needs about 80 ms to sound right


class Decoder(Protocol):
    """What turns packets into samples: transcription.decoding.OpusDecoder."""

    def decode(self, opus: bytes) -> Samples:
        """The packet's samples."""

    def conceal(self, opus: bytes, missing: int) -> Samples:
        """About so many samples that were lost before this packet; called before it is decoded."""


class Cut(NamedTuple):
    """Where an utterance lies in its stream: frames first_seq..last_seq, speech from start_at_ms to end_at_ms."""

    first_seq: int
    last_seq: int
    start_at_ms: int
    end_at_ms: int


class Spoken(NamedTuple):
    """An utterance ready for recognition: where it lies, and its samples (float32, mono, 16 kHz)."""

    cut: Cut
    samples: Samples


@dataclass
class Position:
    """How far a stream is stored for good, and the cuts announced beyond that.

    After a crash the same cuts are made again, so a segment that web stored without its acknowledgement reaching us
    is announced under the same numbers and recognised as the same.
    """

    acked: int = -1
    cuts: list[Cut] = field(default_factory=list)
    done: bool = False

    def settle(self, last_seq: int) -> None:
        """Everything up to this frame is stored."""
        self.acked = max(self.acked, last_seq)
        self.cuts = [cut for cut in self.cuts if cut.last_seq > self.acked]


class _Anchor(NamedTuple):
    position: int
    sequence: int
    at_ms: int


class SpeechStream:
    """Feed opened frames in order; utterances come out. Resumes from a Position."""

    def __init__(self, decoder: Decoder, segmenter: Segmenter, position: Position) -> None:
        self._decoder = decoder
        self._segmenter = segmenter
        self._resume_after = position.acked
        self._cuts = deque(position.cuts)
        self._collected: list[Samples] = []
        self._anchors: deque[_Anchor] = deque()
        self._fed = 0  # samples given to the segmenter
        self._due_ms: int | None = None  # when the next frame should have been captured

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open that only more audio, silence or the end will close."""
        return self._segmenter.speaking

    def early(self) -> Spoken | None:
        """The open utterance as it will be if the silence goes on; None while it is spoken, or when none is open."""
        utterance = self._segmenter.early()
        return Spoken(self._cut(utterance), utterance.samples) if utterance else None

    def push(self, frame: Frame) -> list[Spoken]:
        """Take one frame; returns the utterances that ended with it. Passes the decoder's errors on."""
        if frame.sequence < self._resume_after - PREROLL_FRAMES:
            return []
        missing = self._missing(frame)
        samples = self._decoder.decode(frame.opus)
        self._due_ms = frame.at_ms + len(samples) // SAMPLES_PER_MS
        if frame.sequence <= self._resume_after:
            return []
        if self._cuts:
            return self._again(frame, np.concatenate([missing, samples]))
        spoken = self._feed(missing) if len(missing) else []
        self._anchors.append(_Anchor(self._fed, frame.sequence, frame.at_ms))
        return spoken + self._feed(samples)

    def pause(self) -> list[Spoken]:
        """No frame has come for a while: close the open utterance as silence would."""
        return self._feed(np.zeros(MAX_FILL_MS * SAMPLES_PER_MS, np.float32)) if self._anchors else []

    def finish(self) -> list[Spoken]:
        """The stream is over."""
        return self._located(self._segmenter.finish())

    def _again(self, frame: Frame, samples: Samples) -> list[Spoken]:
        """Make a cut that was already announced, exactly as before."""
        cut = self._cuts[0]
        if frame.sequence >= cut.first_seq:
            self._collected.append(samples)
        if frame.sequence < cut.last_seq:
            return []
        spoken = Spoken(cut, np.concatenate(self._collected))
        self._collected.clear()
        self._resume_after = self._cuts.popleft().last_seq
        return [spoken]

    def _missing(self, frame: Frame) -> Samples:
        """What stands for the time since the frame before: a few lost packets, or the silence of a pause."""
        gap_ms = frame.at_ms - self._due_ms if self._due_ms is not None else 0
        if gap_ms < GAP_MS:
            return np.zeros(0, np.float32)
        if gap_ms <= MAX_CONCEAL_MS:
            return self._decoder.conceal(frame.opus, gap_ms * SAMPLES_PER_MS)
        return np.zeros(min(gap_ms, MAX_FILL_MS) * SAMPLES_PER_MS, np.float32)

    def _feed(self, samples: Samples) -> list[Spoken]:
        self._fed += len(samples)
        spoken = self._located(self._segmenter.push(samples))
        while len(self._anchors) > 1 and self._anchors[1].position <= self._segmenter.kept_from:
            self._anchors.popleft()
        return spoken

    def _located(self, utterances: list[Utterance]) -> list[Spoken]:
        return [Spoken(self._cut(utterance), utterance.samples) for utterance in utterances]

    def _cut(self, utterance: Utterance) -> Cut:
        inside = [a for a in self._anchors if utterance.first <= a.position < utterance.last]
        # Frames and blocks have different lengths: a frame on the border belongs to the utterance before.
        first, last = (inside[0], inside[-1]) if inside else (self._anchor(utterance.first),) * 2
        # A block may straddle a gap: an utterance begins on the gap's far side and ends on its near one.
        start_at_ms = self._at_ms(utterance.speech_first, seen_from=utterance.speech_first + BLOCK_SAMPLES - 1)
        end_at_ms = self._at_ms(utterance.speech_last, seen_from=utterance.speech_last - BLOCK_SAMPLES)
        return Cut(first.sequence, last.sequence, start_at_ms, max(start_at_ms, end_at_ms))

    def _anchor(self, position: int) -> _Anchor:
        before = [a for a in self._anchors if a.position <= position]
        return before[-1] if before else self._anchors[0]

    def _at_ms(self, position: int, seen_from: int) -> int:
        anchor = self._anchor(seen_from)
        return anchor.at_ms + (position - anchor.position) // SAMPLES_PER_MS
