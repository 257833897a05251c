"""Prepares runs: what they measure, what of it is left, and what that will probably cost."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from random import getrandbits
from time import monotonic

import uuid_utils

from ymera_service.benchmark.adaptive import AdaptiveSchedule
from ymera_service.benchmark.evaluation import Evaluator
from ymera_service.benchmark.judging import Answers, contestants_of, judgements_for, judges_of, related_judgements
from ymera_service.benchmark.plan import BenchmarkPlan, check, models_of, suites_of, tasks_of
from ymera_service.benchmark.resuming import plan_again
from ymera_service.benchmark.run import Run
from ymera_service.benchmark.runs import StoredPlan
from ymera_service.benchmark.schedule import Schedule, Tasks, WholeSchedule
from ymera_service.benchmark.spending import RunLimits, Spending, expected_cost, expected_judging
from ymera_service.catalog import Catalog
from ymera_service.routing.decision import Balance
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, PairwiseTask
from ymera_service.sdk.models import Model
from ymera_service.storage import Database
from ymera_service.storage.records import BenchmarkResult, BenchmarkRun

SEED_BITS = 31
"""Of the seeds that are drawn: short enough to type again."""


@dataclass(frozen=True, slots=True)
class _Interrupted:
    """What is stored of a run that is to be resumed; nothing, if it is a new one."""

    record: BenchmarkRun | None = None
    results: Sequence[BenchmarkResult] = ()
    answers: Answers = field(default_factory=dict)


@dataclass(frozen=True)
class _Scope:
    """What a run measures: all tasks for all models; `judges` compare the answers to those that are pairwise."""

    models: Sequence[Model]
    judges: Sequence[Model]
    tasks: Sequence[tuple[BenchmarkSuite, BenchmarkTask]]
    seed: int

    @cached_property
    def pairwise(self) -> Sequence[tuple[BenchmarkSuite, PairwiseTask]]:
        """The tasks whose answers are compared."""
        return [(suite, task) for suite, task in self.tasks if isinstance(task, PairwiseTask)]

    @cached_property
    def judgements(self) -> int:
        """How many questions judges are asked if all models answer."""
        return sum(judgements_for(task, len(self.models)) for _, task in self.pairwise)

    def left(self, results: Sequence[BenchmarkResult]) -> Tasks:
        """Returns the tasks of each model that have no result yet."""
        done = {(each.model, each.suite, each.task_id) for each in results}
        return {
            model.id: [(suite, task) for suite, task in self.tasks if (model.id, suite.name, task.id) not in done]
            for model in self.models
        }

    def answers(self, known: Answers) -> dict[tuple[str, str, str], str]:
        """Returns those answers that are compared."""
        places = {(suite.name, task.id, model.id) for suite, task in self.pairwise for model in self.models}
        return {key: known[key] for key in known.keys() & places}

    def related_judgements(self) -> int:
        """Returns how many questions a judge of the family of a compared model is asked."""
        return related_judgements([task for _, task in self.pairwise], [one.id for one in self.models], self.judges)

    def expected_cost(self, left: Tasks, judgements: int) -> int:
        """Returns what the tasks that are left and this many judgements will probably cost, in micro-USD."""
        tasks = sum(expected_cost([model], [task for _, task in left[model.id]]) for model in self.models)
        judging = expected_judging(self.judges[:1], self.pairwise, len(self.models))
        return tasks + judging * judgements // max(self.judgements, 1)

    def stored(self, plan: BenchmarkPlan) -> StoredPlan:
        """Returns the plan as it is stored, by which its run can be resumed."""
        return StoredPlan(
            models=[model.id for model in self.models],
            suites=sorted({suite.name for suite, _ in self.tasks}),
            categories=plan.categories,
            tasks_per_category=plan.tasks_per_category,
            seed=self.seed,
            total_tasks=len(self.models) * len(self.tasks) + self.judgements,
            max_cost_micros=plan.max_cost_micros,
            own_category=plan.own_suite.category if plan.own_suite else "",
            scheduled=plan.scheduled,
            adaptive=plan.adaptive,
            max_requests=plan.max_requests,
            judges=[judge.id for judge in self.judges],
        )


class Preparation:
    """Makes runs of plans."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        suites: Callable[[], Mapping[str, BenchmarkSuite]],
        evidence: Evidence,
        database: Database,
        balance: Callable[[], Balance],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Takes what is offered and known, and what routing chooses by besides quality."""
        self._catalog = catalog
        self._suites = suites
        self._evidence = evidence
        self._database = database
        self._balance = balance
        self._clock = clock

    async def run_of(self, plan: BenchmarkPlan) -> Run:
        """Returns a run that is not begun, or the one that the plan resumes.

        Raises:
            InvalidRequest, ModelNotFound, ModelNotPermitted, SuiteNotFound: The plan is not valid.
            BenchmarkRunNotFound: The run to be resumed is not stored, or it is another caller's.
            StorageUnavailable: The database can't be read.
            InternalError: A suite failed to create its tasks.
        """
        before = _Interrupted()
        if plan.resume:
            plan, before = await self._interrupted(plan)
        results, scope = before.results, await self._scope(plan)
        stored, left = scope.stored(plan), scope.left(results)
        judgements_left = max(scope.judgements - sum(each.model in plan.judges for each in results), 0)
        spending = Spending(
            RunLimits(plan.max_cost_micros, plan.max_requests, plan.max_seconds),
            cost_micros=sum(each.cost_micros or 0 for each in results),
            requests=len(results),
            now=self._clock(),
        )
        evaluator = await self._evaluator(plan, scope)
        return Run(
            record=before.record or _record_of(plan, stored),
            stored=stored,
            schedule=await asyncio.to_thread(_schedule, scope.models, left, plan, evaluator, spending),
            spending=spending,
            evaluator=evaluator,
            slots=plan.concurrency,
            before=await asyncio.to_thread(evaluator.standings, ()),
            judges=scope.judges,
            pairwise=scope.pairwise,
            answers=scope.answers(before.answers),
            comparisons=scope.judgements,
            related_comparisons=await asyncio.to_thread(scope.related_judgements),
            expected_cost_micros=await asyncio.to_thread(scope.expected_cost, left, judgements_left),
            unpriced_models=sum(model.price is None for model in (*scope.models, *scope.judges)),
            total=len(results) + sum(map(len, left.values())) + judgements_left,
            known=results,
        )

    async def _interrupted(self, plan: BenchmarkPlan) -> tuple[BenchmarkPlan, _Interrupted]:
        """Returns the plan with what its run measures, and what is stored of that."""
        record, plan = await plan_again(plan, self._database.benchmark_runs, self._catalog.snapshot)
        found = await self._database.benchmark_runs.results(record.run_id)
        answers = {
            (result.suite, result.task_id, result.model): each.answer
            for result, each in found
            if each is not None and not result.error_reason
        }
        return plan, _Interrupted(record, [result for result, _ in found], answers)

    async def _scope(self, plan: BenchmarkPlan) -> _Scope:
        models, suites = models_of(plan, self._catalog.snapshot), suites_of(plan, self._suites())
        check(plan, suites)
        judges = self._judges(plan, models)
        models = contestants_of(models, judges)
        seed = getrandbits(SEED_BITS) if plan.seed is None else plan.seed
        return _Scope(models, judges, await asyncio.to_thread(tasks_of, plan, suites, seed, len(models)), seed)

    def _judges(self, plan: BenchmarkPlan, contestants: Sequence[Model]) -> Sequence[Model]:
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

    async def _evaluator(self, plan: BenchmarkPlan, scope: _Scope) -> Evaluator:
        """Returns what is known of all models that the caller may use, which the measured ones are compared with."""
        compared = BenchmarkPlan(caller_models=plan.caller_models)
        return Evaluator(
            self._evidence,
            self._balance(),
            await self._database.benchmarks.summaries(),
            models=[model.id for model in models_of(compared, self._catalog.snapshot)],
            measured=[model.id for model in scope.models],
            categories=sorted({task.category for _, task in scope.tasks}),
            suites=sorted({suite.name for suite, _ in scope.tasks}),
        )


def _record_of(plan: BenchmarkPlan, stored: StoredPlan) -> BenchmarkRun:
    return BenchmarkRun(str(uuid_utils.uuid7()), datetime.now(UTC), plan.caller, stored.to_json())


def _schedule(
    models: Sequence[Model], tasks: Tasks, plan: BenchmarkPlan, evaluator: Evaluator, spending: Spending
) -> Schedule:
    if not plan.adaptive:
        return WholeSchedule(models, tasks, plan.concurrency)
    evaluation = evaluator.evaluate(())
    return AdaptiveSchedule(
        models, tasks, plan.concurrency, evaluation=evaluation, suites=evaluator.suites, share=spending.share
    )
