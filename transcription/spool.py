"""Sealed speech on disk: the tap appends, the worker follows, the web process reads ciphertext for playback.

spool/<visit_id>/<stream_id>.sealed = header line, then records (u16 length, sealed frame), the last one an end record.
A file appears under its name only when header and writer's lock are in place. The writer holds that lock (flock)
for life: the kernel drops it when a media node dies, which tells a growing file from an abandoned one.

SpoolError
├── SpoolFull      no space (or quota, or file size) left: what was not yet written is dropped, the file stays sound
└── SpoolDamaged   the file does not begin with a header we wrote
"""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from transcription.protocol import (
    RECORD_LENGTH,
    SPOOL_SUFFIX,
    EndReason,
    ProtocolError,
    StreamHeader,
    frame_prefix,
)
from transcription.sealing import FrameSealer

FLUSH_AFTER_S = 0.1
COMING = ".coming"  # beside a copy of another machine's stream: more of it may come
SHRED_TRIES = 20
_HEADER_LIMIT_BYTES = 2_048
_READ_BYTES = 262_144
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SpoolError(Exception):
    """The spool cannot take or give a stream."""


class SpoolFull(SpoolError):
    """The disk takes no more."""


class SpoolDamaged(SpoolError):
    """A file that no tap wrote."""


def visit_dir(root: Path, visit_id: str) -> Path:
    """The directory of one visit's streams; ValueError when visit_id could lead elsewhere."""
    return root / _safe(visit_id)


def stream_path(root: Path, visit_id: str, stream_id: str) -> Path:
    """The spool file of one stream."""
    return visit_dir(root, visit_id) / f"{_safe(stream_id)}{SPOOL_SUFFIX}"


def _safe(identifier: str) -> str:
    if not identifier or not all(c.isascii() and (c.isalnum() or c in "-_") for c in identifier):
        raise ValueError("not an identifier")
    return identifier


class SpoolWriter:
    """One stream being written. Numbers the frames; buffers up to 100 ms; not for use from two threads."""

    def __init__(self, root: Path, header: StreamHeader, sealer: FrameSealer) -> None:
        self.header = header
        self.path = stream_path(root, header.visit_id, header.stream_id)
        self._sealer = sealer
        self._sequence = 0
        self._at_ms = header.started_at_ms
        self._buffer = bytearray()
        self._buffered_since_s = 0.0
        self._descriptor, self._sound_bytes = self._create()

    def _create(self) -> tuple[int, int]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            line = self.header.line()
            _write_all(descriptor, line)
            self.path.hardlink_to(draft)  # unlike rename, refuses to replace a stream that exists
        except OSError as error:
            os.close(descriptor)
            raise _spool_error(error) from error
        finally:
            draft.unlink(missing_ok=True)
        return descriptor, len(line)

    @property
    def frames(self) -> int:
        """How many frames were appended, those lost to a full disk included."""
        return self._sequence

    def append(self, at_ms: int, opus: bytes) -> None:
        """Seal one Opus packet captured at at_ms (epoch ms). SpoolFull when a due flush finds no space."""
        self._at_ms = at_ms
        self._take(self._sealer.seal(self._sequence, at_ms, opus))
        if time.monotonic() - self._buffered_since_s >= FLUSH_AFTER_S:
            self.flush()

    def _take(self, frame: bytes) -> None:
        self._sequence += 1
        if not self._buffer:
            self._buffered_since_s = time.monotonic()
        self._buffer += record(frame)

    def flush(self) -> None:
        """Hand buffered records to the kernel. SpoolFull drops them and cuts the file back to its last whole record."""
        if not self._buffer:
            return
        pending, self._buffer = self._buffer, bytearray()
        try:
            _write_all(self._descriptor, pending)
        except OSError as error:
            os.ftruncate(self._descriptor, self._sound_bytes)
            os.lseek(self._descriptor, 0, os.SEEK_END)
            raise _spool_error(error) from error
        self._sound_bytes += len(pending)

    def close(self, reason: EndReason) -> None:
        """Write the sealed end record and let go of the file. SpoolFull when even that found no space."""
        if self._descriptor < 0:
            return
        self._take(self._sealer.seal_end(self._sequence, self._at_ms, reason))
        try:
            self.flush()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1


