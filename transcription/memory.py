"""How much memory a worker keeps: the C library would hold on to whatever many utterances once needed."""

import ctypes
import gc
from pathlib import Path
from resource import getpagesize
from typing import Any

STATM = Path("/proc/self/statm")
ENOUGH_BYTES = 520_000_000  # a worker that has more looks for what it can give back
MMAP_THRESHOLD = -3  # glibc's name for what mallopt is to set
LARGE_BYTES = 4 << 20  # sounds inside Whisper: left to grow, the limit would scatter them between what stays


def lend_large() -> None:
    """Let large pieces come from the machine and go back to it at once. glibc alone can; elsewhere nothing changes.

    Of 295 MB of one worker's heap 280 had become gaps.
    """
    _c("mallopt", MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Hand what is free back to the machine."""
    gc.collect()
    _c("malloc_trim", 0)


def stay_small() -> None:
    """The same, where this process has grown large. Quick: call it often."""
    if STATM.exists() and int(STATM.read_text().split()[1]) * getpagesize() > ENOUGH_BYTES:
        _c("malloc_trim", 0)


def _c(name: str, *arguments: int) -> None:
    function: Any = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
