"""In which order the eligible targets are tried, and how likely that first one was."""

from dataclasses import dataclass
from random import Random

import numpy as np

from ymera_service.routing.columns import Floats, Hashes, Rows, Whole

WEIGHTED = "weighted"
FREE_FIRST = "free-first"
LISTED = "listed"
_CODE = "1"
"""Counted up with every change that may order the same scores in another way."""


@dataclass(frozen=True, slots=True)
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


def version(exploration: float) -> str:
    """Returns the name of the code and of the settings that order targets."""
    return f"{_CODE}/exploration={exploration:g}" if exploration else _CODE


def arrange(
    scores: Floats,
    hashes: Hashes,
    *,
    seed: int,
    limit: int,
    policy: str = WEIGHTED,
    tiers: Whole | None = None,
    pinned: bool = False,
    exploration: float = 0.0,
) -> Order:
    """Orders targets by score, the best first; equal ones in an order that the seed draws.

    Args:
        scores: At least one.
        hashes: A number for each target that is always the same.
        seed: Settles every draw.
        limit: How many positions are wanted; fewer if there are fewer targets.
        policy: The name of what made the tiers.
        tiers: A number for each target: those with a lower one go before all others, whatever the scores are.
        pinned: One of them is the session's target; then nothing is explored.
        exploration: How likely the first is drawn from all that could stand first.
    """
    front, *behind = _tiers(tiers)
    leaders = _Tier(scores, hashes) if front is None else _Tier(scores[front], hashes[front])
    ranked = leaders.best(seed, limit)
    best = ranked[0]
    exploration = 0.0 if pinned else exploration
    if exploration and (drawn := _drawn(leaders.scores.size, exploration, seed)) is not None:
        ranked = [drawn, *(position for position in ranked if position != drawn)][:limit]
    propensity = leaders.propensity(ranked[0], best, exploration)
    positions = ranked if front is None else front[ranked].tolist()
    for rows in behind:
        if len(positions) >= limit:
            break
        others = _Tier(scores[rows], hashes[rows]).best(seed, limit - len(positions))
        positions += rows[others].tolist()
    return Order(policy, tuple(positions), propensity, ranked[0] != best)


def _tiers(tiers: Whole | None) -> tuple[Rows | None, *tuple[Rows, ...]]:
    """Returns the positions of each tier in order; one `None` where all targets are in the same."""
    numbers = () if tiers is None else np.unique(tiers).tolist()
    if len(numbers) < 2:
        return (None,)
    first, *others = [(tiers == number).nonzero()[0] for number in numbers]
    return first, *others


def _drawn(count: int, exploration: float, seed: int) -> int | None:
    draw = Random(seed)  # noqa: S311  # not a secret: it has to be repeatable
    return draw.randrange(count) if draw.random() < exploration else None


@dataclass(frozen=True, slots=True)
class _Tier:
    """Targets that compete with each other."""

    scores: Floats
    hashes: Hashes

    def best(self, seed: int, limit: int) -> list[int]:
        """Returns the positions of the highest scores, the best first, equal ones by chance."""
        chosen = self._contenders(seed, limit)
        scores = (self.scores if chosen is None else self.scores.take(chosen)).tolist()
        if len(set(scores)) == len(scores):
            order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
        else:
            keys = _keys(self.hashes if chosen is None else self.hashes.take(chosen), seed).tolist()
            order = sorted(range(len(scores)), key=lambda position: (-scores[position], keys[position]))
        return order if chosen is None else chosen.take(order).tolist()

    def propensity(self, first: int, best: int, exploration: float) -> float:
        """Returns how likely `first` was to be the first, where `best` has the highest score."""
        share = exploration / self.scores.size
        highest = self.scores[best]
        if first == best or self.scores[first] == highest:
            share += (1 - exploration) / int(np.count_nonzero(self.scores == highest))
        return min(share, 1.0)

    def _contenders(self, seed: int, limit: int) -> Rows | None:
        """Returns the positions of the highest scores in any order, equal ones by chance; `None` for all."""
        if self.scores.size <= limit:
            return None
        least = np.partition(self.scores, -limit)[-limit]
        chosen: Rows = (self.scores >= least).nonzero()[0]
        if chosen.size == limit:
            return chosen
        above, level = (self.scores > least).nonzero()[0], (self.scores == least).nonzero()[0]
        places = limit - above.size
        drawn = np.argpartition(_keys(self.hashes.take(level), seed), places - 1)[:places]
        return np.concatenate((above, level[drawn]))


_WORD = 2**64 - 1
_STEP = 0x9E3779B97F4A7C15
_SHIFTS = tuple(map(np.uint64, (30, 27, 31)))
_FACTORS = tuple(map(np.uint64, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))


def _keys(hashes: Hashes, seed: int) -> Hashes:
    """Returns a number for each target that depends on the seed by chance: the output function of SplitMix64."""
    keys = hashes + np.uint64(seed * _STEP & _WORD)
    keys ^= keys >> _SHIFTS[0]
    keys *= _FACTORS[0]
    keys ^= keys >> _SHIFTS[1]
    keys *= _FACTORS[1]
    keys ^= keys >> _SHIFTS[2]
    return keys
