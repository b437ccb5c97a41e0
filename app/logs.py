"""Logs: one line an event on standard error; never a clinical word, a name, a token or a full URL.

What went wrong is told by the error's class and its place in the code. The text of an exception stays out: it may
repeat what somebody typed, a row's content or a request line with a link's token.
"""

import logging
import re
import sys
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
MOST_FRAMES = 12
PLAIN_WORDS = re.compile(r"[\w ]+")


def trace(failure: BaseException) -> str:
    """Classes and places of a failure and of what caused it, innermost last; no text of any of them."""
    seen: list[str] = []
    told: BaseException | None = failure
    while told is not None:
        frames = traceback.extract_tb(told.__traceback__)[-MOST_FRAMES:]
        places = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
        inside = f" [{'; '.join(trace(e) for e in told.exceptions)}]" if isinstance(told, BaseExceptionGroup) else ""
        seen.append(f"{type(told).__module__}.{type(told).__qualname__} at {places}{inside}")
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return " < ".join(seen)


def wordless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: exc_info becomes a trace without words."""
    given = event.pop("exc_info", None)
    failure = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(failure, BaseException):
        event["exception"] = trace(failure)
    return event


class WordlessFormatter(logging.Formatter):
    """The same for libraries that log through the standard library (aiohttp, asyncio)."""

    def formatException(self, ei: Failure) -> str:  # noqa: N802  the standard library's name
        return trace(ei[1]) if ei[1] is not None else ""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the standard library's name
        if record.name == "asyncio":  # it appends the repr of a task or callback, arguments and errors included
            words = PLAIN_WORDS.match(record.message)
            record.message = words[0] if words else "trouble"
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have kept the text
        return super().format(record)


def last_words(kind: type[BaseException], failure: BaseException, _place: TracebackType | None) -> None:
    """sys.excepthook of a server process."""
    sys.stderr.write(f"ended by {trace(failure)}\n" if kind is not KeyboardInterrupt else "interrupted\n")


def configure() -> None:
    """Set up structlog for this process: colours on a terminal, JSON lines elsewhere."""
    pretty = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            wordless,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WordlessFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    sys.excepthook = last_words
