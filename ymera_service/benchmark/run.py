"""A run under way: what is left of it, what it has spent, and what its results say."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ymera_service.benchmark.adaptive import AdaptiveSchedule
from ymera_service.benchmark.choices import Choice, Standings
from ymera_service.benchmark.evaluation import Evaluator
from ymera_service.benchmark.events import BenchmarkStarted, RunEnd, Settled
from ymera_service.benchmark.judging import judgements_of
from ymera_service.benchmark.measuring import Measurement
from ymera_service.benchmark.plan import Job
from ymera_service.benchmark.runs import StoredPlan, shortened
from ymera_service.benchmark.schedule import Schedule, Tasks
from ymera_service.benchmark.spending import Spending
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, PairwiseTask
from ymera_service.sdk.models import Model
from ymera_service.storage.records import BenchmarkResult, BenchmarkRun

LONGEST_REST = 60.0
"""Seconds: if a provider asks for a longer wait, as for a daily limit, its tasks fail."""
MOST_RESTS = 5
"""How often a model may rest without an answer in between; then its tasks fail if they are refused."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended; the result of a task that is postponed is None, as it is not recorded."""

    measurement: Measurement
    result: BenchmarkResult | None = None


@dataclass(slots=True)
class Run:
    """A run under way.

    Attributes:
        total: The most tasks that it may have.
        before: What was believed when the run was begun or resumed.
        judges: Who compares answers once all tasks are done.
        pairwise: The tasks whose answers are compared.
        comparisons: How many comparisons that are, if all models answer.
        related_comparisons: How many of them are made by a judge of the family of a compared model.
        answers: To these, by suite, task and model.
        is_judged: Whether the comparisons have begun.
        known: Those of the results that were stored before it was begun or resumed.
        described: Suite and id of the tasks whose features are stored.
        rests: How often each model has rested since its latest answer.
    """

    record: BenchmarkRun
    stored: StoredPlan
    schedule: Schedule
    spending: Spending
    evaluator: Evaluator
    expected_cost_micros: int
    unpriced_models: int
    total: int
    slots: int
    before: Standings
    judges: Sequence[Model] = ()
    pairwise: Sequence[tuple[BenchmarkSuite, BenchmarkTask]] = ()
    comparisons: int = 0
    related_comparisons: int = 0
    answers: dict[tuple[str, str, str], str] = field(default_factory=dict)
    is_judged: bool = False
    known: Sequence[BenchmarkResult] = ()
    results: list[BenchmarkResult] = field(default_factory=list)
    running: dict[asyncio.Task[End], Job] = field(default_factory=dict)
    described: set[tuple[str, str]] = field(default_factory=set)
    rests: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.run_id

    @property
    def all_results(self) -> list[BenchmarkResult]:
        """Those from before an interruption included."""
        return [*self.known, *self.results]

    @property
    def completed(self) -> int:
        """The number of tasks that have a result."""
        return len(self.known) + len(self.results)

    @property
    def end(self) -> RunEnd:
        """Why no more tasks are started."""
        if self.completed >= self.total or not (self.spending.exhausted or self.stored.adaptive):
            return RunEnd.ALL_DONE
        settled = isinstance(self.schedule, AdaptiveSchedule) and self.schedule.is_settled
        return RunEnd.SETTLED if settled else RunEnd.LIMIT_REACHED

    def started(self) -> BenchmarkStarted:
        """Returns the event with which the run starts."""
        return BenchmarkStarted(
            run_id=self.id,
            models=list(self.stored.models),
            suites=list(self.stored.suites),
            total_tasks=self.total,
            completed_tasks=len(self.known),
            expected_cost_micros=self.expected_cost_micros,
            unpriced_models=self.unpriced_models,
            seed=self.stored.seed,
            adaptive=self.stored.adaptive,
            comparisons=self.comparisons,
            related_comparisons=self.related_comparisons,
        )

    def can_postpone(self, measurement: Measurement) -> bool:
        """Returns whether a task that was refused is tried again after a rest."""
        rest = measurement.retry_after
        return rest is not None and rest <= LONGEST_REST and self.rests[measurement.job.model.id] < MOST_RESTS

    def take(self, end: End, now: float) -> bool:
        """Takes the end of a task; returns False if it will be tried again."""
        job, rest = end.measurement.job, end.measurement.retry_after or 0.0
        if end.result is None:
            self.spending.release(job)
            if self.schedule.postpone(job, now, rest):
                self.rests[job.model.id] += 1
                _log.warning("benchmark waits for a limit", model=job.model.id, seconds=rest)
            return False
        if end.measurement.error is None:
            self.rests[job.model.id] = 0
        self.schedule.finish(job)
        self.spending.settle(end.measurement)
        self.results.append(end.result)
        if isinstance(job.task, PairwiseTask) and end.measurement.error is None:
            self.answers[job.suite.name, job.task.id, job.model.id] = shortened(end.measurement.answer)
        return True

    def judgements(self) -> Tasks:
        """Returns the questions to judges that have no result yet."""
        done = {(each.suite, each.task_id) for each in self.all_results}
        asked = judgements_of(self.pairwise, self.answers, self.judges)
        return {
            judge: [each for each in tasks if (each[0].name, each[1].id) not in done] for judge, tasks in asked.items()
        }

    async def evaluate(self) -> None:
        """Lets an adaptive schedule know what the results say, if there are enough new ones."""
        if not isinstance(self.schedule, AdaptiveSchedule) or not self.schedule.is_due(len(self.results)):
            return
        evaluation = await asyncio.to_thread(self.evaluator.evaluate, list(self.results))
        failed = [(each.model, each.category) for each in self.results if each.score is None]
        self.schedule.learn(
            evaluation, [*((job.model.id, job.task.category) for job in self.running.values()), *failed]
        )

    async def choices(self) -> list[Settled]:
        """Returns what routing would choose by the results, and how sure that was before."""
        return await asyncio.to_thread(self._choices)

    def _choices(self) -> list[Settled]:
        before, after = self.before, self.evaluator.standings(self.results)
        found: list[Choice] = after.choices()
        return [Settled(choice, before.certainty(choice.category, choice.model)) for choice in found]
