"""The trail's witness outside the database: a small sealed file that names the newest entry.

Who cuts the end of the trail off in the database has to cut this file too, and cannot seal what it then says.
"""

import hmac
import os
import threading
from dataclasses import dataclass
from pathlib import Path

CONTEXT = b"colloque audit anchor v2 "
SHOWN_DIGITS = 32  # of a MAC, when a person notes it down


class AnchorDamaged(Exception):
    """The file is there but does not say anything that we sealed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One place in the chain: how many entries up to there, and the MAC of the last."""

    count: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.count}:{self.mac.hex()[:SHOWN_DIGITS]}"

    def is_noted(self, noted: str) -> bool:
        """Whether somebody noted this mark down, as `str` shows it."""
        return hmac.compare_digest(str(self).encode(), noted.strip().lower().encode())


class Anchor:
    """The file at `path`; with None there is no witness."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._writing = threading.Lock()  # writers of one process share the scratch file

    def __bool__(self) -> bool:
        return self._path is not None

    def said(self) -> bytes | None:
        """The file as it is; None without one."""
        try:
            return self._path.read_bytes() if self._path else None
        except FileNotFoundError:
            return None
        except OSError:
            return b""

    def read(self, key: bytes) -> Mark | None:
        """What the file says now; None without a file. Raises AnchorDamaged."""
        return self.believed(key, self.said())

    @staticmethod
    def believed(key: bytes, said: bytes | None) -> Mark | None:
        """What a file that said this means. Raises AnchorDamaged when we did not write it."""
        if said is None:
            return None
        try:
            count, mac, seal = said.decode("ascii").split()
            mark = Mark(int(count), bytes.fromhex(mac))
        except ValueError:
            raise AnchorDamaged from None
        if not hmac.compare_digest(seal.encode(), _seal(key, mark).encode()):
            raise AnchorDamaged
        return mark

    def names_nothing(self) -> bool:
        """Whether the file says, under whatever key, that there is no entry yet: no file would say as much."""
        said = self.said()
        return said is None or said.startswith(b"0 ")

    def write(self, key: bytes, mark: Mark, *, force: bool = False) -> None:
        """Name this entry as the newest, unless the file knows a later one already. Raises OSError.

        It is not flushed to the disk: after a power cut an older mark is no fault, and writers need not wait twice.
        """
        if self._path is None:
            return
        with self._writing:
            if not force and self._knows_later(key, mark):
                return  # another writer was quicker with a later entry
            scratch = self._path.with_suffix(f".{os.getpid()}.new")
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(f"{mark.count} {mark.mac.hex()} {_seal(key, mark)}\n")
            scratch.replace(self._path)

    def _knows_later(self, key: bytes, mark: Mark) -> bool:
        try:
            known = self.read(key)
        except AnchorDamaged:
            return False
        return known is not None and known.count >= mark.count


def _seal(key: bytes, mark: Mark) -> str:
    return hmac.new(key, CONTEXT + f"{mark.count} {mark.mac.hex()}".encode(), "sha256").hexdigest()
