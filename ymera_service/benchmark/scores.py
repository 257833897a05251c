"""Computes scores from the measurements of a run."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from ymera_service.benchmark.statistics import wilson
from ymera_service.sdk.generation import Usage
from ymera_service.storage.records import BenchmarkResult


@dataclass(frozen=True, slots=True)
class BenchmarkScore:
    """The score of a model in a category.

    Attributes:
        model: The model's id.
        tasks: The number of graded tasks.
        failures: The number of calls that failed or could not be graded; they do not count as a score of 0.
        score: The mean, from 0 to 1; 0 if no task was graded.
        score_low: The lower end of the mean's 95 % interval.
        score_high: The upper end of it.
        median_duration: In seconds; 0 if no task was graded.
        usage: The usage of all calls.
        cost_micros: The known cost of all calls in micro-USD; None if the cost of a graded task is not known.
    """

    model: str
    category: str
    tasks: int
    failures: int
    score: float
    score_low: float
    score_high: float
    median_duration: float
    usage: Usage
    cost_micros: int | None


def scores_of(results: Iterable[BenchmarkResult]) -> list[BenchmarkScore]:
    """Returns a score per model and category: the best model first, its categories in order of name."""
    groups: defaultdict[tuple[str, str], list[BenchmarkResult]] = defaultdict(list)
    by_model: defaultdict[str, list[float]] = defaultdict(list)
    for one in results:
        groups[one.model, one.category].append(one)
        by_model[one.model] += [] if one.score is None else [one.score]
    means = {model: fmean(scores) if scores else -1.0 for model, scores in by_model.items()}
    ordered = sorted(groups, key=lambda group: (-means[group[0]], group))
    return [_score(*group, groups[group]) for group in ordered]


def _score(model: str, category: str, results: Sequence[BenchmarkResult]) -> BenchmarkScore:
    scores = [one.score for one in results if one.score is not None]
    mean = fmean(scores) if scores else 0.0
    low, high = wilson(mean, len(scores))
    return BenchmarkScore(
        model=model,
        category=category,
        tasks=len(scores),
        failures=sum(bool(one.error_reason) for one in results),
        score=mean,
        score_low=low,
        score_high=high,
        median_duration=median([one.duration for one in results if one.score is not None] or [0.0]),
        usage=sum((one.usage for one in results), Usage()),
        cost_micros=_cost(results),
    )


def _cost(results: Sequence[BenchmarkResult]) -> int | None:
    if any(one.cost_micros is None for one in results if one.score is not None):
        return None
    return sum(one.cost_micros or 0 for one in results)
