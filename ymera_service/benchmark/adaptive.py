"""Starts the tasks first whose results may change a choice of routing, and none once no result can.

The next task is of the model and category where tasks are expected to gain most quality for their share of what the
run may spend, and of the suite whose tasks add most to what is known of that model; see `choices` and
`routing.difficulty`. Results are evaluated now and then; until then, one that has come counts like a task under way.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ymera_service.benchmark.choices import WORTH, Floats
from ymera_service.benchmark.evaluation import Evaluation
from ymera_service.benchmark.plan import Job
from ymera_service.benchmark.schedule import Schedule, Tasks
from ymera_service.routing.columns import Mask
from ymera_service.sdk.models import Model

_EVALUATIONS = 32
"""How often results are evaluated until there is one more for each model and category; with fewer of those, always."""


class AdaptiveSchedule(Schedule):
    """Starts the task that is worth most by the latest evaluation of the results."""

    def __init__(
        self,
        models: Sequence[Model],
        tasks: Tasks,
        slots: int,
        *,
        evaluation: Evaluation,
        suites: Sequence[str],
        share: Callable[[Job], float],
    ) -> None:
        """Takes what is known at the beginning; `share` returns how much of what the run may spend a task takes."""
        super().__init__(slots)
        standings = evaluation.standings
        self._rows: Mapping[str, int] = {model: row for row, model in enumerate(standings.models)}
        self._columns: Mapping[str, int] = {name: column for column, name in enumerate(standings.categories)}
        self._suites: Mapping[str, int] = {suite: column for column, suite in enumerate(suites)}
        self._jobs: defaultdict[tuple[int, int], dict[int, list[Job]]] = defaultdict(dict)
        self._started: Counter[tuple[int, int, int]] = Counter()
        self._left, self._shares = np.zeros(standings.means.shape), np.full(standings.means.shape, 1e-9)
        for model in models:
            for suite, task in reversed(tasks[model.id]):
                if model.id in self._rows:
                    self._add(Job(model, suite, task), share)
        self.learn(evaluation, ())

    def learn(self, evaluation: Evaluation, later: Iterable[tuple[str, str]]) -> None:
        """Takes what the results say, and model and category of the tasks that were started and are not among them."""
        self._evaluation = evaluation
        self._begun = np.zeros_like(self._left)
        for model, category in later:
            self._begun[self._rows[model], self._columns[category]] += 1
        self._weigh()

    @property
    def is_settled(self) -> bool:
        """Whether no task that is left can change a choice."""
        return not self._is_worth.any()

    def is_due(self, results: int) -> bool:
        """Returns whether there are so many results that they should be evaluated again."""
        new = results - self._evaluation.results
        return new >= max(1, self._left.size // _EVALUATIONS) or (self.is_settled and new > 0)

    def _wanted(self) -> Sequence[str]:
        models = self._evaluation.standings.models
        return [models[row] for row in np.flatnonzero(self._is_worth.any(axis=1)).tolist()]

    def _next(self, ready: Sequence[str]) -> Job:
        rows = [self._rows[model] for model in ready]
        rates = np.where(self._is_worth[rows], self._rates[rows], -1.0)
        place, column = divmod(int(rates.argmax()), rates.shape[1])
        row = rows[place]
        suites = self._jobs[row, column]
        information = self._evaluation.information[self._evaluation.standings.categories[column]][row]
        suite = max(
            (each for each, jobs in suites.items() if jobs),
            key=lambda each: (round(float(information[each]), 3), -self._started[row, column, each]),
        )
        self._count(row, column, suite, 1)
        return suites[suite].pop()

    def _put_back(self, job: Job) -> None:
        suite = self._suites[job.suite.name]
        self._jobs[self._place(job)][suite].append(job)
        self._count(*self._place(job), suite, -1)

    def _count(self, row: int, column: int, suite: int, number: int) -> None:
        self._started[row, column, suite] += number
        self._begun[row, column] += number
        self._left[row, column] -= number
        self._weigh()

    def _place(self, job: Job) -> tuple[int, int]:
        return self._rows[job.model.id], self._columns[job.task.category]

    def _add(self, job: Job, share: Callable[[Job], float]) -> None:
        place = self._place(job)
        self._jobs[place].setdefault(self._suites[job.suite.name], []).append(job)
        self._left[place] += 1
        self._shares[place] += (share(job) - self._shares[place]) / self._left[place]

    def _weigh(self) -> None:
        gains, rates = self._evaluation.standings.gains(np.maximum(self._begun, 0.0), self._left)
        self._is_worth: Mask = gains >= WORTH
        self._rates: Floats = rates / self._shares
