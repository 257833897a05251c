"""Spreads calls over the accounts with which a model can be called."""

import random
from collections.abc import Sequence
from heapq import nsmallest
from math import inf

from ymera_service.resilience.breaker import Breakers
from ymera_service.routing.decision import Selection
from ymera_service.sdk.targets import Target

MOST_ACCOUNTS = 4
"""The most accounts of one pool that an execution may call."""


class Accounts:
    """Orders the accounts of each pool: those that may be called first, and of these the one with the fewest calls.

    The session's own account goes first while it may be called, as its provider may have the prompt in its cache.
    """

    def __init__(self, breakers: Breakers, draw: random.Random) -> None:
        """`draw` orders accounts that are equally busy."""
        self._breakers = breakers
        self._draw = draw

    def spread(self, selection: Selection) -> tuple[Target, ...]:
        """Returns the targets of a selection with the best accounts in place of each pool."""
        if not selection.accounts:
            return selection.ranking
        affinity = selection.decision.inputs.affinity
        spread: list[Target] = []
        for place, pool in enumerate(selection.ranking):
            targets = selection.accounts.get(pool.pool)
            if targets is None:
                spread.append(pool)
            elif place == 0:
                spread += self._best(targets, affinity)
            else:  # seldom called, so that some are as good as the best
                spread += self._draw.sample(targets, min(MOST_ACCOUNTS, len(targets)))
        return tuple(spread)

    def _best(self, targets: Sequence[Target], affinity: str) -> Sequence[Target]:

        all_well = self._breakers.all_well

        def order(target: Target) -> tuple[float, bool, int, float]:
            wait = 0.0 if all_well else self._wait(target)
            return wait, target.id != affinity, self._breakers.under_way(target), self._draw.random()

        return nsmallest(MOST_ACCOUNTS, targets, key=order)

    def _wait(self, target: Target) -> float:
        """Returns the seconds until a target may be called, infinite if its breaker is open."""
        pause = self._breakers.pauses.remaining(target)
        return pause if pause or self._breakers.accepts(target) else inf
