"""Prices from the price lists give the cost that `genai-prices` calculates."""

import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseEquals, ModelPrice, PriceVariant, StartDateConstraint, TieredPrices
from genai_prices.types import ModelInfo as ListEntry
from genai_prices.types import Tier as ListTier
from genai_prices.types import Usage as ListUsage
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ymera_service.catalog.prices import PriceLists, configured, listed, service_tiers_of
from ymera_service.config import PriceSettings
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Kind, ModelInfo, Price, Tier

PROGRAM = """
import asyncio, sys
from ymera_service.catalog.prices import PriceLists
from ymera_service.sdk.models import ModelInfo, Price
free = ModelInfo("m", context_window=8, price=Price(0, 0), price_vendor="openai")
found = asyncio.run(PriceLists().look_up([ModelInfo("m"), free]))
print(found, "genai_prices" in sys.modules)
"""


def test_the_lists_are_not_imported_before_a_model_needs_them() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.split() == ["{}", "False"]


def every_price() -> Iterator[ModelPrice]:
    """Yields each price of the lists once, for every hour and kind of processing."""
    seen = set()
    for provider in get_snapshot().providers:
        for model in provider.models:
            conditional = [] if isinstance(model.prices, ModelPrice) else [each.prices for each in model.prices]
            variants = [each.prices for each in model.price_variants or ()]
            for price in [model.get_prices(NOON), *conditional, *variants]:
                if repr(price) not in seen:
                    seen.add(repr(price))
                    yield price


NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LISTED = [(theirs, ours) for theirs in every_price() if (ours := listed(theirs)) is not None]
STARTS = sorted({tier.above_input_tokens for _, price in LISTED for tier in price.tiers})


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    tokens = st.integers(0, 2_000_000) | st.sampled_from([start + step for start in STARTS for step in (-1, 0, 1)])
    input_tokens, output_tokens = draw(tokens), draw(tokens)
    read = draw(st.integers(0, input_tokens))
    written = draw(st.integers(0, input_tokens - read))
    return Usage(input_tokens, output_tokens, read, written, draw(st.integers(0, output_tokens)))


def theirs_exactly(price: ModelPrice, usage: Usage) -> Decimal:
    """What `genai-prices` calculates, in micro-USD."""
    counts = ListUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=usage.cache_creation_input_tokens,
        output_reasoning_tokens=usage.reasoning_output_tokens,
    )
    return price.calc_price(counts)["total_price"] * 1_000_000


def is_finer(price: ModelPrice) -> bool:
    """Whether a price has a rate that is not a whole number of micro-USD per million tokens."""
    rates = (getattr(price, name) for name in ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"))
    parts = ([rate.base, *(tier.price for tier in rate.tiers)] if hasattr(rate, "tiers") else [rate] for rate in rates)
    return any(part % Decimal("0.000001") for each in parts for part in each if part is not None)


@settings(max_examples=10)
@given(usages())
def test_every_price_of_the_lists_gives_the_cost_that_they_calculate(usage: Usage) -> None:
    assert len(LISTED) > 500
    for theirs, ours in LISTED:
        exact = theirs_exactly(theirs, usage)
        off = Decimal(usage.input_tokens + usage.output_tokens) / 2_000_000 if is_finer(theirs) else 0
        cost = ours.cost_micros(usage)
        assert math.ceil(exact - off) <= cost <= math.ceil(exact + off), (theirs, ours)


def dollars(*tiers: tuple[int, str], base: str) -> TieredPrices:
    return TieredPrices(Decimal(base), [ListTier(start, Decimal(price)) for start, price in tiers])


def test_different_thresholds_of_fields_become_tiers_of_all_fields() -> None:
    price = ModelPrice(
        input_mtok=dollars((100, "2"), base="1"),
        output_mtok=dollars((200, "4"), base="3"),
        cache_read_mtok=Decimal("0.1"),
        output_reasoning_mtok=Decimal(2),
    )
    assert listed(price) == Price(
        1_000_000,
        3_000_000,
        100_000,
        reasoning=2_000_000,
        tiers=(
            Tier(2_000_000, 3_000_000, 100_000, reasoning=2_000_000, above_input_tokens=100),
            Tier(2_000_000, 4_000_000, 100_000, reasoning=2_000_000, above_input_tokens=200),
        ),
        source="genai-prices",
    )


def test_a_fee_per_thousand_requests_is_charged_per_request() -> None:
    price = listed(ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(1), requests_kcount=Decimal(12)))
    assert price == Price(1_000_000, 1_000_000, per_request=12_000, source="genai-prices")


@pytest.mark.parametrize("known", [{}, {"input_mtok": Decimal(1)}, {"output_mtok": Decimal(1)}])
def test_a_price_without_all_its_parts_is_unknown(known: dict[str, Decimal]) -> None:
    assert listed(ModelPrice(**known, cache_read_mtok=Decimal(1))) is None


