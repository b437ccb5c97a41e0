"""The NATS server that joins the machines: the connection, the names in use, and the streams that JetStream keeps.

`SPEECH` is a log of each sealed stream, by subject, which lives as long as the audio may. `WORK` is a queue with one
item for each: whoever holds it transcribes that stream, and says so again and again; else somebody else gets the item.
Where rooms live is kept beside them (`placement`).
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError

log = logging.getLogger(__name__)

SPEECH, WORK = "COLLOQUE_SPEECH", "COLLOQUE_WORK"
CONTROL = "colloque.control"
# Headers of a piece: where it lies in its file; nothing follows; the clinic's machine is to keep it.
OFFSET, END, KEEP = "Colloque-Offset", "Colloque-End", "Colloque-Keep"
DAY_S = 86_400
RECONNECT_S = 0.5
PING_S = 2  # a server whose network vanished without a word is noticed after two of these


def speech_subject(visit_id: str, stream_id: str) -> str:
    """Where the pieces of one sealed stream are."""
    return f"colloque.speech.{visit_id}.{stream_id}"


def work_subject(visit_id: str, stream_id: str) -> str:
    """Where the item is that says: transcribe this stream."""
    return f"colloque.work.{visit_id}.{stream_id}"


def names(subject: str) -> tuple[str, str]:
    """Visit and stream of a subject of either kind."""
    visit_id, stream_id = subject.split(".")[2:]
    return visit_id, stream_id


@asynccontextmanager
async def connected(url: str, name: str, on_return: Callable[[], None] = lambda: None) -> AsyncIterator[Client]:
    """A connection that is made again for ever, and says so. Raises nats.errors.Error, OSError when the first fails."""
    async def returned() -> None:
        on_return()

    async def said(error: Exception) -> None:
        log.info("NATS: %s", type(error).__name__)

    client = await nats.connect(url, name=name, error_cb=said, reconnected_cb=returned, ping_interval=PING_S,
                                max_reconnect_attempts=-1, reconnect_time_wait=RECONNECT_S)  # fmt: skip
    try:
        yield client
    finally:
        await client.close()


async def answers(client: Client) -> bool:
    """Whether the server took all that was said so far."""
    try:
        await client.flush(1)
    except (nats.errors.Error, OSError):
        return False
    return client.is_connected  # without a connection the client's flush succeeds at once


async def prepare(jetstream: JetStreamContext, audio_days: int) -> None:
    """Make the streams, or give those that exist the site's limit."""
    for config in (
        StreamConfig(name=SPEECH, subjects=[speech_subject("*", "*")], retention=RetentionPolicy.LIMITS,
                     storage=StorageType.FILE, max_age=audio_days * DAY_S, allow_direct=True),
        StreamConfig(name=WORK, subjects=[work_subject("*", "*")], retention=RetentionPolicy.WORK_QUEUE,
                     storage=StorageType.FILE, max_age=audio_days * DAY_S, max_msgs_per_subject=1,
                     discard=DiscardPolicy.NEW, discard_new_per_subject=True),
    ):
        try:
            await jetstream.add_stream(config)
        except BadRequestError:  # it exists with another limit
            await jetstream.update_stream(config)


async def ask_for_work(jetstream: JetStreamContext, visit_id: str, stream_id: str) -> None:
    """Put a stream into the queue, where it waits once however often it is asked for."""
    try:
        await jetstream.publish(work_subject(visit_id, stream_id), headers={"Nats-Msg-Id": f"work:{stream_id}"})
    except APIError as error:
        if error.err_code != SUBJECT_IS_FULL:
            raise


SUBJECT_IS_FULL = 10_077
