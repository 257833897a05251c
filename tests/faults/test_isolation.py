"""What a hung target, a slow one or a greedy caller costs the others: the short form of `tests/bench/isolation.py`."""

import pytest
from isolation import CASES, Case, measure

SECONDS = 6
"""Simulated; the bench shows the same figures for two minutes."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_others_lose_at_most_1_percent_of_success_and_a_fifth_of_latency(case: Case) -> None:
    found, ideal = measure(case, SECONDS)
    assert found.success >= ideal.success - 1
    assert found.latency(0.99) <= 1.2 * ideal.latency(0.99)
