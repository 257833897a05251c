"""Runs a benchmark: every task of the plan for every model, with limited concurrency."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import getrandbits
from time import monotonic

import orjson
import structlog
import uuid_utils

from ymera_service.benchmark.events import (
    BenchmarkCompleted,
    BenchmarkEvent,
    BenchmarkProgress,
    BenchmarkStarted,
    progress_of,
)
from ymera_service.benchmark.measuring import Measurement, measure
from ymera_service.benchmark.plan import BenchmarkPlan, Job, check, models_of, suites_of, tasks_of
from ymera_service.benchmark.resuming import RENEW_SECONDS, RunLease, plan_again
from ymera_service.benchmark.runs import BENCHMARK_NOTE, StoredPlan, answer_of, result_of
from ymera_service.benchmark.schedule import Schedule
from ymera_service.benchmark.scores import BenchmarkScore, scores_of
from ymera_service.benchmark.spending import Spending, expected_cost, usage_of
from ymera_service.catalog import Catalog
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.slots import RETRY_AFTER
from ymera_service.resilience.spare import Spare
from ymera_service.routing.evidence import Evidence
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask
from ymera_service.sdk.errors import OutcomeUnknown, Overloaded
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.models import Model
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import BenchmarkResult, BenchmarkRun

__all__ = [
    "BenchmarkCompleted",
    "BenchmarkEvent",
    "BenchmarkPlan",
    "BenchmarkProgress",
    "BenchmarkRunner",
    "BenchmarkScore",
    "BenchmarkStarted",
]

_log = structlog.get_logger(__name__)

MAX_RUNS = 4
"""The maximum number of concurrent runs; each holds its results in memory."""
TASK_SECONDS = 120.0
"""The time limit of a call for one task."""
LONGEST_REST = 60.0
"""Seconds: if a provider asks for a longer wait, as for a daily limit, its tasks fail."""
MOST_RESTS = 5
"""How often a model may rest without an answer in between; then its tasks fail if they are refused."""
SEED_BITS = 31
"""Of the seeds that are drawn: short enough to type again."""


class BenchmarkRunner:
    """Measures models. Calls go directly to the providers, so that the model is measured, not the routing.

    All runs together make as many calls as requests leave room for; see `Spare`.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        suites: Callable[[], Mapping[str, BenchmarkSuite]],
        recorder: Recorder,
        evidence: Evidence,
        database: Database,
        boundary: Boundary,
        spare: Spare,
        redact: Callable[[str], str] = str,
        keeps_answers: bool = True,
        task_seconds: float = TASK_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Takes what it measures and stores with; `redact` removes secrets from answers, which are kept if wanted."""
        self._catalog = catalog
        self._suites = suites
        self._recorder = recorder
        self._evidence = evidence
        self._database = database
        self._task_seconds = task_seconds
        self._clock = clock
        self._boundary = boundary
        self._redact = redact
        self._keeps_answers = keeps_answers
        self.spare = spare
        self._runs = 0

    async def run(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        """Yields a start, progress after each task, and the scores.

        Closing the generator, or cancelling its reader, cancels the calls in progress; results until then are kept,
        and the calls are recorded with an estimate of their cost. The run can then be resumed.

        Raises:
            InvalidRequest, ModelNotFound, SuiteNotFound: The plan is not valid.
            BenchmarkRunNotFound, BenchmarkRunUnderWay: The run can't be resumed.
            Overloaded: `MAX_RUNS` runs are in progress.
            StorageUnavailable: A result could not be stored; the run ends.
            RecordingUnavailable: Results can't be stored now; no model is called.
            InternalError: A suite failed to create its tasks.
        """
        self._recorder.check()
        if self._runs >= MAX_RUNS:
            raise Overloaded(f"{self._runs} benchmarks are under way; try again later", retry_after=RETRY_AFTER)
        self._runs += 1
        try:
            async with aclosing(self._measured(plan)) as events:
                async for event in events:
                    yield event
        finally:
            self._runs -= 1

    async def reread(self) -> None:
        """Lets routing use what this server and others on the same database have measured."""
        summaries = await self._database.benchmarks.summaries()
        await asyncio.to_thread(self._evidence.joined, summaries)
        self._evidence.load(summaries)

    async def _measured(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        run = await self._prepared(plan)
        if plan.plan_only:
            yield run.started()
            yield BenchmarkCompleted(run.id, [])
            return
        async with RunLease(self._database.leases, run.id) as lease:
            if plan.resume:  # what was stored until the lease was free
                run = await self._prepared(plan)
            await self._recorder.record(run.record)
            yield run.started()
            async with aclosing(self._events(run, lease)) as events:
                async for event in events:
                    yield event
            if run.is_done or run.stored.scheduled:
                await self._recorder.record(replace(run.record, ended_at=datetime.now(UTC)))
        await self.reread()
        yield BenchmarkCompleted(run.id, scores_of(run.results))

    async def _prepared(self, plan: BenchmarkPlan) -> "_Run":
        """Returns a run that is not begun, or one to go on with.

        Raises:
            YmeraError: As `run`.
        """
        record, results = None, []
        if plan.resume:
            record, plan = await plan_again(plan, self._database.benchmark_runs, self._catalog.snapshot)
            results = [result for result, _ in await self._database.benchmark_runs.results(record.run_id)]
        models, suites = models_of(plan, self._catalog.snapshot), suites_of(plan, self._suites())
        check(plan, suites)
        seed = getrandbits(SEED_BITS) if plan.seed is None else plan.seed
        tasks = await asyncio.to_thread(tasks_of, plan, suites, seed)
        done = {(result.model, result.suite, result.task_id) for result in results}
        left = {
            model.id: [task for task in tasks if (model.id, task[0].name, task[1].id) not in done] for model in models
        }
        expected = await asyncio.to_thread(_expected, models, left)
        stored = StoredPlan(
            models=[model.id for model in models],
            suites=[suite.name for suite in suites],
            categories=plan.categories,
            tasks_per_category=plan.tasks_per_category,
            seed=seed,
            total_tasks=len(models) * len(tasks),
            max_cost_micros=plan.max_cost_micros,
            own_category=plan.own_suite.category if plan.own_suite else "",
            scheduled=plan.scheduled,
        )
        if record is None:
            record = BenchmarkRun(str(uuid_utils.uuid7()), datetime.now(UTC), plan.caller, stored.to_json())
        spending = Spending(plan.max_cost_micros, spent=sum(result.cost_micros or 0 for result in results))
        unpriced = sum(model.price is None for model in models)
        total = len(results) + sum(map(len, left.values()))
        return _Run(
            record, stored, Schedule(models, left, plan.concurrency), spending, expected, unpriced, total, list(results)
        )

    async def _events(self, run: "_Run", lease: RunLease) -> AsyncGenerator[BenchmarkProgress, None]:
        """Measures what is left of a run."""
        try:
            while self._fill(run):
                await lease.renew()
                for end in await self._ends(run):
                    if run.take(end, self._clock()):
                        yield progress_of(len(run.results), run.total, end.measurement)
        finally:
            await _cancel(run.running)

    def _fill(self, run: "_Run") -> bool:
        """Starts what can be started; returns whether there is something to wait for."""
        while not run.spending.exhausted and (job := run.schedule.start(self._clock())) is not None:
            if run.spending.commit(job):
                run.running.add(asyncio.create_task(self._do(job, run)))
        return bool(run.running) or (not run.spending.exhausted and run.schedule.wait(self._clock()) is not None)

    async def _ends(self, run: "_Run") -> Sequence["_End"]:
        """Waits for the first task that ends, for a model that has rested, or until the lease has to be renewed.

        Returns the tasks that have ended.
        """
        rest = run.schedule.wait(self._clock()) or None  # without a rest, only the end of a task makes room
        if not run.running:
            await asyncio.sleep(min(rest or 0.0, RENEW_SECONDS))
            return ()
        timeout = min(rest or RENEW_SECONDS, RENEW_SECONDS)
        done, run.running = await asyncio.wait(run.running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return [task.result() for task in done]

    async def _do(self, job: Job, run: "_Run") -> "_End":
        provider = self._catalog.provider(job.model.provider)
        unknown = result_of(run.id, _if_it_ended_now(job))
        async with self.spare.slot():
            note = self._recorder.note(orjson.dumps({"kind": BENCHMARK_NOTE, "result": unknown}))
            try:
                measurement = await measure(job, provider, self._boundary, self._task_seconds, self._clock)
            except BaseException:
                self._recorder.record_later(unknown, note)
                raise
        if run.can_postpone(measurement):
            self._recorder.forget(note)
            return _End(measurement)
        result = result_of(run.id, measurement)
        answers = [answer_of(result, measurement, self._redact)] if self._keeps_answers else []
        await self._recorder.record(result, *answers, slot=note)
        return _End(measurement, result)


@dataclass(frozen=True, slots=True)
class _End:
    """How a call ended; the result of a task that is postponed is None, as it is not recorded."""

    measurement: Measurement
    result: BenchmarkResult | None = None


@dataclass(slots=True)
class _Run:
    """A run under way. `rests` counts how often each model has rested since its latest answer."""

    record: BenchmarkRun
    stored: StoredPlan
    schedule: Schedule
    spending: Spending
    expected_cost_micros: int
    unpriced_models: int
    total: int
    results: list[BenchmarkResult] = field(default_factory=list)
    running: set[asyncio.Task[_End]] = field(default_factory=set)
    rests: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.run_id

    @property
    def is_done(self) -> bool:
        """Whether every task has a result, so that there is nothing to go on with."""
        return len(self.results) >= self.total

    def started(self) -> BenchmarkStarted:
        """Returns the event with which the run starts."""
        return BenchmarkStarted(
            run_id=self.id,
            models=list(self.stored.models),
            suites=list(self.stored.suites),
            total_tasks=self.total,
            completed_tasks=len(self.results),
            expected_cost_micros=self.expected_cost_micros,
            unpriced_models=self.unpriced_models,
            seed=self.stored.seed,
        )

    def can_postpone(self, measurement: Measurement) -> bool:
        """Returns whether a task that was refused is tried again after a rest."""
        rest = measurement.retry_after
        return rest is not None and rest <= LONGEST_REST and self.rests[measurement.job.model.id] < MOST_RESTS

    def take(self, end: _End, now: float) -> bool:
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
        return True


async def _cancel(tasks: set[asyncio.Task[_End]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _if_it_ended_now(job: Job) -> Measurement:
    """Returns the result of a task if the run ends during its call: what it costs is not known."""
    return Measurement(job, 0.0, usage_of(job.task), error=Failure(OutcomeUnknown.reason, ""))


def _expected(models: Sequence[Model], left: Mapping[str, Sequence[tuple[BenchmarkSuite, BenchmarkTask]]]) -> int:
    return sum(expected_cost([model], [task for _, task in left[model.id]]) for model in models)
