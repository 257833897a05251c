"""How good each target is for a request: quality, speed and cost, each from 0 to 1, and their weighted sum.

Every value is measured against a fixed scale and not against the other targets, so that a score stays the
same when others come or go. Time and money are felt in proportions: twice as fast or half the price is
worth the same anywhere on the scale, hence the logarithms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from ymera_service.routing.columns import Floats, Whole
from ymera_service.routing.decision import Weights
from ymera_service.routing.estimate import Needs
from ymera_service.routing.latency import Paces
from ymera_service.routing.table import Table

INSTANT, ENDLESS = 0.25, 120.0
"""Seconds for a whole answer that count as 1 and as 0."""
CHEAP, DEAR = 10.0, 1_000_000.0
"""Micro-USD for a request that count as 1 and as 0: a thousandth of a cent, and a dollar."""
UNKNOWN = 0.5
"""The value where nothing is known: neither recommends a target nor rules it out."""

OBJECTIVES = ("quality", "speed", "cost")
"""The rows of `Scores.values`."""

_PER_LATENCY, _PER_COST = -1 / log(ENDLESS / INSTANT), -1 / log(DEAR / CHEAP)
_BEST = np.array([[INSTANT], [CHEAP]])
_PER_E_FOLD = np.array([[_PER_LATENCY], [_PER_COST]])
_AT_ONE = np.array([[1 - _PER_LATENCY * log(INSTANT)], [1 - _PER_COST * log(CHEAP)]])
"""The value of an amount of 1: with it, a value is a factor times a logarithm plus this."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The value of each target, a column, in each of the `OBJECTIVES`, a row; and the weighted sums."""

    values: Floats
    total: Floats


def expected_costs(needs: Needs, table: Table) -> Whole:
    """Returns the micro-USD that the longest answer asked for costs; without meaning where the price is not known."""
    most = needs.most.output_tokens
    longest = most if most <= table.smallest_answer else np.minimum(table.answers, most)
    return table.costs.expected(needs.input_tokens, longest)


def score(
    table: Table, paces: Paces, costs: Whole, *, needs: Needs, probabilities: Mapping[str, float], weights: Weights
) -> Scores:
    """Returns the scores of all targets.

    Quality is what is expected over all categories the task may belong to, each by its probability. Speed and
    cost are 1 up to the best amount, less by the logarithm above it, and at least 0.
    """
    values = np.empty((len(OBJECTIVES), len(table.targets)))
    categories = tuple(sorted(probabilities))
    shares = np.array([[probabilities[category]] for category in categories])
    # Unlike a product of matrices, sums of rows give equal targets equal values wherever they stand.
    np.add.reduce(table.qualities_in(categories) * shares, 0, out=values[0])
    _judge(values[1:], table, paces, costs, needs)
    np.minimum(values, 1.0, out=values)
    each = values * np.array([[weights.quality], [weights.speed], [weights.cost]])
    return Scores(values, np.add.reduce(each, 0))


def _judge(amounts: Floats, table: Table, paces: Paces, costs: Whole, needs: Needs) -> None:
    """Writes the values of speed and cost."""
    paces.latencies(needs.output_tokens, out=amounts[0])
    amounts[1] = costs
    np.maximum(amounts, _BEST, out=amounts)
    np.log(amounts, out=amounts)
    amounts *= _PER_E_FOLD
    amounts += _AT_ONE
    np.maximum(amounts, 0.0, out=amounts)
    if paces.any_unknown:
        np.putmask(amounts[0], paces.unknown, UNKNOWN)
    if table.costs.any_unknown:
        np.putmask(amounts[1], table.costs.unknown, UNKNOWN)
