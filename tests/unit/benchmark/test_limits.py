"""Runs stay within their limits, and wait for those of providers."""

import asyncio
from contextlib import AsyncExitStack, aclosing
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.unit.benchmark.runs import completed, hanging, progress, refusing, run
from ymera_service.benchmark.events import RunEnd
from ymera_service.benchmark.run import MOST_RESTS
from ymera_service.benchmark.runner import MAX_RUNS, BenchmarkPlan, BenchmarkProgress, BenchmarkStarted
from ymera_service.sdk.errors import Overloaded, ProviderOverloaded, RateLimited

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench


async def test_a_run_stays_within_its_limit(bench: "Bench") -> None:
    [started, _] = await run(bench, BenchmarkPlan(["large"], categories=["math"], plan_only=True))
    assert isinstance(started, BenchmarkStarted)
    limit = started.expected_cost_micros  # of 5 tasks; they turn out to cost less, so more of them fit
    plan = BenchmarkPlan(["large"], categories=["math"], tasks_per_category=1000, max_cost_micros=limit)
    [score] = completed(await run(bench, plan)).scores
    assert 5 < score.tasks < 1000
    assert score.cost_micros is not None
    assert score.cost_micros <= limit
    nothing = BenchmarkPlan(["large"], categories=["math"], max_cost_micros=0)
    assert completed(await run(bench, nothing)).scores == []


async def test_the_number_of_concurrent_tasks_is_bounded(bench: "Bench") -> None:
    await run(bench, BenchmarkPlan(tasks_per_category=10, concurrency=3))
    assert bench.provider.most_running == 3


async def test_a_hanging_model_does_not_block_others(bench: "Bench") -> None:
    bench.provider.faults["large"] = hanging
    seen: list[BenchmarkProgress] = []
    async with asyncio.timeout(20), aclosing(bench.runner.run(BenchmarkPlan(tasks_per_category=8))) as events:
        async for event in events:
            seen += progress([event])
            if len(seen) == 16:
                break
    assert {event.model for event in seen} == {"acme/small"}
    assert bench.provider.calls == {"large": 2, "small": 16}


async def test_the_number_of_concurrent_runs_is_bounded_and_a_finished_run_frees_its_slot(bench: "Bench") -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_RUNS):
            events = await stack.enter_async_context(aclosing(bench.runner.run(BenchmarkPlan())))
            assert isinstance(await anext(events), BenchmarkStarted)
        with pytest.raises(Overloaded):
            await run(bench, BenchmarkPlan())
    await run(bench, BenchmarkPlan(tasks_per_category=1))


async def test_a_limited_model_rests_and_then_goes_on(bench: "Bench") -> None:
    bench.provider.faults["small"] = refusing(bench, 3, RateLimited("slow down", retry_after=0.05))
    done = completed(await run(bench, BenchmarkPlan(categories=["math"], tasks_per_category=5)))
    assert [(score.model, score.tasks, score.failures) for score in done.scores] == [
        ("acme/large", 5, 0),
        ("acme/small", 5, 0),
    ]
    assert bench.provider.calls == {"large": 5, "small": 5 + 3}


async def test_a_model_that_still_fails_after_its_rest_fails_its_tasks(bench: "Bench") -> None:
    bench.provider.faults["small"] = refusing(bench, 1000, ProviderOverloaded("busy", retry_after=0.001))
    plan = BenchmarkPlan(["small"], categories=["math"], tasks_per_category=3, concurrency=1)
    done = completed(await run(bench, plan))
    assert [(score.tasks, score.failures) for score in done.scores] == [(0, 3)]
    assert bench.provider.calls["small"] == 3 + MOST_RESTS


async def test_a_daily_limit_is_not_waited_for(bench: "Bench") -> None:
    bench.provider.faults["small"] = refusing(bench, 1000, RateLimited("tomorrow", retry_after=86_400))
    done = completed(await run(bench, BenchmarkPlan(["small"], categories=["math"], tasks_per_category=3)))
    assert [(score.tasks, score.failures) for score in done.scores] == [(0, 3)]
    assert bench.provider.calls["small"] == 3


async def test_what_was_refused_does_not_use_up_the_budget(bench: "Bench") -> None:
    [started, _] = await run(bench, BenchmarkPlan(["small"], categories=["math"], plan_only=True))
    assert isinstance(started, BenchmarkStarted)
    bench.provider.faults["small"] = refusing(bench, 4, RateLimited("slow down", retry_after=0.001))
    limit = started.expected_cost_micros
    plan = BenchmarkPlan(["small"], categories=["math"], concurrency=1, seed=0, max_cost_micros=limit)
    assert completed(await run(bench, plan)).scores[0].tasks == 5


@pytest.mark.parametrize("adaptive", [True, False])
@pytest.mark.parametrize("limit", [0, 5])
async def test_no_more_calls_are_made_than_a_plan_allows(bench: "Bench", *, adaptive: bool, limit: int) -> None:
    plan = BenchmarkPlan(tasks_per_category=10, seed=4, max_requests=limit, adaptive=adaptive)
    done = completed(await run(bench, plan))
    assert bench.provider.calls.total() == limit
    assert done.end is RunEnd.LIMIT_REACHED


async def test_no_task_is_started_after_the_time_is_over(bench: "Bench") -> None:
    bench.clock.now = count().__next__
    done = completed(await run(bench, BenchmarkPlan(tasks_per_category=10, seed=4, max_seconds=20.0)))
    assert 0 < bench.provider.calls.total() < 40
    assert done.end is RunEnd.LIMIT_REACHED
