"""What every server of `bench media` gets to carry: eight seconds of real VP8 at 1 Mbit/s and Opus, already packed."""

import fractions
import struct
from pathlib import Path

import av
import numpy as np
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder

SECONDS, FPS = 8, 30
WIDTH, HEIGHT, BITS_PER_S = 640, 480, 1_000_000
FRAME_SAMPLES = 960  # 20 ms at 48 kHz
RECORD = struct.Struct("=IIHBB")  # due_us, timestamp, length, kind, marker (bench/peers/rtp.c)


def write_clip(path: Path) -> None:
    """Encode and write the clip."""
    records = sorted([*_video(), *_audio()])
    with path.open("wb") as file:
        for due_us, timestamp, kind, marker, payload in records:
            file.write(RECORD.pack(due_us, timestamp, len(payload), kind, marker) + payload)


def _video() -> list[tuple[int, int, int, int, bytes]]:
    encoder, noise, records = Vp8Encoder(), np.random.default_rng(7), []
    encoder.target_bitrate = BITS_PER_S
    ground = noise.integers(90, 160, (HEIGHT // 8, WIDTH // 8), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    for n in range(SECONDS * FPS):
        picture = np.roll(ground, n, axis=1)
        picture[::16, ::16] = noise.integers(60, 190, picture[::16, ::16].shape, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="gray8").reformat(format="yuv420p")
        frame.pts, frame.time_base = n * 90_000 // FPS, fractions.Fraction(1, 90_000)
        payloads, timestamp = encoder.encode(frame, force_keyframe=n == 0)
        for at, payload in enumerate(payloads):
            spread_us = at * 1_000_000 // FPS // (2 * len(payloads))  # a browser paces the packets of a frame
            records.append((n * 1_000_000 // FPS + spread_us, timestamp, 0, int(at == len(payloads) - 1), payload))
    return records


def _audio() -> list[tuple[int, int, int, int, bytes]]:
    encoder, records = OpusEncoder(), []
    encoder.codec.bit_rate = 32_000
    for n in range(SECONDS * 50):
        times = (np.arange(FRAME_SAMPLES) + n * FRAME_SAMPLES) / 48_000
        sound = (8_000 * np.sin(2 * np.pi * (220 + 40 * np.sin(3 * times)) * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(sound, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, n * FRAME_SAMPLES, fractions.Fraction(1, 48_000)
        payloads, timestamp = encoder.encode(frame)
        records += [(n * 20_000, timestamp, 1, 0, payload) for payload in payloads]
    return records
