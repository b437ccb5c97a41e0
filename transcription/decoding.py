"""Opus packets to 16 kHz samples, in memory only."""

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.codec import CodecContext

from transcription.segmentation import SAMPLE_RATE_HZ, Samples

OPUS_RATE_HZ = 48_000


class Undecodable(Exception):
    """A packet that opened but is no Opus."""


class OpusDecoder:
    """Decodes one stream's packets, in order, to mono float32 at 16 kHz."""

    def __init__(self) -> None:
        self._codec = CodecContext.create("libopus", "r")
        self._codec.sample_rate = OPUS_RATE_HZ
        self._codec.layout = "mono"
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)

    def decode(self, opus: bytes) -> Samples:
        """The packet's samples (320 for 20 ms, a few fewer at the start); Undecodable when it is no Opus."""
        try:
            frames = self._codec.decode(av.Packet(opus))
        except av.FFmpegError as error:
            raise Undecodable("a packet is no Opus") from error
        pieces = [piece.to_ndarray()[0] for frame in frames for piece in self._resampler.resample(frame)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
