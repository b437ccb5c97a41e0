"""Publish and subscribe inside this web process (later between nodes, over NATS).

Topics name things, never people: "visit:<id>", "queue:<practitioner id>". A message says that
something changed; the database says what. A subscriber that does not keep up is closed and reads again.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Message = Mapping[str, Any]
WAITING = 256  # messages a slow subscriber may fall behind


def visit_topic(encounter_id: str) -> str:
    """Where changes of one visit are told."""
    return f"visit:{encounter_id}"


def queue_topic(practitioner_id: str) -> str:
    """Where changes of one doctor's queue are told."""
    return f"queue:{practitioner_id}"


class Subscription:
    """What one subscriber still has to read; an async iterator that ends when it fell too far behind."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(WAITING + 1)

    def put(self, message: Message) -> bool:
        """Offer a message; False when this subscriber fell behind and is closed now."""
        if self._queue.qsize() >= WAITING:
            self._queue.put_nowait(None)
            return False
        self._queue.put_nowait(message)
        return True

    async def __aiter__(self) -> AsyncIterator[Message]:
        while (message := await self._queue.get()) is not None:
            yield message


class Bus:
    """In-process topics. Call from the event loop's thread only."""

    def __init__(self) -> None:
        self._topics: dict[str, set[Subscription]] = defaultdict(set)

    def publish(self, topic: str, message: Message) -> None:
        """Tell every subscriber of the topic, without waiting for any."""
        for subscription in list(self._topics.get(topic, ())):
            if not subscription.put(message):
                self._leave(topic, subscription)

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """Receive what is published to these topics while the block runs."""
        subscription = Subscription()
        for topic in topics:
            self._topics[topic].add(subscription)
        try:
            yield subscription
        finally:
            for topic in topics:
                self._leave(topic, subscription)

    def _leave(self, topic: str, subscription: Subscription) -> None:
        self._topics[topic].discard(subscription)
        if not self._topics[topic]:
            del self._topics[topic]
