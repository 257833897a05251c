"""What quality a policy buys for what cost, on the scale between the cheapest and the best single model."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from routing.tables import Outcome

Point = tuple[float, float]
"""Cost and quality: 0 as the cheapest model has them, 1 as the best one has them."""


def scaled(outcomes: Iterable[Outcome], cheapest: Outcome, best: Outcome) -> list[Point]:
    """Returns outcomes on the scale between those of two models.

    Raises:
        ValueError: The best model is not dearer and better than the cheapest, so that no scale is defined.
    """
    cost, quality = best.cost - cheapest.cost, best.quality - cheapest.quality
    if cost <= 0 or quality <= 0:
        raise ValueError("the cheapest model is the best one: there is nothing to choose")
    return [((one.cost - cheapest.cost) / cost, (one.quality - cheapest.quality) / quality) for one in outcomes]


def hull(points: Iterable[Point]) -> list[Point]:
    """Returns the points that are best for their cost, by cost: what lies between them is had by mixing two."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point[0], -point[1])):
        if kept and point[1] <= kept[-1][1]:
            continue
        while len(kept) > 1 and _slope(kept[-2], kept[-1]) <= _slope(kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def quality_at(points: Sequence[Point], cost: float) -> float:
    """Returns the quality that a hull reaches at a cost; 0 below its first point."""
    if not points or cost < points[0][0]:
        return 0.0
    for left, right in pairwise(points):
        if cost < right[0]:
            return left[1] + _slope(left, right) * (cost - left[0])
    return points[-1][1]


def area(points: Iterable[Point]) -> float:
    """Returns the area under the hull between the costs 0 and 1; quality below 0 counts as 0.

    Mixing the cheapest and the best model by chance has 0.5.
    """
    best = hull(points)
    ends = sorted({0.0, 1.0, *(cost for cost, _ in best if 0 < cost < 1), *_zeros(best)})
    # A hull begins with a step, so each piece is taken by its quality just inside both ends.
    return sum((right - left) * _mean_between(best, left, right) for left, right in pairwise(ends))


def cost_of(points: Iterable[Point], quality: float) -> float | None:
    """Returns the least cost at which the hull reaches a quality; None where it never does."""
    best = hull(points)
    if not best or best[-1][1] < quality:
        return None
    if best[0][1] >= quality:
        return best[0][0]
    left, right = next((left, right) for left, right in pairwise(best) if right[1] >= quality)
    return left[0] + (quality - left[1]) / _slope(left, right)


def _slope(left: Point, right: Point) -> float:
    return (right[1] - left[1]) / (right[0] - left[0])


def _zeros(points: Sequence[Point]) -> Iterable[float]:
    for left, right in pairwise(points):
        if left[1] < 0 < right[1]:
            zero = left[0] - left[1] / _slope(left, right)
            if 0 < zero < 1:
                yield zero


def _mean_between(points: Sequence[Point], left: float, right: float) -> float:
    middle = quality_at(points, (left + right) / 2)  # each piece is a straight line
    return max(middle, 0.0)
