"""How far each stream is stored, kept beside its spool file so that a killed worker resumes there."""

import errno
import json
import logging
import os
from pathlib import Path

from transcription.stream import Cut, Position

log = logging.getLogger(__name__)
SUFFIX = ".position"


def load(stream: Path) -> Position:
    """The position saved for a spool file; the beginning when there is none or it is unreadable."""
    try:
        saved = json.loads(stream.with_suffix(SUFFIX).read_text())
        return Position(int(saved["acked"]), [Cut(*map(int, cut)) for cut in saved["cuts"]], bool(saved["done"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Position()  # at worst segments are announced again, and web knows them by their numbers


def save(stream: Path, position: Position) -> None:
    """Replace the saved position at once and durably. Numbers and times only: never text.

    A full disk, or a visit shredded meanwhile, must not stop captions: the position stays older than it could be, and
    after a crash web would be told again what it has.
    """
    draft = stream.with_suffix(SUFFIX + ".new")
    try:
        with draft.open("w") as file:
            json.dump({"acked": position.acked, "cuts": position.cuts, "done": position.done}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(stream.with_suffix(SUFFIX))
    except OSError as error:
        log.warning("a position was not saved: %s", errno.errorcode.get(error.errno or 0, "unknown"))
