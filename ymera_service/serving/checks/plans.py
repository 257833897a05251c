"""Plans of measurements, as far as they can be wrong in themselves. Which suites exist, the benchmark knows."""

from ymera_service.benchmark.plan import MAX_CONCURRENCY, MAX_TASKS_PER_CATEGORY, BenchmarkPlan
from ymera_service.serving.checks.own_suites import check_own_suite
from ymera_service.serving.checks.violations import Violations


def check_plan(plan: BenchmarkPlan, faults: Violations) -> None:
    """Notes every fault of a plan."""
    faults.texts("models", plan.models)
    faults.texts("suites", plan.suites)
    faults.texts("categories", plan.categories)
    faults.number("tasks_per_category", plan.tasks_per_category, 1, MAX_TASKS_PER_CATEGORY)
    faults.number("concurrency", plan.concurrency, 1, MAX_CONCURRENCY)
    if plan.max_cost_micros is not None:
        faults.number("max_cost_micros", plan.max_cost_micros, 0)
    if plan.own_suite is not None:
        check_own_suite(plan.own_suite, faults)
        for field, values in (("suites", plan.suites), ("categories", plan.categories)):
            if values:
                faults.add(field, "has to be empty with own_suite, whose tasks are run in place of suites")
