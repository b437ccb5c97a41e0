"""Voice activity: silero-vad's weights (MIT, inside its wheel) on torch, 0.2 ms of work for each 32 ms block."""

import warnings
from functools import cache
from typing import Any

import torch
from silero_vad import load_silero_vad

from transcription.segmentation import SAMPLE_RATE_HZ, Samples


@cache
def _model() -> Any:
    """The one model of this process: a copy for each stream would cost 8.5 MB and a tenth of a second."""
    with warnings.catch_warnings():  # torch prefers torch.export to the TorchScript file that silero-vad ships
        warnings.filterwarnings("ignore", message="`torch.jit.load` is deprecated", category=DeprecationWarning)
        model = load_silero_vad()
    torch.set_num_threads(1)
    return model


class VoiceDetector:
    """Speech probability of one stream's blocks, in order. What the model remembers of them is kept here."""

    def __init__(self) -> None:
        _model().reset_states()
        self._state, self._context = _model()._state, _model()._context

    def __call__(self, block: Samples) -> float:
        """The probability of speech in 512 samples at 16 kHz. Not for use from two threads."""
        model = _model()
        model._state, model._context = self._state, self._context
        with torch.inference_mode():
            probability = float(model(torch.from_numpy(block.copy()).unsqueeze(0), SAMPLE_RATE_HZ))
        self._state, self._context = model._state, model._context
        return probability
