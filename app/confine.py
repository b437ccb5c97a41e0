"""What a process keeps in memory stays there: no core dump, no other program of the same user that reads it.

Web forgets what it frees as well, started with the environment `WIPING`: otherwise Python and the C library leave freed
memory as it was, and a visit's words in it for hours.
"""

import asyncio
import ctypes
import gc
import os
import resource
import select
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
WIPING: Final = {  # all memory from glibc, which then overwrites what it gets back
    "PYTHONMALLOC": "malloc",  # not Python's own debugging allocator: that leaves pieces of texts on stacks
    "MALLOC_PERTURB_": "165",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",  # what threads keep for themselves would stay as it was
}
FORGET_EVERY_S = 5.0
_SILENT: Final = [os.pipe()[0]] * 1_024  # nobody writes into it
P = ParamSpec("P")
R = TypeVar("R")


def sweep_stack() -> None:
    """Overwrite some 49 kB of this thread's stack below the caller, where calls that are over kept pieces of texts.

    select() lays out all that it waits for there, and nothing else in Python fills so much of it.
    """
    select.select(_SILENT, _SILENT, _SILENT, 0)


class Swept(ThreadPoolExecutor):
    """Threads that keep nothing of their work on their stacks."""

    def submit(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """As the base class does."""
        return super().submit(_swept, call, *args, **kwargs)


def _swept(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    finally:
        sweep_stack()


async def forget() -> None:
    """Every few seconds, free what nobody but itself refers to, and sweep the stack. Until cancelled.

    A page's template and the lines that it shows do, and Python would look for such only after many more pages.
    """
    asyncio.get_running_loop().set_default_executor(Swept(thread_name_prefix="web"))
    gc.collect()
    gc.freeze()  # what is there from the start stays, and is not looked at again
    try:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            gc.collect()
            sweep_stack()
    finally:
        gc.unfreeze()


def keep_memory_private() -> None:
    """From now on, until this process ends. The kernel's part is Linux's alone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
