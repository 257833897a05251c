"""Sums of usage by the hour: what they hold, and that they outlast the executions."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from ymera_service.config import StorageSettings
from ymera_service.execution.usage_sums import LATENESS, UsageSums
from ymera_service.sdk.errors import UsageNotSummed
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder, Retention
from ymera_service.storage.records import BenchmarkResult, ExecutionRecord, UsageFilter, UsageHour
from ymera_service.storage.rows import Record
from ymera_service.storage.tables import USAGE_COLUMNS
from ymera_service.storage.usage_hours import HOUR

pytestmark = pytest.mark.timeout(60)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERYTHING = UsageFilter(NOON - timedelta(days=400), NOON + timedelta(days=1))


def attempt(model: str = "acme/large", cost: int | None = 7, **more: Any) -> dict[str, Any]:
    return {
        "turn": 1,
        "number": 1,
        "model": model,
        "account": "key-1",
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 4,
        "reasoning_output_tokens": 5,
        "cost_micros": cost,
        "estimated": False,
        **more,
    }


def spent(template: ExecutionRecord, number: int, at: datetime, *attempts: dict[str, Any]) -> ExecutionRecord:
    costs = [one["cost_micros"] for one in attempts]
    return replace(
        template,
        request_id=f"{number:06}",
        created_at=at,
        attempts=orjson.dumps(attempts),
        usage=Usage(*(sum(one[name] for one in attempts) for name in USAGE_COLUMNS)),
        usage_estimated=any(one["estimated"] for one in attempts),
        cost_micros=None if None in costs else sum(costs),
        spent_micros=sum(one["cost_micros"] or one.get("counted_micros", 0) for one in attempts)
        if None in costs
        else None,
    )


async def record(database: Database, records: Sequence[Record]) -> None:
    async with Recorder(database) as recorder:
        await recorder.record(*records)


async def sums(database: Database, *by: str) -> list[UsageHour]:
    return sorted(await database.usage_hours.sums(EVERYTHING, by), key=lambda row: (row.hour or NOON, row.model))


async def summed(database: Database, now: datetime) -> None:
    await UsageSums(database, now=lambda: now).sum_hours()


async def test_each_attempt_counts_for_its_model_and_a_request_for_its_last_attempt(
    database_url: str, execution: ExecutionRecord
) -> None:
    failed = attempt("acme/small", 0, input_tokens=1, output_tokens=0, estimated=True)
    records = [
        spent(execution, 1, NOON, failed, attempt()),
        spent(execution, 2, NOON + timedelta(minutes=59), attempt(cost=None)),
        spent(execution, 3, NOON, *()),
    ]
    async with Database.open(database_url) as database:
        await record(database, records)
        await summed(database, NOON + HOUR + LATENESS)
        large, small = await sums(database, "model")
        assert (large.requests, large.attempts, large.unpriced_attempts, large.cost_micros) == (2, 2, 1, 7)
        assert large.usage == Usage(20, 40, 6, 8, 10)
        assert (small.requests, small.attempts, small.estimated_attempts, small.usage.input_tokens) == (0, 1, 1, 1)
        [row] = await sums(database, "hour", "caller", "agent_name", "account", "labels", "operation")
        assert row.hour == NOON
        assert (row.operation, row.agent_name, row.account) == ("chat", execution.agent_name, "key-1")
        assert row.labels == execution.labels


async def test_benchmarks_are_summed_as_an_operation_of_their_own(database_url: str, result: BenchmarkResult) -> None:
    priced = replace(result, created_at=NOON, task_id="1", cost_micros=5)
    async with Database.open(database_url) as database:
        await record(database, [priced, replace(priced, task_id="2", cost_micros=None)])
        await summed(database, NOON + HOUR + LATENESS)
        [row] = await sums(database, "operation", "model")
        assert (row.operation, row.model) == ("benchmark", result.model)
        assert (row.attempts, row.unpriced_attempts, row.cost_micros) == (2, 1, 5)
        assert row.usage.input_tokens == 2


async def test_an_hour_is_summed_when_it_is_over_and_again_when_it_gets_a_late_record(
    database_url: str, execution: ExecutionRecord
) -> None:
    async with Database.open(database_url) as database:
        work = UsageSums(database, now=lambda: now)
        await record(database, [spent(execution, 1, NOON, attempt())])
        now = NOON + HOUR
        await work.sum_hours()
        assert await sums(database, "hour") == []
        now += LATENESS
        for late in range(3):
            await work.sum_hours()
            [row] = await sums(database, "hour")
            assert (row.hour, row.attempts) == (NOON, 1 + late)
            await record(database, [spent(execution, 10 + late, NOON, attempt())])


async def test_a_crash_long_ago_is_accounted_for_at_the_next_start(
    database_url: str, execution: ExecutionRecord
) -> None:
    async with Database.open(database_url) as database:
        await record(database, [spent(execution, 1, NOON - timedelta(days=60), attempt())])
        await summed(database, NOON)
        await record(database, [spent(execution, 2, NOON - timedelta(days=60), attempt())])
        await summed(database, NOON)
        [row] = await sums(database)
        assert row.attempts == 2


async def test_the_sums_outlast_the_executions_and_none_is_deleted_before_it_is_summed(
    database_url: str, execution: ExecutionRecord
) -> None:
    now = NOON
    old = [spent(execution, day, NOON - timedelta(days=day), attempt()) for day in range(100, 104)]
    async with Database.open(database_url) as database:
        await record(database, old)
        retention = Retention(database, StorageSettings(retention_days=90), now=lambda: now)
        assert await retention.prune() == 0
        await summed(database, now)
        assert await retention.prune() == len(old)
        await summed(database, now)
        [row] = await sums(database)
        assert (row.requests, row.cost_micros) == (len(old), 7 * len(old))


async def test_the_sums_are_those_of_all_attempts(database_url: str, execution: ExecutionRecord) -> None:
    draw = random.Random(20261129)  # a test's data
    records, expected = [], Counter[tuple[str, str, str, str]]()
    more: list[dict[str, Any]] = [{}, {"counted_micros": 8}, {"error": {"message": "\0 \ud7ff"}}]
    for number in range(600):
        caller, labels = draw.choice(["", "a", "b"]), draw.choice([{}, {"team": "größer \"\0'"}])
        attempts = [
            attempt(
                draw.choice(["a/x", "a/y", "b/z"]),
                draw.choice([None, draw.randrange(100)]),
                account=draw.choice(["", "k"]),
                estimated=draw.random() < 0.5,
                input_tokens=draw.randrange(2**40),
                **draw.choice(more),
            )
            for _ in range(draw.randrange(3))
        ]
        for place, one in enumerate(attempts, 1):
            counts = {
                "requests": place == len(attempts),
                "attempts": 1,
                "estimated": one["estimated"],
                "unpriced": one["cost_micros"] is None,
                "input": one["input_tokens"],
                "output": one["output_tokens"],
                "cost": one["cost_micros"] or 0,
            }
            for name, count in counts.items():
                expected[caller, str(labels), f"{one['model']} {one['account']}", name] += count
            spent_ = one.get("counted_micros", 0) if one["cost_micros"] is None else one["cost_micros"]
            expected[caller, "", "", "spent"] += spent_ if caller else 0
        records.append(replace(spent(execution, number, NOON, *attempts), caller=caller, labels=labels))
    async with Database.open(database_url) as database:
        await record(database, records)
        await summed(database, NOON + HOUR + LATENESS)
        found = Counter[tuple[str, str, str, str]]()
        for row in await sums(database, "caller", "labels", "model", "account"):
            counts = {
                "requests": row.requests,
                "attempts": row.attempts,
                "estimated": row.estimated_attempts,
                "unpriced": row.unpriced_attempts,
                "input": row.usage.input_tokens,
                "output": row.usage.output_tokens,
                "cost": row.cost_micros,
            }
            for name, count in counts.items():
                found[row.caller, str(dict(row.labels)), f"{row.model} {row.account}", name] += count
        for caller, micros in (await database.usage_hours.spent(["a", "b"], NOON, NOON + HOUR)).items():
            found[caller, "", "", "spent"] += micros
        assert +found == +expected


async def test_a_report_sums_what_is_not_summed_and_stores_it(database_url: str, execution: ExecutionRecord) -> None:
    hours = [NOON - n * HOUR for n in range(5)]
    async with Database.open(database_url) as database:
        await record(database, [spent(execution, n, at, attempt()) for n, at in enumerate(hours)])
        work = UsageSums(database, now=lambda: NOON + timedelta(minutes=30))
        assert await work.complete(hours[3], NOON + HOUR) == [NOON]
        assert {row.hour for row in await sums(database, "hour")} == set(hours[1:4])
        assert {row.hour for row in await database.usage_hours.sums(EVERYTHING, ["hour"], hours[1:3])} == {hours[3]}


async def test_a_report_that_needs_too_many_hours_says_how_far_it_got_and_the_next_one_goes_on(
    database_url: str, execution: ExecutionRecord
) -> None:
    hours = [NOON - n * HOUR for n in range(1, 6)]
    clock = iter([0.0, 0.0, 30.0, 60.0, 100.0, 100.0, 110.0, 120.0])
    async with Database.open(database_url) as database:
        await record(database, [spent(execution, n, at, attempt()) for n, at in enumerate(hours)])
        work = UsageSums(database, now=lambda: NOON + HOUR, clock=lambda: next(clock))
        with pytest.raises(UsageNotSummed, match="3 of 5 hours") as caught:
            await work.complete(hours[-1], NOON)
        assert (caught.value.metadata, caught.value.retry_after) == ({"hours": "5", "hours_left": "3"}, 90.0)
        assert {row.hour for row in await sums(database, "hour")} == set(hours[:2])
        assert await work.complete(hours[-1], NOON) == []
        assert {row.hour for row in await sums(database, "hour")} == set(hours)


async def test_the_latest_hours_are_summed_first_and_the_progress_is_shown(
    database_url: str, execution: ExecutionRecord
) -> None:
    hours = [NOON - n * HOUR for n in range(1, 4)]
    said: list[str] = []

    def clock() -> float:
        said.append(work.progress)
        return 0.0

    async with Database.open(database_url) as database:
        await record(database, [spent(execution, n, at, attempt()) for n, at in enumerate(hours)])
        work = UsageSums(database, now=lambda: NOON + HOUR, clock=clock)
        await work.sum_hours()
        assert said[1:] == [
            f"has summed {n} hours, the latest first, back to {hour:%Y-%m-%d %H:%M}" for n, hour in enumerate(hours, 1)
        ]
        assert work.progress == ""


async def test_an_hour_is_summed_once_for_a_report_and_the_work_beside_it(
    database_url: str, execution: ExecutionRecord
) -> None:
    hours = [NOON - n * HOUR for n in range(1, 9)]
    async with Database.open(database_url) as database:
        await record(database, [spent(execution, n, at, attempt()) for n, at in enumerate(hours)])
        work = UsageSums(database, now=lambda: NOON + HOUR)
        replaced: list[datetime] = []
        replace_hour = database.usage_hours.replace

        async def noted(hour: datetime, records: int, rows: Sequence[UsageHour]) -> None:
            replaced.append(hour)
            await replace_hour(hour, records, rows)

        database.usage_hours.replace = noted  # type: ignore[method-assign]
        await asyncio.gather(work.sum_hours(), work.complete(hours[-1], NOON), work.complete(hours[-1], NOON))
        assert sorted(replaced) == sorted(hours)


async def test_the_hours_without_sums_are_found_between_those_with_sums(
    database_url: str, execution: ExecutionRecord
) -> None:
    hours = [NOON + number * HOUR for number in (0, 1, 2, 5, 30)]
    async with Database.open(database_url) as database:
        await record(database, [spent(execution, n, at + HOUR / 2, attempt()) for n, at in enumerate(hours)])
        for at in hours[1:4]:
            await database.usage_hours.replace(at, 1, [])
        start, end = NOON - 48 * HOUR, NOON + 48 * HOUR
        assert [at async for at in database.usage_hours.unsummed(start, end)] == [hours[0], hours[4]]
        assert [at async for at in database.usage_hours.unsummed(hours[1], hours[4])] == []


async def test_what_callers_spent_is_the_same_before_and_after_hours_are_summed(
    database_url: str, execution: ExecutionRecord
) -> None:
    unknown = attempt(cost=None, counted_micros=40)
    records = [
        replace(spent(execution, 1, NOON, attempt()), caller="trial", cost_micros=7),
        replace(
            spent(execution, 2, NOON + HOUR, attempt(), unknown), caller="trial", cost_micros=None, spent_micros=47
        ),
        replace(spent(execution, 3, NOON + HOUR, attempt(cost=5)), caller="other", cost_micros=5),
        replace(spent(execution, 4, NOON + 3 * HOUR, attempt(cost=100)), caller="trial", cost_micros=100),
        replace(spent(execution, 5, NOON - 24 * HOUR, attempt(cost=1000)), caller="trial", cost_micros=1000),
    ]
    day = (NOON.replace(hour=0), NOON.replace(hour=0) + 24 * HOUR)
    async with Database.open(database_url) as database:
        await record(database, records)
        await database.usage_hours.replace(NOON + HOUR, 2, await database.usage_hours.of_records(NOON + HOUR))
        for hours in (0, 1, 2, 5):
            await summed(database, NOON + hours * HOUR + LATENESS)
            assert await database.usage_hours.spent(["trial", "nobody"], *day) == {"trial": 154}
        assert await database.usage_hours.spent(["trial", "other"], *day) == {"trial": 154, "other": 5}
        assert await database.usage_hours.spent([], *day) == {}


async def test_servers_that_store_the_sums_of_an_hour_at_once_all_succeed(
    database_url: str, execution: ExecutionRecord
) -> None:
    hours = [NOON - number * HOUR for number in range(20)]
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        await record(one, [spent(execution, number, hour, attempt()) for number, hour in enumerate(hours)])
        for hour in hours:
            rows = await one.usage_hours.of_records(hour)
            await asyncio.gather(*(database.usage_hours.replace(hour, 1, rows) for database in (one, other)))
        [row] = await sums(other)
        assert row.attempts == len(hours)
