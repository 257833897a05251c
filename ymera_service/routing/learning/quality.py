"""How good a model is by category, from benchmarks and judged answers, and before them from what is expected of it.

A mean over few tasks is mostly luck, so it is drawn towards what else is known, the more the fewer tasks it
rests on: a measured mean counts by its tasks, that of judged answers by their weight, the prior as `PRIOR_TASKS` more.
The prior is what is expected of the model, plus what all models usually are above or below such expectations in the
category (benchmarks differ in difficulty), plus what this model is usually above or below in others. A model of which
nothing is known or expected therefore stands at the category's mean, and its evidence says so.

How much all that may be wrong is a variance: that of a mean over as many tasks as the belief rests on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ymera_service.routing.learning.drift import Drift
from ymera_service.routing.learning.judged import Tallies, Tally
from ymera_service.sdk.priors import Expectation
from ymera_service.storage.records import BenchmarkSummary

PRIOR_TASKS = 8.0
"""How many tasks a prior is worth: what a dozen graded tasks can distinguish, about ±0.15."""
UNINFORMED = 0.5
"""What is expected where nothing is known."""
ALIKE = 1.0
"""Judged answers of a category that say nothing of other categories; what is beyond them does. One bad answer to a
coding task does not make a model worse at anything else."""
ELSEWHERE = 0.5
"""What a task of another category is worth for how sure a belief is,"""
MOST_ELSEWHERE = 2 * PRIOR_TASKS
"""and all of them together at most: however well a model is known elsewhere, in a category it is off by about ±0.1 (a
variance of 0.005 to 0.03 in three tables of recorded answers), as with this many tasks and those of the prior."""
SUREST = 0.05
"""The nearest to 0 and 1 that a quality is for its variance: a few answers that were all good prove no perfection."""
LONGEST_NAME = 40
"""Characters of a category's name in a sentence,"""
LONGEST_BASIS = 120
"""and of what an expectation rests on."""
SENTENCES_KEPT = 8192

Expect = Callable[[str], Expectation | None]
"""Model id → what is expected of the model before it is measured."""


def nothing(model: str) -> None:
    """Expects nothing of any model."""


def expected_by(expect: Expect) -> Callable[[str, str], float]:
    """Returns what says by model and category how good a model is expected to be, from 0 to 1."""

    def expected(model: str, category: str) -> float:
        expectation = expect(model)
        return UNINFORMED if expectation is None else expectation.quality.get(category, UNINFORMED)

    return expected


@dataclass(frozen=True, slots=True)
class Belief:
    """How good a model is taken to be in a category.

    Attributes:
        mean: From 0 to 1.
        variance: Of what the mean may really be.
        tasks: What it rests on, in tasks, the prior included.
    """

    mean: float
    variance: float
    tasks: float

    @classmethod
    def of(cls, mean: float, tasks: float) -> "Belief":
        """Returns the belief that rests on this many tasks."""
        likely = min(max(mean, SUREST), 1 - SUREST)
        return cls(mean, likely * (1 - likely) / (tasks + 1), tasks)


