"""What a plan measures, and plans that are refused."""

from typing import TYPE_CHECKING

import pytest

from tests.unit.benchmark.runs import progress, run
from ymera_service.benchmark.plan import models_of
from ymera_service.benchmark.runner import BenchmarkCompleted, BenchmarkPlan, BenchmarkStarted
from ymera_service.catalog import Catalog
from ymera_service.config import CatalogSettings
from ymera_service.sdk.errors import InternalError, InvalidRequest, ModelNotFound, ModelNotPermitted, SuiteNotFound

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench


async def test_each_run_draws_tasks_of_its_own_and_says_how_to_repeat_them(bench: "Bench") -> None:
    async def tasks(plan: BenchmarkPlan) -> tuple[int, set[str]]:
        events = await run(bench, plan)
        assert isinstance(events[0], BenchmarkStarted)
        return events[0].seed, {event.task_id for event in progress(events)}

    seed, first = await tasks(BenchmarkPlan(["large"], categories=["math"]))
    assert await tasks(BenchmarkPlan(["large"], categories=["math"])) != (seed, first)
    assert await tasks(BenchmarkPlan(["large"], categories=["math"], seed=seed)) == (seed, first)


async def test_a_plan_says_what_it_would_cost_and_calls_nothing(bench: "Bench") -> None:
    one, ten = [
        await run(bench, BenchmarkPlan(["large"], categories=["math"], tasks_per_category=tasks, plan_only=True))
        for tasks in (1, 10)
    ]
    for events, tasks in ((one, 1), (ten, 10)):
        assert isinstance(events[0], BenchmarkStarted)
        assert (events[0].total_tasks, events[0].unpriced_models) == (tasks, 0)
        assert events[1:] == [BenchmarkCompleted(events[0].run_id, [])]
    assert isinstance(one[0], BenchmarkStarted)
    assert isinstance(ten[0], BenchmarkStarted)
    assert ten[0].expected_cost_micros > 5 * one[0].expected_cost_micros > 0
    assert await bench.database.benchmarks.summaries() == []


async def test_the_error_of_a_suite_without_tasks_names_it(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.suites["sums"], "tasks", lambda *_: 1 // 0)
    with pytest.raises(InternalError, match=r"'sums'.*ZeroDivisionError"):
        await run(bench, BenchmarkPlan())


async def test_the_error_of_a_pattern_without_a_model_suggests_similar_ids(bench: "Bench") -> None:
    with pytest.raises(ModelNotFound, match=r"'acme/larg'; did you mean acme/large"):
        await run(bench, BenchmarkPlan(["small", "acme/larg"]))


async def test_a_caller_measures_only_the_models_of_its_key(bench: "Bench") -> None:
    def plan(*models: str, own: str = "acme/s*") -> BenchmarkPlan:
        return BenchmarkPlan(models, categories=["math"], plan_only=True, caller_models=(own, "gone/*"))

    for wanted in ((), ("acme/*",), ("small",)):
        [started, _] = await run(bench, plan(*wanted))
        assert isinstance(started, BenchmarkStarted)
        assert started.models == ["acme/small"]
    with pytest.raises(ModelNotPermitted, match="'large'"):
        await run(bench, plan("small", "large"))
    with pytest.raises(ModelNotPermitted, match="any model"):
        await run(bench, plan(own="other/*"))
    with pytest.raises(ModelNotFound):
        await run(bench, plan("no-such"))


async def test_patterns_select_each_model_once(bench: "Bench") -> None:
    events = await run(bench, BenchmarkPlan(["acme/*", "large"], categories=["math"], tasks_per_category=1))
    assert isinstance(events[0], BenchmarkStarted)
    assert events[0].models == ["acme/large", "acme/small"]


async def test_the_error_of_an_unknown_suite_suggests_similar_names(bench: "Bench") -> None:
    with pytest.raises(SuiteNotFound, match=r"'sum' does not exist; did you mean sums"):
        await run(bench, BenchmarkPlan(suites=["sum"]))


@pytest.mark.parametrize("plan_only", [False, True])
async def test_a_plan_of_too_many_tasks_is_refused(bench: "Bench", plan_only: bool) -> None:
    bench.provider.names = [f"model-{number}" for number in range(101)]
    await bench.catalog.refresh()
    with pytest.raises(InvalidRequest, match="202,000 tasks in all") as caught:
        await run(bench, BenchmarkPlan(tasks_per_category=1000, plan_only=plan_only))
    assert [violation.field for violation in caught.value.violations] == ["tasks_per_category"]


async def test_every_invalid_field_is_reported(bench: "Bench") -> None:
    with pytest.raises(InvalidRequest) as caught:
        await run(bench, BenchmarkPlan(categories=["math", "poetry"]))
    assert [violation.field for violation in caught.value.violations] == ["categories[1]"]


async def test_without_models_or_suites_there_is_nothing_to_measure(bench: "Bench") -> None:
    with pytest.raises(ModelNotFound):
        models_of(BenchmarkPlan(), Catalog({}, CatalogSettings()).snapshot)
    bench.suites.clear()
    with pytest.raises(SuiteNotFound):
        await anext(bench.runner.run(BenchmarkPlan()))


async def test_the_same_seed_gives_the_same_tasks(bench: "Bench") -> None:
    plan = BenchmarkPlan(["large"], tasks_per_category=3, seed=11)
    first, second = progress(await run(bench, plan)), progress(await run(bench, plan))
    assert {event.task_id for event in first} == {event.task_id for event in second}
    assert all("/11/" in event.task_id for event in first)
