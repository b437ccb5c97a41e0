"""Group commit: what waits for the writer is done in one transaction; while that one is written, the next gathers.

One flush to the disk serves all of a batch, and nobody hears "done" before it. DeWitt et al., "Implementation
techniques for main memory database systems" (SIGMOD 1984), section 5.2.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

MOST = 64


@dataclass(slots=True, eq=False)
class Call:
    """Work that somebody waits for; `work` and who asked are the business of whoever does it."""

    work: Callable[..., Any]
    actor: Any
    done: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop = field(repr=False)
    result: Any = None
    failure: BaseException | None = None

    def call_back(self, callbacks: Iterable[Callable[[], None]]) -> None:
        """What follows its commit; a failure is told, and what is committed is not done again."""
        try:
            for callback in callbacks:
                callback()
        except Exception as failure:  # noqa: BLE001  whoever asked hears of it
            self.failure = failure


class Savepoint:
    """Lies before each call of a batch: what a call that is refused wrote is taken back, and no more than that."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.connection.cursor()
        self._several = connection.dialect.name != "sqlite"  # statements that may go to the server in one piece
        self._cursor.execute("SAVEPOINT one_call")

    def on(self) -> None:
        """What was done stays; the next call begins here."""
        if self._several:
            self._cursor.execute("RELEASE SAVEPOINT one_call; SAVEPOINT one_call")
        else:
            self._cursor.execute("RELEASE SAVEPOINT one_call")
            self._cursor.execute("SAVEPOINT one_call")

    def back(self) -> None:
        """To where the call began."""
        self._cursor.execute("ROLLBACK TO SAVEPOINT one_call")


class Together:
    """Hands calls to `do` in batches, in a thread of `executor`. `do` settles a first few and returns how many."""

    def __init__(self, executor: Executor, do: Callable[[Sequence[Call]], int]) -> None:
        self._executor, self._do = executor, do
        self._waiting: deque[Call] = deque()
        self._lock, self._running = threading.Lock(), False

    async def call(self, work: Callable[..., Any], actor: Any) -> Any:
        """The result of `work`, or its exception, once it is done for good.

        Who is cancelled no longer waits; the work is done all the same, as for any thread.
        """
        loop = asyncio.get_running_loop()
        mine = Call(work, actor, loop.create_future(), loop)
        with self._lock:
            if not self._running:
                self._executor.submit(self._batch)  # raises RuntimeError once it is shut down
            self._waiting.append(mine)
            self._running = True
        return await mine.done

    def _batch(self) -> None:
        with self._lock:
            calls = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        settled = 0
        try:
            settled = self._do(calls)
        except BaseException as failure:  # noqa: BLE001  nobody may wait for ever
            for call in calls:
                call.failure = failure
            settled = len(calls)
        with self._lock:
            self._waiting.extendleft(reversed(calls[settled:]))
            self._running = bool(self._waiting)
            again = self._running
        _tell(calls[:settled])
        if again:
            self._go_on()

    def _go_on(self) -> None:
        try:
            self._executor.submit(self._batch)  # behind what else waits for this thread
        except RuntimeError:  # it is being shut down: what was asked for before is done
            self._batch()


def _tell(calls: Sequence[Call]) -> None:
    """Wake up who waits: one call a loop, for waking it is what costs."""
    for loop in {call.loop for call in calls}:
        try:
            loop.call_soon_threadsafe(_settle, [call for call in calls if call.loop is loop])
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _settle(calls: Sequence[Call]) -> None:
    for call in calls:
        if call.done.done():
            continue
        if call.failure is not None:
            call.done.set_exception(call.failure)
        else:
            call.done.set_result(call.result)
