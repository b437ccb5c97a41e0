"""Opus packets to 16 kHz samples, in memory only; what the network lost is made up for as far as Opus can.

libopus is called directly: FFmpeg's decoders know neither the copy of the last packet that a browser puts into the next
(in-band FEC, RFC 6716 section 2.1.7) nor how to ask for a guess of what is missing.
"""

import ctypes
from ctypes.util import find_library
from functools import cache
from pathlib import Path

import av
import numpy as np

from transcription.segmentation import SAMPLE_RATE_HZ, Samples

LONGEST_SAMPLES = SAMPLE_RATE_HZ * 120 // 1_000  # of one packet
STEP_SAMPLES = SAMPLE_RATE_HZ // 400  # libopus fills gaps in steps of 2.5 ms


class Undecodable(Exception):
    """A packet that opened but is no Opus."""


@cache
def _libopus() -> ctypes.CDLL:
    """The library that PyAV brings along, or the system's."""
    package = Path(av.__file__).parent
    bundled = [*(package.parent / "av.libs").glob("libopus[-.]*"), *(package / ".dylibs").glob("libopus.*")]
    name = str(bundled[0]) if bundled else find_library("opus")
    if name is None:
        raise RuntimeError("no libopus: install it (Debian: libopus0)")
    library = ctypes.CDLL(name)
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    library.opus_decoder_destroy.restype = None
    library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_decode_float.restype = ctypes.c_int
    library.opus_decode_float.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p,
                                          ctypes.c_int, ctypes.c_int]  # fmt: skip
    return library


class OpusDecoder:
    """Decodes one stream's packets, in order, to mono float32 at 16 kHz."""

    def __init__(self) -> None:
        self._library, error = _libopus(), ctypes.c_int()
        self._state = self._library.opus_decoder_create(SAMPLE_RATE_HZ, 1, ctypes.byref(error))
        if error.value:
            raise RuntimeError(f"libopus gives no decoder ({error.value})")

    def __del__(self) -> None:
        self._library.opus_decoder_destroy(self._state)

    def decode(self, opus: bytes) -> Samples:
        """The packet's samples (320 for 20 ms); Undecodable when it is no Opus."""
        return self._call(opus, LONGEST_SAMPLES, 0)

    def conceal(self, opus: bytes, missing: int) -> Samples:
        """About so many samples that are missing before this packet: its copy of the last one, before that a guess.

        Call it before the packet is decoded. A guess fades to silence within some 100 ms.
        """
        whole = missing // STEP_SAMPLES * STEP_SAMPLES
        return self._call(opus, whole, 1) if whole else np.zeros(0, np.float32)

    def _call(self, opus: bytes, room: int, from_next: int) -> Samples:
        samples = np.empty(room, np.float32)
        if not opus:  # libopus would take nothing for a lost packet
            raise Undecodable("a packet is empty")
        count = self._library.opus_decode_float(self._state, opus, len(opus), samples.ctypes.data, room, from_next)
        if count < 0:
            raise Undecodable("a packet is no Opus")
        return samples[:count]
