"""What was measured: how good a model is by category, from benchmarks, and how fast, from benchmarks and use.

**Quality.** A mean over few tasks is mostly luck, so it is drawn towards what else is known, the more the
fewer tasks it rests on: a measured mean counts by its tasks, its prior as `PRIOR_TASKS` more. The prior is
the category's mean over all models (categories differ in difficulty) plus what this model is usually above
or below such means. A model never measured therefore stands at the category's mean, and says so.

**Latency.** A call takes the time to the first token and then a time per token; both are moving averages of
the calls made. Until there is one they come from the median time of a benchmark task.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from math import isfinite

from ymera_service.storage.records import BenchmarkSummary

PRIOR_TASKS = 8.0
"""How many tasks a prior is worth: what a dozen graded tasks can tell apart, about ±0.15."""
UNINFORMED = 0.5
"""The mean before anything was measured in a category."""
MOVING = 0.2
"""The share of the latest call in a moving average: the memory is about the last ten calls."""
BENCHMARK_ANSWER_TOKENS = 200
"""Taken as the length of a benchmark's answer, as the summary holds only its time."""
BENCHMARK_FIRST_TOKEN_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a model is taken to be: `value` from 0 to 1, and what that rests on, for people."""

    value: float
    evidence: str


@dataclass(slots=True)
class Pace:
    """How fast a model is, in seconds to the first token and seconds per token after it."""

    first_token: float
    per_token: float

    def latency(self, output_tokens: int) -> float:
        """Returns the seconds that an answer is expected to take."""
        return self.first_token + self.per_token * output_tokens


@dataclass(frozen=True, slots=True)
class Column:
    """One category: each measured model's quality, and that of all others."""

    measured: Mapping[str, Quality]
    others: Quality


@dataclass(frozen=True, slots=True)
class Table:
    """Several categories: a row of values for each measured model, and that of all others."""

    measured: Mapping[str, tuple[float, ...]]
    others: tuple[float, ...]


class Evidence:
    """Holds the measurements; `load` replaces those of benchmarks, `observe` adds those of use."""

    def __init__(self) -> None:
        self._summaries: Mapping[str, Mapping[str, BenchmarkSummary]] = {}
        self._columns: dict[str, Column] = {}
        self._tables: dict[tuple[str, ...], Table] = {}
        self._means: Mapping[str, float] = {}
        self._lead: Mapping[str, float] = {}
        self._paces: dict[str, Pace] = {}
        self._observed: set[str] = set()

    @property
    def categories(self) -> Set[str]:
        """The categories in which anything was measured."""
        return self._means.keys()

    def summaries(self, model: str) -> Mapping[str, BenchmarkSummary]:
        """Returns what benchmarks showed of a model, by category."""
        return self._summaries.get(model, {})

    def load(self, summaries: Iterable[BenchmarkSummary]) -> None:
        """Takes the benchmarks' results in place of those it had."""
        graded = [summary for summary in summaries if summary.tasks > 0]
        self._means = {
            category: _drawn(((s.score, s.tasks) for s in group), UNINFORMED)
            for category, group in _grouped(graded, "category").items()
        }
        by_model = _grouped(graded, "model")
        self._lead = {
            model: _drawn(((s.score - self._means[s.category], s.tasks) for s in group), 0.0)
            for model, group in by_model.items()
        }
        self._summaries = {model: {s.category: s for s in group} for model, group in by_model.items()}
        self._columns = {}
        self._tables = {}
        for model, group in by_model.items():
            self._seed_pace(model, group)

    def quality(self, model: str, category: str) -> Quality:
        """Returns how good a model is taken to be in a category."""
        column = self.column(category)
        return column.measured.get(model, column.others)

    def column(self, category: str) -> Column:
        """Returns the quality of all models in a category."""
        column = self._columns.get(category)
        if column is None:
            column = self._columns[category] = self._column(category)
        return column

    def table(self, categories: tuple[str, ...]) -> Table:
        """Returns the quality of all models in several categories at once."""
        table = self._tables.get(categories)
        if table is None:
            table = self._tables[categories] = self._table(categories)
        return table

    def _table(self, categories: tuple[str, ...]) -> Table:
        columns = [self.column(category) for category in categories]
        rows = {model: tuple(column.measured[model].value for column in columns) for model in self._summaries}
        return Table(rows, tuple(column.others.value for column in columns))

    def _column(self, category: str) -> Column:
        mean = self._means.get(category, UNINFORMED)
        measured = {model: self._measured(model, category, mean) for model in self._summaries}
        return Column(measured, Quality(mean, f"not yet measured; taken as the mean, {mean:.2f}"))

    def _measured(self, model: str, category: str, mean: float) -> Quality:
        prior = min(max(mean + self._lead[model], 0.0), 1.0)
        own = self._summaries[model].get(category)
        if own is None:
            tasks = sum(summary.tasks for summary in self._summaries[model].values())
            return Quality(
                prior, f"not yet measured in {category}; taken as {prior:.2f} from {_tasks(tasks)} of other kinds"
            )
        value = _drawn([(own.score, own.tasks)], prior)
        return Quality(value, f"{own.score:.2f} over {own.tasks} {category} {'task' if own.tasks == 1 else 'tasks'}")

    def pace(self, model: str) -> Pace | None:
        """Returns how fast a model is; `None` where no call of it was measured."""
        return self._paces.get(model)

    def observe(self, model: str, *, output_tokens: int, time_to_first_token: float | None, duration: float) -> None:
        """Takes a call that succeeded; times are in seconds, from the call on.

        Args:
            model: The model's id.
            output_tokens: Tokens of the answer; 0 where not known, which tells nothing of the pace.
            time_to_first_token: `None` where the answer came whole.
            duration: Until the end of the answer.
        """
        if output_tokens <= 0 or not (isfinite(duration) and duration >= 0):
            return
        known = self._paces.get(model)
        first = time_to_first_token
        if first is None:
            first = min(known.first_token if known else duration * BENCHMARK_FIRST_TOKEN_SHARE, duration)
        latest = Pace(first, max(duration - first, 0.0) / output_tokens)
        if known is None or model not in self._observed:
            self._paces[model] = latest
            self._observed.add(model)
        else:
            known.first_token += MOVING * (latest.first_token - known.first_token)
            known.per_token += MOVING * (latest.per_token - known.per_token)

    def _seed_pace(self, model: str, group: Iterable[BenchmarkSummary]) -> None:
        if model in self._observed:
            return
        timed = [(s.median_duration, s.tasks) for s in group]
        usual = sum(seconds * tasks for seconds, tasks in timed) / sum(tasks for _, tasks in timed)
        first = usual * BENCHMARK_FIRST_TOKEN_SHARE
        self._paces[model] = Pace(first, (usual - first) / BENCHMARK_ANSWER_TOKENS)


def _drawn(measured: Iterable[tuple[float, int]], prior: float) -> float:
    """Returns the mean of (value, tasks) pairs, drawn towards a prior that is worth `PRIOR_TASKS`."""
    total, weight = prior * PRIOR_TASKS, PRIOR_TASKS
    for value, tasks in measured:
        total += value * tasks
        weight += tasks
    return total / weight


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


def _grouped(summaries: Iterable[BenchmarkSummary], field: str) -> dict[str, list[BenchmarkSummary]]:
    groups: defaultdict[str, list[BenchmarkSummary]] = defaultdict(list)
    for summary in summaries:
        groups[getattr(summary, field)].append(summary)
    return dict(groups)
