"""How good each candidate is for a request: quality, speed and cost, each from 0 to 1, and their weighted sum.

Every value is measured against a fixed scale and not against the other candidates, so that a model's score
stays the same when others come or go. Time and money are felt in proportions: twice as fast or half the
price is worth the same anywhere on the scale, hence the logarithms.
"""

from collections.abc import Iterable, Mapping
from math import log
from operator import mul

from ymera_service.routing.candidates import dollars, expected_cost
from ymera_service.routing.decision import Candidate, ScoreComponent, Weights
from ymera_service.routing.estimate import Needs
from ymera_service.routing.evidence import Evidence
from ymera_service.sdk.models import Model

INSTANT, ENDLESS = 0.25, 120.0
"""Seconds for a whole answer that count as 1 and as 0."""
CHEAP, DEAR = 10, 1_000_000
"""Micro-USD for a request that count as 1 and as 0: a thousandth of a cent, and a dollar."""
UNKNOWN = 0.5
"""The value where nothing is known: neither recommends a model nor rules it out."""

_PER_LATENCY = 1 / log(ENDLESS / INSTANT)
_PER_COST = 1 / log(DEAR / CHEAP)


def score(
    models: Iterable[Model], probabilities: Mapping[str, float], needs: Needs, weights: Weights, evidence: Evidence
) -> list[Candidate]:
    """Returns a candidate for each model, in the same order.

    Quality is what is expected over all categories the task may belong to, each by its probability; its
    evidence tells of the likeliest one, which comes first in `probabilities`.
    """
    first = next(iter(probabilities))
    likeliest = evidence.column(first)
    categories = tuple(sorted(probabilities))
    table = evidence.table(categories)
    shares = [probabilities[category] for category in categories]
    candidates = []
    for model in models:
        name = model.id
        row = table.measured.get(name)
        if row is None and (stated := model.info.stated_quality):
            row = tuple(stated.get(*unstated) for unstated in zip(categories, table.others, strict=True))
            basis = f"not yet measured; its provider states {stated.get(first, likeliest.others.value):.2f}"
        else:
            basis = likeliest.measured.get(name, likeliest.others).evidence
        value = sum(map(mul, shares, row or table.others))
        quality = ScoreComponent("quality", min(value, 1.0), weights.quality, basis)
        pace = evidence.pace(name)
        latency = None if pace is None else pace.latency(needs.output_tokens)
        speed = _speed(latency, weights.speed)
        micros = expected_cost(model, needs)
        cost = _cost(micros, weights.cost)
        total = quality.value * quality.weight + speed.value * speed.weight + cost.value * cost.weight
        candidates.append(Candidate(name, total, (quality, speed, cost), micros, latency))
    return candidates


def _speed(latency: float | None, weight: float) -> ScoreComponent:
    if latency is None:
        return ScoreComponent("speed", UNKNOWN, weight, "not yet measured")
    value = 1.0 if latency <= INSTANT else max(0.0, 1.0 - log(latency / INSTANT) * _PER_LATENCY)
    return ScoreComponent("speed", value, weight, f"{latency:.1f} s expected")


def _cost(micros: int | None, weight: float) -> ScoreComponent:
    if micros is None:
        return ScoreComponent("cost", UNKNOWN, weight, "price not known")
    if not micros:
        return ScoreComponent("cost", 1.0, weight, "free")
    value = 1.0 if micros <= CHEAP else max(0.0, 1.0 - log(micros / CHEAP) * _PER_COST)
    return ScoreComponent("cost", value, weight, f"{dollars(micros)} expected")
