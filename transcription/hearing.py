"""Which utterance Whisper hears next, in its one thread: finals by urgency, and, when none waits, what may become one.

An utterance is over after half a second of silence. Half of that is enough to guess so: Whisper then works while the
silence goes on, and the caption is there the moment the end is certain. If speech goes on instead the work is dropped.
"""

import asyncio
import functools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from transcription.protocol import TESTED
from transcription.recognizer import Context, Expected, Recognition, Recognizer
from transcription.stream import Cut, Spoken
from transcription.tail import Tail
from transcription.task import Abandoned

log = logging.getLogger(__name__)

LIVE_MS = 20_000
NOTHING = Recognition("", 0.0, 0.0, 0.0, low_confidence=True)

Tell = Callable[[Tail, Recognition], Awaitable[None]]


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


class Hearing:
    """Whisper's work. final: called with each utterance's result, which is to be taken off the stream's queue."""

    def __init__(self, recognizer: Recognizer, tails: Mapping[Path, Tail], final: Tell, interim: Tell) -> None:
        self._recognizer = recognizer
        self._tails = tails
        self._final, self._interim = final, interim
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
        if self._guess and self._guess.tail.path == path:
            self._guess.stop.set()

    def look(self) -> None:
        """A stream was read on: there may be work, or work that nobody wants any more."""
        if any(tail.waiting or tail.unheard for tail in self._tails.values()):
            self._wake.set()
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
                else:
                    self._wake.clear()
                    await self._wake.wait()

    async def _hear_final(self, tail: Tail, whisper: ThreadPoolExecutor) -> None:
        spoken = tail.waiting[0]
        recognition = tail.guessed(spoken.cut) or await self._hear(tail, spoken, whisper, threading.Event())
        if self._tails.get(tail.path) is tail:  # not forgotten meanwhile
            self._context(tail).remember(spoken.samples, recognition)
            await self._final(tail, recognition)

    async def _hear_early(self, tail: Tail, whisper: ThreadPoolExecutor) -> None:
        assert tail.early  # noqa: S101  # it is unheard
        spoken = tail.early
        self._guess = _Guess(tail, spoken.cut, threading.Event())
        try:
            recognition = await self._hear(tail, spoken, whisper, self._guess.stop)
        except Abandoned:
            return
        finally:
            self._guess = None
        if self._tails.get(tail.path) is tail:
            tail.guess(spoken.cut, recognition)
            if tail.early:
                await self._interim(tail, recognition)

    async def _hear(
        self, tail: Tail, spoken: Spoken, whisper: ThreadPoolExecutor, stop: threading.Event
    ) -> Recognition:
        # The list is in the visit's language; read before another one it would pull the words over.
        expected = self._expected.get(tail.header.visit_id, ()) if tail.header.language in TESTED else ()
        work = functools.partial(self._recognizer.recognise, spoken.samples, tail.header.language, self._context(tail),
                                 expected=expected, wanted=lambda: not stop.is_set())  # fmt: skip
        try:
            return await asyncio.get_running_loop().run_in_executor(whisper, work)
        except (RuntimeError, ValueError, IndexError):  # one utterance must not stop all others, again and again
            log.exception("an utterance could not be recognised")
            return NOTHING

    def _context(self, tail: Tail) -> Context:
        return self._contexts.setdefault(tail.path, Context())
