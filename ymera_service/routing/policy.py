"""In which order the eligible targets are tried, and how likely that first one was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, hypot
from typing import Literal

import numpy as np

from ymera_service.routing.columns import Floats, Hashes, Rows

FREE_FIRST = "free-first"
LISTED = "listed"
CHEAPEST = "cheapest"
VERSION = "7"
"""Counted up with every change that may order the same scores in another way."""
OVERLAP = 2.0
"""How many standard deviations of their difference a score may be below the best one's, to be drawn."""
SHARPNESS = 4
"""The power of how likely a target is better than the first one, to which it is drawn in proportion: half a standard
deviation behind, an eighth as often as level. With 1, most draws go to targets that are known well enough to be worse,
which costs more than it teaches."""
_SLOPE = 1.702
"""With it, a logistic curve is within 0.01 of the normal distribution."""
_NO_DOUBT = 1e-12


@dataclass(slots=True)
class Order:
    """Positions among the eligible targets, as they are tried.

    Attributes:
        policy: The name of what ordered them.
        positions: At least one; the first is called first.
        propensity: How likely the policy was to put this first one first, over all seeds.
        drawn: The first one is there because exploration drew it, not for its score.
    """

    policy: str
    positions: tuple[int, ...]
    propensity: float
    drawn: bool


def arrange(
    scores: list[float] | Floats,
    hashes: list[int] | Hashes,
    *,
    seed: int,
    limit: int,
    policy: str = "",
    tiers: Sequence[int] | None = None,
    pinned: bool = False,
    exploration: float = 0.0,
    doubts: list[float] | Floats | None = None,
) -> Order:
    """Orders targets by score, the best first; equal ones in an order that the seed draws.

    Args:
        scores: At least one; a column where they are many.
        hashes: A number for each target, by chance but always the same.
        seed: Settles every draw.
        limit: How many positions are wanted; fewer if there are fewer targets.
        policy: The name of what made the tiers.
        tiers: A number for each target: those with a lower one go before all others, whatever the scores are.
        pinned: One of them is the session's target; then nothing is explored.
        exploration: How likely the first is drawn from those that may be the best in truth.
        doubts: The standard deviation of each score; without them, nothing is drawn.
    """
    front, *behind = (None,) if tiers is None else _tiers(tiers)
    leaders = _tier(scores, hashes, front, doubts)
    ranked = leaders.best(seed, limit)
    best = ranked[0]
    propensity = 1 / leaders.ties(best)
    if exploration and doubts is not None and not pinned:
        chances = leaders.chances(best)
        drawn = _drawn(chances, seed) if _draw(_WHETHER, seed) < exploration else None
        if drawn is not None:
            ranked = [drawn, *(position for position in ranked if position != drawn)][:limit]
        is_best = leaders.scores[ranked[0]] == leaders.scores[best]
        propensity = min(is_best * (1 - exploration) * propensity + exploration * float(chances[ranked[0]]), 1.0)
    positions = ranked if front is None else [front[position] for position in ranked]
    for tier in behind:
        if len(positions) >= limit:
            break
        others = _tier(scores, hashes, tier).best(seed, limit - len(positions))
        positions += [tier[position] for position in others]
    return Order(policy, tuple(positions), propensity, ranked[0] != best)


def _tiers(tiers: Sequence[int]) -> tuple[list[int] | None, *tuple[list[int], ...]]:
    """Returns the positions of each tier in order; one `None` where all targets are in the same."""
    groups: dict[int, list[int]] = {}
    for position, tier in enumerate(tiers):
        groups.setdefault(tier, []).append(position)
    if len(groups) < 2:
        return (None,)
    first, *others = [groups[tier] for tier in sorted(groups)]
    return first, *others


def _drawn(chances: list[float] | Floats, seed: int) -> int:
    """Returns the position that the seed draws, each as likely as its chance."""
    column = np.asarray(chances)
    return min(int(column.cumsum().searchsorted(_draw(_WHICH, seed), side="right")), int(column.nonzero()[0][-1]))


def _tier(
    scores: list[float] | Floats,
    hashes: list[int] | Hashes,
    positions: list[int] | None,
    doubts: list[float] | Floats | None = None,
) -> "_Few | _Many":
    """Returns the targets at some positions as competitors; all of them where that is `None`."""
    if isinstance(scores, list) and isinstance(hashes, list):
        if positions is None:
            return _Few(scores, hashes, () if doubts is None else doubts)
        own = () if doubts is None else [doubts[at] for at in positions]
        return _Few([scores[at] for at in positions], [hashes[at] for at in positions], own)
    columns = np.asarray(scores), np.asarray(hashes), np.asarray(() if doubts is None else doubts)
    if positions is None:
        return _Many(*columns)
    return _Many(columns[0][positions], columns[1][positions], columns[2] if doubts is None else columns[2][positions])


