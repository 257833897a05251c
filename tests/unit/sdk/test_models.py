"""The cost of a call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import MAX_FIGURE, Model, ModelInfo, Price, Rates, Tier

LONG = Tier(6_000_000, 30_000_000, 600_000, 7_500_000, above_input_tokens=200_000)
HUGE = Tier(9_000_000, 45_000_000, above_input_tokens=500_000)
PRICE = Price(3_000_000, 15_000_000, 300_000, 3_750_000, 5_000_000, tiers=(LONG, HUGE))
RATE = st.integers(0, 10**9)
TOKENS = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        (Usage(), 0),
        (Usage(input_tokens=1_000), 3_000),
        (Usage(output_tokens=1_000), 15_000),
        (Usage(input_tokens=1_000, cache_read_input_tokens=1_000), 300),
        (Usage(input_tokens=1_000, cache_creation_input_tokens=1_000), 3_750),
        (Usage(output_tokens=1_000, reasoning_output_tokens=1_000), 5_000),
        (Usage(1_000, 1_000, 200, 300, 400), 500 * 3 + 60 + 1_125 + 600 * 15 + 400 * 5),
    ],
)
def test_every_count_is_charged_at_its_own_rate(usage: Usage, micros: int) -> None:
    assert PRICE.cost_micros(usage) == micros


def test_a_part_without_a_rate_is_charged_like_the_whole() -> None:
    price = Price(input=2_000_000, output=3_000_000)
    assert price.cost_micros(Usage(100, 100, 50, 25, 75)) == 500
    assert Price(2_000_000, 3_000_000, 0, 0, 0).cost_micros(Usage(100, 100, 50, 25, 75)) == 50 + 75


@pytest.mark.parametrize(
    ("tokens", "rates"), [(0, PRICE), (200_000, PRICE), (200_001, LONG), (500_000, LONG), (500_001, HUGE)]
)
def test_the_highest_tier_exceeded_applies(tokens: int, rates: Rates) -> None:
    assert PRICE.rates_at(tokens) is rates


def test_a_tier_applies_to_all_tokens_of_a_request_and_cached_ones_count_towards_it() -> None:
    assert PRICE.cost_micros(Usage(200_000, 1_000)) == 615_000
    assert PRICE.cost_micros(Usage(200_001, 1_000, 200_001)) == 120_001 + 30_000
    assert PRICE.cost_micros(Usage(200_001, 1_000, 0, 200_001, 1_000)) == 1_500_008 + 30_000


@pytest.mark.parametrize(("tokens", "micros"), [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2)])
def test_a_cost_is_rounded_up(tokens: int, micros: int) -> None:
    assert Price(1, 0).cost_micros(Usage(tokens)) == micros


def test_a_fee_per_request_is_added() -> None:
    assert Price(1_000_000, 1_000_000, per_request=12_000).cost_micros(Usage(3, 4)) == 12_007


def test_a_part_that_exceeds_its_whole_is_charged_in_full() -> None:
    assert PRICE.cost_micros(Usage(10, 10, cache_read_input_tokens=1_000, reasoning_output_tokens=1_000)) == 5_300


@given(RATE, RATE, TOKENS, TOKENS)
def test_a_price_in_plain_arithmetic_is_the_same(input_rate: int, output_rate: int, tokens: int, written: int) -> None:
    for price in (Price(input_rate, output_rate, per_request=7), PRICE):
        rates = price.rates_at(tokens) if price.tiers else price
        plain = price.per_request - (-(tokens * rates.input + written * rates.output) // 1_000_000)
        assert plain == price.cost_micros(Usage(tokens, written))


@pytest.mark.parametrize("figure", [-1, 0.15, "1", MAX_FIGURE + 1, 10**400])
@pytest.mark.parametrize("field", ["input", "output", "cache_read", "cache_write", "reasoning", "per_request"])
def test_an_invalid_figure_is_rejected(field: str, figure: int) -> None:
    with pytest.raises(ValueError, match="a figure of a price is"):
        replace(PRICE, **{field: figure})  # type: ignore[arg-type]  # some of the figures are not even numbers


def test_invalid_tiers_are_rejected() -> None:
    with pytest.raises(ValueError, match="a figure of a price is -1"):
        Tier(1, 1, above_input_tokens=-1)
    with pytest.raises(ValueError, match="a figure of a price is -2"):
        Tier(1, -2, above_input_tokens=1)
    for tiers in ((HUGE, LONG), (LONG, LONG)):
        with pytest.raises(ValueError, match="not in ascending order"):
            Price(1, 1, tiers=tiers)


FLEX = Price(1_500_000, 7_500_000)
SERVED = replace(PRICE, service_tiers={"flex": FLEX})


@pytest.mark.parametrize("word", ["", "default", "standard", "Standard", "auto", "on_demand", "ON_DEMAND"])
def test_the_standard_tier_has_the_usual_price(word: str) -> None:
    assert SERVED.in_tier(word) is SERVED


def test_another_tier_has_its_own_price_or_none_that_is_known() -> None:
    model = Model("p/m", "p", ModelInfo("m"), SERVED)
    usage = Usage(1_000, 1_000)
    assert model.cost_micros(usage) == 18_000
    assert model.cost_micros(usage, "FLEX") == 9_000
    assert model.cost_micros(usage, "priority") is None
    assert model.cost_micros(usage, "a word of tomorrow") is None
    assert Model("p/m", "p", ModelInfo("m"), None).cost_micros(usage, "default") is None
