"""What a process keeps in memory stays there: no core dump, no other program of the same user that reads it.

Web forgets what it frees as well, started with the environment `WIPING`: otherwise Python leaves freed memory as it
was, and a visit's words in it for hours.
"""

import ctypes
import resource
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
WIPING: Final = {"PYTHONMALLOC": "pymalloc_debug"}  # Python's own allocator, which then overwrites what it gets back


def keep_memory_private() -> None:
    """From now on, until this process ends. The kernel's part is Linux's alone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
