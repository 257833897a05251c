"""Runs a benchmark: every task of the plan for every model, with limited concurrency."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

import orjson
import structlog

from ymera_service.benchmark.events import (
    BenchmarkCompleted,
    BenchmarkEvent,
    BenchmarkProgress,
    BenchmarkStarted,
    RunEnd,
    progress_of,
)
from ymera_service.benchmark.judging import comparison_of
from ymera_service.benchmark.measuring import Measurement, measure
from ymera_service.benchmark.plan import BenchmarkPlan, Job
from ymera_service.benchmark.preparation import Preparation
from ymera_service.benchmark.resuming import RENEW_SECONDS, RunLease
from ymera_service.benchmark.run import End, Run
from ymera_service.benchmark.runs import BENCHMARK_NOTE, answer_of, result_of
from ymera_service.benchmark.schedule import WholeSchedule
from ymera_service.benchmark.scores import BenchmarkScore, scores_of
from ymera_service.benchmark.spending import usage_of
from ymera_service.catalog import Catalog
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.slots import RETRY_AFTER
from ymera_service.resilience.spare import Spare
from ymera_service.routing.decision import Balance
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.prompts.features import Features, to_json
from ymera_service.sdk.benchmarks import BenchmarkSuite
from ymera_service.sdk.errors import ModelNotFound, OutcomeUnknown, Overloaded
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Prompt
from ymera_service.storage import Database, Recorder
from ymera_service.storage.benchmark_tasks import TaskFeatures
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
        balance: Callable[[], Balance],
        features: Callable[[Prompt], Awaitable[Features | None]],
        redact: Callable[[str], str] = str,
        keeps_answers: bool = True,
        task_seconds: float = TASK_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Takes what it measures and stores with, what routing chooses by besides quality, and what it learns by.

        `features` returns what is kept of a prompt to find requests like it; None if nothing is. `redact` removes
        secrets from answers, which are kept if wanted.
        """
        self._preparation = Preparation(
            catalog=catalog, suites=suites, evidence=evidence, database=database, balance=balance, clock=clock
        )
        self._catalog = catalog
        self._recorder = recorder
        self._evidence = evidence
        self._database = database
        self._task_seconds = task_seconds
        self._clock = clock
        self._boundary = boundary
        self._redact = redact
        self._keeps_answers = keeps_answers
        self._features = features
        self.spare = spare
        self._runs = 0

    async def run(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        """Yields a start, progress after each task, and the scores with what routing would choose by them.

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
        matches = await self._database.comparisons.matches()
        tasks = self._database.benchmarks.tasks
        await asyncio.to_thread(self._evidence.prepare, summaries, matches, tasks)
        self._evidence.load(summaries, matches, tasks)

    async def _measured(self, plan: BenchmarkPlan) -> AsyncGenerator[BenchmarkEvent, None]:
        run = await self._preparation.run_of(plan)
        if plan.plan_only:
            yield run.started()
            yield BenchmarkCompleted(run.id, [])
            return
        async with RunLease(self._database.leases, run.id) as lease:
            if plan.resume:  # what was stored until the lease was free
                run = await self._preparation.run_of(plan)
            await self._recorder.record(run.record)
            yield run.started()
            async with aclosing(self._events(run, lease)) as events:
                async for event in events:
                    yield event
            if run.end is not RunEnd.LIMIT_REACHED or run.stored.scheduled:
                await self._recorder.record(replace(run.record, ended_at=datetime.now(UTC)))
        await self.reread()
        yield BenchmarkCompleted(run.id, scores_of(run.all_results), await run.choices(), run.end)

    async def _events(self, run: Run, lease: RunLease) -> AsyncGenerator[BenchmarkProgress, None]:
        """Measures what is left of a run."""
        try:
            while self._fill(run) or self._judge(run):
                await lease.renew()
                for end in await self._ends(run):
                    if run.take(end, self._clock()):
                        yield progress_of(run.completed, run.total, end.measurement)
                await run.evaluate()
        finally:
            await _cancel(run.running)

    def _fill(self, run: Run) -> bool:
        """Starts what can be started; returns whether there is something to wait for."""
        run.spending.check(self._clock())
        while not run.spending.exhausted and (job := run.schedule.start(self._clock())) is not None:
            if run.spending.commit(job):
                run.running[asyncio.create_task(self._do(job, run))] = job
        return bool(run.running) or (not run.spending.exhausted and run.schedule.wait(self._clock()) is not None)

    def _judge(self, run: Run) -> bool:
        """Begins with the comparisons once all tasks are done; returns whether there are any.

        Raises:
            ModelNotFound: None of the judges of a resumed run is offered any more.
        """
        if not run.pairwise or run.is_judged or run.spending.exhausted:
            return False
        if not run.judges and run.completed < run.total:
            raise ModelNotFound("none of the run's judges is offered now; `ymera health` shows the reason")
        run.is_judged, left = True, run.judgements()
        run.schedule = WholeSchedule(run.judges, left, run.slots)
        return self._fill(run)

    async def _ends(self, run: Run) -> Sequence[End]:
        """Waits for the first task that ends, for a model that has rested, or until the lease has to be renewed.

        Returns the tasks that have ended.
        """
        rest = run.schedule.wait(self._clock()) or None  # without a rest, only the end of a task makes room
        if not run.running:
            await asyncio.sleep(min(rest or 0.0, RENEW_SECONDS))
            return ()
        timeout = min(rest or RENEW_SECONDS, RENEW_SECONDS)
        done, _ = await asyncio.wait(run.running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del run.running[task]
        return [task.result() for task in done]

    async def _do(self, job: Job, run: Run) -> End:
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
            return End(measurement)
        result = result_of(run.id, measurement)
        answers = [answer_of(result, measurement, self._redact)] if self._keeps_answers else []
        compared = comparison_of(result, measurement)
        described = await self._described(result, job, run)
        await self._recorder.record(result, *answers, *([compared] if compared else []), *described, slot=note)
        return End(measurement, result)

    async def _described(self, result: BenchmarkResult, job: Job, run: Run) -> Sequence[TaskFeatures]:
        """Returns what is kept of a task's prompt when a model of the run is graded in it for the first time."""
        task = result.suite, result.task_id
        if result.score is None or task in run.described:
            return ()
        run.described.add(task)
        features = await self._features(job.task.prompt)
        return () if features is None else [TaskFeatures(*task, result.created_at, to_json(features))]


async def _cancel(tasks: Collection[asyncio.Task[End]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _if_it_ended_now(job: Job) -> Measurement:
    """Returns the result of a task if the run ends during its call: what it costs is not known."""
    return Measurement(job, 0.0, usage_of(job.task), error=Failure(OutcomeUnknown.reason, ""))
