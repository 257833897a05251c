"""The plan of a benchmark, its checks, and its tasks."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ymera_service.benchmark.own import OwnSuite
from ymera_service.catalog import CatalogSnapshot
from ymera_service.sdk.benchmarks import BenchmarkSuite, BenchmarkTask, PairwiseTask
from ymera_service.sdk.errors import (
    FieldViolation,
    InternalError,
    InvalidRequest,
    ModelNotFound,
    ModelNotPermitted,
    SuiteNotFound,
)
from ymera_service.sdk.models import Kind, Model

MAX_TASKS_PER_CATEGORY = 1000
MAX_CONCURRENCY = 64
MAX_TASKS = 200_000
"""The maximum number of tasks of all models: their schedule, costs and results are held in memory."""


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """What to measure. Empty `models`, `suites` and `categories` mean all.

    Attributes:
        models: Ids, names or patterns; see `CatalogSnapshot.match`.
        tasks_per_category: The maximum number of tasks per suite and category, from 1 to 1,000.
        seed: The seed for the choice of tasks; None draws one.
        concurrency: The maximum number of tasks that run at the same time, from 1 to 64.
        plan_only: Whether nothing is measured.
        max_cost_micros: What the run may cost in micro-USD; models whose price is not known are then left out.
        max_requests: How many calls of models the run may make, those before an interruption included.
        max_seconds: After how long no more tasks are started; None, like that of the other limits, means never.
        adaptive: Whether only tasks are started that may change a choice of routing, the most informative ones first.
        judges: Models that compare answers; see `CatalogSnapshot.match`. Without them no answers are compared.
        own_suite: Tasks of the caller's own, which are run in place of suites.
        resume: The id of a run to go on with, which says what to measure; empty for a new run.
        scheduled: Whether the server runs it by itself.
        caller: The name of the caller's key; empty if callers were not identified.
        caller_models: The models that its caller may use, as `models`.
    """

    models: Sequence[str] = ()
    suites: Sequence[str] = ()
    categories: Sequence[str] = ()
    tasks_per_category: int = 5
    seed: int | None = None
    concurrency: int = 4
    plan_only: bool = False
    max_cost_micros: int | None = None
    max_requests: int | None = None
    max_seconds: float | None = None
    adaptive: bool = False
    judges: Sequence[str] = ()
    own_suite: OwnSuite | None = None
    resume: str = ""
    scheduled: bool = False
    caller: str = ""
    caller_models: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One task for one model."""

    model: Model
    suite: BenchmarkSuite
    task: BenchmarkTask


def models_of(plan: BenchmarkPlan, catalog: CatalogSnapshot) -> list[Model]:
    """Returns the models of a plan, each once, in the order of their ids.

    Raises:
        ModelNotFound: A pattern matches no model, or no provider offers any.
        ModelNotPermitted: The caller may not use any model that a pattern matches, or any on offer.
    """
    models = {id_: model for id_, model in catalog.models.items() if _can_be_measured(model, plan)}
    if not models:
        raise ModelNotFound("no provider offers a model now; `ymera health` shows the reason")
    if plan.caller_models:
        models = _permitted(models, plan, catalog)
    if not plan.models:
        return list(models.values())
    found = {model for pattern in plan.models for model in _matching(pattern, catalog)}
    return [models[model] for model in sorted(found & models.keys())]


def _can_be_measured(model: Model, plan: BenchmarkPlan) -> bool:
    return model.info.kind is Kind.GENERATE and (plan.max_cost_micros is None or model.price is not None)


def _permitted(models: Mapping[str, Model], plan: BenchmarkPlan, catalog: CatalogSnapshot) -> dict[str, Model]:
    permitted = {model for pattern in plan.caller_models for model in catalog.match(pattern)}
    for pattern in plan.models:
        if permitted.isdisjoint(_matching(pattern, catalog)):
            named = pattern[:256]
            raise ModelNotPermitted(f"your key may not use {named!r}", metadata={"model": named})
    if permitted.isdisjoint(models):
        raise ModelNotPermitted("your key may not use any model that could be measured")
    return {model: models[model] for model in models if model in permitted}


