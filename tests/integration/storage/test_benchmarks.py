"""Summaries of benchmark results, which are read again only if there are new results."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from ymera_service.config import StorageSettings
from ymera_service.sdk.errors import StorageUnavailable
from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder, Retention, benchmark_tasks, benchmarks, retention
from ymera_service.storage.benchmark_tasks import MeasuredTasks, TaskFeatures
from ymera_service.storage.benchmarks import LATEST_TASKS, Benchmarks
from ymera_service.storage.records import BenchmarkResult, BenchmarkSummary
from ymera_service.storage.rows import Record

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def graded(result: BenchmarkResult, task: int, **changes: object) -> BenchmarkResult:
    moment = START + timedelta(seconds=task)
    return replace(result, **{"task_id": str(task), "created_at": moment, **changes})  # type: ignore[arg-type]  # test data


async def record(database: Database, results: Sequence[BenchmarkResult]) -> None:
    async with Recorder(database) as recorder, asyncio.TaskGroup() as group:
        for result in results:
            group.create_task(recorder.record(result))


def rename(before: str, after: str, connection: Connection) -> None:
    connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def reading(database: Database, clock: Clock) -> Benchmarks:
    return Benchmarks(database._backend.reader, clock)


async def test_summaries_hold_mean_count_and_median_of_graded_tasks(database_url: str, result: BenchmarkResult) -> None:
    results = [
        graded(result, 1, score=1.0, duration=1.0),
        graded(result, 2, score=0.0, duration=4.0),
        graded(result, 3, score=0.5, duration=2.0),
        graded(result, 4, score=None, duration=90.0, error_reason="PROVIDER_TIMEOUT"),
        graded(result, 5, category="coding", score=1.0, duration=1.0),
        graded(result, 6, category="coding", score=0.0, duration=2.0),
        graded(result, 7, model="acme/small", score=None),
    ]
    async with Database.open(database_url) as database:
        await record(database, results)
        summaries = await database.benchmarks.summaries()
    assert summaries == [
        BenchmarkSummary("acme/large", "coding", 2, 0.5, 1.5, "basics"),
        BenchmarkSummary("acme/large", "math", 3, 0.5, 2.0, "basics"),
    ]


async def test_summaries_forget_old_tasks(database_url: str, result: BenchmarkResult) -> None:
    old = [graded(result, task, score=0.0) for task in range(50)]
    new = [graded(result, 50 + task, score=1.0) for task in range(LATEST_TASKS)]
    failed = [graded(result, 300 + task, score=None) for task in range(5)]
    async with Database.open(database_url) as database:
        await record(database, [*old, *new, *failed])
        [summary] = await database.benchmarks.summaries()
    assert (summary.tasks, summary.score) == (LATEST_TASKS, 1.0)


async def test_a_repeated_task_counts_once_with_its_latest_result(database_url: str, result: BenchmarkResult) -> None:
    later = START + timedelta(hours=1)
    results = [
        *(graded(result, task, score=0.0, run_id="first") for task in range(4)),
        *(graded(result, task, score=1.0, run_id="second", created_at=later) for task in range(3)),
        graded(result, 3, score=1.0, suite="another", run_id="second", created_at=later),
    ]
    async with Database.open(database_url) as database:
        await record(database, results)
        summaries = await database.benchmarks.summaries()
    assert [(each.suite, each.tasks, each.score) for each in summaries] == [("another", 1, 1.0), ("basics", 4, 0.75)]


async def test_only_models_with_new_results_are_read_again(database_url: str, result: BenchmarkResult) -> None:
    clock = Clock()
    async with Database.open(database_url) as database:
        await record(database, [graded(result, task, model=f"acme/{task % 5}") for task in range(20)])
        under_test, statements = reading(database, clock), []

        def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(database._backend.reader.sync_engine, "before_cursor_execute", note)
        first = await under_test.summaries()
        assert len(statements) == 2 + 5
        clock.now += timedelta(hours=1)
        assert await under_test.summaries() == first
        assert len(statements) == 7 + 2 + 5, "what came shortly before the first reading is read once more"
        clock.now += timedelta(hours=1)
        assert await under_test.summaries() == first
        assert len(statements) == 14 + 2
        await record(database, [graded(result, 20, model="acme/0", created_at=clock.now)])
        clock.now += timedelta(hours=1)
        assert await under_test.summaries() != first
        assert len(statements) == 16 + 3


async def test_results_that_are_stored_late_are_included(database_url: str, result: BenchmarkResult) -> None:
    clock = Clock()
    async with Database.open(database_url) as database:
        under_test = reading(database, clock)
        assert await under_test.summaries() == []
        clock.now += timedelta(hours=1)
        assert await under_test.summaries() == []
        late = clock.now - benchmarks.OVERLAP + timedelta(seconds=1)
        await record(database, [graded(result, 1, created_at=late)])
        clock.now += timedelta(minutes=5)
        assert len(await under_test.summaries()) == 1


async def test_the_next_reading_covers_a_failed_one(database_url: str, result: BenchmarkResult) -> None:
    clock = Clock()
    async with Database.open(database_url) as database:
        under_test = reading(database, clock)
        await under_test.summaries()
        clock.now += timedelta(hours=1)
        await record(database, [graded(result, 1, created_at=clock.now)])
        await database.write(partial(rename, "benchmark_results", "gone"))
        with pytest.raises(StorageUnavailable, match="cannot read the benchmark results"):
            await under_test.summaries()
        await database.write(partial(rename, "gone", "benchmark_results"))
        clock.now += timedelta(hours=1)
        assert len(await under_test.summaries()) == 1


async def test_readings_at_the_same_time_agree(database_url: str, result: BenchmarkResult) -> None:
    async with Database.open(database_url) as database:
        await record(database, [graded(result, task) for task in range(5)])
        first, *others = await asyncio.gather(*(database.benchmarks.summaries() for _ in range(4)))
    assert others == [first] * 3
    assert first


def results(clock: Clock) -> Iterator[BenchmarkResult]:
    """Yields results with the clock's time."""
    for number in count():
        yield BenchmarkResult("run", clock.now, "", "suite", "", str(number), 1.0, 1.0, Usage(), None)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[str, str, float | None, float, int]:
    """A result: model, category, score, duration, and seconds by which it is late."""
    score = draw(st.none() | st.floats(0, 1))
    return (
        draw(st.sampled_from("ab")),
        draw(st.sampled_from("xy")),
        score,
        draw(st.floats(0, 9)),
        draw(st.integers(0, 299)),
    )


