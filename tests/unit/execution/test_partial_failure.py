"""Partial failure costs no success that the attempts could have given, and nothing is hammered that does not answer.

The goal is: within half a point of 1 − pⁿ, at most 5 % more calls than that forces, and at most 1.1 calls per request
when nothing works. `tests/bench/partial_failure.py` prints the whole table.
"""

import pytest
from partial_failure import run, simulate

from ymera_service.resilience.breaker import HOPELESS_CALLS
from ymera_service.sdk.errors import ConnectionFailed


@pytest.mark.parametrize(("models", "rate"), [(1, 0.5), (1, 0.9), (2, 0.95), (3, 0.7)])
def test_success_is_what_the_attempts_can_give(models: int, rate: float) -> None:
    outcome = run(lambda: simulate(models, rate, seconds=10))
    assert outcome.ideal - outcome.success <= 0.5
    assert outcome.amplification <= 1.05 * outcome.forced


@pytest.mark.parametrize("models", [1, 2])
def test_connections_that_break_half_of_the_time_cost_no_success_either(models: int) -> None:
    outcome = run(lambda: simulate(models, 0.5, seconds=10, error=ConnectionFailed))
    assert outcome.ideal - outcome.success <= 0.5
    assert outcome.amplification <= 1.05 * outcome.forced


def test_where_failures_are_slow_fewer_attempts_are_made_and_none_of_them_is_lost() -> None:
    outcome = run(lambda: simulate(2, 0.7, seconds=10, call_seconds=2.0))
    assert outcome.ideal < 80  # 1 − 0.7⁴ are 76
    assert outcome.ideal - outcome.success <= 0.5
    assert outcome.amplification <= 1.05 * outcome.forced


@pytest.mark.parametrize("models", [1, 3])
def test_what_never_answers_is_soon_called_for_a_look_only(models: int) -> None:
    outcome = run(lambda: simulate(models, 1.0, seconds=30))
    budget, probes = 20, 30
    assert outcome.calls <= models * (HOPELESS_CALLS + probes) + budget
    assert outcome.amplification <= 1.1
