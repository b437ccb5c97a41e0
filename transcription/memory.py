"""How much memory a worker keeps: the C library would hold on to whatever many utterances once needed."""

import ctypes
import gc
from pathlib import Path
from resource import getpagesize
from typing import Any

STATM = Path("/proc/self/statm")
ENOUGH_BYTES = 640_000_000  # a worker that has more looks for what it can give back


def give_back() -> None:
    """Hand what is free back to the machine. glibc alone can; elsewhere nothing changes."""
    gc.collect()
    _trim()


def stay_small() -> None:
    """The same, where this process has grown large. Quick: call it often."""
    if STATM.exists() and int(STATM.read_text().split()[1]) * getpagesize() > ENOUGH_BYTES:
        _trim()


def _trim() -> None:
    trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
