"""The chance of not coming: learnt from what predicts, no better than the base rate from what does not, honest about it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.forecasting import no_show
from app.forecasting.no_show import Case


def past(count=2000, seed=3, *, telling=True):
    """Visits of people who come or do not come by a law of our own: from habit and lead, or by chance alone."""
    chance, cases = random.Random(seed), []
    for _ in range(count):
        lead, earlier = chance.expovariate(1 / 15), chance.choice((0, 2, 6))
        habit = chance.choice((0.03, 0.3))
        missed_before = sum(chance.random() < habit for _ in range(earlier))
        risk = min(0.9, habit + 0.004 * lead) if telling else 0.12
        cases.append(Case(lead, earlier, missed_before, chance.random() < 0.9, chance.choice("abc"), chance.random() < risk))
    return cases


def test_what_predicts_is_found_and_holds_on_visits_it_had_not_seen():
    study = no_show.study(past())
    assert study.useful
    assert study.brier < 0.95 * study.brier_base
    assert sum(b.low - 0.02 <= b.said <= b.high + 0.02 for b in study.bins) >= 4, "on the diagonal, within its bars"
    regular = no_show.probability(study.model, Case(1, 6, 0, True, "a"))
    unsteady = no_show.probability(study.model, Case(60, 6, 4, True, "a"))
    assert regular < study.model.base < unsteady


def test_from_chance_alone_it_says_the_base_rate():
    for seed in range(5):
        study = no_show.study(past(seed=seed, telling=False))
        assert study.brier == pytest.approx(study.brier_base, rel=0.03)
        assert no_show.probability(study.model, Case(5, 3, 0, True, "b")) == pytest.approx(study.model.base, abs=0.05)


@pytest.mark.parametrize("cases", [[], past(99), [c._replace(missed=False) for c in past(500)],
                                   [c._replace(missed=n < 14) for n, c in enumerate(past(500))]])
def test_too_little_says_nothing(cases):
    assert no_show.study(cases) is None


case = st.builds(Case, st.floats(0, 400), st.integers(0, 50), st.just(0), st.booleans(), st.sampled_from("ab"), st.booleans())


@given(st.lists(case, min_size=1, max_size=60), case)
def test_whatever_was_seen_a_probability_is_one(cases, new):
    assert 0 < no_show.probability(no_show.fit(cases), new) < 1


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_interval_of_a_share_holds_the_share(count, more):
    low, high = no_show.wilson(count, count + more)
    assert 0 <= low <= count / (count + more) <= high <= 1
