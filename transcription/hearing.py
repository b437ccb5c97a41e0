"""Which utterance Whisper hears next, in its one thread: finals by urgency, what may become one, then doubts again.

An utterance is over after half a second of silence. Half of that is enough to guess so: Whisper then works while the
silence goes on, and the caption is there the moment the end is certain. If speech goes on instead the work is dropped.
What was understood badly is heard a second time, with several likely texts side by side, when nothing else is to do.
"""

import asyncio
import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from transcription.protocol import TESTED
from transcription.recognizer import Context, Expected, Recognition, Recognizer
from transcription.stream import Cut, Spoken
from transcription.tail import Tail
from transcription.task import Abandoned

log = logging.getLogger(__name__)

LIVE_MS = 20_000
BEAMS = 5  # of the second hearing; on French visits it takes two points off the word errors
SURER = 0.03  # so much must the average log-probability win for the second hearing to count
DOUBTS = 24  # utterances that wait for it
TRIES = 3  # each may be interrupted so often
NOTHING = Recognition("", 0.0, 0.0, 0.0, low_confidence=True)

Tell = Callable[[Tail, Recognition], Awaitable[None]]
Better = Callable[[Tail, Cut, Recognition], Awaitable[None]]


def now_ms() -> int:
    """Unix epoch milliseconds: the clock that frames are stamped with."""
    return time.time_ns() // 1_000_000


def most_urgent(tails: Iterable[Tail], at_ms: int) -> Tail | None:
    """The stream whose next utterance goes first: live speech before what waited longer, then what was said first.

    After an outage captions are live again at once, and what was missed comes in what time is left.
    """
    waiting = [tail for tail in tails if tail.waiting]
    ended_ms = {tail.path: tail.waiting[0].cut.end_at_ms for tail in waiting}
    return min(waiting, key=lambda t: (at_ms - ended_ms[t.path] > LIVE_MS, ended_ms[t.path]), default=None)


class _Guess(NamedTuple):
    """What Whisper hears now although its end is not certain."""

    tail: Tail
    cut: Cut
    stop: threading.Event


@dataclass(slots=True)
class _Doubt:
    """What was understood badly, with what had been said before it."""

    tail: Tail
    spoken: Spoken
    context: Context
    heard: Recognition
    tries: int = 0


class Hearing:
    """Whisper's work. final: called with each utterance's result, which is to be taken off the stream's queue.

    better: called when the second hearing understood an utterance better than its final said.
    """

    def __init__(self, recognizer: Recognizer, tails: Mapping[Path, Tail], final: Tell, interim: Tell, better: Better
                 ) -> None:
        self._recognizer = recognizer
        self._tails = tails
        self._final, self._interim, self._better = final, interim, better
        self._doubts: deque[_Doubt] = deque(maxlen=DOUBTS)
        self._again = threading.Event()  # set: the second hearing gives way
        self._contexts: dict[Path, Context] = {}
        self._expected: dict[str, Expected] = {}
        self._guess: _Guess | None = None
        self._wake = asyncio.Event()

    def expect(self, visit_id: str, words: Iterable[str]) -> None:
        """Words that are likely in this visit, the likeliest last."""
        self._expected[visit_id] = self._recognizer.expect(words)

    def forget(self, path: Path, visit_id: str = "") -> None:
        """A stream is followed no more; nor, when it is named, its visit."""
        self._contexts.pop(path, None)
        self._expected.pop(visit_id, None)
        self._doubts = deque((doubt for doubt in self._doubts if doubt.tail.path != path), DOUBTS)
        self._again.set()
        if self._guess and self._guess.tail.path == path:
            self._guess.stop.set()

    def look(self) -> None:
        """A stream was read on: there may be work, or work that nobody wants any more."""
        if any(tail.waiting or tail.unheard for tail in self._tails.values()):
            self._wake.set()
            self._again.set()
        if self._guess and not self._wanted(self._guess):
            self._guess.stop.set()

    def _wanted(self, guess: _Guess) -> bool:
        if guess.tail.waiting:  # its end is certain meanwhile, or it was cut elsewhere
            return guess.tail.waiting[0].cut == guess.cut
        others = any(tail.waiting for tail in self._tails.values())
        return not others and guess.tail.early is not None and guess.tail.early.cut == guess.cut

    async def run(self) -> None:
        """Hear until cancelled."""
        with ThreadPoolExecutor(1, "whisper") as whisper:
            while True:
                tails = self._tails.values()
                if tail := most_urgent(tails, now_ms()):
                    await self._hear_final(tail, whisper)
                elif tail := next((tail for tail in tails if tail.unheard), None):
                    await self._hear_early(tail, whisper)
                elif self._doubts:
                    await self._hear_again(self._doubts.popleft(), whisper)
                else:
                    self._wake.clear()
                    await self._wake.wait()

    async def _hear_final(self, tail: Tail, whisper: ThreadPoolExecutor) -> None:
        spoken, context = tail.waiting[0], self._context(tail)
        recognition = tail.guessed(spoken.cut) or await self._hear(tail, spoken, whisper, threading.Event(), context)
        if self._tails.get(tail.path) is tail:  # not forgotten meanwhile
            if recognition.text and (recognition.low_confidence or recognition.doubts):
                self._doubts.append(_Doubt(tail, spoken, context.copy(), recognition))
            context.remember(spoken.samples, recognition)
            await self._final(tail, recognition)

    async def _hear_early(self, tail: Tail, whisper: ThreadPoolExecutor) -> None:
        assert tail.early  # noqa: S101  # it is unheard
        spoken = tail.early
        self._guess = _Guess(tail, spoken.cut, threading.Event())
        try:
            recognition = await self._hear(tail, spoken, whisper, self._guess.stop, self._context(tail))
        except Abandoned:
            return
        finally:
            self._guess = None
        if self._tails.get(tail.path) is tail:
            tail.guess(spoken.cut, recognition)
            if tail.early:
                await self._interim(tail, recognition)

    async def _hear_again(self, doubt: _Doubt, whisper: ThreadPoolExecutor) -> None:
        self._again.clear()
        try:
            second = await self._hear(doubt.tail, doubt.spoken, whisper, self._again, doubt.context, BEAMS)
        except Abandoned:
            doubt.tries += 1
            if doubt.tries < TRIES and self._tails.get(doubt.tail.path) is doubt.tail:
                self._doubts.append(doubt)
            return
        surer = second.avg_logprob > doubt.heard.avg_logprob + SURER
        if surer and second.text not in ("", doubt.heard.text) and self._tails.get(doubt.tail.path) is doubt.tail:
            await self._better(doubt.tail, doubt.spoken.cut, second)

    async def _hear(
        self, tail: Tail, spoken: Spoken, whisper: ThreadPoolExecutor, stop: threading.Event, context: Context,
        beams: int = 0,
    ) -> Recognition:
        # The list is in the visit's language; read before another one it would pull the words over.
        expected = self._expected.get(tail.header.visit_id, ()) if tail.header.language in TESTED else ()
        work = functools.partial(self._recognizer.recognise, spoken.samples, tail.header.language, context,
                                 expected=expected, wanted=lambda: not stop.is_set(), beams=beams)  # fmt: skip
        try:
            return await asyncio.get_running_loop().run_in_executor(whisper, work)
        except (RuntimeError, ValueError, IndexError):  # one utterance must not stop all others, again and again
            log.exception("an utterance could not be recognised")
            return NOTHING

    def _context(self, tail: Tail) -> Context:
        return self._contexts.setdefault(tail.path, Context())
