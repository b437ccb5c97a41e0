"""Which streams are new in the spool: a nudge or a look at directories whose contents changed."""

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

from transcription.protocol import SPOOL_SUFFIX

SCAN_S = 0.1
SETTLED_NS = 2_000_000_000  # a directory changed so lately may change again within its timestamp's grain


class SpoolWatch:
    """Yields each stream's path once; `later` gives one back for another try."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._looked: dict[Path, int] = {}  # directory -> its mtime_ns when we last listed it
        self._known: set[Path] = set()
        self._waiting: dict[Path, float] = {}  # path -> monotonic second it was first seen
        self._scanned_s = 0.0

    def nudge(self, path: Path) -> None:
        """Web says that this stream exists; when it does not yet, the next scan finds it."""
        if path.exists():
            self._see(path)

    def later(self, path: Path) -> None:
        """Offer this path again at the next call but one second."""
        self._waiting[path] = time.monotonic() + 1.0

    def new(self, patience_s: float, most: int | None = None) -> list[Path]:
        """Paths seen at least patience_s ago, at most so many: a busy worker is patient, and an idle one takes them."""
        if time.monotonic() - self._scanned_s >= SCAN_S:
            self._scanned_s = time.monotonic()
            self._scan()
        now = time.monotonic()
        due = [path for path, seen_s in self._waiting.items() if now - seen_s >= patience_s][:most]
        for path in due:
            del self._waiting[path]
        return due

    def _scan(self) -> None:
        with contextlib.suppress(FileNotFoundError):  # no spool yet, or a visit shredded while we look
            directories = list(self._root.iterdir())
            for gone in self._looked.keys() - directories:
                del self._looked[gone]
                self._missed(gone, ())
            for directory in directories:
                self._look(directory)

    def _look(self, directory: Path) -> None:
        changed_ns = directory.stat().st_mtime_ns
        if self._looked.get(directory) == changed_ns and time.time_ns() - changed_ns > SETTLED_NS:
            return
        self._looked[directory] = changed_ns
        found = list(directory.glob(f"*{SPOOL_SUFFIX}"))
        self._missed(directory, found)
        for path in found:
            self._see(path)

    def _missed(self, directory: Path, found: Collection[Path]) -> None:
        """What is no longer in a directory is new should it come again."""
        self._known -= {path for path in self._known if path.parent == directory and path not in found}

    def _see(self, path: Path) -> None:
        if path not in self._known:
            self._known.add(path)
            self._waiting[path] = time.monotonic()
