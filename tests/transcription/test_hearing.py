"""What Whisper is given, and when: guesses that hold, guesses that do not, finals first. The recogniser waits on cue."""

import asyncio
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from transcription.hearing import Hearing
from transcription.recognizer import Recognition
from transcription.stream import Cut, Spoken
from transcription.tail import Tail
from transcription.task import Abandoned

UNSURE, LOST = 90, 91  # understood badly at first; and ever after


def spoken(number: int) -> Spoken:
    return Spoken(Cut(number, number + 9, 1_000 * number, 1_000 * number + 500), np.full(1_600, number, np.float32))


class Stream:
    """A tail whose ears the test holds: the bookkeeping is Tail's own."""

    unheard, guess, guessed = Tail.unheard, Tail.guess, Tail.guessed

    def __init__(self, name: str, visit_id: str = "v1"):
        self.path = Path(name)
        self.header = SimpleNamespace(visit_id=visit_id, language="fr")
        self.waiting, self.early, self._guessed = [], None, None


class Ear:
    """A recogniser that takes as long as the test likes, in Whisper's thread; says the utterance's number."""

    def __init__(self):
        self.heard: list[tuple[str, int]] = []
        self.go_on, self.go_on_again = threading.Event(), threading.Event()
        self.go_on.set()
        self.go_on_again.set()

    def expect(self, words):
        return sorted(words)

    def recognise(self, samples, language, context, *, expected, wanted, beams):
        number = int(samples[0])
        self.heard.append(("again" if beams else "begun", number))
        while not (self.go_on_again if beams else self.go_on).wait(0.002):
            if not wanted():
                self.heard.append(("dropped", number))
                raise Abandoned
        if not wanted():
            raise Abandoned
        if number == 13:
            raise RuntimeError("unlucky")
        if number in (UNSURE, LOST):
            second = bool(beams) and number == UNSURE
            return Recognition(f"{number} {'again' if beams else ''}".strip(), -0.3 if second else -0.7, 0.0, 1.0,
                               low_confidence=not second)
        return Recognition(f"{number} {expected or ''}".strip(), -0.1, 0.0, 1.0, low_confidence=False, tokens=(number,))


@asynccontextmanager
async def hearing(ear: Ear, *streams: Stream):
    said, murmured, bettered = [], [], []

    async def final(tail, recognition):
        said.append((tail.waiting.pop(0).cut.first_seq, recognition.text))

    async def interim(tail, recognition):
        murmured.append(recognition.text)

    async def better(tail, cut, recognition):
        bettered.append((cut.first_seq, recognition.text))

    machine = Hearing(ear, {stream.path: stream for stream in streams}, final, interim, better)
    machine.bettered = bettered
    running = asyncio.create_task(machine.run())
    try:
        yield machine, said, murmured
    finally:
        ear.go_on.set()
        ear.go_on_again.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_guess_that_holds_is_heard_once_and_said_when_the_end_is_certain():
    ear, stream = Ear(), Stream("a")
    async with hearing(ear, stream) as (machine, said, murmured):
        stream.early = spoken(1)
        machine.look()
        await until(lambda: murmured)
        assert said == [], "nothing is final before its end is certain"
        stream.early, stream.waiting = None, [spoken(1)]
        machine.look()
        await until(lambda: said)
    assert said == [(1, "1")]
    assert murmured == ["1"]
    assert ear.heard == [("begun", 1)]


async def test_a_guess_still_at_work_when_the_end_is_certain_goes_on():
    ear, stream = Ear(), Stream("a")
    ear.go_on.clear()
    async with hearing(ear, stream) as (machine, said, murmured):
        stream.early = spoken(1)
        machine.look()
        await until(lambda: ear.heard)
        stream.early, stream.waiting = None, [spoken(1)]
        machine.look()
        await asyncio.sleep(0.02)
        ear.go_on.set()
        await until(lambda: said)
    assert ear.heard == [("begun", 1)]
    assert (said, murmured) == ([(1, "1")], []), "no interim caption of what is final already"


async def test_speech_that_goes_on_drops_the_guess_and_the_longer_utterance_is_heard():
    ear, stream = Ear(), Stream("a")
    ear.go_on.clear()
    async with hearing(ear, stream) as (machine, said, murmured):
        stream.early = spoken(1)
        machine.look()
        await until(lambda: ear.heard)
        stream.early = None
        machine.look()
        await until(lambda: ("dropped", 1) in ear.heard)
        ear.go_on.set()
        stream.waiting = [spoken(2)]
        machine.look()
        await until(lambda: said)
    assert (said, murmured) == ([(2, "2")], [])


