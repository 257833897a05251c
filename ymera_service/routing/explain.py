"""The decision in one sentence, for people."""

from collections.abc import Sequence

from ymera_service.routing.decision import Candidate
from ymera_service.routing.policy import FREE_FIRST, Order

_SUPERLATIVES = ("best quality", "fastest", "cheapest")
"""In the order of the components that `scoring` makes."""


def explain(order: Order, category: str, probability: float, excluded: int) -> str:
    """Returns why the first candidate is the first, with the figures that speak for it."""
    first, others = order.candidates[0], order.candidates[1:]
    sentence = f"{first.model} for {category} ({probability:.2f}): {_why(order)}"
    if others:
        sentence += f" of {len(others) + 1} models; next {others[0].model}"
    return f"{sentence}; {excluded} excluded" if excluded else sentence


def _why(order: Order) -> str:
    first = order.candidates[0]
    if len(order.candidates) == 1:
        return "the only one that may answer"
    if order.drawn:
        return "drawn at random, to learn how it does,"
    if len(first.components) > len(_SUPERLATIVES):
        return "stays with this session, ahead"
    free = "free, " if order.policy == FREE_FIRST and first.expected_cost_micros == 0 else ""
    return free + (", ".join(_merits(order.candidates)) or "best balance")


def _merits(candidates: Sequence[Candidate]) -> list[str]:
    """Returns in what the first candidate is not beaten and better than some other."""
    merits = []
    for index, superlative in enumerate(_SUPERLATIVES):
        values = [candidate.components[index].value for candidate in candidates]
        component = candidates[0].components[index]
        if component.weight and min(values) < values[0] >= max(values):
            merits.append(f"{superlative} ({component.evidence})")
    return merits
