"""The decision in one sentence, for people."""

from collections.abc import Iterator, Sequence

from ymera_service.routing.decision import Candidate, ExclusionCount
from ymera_service.routing.policy import CHEAPEST, FREE_FIRST, LISTED, Order
from ymera_service.routing.scoring import Scores
from ymera_service.routing.snapshot import RoutingRequest
from ymera_service.routing.texts import clipped

STAYS = "stays with this session"
_SUPERLATIVES = ("best quality", "fastest", "cheapest")
"""In the order of the objectives."""


def explain(
    task: str,
    candidates: Sequence[Candidate],
    order: Order,
    exclusions: Sequence[ExclusionCount],
    *,
    scores: Scores,
    count: int,
    session: str,
    weighed: bool,
) -> str:
    """Returns why the first candidate is the first, with the figures that speak for it.

    Args:
        task: The likeliest category with its probability.
        candidates: The best ones, at least the first two if there are two.
        order: What ordered them.
        exclusions: The excluded targets.
        scores: Of all eligible targets.
        count: Of the eligible targets.
        session: What the target that answered last in the session means for the order; empty if nothing.
        weighed: The scores are the objectives by their weights, and not those of a policy.
    """
    first = candidates[0]
    sentence = f"{clipped(first.target.id)} for {task}: "
    if count == 1:
        sentence += "the only one that may answer"
    elif order.drawn:
        sentence += f"drawn at random, to learn how it does, of {count} candidates"
    elif order.policy == LISTED:
        sentence += f"the first of the caller's models that may answer, of {count} candidates"
    elif order.policy == CHEAPEST:
        sentence += f"the lowest known price of {count} candidates"
    elif session == STAYS:
        sentence += f"{STAYS}, ahead of {count - 1} others"
    elif not weighed:
        sentence += f"first by the policy {order.policy} of {count} candidates"
    else:
        free = "free, " if order.policy == FREE_FIRST and first.expected_cost_micros == 0 else ""
        sentence += f"{free}{', '.join(_merits(first, order, scores)) or 'best balance'} of {count} candidates"
    if session and session != STAYS:
        sentence += f"; {clipped(session)}"
    if count > 1:
        sentence += f"; next {clipped(candidates[1].target.id)}"
    return f"{sentence}; {sum([each.count for each in exclusions])} excluded" if exclusions else sentence


def configured(request: RoutingRequest) -> str:
    """Returns what of the choice is from the configuration."""
    assignment, agent = request.assignment, request.agent
    parts = [
        f"arm {assignment.arm} of the experiment {assignment.experiment}" if assignment else "",
        f"as configured for the agent {clipped(agent)}" if agent else "",
        "whose models can't take this request" if request.declined else "",
    ]
    return ", ".join(filter(None, parts))


def _merits(first: Candidate, order: Order, scores: Scores) -> Iterator[str]:
    """Yields in what the first candidate is among the best."""
    merits = scores.merits(order.positions[0])
    for component, superlative, is_best in zip(first.components, _SUPERLATIVES, merits, strict=False):
        if component.weight and is_best:
            yield f"{superlative} ({component.evidence})"