def _matching(pattern: str, catalog: CatalogSnapshot) -> list[str]:
    found = catalog.match(pattern)
    if not found:
        near = _suggestion(catalog.close_to(pattern))
        raise ModelNotFound(f"no model matches {pattern[:256]!r}{near}", metadata={"model": pattern[:256]})
    return found


def suites_of(plan: BenchmarkPlan, suites: Mapping[str, BenchmarkSuite]) -> list[BenchmarkSuite]:
    """Returns the suites of a plan, each once, in the order of their names.

    Raises:
        InvalidRequest: The caller's own suite has the name of an installed one.
        SuiteNotFound: A name is unknown, or no plugin offers a suite.
    """
    if plan.own_suite is not None:
        if plan.own_suite.name in suites:
            raise InvalidRequest(
                [FieldViolation("own_suite.name", "is the name of an installed suite; choose another")]
            )
        return [plan.own_suite]
    if not suites:
        raise SuiteNotFound("no plugin offers a benchmark suite; install one, such as ymera-basics")
    for name in plan.suites:
        if name not in suites:
            near = _suggestion(difflib.get_close_matches(name, suites, cutoff=0.5))
            raise SuiteNotFound(f"suite {name[:256]!r} does not exist{near}", metadata={"suite": name[:256]})
    return [suites[name] for name in sorted(set(plan.suites) or suites)]


def _suggestion(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""


def check(plan: BenchmarkPlan, suites: Sequence[BenchmarkSuite]) -> None:
    """Checks the categories of a plan against the suites chosen.

    Raises:
        InvalidRequest: Naming every category that none of them has.
    """
    known = sorted({category for suite in suites for category in suite.categories})
    violations = [
        FieldViolation(f"categories[{index}]", f"{name[:64]!r} is not a category of the suites: {', '.join(known)}")
        for index, name in enumerate(plan.categories)
        if name not in known
    ]
    if violations:
        raise InvalidRequest(violations)


def tasks_of(
    plan: BenchmarkPlan, suites: Sequence[BenchmarkSuite], seed: int, models: int
) -> list[tuple[BenchmarkSuite, BenchmarkTask]]:
    """Returns the tasks of a plan, the same for every model.

    Raises:
        InternalError: A suite, which is a plugin's code, raised an exception.
        InvalidRequest: The answers to all tasks are compared, and there is no judge, or fewer than two models; or there
            are more than `MAX_TASKS` for all models.
    """
    tasks = [
        (suite, task)
        for suite in suites
        for category in _chosen(suite.categories, plan.categories)
        for task in _created(suite, category, plan.tasks_per_category, seed)
    ]
    if (total := models * len(tasks)) > MAX_TASKS:
        problem = f"makes {total:,} tasks in all; at most {MAX_TASKS:,} are allowed, so lower it or name fewer models"
        raise InvalidRequest([FieldViolation("tasks_per_category", problem)])
    graded = [each for each in tasks if not isinstance(each[1], PairwiseTask)]
    if plan.judges and models > 1:
        return tasks
    if tasks and not graded:
        field = "models" if plan.judges else "judge_models"
        remedy = "have to be at least two besides the judges" if plan.judges else "are required"
        raise InvalidRequest([FieldViolation(field, f"{remedy}, as the answers to all tasks are compared")])
    return graded


def _chosen(offered: Sequence[str], wanted: Collection[str]) -> list[str]:
    return [category for category in offered if not wanted or category in wanted]


def _created(suite: BenchmarkSuite, category: str, count: int, seed: int) -> Sequence[BenchmarkTask]:
    try:
        return list(islice(suite.tasks(category, count, seed), count))
    except BaseException as error:  # in a thread: nothing but the suite raises here, and it may call sys.exit
        raise InternalError(f"suite {suite.name!r} failed to create tasks: {type(error).__name__}") from error
