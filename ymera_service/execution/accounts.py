"""Spreads calls over the accounts and endpoints with which a model can be called."""

import random
from collections.abc import Mapping, Sequence
from itertools import groupby
from math import inf
from operator import attrgetter

from ymera_service.config import BalancingPolicy
from ymera_service.resilience.balancing import Option, order
from ymera_service.resilience.breaker import Breakers
from ymera_service.sdk.targets import Target

MOST = 4
"""The most accounts and endpoints of a model among which the next call is made; beyond, the best of each endpoint."""
COMPARED = 8
"""If an endpoint has more accounts, this many are drawn and compared: the calls under way at fifty equal ones then
nearly always differ by at most one, and what a request costs does not grow with their number. If too few of those drawn
may be called, all are compared."""

_model = attrgetter("model")


class Accounts:
    """Orders the targets of each model; `balancing.order` says how."""

    def __init__(self, breakers: Breakers, draw: random.Random) -> None:
        """`draw` draws accounts that are compared, and orders equal ones."""
        self._breakers = breakers
        self._draw = draw

    def spread(
        self,
        pools: Sequence[Target],
        accounts: Mapping[str, tuple[Target, ...]],
        *,
        affinity: str = "",
        stream: bool = True,
        first: bool = False,
    ) -> tuple[Target, ...]:
        """Returns the targets to call, in the order of their pools.

        Endpoints of a model that follow each other in the ranking are compared with each other, as are the accounts of
        each of them.

        Args:
            pools: The ranking.
            accounts: The targets of each pool that has several.
            affinity: The id of the target that the session stays with.
            stream: An answer is streamed.
            first: Only the first target matters now: what comes after a model that may be called is not compared.
        """
        if not accounts and len({pool.model for pool in pools}) == len(pools):  # nothing to choose from
            return tuple(pools)
        found: list[Target] = []
        for _, group in groupby(pools, _model):
            members = [accounts.get(pool.pool, (pool,)) for pool in group]
            if len(members) == 1 and len(members[0]) == 1:
                found.append(members[0][0])
            elif first and found and self._may_be_called(found[0]):
                found += [target for pool in members for target in pool[:MOST]]
            else:
                found += self._best(members, affinity, stream=stream)
        return tuple(found)

    def _may_be_called(self, target: Target) -> bool:
        return self._breakers.all_well or not self._wait(target)

    def _best(self, pools: Sequence[Sequence[Target]], affinity: str, *, stream: bool) -> Sequence[Target]:
        policy = self._breakers.loads.policy_of(pools[0][0].provider)
        drawn = pools if policy is not BalancingPolicy.PEAK_EWMA else [self._drawn(pool, affinity) for pool in pools]
        compared = [target for pool in drawn for target in pool]
        options = self._options(compared, affinity, stream=stream)
        count = sum([len(pool) for pool in pools])
        if len(compared) < count and sum([option.is_free for option in options]) < MOST:
            compared = [target for pool in pools for target in pool]
            options = self._options(compared, affinity, stream=stream)
        best = [compared[position] for position in order(options, policy, self._draw.random)]
        return [*best[:MOST], *_others(best)]

    def _drawn(self, targets: Sequence[Target], affinity: str) -> Sequence[Target]:
        """Returns those of an endpoint that are compared, with the session's own."""
        if len(targets) <= COMPARED:
            return targets
        drawn = self._draw.sample(targets, COMPARED)
        own = [target for target in targets if target.id == affinity] if affinity else []
        return drawn if not own or own[0] in drawn else [*own, *drawn]

    def _options(self, targets: Sequence[Target], affinity: str, *, stream: bool) -> Sequence[Option]:
        option, all_well = self._breakers.loads.option, self._breakers.all_well
        return [
            option(target, wait=0.0 if all_well else self._wait(target), own=target.id == affinity, stream=stream)
            for target in targets
        ]

    def _wait(self, target: Target) -> float:
        """Returns the seconds until a target may be called, infinite if its breaker is open."""
        pause = self._breakers.pauses.remaining(target)
        return pause if pause or self._breakers.accepts(target) else inf


def _others(best: Sequence[Target]) -> Sequence[Target]:
    """Returns the best target of each endpoint of which none is among the first."""
    seen = {target.pool for target in best[:MOST]}
    others = []
    for target in best[MOST:]:
        if target.pool not in seen:
            seen.add(target.pool)
            others.append(target)
    return others
