"""How good each target is for a request: quality, speed and cost, each from 0 to 1, and their weighted sum.

Every value is measured against a fixed scale and not against the other targets, so that a score stays the
same when others come or go. Time and money are felt in proportions: twice as fast or half the price is
worth the same anywhere on the scale, hence the logarithms.

Few targets are scored one by one, many in columns: numpy takes as long for one target as for a hundred, and
plain Python as long for thirty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import log, sqrt
from operator import mul
from typing import Protocol

import numpy as np

from ymera_service.routing.columns import Floats, Rows, Whole
from ymera_service.routing.costs import CHEAP, DEAR
from ymera_service.routing.decision import Weights
from ymera_service.routing.learning.latency import ENDLESS, INSTANT, Columns, Paces
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.routing.table import Table
from ymera_service.sdk.generation import Usage

UNKNOWN = 0.5
"""The value where nothing is known: neither recommends a target nor rules it out."""

FAILURES_WEIGHT = 0.5
"""What a score loses where every call fails that usually succeeds: a call that fails costs time and a share of the
caller's patience, but mostly another target answers."""

FEW = 32
"""The most targets that are scored one by one."""

_PER_LATENCY, _PER_COST = -1 / log(ENDLESS / INSTANT), -1 / log(DEAR / CHEAP)
_BEST = np.array([[INSTANT], [CHEAP]])
_PER_E_FOLD = np.array([[_PER_LATENCY], [_PER_COST]])
_AT_ONE = np.array([[1 - _PER_LATENCY * log(INSTANT)], [1 - _PER_COST * log(CHEAP)]])
"""The value of an amount of 1: with it, a value is a factor times a logarithm plus this."""
_SUM = "i,ij->j"
"""The weighted sum of rows. Unlike a product of matrices, it gives equal columns equal sums wherever they stand."""


Values = tuple[float, float, float]
"""How good a target is in quality, speed and cost."""
Merits = tuple[bool, bool, bool]
"""In which of them a target is not beaten, and better than some other."""
Shown = tuple[float, Values, int | None, float | None]
"""The total of a target, its values, and the micro-USD and seconds that are expected, as far as they are known."""


class Scores(Protocol):
    """The scores of some targets, by their positions among those."""

    @property
    def totals(self) -> list[float] | Floats:
        """The weighted sum of each one's values."""
        ...

    def at(self, positions: Sequence[int]) -> Iterable[Shown]:
        """Returns what is shown of those at some positions."""
        ...

    def merits(self, position: int) -> Merits:
        """Returns in what the one at a position is among the best."""
        ...

    def free(self) -> list[bool]:
        """Returns which ones are known to cost nothing."""
        ...

    def columns(self) -> Floats | Sequence[Sequence[float]]:
        """Returns a row for each objective, with the values of all."""
        ...

    def replace(self, totals: Floats) -> None:
        """Takes other totals, as a policy wants them."""
        ...

    def add(self, bonuses: list[float] | Floats, weight: float = 1.0) -> None:
        """Adds a bonus, times its weight, to the total of each one."""
        ...


def score(
    table: Table,
    paces: Paces,
    rows: Rows,
    *,
    needs: Needs,
    probabilities: Mapping[str, float],
    weights: Weights,
    corrections: Floats | None = None,
) -> Scores:
    """Returns the scores of the targets in some rows.

    Quality is what is expected over all categories the task may belong to, each by its probability. Speed and
    cost are 1 up to the best amount, less by the logarithm above it, and at least 0. Corrections of the quality are a
    column for all rows.
    """
    categories = tuple(sorted(probabilities))
    shares = [probabilities[category] for category in categories]
    if rows.size > FEW:
        columns = table.qualities_in(categories)
        return _many(table, paces, rows, columns, shares, needs=needs, weights=weights, corrections=corrections)
    mixes = table.mixes_in(categories)
    return _few(table, paces, rows.tolist(), mixes, shares, needs=needs, weights=weights, corrections=corrections)


def doubts(table: Table, rows: Rows, probabilities: Mapping[str, float]) -> list[float] | Floats:
    """Returns the standard deviation of the quality of the targets in some rows: a column where they are many."""
    categories = tuple(sorted(probabilities))
    squares = [probabilities[category] ** 2 for category in categories]
    if rows.size <= FEW:
        variances = table.variance_mixes_in(categories)
        return [sqrt(sum(map(mul, variances[row], squares))) for row in rows.tolist()]
    deviations: Floats = np.sqrt(np.einsum(_SUM, np.array(squares), table.variances_in(categories)))
    return deviations if rows is table.everyone else deviations.take(rows)


@dataclass(slots=True)
class _Few:
    """See `Scores`."""

    totals: list[float]
    each: list[Values]
    micros: Sequence[int | None]
    latencies: Sequence[float | None]

    def at(self, positions: Sequence[int]) -> Iterable[Shown]:
        return [(self.totals[at], self.each[at], self.micros[at], self.latencies[at]) for at in positions]

    def merits(self, position: int) -> Merits:
        columns = zip(*self.each, strict=True)
        quality, speed, cost = [min(values) < values[position] >= max(values) for values in columns]
        return quality, speed, cost

    def free(self) -> list[bool]:
        return [micros == 0 for micros in self.micros]

    def columns(self) -> Sequence[Sequence[float]]:
        return [*zip(*self.each, strict=True)]

    def replace(self, totals: Floats) -> None:
        self.totals = totals.tolist()

    def add(self, bonuses: list[float] | Floats, weight: float = 1.0) -> None:
        each = bonuses if isinstance(bonuses, list) else bonuses.tolist()
        self.totals = [total + bonus * weight for total, bonus in zip(self.totals, each, strict=True)]


