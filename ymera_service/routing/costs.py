"""What a request may cost at each target, all at once, to the same micro-USD as `Model.cost_micros`."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np

from ymera_service.routing.columns import Floats, Mask, Whole, frozen
from ymera_service.sdk.models import Price

CHEAP, DEAR = 10.0, 1_000_000.0
"""Micro-USD for a request that count as 1 and as 0: a thousandth of a cent, and a dollar."""
NOT_KNOWN = sqrt(CHEAP * DEAR)
"""Stands in a column for a cost that is not known: it counts as 0.5."""

_MILLION = 1_000_000


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
    """What applies to prompts of some length: in columns, and by target; `None` without a price."""

    input: Floats
    output: Floats
    by_row: Sequence[Tier | None]


class Costs:
    """The prices of some targets.

    Attributes:
        unknown: Those whose price is not known; they cost `NOT_KNOWN` in a column.
    """

    def __init__(self, prices: Sequence[tuple[Tier, ...] | None], fees: Sequence[int]) -> None:
        """Takes, for each target, its tiers by ascending threshold, and what a call costs beside its tokens."""
        self._prices = prices
        self._fee_of = fees
        self._thresholds = sorted({tier.above for tiers in prices for tier in tiers or ()})
        self.unknown: Mask = frozen(np.array([tiers is None for tiers in prices], bool))
        self._fees = frozen(np.where(self.unknown, NOT_KNOWN, np.array(fees, float)))
        # Only few lengths occur between which the rates of any target change.
        self._rates = lru_cache(maxsize=8)(self._rates_between)

    @classmethod
    def of(cls, prices: Sequence[Price | None]) -> "Costs":
        """Returns the prices of targets in columns."""
        tiers = [None if price is None else tiers_of(price) for price in prices]
        return cls(tiers, [0 if price is None else price.per_request for price in prices])

    def expected(self, input_tokens: int, output_tokens: "int | Whole", out: Floats | None = None) -> Floats:
        """Returns the micro-USD of a request, rounded up, per target: exact up to 9,000 dollars."""
        rates = self._rates(bisect_left(self._thresholds, input_tokens))
        micros: Floats = np.multiply(rates.input, float(input_tokens), out=out)
        micros += rates.output * output_tokens
        micros /= _MILLION
        np.ceil(micros, out=micros)
        micros += self._fees
        return micros

    def expected_in(self, rows: Iterable[int], input_tokens: int, output_tokens: Iterable[int]) -> Sequence[int | None]:
        """Returns the same for some rows, each with its own length of answer; `None` where a price is not known."""
        rates, costs = self._rates(bisect_left(self._thresholds, input_tokens)).by_row, list[int | None]()
        for row, output in zip(rows, output_tokens, strict=True):
            own = rates[row]
            micros = None if own is None else -(-(input_tokens * own.input + output * own.output) // _MILLION)
            costs.append(None if micros is None else micros + self._fee_of[row])
        return costs

    def _rates_between(self, thresholds_exceeded: int) -> _Rates:
        exceeded = set(self._thresholds[:thresholds_exceeded])
        tiers = [None if prices is None else _applying(prices, exceeded) for prices in self._prices]
        asked = [tier.input if tier else 0 for tier in tiers]
        answered = [tier.output if tier else 0 for tier in tiers]
        return _Rates(frozen(np.array(asked, float)), frozen(np.array(answered, float)), tiers)


def _applying(tiers: tuple[Tier, ...], exceeded: set[int]) -> Tier:
    return max((tier for tier in tiers if tier.above in exceeded), key=lambda tier: tier.above, default=_FREE)


_FREE = Tier(-1, 0, 0)
