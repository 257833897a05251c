import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.costs import NOT_KNOWN, Costs, Tier
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Model, ModelInfo, Price

RATES = st.integers(0, 10**12)
TOKENS = st.integers(0, 2**31)
EXACT = 9_000 * 10**6
"""The most micro-USD that are exact in a column."""


@given(
    prices=st.lists(st.none() | st.builds(Price, RATES, RATES), max_size=5), input_tokens=TOKENS, output_tokens=TOKENS
)
def test_costs_agree_with_those_of_each_model_to_the_micro_dollar(
    prices: list[Price | None], input_tokens: int, output_tokens: int
) -> None:
    costs = Costs.of(prices)
    models = [Model("p/m", "p", ModelInfo("m"), price) for price in prices]
    expected = [model.cost_micros(Usage(input_tokens, output_tokens)) for model in models]
    rows = range(len(prices))
    assert costs.expected_in(rows, input_tokens, [output_tokens for _ in rows]) == expected
    for in_column, exact in zip(costs.expected(input_tokens, output_tokens).tolist(), expected, strict=True):
        if exact is None:
            assert in_column == NOT_KNOWN
        else:
            assert in_column == (exact if exact <= EXACT else pytest.approx(exact, rel=1e-12))


def test_answers_may_differ_in_length_from_target_to_target() -> None:
    costs = Costs.of([Price(0, 10**6), Price(0, 10**6)])
    assert costs.expected(5, np.array([3, 7])).tolist() == [3, 7]
    assert costs.expected_in([1, 0], 5, [7, 3]) == [7, 3]


def test_a_long_prompt_is_charged_at_the_highest_tier_it_exceeds() -> None:
    tiered = (Tier(-1, 10**6, 0), Tier(100, 2 * 10**6, 0), Tier(1_000, 3 * 10**6, 10**6))
    costs = Costs([tiered, (Tier(-1, 5 * 10**6, 0),), None], [0, 2, 0])
    for (asked, answered), expected in {
        (0, 0): [0, 2],
        (100, 7): [100, 502],
        (101, 7): [202, 507],
        (1_000, 7): [2_000, 5_002],
        (1_001, 7): [3_010, 5_007],
    }.items():
        assert costs.expected(asked, answered).tolist() == [*expected, NOT_KNOWN]
        assert costs.expected_in(range(3), asked, [answered] * 3) == [*expected, None]