async def test_a_final_caption_of_another_stream_does_not_wait_for_a_guess():
    ear, one, other = Ear(), Stream("a"), Stream("b")
    ear.go_on.clear()
    async with hearing(ear, one, other) as (machine, said, _):
        one.early = spoken(1)
        machine.look()
        await until(lambda: ear.heard)
        other.waiting = [spoken(2)]
        machine.look()
        await until(lambda: ("dropped", 1) in ear.heard)
        ear.go_on.set()
        await until(lambda: said)
        one.early, one.waiting = None, [spoken(1)]
        machine.look()
        await until(lambda: len(said) == 2)
    assert said == [(2, "2"), (1, "1")]


async def test_a_forgotten_stream_is_not_spoken_of():
    ear, stream = Ear(), Stream("a")
    ear.go_on.clear()
    async with hearing(ear, stream) as (machine, said, murmured):
        stream.early = spoken(1)
        machine.look()
        await until(lambda: ear.heard)
        machine.forget(stream.path, "v1")
        await until(lambda: ("dropped", 1) in ear.heard)
        stream.early = None
    assert (said, murmured) == ([], [])


async def test_the_words_of_one_visit_are_not_expected_in_another():
    ear, one, other = Ear(), Stream("a", "v1"), Stream("b", "v2")
    async with hearing(ear, one, other) as (machine, said, _):
        machine.expect("v1", ["amlodipine"])
        one.waiting, other.waiting = [spoken(1)], [spoken(2)]
        machine.look()
        await until(lambda: len(said) == 2)
        machine.forget(one.path, "v1")
        one.waiting = [spoken(3)]
        machine.look()
        await until(lambda: len(said) == 3)
    assert said == [(1, "1 ['amlodipine']"), (2, "2"), (3, "3")]


async def test_an_utterance_that_fails_is_passed_over(caplog):
    ear, stream = Ear(), Stream("a")
    async with hearing(ear, stream) as (machine, said, _):
        stream.waiting = [spoken(13), spoken(14)]
        machine.look()
        await until(lambda: len(said) == 2)
    assert said == [(13, ""), (14, "14")]
    assert "could not be recognised" in caplog.text


async def test_what_was_understood_badly_is_heard_again_when_nothing_else_is_to_do():
    ear, stream = Ear(), Stream("a")
    async with hearing(ear, stream) as (machine, said, _):
        stream.waiting = [spoken(UNSURE), spoken(LOST), spoken(3)]
        machine.look()
        await until(lambda: ("again", LOST) in ear.heard and machine.bettered)
        await asyncio.sleep(0.02)
    assert [number for number, _ in said] == [UNSURE, LOST, 3], "first of all everything is said once"
    assert ear.heard == [("begun", UNSURE), ("begun", LOST), ("begun", 3), ("again", UNSURE), ("again", LOST)]
    assert machine.bettered == [(UNSURE, f"{UNSURE} again")], "what is no surer changes nothing"


async def test_hearing_again_gives_way_and_is_tried_again_but_not_for_ever():
    ear, stream = Ear(), Stream("a")
    ear.go_on_again.clear()
    async with hearing(ear, stream) as (machine, said, _):
        stream.waiting = [spoken(UNSURE)]
        machine.look()
        for number in range(1, 4):
            await until(lambda n=number: ear.heard.count(("again", UNSURE)) == n)
            stream.waiting = [spoken(number)]
            machine.look()
            await until(lambda n=number: ear.heard.count(("dropped", UNSURE)) == n and len(said) == n + 1)
        await asyncio.sleep(0.02)
    assert ear.heard.count(("again", UNSURE)) == 3
    assert machine.bettered == []


async def test_a_forgotten_stream_is_not_heard_again():
    ear, stream = Ear(), Stream("a")
    ear.go_on_again.clear()
    async with hearing(ear, stream) as (machine, *_):
        stream.waiting = [spoken(LOST), spoken(UNSURE)]
        machine.look()
        await until(lambda: ("again", LOST) in ear.heard)
        machine.forget(stream.path, "v1")
        await until(lambda: ("dropped", LOST) in ear.heard)
        await asyncio.sleep(0.02)
    assert ("again", UNSURE) not in ear.heard