def _few(
    table: Table,
    paces: Paces,
    rows: Sequence[int],
    qualities: Sequence[Sequence[float]],
    shares: Sequence[float],
    *,
    needs: Needs,
    weights: Weights,
    corrections: Floats | None,
) -> _Few:
    each: list[Values] = []
    better = [0.0] * len(rows) if corrections is None else corrections.take(rows).tolist()
    costs, latencies = costs_in(needs, table, rows), paces.latencies(rows, needs.output_tokens)
    for row, micros, latency, correction in zip(rows, costs, latencies, better, strict=True):
        quality = min(max(sum(map(mul, qualities[row], shares)) + correction, 0.0), 1.0)
        each.append((quality, _speed(latency), _cost(micros)))
    by = weights.quality, weights.speed, weights.cost
    totals = [quality * by[0] + speed * by[1] + cost * by[2] for quality, speed, cost in each]
    return _Few(totals, each, costs, latencies)


def _speed(latency: float | None) -> float:
    return UNKNOWN if latency is None else _value(latency, INSTANT, _PER_LATENCY)


def _cost(micros: int | None) -> float:
    return UNKNOWN if micros is None else _value(micros, CHEAP, _PER_COST)


def _value(amount: float, best: float, per_e_fold: float) -> float:
    return max(1.0 + per_e_fold * log(amount / best), 0.0) if amount > best else 1.0


def costs_in(needs: Needs, table: Table, rows: Sequence[int]) -> Sequence[int | None]:
    """Returns the micro-USD that the answer is expected to cost in some rows; `None` where a price is not known."""
    usual = needs.output_tokens
    return table.costs.expected_in(rows, needs.input_tokens, [min(usual, table.longest[row]) for row in rows])


def expected_costs(needs: Needs, table: Table) -> Floats:
    """Returns the same for all rows in a column; `NOT_KNOWN` where the price is not."""
    return _costs(Usage(needs.input_tokens, needs.output_tokens), table)


def highest_costs(needs: Needs, table: Table) -> Floats:
    """Returns the micro-USD that the longest answer asked for costs, as `expected_costs` does."""
    return _costs(needs.most, table)


def _costs(usage: Usage, table: Table) -> Floats:
    return table.costs.expected(usage.input_tokens, _answers(usage.output_tokens, table))


def _answers(asked: int, table: Table) -> "int | Whole":
    """Returns the tokens of an answer of this many: one figure for all rows if none has a lower limit."""
    return asked if asked <= table.smallest_answer else np.minimum(table.answers, asked)


@dataclass(slots=True)
class _Many:
    """See `Scores`. `each` has a row for each objective; where it is the best, it may be above 1 by rounding."""

    totals: Floats
    each: Floats
    rows: Rows
    table: Table
    paces: Paces
    needs: Needs

    def at(self, positions: Sequence[int]) -> Iterable[Shown]:
        totals, qualities = self.totals.take(positions).tolist(), self.each[0].take(positions).tolist()
        rows: list[int] = self.rows.take(positions).tolist()
        micros, latencies = costs_in(self.needs, self.table, rows), self.paces.latencies(rows, self.needs.output_tokens)
        values = zip(map(min, qualities, repeat(1.0)), map(_speed, latencies), map(_cost, micros), strict=False)
        return zip(totals, values, micros, latencies, strict=True)

    def merits(self, position: int) -> Merits:
        own: list[float] = self.each[:, position].tolist()
        worst: list[float] = np.minimum.reduce(self.each, 1).tolist()
        best: list[float] = np.maximum.reduce(self.each, 1).tolist()
        quality, speed, cost = [low < value >= high for low, value, high in zip(worst, own, best, strict=True)]
        return quality, speed, cost

    def free(self) -> list[bool]:
        free = expected_costs(self.needs, self.table) == 0
        return free.take(self.rows).tolist()  # type: ignore[no-any-return]  # numpy

    def columns(self) -> Floats:
        return np.minimum(self.each, 1.0)

    def replace(self, totals: Floats) -> None:
        self.totals = totals.copy()

    def add(self, bonuses: list[float] | Floats, weight: float = 1.0) -> None:
        self.totals += np.asarray(bonuses) * weight


def _many(
    table: Table,
    paces: Paces,
    rows: Rows,
    qualities: Floats,
    shares: Sequence[float],
    *,
    needs: Needs,
    weights: Weights,
    corrections: Floats | None,
) -> _Many:
    each = np.empty((3, len(table.targets)))
    np.einsum(_SUM, np.array(shares), qualities, out=each[0])
    if corrections is not None:
        each[0] += corrections
        np.maximum(each[0], 0.0, out=each[0])
        np.minimum(each[0], 1.0, out=each[0])
    _judge(each[1:], table, paces.columns, needs)
    totals: Floats = each[0] * weights.quality
    totals += each[1] * weights.speed
    totals += each[2] * weights.cost
    if rows is not table.everyone:
        totals, each = totals.take(rows), each.take(rows, 1)
    return _Many(totals, each, rows, table, paces, needs)


def _judge(amounts: Floats, table: Table, paces: Columns, needs: Needs) -> None:
    """Writes the values of speed and cost."""
    paces.latencies(needs.output_tokens, out=amounts[0])
    table.costs.expected(needs.input_tokens, _answers(needs.output_tokens, table), out=amounts[1])
    np.maximum(amounts, _BEST, out=amounts)
    np.log(amounts, out=amounts)
    amounts *= _PER_E_FOLD
    amounts += _AT_ONE
    np.maximum(amounts, 0.0, out=amounts)
