"""Retries wait with full jitter, never less than asked, and stay a small share of the calls."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.retries import MAX_SECONDS, RetryBudget, RetryBudgets, backoff


@given(retry=st.integers(0, 60), seed=st.integers(), floor=st.none() | st.floats(0, 30))
def test_the_wait_lies_between_what_was_asked_and_the_bound(retry: int, seed: int, floor: float | None) -> None:
    wait = backoff(floor, retry, random.Random(seed))
    assert (floor or 0) <= wait <= max(floor or 0, MAX_SECONDS)


def test_an_outage_uses_the_budget_up_and_successes_refill_it() -> None:
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
