"""Commands to the assistant: a proposal when every word is understood, else a refusal; only from the doctor."""

import pytest

from app.notes.commands import Proposal, Refusal, command
from bench.commands import run


def test_the_bench_reaches_its_figures() -> None:
    figures = run([])
    assert figures["commands"] >= 200
    assert figures["right"] >= 95
    assert figures["wrongly_proposed"] == 0


def test_a_prescription_keeps_its_whole_schedule() -> None:
    found = command("Colloque, ajoute amoxicilline un gramme trois fois par jour pendant six jours", "fr", "doctor")
    assert isinstance(found, Proposal)
    assert (found.value, found.unit, found.sig, found.code) == (1.0, "g", "× 3/j, 6 jours", "J01CA04")


@pytest.mark.parametrize(
    "rest",
    ["sauf le dimanche", "puis un gramme le soir", "et deux grammes le soir", "ou deux", "si la fièvre revient"],
)
def test_a_rest_that_is_not_understood_refuses_all_of_it(rest: str) -> None:
    found = command(f"Colloque, ajoute amoxicilline un gramme le matin {rest}", "fr", "doctor")
    assert isinstance(found, Refusal)
    assert found.why == "not understood"


@pytest.mark.parametrize("speaker", ["patient", "relative"])
def test_nobody_else_commands(speaker: str) -> None:
    found = command("Colloque, ajoute une allergie à la pénicilline", "fr", speaker)  # type: ignore[arg-type]
    assert isinstance(found, Refusal)
    assert found.why == "not the doctor"


def test_talk_that_calls_nobody_is_no_command() -> None:
    assert command("Ajoute une allergie à la pénicilline", "fr", "doctor") is None
    assert command("Le colloque singulier reste entre nous", "fr", "doctor") is None


def test_a_pressure_said_the_wrong_way_round_is_refused() -> None:
    assert isinstance(command("Colloque, tension huit quatorze", "fr", "doctor"), Refusal)
    right = command("Colloque, tension treize huit", "fr", "doctor")
    assert isinstance(right, Proposal)
    assert right.value == "130/80"
