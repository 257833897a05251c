"""Benchmarks at times: once for all servers, and gone on with after one was killed."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runner import BenchmarkProgress
from ymera_service.benchmark.scheduled import ScheduledBenchmarks
from ymera_service.config import BenchmarkSettings
from ymera_service.sdk.models import Price

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench

SETTINGS = BenchmarkSettings(every_hours=2, tasks_per_category=3, max_dollars=5)
TASKS = 12


class Clock:
    """A clock that a test sets; the runs of a test begin about now."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def servers(bench: "Bench", clock: Clock, settings: BenchmarkSettings = SETTINGS) -> list[ScheduledBenchmarks]:
    return [ScheduledBenchmarks(bench.runner, bench.database, settings, clock) for _ in range(3)]


async def test_of_several_servers_one_runs_it_each_time(bench: "Bench") -> None:
    clock = Clock()
    all_ = servers(bench, clock)
    async with asyncio.timeout(30):
        await asyncio.gather(*(each.turn() for each in all_))
        assert bench.provider.calls.total() == TASKS
        clock.now += timedelta(hours=1, minutes=59)
        for each in all_:
            await each.turn()
        assert bench.provider.calls.total() == TASKS
        clock.now += timedelta(minutes=1)
        await asyncio.gather(*(each.turn() for each in all_))
    assert bench.provider.calls.total() == 2 * TASKS
    one, other = await bench.database.benchmark_runs.latest(limit=9)
    assert one.ended_at is not None
    assert other.ended_at is not None


async def test_another_server_goes_on_with_what_one_left_unfinished(bench: "Bench") -> None:
    clock = Clock()
    first, second, _ = servers(bench, clock)
    plan = BenchmarkPlan(tasks_per_category=3, concurrency=1, scheduled=True)
    async with asyncio.timeout(30):
        await bench.database.leases.claim(
            "scheduled benchmark", "killed", now=clock.now, until=clock.now + timedelta(hours=2)
        )
        async with aclosing(bench.runner.run(plan)) as events:
            async for event in events:
                if isinstance(event, BenchmarkProgress) and event.completed_tasks == 4:
                    await second.turn()
                    assert bench.provider.calls.total() < TASKS, "it is under way"
                    break
        clock.now += timedelta(minutes=1)
        await first.turn()
        assert bench.provider.calls.total() == TASKS
        await second.turn()
    assert bench.provider.calls.total() == TASKS
    [run] = await bench.database.benchmark_runs.latest(limit=9)
    assert run.ended_at is not None


async def test_what_a_caller_left_unfinished_is_left_alone(bench: "Bench") -> None:
    clock = Clock()
    await bench.database.leases.claim("scheduled benchmark", "x", now=clock.now, until=clock.now + timedelta(hours=2))
    async with aclosing(bench.runner.run(BenchmarkPlan(concurrency=1))) as events:
        await anext(events)
    await servers(bench, clock)[0].turn()
    assert bench.provider.calls.total() == 0


async def test_it_stays_within_its_money_and_is_not_resumed_then(bench: "Bench") -> None:
    clock = Clock()
    bench.provider.price = Price(100_000_000, 100_000_000)
    await bench.catalog.refresh()
    [server, *_] = servers(bench, clock, SETTINGS.model_copy(update={"max_dollars": 0.2, "tasks_per_category": 900}))
    async with asyncio.timeout(60):
        await server.turn()
        calls = bench.provider.calls.total()
        assert 0 < calls < 900
        await server.turn()
    assert bench.provider.calls.total() == calls


async def test_one_that_could_not_begin_is_tried_again(bench: "Bench") -> None:
    clock, suites = Clock(), dict(bench.suites)
    [server, *_] = servers(bench, clock)
    bench.suites.clear()
    await server.turn()
    bench.suites.update(suites)
    await server.turn()
    assert bench.provider.calls.total() == TASKS


@pytest.mark.parametrize("hours", [0.5, 13])
def test_the_time_between_is_bounded(hours: float) -> None:
    with pytest.raises(ValueError, match="every_hours"):
        BenchmarkSettings(every_hours=hours)
