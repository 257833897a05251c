"""A decision as a function of values: what is asked, what is known, and a seed.

Nothing here reads a clock, draws from anything but the seed, or changes what it is given: the same request
and snapshot give the same selection.
"""

from collections.abc import Mapping, Sequence
from heapq import nsmallest
from typing import Any

import numpy as np

from ymera_service.resilience.reliability import Chance
from ymera_service.routing import policy
from ymera_service.routing.candidates import candidates, session_note
from ymera_service.routing.columns import Rows, Whole
from ymera_service.routing.decision import SHOWN, Decision, ExclusionReason, Inputs, Preferences, Selection
from ymera_service.routing.explain import configured, explain
from ymera_service.routing.filters import TEMPORARY, Sifted, filters_for, sift
from ymera_service.routing.policies import BALANCED, Contest, scores_of
from ymera_service.routing.scoring import FAILURES_WEIGHT, doubts, score
from ymera_service.routing.snapshot import (
    RANKED,
    RoutingRequest,
    Scored,
    Snapshot,
    counted_complexity,
    stated_weights,
)
from ymera_service.routing.table import Table, bits_of
from ymera_service.routing.texts import clipped, dollars
from ymera_service.sdk.errors import NoEligibleModel, NoHealthyModel, RequestError, ServerError
from ymera_service.sdk.models import Kind, Price

DOMAINS_KEPT = 8
"""Open breakers and pauses that a decision names, at most,"""
LONGEST_DOMAINS = 512
"""and the characters that their keys may have together."""
RETRY_AFTER = 5.0
"""Seconds after which providers that could not list their models may be asked again."""
_BY_COST = {ExclusionReason.TOO_EXPENSIVE, ExclusionReason.PRICE_UNKNOWN}


def select(request: RoutingRequest, snapshot: Snapshot) -> Selection:
    """Decides which targets are tried for a request, and in which order.

    Raises:
        ModelNotFound: The preferences name a model that is not on offer.
        ModelNotPermitted: They name one that the caller may not use.
        NoEligibleModel: The constraints leave no target.
        NoHealthyModel: There is none, and a provider can't list its models now.
    """
    wanted, table, needs = request.preferences, snapshot.table, request.needs
    capabilities = needs.capabilities | wanted.required_capabilities
    required = bits_of(capabilities) if capabilities else 0
    filters = filters_for(
        wanted,
        needs,
        table,
        required=required,
        paces=snapshot.paces,
        open_domains=snapshot.open_domains,
        paused_domains=snapshot.paused_domains,
    )
    sifted = sift(filters, table)
    failing = sifted.failing if sifted.excluded else None
    if not sifted.eligible.size:
        if failing is None:
            raise _nothing_left(sifted, snapshot, wanted)
        sifted = Sifted(failing, tuple([each for each in sifted.excluded if each[0].reason not in TEMPORARY]))
    weights = stated_weights(request, snapshot).at_size(snapshot.size).at_complexity(counted_complexity(request))
    eligible = sifted.eligible
    scores = score(
        table,
        snapshot.paces,
        eligible,
        needs=needs,
        probabilities=request.probabilities,
        weights=weights,
        corrections=None if snapshot.corrections is None else table.corrections(snapshot.corrections),
    )
    pinned = _pinned(snapshot, eligible) if snapshot.affinity.target_id else None
    name, own, explores = BALANCED, None, True
    if (chosen := snapshot.policy) is not None:
        name, own = scores_of(chosen, Contest(request, snapshot, eligible, scores, pinned))
        explores = chosen.explores
    if own is not None:
        scores.replace(own)
    unsure = None
    if (snapshot.exploration or snapshot.optimism) and explores:
        unsure = doubts(table, eligible, request.probabilities)
        scores.add(unsure, (weights.quality if own is None else 1.0) * snapshot.optimism)
    if required:
        scores.add(table.certainties(required).take(eligible))
    if snapshot.chances and (shortfalls := table.shortfalls(snapshot.chances)) is not None:
        scores.add(shortfalls.take(eligible), -FAILURES_WEIGHT)
    if pinned is not None:
        scores.totals[pinned] += snapshot.affinity.weight
    return _selection(
        Scored(request, snapshot, sifted, weights, scores, name, own, unsure, pinned, failing, capabilities)
    )


def _pinned(snapshot: Snapshot, eligible: Rows) -> int | None:
    """Returns the position of the session's target among the eligible ones."""
    row = snapshot.table.own_domains.get(snapshot.affinity.target_id)
    if row is None:
        return None
    position = int(eligible.searchsorted(row))
    return position if position < eligible.size and eligible[position] == row else None


def _order(scored: Scored) -> policy.Order:
    snapshot, eligible, totals = scored.snapshot, scored.sifted.eligible, scored.scores.totals
    name, tiers = _tiers(scored)
    return policy.arrange(
        totals,
        snapshot.table.numbers_of(eligible) if isinstance(totals, list) else snapshot.table.hashes_of(eligible),
        seed=snapshot.seed,
        limit=eligible.size if scored.request.full_view else RANKED,
        policy=name,
        tiers=tiers,
        pinned=scored.stays,
        exploration=snapshot.exploration,
        doubts=None if scored.doubts is None else scored.deviations,
    )


