"""Runs a benchmark: every task of the plan for every model, with limited concurrency."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import getrandbits
from time import monotonic
from typing import Any

import orjson
import structlog
import uuid_utils

from ymera_service.benchmark.measuring import Measurement, measure
from ymera_service.benchmark.plan import BenchmarkPlan, Job, check, models_of, suites_of, tasks_of
from ymera_service.benchmark.schedule import Schedule
from ymera_service.benchmark.scores import BenchmarkScore, scores_of
from ymera_service.benchmark.spending import Spending, expected_cost, usage_of
from ymera_service.catalog import Catalog
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.slots import RETRY_AFTER
from ymera_service.resilience.spare import Spare
from ymera_service.routing.evidence import Evidence
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.errors import OutcomeUnknown, Overloaded
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import BenchmarkResult

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
BENCHMARK_NOTE = "benchmark"
"""The kind of the notes in the journal that `unsettled_result` reads."""


@dataclass(frozen=True, slots=True)
class BenchmarkStarted:
    """What will be measured; `total_tasks` is the sum over all models, and `expected_cost_micros` over those whose
    price is known. `seed` chose the tasks."""

    run_id: str
    models: list[str]
    suites: list[str]
    total_tasks: int
    expected_cost_micros: int
    unpriced_models: int
    seed: int


@dataclass(frozen=True, slots=True)
class BenchmarkProgress:
    """One task is done and its result is durable.

    `score` is 0 and `error` is set if the task could not be graded; `duration` is in seconds.
    """

    completed_tasks: int
    total_tasks: int
    model: str
    suite: str
    category: str
    task_id: str
    score: float
    duration: float
    error: Failure | None


@dataclass(frozen=True, slots=True)
class BenchmarkCompleted:
    """Terminal: all tasks are done and stored, and routing uses the results."""

    run_id: str
    scores: list[BenchmarkScore]


BenchmarkEvent = BenchmarkStarted | BenchmarkProgress | BenchmarkCompleted


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
        task_seconds: float = TASK_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._catalog = catalog
        self._suites = suites
        self._recorder = recorder
        self._evidence = evidence
        self._database = database
        self._task_seconds = task_seconds
        self._clock = clock
        self._boundary = boundary
        self.spare = spare
        self._runs = 0

    async def run(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        """Yields a start, progress after each task, and the scores.

        Closing the generator, or cancelling its reader, cancels the calls in progress; results until then are kept,
        and the calls are recorded with an estimate of their cost.

        Raises:
            InvalidRequest, ModelNotFound, SuiteNotFound: The plan is not valid.
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
        self._evidence.load(await self._database.benchmarks.summaries())

    async def _measured(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        models, suites = models_of(plan, self._catalog.snapshot), suites_of(plan, self._suites())
        check(plan, suites)
        seed = getrandbits(SEED_BITS) if plan.seed is None else plan.seed
        tasks = await asyncio.to_thread(tasks_of, plan, suites, seed)
        run_id, total = str(uuid_utils.uuid7()), len(models) * len(tasks)
        expected = await asyncio.to_thread(expected_cost, models, [task for _, task in tasks])
        yield BenchmarkStarted(
            run_id=run_id,
            models=[model.id for model in models],
            suites=[suite.name for suite in suites],
            total_tasks=total,
            expected_cost_micros=expected,
            unpriced_models=sum(model.price is None for model in models),
            seed=seed,
        )
        if plan.plan_only:
            yield BenchmarkCompleted(run_id, [])
            return
        run = _Run(run_id, Schedule(models, tasks, plan.concurrency), Spending(plan.max_cost_micros))
        try:
            while self._fill(run):
                for end in await self._ends(run):
                    if run.take(end, self._clock()):
                        yield _progress(len(run.measurements), total, end.measurement)
        finally:
            await _cancel(run.running)
        await self.reread()
        yield BenchmarkCompleted(run_id, scores_of(run.measurements))

    def _fill(self, run: "_Run") -> bool:
        """Starts what can be started; returns whether there is something to wait for."""
        while not run.spending.exhausted and (job := run.schedule.start(self._clock())) is not None:
            if run.spending.commit(job):
                run.running.add(asyncio.create_task(self._do(job, run)))
        return bool(run.running) or (not run.spending.exhausted and run.schedule.wait(self._clock()) is not None)

    async def _ends(self, run: "_Run") -> Sequence["_End"]:
        """Waits for the first task that ends, or for a model that has rested; returns the tasks that have ended."""
        rest = run.schedule.wait(self._clock()) or None  # without a rest, only the end of a task makes room
        if not run.running:
            await asyncio.sleep(rest or 0.0)
            return ()
        done, run.running = await asyncio.wait(run.running, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        return [task.result() for task in done]

    async def _do(self, job: Job, run: "_Run") -> "_End":
        provider = self._catalog.provider(job.model.provider)
        unknown = _result(run.id, _if_it_ended_now(job))
        async with self.spare.slot():
            note = self._recorder.note(orjson.dumps({"kind": BENCHMARK_NOTE, "result": unknown}))
            try:
                measurement = await measure(job, provider, self._boundary, self._task_seconds, self._clock)
            except BaseException:
                self._recorder.record_later(unknown, note)
                raise
        if run.can_postpone(measurement):
            self._recorder.forget(note)
            return _End(measurement, is_postponed=True)
        await self._recorder.record(_result(run.id, measurement), slot=note)
        return _End(measurement)


@dataclass(frozen=True, slots=True)
class _End:
    """How a call ended; a task that is postponed is not recorded."""

    measurement: Measurement
    is_postponed: bool = False


@dataclass(slots=True)
class _Run:
    """A run under way. `rests` counts how often each model has rested since its latest answer."""

    id: str
    schedule: Schedule
    spending: Spending
    measurements: list[Measurement] = field(default_factory=list)
    running: set[asyncio.Task[_End]] = field(default_factory=set)
    rests: Counter[str] = field(default_factory=Counter)

    def can_postpone(self, measurement: Measurement) -> bool:
        """Returns whether a task that was refused is tried again after a rest."""
        rest = measurement.retry_after
        return rest is not None and rest <= LONGEST_REST and self.rests[measurement.job.model.id] < MOST_RESTS

    def take(self, end: _End, now: float) -> bool:
        """Takes the end of a task; returns False if it will be tried again."""
        job, rest = end.measurement.job, end.measurement.retry_after or 0.0
        if end.is_postponed:
            self.spending.release(job)
            if self.schedule.postpone(job, now, rest):
                self.rests[job.model.id] += 1
                _log.warning("benchmark waits for a limit", model=job.model.id, seconds=rest)
            return False
        if end.measurement.error is None:
            self.rests[job.model.id] = 0
        self.schedule.finish(job)
        self.spending.settle(end.measurement)
        self.measurements.append(end.measurement)
        return True


async def _cancel(tasks: set[asyncio.Task[_End]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _if_it_ended_now(job: Job) -> Measurement:
    """Returns the result of a task if the run ends during its call: what it costs is not known."""
    return Measurement(job, 0.0, usage_of(job.task), error=Failure(OutcomeUnknown.reason, ""))


def _result(run_id: str, measurement: Measurement) -> BenchmarkResult:
    job = measurement.job
    return BenchmarkResult(
        run_id=run_id,
        created_at=datetime.now(UTC),
        model=job.model.id,
        suite=job.suite.name,
        category=job.task.category,
        task_id=job.task.id,
        score=measurement.score,
        duration=measurement.duration,
        usage=measurement.usage or Usage(),
        cost_micros=measurement.cost_micros,
        error_reason=measurement.error.reason if measurement.error else "",
    )


def unsettled_result(note: Mapping[str, Any]) -> Sequence[BenchmarkResult]:
    """Returns what to record for a task whose call was noted before the process ended.

    Raises:
        KeyError, TypeError, ValueError: It is not such a note.
    """
    result = note["result"]
    created_at, usage = datetime.fromisoformat(result["created_at"]), Usage(**result["usage"])
    return (BenchmarkResult(**dict(result) | {"created_at": created_at, "usage": usage}),)


def _progress(completed: int, total: int, measurement: Measurement) -> BenchmarkProgress:
    job = measurement.job
    return BenchmarkProgress(
        completed_tasks=completed,
        total_tasks=total,
        model=job.model.id,
        suite=job.suite.name,
        category=job.task.category,
        task_id=job.task.id,
        score=measurement.score or 0.0,
        duration=measurement.duration,
        error=measurement.error,
    )
