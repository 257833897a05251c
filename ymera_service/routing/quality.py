"""How good a model is by category, from benchmarks, and before them from what is expected of it.

A mean over few tasks is mostly luck, so it is drawn towards what else is known, the more the fewer tasks it
rests on: a measured mean counts by its tasks, its prior as `PRIOR_TASKS` more. The prior is what is expected of
the model, plus what all models usually are above or below such expectations in the category (benchmarks differ in
difficulty), plus what this model is usually above or below in others. A model of which nothing is known or expected
therefore stands at the category's mean, and its evidence says so.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from ymera_service.sdk.priors import Expectation
from ymera_service.storage.records import BenchmarkSummary

PRIOR_TASKS = 8.0
"""How many tasks a prior is worth: what a dozen graded tasks can tell apart, about ±0.15."""
UNINFORMED = 0.5
"""What is expected where nothing is known."""
LONGEST_NAME = 40
"""Characters of a category's name in a sentence,"""
LONGEST_BASIS = 120
"""and of what an expectation rests on."""
SENTENCES_KEPT = 1024

Expect = Callable[[str], Expectation | None]
"""Model id → what is expected of the model before it is measured."""


def _nothing(model: str) -> None:
    """Expects nothing of any model."""


class Qualities:
    """What benchmarks showed and what is expected, as a value that never changes."""

    def __init__(self, summaries: Iterable[BenchmarkSummary] = (), expect: Expect = _nothing) -> None:
        """Takes what was measured, each with at least one task and a score from 0 to 1."""
        self._expect = expect
        self._summaries = by_model(summaries)
        by_category: defaultdict[str, list[BenchmarkSummary]] = defaultdict(list)
        for measured in self._summaries.values():
            for category, each in measured.items():
                by_category[category].append(each)
        self._shifts = {
            category: _drawn(((each.score - self._expected(each.model, category), each.tasks) for each in group), 0.0)
            for category, group in by_category.items()
        }
        self._leads = {
            model: _drawn(((each.score - self._usual(model, category), each.tasks) for category, each in group), 0.0)
            for model, group in ((model, measured.items()) for model, measured in self._summaries.items())
        }
        self.evidence = lru_cache(SENTENCES_KEPT)(self._evidence)

    def value(self, model: str, category: str) -> float:
        """Returns how good a model is taken to be, from 0 to 1."""
        prior = _bounded(self._usual(model, category) + self._leads.get(model, 0.0))
        own = self._summaries.get(model, {}).get(category)
        return prior if own is None else _drawn([(own.score, own.tasks)], prior)

    def _evidence(self, model: str, category: str) -> str:
        """Returns in words what `value` rests on."""
        summaries, name = self._summaries.get(model, {}), category[:LONGEST_NAME]
        own = summaries.get(category)
        if own is not None:
            return f"{own.score:.2f} over {own.tasks} {name} {'task' if own.tasks == 1 else 'tasks'}"
        value, expectation = self.value(model, category), self._expect(model)
        known = "" if expectation is None or category not in expectation.quality else expectation.basis[:LONGEST_BASIS]
        if summaries:
            count = sum(each.tasks for each in summaries.values())
            others = f"{'1 task' if count == 1 else f'{count} tasks'} of other kinds"
            basis = f"{others} and {known}" if known else others
            return f"not yet measured in {name}; taken as {value:.2f} from {basis}"
        return f"not yet measured; taken as {value:.2f}, {f'from {known}' if known else 'the mean'}"

    def _expected(self, model: str, category: str) -> float:
        expectation = self._expect(model)
        return UNINFORMED if expectation is None else expectation.quality.get(category, UNINFORMED)

    def _usual(self, model: str, category: str) -> float:
        return self._expected(model, category) + self._shifts.get(category, 0.0)


def _bounded(quality: float) -> float:
    return min(max(quality, 0.0), 1.0)


def _drawn(measured: Iterable[tuple[float, int]], prior: float) -> float:
    """Returns the mean of (value, tasks) pairs, drawn towards a prior that is worth `PRIOR_TASKS`."""
    total, weight = prior * PRIOR_TASKS, PRIOR_TASKS
    for value, tasks in measured:
        total += value * tasks
        weight += tasks
    return total / weight


def by_model(summaries: Iterable[BenchmarkSummary]) -> Mapping[str, Mapping[str, BenchmarkSummary]]:
    """Returns model id → category → summary."""
    groups: defaultdict[str, dict[str, BenchmarkSummary]] = defaultdict(dict)
    for summary in summaries:
        groups[summary.model][summary.category] = summary
    return dict(groups)
