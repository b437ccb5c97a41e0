"""How far each stream is stored, kept beside its spool file so that a killed worker resumes there."""

import json
import os
from pathlib import Path

from transcription.stream import Cut, Position

SUFFIX = ".position"


def load(stream: Path) -> Position:
    """The position saved for a spool file; the beginning when there is none or it is unreadable."""
    try:
        saved = json.loads(stream.with_suffix(SUFFIX).read_text())
        return Position(int(saved["acked"]), [Cut(*map(int, cut)) for cut in saved["cuts"]], bool(saved["done"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Position()  # at worst segments are announced again, and web knows them by their numbers


def save(stream: Path, position: Position) -> None:
    """Replace the saved position at once and durably. Numbers and times only: never text."""
    draft = stream.with_suffix(SUFFIX + ".new")
    with draft.open("w") as file:
        json.dump({"acked": position.acked, "cuts": position.cuts, "done": position.done}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(stream.with_suffix(SUFFIX))
