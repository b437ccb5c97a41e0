"""Finds any of a million short pieces in gigabytes of memory and files: how `bench leaks` looks for audio and text."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

HEAD = 8  # bytes by which a place is first looked at, and then by so many more
WINDOW = 2 * HEAD  # bytes of audio that are no coincidence
CHUNK = 1 << 24
TABLE_BITS = 27
TOO_PLAIN = 10  # fewer different bytes in a window of audio are silence or a counter: eight of them may be zeros
PHRASE_WORDS = 4
PHRASE_BYTES = 18


class Needles:
    """Pieces to look for, by kind."""

    def __init__(self) -> None:
        self._heads, self._seconds = np.zeros(1 << TABLE_BITS, bool), np.zeros(1 << TABLE_BITS, bool)
        self._longest = WINDOW
        self._kinds: dict[bytes, str] = {}
        self._lengths: dict[bytes, set[int]] = {}

    def add(self, kind: str, pieces: Iterable[bytes]) -> None:
        """Look for these too; those that are shorter say nothing."""
        new = [piece for piece in set(pieces) if piece not in self._kinds and len(piece) >= WINDOW]
        for piece in new:
            self._kinds[piece] = kind
            self._longest = max(self._longest, len(piece))
            self._lengths.setdefault(piece[:HEAD], set()).add(len(piece))
        starts = np.frombuffer(b"".join(piece[:WINDOW] for piece in new), np.uint64).reshape(-1, 2)
        self._heads[_slots(starts[:, 0])] = True
        self._seconds[_slots(starts[:, 1])] = True

    def drop(self, hay: bytes) -> None:
        """Forget the pieces that lie in there: what was there before anybody spoke was not said by anybody."""
        for piece in {piece for _, piece in self.places(hay)}:
            del self._kinds[piece]

    def count(self, kind: str) -> int:
        """How many pieces of a kind there are."""
        return sum(1 for found in self._kinds.values() if found == kind)

    def within(self, hay: bytes) -> Counter[str]:
        """How often pieces of each kind lie in there."""
        return Counter(self._kinds[piece] for _, piece in self.places(hay))

    def places(self, hay: bytes) -> Iterator[tuple[int, bytes]]:
        """Where each lies."""
        for start in range(0, len(hay), CHUNK):
            part = hay[start : start + CHUNK + self._longest - 1]
            for at in self._candidates(part[: CHUNK + WINDOW - 1]):
                for length in self._lengths.get(part[at : at + HEAD], ()):
                    if (piece := part[at : at + length]) in self._kinds:
                        yield start + at, piece

    def _candidates(self, part: bytes) -> list[int]:
        found = []
        for offset in range(HEAD if len(part) >= WINDOW else 0):
            words = np.frombuffer(part, np.uint64, (len(part) - offset) // HEAD, offset)
            at = np.flatnonzero(self._heads[_slots(words[:-1])])
            at = at[self._seconds[_slots(words[at + 1])]]
            found.append(at * HEAD + offset)
        return np.sort(np.concatenate(found)).tolist() if found else []


def _slots(heads: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    return (heads * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - TABLE_BITS)


def windows(audio: Iterable[bytes], step: int = 1) -> Iterator[bytes]:
    """Every run of WINDOW bytes of this sound that can be told from chance."""
    for sound in audio:
        for at in range(0, len(sound) - WINDOW + 1, step):
            window = sound[at : at + WINDOW]
            if len(set(window)) >= TOO_PLAIN:
                yield window


def phrases(texts: Iterable[str]) -> set[str]:
    """Runs of words of what was said that nobody else says."""
    found = set()
    for text in texts:
        words = re.findall(r"\S+", text)
        runs = (" ".join(words[n : n + PHRASE_WORDS]) for n in range(0, len(words) - PHRASE_WORDS + 1, 2))
        found |= {run for run in runs if len(run) >= PHRASE_BYTES}
    return found


def spellings(phrase: str) -> set[bytes]:
    """The ways in which memory and files hold a text: as bytes, as Python's own strings, in JSON, in a page."""
    escaped = json.dumps(phrase)[1:-1]
    return {phrase.encode(), phrase.encode("utf-16-le"), phrase.encode("utf-32-le"), escaped.encode(),
            escaped.encode("utf-16-le"), html.escape(phrase).encode(), html.escape(phrase).replace("&#x27;", "&#39;").encode(),
            phrase.encode("latin-1", "ignore")}  # fmt: skip


def memory(pid: int) -> bytes:
    """All that a process can read of itself, as a core dump would hold it. PermissionError where the kernel refuses."""
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, rights, *_, name = [*line.split(maxsplit=5), ""][:6]
            if rights.startswith("r") and not name.startswith(("[vvar", "[vsyscall")):
                start, end = (int(bound, 16) for bound in area.split("-"))
                file.seek(start)
                try:
                    parts.append(file.read(end - start))
                except OSError:
                    continue  # gone meanwhile, or a device's
    return b"".join(parts)
