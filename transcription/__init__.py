"""Consented speech: sealed at the tap, kept as ciphertext, recognised by Whisper, told as captions."""

import sys
from types import ModuleType

# Whisper loads a compiler (numba, 54 MB in each worker) for the times of single words, which nobody here asks it for.
_timing = ModuleType("whisper.timing")
_timing.add_word_timestamps = None  # type: ignore[attr-defined]
sys.modules.setdefault("whisper.timing", _timing)
