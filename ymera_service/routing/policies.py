"""Lets a policy of a plugin score the candidates of a request."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import structlog

from ymera_service.plugins.wording import trace
from ymera_service.resilience.reliability import USUAL
from ymera_service.routing.columns import Floats, Rows, frozen
from ymera_service.routing.scoring import Scores, doubts, expected_costs
from ymera_service.routing.snapshot import RoutingRequest, Snapshot
from ymera_service.sdk.policies import RoutingPolicy

_log = structlog.get_logger(__name__)

BALANCED = "balanced"
"""The policy where nothing else is asked for; what counts where a policy fails or is not installed."""


class Contest:
    """See `sdk.policies.Candidates`."""

    def __init__(
        self, request: RoutingRequest, snapshot: Snapshot, eligible: Rows, scores: Scores, previous: int | None
    ) -> None:
        """`previous` is the position of the session's target."""
        self._request, self._snapshot, self._eligible = request, snapshot, eligible
        self._scores, self._previous = scores, previous
        self._balance: Floats | None = None

    @property
    def models(self) -> Sequence[str]:
        """See `Candidates`."""
        models = self._snapshot.table.models
        return [models[row].id for row in self._eligible.tolist()]

    @property
    def quality(self) -> Floats:
        """See `Candidates`."""
        return self._values[0]  # type: ignore[no-any-return]  # numpy

    @property
    def speed(self) -> Floats:
        """See `Candidates`."""
        return self._values[1]  # type: ignore[no-any-return]  # numpy

    @property
    def cost(self) -> Floats:
        """See `Candidates`."""
        return self._values[2]  # type: ignore[no-any-return]  # numpy

    @cached_property
    def doubt(self) -> Floats:
        """See `Candidates`."""
        return frozen(np.array(doubts(self._snapshot.table, self._eligible, self._request.probabilities), np.float64))

    @cached_property
    def micros(self) -> Floats:
        """See `Candidates`."""
        table = self._snapshot.table
        known = expected_costs(self._request.needs, table)
        return frozen(np.where(table.costs.unknown, np.nan, known).take(self._eligible))

    @cached_property
    def success(self) -> Floats:
        """See `Candidates`."""
        shortfalls = self._snapshot.table.shortfalls(self._snapshot.chances)
        usual = np.full(self._eligible.size, USUAL)
        return frozen(usual if shortfalls is None else usual - shortfalls.take(self._eligible))

    @cached_property
    def previous(self) -> Floats:
        """See `Candidates`."""
        column = np.zeros(self._eligible.size)
        if self._previous is not None:
            column[self._previous] = 1.0
        return frozen(column)

    @property
    def balance(self) -> Floats:
        """See `Candidates`."""
        if self._balance is None:
            self._balance = frozen(np.array(self._scores.totals, np.float64))
        return self._balance

    def is_balance(self, given: object) -> bool:
        """Returns whether a policy returned the balance as it is."""
        return given is not None and given is self._balance

    @property
    def complexity(self) -> float | None:
        """See `Candidates`."""
        return self._request.complexity

    @property
    def turn(self) -> int:
        """See `Candidates`."""
        return self._snapshot.turn

    @cached_property
    def _values(self) -> Floats:
        return frozen(np.array(self._scores.columns(), float))


def scores_of(policy: RoutingPolicy, contest: Contest) -> tuple[str, Floats | None]:
    """Returns the name of the policy and its scores; None for the balance, by its own choice or as it fails.

    A failure is logged, and `BALANCED` takes its place.
    """
    try:
        given: Any = policy.score(contest)
        if contest.is_balance(given):
            return policy.name, None
        scores = np.array(given, float)
    except BaseException as error:  # noqa: BLE001  # whatever a plugin raises, the request can be served
        _log.error("policy_failed", policy=policy.name, exception=trace(error))
        return BALANCED, None
    if scores.shape != contest.quality.shape or not np.isfinite(scores).all():
        _log.error("policy_failed", policy=policy.name, exception=f"it returned {scores!r:.200}, not a score for each")
        return BALANCED, None
    return policy.name, scores