def test_a_price_of_zero_is_known_and_free() -> None:
    price = listed(ModelPrice(input_mtok=Decimal(0), output_mtok=Decimal(0)))
    assert price is not None
    assert price.cost_micros(Usage(10**6, 10**6)) == 0


def test_rates_are_rounded_to_whole_micro_usd_per_million_tokens() -> None:
    price = listed(ModelPrice(input_mtok=Decimal("0.0833333333333333"), output_mtok=Decimal("0.18000000000000002")))
    assert price == Price(83_333, 180_000, source="genai-prices")


async def look_up(model: ModelInfo, now: datetime) -> Price | None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # the type of the real clock
            return now

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ymera_service.catalog.prices.datetime", Clock)
        return (await PriceLists().look_up([model]))[model.name].price


@pytest.mark.parametrize(("hour", "rate"), [(12, 270_000), (20, 135_000)])
async def test_a_price_that_depends_on_the_hour_is_that_of_the_refresh(hour: int, rate: int) -> None:
    price = await look_up(ModelInfo("deepseek-chat", price_vendor="deepseek"), NOON.replace(hour=hour))
    assert price is not None
    assert price.input == rate


def test_a_configured_price_can_have_every_field_of_a_price() -> None:
    settings = PriceSettings.model_validate(
        {
            "input": 3,
            "output": 15,
            "cache_read": 0.3,
            "cache_write": 3.75,
            "reasoning": 5,
            "per_request": 0.012,
            "tiers": [{"above": 200_000, "input": 6, "output": 22.5, "cache_write": 7.5}],
        }
    )
    long = Tier(6_000_000, 22_500_000, cache_write=7_500_000, above_input_tokens=200_000)
    assert configured(settings) == Price(
        3_000_000,
        15_000_000,
        300_000,
        3_750_000,
        5_000_000,
        per_request=12_000,
        tiers=(long,),
        source="configuration",
    )


@pytest.mark.parametrize("thresholds", [(2, 1), (1, 1), (-1,)])
def test_configured_tiers_that_do_not_ascend_are_rejected(thresholds: tuple[int, ...]) -> None:
    tiers = [{"above": above, "input": 1, "output": 1} for above in thresholds]
    with pytest.raises(ValidationError, match="above"):
        PriceSettings.model_validate({"input": 1, "output": 1, "tiers": tiers})


@pytest.mark.parametrize("kind", [Kind.EMBED, Kind.RERANK, Kind.MODERATE])
def test_a_model_that_writes_nothing_has_a_price_without_one_for_output(kind: Kind) -> None:
    prices = ModelPrice(input_mtok=Decimal("0.02"))
    assert listed(prices, kind) == Price(20_000, 0, source="genai-prices")
    assert listed(prices) is None


async def test_embedding_models_are_priced() -> None:
    info = ModelInfo("text-embedding-3-small", price_vendor="openai", kind=Kind.EMBED)
    listing = (await PriceLists().look_up([info]))[info.name]
    assert listing.price is not None
    assert (listing.price.input > 0, listing.price.output) == (True, 0)


@pytest.mark.parametrize("tier", ["flex", "priority"])
async def test_a_service_tier_costs_what_the_list_says_of_it(tier: str) -> None:
    found = await PriceLists().look_up([ModelInfo("gpt-5", price_vendor="openai")])
    price = found["gpt-5"].price
    assert price is not None
    entry = get_snapshot().find_provider_model("gpt-5", None, "openai", None)[1]
    theirs = listed(entry.get_prices(datetime.now(UTC), {"service_tier": tier}))
    assert price.in_tier(tier) == theirs != listed(entry.get_prices(datetime.now(UTC)))
    assert price.in_tier("default") is price
    assert price.in_tier("batch") is None


@pytest.mark.parametrize(("starts", "known"), [(date(2026, 1, 1), True), (date(2027, 1, 1), False)])
def test_a_service_tier_whose_price_is_not_in_force_yet_has_none_that_is_known(starts: date, known: bool) -> None:
    usual, priority = (ModelPrice(input_mtok=Decimal(usd), output_mtok=Decimal(usd)) for usd in (1, 2))
    variants = [PriceVariant({"service_tier": "priority"}, priority, StartDateConstraint(starts))]
    entry = ListEntry(id="m", match=ClauseEquals("m"), prices=usual, price_variants=variants)
    tiers = service_tiers_of(entry, Kind.GENERATE, NOON)
    assert tiers == ({"priority": Price(2_000_000, 2_000_000, source="genai-prices")} if known else {})


def test_a_configured_service_tier_has_its_rates() -> None:
    stated = {"input": 1, "output": 4, "per_request": 0.01, "service_tiers": {"Flex": {"input": 0.5, "output": 2}}}
    price = configured(PriceSettings.model_validate(stated))
    assert price.in_tier("flex") == Price(500_000, 2_000_000, per_request=10_000, source="configuration")
    assert price.in_tier("priority") is None
