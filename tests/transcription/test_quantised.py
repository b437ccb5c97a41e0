"""Eight bits for thirty-two: each row right to about a hundredth of its own range, and Whisper's words the same."""

import jiwer
import numpy as np
import pytest
import torch
from torch import nn

from tests.transcription.support import truth
from tests.transcription.test_recognizer import speech, utterances
from tests.transcription.test_worker import words
from transcription import quantised, weights
from transcription.quantised import Int8Linear
from transcription.recognizer import Context, Recognizer

torch.manual_seed(0)
PLAIN = nn.Linear(64, 48)


def error(x: torch.Tensor, bias: bool = True) -> torch.Tensor:
    """The largest error of each row, as a part of that row's largest result."""
    offset = PLAIN.bias if bias else None
    wanted = nn.functional.linear(x, PLAIN.weight, offset)
    found = Int8Linear(PLAIN.weight.detach(), offset.detach() if bias else None)(x)
    return ((found - wanted).abs().amax(-1) / wanted.abs().amax(-1)).detach()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("rows", [1, 2, 50])
def test_a_layer_gives_what_the_plain_one_gives(rows, bias):
    assert error(torch.randn(1, rows, 64), bias).max() < 0.03


def test_a_quiet_row_beside_a_loud_one_is_as_exact():
    x = torch.randn(1, 2, 64)
    x[0, 1] *= 1_000
    assert error(x, bias=False).max() < 0.03


def test_a_row_far_from_zero_and_a_row_of_nothing():
    """After a GELU nearly all of a row lies above zero."""
    assert error(torch.rand(1, 3, 64) * 5 + 20).max() < 0.03
    zeros = Int8Linear(PLAIN.weight.detach(), PLAIN.bias.detach())(torch.zeros(1, 2, 64))
    assert torch.allclose(zeros, PLAIN.bias.expand(1, 2, 48), atol=1e-5)


def test_what_it_is_given_stays_as_it_was():
    x = torch.randn(1, 4, 64)
    before = x.clone()
    Int8Linear(PLAIN.weight.detach(), PLAIN.bias.detach())(x)
    assert torch.equal(x, before)


@pytest.fixture(scope="module")
def recognizers() -> tuple[Recognizer, Recognizer]:
    """As it is, and as on a machine without such layers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantised, "possible", lambda: False)
        plain = Recognizer(weights.checkpoint())
    return Recognizer(weights.checkpoint()), plain


def heard(recognizer: Recognizer, name: str) -> tuple[str, float]:
    context, texts, logprobs = Context(), [], []
    for utterance in utterances(speech(name)):
        recognition = recognizer.recognise(utterance.samples, truth(name)["language"], context)
        context.remember(utterance.samples, recognition)
        texts.append(recognition.text)
        logprobs.append(recognition.avg_logprob)
    return words(" ".join(texts)), float(np.mean(logprobs))


@pytest.mark.parametrize("name", ["fr-patient", "en-patient"])
def test_whisper_says_the_same_and_is_as_sure_of_it(recognizers, name):
    (text, logprob), (plain, plain_logprob) = (heard(recognizer, name) for recognizer in recognizers)
    assert jiwer.wer(plain, text) < 0.06, (plain, text)
    assert logprob == pytest.approx(plain_logprob, abs=0.05)


def test_weights_saved_in_the_older_way_are_read_too(recognizers, tmp_path):
    older = tmp_path / "older.pt"
    torch.save(torch.load(weights.checkpoint(), weights_only=True), older, _use_new_zipfile_serialization=False)
    samples = utterances(speech("fr-patient"))[0].samples
    assert Recognizer(older).recognise(samples, "fr").text == recognizers[0].recognise(samples, "fr").text