class Qualities:
    """What benchmarks and judged answers showed and what is expected, as a value that never changes."""

    def __init__(
        self,
        summaries: Iterable[BenchmarkSummary] = (),
        expect: Expect = nothing,
        tallies: Tallies | None = None,
        drifts: Mapping[tuple[str, str], Drift] | None = None,
    ) -> None:
        """Takes what was measured, each with at least one task and a score from 0 to 1, and what answers showed.

        `drifts` are the changes of models in categories, which the evidence names.
        """
        self._drifts = drifts or {}
        self._expect = expect
        self._summaries = by_model(summaries)
        self._tallies = tallies or {}
        by_category: defaultdict[str, list[tuple[str, float, float]]] = defaultdict(list)
        for model, category, value, tasks in self._measured():
            by_category[category].append((model, value, tasks))
        self._shifts = {
            category: _drawn(((value - self.expected(model, category), tasks) for model, value, tasks in group), 0.0)
            for category, group in by_category.items()
        }
        above = {model: [*self._above_usual(model)] for model in self._summaries.keys() | self._tallies.keys()}
        self.leads = {model: _drawn(((value, tasks) for _, value, tasks in each), 0.0) for model, each in above.items()}
        """What models are above what is usual, over all categories."""
        self._elsewhere = {model: _by_category(each) for model, each in above.items()}
        self.evidence = lru_cache(SENTENCES_KEPT)(self._evidence)

    def value(self, model: str, category: str) -> float:
        """Returns how good a model is taken to be, from 0 to 1."""
        return self.belief(model, category).mean

    def belief(self, model: str, category: str) -> Belief:
        """Returns how good a model is taken to be, and how sure that is."""
        prior = _bounded(self.expected(model, category) + self.shift(category) + self.leads.get(model, 0.0))
        own, worth = [*self._own(model, category)], PRIOR_TASKS + self.elsewhere(model, category)
        return Belief.of(_drawn(own, prior) if own else prior, worth + sum(tasks for _, tasks in own))

    def elsewhere(self, model: str, category: str = "") -> float:
        """Returns what is known of a model in categories but this one, in tasks of this one."""
        known = self._elsewhere.get(model, {})
        return min(ELSEWHERE * (sum(known.values()) - known.get(category, 0.0)), MOST_ELSEWHERE)

    def expected(self, model: str, category: str) -> float:
        """Returns what is expected of a model before anything is measured."""
        return expected_by(self._expect)(model, category)

    def shift(self, category: str) -> float:
        """Returns what all models usually are above what is expected of them in a category."""
        return self._shifts.get(category, 0.0)

    def measured_in(self, category: str) -> list[str]:
        """Returns the models of which something was measured in a category."""
        return [model for models in (self._summaries, self._tallies) for model in models if category in models[model]]

    def _evidence(self, model: str, category: str) -> str:
        """Returns in words what `value` rests on."""
        summaries, tallies = self._summaries.get(model, {}), self._tallies.get(model, {})
        own, tally, name = summaries.get(category), tallies.get(category), category[:LONGEST_NAME]
        if own is not None or tally is not None:
            known = " and ".join(filter(None, (_benchmarked(own, name), _judged(tally, name))))
            drift = self._drifts.get((model, category))
            return known if drift is None else f"{known}; {drift}"
        value, expectation = self.value(model, category), self._expect(model)
        known = "" if expectation is None or category not in expectation.quality else expectation.basis[:LONGEST_BASIS]
        others = [_counted(sum([each.tasks for each in summaries.values()]), "task")] if summaries else []
        if tallies:
            others.append(_counted(sum([each.weight for each in tallies.values()]), "answer"))
        if others:
            basis = f"{' and '.join(others)} of other kinds"
            return f"not yet measured in {name}; taken as {value:.2f} from {f'{basis} and {known}' if known else basis}"
        return f"not yet measured; taken as {value:.2f}, {f'from {known}' if known else 'the mean'}"

    def _measured(self) -> Iterator[tuple[str, str, float, float]]:
        """Yields model, category, mean and number of tasks of everything that was measured."""
        for model, summaries in self._summaries.items():
            for category, each in summaries.items():
                yield model, category, each.score, each.tasks
        for model, tallies in self._tallies.items():
            for category, tally in tallies.items():
                yield model, category, tally.mean, tally.weight

    def _own(self, model: str, category: str) -> Iterator[tuple[float, float]]:
        """Yields mean and number of tasks of what was measured of a model in a category."""
        if (summary := self._summaries.get(model, {}).get(category)) is not None:
            yield summary.score, summary.tasks
        if (tally := self._tallies.get(model, {}).get(category)) is not None:
            yield tally.mean, tally.weight

    def _above_usual(self, model: str) -> Iterator[tuple[str, float, float]]:
        """Yields categories, what a model was above what is usual in them, and what that counts for all others."""
        for category, each in self._summaries.get(model, {}).items():
            yield category, each.score - self.expected(model, category) - self.shift(category), each.tasks
        for category, tally in self._tallies.get(model, {}).items():
            above = tally.mean - self.expected(model, category) - self.shift(category)
            yield category, above, max(tally.weight - ALIKE, 0.0)


def _by_category(above: Iterable[tuple[str, float, float]]) -> Mapping[str, float]:
    tasks: defaultdict[str, float] = defaultdict(float)
    for category, _, count in above:
        tasks[category] += count
    return tasks


def _benchmarked(own: BenchmarkSummary | None, name: str) -> str:
    if own is None:
        return ""
    suites = " of suites of different difficulty" if own.adjusted else ""
    if own.comparisons:
        return f"{own.score:.2f} over {name} tasks and {_counted(own.comparisons, 'comparison')}{suites}"
    return f"{own.score:.2f} over {_counted(own.tasks, f'{name} task')}{suites}"


def _judged(tally: Tally | None, name: str) -> str:
    if tally is None:
        return ""
    return f"{tally.mean:.2f} over {_counted(tally.weight, f'judged {name} answer')} until {tally.latest:%Y-%m-%d}"


def _counted(count: float, thing: str) -> str:
    figure = f"{count:.3g}" if count < 100 else f"{count:.0f}"
    return f"{figure} {thing}" if figure == "1" else f"{figure} {thing}s"


def _bounded(quality: float) -> float:
    return min(max(quality, 0.0), 1.0)


def _drawn(measured: Iterable[tuple[float, float]], prior: float) -> float:
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
