"""Non-speech: words invented on ten minutes of sounds of a consulting room and of a home that are no speech.

    python -m bench nonspeech [--seconds 43] [--json]

Each kind so long, through voice detection and recognition in French and English, with words that a visit expects.
`past_detection` has what Whisper alone makes of the first five seconds, were voice detection to let them through.
"""

import argparse
from typing import Any

from app.record.expected import COMMON
from tests.transcription.nonspeech import SOUNDS, sound
from transcription.recognizer import Recognizer
from transcription.segmentation import SAMPLE_RATE_HZ, Samples, Segmenter
from transcription.voice import VoiceDetector
from transcription.weights import checkpoint

PAST_S = 5


def run(argv: list[str]) -> dict[str, Any]:
    """Listen; returns words invented, in all and by kind where there are any."""
    parser = argparse.ArgumentParser(prog="bench nonspeech")
    parser.add_argument("--seconds", type=float, default=43)
    options = parser.parse_args(argv)
    recognizer = Recognizer(checkpoint())
    utterances, invented, past = 0, {}, {}
    for kind in SOUNDS:
        samples = sound(kind, options.seconds)
        segmenter = Segmenter(VoiceDetector())
        found = [u.samples for u in segmenter.push(samples) + segmenter.finish()]
        utterances += len(found)
        invented[kind] = sum(words(recognizer, piece) for piece in found)
        past[kind] = words(recognizer, samples[: PAST_S * SAMPLE_RATE_HZ])
    return {
        "seconds": round(options.seconds * len(SOUNDS)), "utterances": utterances, "words": sum(invented.values()),
        "by_kind": {kind: count for kind, count in invented.items() if count},
        "past_detection": {kind: count for kind, count in past.items() if count},
    }  # fmt: skip


def words(recognizer: Recognizer, samples: Samples) -> int:
    """How many words are heard in it, in either language."""
    return sum(
        len(recognizer.recognise(samples, language, expected=recognizer.expect(drugs.split())).text.split())
        for language, drugs in COMMON.items()
    )
