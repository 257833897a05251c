"""What a request may cost at each target, all at once, to the same micro-USD as `Model.cost_micros`."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ymera_service.routing.columns import Mask, Whole, frozen
from ymera_service.sdk.models import Price

_MILLION = 1_000_000
_LARGEST = 2**62
"""Sums below this can't overflow a column."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates in micro-USD per million tokens, of requests with more than `above` input tokens."""

    above: int
    input: int
    output: int


def tiers_of(price: Price) -> tuple[Tier, ...]:
    """Returns the rates of a price from the shortest prompts on; the first tier is above -1 tokens."""
    longer = (Tier(tier.above_input_tokens, tier.input, tier.output) for tier in price.tiers)
    return (Tier(-1, price.input, price.output), *longer)


@dataclass(frozen=True, slots=True)
class _Rates:
    """What applies to prompts of some length; the largest rates tell whether a sum may overflow."""

    input: Whole
    output: Whole
    largest_input: int
    largest_output: int


class Costs:
    """The prices of some targets.

    Attributes:
        unknown: Those whose price is not known; their figures are 0.
        any_unknown: There are some.
    """

    def __init__(self, prices: Sequence[tuple[Tier, ...] | None], fees: Sequence[int]) -> None:
        """Takes, for each target, its tiers by ascending threshold, and what a call costs beside its tokens."""
        self._prices = prices
        self._fee_of = fees
        self._thresholds = sorted({tier.above for tiers in prices for tier in tiers or ()})
        self._fees = frozen(np.array(fees, np.int64)) if any(fees) else None
        self.unknown: Mask = frozen(np.array([tiers is None for tiers in prices], bool))
        self.any_unknown = bool(self.unknown.any())
        # Only few lengths occur between which the rates of any target change.
        self._rates = lru_cache(maxsize=8)(self._rates_between)

    @classmethod
    def of(cls, prices: Sequence[Price | None]) -> "Costs":
        """Returns the prices of targets in columns."""
        tiers = [None if price is None else tiers_of(price) for price in prices]
        return cls(tiers, [0 if price is None else price.per_request for price in prices])

    def expected(self, input_tokens: int, output_tokens: "int | Whole") -> Whole:
        """Returns the micro-USD of a request, rounded up, per target."""
        rates = self._rates(bisect_left(self._thresholds, input_tokens))
        longest = output_tokens if isinstance(output_tokens, int) else int(output_tokens.max(initial=0))
        asked, answered = rates.input, rates.output
        if input_tokens * rates.largest_input + longest * rates.largest_output >= _LARGEST:
            # Absurd prices or lengths; Python's own integers don't overflow.
            asked, answered = asked.astype(object), answered.astype(object)
        micros: Whole = asked * input_tokens
        micros += answered * output_tokens
        micros += _MILLION - 1
        micros //= _MILLION
        return micros if self._fees is None else micros + self._fees

    def expected_in(self, rows: Iterable[int], input_tokens: int, output_tokens: Iterable[int]) -> Sequence[int | None]:
        """Returns the same for some rows, each with its own length of answer; `None` where a price is not known."""
        costs: list[int | None] = []
        for row, output in zip(rows, output_tokens, strict=True):
            tiers = self._prices[row]
            if tiers is None:
                costs.append(None)
                continue
            rates = tiers[0]
            for tier in tiers[1:]:
                if input_tokens > tier.above:
                    rates = tier
            costs.append(self._fee_of[row] - (-(input_tokens * rates.input + output * rates.output) // _MILLION))
        return costs

    def _rates_between(self, thresholds_exceeded: int) -> _Rates:
        exceeded = set(self._thresholds[:thresholds_exceeded])
        tiers = [_applying(prices, exceeded) for prices in self._prices]
        asked, answered = [tier.input for tier in tiers], [tier.output for tier in tiers]
        return _Rates(
            frozen(np.array(asked, np.int64)),
            frozen(np.array(answered, np.int64)),
            max(asked, default=0),
            max(answered, default=0),
        )


_FREE = Tier(-1, 0, 0)


def _applying(tiers: tuple[Tier, ...] | None, exceeded: set[int]) -> Tier:
    return max((tier for tier in tiers or () if tier.above in exceeded), key=lambda tier: tier.above, default=_FREE)
