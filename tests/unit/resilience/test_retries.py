"""Retries wait with full jitter, and remain a small share of the calls."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.retries import BASE_SECONDS, MAX_SECONDS, RetryBudget, RetryBudgets, backoff


@given(retry=st.integers(0, 60), seed=st.integers())
def test_the_wait_is_bounded(retry: int, seed: int) -> None:
    assert 0 <= backoff(retry, random.Random(seed)) <= MAX_SECONDS


def test_an_outage_exhausts_the_budget_and_successes_refill_it() -> None:
    budget = RetryBudget(capacity=3, ratio=0.5)
    assert [budget.try_withdraw() for _ in range(4)] == [True, True, True, False]
    budget.deposit()
    assert not budget.try_withdraw()
    budget.deposit()
    assert budget.try_withdraw()


def test_the_budget_never_grows_beyond_its_capacity() -> None:
    budget = RetryBudget(capacity=2, ratio=1)
    for _ in range(100):
        budget.deposit()
    assert [budget.try_withdraw() for _ in range(3)] == [True, True, False]


def test_a_provider_that_is_down_takes_no_retries_from_another() -> None:
    budgets = RetryBudgets()
    while budgets.of("down").try_withdraw():
        pass
    assert budgets.of("sound").try_withdraw()
    assert not budgets.of("down").try_withdraw()


def test_waits_are_spread_over_the_whole_bound_so_that_callers_do_not_return_together() -> None:
    draw = random.Random(1)
    waits = [backoff(4, draw) for _ in range(1_000)]
    bound = BASE_SECONDS * 2**4
    counts = [sum(bound * part / 4 <= wait < bound * (part + 1) / 4 for wait in waits) for part in range(4)]
    assert min(counts) > 200
    assert max(waits) <= bound
