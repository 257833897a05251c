"""The candidates of a decision as they are shown: each with its scores, and what those rest on."""

from collections.abc import Sequence

from ymera_service.resilience.reliability import Chance
from ymera_service.routing.columns import Rows
from ymera_service.routing.decision import Candidate, ScoreComponent, Weights
from ymera_service.routing.explain import STAYS
from ymera_service.routing.filters import missing
from ymera_service.routing.policy import Order
from ymera_service.routing.scoring import FAILURES_WEIGHT, expected_cost
from ymera_service.routing.sessions import CALLS_WEIGHT, SESSION_WEIGHT, Affinity
from ymera_service.routing.snapshot import Scored, Snapshot
from ymera_service.routing.table import CERTAINTY, Table
from ymera_service.routing.texts import dollars
from ymera_service.routing.topics import CHANGED


def rows_at(positions: Sequence[int], eligible: Rows, table: Table) -> Sequence[int]:
    """Returns the rows at positions among the eligible ones."""
    return positions if eligible is table.everyone else eligible.take(positions).tolist()


_NO_WEIGHTS = Weights(0.0, 0.0, 0.0)
"""Those of the objectives where a policy of its own scores."""


def candidates(positions: Sequence[int], category: str, scored: Scored) -> tuple[Candidate, ...]:
    """Returns the candidates at positions among the eligible targets."""
    rows = rows_at(positions, scored.sifted.eligible, scored.snapshot.table)
    return tuple([_candidate(position, row, category, scored) for position, row in zip(positions, rows, strict=True)])


def _candidate(position: int, row: int, category: str, scored: Scored) -> Candidate:
    table, needs, weights = scored.snapshot.table, scored.request.needs, scored.weights
    quality, speed, cost = scored.scores.values(position)
    latency = scored.snapshot.paces.latency(row, needs.output_tokens)
    micros = expected_cost(needs, table, row)
    if scored.own is not None:
        weights = _NO_WEIGHTS
    components: tuple[ScoreComponent, ...] = (
        ScoreComponent("quality", quality, weights.quality, _quality(table, row, category, scored.snapshot)),
        ScoreComponent("speed", speed, weights.speed, _speed(latency)),
        ScoreComponent("cost", cost, weights.cost, _cost(micros)),
    )
    if scored.doubts is not None and (optimism := scored.snapshot.optimism):
        doubt = float(scored.doubts[position])
        components += (
            ScoreComponent("doubt", doubt, scored.quality_weight * optimism, f"its quality is known to ±{doubt:.2f}"),
        )
    if required := needs.capabilities | scored.request.preferences.required_capabilities:
        unknown = missing(table, row, required)
        components += (
            ScoreComponent(
                "capability", float(not unknown), CERTAINTY, f"not known: {unknown}" if unknown else "known"
            ),
        )
    if scored.own is not None:
        components += (ScoreComponent("policy", float(scored.own[position]), 1.0, f"by {scored.policy}"),)
    chance = scored.snapshot.chances.get(table.targets[row].pool)
    if chance is not None and chance.shortfall:
        components += (ScoreComponent("failures", chance.shortfall, -FAILURES_WEIGHT, _failures(chance)),)
    if position == scored.pinned:
        components += (_continuity(scored.snapshot.affinity),)
    return Candidate(table.targets[row], float(scored.scores.totals[position]), components, micros, latency)


def _failures(chance: Chance) -> str:
    return (
        f"{chance.failed:.0f} of about {chance.calls:.0f} recent calls failed; "
        f"{chance.mean:.2f} ± {chance.deviation:.2f} of them succeed"
    )


def session_note(scored: Scored, order: Order) -> str:
    """Returns what the session's target means for the order, in words; empty if nothing."""
    affinity = scored.snapshot.affinity
    if scored.pinned is None:
        return ""
    if scored.stays:
        return (
            STAYS if order.positions[0] == scored.pinned else f"clearly better than the session's {affinity.target_id}"
        )
    return f"the session begins another topic ({affinity.topic_change:.2f})"


def _continuity(affinity: Affinity) -> ScoreComponent:
    """Returns what the target gains that answered before."""
    change = affinity.topic_change
    if change is None:
        return ScoreComponent("session", 1.0, CALLS_WEIGHT, "made the tool call that is answered")
    if change > CHANGED:
        return ScoreComponent("session", 1 - change, 0.0, "gave the previous answer of this session, on another topic")
    return ScoreComponent("session", 1 - change, SESSION_WEIGHT, "gave the previous answer of this session")


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
