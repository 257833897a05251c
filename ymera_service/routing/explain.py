"""The decision in one sentence, for people."""

from collections.abc import Iterator, Sequence

import numpy as np

from ymera_service.routing.columns import Floats
from ymera_service.routing.decision import Candidate, ExclusionCount
from ymera_service.routing.policy import FREE_FIRST, LISTED, Order
from ymera_service.routing.texts import clipped

_SUPERLATIVES = ("best quality", "fastest", "cheapest")
"""In the order of the objectives."""


def explain(
    task: str,
    candidates: Sequence[Candidate],
    order: Order,
    exclusions: Sequence[ExclusionCount],
    *,
    values: Floats,
    session_affinity: bool,
) -> str:
    """Returns why the first candidate is the first, with the figures that speak for it.

    Args:
        task: The likeliest category with its probability.
        candidates: The best ones, at least the first two if there are two.
        order: What ordered them.
        exclusions: The excluded targets.
        values: Of all eligible targets, a row for each objective.
        session_affinity: The first is there because the session stays with it.
    """
    first, count = candidates[0], values.shape[1]
    sentence = f"{clipped(first.target.id)} for {task}: "
    if count == 1:
        sentence += "the only one that may answer"
    elif order.drawn:
        sentence += f"drawn at random, to learn how it does, of {count} candidates"
    elif order.policy == LISTED:
        sentence += f"the first of the caller's models that may answer, of {count} candidates"
    elif session_affinity:
        sentence += f"stays with this session, ahead of {count - 1} others"
    else:
        free = "free, " if order.policy == FREE_FIRST and first.expected_cost_micros == 0 else ""
        sentence += f"{free}{', '.join(_merits(first, values)) or 'best balance'} of {count} candidates"
    if count > 1:
        sentence += f"; next {clipped(candidates[1].target.id)}"
    excluded = sum(each.count for each in exclusions)
    return f"{sentence}; {excluded} excluded" if excluded else sentence


def _merits(first: Candidate, values: Floats) -> Iterator[str]:
    """Yields in what the first candidate is not beaten and better than some other."""
    best, worst = np.maximum.reduce(values, 1).tolist(), np.minimum.reduce(values, 1).tolist()
    for index, superlative in enumerate(_SUPERLATIVES):
        component = first.components[index]
        if component.weight and worst[index] < component.value >= best[index]:
            yield f"{superlative} ({component.evidence})"
