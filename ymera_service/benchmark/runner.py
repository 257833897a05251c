"""Runs a benchmark: every task of the plan for every model, with limited concurrency."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from random import getrandbits
from time import monotonic

import orjson
import structlog
import uuid_utils

from ymera_service.benchmark.adaptive import AdaptiveSchedule
from ymera_service.benchmark.evaluation import Evaluator
from ymera_service.benchmark.events import (
    BenchmarkCompleted,
    BenchmarkEvent,
    BenchmarkProgress,
    BenchmarkStarted,
    RunEnd,
    progress_of,
)
from ymera_service.benchmark.judging import (
    comparison_of,
    contestants_of,
    judgements_for,
    judges_of,
    related_judgements,
)
from ymera_service.benchmark.measuring import Measurement, measure
from ymera_service.benchmark.plan import BenchmarkPlan, Job, check, models_of, suites_of, tasks_of
from ymera_service.benchmark.resuming import RENEW_SECONDS, RunLease, plan_again
from ymera_service.benchmark.run import End, Run
from ymera_service.benchmark.runs import BENCHMARK_NOTE, StoredPlan, answer_of, result_of
from ymera_service.benchmark.schedule import Schedule, Tasks, WholeSchedule
from ymera_service.benchmark.scores import BenchmarkScore, scores_of
from ymera_service.benchmark.spending import Limits, Spending, expected_cost, expected_judging, usage_of
from ymera_service.catalog import Catalog
from ymera_service.plugins.boundary import Boundary
from ymera_service.resilience.slots import RETRY_AFTER
from ymera_service.resilience.spare import Spare
from ymera_service.routing.decision import Balance
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.features import Features, to_json
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, PairwiseTask
from ymera_service.sdk.errors import ModelNotFound, OutcomeUnknown, Overloaded
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Model
from ymera_service.storage import Database, Recorder
from ymera_service.storage.benchmark_tasks import TaskFeatures
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
        self._balance = balance
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
            if run.end is not RunEnd.LIMIT_REACHED or run.stored.scheduled:
                await self._recorder.record(replace(run.record, ended_at=datetime.now(UTC)))
        await self.reread()
        yield BenchmarkCompleted(run.id, scores_of(run.all_results), await run.choices(), run.end)

    async def _prepared(self, plan: BenchmarkPlan) -> Run:
        """Returns a run that is not begun, or one to go on with.

        Raises:
            YmeraError: As `run`.
        """
        record, results, answers = None, [], {}
        if plan.resume:
            record, plan = await plan_again(plan, self._database.benchmark_runs, self._catalog.snapshot)
            found = await self._database.benchmark_runs.results(record.run_id)
            results = [result for result, _ in found]
            answers = {
                (result.suite, result.task_id, result.model): each.answer
                for result, each in found
                if each is not None and not result.error_reason
            }
        models, suites = models_of(plan, self._catalog.snapshot), suites_of(plan, self._suites())
        check(plan, suites)
        judges = self._judges(plan, models)
        models = contestants_of(models, judges)
        seed = getrandbits(SEED_BITS) if plan.seed is None else plan.seed
        tasks = await asyncio.to_thread(tasks_of, plan, suites, seed, len(models))
        done = {(result.model, result.suite, result.task_id) for result in results}
        left = {
            model.id: [task for task in tasks if (model.id, task[0].name, task[1].id) not in done] for model in models
        }
        pairwise = [(suite, task) for suite, task in tasks if isinstance(task, PairwiseTask)]
        judged = sum(judgements_for(task, len(models)) for _, task in pairwise)
        stored = _stored(plan, models, judges, tasks, seed=seed, judged=judged)
        if record is None:
            record = BenchmarkRun(str(uuid_utils.uuid7()), datetime.now(UTC), plan.caller, stored.to_json())
        spending = Spending(
            Limits(plan.max_cost_micros, plan.max_requests, plan.max_seconds),
            cost_micros=sum(result.cost_micros or 0 for result in results),
            requests=len(results),
            now=self._clock(),
        )
        evaluator = await self._evaluator(plan, stored, sorted({task.category for _, task in tasks}))
        judged_left = max(judged - sum(result.model in plan.judges for result in results), 0)
        return Run(
            record=record,
            stored=stored,
            schedule=await asyncio.to_thread(_schedule, models, left, plan, evaluator, spending),
            spending=spending,
            evaluator=evaluator,
            slots=plan.concurrency,
            before=await asyncio.to_thread(evaluator.standings, ()),
            judges=judges,
            pairwise=pairwise,
            answers={key: answers[key] for key in answers.keys() & _places(pairwise, models)},
            comparisons=judged,
            related_comparisons=await asyncio.to_thread(
                related_judgements, [task for _, task in pairwise], stored.models, judges
            ),
            expected_cost_micros=await asyncio.to_thread(_expected, models, left)
            + expected_judging(judges[:1], pairwise, len(models)) * judged_left // max(judged, 1),
            unpriced_models=sum(model.price is None for model in (*models, *judges)),
            total=len(results) + sum(map(len, left.values())) + judged_left,
            known=results,
        )

    async def _evaluator(self, plan: BenchmarkPlan, stored: StoredPlan, categories: list[str]) -> Evaluator:
        """Returns what is known of all models that the caller may use, which the measured ones are compared with."""
        compared = BenchmarkPlan(caller_models=plan.caller_models)
        return Evaluator(
            self._evidence,
            self._balance(),
            await self._database.benchmarks.summaries(),
            models=[model.id for model in models_of(compared, self._catalog.snapshot)],
            measured=stored.models,
            categories=categories,
            suites=stored.suites,
        )

    def _judges(self, plan: BenchmarkPlan, contestants: Sequence[Model]) -> list[Model]:
        if not plan.judges:
            return []
        catalog = self._catalog.snapshot
        usable = models_of(
            BenchmarkPlan(max_cost_micros=plan.max_cost_micros, caller_models=plan.caller_models), catalog
        )
        if plan.resume:
            offered = {model.id: model for model in usable}
            return [offered[judge] for judge in plan.judges if judge in offered]
        return judges_of(plan.judges, usable, contestants if plan.models else (), catalog)

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


def _stored(
    plan: BenchmarkPlan,
    models: Sequence[Model],
    judges: Sequence[Model],
    tasks: Sequence[tuple[BenchmarkSuite, BenchmarkTask]],
    *,
    seed: int,
    judged: int,
) -> StoredPlan:
    """Returns a plan as it is stored, by which its run can be resumed; `judged` counts the judges' calls."""
    return StoredPlan(
        models=[model.id for model in models],
        suites=sorted({suite.name for suite, _ in tasks}),
        categories=plan.categories,
        tasks_per_category=plan.tasks_per_category,
        seed=seed,
        total_tasks=len(models) * len(tasks) + judged,
        max_cost_micros=plan.max_cost_micros,
        own_category=plan.own_suite.category if plan.own_suite else "",
        scheduled=plan.scheduled,
        adaptive=plan.adaptive,
        max_requests=plan.max_requests,
        judges=[judge.id for judge in judges],
    )


def _schedule(
    models: Sequence[Model], tasks: Tasks, plan: BenchmarkPlan, evaluator: Evaluator, spending: Spending
) -> Schedule:
    if not plan.adaptive:
        return WholeSchedule(models, tasks, plan.concurrency)
    evaluation = evaluator.evaluate(())
    return AdaptiveSchedule(
        models, tasks, plan.concurrency, evaluation=evaluation, suites=evaluator.suites, share=spending.share
    )


def _if_it_ended_now(job: Job) -> Measurement:
    """Returns the result of a task if the run ends during its call: what it costs is not known."""
    return Measurement(job, 0.0, usage_of(job.task), error=Failure(OutcomeUnknown.reason, ""))


def _places(
    tasks: Iterable[tuple[BenchmarkSuite, BenchmarkTask]], models: Sequence[Model]
) -> set[tuple[str, str, str]]:
    return {(suite.name, task.id, model.id) for suite, task in tasks for model in models}


def _expected(models: Sequence[Model], left: Tasks) -> int:
    return sum(expected_cost([model], [task for _, task in left[model.id]]) for model in models)