def _tiers(scored: Scored) -> tuple[str, list[int] | None]:
    """Returns the policy, and the tier of each target: its place in the caller's list, then free before priced, or
    the lowest price first."""
    wanted = scored.request.preferences
    name, columns = scored.policy, list[Sequence[int]]()
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


def _price_ranks(scored: Scored) -> list[int]:
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


def _selection(scored: Scored) -> Selection:
    request, snapshot, sifted, order = scored.request, scored.snapshot, scored.sifted, _order(scored)
    table, full = snapshot.table, request.full_view
    category, probability = next(iter(request.probabilities.items()))
    rows = sifted.rows(order.positions, table)
    many = len(rows) if full else SHOWN
    shown = candidates(order.positions[:many], rows[:many], category, scored)
    exclusions = sifted.counts(table) if sifted.excluded else ()
    session_affinity = order.positions[0] == scored.pinned and scored.stays
    sentence = explain(
        f"{clipped(category)} ({probability:.2f})",
        shown,
        order,
        exclusions,
        scores=scored.scores,
        count=sifted.eligible.size,
        session="" if scored.pinned is None else session_note(scored, order),
        weighed=scored.own is None,
    )
    if request.assignment is not None or request.agent:
        sentence = f"{sentence}; {configured(request)}"
    decision = Decision(
        category=category,
        category_probabilities=request.probabilities,
        candidates=shown,
        candidate_count=sifted.eligible.size,
        exclusions=exclusions,
        policy=order.policy,
        weights=stated_weights(request, snapshot),
        seed=snapshot.seed,
        propensity=order.propensity,
        explanation=f"{sentence}; {_predicament(snapshot)}" if scored.all_failing else sentence,
        inputs=_inputs(scored),
        session_affinity=session_affinity,
        excluded=sifted.all(table) if full else (),
        emotions=request.emotions,
        complexity=request.complexity,
        assignment=request.assignment,
        agent=request.agent,
    )
    ranking = rows[:RANKED] if scored.failing is None else [*rows, *scored.reserve][:RANKED]
    pools = [(table.targets[row].pool, table.members[row]) for row in ranking] if table.accounts else []
    accounts = {pool: members for pool, members in pools if len(members) > 1}
    return Selection(decision, tuple(map(table.targets.__getitem__, ranking)), request.features, accounts, request.said)


def _predicament(snapshot: Snapshot) -> str:
    states = [("failing", snapshot.open_domains), ("paused", snapshot.paused_domains)]
    return f"all of them are {' or '.join([state for state, domains in states if domains])}"


def _inputs(scored: Scored) -> Inputs:
    request, snapshot = scored.request, scored.snapshot
    needs, wanted, table = request.needs, request.preferences, snapshot.table
    return Inputs(
        catalog_version=table.catalog.version,
        policy_version=f"{policy.VERSION}.{snapshot.policy.version}" if snapshot.policy else policy.VERSION,
        capabilities=tuple(sorted(scored.required)),
        input_tokens=needs.input_tokens,
        max_output_tokens=needs.max_output_tokens,
        open_domains=_closed(snapshot) if snapshot.open_domains or snapshot.paused_domains else (),
        affinity=snapshot.affinity.target_id,
        topic_change=snapshot.affinity.topic_change,
        scored_by=snapshot.policy.name if snapshot.policy else "",
        turn=snapshot.turn,
        chances=_worst(snapshot.chances, table) if snapshot.chances else {},
        preferences=wanted.stated,
        exploration=snapshot.exploration,
        optimism=snapshot.optimism,
        output_tokens=needs.output_tokens,
        size=snapshot.size,
    )


def _worst(chances: Mapping[str, Chance], table: Table) -> dict[str, tuple[float, float]]:
    """Returns how many recent calls of the least reliable pools there were, and how many of those failed."""
    known = [(chance.mean, pool) for pool, chance in chances.items() if pool in table.rows]
    return {pool: (chances[pool].calls, chances[pool].failed) for _, pool in nsmallest(DOMAINS_KEPT, known)}


def _closed(snapshot: Snapshot) -> tuple[str, ...]:
    """Returns the keys of what is open or paused, those of accounts and endpoints first, as far as there is space."""
    table = snapshot.table
    known = (snapshot.open_domains.keys() | snapshot.paused_domains.keys()) & table.domains
    own = {domain for domain in known if domain in table.rows or domain in table.own_domains}
    kept = [*sorted(known - own), *sorted(own)][:DOMAINS_KEPT]
    while sum(map(len, kept)) > LONGEST_DOMAINS:
        kept.pop()
    return tuple(kept)


def _nothing_left(sifted: Sifted, snapshot: Snapshot, wanted: Preferences) -> RequestError | ServerError:
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
    if (wanted.max_cost_setting and wanted.max_cost_micros is not None) and counts.keys() & _BY_COST:
        most = dollars(wanted.max_cost_micros)
        reasons += f" ({wanted.max_cost_setting} of your key is {most})"
        metadata[wanted.max_cost_setting] = most.removeprefix("$").rstrip("0").rstrip(".")
    return NoEligibleModel(f"the constraints leave no model: {reasons}; loosen one of them", metadata=metadata)
