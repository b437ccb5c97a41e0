"""Whisper's decoding task with what live captions need: it can be abandoned, says how sure it is of each token, and
spends nothing on logits that nobody reads.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from torch import Tensor
from whisper import Whisper
from whisper.decoding import (
    BeamSearchDecoder,
    DecodingOptions,
    DecodingResult,
    DecodingTask,
    GreedyDecoder,
    LogitFilter,
    PyTorchInference,
)

Wanted = Callable[[], bool]


class Abandoned(Exception):
    """Nobody wants this result any more."""


class Task(DecodingTask):  # type: ignore[misc]  # whisper has no types
    """One decoding of one spectrogram: greedy, or with as many beams as the options say."""

    def __init__(self, model: Whisper, options: DecodingOptions, wanted: Wanted) -> None:
        super().__init__(model, options)
        self._wanted = wanted
        self.inference = _Ends(model, len(self.initial_tokens), self.initial_tokens.index(self.tokenizer.sot))
        self.sot_index = 0  # where its answer is
        eot, beams = self.tokenizer.eot, options.beam_size
        self.decoder = self._sure = _SureOfBeams(beams, eot, self.inference) if beams else _Sure(eot)
        self.logit_filters.append(_While(wanted))

    def decode(self, mel: Tensor) -> tuple[DecodingResult, list[float]]:
        """The result, and the log-probability of each of its tokens. Raises Abandoned."""
        with self._watched():
            (result,) = self.run(mel.unsqueeze(0))
        return result, self._sure.logprobs(self.initial_tokens, result.tokens)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Between the encoder's layers: is this still wanted?"""
        blocks = self.model.encoder.blocks
        hooks = [block.register_forward_pre_hook(lambda *_: _check(self._wanted)) for block in blocks]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


class _Ends(PyTorchInference):  # type: ignore[misc]  # whisper has no types
    """Logits of two positions alone: `first`, where Whisper looks for silence, and the last, for the next token.

    Whisper makes them for all of a prompt and prefix, 26 million products each.
    """

    def __init__(self, model: Whisper, initial_tokens: int, first: int) -> None:
        super().__init__(model, initial_tokens)
        self._first = first
        self._done = 0  # tokens whose keys and values are kept

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        done = self._done
        if done:
            tokens = tokens[:, -1:]
        else:
            self.kv_cache, self.hooks = self.model.install_kv_cache_hooks()
        self._done += tokens.shape[1]
        decoder = self.model.decoder
        hidden = decoder.token_embedding(tokens).float() + decoder.positional_embedding[done : done + tokens.shape[1]]
        for block in decoder.blocks:
            hidden = hidden + block.attn(block.attn_ln(hidden), mask=decoder.mask, kv_cache=self.kv_cache)[0]
            # Beams hear the same sound: as rows of one they need its keys and values once, not a copy each.
            rows = block.cross_attn_ln(hidden).flatten(0, 1).unsqueeze(0)
            hidden = hidden + block.cross_attn(rows, audio_features, kv_cache=self.kv_cache)[0].view_as(hidden)
            hidden = hidden + block.mlp(block.mlp_ln(hidden))
        ends: Tensor = decoder.ln(hidden if done else hidden[:, [self._first, -1]])
        logits: Tensor = decoder.head(ends)
        return logits


class _Sure(GreedyDecoder):  # type: ignore[misc]  # whisper has no types
    """Takes the likeliest token, and remembers how likely it was."""

    def __init__(self, eot: int) -> None:
        super().__init__(0.0, eot)
        self._logprobs: list[float] = []

    def reset(self) -> None:
        self._logprobs.clear()

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        before = float(sum_logprobs[0])
        tokens, completed = super().update(tokens, logits, sum_logprobs)
        self._logprobs.append(float(sum_logprobs[0]) - before)
        return tokens, bool(completed)

    def logprobs(self, _initial: Sequence[int], chosen: Sequence[int]) -> list[float]:
        """Of each chosen token."""
        return self._logprobs[: len(chosen)]


class _SureOfBeams(BeamSearchDecoder):  # type: ignore[misc]  # whisper has no types
    """Follows several likely texts, and remembers how likely each of their beginnings was."""

    def reset(self) -> None:
        super().reset()
        self._sums: dict[tuple[int, ...], float] = {}

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        tokens, completed = super().update(tokens, logits, sum_logprobs)
        self._sums |= {tuple(beam): total for beam, total in zip(tokens.tolist(), sum_logprobs.tolist(), strict=True)}
        return tokens, bool(completed)

    def logprobs(self, initial: Sequence[int], chosen: Sequence[int]) -> list[float]:
        """Of each chosen token: what it took from the likelihood of the text before it."""
        texts = [tuple(initial) + tuple(chosen[:end]) for end in range(1, len(chosen) + 1)]
        return [after - before for before, after in pairwise([0.0, *(self._sums[text] for text in texts)])]


class _While(LogitFilter):  # type: ignore[misc]  # whisper has no types
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def apply(self, logits: Tensor, tokens: Tensor) -> None:
        _check(self._wanted)


def _check(wanted: Wanted) -> None:
    if not wanted():
        raise Abandoned
