"""Plans of measurements, as far as they can be wrong in themselves. Which suites exist, the benchmark knows."""

from ymera_service.benchmark.plan import MAX_CONCURRENCY, MAX_TASKS_PER_CATEGORY, BenchmarkPlan
from ymera_service.serving.checks.own_suites import check_own_suite
from ymera_service.serving.checks.violations import Violations

MAX_RUN_ID = 128
"""Characters of the id of a run."""


def check_plan(plan: BenchmarkPlan, faults: Violations) -> None:
    """Notes every fault of a plan."""
    faults.texts("models", plan.models)
    faults.texts("suites", plan.suites)
    faults.texts("categories", plan.categories)
    faults.texts("judge_models", plan.judges)
    if plan.judges and plan.adaptive:
        faults.add("judge_models", "has to be empty if adaptive, as answers are compared once all tasks are done")
    faults.number("tasks_per_category", plan.tasks_per_category, 1, MAX_TASKS_PER_CATEGORY)
    faults.number("concurrency", plan.concurrency, 1, MAX_CONCURRENCY)
    if plan.max_cost_micros is not None:
        faults.number("max_cost_micros", plan.max_cost_micros, 0)
    if plan.max_requests is not None:
        faults.number("max_requests", plan.max_requests, 0)
    if plan.max_seconds is not None:
        faults.number("max_duration", plan.max_seconds, 0)
    faults.text("resume_run_id", plan.resume, max_length=MAX_RUN_ID)
    if plan.resume:
        _check_resumed(plan, faults)
    if plan.own_suite is not None:
        check_own_suite(plan.own_suite, faults)
        for field, values in (("suites", plan.suites), ("categories", plan.categories)):
            if values:
                faults.add(field, "has to be empty with own_suite, whose tasks are run in place of suites")
        if plan.judges:
            faults.add("judge_models", "has to be empty with own_suite, whose tasks have right answers")


def _check_resumed(plan: BenchmarkPlan, faults: Violations) -> None:
    fixed = {"judge_models": plan.judges, "models": plan.models, "suites": plan.suites, "categories": plan.categories}
    for field, value in fixed.items():
        if value:
            faults.add(field, "has to be empty with resume_run_id, as the run says what is measured")
    if plan.adaptive:
        faults.add("adaptive", "has to be absent with resume_run_id, as the run says whether it is")
    if plan.seed is not None:
        faults.add("seed", "has to be absent with resume_run_id, as the run has one")
