"""Voice activity: silero-vad's weights (MIT, inside its wheel) on torch, 0.2 ms of work for each 32 ms block."""

import warnings

import torch
from silero_vad import load_silero_vad

from transcription.segmentation import SAMPLE_RATE_HZ, Samples


class VoiceDetector:
    """Speech probability of one stream's blocks, in order: the model remembers what it heard."""

    def __init__(self) -> None:
        with warnings.catch_warnings():  # torch prefers torch.export to the TorchScript file that silero-vad ships
            warnings.filterwarnings("ignore", message="`torch.jit.load` is deprecated", category=DeprecationWarning)
            self._model = load_silero_vad()
        torch.set_num_threads(1)

    def __call__(self, block: Samples) -> float:
        """The probability of speech in 512 samples at 16 kHz."""
        with torch.inference_mode():
            return float(self._model(torch.from_numpy(block.copy()).unsqueeze(0), SAMPLE_RATE_HZ))
