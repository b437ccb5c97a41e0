"""One spool file as the worker follows it: opened, decoded, cut; refusals noted; what is stored remembered on disk."""

import fcntl
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from transcription import position
from transcription.decoding import OpusDecoder, Undecodable
from transcription.protocol import EndReason, Refused, Segment
from transcription.sealing import Frame, FrameOpener, FrameRefused, StreamEnd
from transcription.segmentation import Segmenter, SpeechProbability
from transcription.spool import SpoolReader
from transcription.stream import Cut, SpeechStream, Spoken

if TYPE_CHECKING:  # streams are followed without Whisper
    from transcription.recognizer import Recognition

STALLED_S = 1.0  # no frame for so long: the utterance that is open ends
READ_BYTES = 16_384  # 2 to 3 s of speech a turn, so that catching up on one stream does not hold the others
CLAIM_SUFFIX = ".claim"

Refusal = tuple[int, str]


class Claimed(Exception):
    """Another worker follows this stream."""


class Tail:
    """One stream, from its file to its last acknowledgement. Raises Claimed, or the spool's errors, when made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._claim = _claim(path)
        try:
            self._reader = SpoolReader(path)
        except BaseException:
            self._claim.close()
            raise
        self.header = self._reader.header
        self.position = position.load(path)
        self.unacked: dict[int, Segment] = {}  # by last_seq
        self.waiting: deque[Spoken] = deque()  # for Whisper; the first may be with it now
        self.early: Spoken | None = None  # an utterance that silence may have ended
        self.ended: EndReason | None = None
        self.refused: list[Refused] = []
        self._opener: FrameOpener | None = None
        self._speech: SpeechStream | None = None
        self._expected_seq = 0
        self._in_refusal = False
        self._last_frame_s = time.monotonic()
        self._idle = False
        self._guessed: tuple[Cut, Recognition] | None = None

    @property
    def locked(self) -> bool:
        """Whether the visit's key is still wanted."""
        return self._opener is None

    @property
    def drained(self) -> bool:
        """Whether everything said has been recognised, announced and stored."""
        return self.ended is not None and not self.waiting and not self.unacked

    @property
    def unheard(self) -> bool:
        """Whether an utterance may be over that Whisper has not heard yet."""
        return self.early is not None and self.guessed(self.early.cut) is None

    @property
    def gone(self) -> bool:
        """Whether the file was taken away: the visit is shredded, or the stream another machine's now."""
        return self._idle and not self.path.exists()

    def guess(self, cut: Cut, recognition: "Recognition") -> None:
        """Keep what was heard before the utterance's end was certain."""
        self._guessed = (cut, recognition)

    def guessed(self, cut: Cut) -> "Recognition | None":
        """What was heard early, if it was this very utterance."""
        return self._guessed[1] if self._guessed and self._guessed[0] == cut else None

    def unlock(self, visit_key: bytes, detector: Callable[[], SpeechProbability], stored: int = -1) -> None:
        """The key is here: reading may begin, after the last frame that web has `stored`."""
        if self._opener is None:
            self.position.settle(stored)
            self._opener = FrameOpener(visit_key, self.header)
            self._speech = SpeechStream(OpusDecoder(), Segmenter(detector()), self.position)

    def read(self) -> None:
        """Read on; what was said since, as far as it is complete, joins `waiting`."""
        if self._speech is None or self.ended is not None:
            return
        abandoned = self._idle and self._reader.abandoned()  # asked before the last look, or its last frames are lost
        frames = self._reader.read(READ_BYTES)
        self._idle = not frames
        if frames:
            self._last_frame_s = time.monotonic()
            for frame in frames:
                self._open(frame)
        elif abandoned:
            self._end("lost")
        elif self._speech.speaking and time.monotonic() - self._last_frame_s > STALLED_S:
            self.waiting += self._speech.pause()
        self.early = None if self.waiting or self.ended else self._speech.early()

    def _open(self, sealed: bytes) -> None:
        assert self._opener  # noqa: S101  # read() runs on unlocked tails only
        try:
            opened = self._opener.open(sealed)
        except FrameRefused as refusal:
            self._refuse(refusal.sequence, refusal.reason)
            return
        if opened.sequence > self._expected_seq and not self._in_refusal:
            self._refuse(self._expected_seq, "missing")
        self._expected_seq = opened.sequence + 1
        self._in_refusal = False
        if isinstance(opened, StreamEnd):
            self._end(opened.reason)
        else:
            self._hear(opened)

    def _hear(self, frame: Frame) -> None:
        assert self._speech  # noqa: S101
        try:
            self.waiting += self._speech.push(frame)
        except Undecodable:
            self._refuse(frame.sequence, "undecodable")

    def _refuse(self, sequence: int, reason: str) -> None:
        """One event for a run of refused frames: a damaged file must not flood the audit trail."""
        if not self._in_refusal:
            where = {"visit_id": self.header.visit_id, "stream_id": self.header.stream_id}
            self.refused.append(Refused.model_validate({**where, "sequence": sequence, "reason": reason}))
        self._in_refusal = True

    def _end(self, reason: EndReason) -> None:
        assert self._speech  # noqa: S101
        self.ended = reason
        self.waiting += self._speech.finish()

    def announce(self, cut: Cut, segment: Segment) -> None:
        """Note the cut on disk before web hears of it: after a crash it is made again under the same numbers."""
        if cut not in self.position.cuts:
            self.position.cuts.append(cut)
            position.save(self.path, self.position)
        self.unacked[segment.last_seq] = segment

    def acked(self, last_seq: int) -> None:
        """Web has stored everything up to this frame."""
        for seq in [seq for seq in self.unacked if seq <= last_seq]:
            del self.unacked[seq]
        self.position.settle(last_seq)
        position.save(self.path, self.position)

    def done(self) -> None:
        """Web knows that the stream is over."""
        self.position.done = True
        position.save(self.path, self.position)
        self.close()

    def close(self) -> None:
        """Let go of the file and of the claim on it."""
        self._reader.close()
        self._claim.close()
        self._opener = self._speech = None


def _claim(path: Path) -> TextIO:
    """Hold the stream for this process; the kernel lets go when the process dies."""
    file = path.with_suffix(CLAIM_SUFFIX).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Claimed(path.name) from error
    return file
