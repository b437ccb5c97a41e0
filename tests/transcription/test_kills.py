"""Nothing lost, nothing doubled: workers killed at random instants. `python -m bench kills` does it 200 times."""

from dataclasses import replace

import jiwer

from tests.transcription import killing
from tests.transcription.killing import Outcome
from tests.transcription.support import packets
from tests.transcription.test_worker import words


async def test_workers_killed_at_random_lose_nothing_and_tell_nothing_twice(tmp_path):
    spoken = packets("fr-patient") * 2  # in the language that the tap says: what Whisper makes of another one is chance
    outcome = await killing.kill_over_and_over(tmp_path, spoken, kills=10, seed=1)
    assert outcome.kills == 10
    assert (outcome.lost_s, outcome.doubled_s) == (0, 0), outcome
    for calm, killed in outcome.texts:
        assert jiwer.wer(words(calm), words(killed)) < 0.15, (calm, killed)


def test_the_comparison_sees_what_is_lost_and_what_is_doubled():
    """A measure that finds nothing must be able to find something."""
    calm = [(0, 2_000, "a"), (3_000, 5_000, "b")]
    nothing = Outcome(spoken_s=4.0)
    for told, lost_s, doubled_s in [
        (calm, 0, 0), (calm[:1], 1.5, 0), ([*calm, (4_000, 5_000, "b")], 0, 1), ([(0, 1_000, "a"), (2_900, 5_000, "b")], 0.75, 0),
    ]:  # fmt: skip
        outcome = Outcome()
        killing.compare(outcome, calm, told)
        assert replace(outcome, texts=[]) == replace(nothing, lost_s=lost_s, doubled_s=doubled_s)
