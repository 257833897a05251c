"""Replays recorded requests with another policy: what quality, cost and time would have come of it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean

from ymera_service.catalog import CatalogSnapshot
from ymera_service.catalog.versions import from_json as models_from_json
from ymera_service.routing.decision import Decision, Weights
from ymera_service.routing.policies import BALANCED
from ymera_service.routing.prompts.features import from_json as features_from_json
from ymera_service.routing.replay.off_policy import Estimate, Sample, estimate, weight
from ymera_service.routing.replay.past import PastRouting
from ymera_service.routing.replay.recomputing import NotRecomputable
from ymera_service.routing.router import Router
from ymera_service.routing.stored import from_json
from ymera_service.sdk.errors import YmeraError
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.serving.checks.preferences import check_weights
from ymera_service.serving.checks.violations import Violations
from ymera_service.storage import Database
from ymera_service.storage.records import ExecutionRecord

USUAL, MOST = 2_000, 20_000
"""Requests that are replayed, the latest ones, if the caller does not say, and at most."""
BATCH = 50
"""Requests that are read and replayed at a time, so that other requests are not held up."""


@dataclass(slots=True)
class Replayed:
    """What was found.

    Attributes:
        policy: The name of the other policy.
        requests: How many were replayed.
        skipped: How many could not be, as their catalogue, preferences or models are gone.
        unchanged: For how many of them the first candidate is the same.
        quality: From 0 to 1, over the judged answers; None if none is judged.
        cost: In micro-USD for a request; None if no cost is known.
        latency: In seconds until the end of the answer.
        recorded, replayed: Model → requests of which it was the first candidate.
    """

    policy: str
    requests: int = 0
    skipped: int = 0
    unchanged: int = 0
    quality: Estimate | None = None
    cost: Estimate | None = None
    latency: Estimate | None = None
    recorded: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A recorded request, and the decision that the other policy makes."""

    record: ExecutionRecord
    judged: float | None
    here: Decision
    there: Decision
    expected: tuple[float, float]
    """The quality of the first candidates of both."""


class Replay:
    """Replays. If requests are `private`, each caller's own only. One replay at a time."""

    def __init__(self, database: Database, router: Router, *, private: bool = False) -> None:
        self._database = database
        self._router = router
        self._private = private
        self._replaying = asyncio.Lock()

    async def run(
        self,
        policy: str,
        faults: Violations,
        *,
        weights: Weights | None = None,
        since: datetime | None = None,
        limit: int = 0,
        caller: str = "",
    ) -> Replayed:
        """Replays the latest requests that were answered.

        Args:
            policy: The name of the other policy; empty for the configured one.
            faults: What the conversion found.
            weights: Those that it uses; without them, those of each request.
            since: Only requests from then on.
            limit: How many at most; 0 for `USUAL`.
            caller: Who asks.

        Raises:
            InvalidRequest: The policy is not known, the weights are not valid, or the limit is not from 0 to `MOST`.
            StorageUnavailable: The database can't be read.
        """
        if not 0 <= limit <= MOST:
            faults.add("max_requests", f"is {limit}; give a number from 0 to {MOST:,}")
        if weights is not None:
            check_weights(weights, faults, "weights")
        faults.check()
        other = self._router.policy(policy, "policy")
        async with self._replaying:
            return await self._replay(other, weights, since, limit or USUAL, caller if self._private else "")

    async def _replay(
        self, policy: RoutingPolicy | None, weights: Weights | None, since: datetime | None, limit: int, caller: str
    ) -> Replayed:
        found, pairs, after = Replayed(policy.name if policy else BALANCED), list[_Pair](), None
        past: dict[str, PastRouting | None] = {}
        while limit > 0:
            rows = await self._database.executions.answered(min(BATCH, limit), since=since, after=after, caller=caller)
            if not rows:
                break
            limit -= len(rows)
            after = rows[-1][0].created_at, rows[-1][0].request_id
            for record, _ in rows:
                if record.catalog_version not in past:
                    past[record.catalog_version] = await self._past(record)
            for pair in await asyncio.to_thread(_pairs, rows, past, policy, weights):
                if pair is None:
                    found.skipped += 1
                else:
                    pairs.append(pair)
        return await asyncio.to_thread(_summed, found, pairs)

    async def _past(self, record: ExecutionRecord) -> PastRouting | None:
        version = await self._database.catalog_versions.get(record.catalog_version)
        if version is None:
            return None
        try:
            catalog = CatalogSnapshot(models_from_json(version.models), {})
        except ValueError:
            return None
        return await asyncio.to_thread(self._router.past, catalog, record.operation)


def _pairs(
    rows: Sequence[tuple[ExecutionRecord, float | None]],
    past: Mapping[str, PastRouting | None],
    policy: RoutingPolicy | None,
    weights: Weights | None,
) -> Sequence[_Pair | None]:
    return [_pair(record, judged, past[record.catalog_version], policy, weights) for record, judged in rows]


def _pair(
    record: ExecutionRecord,
    judged: float | None,
    past: PastRouting | None,
    policy: RoutingPolicy | None,
    weights: Weights | None,
) -> _Pair | None:
    """Returns the decisions of a request; None if it can't be replayed."""
    if past is None:
        return None
    try:
        here = from_json(record.decision)
        features = features_from_json(record.features) if record.features else None
        there = past.instead(here, features, policy, weights)
    except (ValueError, NotRecomputable, YmeraError):
        return None
    models = [decision.candidates[0].target.model for decision in (here, there)]
    first, second = (past.quality(model, here.category_probabilities) for model in models)
    return _Pair(record, judged, here, there, (first, second))


def _summed(found: Replayed, pairs: Sequence[_Pair]) -> Replayed:
    found.requests = len(pairs)
    found.unchanged = sum(map(_matches, pairs))
    for pair in pairs:
        found.recorded[pair.here.candidates[0].target.model] += 1
        found.replayed[pair.there.candidates[0].target.model] += 1
    found.quality = estimate([*_qualities(pairs)])
    found.cost = estimate([*_costs(pairs)])
    found.latency = estimate([*_latencies(pairs)])
    return found


def _matches(pair: _Pair) -> bool:
    return pair.here.candidates[0].target == pair.there.candidates[0].target


def _weight(pair: _Pair) -> float:
    return weight(_matches(pair), pair.here.propensity)


def _qualities(pairs: Sequence[_Pair]) -> Iterator[Sample]:
    for pair in pairs:
        if pair.judged is not None:
            yield Sample(_weight(pair), pair.judged, *pair.expected)


def _costs(pairs: Sequence[_Pair]) -> Iterator[Sample]:
    priced = [pair for pair in pairs if pair.record.cost_micros is not None]
    usual = fmean(pair.record.cost_micros or 0 for pair in priced) if priced else 0.0
    for pair in priced:
        here, there = (one.candidates[0].expected_cost_micros for one in (pair.here, pair.there))
        known = here is not None and there is not None
        yield Sample(
            _weight(pair),
            float(pair.record.cost_micros or 0),
            float(here or 0) if known else usual,
            float(there or 0) if known else usual,
        )


def _latencies(pairs: Sequence[_Pair]) -> Iterator[Sample]:
    usual = fmean(pair.record.duration for pair in pairs) if pairs else 0.0
    for pair in pairs:
        here, there = (one.candidates[0].expected_latency for one in (pair.here, pair.there))
        known = here is not None and there is not None
        yield Sample(
            _weight(pair), pair.record.duration, here or 0.0 if known else usual, there or 0.0 if known else usual
        )