def record(frame: bytes) -> bytes:
    """A sealed frame as it stands in a spool file."""
    return RECORD_LENGTH.pack(len(frame)) + frame


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _spool_error(error: OSError) -> SpoolError:
    if error.errno in _NO_SPACE:
        return SpoolFull("no space is left for sealed speech")
    return SpoolError(f"the spool cannot be written ({errno.errorcode.get(error.errno or 0, 'unknown')})")


class SpoolReader:
    """Follows one stream's file while it grows; a torn last record is simply not there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        try:
            line = self._file.readline(_HEADER_LIMIT_BYTES)
            self.header = _header(line, path)
        except SpoolDamaged:
            self._file.close()
            raise
        self._offset = len(line)

    def read(self, limit_bytes: int = _READ_BYTES) -> list[bytes]:
        """The sealed frames that became whole since the last call, at most about limit_bytes of them."""
        # A torn tail is read again each time: a writer out of disk may cut it off and write something else there.
        frames, used = _whole_records(os.pread(self._file.fileno(), limit_bytes, self._offset))
        self._offset += used
        return frames

    def abandoned(self) -> bool:
        """Whether no writer holds the file any more. Read once more after this says so, then believe the end."""
        if self.path.with_suffix(COMING).exists():
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return True

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _header(line: bytes, path: Path) -> StreamHeader:
    try:
        header = StreamHeader.parse(line)
    except ProtocolError as error:
        raise SpoolDamaged("the file does not begin with a stream header") from error
    if (header.visit_id, header.stream_id) != (path.parent.name, path.stem):
        raise SpoolDamaged("the file's header names another stream")  # moved or swapped on disk
    return header


def _whole_records(data: bytes) -> tuple[list[bytes], int]:
    frames: list[bytes] = []
    at = 0
    while at + RECORD_LENGTH.size <= len(data):
        begin = at + RECORD_LENGTH.size
        end = begin + RECORD_LENGTH.unpack_from(data, at)[0]
        if end > len(data):
            break
        frames.append(data[begin:end])
        at = end
    return frames, at


def read_header(path: Path) -> StreamHeader:
    """The plain header of a spool file; SpoolDamaged when it has none."""
    with path.open("rb") as file:
        return _header(file.readline(_HEADER_LIMIT_BYTES), path)


def frames_between(path: Path, from_ms: int, to_ms: int) -> list[bytes]:
    """Sealed audio frames captured in [from_ms, to_ms] (epoch ms), oldest first. Ciphertext only, never opened here."""
    return [frame for frame in _sealed_frames(path) if from_ms <= frame_prefix(frame).at_ms <= to_ms]


def _sealed_frames(path: Path) -> Iterator[bytes]:
    reader = SpoolReader(path)
    try:
        while frames := reader.read():
            yield from frames
    finally:
        reader.close()


def streams(root: Path) -> list[Path]:
    """Every stream in the spool, as paths in a steady order."""
    return sorted(root.glob(f"*/*{SPOOL_SUFFIX}"))


def shred(root: Path, visit_id: str) -> int:
    """Delete a visit's sealed speech; returns how many streams went. Destroying its key is what makes this final.

    SpoolError when something keeps writing there.
    """
    directory = visit_dir(root, visit_id)
    count = len(list(directory.glob(f"*{SPOOL_SUFFIX}")))
    for _ in range(SHRED_TRIES):  # a worker may be saving its position there at this moment
        try:
            shutil.rmtree(directory)
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOTEMPTY}:
                raise
        if not directory.exists():
            return count
    raise SpoolError("the visit's sealed speech cannot be deleted: something keeps writing there")
