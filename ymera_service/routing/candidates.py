"""The candidates of a decision as they are shown: each with its scores, and what those rest on."""

from collections.abc import Iterator, Sequence

from ymera_service.resilience.reliability import Chance
from ymera_service.routing.decision import Candidate, ScoreComponent, Weights
from ymera_service.routing.explain import STAYS
from ymera_service.routing.filters import missing
from ymera_service.routing.policy import Order
from ymera_service.routing.scoring import FAILURES_WEIGHT
from ymera_service.routing.sessions.affinity import CALLS_WEIGHT, SESSION_WEIGHT, Affinity
from ymera_service.routing.sessions.topics import CHANGED
from ymera_service.routing.snapshot import Scored
from ymera_service.routing.table import CERTAINTY
from ymera_service.routing.texts import dollars

_NO_WEIGHTS = Weights(0.0, 0.0, 0.0)
"""Those of the objectives where a policy of its own scores."""


def candidates(positions: Sequence[int], rows: Sequence[int], category: str, scored: Scored) -> tuple[Candidate, ...]:
    """Returns the candidates at positions among the eligible targets, whose rows are given too."""
    table, corrections, size = scored.snapshot.table, scored.snapshot.corrections, scored.snapshot.size
    weights = scored.weights if scored.own is None else _NO_WEIGHTS
    plain, evidence = scored.is_plain, table.qualities.evidence
    each, found = scored.scores.at(positions), list[Candidate]()
    for position, row, (total, (quality, speed, cost), micros, latency) in zip(positions, rows, each, strict=True):
        model = table.models[row].id
        basis = evidence(model, category)
        if corrections is not None and (better := corrections.of(model)) is not None:
            basis += f"; {better:+.2f} by similar requests"
        if scored.is_small_talk:
            basis += "; counts little, as any model answers small talk"
        time = "not yet measured" if latency is None else f"{latency:.1f} s expected"
        components: tuple[ScoreComponent, ...] = (
            ScoreComponent("quality", quality, weights.quality, basis),
            ScoreComponent("speed", speed, weights.speed, time),
            ScoreComponent("cost", cost, weights.cost, _cost(micros, size)),
        )
        if not plain:
            components += tuple(_beside(position, row, scored))
        found.append(Candidate(table.targets[row], total, components, micros, latency))
    return tuple(found)


def _beside(position: int, row: int, scored: Scored) -> Iterator[ScoreComponent]:
    """Yields what counts for a candidate beside the objectives."""
    snapshot, table = scored.snapshot, scored.snapshot.table
    if scored.doubts is not None and (optimism := snapshot.optimism):
        doubt = float(scored.doubts[position])
        yield ScoreComponent("doubt", doubt, scored.quality_weight * optimism, f"its quality is known to ±{doubt:.2f}")
    if scored.required:
        unknown = missing(table, row, scored.required)
        evidence = f"not known: {unknown}" if unknown else "known"
        yield ScoreComponent("capability", float(not unknown), CERTAINTY, evidence)
    if scored.own is not None:
        yield ScoreComponent("policy", float(scored.own[position]), 1.0, f"by {scored.policy}")
    chance = snapshot.chances.get(table.targets[row].pool)
    if chance is not None and chance.shortfall:
        yield ScoreComponent("failures", chance.shortfall, -FAILURES_WEIGHT, _failures(chance))
    if position == scored.pinned:
        yield _continuity(snapshot.affinity)


def _failures(chance: Chance) -> str:
    return (
        f"{chance.failed:.0f} of about {chance.calls:.0f} recent calls failed; "
        f"{chance.mean:.2f} ± {chance.deviation:.2f} of them succeed"
    )


def session_note(scored: Scored, order: Order) -> str:
    """Returns what the session's target, one of the eligible, means for the order, in words."""
    affinity = scored.snapshot.affinity
    if not scored.stays:
        return f"the session begins another topic ({affinity.topic_change:.2f})"
    stays = order.positions[0] == scored.pinned
    return STAYS if stays else f"clearly better than the session's {affinity.target_id}"


def _continuity(affinity: Affinity) -> ScoreComponent:
    """Returns what the target gains that answered before."""
    change = affinity.topic_change
    if change is None:
        return ScoreComponent("session", 1.0, CALLS_WEIGHT, "made the tool call that is answered")
    if change > CHANGED:
        return ScoreComponent("session", 1 - change, 0.0, "gave the previous answer of this session, on another topic")
    return ScoreComponent("session", 1 - change, SESSION_WEIGHT, "gave the previous answer of this session")


def _cost(micros: int | None, size: float) -> str:
    if micros is None:
        return "price not known"
    if not micros:
        return "free"
    expected, times = f"{dollars(micros)} expected", f"{size:.1f}"
    return expected if times == "1.0" else f"{expected}, as a request of {times} times the usual size"
