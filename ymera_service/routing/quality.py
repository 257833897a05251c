"""How good a model is by category, from benchmarks.

A mean over few tasks is mostly luck, so it is drawn towards what else is known, the more the fewer tasks it
rests on: a measured mean counts by its tasks, its prior as `PRIOR_TASKS` more. The prior is the category's
mean over all models (categories differ in difficulty) plus what this model is usually above or below such
means. A model that was never measured therefore stands at the category's mean, and its evidence says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from math import isfinite

from ymera_service.storage.records import BenchmarkSummary

PRIOR_TASKS = 8.0
"""How many tasks a prior is worth: what a dozen graded tasks can tell apart, about ±0.15."""
UNINFORMED = 0.5
"""The mean before anything was measured in a category."""
LONGEST_NAME = 40
"""Characters of a category's name in a sentence."""
SENTENCES_KEPT = 1024


class Qualities:
    """What benchmarks showed, as a value that never changes."""

    def __init__(self, summaries: Iterable[BenchmarkSummary] = ()) -> None:
        """Takes the summaries; those without a graded task or with a score that is not from 0 to 1 are left out."""
        graded = [each for each in summaries if each.tasks > 0 and isfinite(each.score) and 0 <= each.score <= 1]
        self._means = {
            category: _drawn(((each.score, each.tasks) for each in group), UNINFORMED)
            for category, group in _grouped(graded, "category").items()
        }
        by_model = _grouped(graded, "model")
        self._leads = {
            model: _drawn(((each.score - self._means[each.category], each.tasks) for each in group), 0.0)
            for model, group in by_model.items()
        }
        self.summaries: Mapping[str, Mapping[str, BenchmarkSummary]] = {
            model: {each.category: each for each in group} for model, group in by_model.items()
        }
        """Model id → category → summary."""
        self.evidence = lru_cache(SENTENCES_KEPT)(self._evidence)

    @property
    def categories(self) -> Set[str]:
        """The categories in which anything was measured."""
        return self._means.keys()

    def value(self, model: str, category: str, stated: float | None = None) -> float:
        """Returns how good a model is taken to be, from 0 to 1; `stated` counts until it is measured."""
        summaries = self.summaries.get(model)
        mean = self._means.get(category, UNINFORMED)
        if summaries is None:
            return mean if stated is None else stated
        own = summaries.get(category)
        prior = self._prior(model, mean)
        return prior if own is None else _drawn([(own.score, own.tasks)], prior)

    def _evidence(self, model: str, category: str, stated: float | None = None) -> str:
        """Returns in words what `value` rests on."""
        summaries = self.summaries.get(model)
        if summaries is None:
            mean = self._means.get(category, UNINFORMED)
            known = f"taken as the mean, {mean:.2f}" if stated is None else f"its provider states {stated:.2f}"
            return f"not yet measured; {known}"
        name = category[:LONGEST_NAME]
        own = summaries.get(category)
        if own is not None:
            return f"{own.score:.2f} over {own.tasks} {name} {'task' if own.tasks == 1 else 'tasks'}"
        count = sum(each.tasks for each in summaries.values())
        tasks = "1 task" if count == 1 else f"{count} tasks"
        return f"not yet measured in {name}; taken as {self.value(model, category):.2f} from {tasks} of other kinds"

    def _prior(self, model: str, mean: float) -> float:
        return min(max(mean + self._leads[model], 0.0), 1.0)


def _drawn(measured: Iterable[tuple[float, int]], prior: float) -> float:
    """Returns the mean of (value, tasks) pairs, drawn towards a prior that is worth `PRIOR_TASKS`."""
    total, weight = prior * PRIOR_TASKS, PRIOR_TASKS
    for value, tasks in measured:
        total += value * tasks
        weight += tasks
    return total / weight


def _grouped(summaries: Iterable[BenchmarkSummary], field: str) -> dict[str, list[BenchmarkSummary]]:
    groups: defaultdict[str, list[BenchmarkSummary]] = defaultdict(list)
    for summary in summaries:
        groups[getattr(summary, field)].append(summary)
    return dict(groups)
