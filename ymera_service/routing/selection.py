"""A decision as a function of values: what is asked, what is known, and a seed.

Nothing here reads a clock, draws from anything but the seed, or changes what it is given: the same request
and snapshot give the same selection.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ymera_service.routing import policy
from ymera_service.routing.columns import Floats, Rows, Whole
from ymera_service.routing.decision import (
    SHOWN,
    Candidate,
    Decision,
    ExclusionReason,
    Inputs,
    Preferences,
    ScoreComponent,
    Selection,
    Weights,
)
from ymera_service.routing.estimate import Needs
from ymera_service.routing.explain import explain
from ymera_service.routing.filters import TEMPORARY, Sifted, filters_for, missing, required_bits, sift, waits_for
from ymera_service.routing.latency import Paces
from ymera_service.routing.neighbours import Correction
from ymera_service.routing.scoring import Scores, doubts, expected_cost, score
from ymera_service.routing.table import CERTAINTY, Table
from ymera_service.routing.texts import clipped, dollars
from ymera_service.sdk.errors import NoEligibleModel, NoHealthyModel, RequestError, ServerError
from ymera_service.sdk.models import Kind, Price

RANKED = 16
"""Targets that one execution may ever call."""
DOMAINS_KEPT = 8
"""Open breakers and pauses that a decision names, at most,"""
LONGEST_DOMAINS = 512
"""and the characters that their keys may have together."""
RETRY_AFTER = 5.0
"""Seconds after which providers that could not list their models may be asked again."""


@dataclass(frozen=True, slots=True)
class RoutingRequest:
    """What is asked.

    Attributes:
        probabilities: Category → probability, the likeliest first, adding up to 1.
        full_view: The decision is to hold every candidate and every exclusion.
        cheapest: The lowest known price goes first, as nothing else tells the models apart. Models of one price always
            have the same order: what one of them returned may be of no use with what another returns.
    """

    preferences: Preferences
    probabilities: dict[str, float]
    needs: Needs
    full_view: bool = False
    cheapest: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known when a decision is made.

    Attributes:
        table: The catalogue, and what benchmarks showed.
        paces: Of the table's targets.
        weights: Those that count where the caller gives none; adding up to 1.
        exploration: How likely the first candidate is drawn from those that may be the best in truth.
        corrections: Model → how much better it is for requests like this than in its class.
        optimism: How much of its doubt is added to the quality of each candidate, from 0 to 1.
        open_domains: Keys of the breakers that are open, with the seconds until each is tried again.
        paused_domains: Keys of what is paused, as its provider asked, with the seconds until it may be called.
        affinity: The id of the target that the session stays with; empty if there is none.
        seed: Settles every draw; of 63 bits, so that every language has a type for it.
    """

    table: Table
    paces: Paces
    weights: Weights
    exploration: float
    open_domains: Mapping[str, float]
    affinity: str
    seed: int
    paused_domains: Mapping[str, float] = field(default_factory=dict)
    optimism: float = 0.0
    corrections: Mapping[str, Correction] = field(default_factory=dict)


def select(request: RoutingRequest, snapshot: Snapshot) -> Selection:
    """Decides which targets are tried for a request, and in which order.

    Raises:
        ModelNotFound: The preferences name a model that is not on offer.
        ModelNotPermitted: They name one that the caller may not use.
        NoEligibleModel: The constraints leave no target.
        NoHealthyModel: There is none, and a provider can't list its models now.
    """
    wanted, table, needs = request.preferences, snapshot.table, request.needs
    filters = filters_for(
        wanted,
        needs,
        table,
        paces=snapshot.paces,
        open_domains=snapshot.open_domains,
        paused_domains=snapshot.paused_domains,
    )
    sifted = sift(filters, table)
    failing = sifted.failing
    if not sifted.eligible.size:
        if failing is None:
            raise _nothing_left(sifted, snapshot)
        sifted = Sifted(failing, tuple([each for each in sifted.excluded if each[0].reason not in TEMPORARY]))
    weights = wanted.weights.normalised() if wanted.weights else snapshot.weights
    eligible = sifted.eligible
    scores = score(
        table,
        snapshot.paces,
        eligible,
        needs=needs,
        probabilities=request.probabilities,
        weights=weights,
        corrections=table.column({model: each.better for model, each in snapshot.corrections.items()}),
    )
    unsure = None
    if snapshot.exploration or snapshot.optimism:
        unsure = doubts(table, eligible, request.probabilities)
        scores.add(unsure * (weights.quality * snapshot.optimism))
    if required := required_bits(needs, wanted):
        scores.add(table.certainties(required).take(eligible))
    pinned = _pinned(snapshot, eligible)
    if pinned is not None:
        scores.totals[pinned] += 1.0
    return _selection(_Scored(request, snapshot, sifted, weights, scores, unsure, pinned, failing))


