"""Recorded visits as the transcription worker would write them down: test data of real recognition, with its errors.

    .venv/bin/python -m scripts.recognise FOLDER... --out tests/data/recognised

FOLDER holds doctor.opus, patient.opus (aligned) and truth.json {id, lang}. Voice activity, utterances, context and Whisper
are the worker's own; each track is a speaker. One file a visit: {id, lang, dialogue: [{speaker, start, end, text,
avg_logprob, low_confidence}]}, seconds from the start of the media.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from transcription.decoding import OpusDecoder
from transcription.recognizer import Context, Recognizer
from transcription.segmentation import SAMPLE_RATE_HZ, Segmenter
from transcription.voice import VoiceDetector
from transcription.weights import checkpoint

TRACKS = ("doctor", "patient")


def main() -> None:
    """Recognise every folder and write one file for each."""
    parser = argparse.ArgumentParser(prog="python -m scripts.recognise")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    recognizer = Recognizer(checkpoint())
    for folder in arguments.folders:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        turns = [turn for track in TRACKS for turn in heard(recognizer, folder / f"{track}.opus", track, truth["lang"])]
        visit = {"id": truth["id"], "lang": truth["lang"], "dialogue": sorted(turns, key=lambda turn: turn["start"])}
        text = json.dumps(visit, ensure_ascii=False, indent=1)
        (arguments.out / f"{truth['id'].replace('/', '_')}.json").write_text(text + "\n", encoding="utf-8")


def heard(recognizer: Recognizer, path: Path, speaker: str, lang: str) -> Iterator[dict[str, Any]]:
    """The segments of one track, in order."""
    context, segmenter = Context(), Segmenter(VoiceDetector())
    for utterance in (*segmenter.push(samples(path)), *segmenter.finish()):
        found = recognizer.recognise(utterance.samples, lang, context)
        if found.text:
            yield {
                "speaker": speaker,
                "start": round(utterance.speech_first / SAMPLE_RATE_HZ, 2),
                "end": round(utterance.speech_last / SAMPLE_RATE_HZ, 2),
                "text": found.text,
                "avg_logprob": round(found.avg_logprob, 3),
                "low_confidence": found.low_confidence,
            }


def samples(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """All samples of an Ogg Opus file at 16 kHz."""
    decoder = OpusDecoder()
    with av.open(str(path)) as container:
        return np.concatenate([decoder.decode(bytes(packet)) for packet in container.demux(audio=0) if packet.size])


if __name__ == "__main__":
    main()
