"""Says which goals results reach."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import fmean, stdev

from routing.trial import Result

AHEAD = 0.05
"""The area by which online neighbours are to be beaten."""
LOST, DEARER = 0.01, 1.1
"""At the quality end: the share of the best single model's quality that may be lost, and its cost that may be paid."""
DEFAULT_QUALITY, DEFAULT_COST = 0.95, 0.8
"""By default."""
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)
"""The 97.5 % quantile of Student's distribution, from one degree of freedom on."""
_NORMAL = 1.96


def half_width(figures: Sequence[float]) -> float:
    """Returns half of the 95 % interval of the mean; 0 for a single figure."""
    freedom = len(figures) - 1
    if freedom < 1:
        return 0.0
    return (_T[freedom - 1] if freedom <= len(_T) else _NORMAL) * stdev(figures) / sqrt(len(figures))


def spread(figures: Sequence[float]) -> str:
    """Returns the mean with half of its 95 % interval, in words."""
    return f"{fmean(figures):.3f} ±{half_width(figures):.3f}"


def goals(results: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    """Yields a line for each goal, by policy → results of the same orders; goals of what was not tried are left out."""
    for start in ("cold", "warm"):
        own = results.get(f"Ymera, {start}", ())
        if not own:
            continue
        if others := results.get(f"neighbours, {start}"):
            ahead = [mine.area - other.area for mine, other in zip(own, others, strict=True)]
            yield _line(f"{start}: {AHEAD} above neighbours", fmean(ahead) >= AHEAD, spread(ahead))
        quality, cost = [each.quality for each in own], [each.cost for each in own]
        yield _line(f"{start}: at the quality end within 1 % of the best", fmean(quality) >= 1 - LOST, spread(quality))
        yield _line(f"{start}: at the quality end never above {DEARER} × its cost", max(cost) <= DEARER, spread(cost))
        quality, cost = [each.default_quality for each in own], [each.default_cost for each in own]
        reached = fmean(quality) >= DEFAULT_QUALITY and fmean(cost) <= DEFAULT_COST
        wanted = f"{start}: by default {DEFAULT_QUALITY} of the best at {DEFAULT_COST} of its cost"
        yield _line(wanted, reached, f"{spread(quality)} at {spread(cost)}")
    if (cold := results.get("Ymera, cold")) and (warm := results.get("Ymera, warm")):
        gains = [after.area - before.area for before, after in zip(cold, warm, strict=True)]
        yield _line("warm never loses to cold", min(gains) >= 0, spread(gains))


def _line(goal: str, reached: bool, figures: str) -> str:
    return f"  {'reached    ' if reached else 'not reached'}  {goal}: {figures}"