@dataclass(slots=True)
class _Scored:
    """Everything that the order and the decision are made from.

    `doubts` are the standard deviations of the qualities, if they matter. `pinned` is the position of the session's
    target. `failing` are the rows that only an open breaker or a pause excludes; where no others are left, they are the
    eligible ones.
    """

    request: RoutingRequest
    snapshot: Snapshot
    sifted: Sifted
    weights: Weights
    scores: Scores
    doubts: Floats | None
    pinned: int | None
    failing: Rows | None

    @property
    def all_failing(self) -> bool:
        """Whether every eligible target has an open breaker or is paused."""
        return self.failing is self.sifted.eligible

    @property
    def reserve(self) -> list[int]:
        """The failing rows that are not eligible: the sooner one is tried again, the earlier."""
        if self.failing is None or self.all_failing:
            return []
        closed = (self.snapshot.open_domains, self.snapshot.paused_domains)
        waits = np.maximum.reduce([waits_for(domains, self.snapshot.table) for domains in closed])[self.failing]
        return self.failing[waits.argsort(kind="stable")[:RANKED]].tolist()  # type: ignore[no-any-return]  # numpy


def _pinned(snapshot: Snapshot, eligible: Rows) -> int | None:
    """Returns the position of the session's target among the eligible ones."""
    row = snapshot.table.own_domains.get(snapshot.affinity) if snapshot.affinity else None
    if row is None:
        return None
    position = int(eligible.searchsorted(row))
    return position if position < eligible.size and eligible[position] == row else None


def _order(scored: _Scored) -> policy.Order:
    snapshot, eligible, totals = scored.snapshot, scored.sifted.eligible, scored.scores.totals
    name, tiers = _tiers(scored)
    return policy.arrange(
        totals,
        snapshot.table.numbers_of(eligible) if isinstance(totals, list) else snapshot.table.hashes_of(eligible),
        seed=snapshot.seed,
        limit=eligible.size if scored.request.full_view else RANKED,
        policy=name,
        tiers=tiers,
        pinned=scored.pinned is not None,
        exploration=snapshot.exploration,
        doubts=None if scored.doubts is None else scored.doubts * scored.weights.quality,
    )


def _tiers(scored: _Scored) -> tuple[str, list[int] | None]:
    """Returns the policy, and the tier of each target: its place in the caller's list, then free before priced, or
    the lowest price first."""
    wanted = scored.request.preferences
    name, columns = policy.WEIGHTED, list[Sequence[int]]()
    if wanted.prefer_free:
        name, columns = policy.FREE_FIRST, [[int(not free) for free in scored.scores.free()]]
    if scored.request.cheapest:
        name, columns = policy.CHEAPEST, [_price_ranks(scored)]
    if wanted.model:
        every = _places(wanted.listed_models, scored.snapshot.table)
        name, columns = policy.LISTED, [every.take(scored.sifted.eligible).tolist(), *columns]
    return (name, _ranks(list(zip(*columns, strict=True)))) if columns else (name, None)


def _ranks(keys: Sequence[Any]) -> list[int]:
    """Returns the rank of each key among the different ones, from 0."""
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return [order[key] for key in keys]


def _price_ranks(scored: _Scored) -> list[int]:
    """Returns a rank for each target: that of its model by price, and by id among those of the same price."""
    models = [scored.snapshot.table.models[row] for row in scored.sifted.eligible.tolist()]
    return _ranks([(model.price is None, _typical(model.price), model.id) for model in models])


def _typical(price: Price | None) -> int:
    """Returns what a thousand calls with a thousand input tokens each cost; 0 if that is not known."""
    return 0 if price is None else price.input + 1000 * price.per_request


def _places(patterns: Sequence[str], table: Table) -> Whole:
    """Returns the place of each target in a list: that of the first pattern that means it."""
    places = np.full(len(table.targets), len(patterns), np.int64)
    for place, pattern in reversed(list(enumerate(patterns))):
        places[table.matches(pattern).mask] = place
    return places


def _selection(scored: _Scored) -> Selection:
    request, snapshot, sifted, order = scored.request, scored.snapshot, scored.sifted, _order(scored)
    table, full = snapshot.table, request.full_view
    category, probability = next(iter(request.probabilities.items()))
    candidates = _candidates(order.positions if full else order.positions[:SHOWN], category, scored)
    exclusions = sifted.counts(table)
    session_affinity = order.positions[0] == scored.pinned
    explanation = explain(
        f"{clipped(category)} ({probability:.2f})",
        candidates,
        order,
        exclusions,
        ranges=scored.scores.ranges(),
        count=sifted.eligible.size,
        session_affinity=session_affinity,
    )
    decision = Decision(
        category=category,
        category_probabilities=request.probabilities,
        candidates=candidates,
        candidate_count=sifted.eligible.size,
        exclusions=exclusions,
        policy=order.policy,
        weights=scored.weights,
        seed=snapshot.seed,
        propensity=order.propensity,
        explanation=f"{explanation}; {_predicament(snapshot)}" if scored.all_failing else explanation,
        inputs=_inputs(request, snapshot),
        session_affinity=session_affinity,
        excluded=sifted.all(table) if full else (),
    )
    ranking = [*_rows(order.positions[:RANKED], sifted.eligible, table), *scored.reserve][:RANKED]
    accounts = {table.targets[row].pool: pool for row in ranking if len(pool := table.members[row]) > 1}
    return Selection(decision, tuple([table.targets[row] for row in ranking]), accounts=accounts)