@settings(max_examples=40)
@given(st.lists(st.tuples(st.lists(arrivals(), max_size=12), st.integers(0, 900)), max_size=6))
def test_incremental_readings_give_the_same_as_one_reading(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[list[tuple[str, str, float | None, float, int]], int]]
) -> None:
    file: Path = tmp_path_factory.mktemp("benchmarks") / "ymera.db"
    clock, window = Clock(), 5

    def expected(stored: Sequence[BenchmarkResult]) -> list[tuple[str, str, int, float, float]]:
        groups: defaultdict[tuple[str, str], list[BenchmarkResult]] = defaultdict(list)
        for one in sorted(stored, key=lambda one: one.created_at, reverse=True):
            if one.score is not None:
                groups[one.model, one.category].append(one)
        found = []
        for (model, category), group in sorted(groups.items()):
            last = group[:window][-1].created_at
            latest = [one for one in group if one.created_at >= last]
            scores = [one.score for one in latest if one.score is not None]
            found.append((model, category, len(latest), fmean(scores), median(one.duration for one in latest)))
        return found

    async def play() -> None:
        stored: list[BenchmarkResult] = []
        blank = results(clock)
        async with Database.open(f"sqlite:///{file}") as database:
            under_test = reading(database, clock)
            for batch, passes in batches:
                new = [
                    replace(
                        next(blank),
                        model=model,
                        category=category,
                        score=score,
                        duration=duration,
                        created_at=clock.now - timedelta(seconds=late),
                    )
                    for model, category, score, duration, late in batch
                ]
                stored += new
                await record(database, new)
                clock.now += timedelta(seconds=passes)
                summaries = await under_test.summaries()
                actual = [(s.model, s.category, s.tasks, s.score, s.median_duration) for s in summaries]
                assert actual == [pytest.approx(one) for one in expected(stored)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "LATEST_TASKS", window)
        patch.setattr(benchmarks, "_LATEST", benchmarks._latest())
        asyncio.run(play())


def described(task: int, features: bytes = b"{}", at: int = 0) -> TaskFeatures:
    return TaskFeatures("basics", str(task), START + timedelta(seconds=at or task), features)


async def store(database: Database, records: Sequence[Record]) -> None:
    async with Recorder(database) as recorder:
        for one in records:
            await recorder.record(one)


def by_task(tasks: MeasuredTasks, model: str) -> list[tuple[bytes, float]]:
    """Returns the features of the tasks that a model did, and its scores."""
    done = zip(*tasks.scores.get(model, ((), ())), strict=True)
    return sorted((tasks.features[number], score) for number, score in done if number in tasks.features)


async def test_tasks_are_kept_once_with_the_latest_score_of_each_model(
    database_url: str, result: BenchmarkResult
) -> None:
    clock = Clock()
    async with Database.open(database_url) as database:
        known = reading(database, clock)
        await store(
            database, [described(1, b"[1]"), described(2, b"[2]"), graded(result, 1), graded(result, 2, score=None)]
        )
        await store(database, [graded(result, 3), graded(result, 1, model="acme/small", score=0.25)])
        await known.summaries()
        tasks = known.tasks
        assert sorted(tasks.features.values()) == [b"[1]", b"[2]"]
        assert by_task(tasks, "acme/large") == [(b"[1]", 0.5)]
        assert by_task(tasks, "acme/small") == [(b"[1]", 0.25)]
        await known.summaries()
        assert known.tasks is tasks
        again = graded(result, 1, run_id="again", score=1.0, created_at=START + timedelta(seconds=9))
        await store(database, [again, described(1, b"[3]", at=9)])
        await known.summaries()
        assert by_task(known.tasks, "acme/large") == [(b"[3]", 1.0)]


async def test_only_the_latest_tasks_are_kept(
    database_url: str, result: BenchmarkResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_tasks, "KEPT", 2)
    monkeypatch.setattr(retention, "TASKS_KEPT", 2)
    clock = Clock()
    async with Database.open(database_url) as database:
        known = reading(database, clock)
        await store(database, [described(1, b"[1]"), described(2, b"[2]"), graded(result, 1), graded(result, 2)])
        await known.summaries()
        await store(database, [described(1, b"[1]", at=5), described(3, b"[3]"), graded(result, 3)])
        await known.summaries()
        assert by_task(known.tasks, "acme/large") == [(b"[1]", 0.5), (b"[3]", 0.5)]
        await Retention(database, StorageSettings()).prune()
        with_all = reading(database, clock)
        await with_all.summaries()
        assert sorted(with_all.tasks.features.values()) == [b"[1]", b"[3]"]
