"""Sounds of a consulting room and of a home that are no speech, made from numbers: float32, mono, 16 kHz."""

from collections.abc import Callable

import numpy as np

from transcription.segmentation import SAMPLE_RATE_HZ, Samples

Make = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # seconds -> samples


def _bursts(t: np.ndarray, random: np.random.Generator, every_s: float, one: np.ndarray) -> np.ndarray:
    """The same short sound at random instants, louder and softer."""
    sound = np.zeros(len(t) + len(one))
    at_s = 0.5
    while at_s < t[-1] - 0.5:
        at = int(at_s * SAMPLE_RATE_HZ)
        sound[at : at + len(one)] += one * random.uniform(0.4, 1)
        at_s += random.exponential(every_s) + 0.08
    return sound[: len(t)]


def _fading(seconds: float, decay_s: float) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return t, np.exp(-t / decay_s)


def _band(noise: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE_HZ)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    return np.fft.irfft(spectrum, len(noise))


def typing(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    short, fade = _fading(0.05, 0.008)
    return _bursts(t, random, 0.12, 0.4 * fade * random.normal(0, 1, len(short)))


def knocking(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    short, fade = _fading(0.25, 0.05)
    return _bursts(t, random, 0.7, 0.7 * fade * np.sin(2 * np.pi * 140 * short))


def coughing(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Breath through a throat: no vowel in it, yet the shape and the pitch of one."""
    short, fade = _fading(0.35, 0.09)
    return _bursts(t, random, 1.6, 3 * fade * _band(random.normal(0, 0.4, len(short)), 300, 3_000))


def breathing(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return 0.08 * np.maximum(0, np.sin(2 * np.pi * t / 3.6)) * _band(random.normal(0, 1, len(t)), 400, 2_500)


def ringing(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The French ringing tone: 440 Hz, 1.5 s on, 3.5 s off."""
    return 0.3 * np.sin(2 * np.pi * 440 * t) * (t % 5 < 1.5)


def mobile(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A tune of short notes, as a mobile phone rings."""
    notes = np.array([659, 587, 370, 415, 554, 494, 294, 330, 494, 440, 277, 330, 440])
    return 0.25 * np.sin(2 * np.pi * notes[(t * 6).astype(int) % len(notes)] * t) * (t % 4 < 2.3)


def music(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Chords with overtones, a melody over them, a beat under them."""
    chords = np.array([[262, 330, 392], [220, 262, 330], [175, 220, 262], [196, 247, 294]])
    chord = chords[(t / 1.5).astype(int) % 4]
    harmony = sum(np.sin(2 * np.pi * chord[:, n] * t * k) / k for n in range(3) for k in (1, 2, 3))
    melody = np.sin(2 * np.pi * 2 * chord[np.arange(len(t)), (t * 3).astype(int) % 3] * t)
    beat = np.sin(2 * np.pi * 60 * t) * np.exp(-(t % 0.75) * 12)
    return 0.06 * harmony + 0.1 * melody * np.exp(-(t * 3 % 1)) + 0.3 * beat


def traffic(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    passing = 0.4 + 0.6 * np.sin(2 * np.pi * t / 7) ** 2
    return 0.5 * passing * _band(random.normal(0, 1, len(t)), 30, 500)


def dog(t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    short, fade = _fading(0.18, 0.06)
    bark = fade * np.sign(np.sin(2 * np.pi * (520 - 900 * short) * short)) + fade * random.normal(0, 0.5, len(short))
    return _bursts(t, random, 1.1, 0.35 * bark)


SOUNDS: dict[str, Make] = {
    "silence": lambda t, random: 0 * t,
    "hiss": lambda t, random: random.normal(0, 0.02, len(t)),
    "loud hiss": lambda t, random: random.normal(0, 0.2, len(t)),
    "hum": lambda t, random: 0.1 * np.sin(2 * np.pi * 50 * t) + 0.05 * np.sin(2 * np.pi * 150 * t),
    "tone": lambda t, random: 0.3 * np.sin(2 * np.pi * 440 * t),
    "typing": typing, "knocking": knocking, "coughing": coughing, "breathing": breathing, "ringing": ringing,
    "mobile": mobile, "music": music, "traffic": traffic, "dog": dog,
}  # fmt: skip


def sound(kind: str, seconds: float, seed: int = 7) -> Samples:
    """So many seconds of one kind."""
    t = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return SOUNDS[kind](t, np.random.default_rng(seed)).clip(-1, 1).astype(np.float32)