def _predicament(snapshot: Snapshot) -> str:
    states = [("failing", snapshot.open_domains), ("paused", snapshot.paused_domains)]
    return f"all of them are {' or '.join([state for state, domains in states if domains])}"


def _rows(positions: Sequence[int], eligible: Rows, table: Table) -> Sequence[int]:
    """Returns the rows at positions among the eligible ones."""
    return positions if eligible is table.everyone else eligible.take(positions).tolist()


def _candidates(positions: Sequence[int], category: str, scored: _Scored) -> tuple[Candidate, ...]:
    rows = _rows(positions, scored.sifted.eligible, scored.snapshot.table)
    return tuple([_candidate(position, row, category, scored) for position, row in zip(positions, rows, strict=True)])


def _candidate(position: int, row: int, category: str, scored: _Scored) -> Candidate:
    table, needs, weights = scored.snapshot.table, scored.request.needs, scored.weights
    quality, speed, cost = scored.scores.values(position)
    latency = scored.snapshot.paces.latency(row, needs.output_tokens)
    micros = expected_cost(needs, table, row)
    components: tuple[ScoreComponent, ...] = (
        ScoreComponent("quality", quality, weights.quality, _quality(table, row, category, scored.snapshot)),
        ScoreComponent("speed", speed, weights.speed, _speed(latency)),
        ScoreComponent("cost", cost, weights.cost, _cost(micros)),
    )
    if scored.doubts is not None and (optimism := scored.snapshot.optimism):
        doubt = float(scored.doubts[position])
        components += (
            ScoreComponent("doubt", doubt, weights.quality * optimism, f"its quality is known to ±{doubt:.2f}"),
        )
    if required := needs.capabilities | scored.request.preferences.required_capabilities:
        unknown = missing(table, row, required)
        components += (
            ScoreComponent(
                "capability", float(not unknown), CERTAINTY, f"not known: {unknown}" if unknown else "known"
            ),
        )
    if position == scored.pinned:
        components += (ScoreComponent("session", 1.0, 1.0, "gave the previous answer of this session"),)
    return Candidate(table.targets[row], float(scored.scores.totals[position]), components, micros, latency)


def _quality(table: Table, row: int, category: str, snapshot: Snapshot) -> str:
    model = table.models[row].id
    evidence, correction = table.qualities.evidence(model, category), snapshot.corrections.get(model)
    return f"{evidence}; {correction.better:+.2f} by similar requests" if correction else evidence


def _speed(latency: float | None) -> str:
    return "not yet measured" if latency is None else f"{latency:.1f} s expected"


def _cost(micros: int | None) -> str:
    if micros is None:
        return "price not known"
    return f"{dollars(micros)} expected" if micros else "free"


def _inputs(request: RoutingRequest, snapshot: Snapshot) -> Inputs:
    needs, wanted, table = request.needs, request.preferences, snapshot.table
    return Inputs(
        catalog_version=table.catalog.version,
        policy_version=policy.VERSION,
        capabilities=tuple(sorted(needs.capabilities | wanted.required_capabilities)),
        input_tokens=needs.input_tokens,
        max_output_tokens=needs.max_output_tokens,
        open_domains=_named({**snapshot.open_domains, **snapshot.paused_domains}, table),
        affinity=snapshot.affinity,
        preferences=wanted.stated,
        exploration=snapshot.exploration,
        optimism=snapshot.optimism,
    )


def _named(open_domains: Iterable[str], table: Table) -> tuple[str, ...]:
    """Returns the keys that matter to the table, those of accounts and endpoints first, as far as there is space."""
    known = [domain for domain in open_domains if domain in table.domains]
    own = table.rows.keys() | table.own_domains.keys()
    kept = sorted(known, key=lambda domain: (domain in own, domain))[:DOMAINS_KEPT]
    while sum(map(len, kept)) > LONGEST_DOMAINS:
        kept.pop()
    return tuple(kept)


def _nothing_left(sifted: Sifted, snapshot: Snapshot) -> RequestError | ServerError:
    """Returns the error for a request that no target may answer."""
    table = snapshot.table
    errors = table.catalog.provider_errors
    counts = {rule.reason: count for rule, count in sifted.excluded}
    if errors and counts.keys() <= {ExclusionReason.SIMULATED}:
        problems = "; ".join(f"{name}: {error}" for name, error in errors.items())
        return NoHealthyModel(f"no provider can list its models now: {clipped(problems, 500)}", retry_after=RETRY_AFTER)
    if not counts:
        what = "a model" if table.kind is Kind.GENERATE else f"a model of the kind {table.kind}"
        return NoEligibleModel(f"no provider offers {what} now; add a key or start a local server")
    reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in counts.items())
    metadata = {reason.value: str(count) for reason, count in counts.items()}
    for each in sifted.counts(table):
        if each.example.reason is ExclusionReason.MISSING_CAPABILITY:
            reasons += f" ({clipped(each.example.target.model)} {each.example.detail})"
    return NoEligibleModel(f"the constraints leave no model: {reasons}; loosen one of them", metadata=metadata)
