"""Runs of benchmarks, their results and the answers that are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ymera_service.config import StorageSettings
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import BenchmarkAnswer, BenchmarkResult, BenchmarkRun, RunTotals
from ymera_service.storage.retention import Retention

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def answer(result: BenchmarkResult, **changes: object) -> BenchmarkAnswer:
    made = BenchmarkAnswer(
        result.run_id, result.model, result.suite, result.task_id, result.created_at, "1+1?", "größer\n2", b"[]"
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # test data


async def test_a_run_is_replaced_by_its_end_and_listed_for_its_caller(database_url: str) -> None:
    runs = [BenchmarkRun(f"run-{number}", NOW, "ab"[number % 2], b"{}") for number in range(5)]
    ended = replace(runs[3], ended_at=NOW + timedelta(hours=1))
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        for run in (*runs, ended):
            await recorder.record(run)
        stored = database.benchmark_runs
        assert await stored.get("run-3") == ended
        assert await stored.get("none") is None
        assert await stored.latest(limit=2) == [runs[4], ended]
        assert await stored.latest(limit=9, after="run-3") == [runs[2], runs[1], runs[0]]
        assert await stored.latest(limit=9, caller="a") == [runs[4], runs[2], runs[0]]


async def test_results_come_in_order_with_their_answers_and_totals(database_url: str, result: BenchmarkResult) -> None:
    usage = Usage(1, 2, 3, 4, 5)
    results = [
        replace(
            result,
            model=model,
            task_id=task,
            score=score,
            usage=usage,
            cost_micros=cost,
            error_reason="" if score is not None else "TIMEOUT",
        )
        for model, task, score, cost in (
            ("p/a", "1", 1.0, 5),
            ("p/a", "2", 0.5, None),
            ("p/b", "1", None, None),
        )
    ]
    other = replace(result, run_id="another run", score=0.0, cost_micros=None)
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        for each in results[::-1]:
            await recorder.record(each, answer(each))
        await recorder.record(other)
        runs, run_id = database.benchmark_runs, result.run_id
        assert await runs.results(run_id) == [(each, answer(each)) for each in results]
        assert await runs.results(other.run_id) == [(other, None)]
        assert [each.task_id for each, _ in await runs.results(run_id, model="p/a")] == ["1", "2"]
        assert [each for each, _ in await runs.results(run_id, failed=True)] == results[1:]
        place = ("p/a", result.suite, "1")
        assert [each for each, _ in await runs.results(run_id, after=place, limit=1)] == results[1:2]
        assert await runs.totals([run_id, other.run_id, "none"]) == {
            run_id: RunTotals(3, 1, Usage(3, 6, 9, 12, 15), 5),
            other.run_id: RunTotals(1, 0, other.usage, None),
        }


async def test_answers_that_are_too_old_or_too_many_are_deleted(database_url: str, result: BenchmarkResult) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:

        async def kept(most: int, days: float) -> list[int]:
            settings = StorageSettings(url=database_url, max_benchmark_answers=most, retention_days=days)
            await Retention(database, settings, now=lambda: NOW, sleep=no_sleep).prune()
            found = await database.benchmark_runs.results(result.run_id)
            assert len(found) == 120, "results are kept"
            return [int(each.task_id) for each, answer in found if answer is not None]

        for age in range(120):
            each = replace(result, task_id=f"{age:03}", created_at=NOW - timedelta(days=age))
            await recorder.record(each, answer(each))
        assert await kept(1000, 0) == list(range(120))
        assert await kept(1000, 100.5) == list(range(101))
        assert await kept(30, 100.5) == list(range(30))
        assert await kept(0, 0) == []


async def no_sleep(seconds: float) -> None:
    """Returns at once."""
