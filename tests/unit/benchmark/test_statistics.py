"""Wilson's interval."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.benchmark.statistics import Z_95, wilson

means = st.floats(0, 1)
counts = st.integers(1, 10_000)


# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
# (1998), table I, method 3, which prints four digits.
@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right / count, count) == pytest.approx((low, high), abs=5e-5)


@given(means, counts)
def test_the_interval_lies_in_the_range_and_round_the_mean(mean: float, count: int) -> None:
    low, high = wilson(mean, count)
    assert 0 <= low <= mean <= high <= 1


@given(means, counts)
def test_its_ends_solve_the_equation_of_the_score_test(mean: float, count: int) -> None:
    for end in wilson(mean, count):
        if 0 < end < 1:
            assert abs(mean - end) == pytest.approx(Z_95 * math.sqrt(end * (1 - end) / count), abs=1e-7)


@given(means, counts)
def test_the_mirrored_mean_has_the_mirrored_interval(mean: float, count: int) -> None:
    low, high = wilson(mean, count)
    assert wilson(1 - mean, count) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(means, counts)
def test_more_tasks_make_it_narrower(mean: float, count: int) -> None:
    low, high = wilson(mean, count)
    closer_low, closer_high = wilson(mean, count * 2)
    assert closer_high - closer_low < high - low


def test_without_tasks_the_interval_is_the_whole_range() -> None:
    assert wilson(0.0, 0) == (0.0, 1.0)
