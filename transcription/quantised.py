"""Whisper's weights in 8 bits for the CPU: a third of the time and of the memory, the same words.

Weights have a scale for each output, sounds a range for each row: one range for a whole utterance would drown its quiet
parts.
torch calls these operations deprecated and may drop them; where they are missing Whisper stays as it is, only slower.
"""

import warnings
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from whisper import Whisper
from whisper.model import Linear

from transcription.memory import give_back

LEVELS = 127  # of a signed byte
SMALLEST = 1e-8
ROWS = 1_024  # in full precision at a time: the vocabulary's whole layer would be the worker's peak of memory


class Int8Linear(nn.Module):
    """A linear layer with packed 8-bit weights, made of weights in any precision; takes and gives float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        low, high = weight.aminmax(dim=1)
        scales = (torch.maximum(-low, high).float().clamp(min=SMALLEST) / LEVELS).double()
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        parts = zip(*(torch.split(rows, ROWS) for rows in (weight, scales, zeros)), strict=True)
        values = torch.cat([_bytes(*part) for part in parts])
        whole = torch._make_per_channel_quantized_tensor(values, scales, zeros, 0)
        self._packed = torch.ops.quantized.linear_prepack(whole, None)
        self._bias = None if bias is None else bias.float()
        self._reduce_range = not _multiplies_bytes()
        self._sums = self._multiply(torch.ones(1, weight.shape[1]))  # of each output's weights, as they are multiplied

    def forward(self, x: Tensor) -> Tensor:
        """x @ weight.T + bias; x of shape (..., rows, inputs)."""
        if x.shape[-2] == 1:  # torch's own range for all is that of this row
            y = self._multiply(x)
        else:
            low, high = x.aminmax(dim=-1, keepdim=True)
            span = (high - low).clamp_(min=SMALLEST)
            y = self._multiply((x - low).div_(span))  # each row fills 0 to 1, whatever its range
            y.mul_(span).addcmul_(low, self._sums)
        return y if self._bias is None else y.add_(self._bias)

    def _multiply(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.quantized.linear_dynamic(x, self._packed, self._reduce_range)
        return y


def _bytes(weight: Tensor, scales: Tensor, zeros: Tensor) -> Tensor:
    """The rows as signed bytes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor", category=UserWarning)
        return torch.quantize_per_channel(weight.float(), scales, zeros, 0, torch.qint8).int_repr()


class _Head(nn.Module):
    """The decoder's last layer as Whisper has it: its token embedding turned round."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self._weight = weight

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self._weight)


def quantise(model: Whisper) -> None:
    """Put 8-bit layers into a model, and a `head` onto its decoder; only the head where this CPU has no such layers.

    The weights may be in half precision: what stays in no 8 bits computes in float32.
    """
    embedding = model.decoder.token_embedding
    if not possible():
        model.float()
        model.decoder.head = _Head(embedding.weight)
        return
    torch.backends.quantized.engine = "x86"
    model.decoder.head = Int8Linear(embedding.weight.detach(), None)
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, Linear):
                bias = None if layer.bias is None else layer.bias.detach()
                setattr(parent, name, Int8Linear(layer.weight.detach(), bias))
    # Only looked up from now on. A copy: one tensor that stays in the file keeps all of it in memory.
    embedding.weight.data = embedding.weight.detach().to(torch.half, copy=True)
    for values in (v for v in chain(model.parameters(), model.buffers()) if v is not embedding.weight):
        if values.is_floating_point():
            values.data = values.data.float()
    give_back()


def possible() -> bool:
    """Whether this torch on this CPU can."""
    operations: Any = torch.ops.quantized
    return "x86" in torch.backends.quantized.supported_engines and hasattr(operations, "linear_dynamic")


def _multiplies_bytes() -> bool:
    """Whether the CPU adds products of bytes in 32 bits (VNNI); without it a bit must be left free."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_vnni") or capabilities.get("avx_vnni"))
