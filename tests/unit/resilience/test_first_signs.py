"""Quantiles of the time to a first sign are close to the true ones, follow changes, and need enough calls."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.first_signs import ENOUGH, LEAST_SECONDS, MEMORY, FirstSigns


@given(st.lists(st.floats(LEAST_SECONDS, 600), min_size=ENOUGH, max_size=MEMORY - 1), st.floats(0.5, 1))
def test_a_quantile_is_at_most_a_fifth_too_high(times: list[float], share: float) -> None:
    signs = FirstSigns()
    for seconds in times:
        signs.observe("m", seconds)
    found = signs.quantile("m", share)
    assert found is not None
    exact = sorted(times)[min(math.floor(share * len(times)), len(times) - 1)]
    assert found == pytest.approx(exact * 1.1, rel=0.1) or sum(one <= found for one in times) >= share * len(times)
    assert found <= max(times) * 1.2


def test_nothing_is_said_of_a_target_that_was_called_a_few_times() -> None:
    signs = FirstSigns()
    for _ in range(ENOUGH - 1):
        signs.observe("m", 1.0)
    assert signs.quantile("m", 0.99) is None
    signs.observe("m", 1.0)
    assert signs.quantile("m", 0.99) == pytest.approx(1.1, rel=0.1)
    assert signs.quantile("other", 0.99) is None


def test_a_target_that_becomes_slower_or_faster_is_followed() -> None:
    signs = FirstSigns()
    for seconds in (0.1, 10.0, 0.1):
        for _ in range(10 * MEMORY):
            signs.observe("m", seconds)
        assert signs.quantile("m", 0.99) == pytest.approx(seconds * 1.1, rel=0.1)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_any_time_is_taken(seconds: float) -> None:
    signs = FirstSigns()
    for _ in range(ENOUGH):
        signs.observe("m", seconds)
    assert 0 < (signs.quantile("m", 0.99) or 0) < 1_100