@dataclass(slots=True)
class _Few:
    """Targets that compete with each other; doubts are empty where they don't matter."""

    scores: list[float]
    hashes: list[int]
    doubts: Sequence[float] | Floats = ()

    def best(self, seed: int, limit: int) -> list[int]:
        """Returns the positions of the highest scores, the best first, equal ones by chance."""
        positions = range(len(self.scores))
        if len(set(self.scores)) == len(self.scores):
            return sorted(positions, key=self.scores.__getitem__, reverse=True)[:limit]
        factor = _factor(seed)
        ranks = [(-score, number * factor & _WORD) for score, number in zip(self.scores, self.hashes, strict=True)]
        return sorted(positions, key=ranks.__getitem__)[:limit]

    def ties(self, best: int) -> int:
        """Returns how many have the score of the best one, at this position."""
        return self.scores.count(self.scores[best])

    def chances(self, best: int) -> list[float]:
        """Returns how likely each is drawn: the likelier its score is above the best one's in truth."""
        highest, doubt = self.scores[best], self.doubts[best]
        likely = [
            _likely(each - highest, hypot(own, doubt)) ** SHARPNESS
            for each, own in zip(self.scores, self.doubts, strict=True)
        ]
        total = sum(likely)
        return [each / total for each in likely]


@dataclass(slots=True)
class _Many:
    """The same in columns: narrowed down to as many as are wanted, and those compared like few."""

    scores: Floats
    hashes: Hashes
    doubts: Floats
    ascending: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.ascending = self.scores.copy()
        self.ascending.sort()  # is several times as quick as `argpartition` where many are equal

    def best(self, seed: int, limit: int) -> list[int]:
        """See `_Few.best`."""
        if self.scores.size <= limit:
            return _Few(self.scores.tolist(), self.hashes.tolist()).best(seed, limit)
        least = self.ascending[-limit]
        if self._at_least(least) <= 2 * limit:
            return self._ordered((self.scores >= least).nonzero()[0], seed, limit)
        places = limit - self._at_least(least, "right")
        level = (self.scores == least).nonzero()[0]
        drawn: list[int] = level.take(_lowest(self.hashes.take(level) * np.uint64(_factor(seed)), places)).tolist()
        if places == limit:
            return drawn
        return [*self._ordered((self.scores > least).nonzero()[0], seed, limit), *drawn]

    def _ordered(self, rows: Rows, seed: int, limit: int) -> list[int]:
        order = _Few(self.scores.take(rows).tolist(), self.hashes.take(rows).tolist()).best(seed, limit)
        return rows.take(order).tolist()  # type: ignore[no-any-return]  # numpy

    def _at_least(self, score: float, side: Literal["left", "right"] = "left") -> int:
        """Returns how many have this score or a higher one; without those that have it on the right side."""
        return self.ascending.size - int(self.ascending.searchsorted(score, side))

    def ties(self, best: int) -> int:
        """See `_Few.ties`."""
        return self._at_least(self.scores[best])

    def chances(self, best: int) -> Floats:
        """See `_Few.chances`."""
        deviations = np.maximum(np.hypot(self.doubts, self.doubts[best]), _NO_DOUBT)
        margins = (self.scores - self.scores[best]) / deviations
        likely = 1 / (1 + np.exp(-_SLOPE * np.maximum(margins, -OVERLAP)))
        likely[margins < -OVERLAP] = 0.0
        likely **= SHARPNESS
        chances: Floats = likely / likely.sum()
        return chances


def _likely(difference: float, deviation: float) -> float:
    """Returns how likely a score is above another one in truth; 0 where that is next to impossible."""
    margin = difference / max(deviation, _NO_DOUBT)
    return 0.0 if margin < -OVERLAP else 1 / (1 + exp(-_SLOPE * margin))


def _lowest(keys: Hashes, count: int) -> Rows:
    """Returns where the lowest keys are, in their order."""
    lowest = keys.argpartition(count - 1)[:count]
    return lowest.take(keys.take(lowest).argsort())


_WORD = 2**64 - 1
_STEP = 0x9E3779B97F4A7C15


def _factor(seed: int) -> int:
    """Returns an odd number from the seed: the products of hashes with it, as 64 bits, are in an order by chance."""
    return _key(_ORDER, seed) | 1


def _key(number: int, seed: int) -> int:
    """Returns a number that depends on the seed by chance: the output function of SplitMix64."""
    key = number + (seed * _STEP & _WORD) & _WORD
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    key = (key ^ key >> 27) * 0x94D049BB133111EB & _WORD
    return key ^ key >> 31


_WHETHER, _WHICH, _ORDER = 1, 2, 3
"""The numbers of what a seed draws."""


def _draw(number: int, seed: int) -> float:
    """Returns a number from 0 to below 1 by chance."""
    return (_key(number, seed) >> 11) * 2.0**-53
